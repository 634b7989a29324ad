"""What small multiples of talks share: a grid with room, common labels, one legend below, axes of flat lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plots.style import INK, LABEL, SMALL, TITLE, figure, fitting, room, wrapped
from sim.plots.talks import Pair

SIDES = ("demander", "partner")
MOST = 4  # talks beside each other
ROW = 0.168  # inches: height of a row of the legend
FLAT = 0.02  # share of the values that the axis of a flat line spans at least


def who(pair: Pair, side: str) -> tuple[str, str]:
    """Return a side's name and colour."""
    return (pair.demander, pair.demander_colour) if side == "demander" else (pair.partner, pair.partner_colour)


def heading(ax: Axes, text: str, colour: str = INK) -> None:
    """Write a panel's heading at its left, in a country's colour."""
    text = wrapped(text, room(ax)[0] - 0.3, 1.12 * SMALL)
    ax.set_title(text, loc="left", fontsize=SMALL, color=colour, fontweight="bold", pad=5)


def grid(count: int, rows: int, height: float, fig: Figure | None) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and, for each of `count` talks, its column of `rows` axes; at most MOST talks side by side.

    `height`: inches of a panel. Places that are left over are taken away.
    """
    across, blocks = min(count, MOST), -(-count // MOST)
    fig = figure(max(5.2, 1.0 + 2.3 * across), height * rows * blocks + 1.35) if fig is None else fig
    axes = fig.subplots(rows * blocks, across, squeeze=False)
    columns = [[axes[rows * (k // across) + r, k % across] for r in range(rows)] for k in range(blocks * across)]
    for spare in columns[count:]:
        for ax in spare:
            ax.set_axis_off()
    return fig, columns[:count]


def finish(fig: Figure, title: str, x: str, y: str, handles: Sequence) -> None:
    """Write the title and the labels that all panels share, and put one legend below them."""
    wide, high = map(float, fig.get_size_inches())
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    rows = legend(fig, handles)
    if x:
        for ax in fig.axes:
            if ax.get_subplotspec() is not None and ax.get_subplotspec().is_last_row():
                ax.set_xlabel(" ", fontsize=LABEL)  # keeps the room: the layout puts the common label on the legend
        fig.supxlabel(x, y=(ROW * rows + 0.17) / high, va="bottom", fontsize=LABEL, color=INK)
    if y:
        fig.supylabel(y, fontsize=LABEL, color=INK)


def legend(fig: Figure, handles: Sequence) -> int:
    """Put one legend below all panels; return how many rows it has."""
    columns = fitting(handles, 4, float(fig.get_size_inches()[0]) - 0.3)
    place = {"loc": "outside lower left", "ncols": columns, "frameon": False}
    fig.legend(handles=list(handles), fontsize=SMALL, labelcolor=INK, handlelength=3.0, columnspacing=1.4, **place)
    return -(-len(handles) // columns)


def pad_flat(ax: Axes) -> None:
    """Widen the y axis where all lines are flat, so that rounding does not look like an outcome.

    The axis spans at least FLAT of the largest value, or 0.1 where all are about 0.
    """
    low, high = ax.dataLim.y0, ax.dataLim.y1
    if not np.isfinite([low, high]).all():
        return
    least = max(FLAT * max(abs(low), abs(high)), 0.1)
    if high - low < least:
        middle = (low + high) / 2.0
        ax.set_ylim(middle - least, middle + least)
