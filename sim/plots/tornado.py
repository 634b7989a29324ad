"""Sensitivity one setting at a time: tornado charts of what each does over its range, and the lines behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots.small import legend, pad_flat
from sim.plots.style import FAINT, INK, LABEL, MUTED, SMALL, TITLE, figure, tidy, wrapped

LOW, HIGH = "#56B4E9", "#E69F00"  # Okabe & Ito (2008): the low and the high end of a range
NOISE = "#E9E9E9"
PANEL, ROW, SIDE = 2.2, 0.33, 1.75  # inches: width of a panel, height of a setting's row, room for their names
ACROSS = 3  # panels side by side at most
HALF = 0.15  # of a row: the low end's bar lies above the high end's
SMALL_PANEL = (1.75, 1.45)


def tornado(effects, *, order: Sequence[str], ax: Axes) -> Axes:
    """Draw what each setting does to one outcome alone: bars from the configured point to both ends of its range.

    `effects`: rows of one talk and measure, a row a key (at_low, at_high, least, most, base, base_low, base_high);
    the thin line spans all that was found along the range. `order`: keys from the top down.
    """
    rows = effects.set_index("key").loc[list(order)]
    y = np.arange(len(rows))[::-1]
    base = float(rows["base"].iloc[0])
    ax.axvspan(float(rows["base_low"].iloc[0]), float(rows["base_high"].iloc[0]), color=NOISE, zorder=0.5)
    ax.axvline(base, color=MUTED, linewidth=0.9, zorder=2)
    for end, colour, up in (("at_low", LOW, HALF), ("at_high", HIGH, -HALF)):
        value = rows[end].to_numpy(dtype=float)
        ax.barh(y + up, value - base, left=base, height=2 * HALF, color=colour, linewidth=0.0, zorder=1.5)
    ax.hlines(y, rows["least"], rows["most"], color=INK, linewidth=1.1, zorder=3)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    tidy(ax)
    ax.tick_params(axis="y", length=0)
    return ax


def tornado_panels(effects, *, title: str = "") -> list[Axes]:
    """Draw tornado charts of one talk, a panel a measure, settings in the order of the first. Returns the axes.

    `effects`: as in `tornado`, with columns measure, label and setting (the settings' names).
    """
    measures = list(dict.fromkeys(effects["measure"]))
    first = effects[effects["measure"] == measures[0]]
    swing = (first["most"] - first["least"]).fillna(0.0)
    first = first.loc[swing.sort_values(ascending=False, kind="stable").index]
    order = first["key"].tolist()
    fig, axes = row_panels(len(measures), len(order), (SIDE, PANEL, ROW))
    for ax, measure in zip(axes, measures):
        rows = effects[effects["measure"] == measure]
        tornado(rows, order=order, ax=ax)
        name_rows(ax, first["range"], SIDE)
        ax.set_xlabel(wrapped(str(rows["label"].iloc[0]), PANEL - 0.2, LABEL), fontsize=LABEL, color=INK)
    _titled(fig, title)
    legend(
        fig,
        [
            Patch(color=LOW, label="At the low end of its range"),
            Patch(color=HIGH, label="At the high end"),
            Line2D([], [], color=INK, linewidth=1.1, label="All along its range"),
            Patch(color=NOISE, label="As configured, 95 % interval of the mean"),
        ],
    )
    return list(axes)


def row_panels(count: int, rows: int, inches: tuple[float, float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure and `count` axes of `rows` rows each, ACROSS side by side at most.

    `inches`: room for the rows' names, width of a panel, height of a row.
    """
    side, wide, high = inches
    across = min(count, ACROSS)
    down = -(-count // across)
    fig = figure(side + wide * across, 0.9 + down * (0.75 + high * rows))
    axes = fig.subplots(down, across, squeeze=False).ravel()
    for spare in axes[count:]:
        spare.set_axis_off()
    return fig, list(axes[:count])


def name_rows(ax: Axes, names: Sequence[str], inches: float) -> None:
    """Write the names of rows, the first at the top, where the axes are the first of their line."""
    texts = [wrapped(text, inches, SMALL) for text in names]
    leftmost = ax.get_subplotspec().is_first_col()
    ax.set_yticks(np.arange(len(texts))[::-1], texts if leftmost else [""] * len(texts), fontsize=SMALL)


def along_panels(along, effects, *, colour: str, title: str = "") -> list[Axes]:
    """Draw each outcome (rows) along each setting's range (columns), one setting at a time. Returns the axes.

    `along`: rows of one talk: measure, label, key, setting, value, mean, low, high; `effects` for the configured point.
    """
    measures, keys = (list(dict.fromkeys(along[name])) for name in ("measure", "key"))
    fig = figure(0.8 + SMALL_PANEL[0] * len(keys), 1.2 + SMALL_PANEL[1] * len(measures))
    axes = fig.subplots(len(measures), len(keys), squeeze=False, sharex="col", sharey="row")
    for row, measure in zip(axes, measures):
        for ax, key in zip(row, keys):
            own = along[(along["measure"] == measure) & (along["key"] == key)].sort_values("value")
            x = own["value"].to_numpy(dtype=float)
            ax.fill_between(x, own["low"], own["high"], color=colour, alpha=0.25, linewidth=0.0)
            ax.plot(x, own["mean"], color=colour, linewidth=1.6, marker="o", markersize=3.0, zorder=3)
            _configured(ax, effects[(effects["measure"] == measure) & (effects["key"] == key)])
            ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
            ax.grid(axis="y", color=FAINT, linewidth=0.6)
            tidy(ax)
        label = str(along[along["measure"] == measure]["label"].iloc[0])
        row[0].set_ylabel(wrapped(label, SMALL_PANEL[1] - 0.1, SMALL), fontsize=SMALL, color=INK)
        pad_flat(row[0])
    for ax, key in zip(axes[-1], keys):
        name = str(along[along["key"] == key]["setting"].iloc[0])
        ax.set_xlabel(wrapped(name, SMALL_PANEL[0] - 0.2, SMALL), fontsize=SMALL, color=INK)
    fig.align_labels()
    _titled(fig, title)
    dot = {"marker": "o", "markersize": 6, "markerfacecolor": "none", "markeredgecolor": INK, "linestyle": "none"}
    legend(
        fig,
        [
            Line2D([], [], color=colour, marker="o", markersize=3, label="Mean over worlds, 95 % interval"),
            Line2D([], [], **dot, label="As configured"),
        ],
    )
    return list(axes.ravel())


def _configured(ax: Axes, rows) -> None:
    """Mark the configured point; a setting configured as a list stands at its mean."""
    for _, row in rows.iterrows():
        ax.scatter([row["configured"]], [row["base"]], s=34, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=4)


def _titled(fig, title: str) -> None:
    wide = float(fig.get_size_inches()[0])
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
