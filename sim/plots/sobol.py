"""Sobol indices: what share of an outcome's variance each setting makes alone, and with all that it works with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from sim.plots.small import legend
from sim.plots.style import FAINT, INK, LABEL, TITLE, say, tidy, wrapped
from sim.plots.tornado import name_rows, row_panels

FIRST, TOTAL = "#0072B2", "#BBD5E8"
PANEL, ROW, SIDE = 2.2, 0.38, 1.75  # inches
TICKS = (0.0, 0.5, 1.0)
REACH = (-0.15, 1.3)  # shares that are shown at most; intervals of few samples go on beyond
SHARE_LABEL = "Share of the variance"


def sobol_bars(indices, *, order: Sequence[str], ax: Axes) -> Axes:
    """Draw first-order and total indices of one outcome with their 95 % intervals, a row a setting.

    `indices`: rows of one talk and measure: key, first, first_low, first_high, total, total_low, total_high, note.
    """
    rows = indices.set_index("key").loc[list(order)]
    y = np.arange(len(rows))[::-1].astype(float)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    if rows["total"].isna().all():
        return say_inside(ax, str(rows["note"].iloc[0]))
    for name, colour, up, height in (("total", TOTAL, 0.17, 0.34), ("first", FIRST, -0.17, 0.34)):
        value = rows[name].to_numpy(dtype=float)
        ax.barh(y + up, np.maximum(value, 0.0), height=height, color=colour, linewidth=0.0, zorder=1.5)
        ax.hlines(y + up, rows[f"{name}_low"], rows[f"{name}_high"], color=INK, linewidth=1.0, zorder=3)
    low, high = float(np.nanmin(rows["first_low"])), float(np.nanmax(rows[["first_high", "total_high"]]))
    ax.set_xlim(max(min(-0.03, low), REACH[0]), min(max(1.03, high), REACH[1]))
    ax.xaxis.set_major_locator(FixedLocator(TICKS))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.axvline(0.0, color=INK, linewidth=0.8, zorder=2)
    tidy(ax)
    ax.tick_params(axis="y", length=0)
    return ax


def say_inside(ax: Axes, why: str) -> Axes:
    """Say why there are no indices, leaving the rows' names where they are."""
    ticks = ax.get_yticks()
    say(ax, why)
    ax.set_yticks(ticks)
    ax.tick_params(axis="y", length=0)
    return ax


def sobol_panels(indices, *, title: str = "") -> list[Axes]:
    """Draw the indices of one talk, a panel a measure, settings in the order of the first. Returns the axes.

    `indices`: as in `sobol_bars`, with columns measure, label and setting.
    """
    measures = list(dict.fromkeys(indices["measure"]))
    known = [m for m in measures if indices[indices["measure"] == m]["total"].notna().any()] or measures
    first = indices[indices["measure"] == known[0]].sort_values("total", ascending=False, kind="stable")
    order = first["key"].tolist()
    fig, axes = row_panels(len(measures), len(order), (SIDE, PANEL, ROW))
    for ax, measure in zip(axes, measures):
        rows = indices[indices["measure"] == measure]
        sobol_bars(rows, order=order, ax=ax)
        name_rows(ax, first["range"], SIDE)
        ax.set_title(wrapped(str(rows["label"].iloc[0]), PANEL - 0.2, LABEL), fontsize=LABEL, loc="left", color=INK)
    wide = float(fig.get_size_inches()[0])
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    for ax in axes:
        if ax.get_subplotspec().is_last_row():
            ax.set_xlabel(SHARE_LABEL, fontsize=LABEL, color=INK)
    legend(
        fig,
        [
            Patch(color=FIRST, label="First order: alone"),
            Patch(color=TOTAL, label="Total: with all it works with"),
            Line2D([], [], color=INK, linewidth=1.0, label="95 % interval (bootstrap)"),
        ],
    )
    return list(axes)
