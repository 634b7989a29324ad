"""Names in the margin right of the axes, a thin line to each point: many points close together stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from sim.plots.equilibria import Mark
from sim.plots.style import INK, MUTED, SMALL, room

LINE = 1.32 * SMALL / 72.0  # inches: height of a line of names
BREATH = 0.05  # inches between groups of names
OUT = 0.16  # inches from the axes to the names
TAKEN = 1.35  # inches of a panel's height that titles, axis labels and legends take


class Group(NamedTuple):
    """Concepts at one point: where it is (data), and a row for each name: its mark (None: no mark) and text."""

    x: float
    y: float
    rows: tuple[tuple[Mark | None, str], ...]


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Return centres (G,) of blocks of the given heights, in their order upwards, least moved so that none overlap.

    Blocks that would overlap are put edge to edge about the mean of where they wish to be, within [low, high] where
    they fit. All lengths in the same unit.

    >>> spread([1.0, 1.0, 9.0], [2.0, 2.0, 2.0], 0.0, 10.0)
    array([1., 3., 9.])
    """
    wanted, heights = np.asarray(wanted, dtype=float), np.asarray(heights, dtype=float)
    offsets = np.cumsum(heights) - heights / 2.0
    runs: list[list] = []  # [first, last, bottom of the run when all of it is stacked from offset 0]
    for k in range(len(wanted)):
        runs.append([k, k, 0.0])
        while True:
            one = runs[-1]
            part = slice(one[0], one[1] + 1)
            base = offsets[one[0]] - heights[one[0]] / 2.0
            total = heights[part].sum()
            bottom = np.mean(wanted[part] - (offsets[part] - base))
            one[2] = max(min(bottom, high - total), low)
            if len(runs) < 2 or runs[-2][2] + heights[runs[-2][0] : runs[-2][1] + 1].sum() <= one[2] + 1e-12:
                break
            before = runs.pop(-2)
            one[0] = before[0]
    out = np.empty(len(wanted))
    for first, last, bottom in runs:
        part = slice(first, last + 1)
        out[part] = bottom + offsets[part] - (offsets[first] - heights[first] / 2.0)
    return out


def name_in_margin(ax: Axes, groups: Sequence[Group]) -> None:
    """Write the names of points in the right margin, a line to each; the limits of the axes must stand already."""
    tall = max(room(ax)[1] - TAKEN, 0.6)
    shown = ax.transData
    order = sorted(groups, key=lambda g: (shown.transform((g.x, g.y))[1], -g.x))
    at = [float(ax.transAxes.inverted().transform(shown.transform((g.x, g.y)))[1]) * tall for g in order]
    heights = [LINE * len(g.rows) + BREATH for g in order]
    over = max(sum(heights) - tall, 0.0) / 2.0
    for group, centre in zip(order, spread(at, heights, -over, tall + over)):
        _block(ax, group, centre, tall)


def _block(ax: Axes, group: Group, centre: float, tall: float) -> None:
    """Write one group's names about `centre` inches above the foot of the axes, and its line."""
    inches = ax.get_figure().dpi_scale_trans
    top = centre + LINE * (len(group.rows) - 1) / 2.0
    marked = any(mark is not None for mark, _ in group.rows)
    for k, (mark, text) in enumerate(group.rows):
        y = (top - LINE * k) / tall
        if mark is not None:
            place = ax.transAxes + ScaledTranslation(OUT + 0.06, 0.0, inches)
            ax.scatter([1.0], [y], s=0.7 * mark.size, transform=place, clip_on=False, zorder=7, **mark.style)
        ax.annotate(
            text, (1.0, y), xycoords="axes fraction", xytext=(72.0 * (OUT + (0.17 if marked else 0.0)), 0),
            textcoords="offset points", ha="left", va="center", fontsize=SMALL, color=INK, annotation_clip=False,
        )  # fmt: skip
    end = ax.transAxes + ScaledTranslation(OUT - 0.04, 0.0, inches)
    arrow = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2.5}
    ax.annotate(
        "", (group.x, group.y), xytext=(1.0, centre / tall), textcoords=end, arrowprops=arrow, annotation_clip=False,
        zorder=4.5,
    )  # fmt: skip
    if len(group.rows) > 1:
        half = LINE * len(group.rows) / 2.0 - 0.03
        ax.plot([1.0, 1.0], [(centre - half) / tall, (centre + half) / tall], transform=end, color=MUTED, linewidth=0.9,
                clip_on=False)  # fmt: skip
