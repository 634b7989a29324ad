"""A hub's deals beside Nash-in-Nash: what each spoke pays, alone and next to the deals it expects of the others."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.plots.small import finish
from sim.plots.style import INK, LABEL, MUTED, WIDTH, colours, figure, tidy

SHOWN = {"interim": "the others\nstay at their interim", "expected": "the others settle\n(Nash-in-Nash)"}


def spokes(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw payments (bn USD a year) of agents as dots on those of theory as dashes, by talk and what is expected."""
    fig = figure(WIDTH, 3.2) if fig is None else fig
    ax = fig.subplots()
    talks = list(dict.fromkeys(data["talk"]))
    paint = colours(talks)
    for place, others in enumerate(SHOWN):
        rows = data[data["others"] == others]
        at = place + np.linspace(-0.25, 0.25, len(talks))
        for x, talk in zip(at, talks):
            row = rows[rows["talk"] == talk].iloc[0]
            ax.hlines(row["payment_theory"], x - 0.1, x + 0.1, color=INK, linewidth=1.6, zorder=3)
            ax.plot([x], [row["payment_agents"]], "o", color=paint[talk], markersize=6, zorder=4)
            ax.annotate(talk, (x, row["payment_theory"]), xytext=(0, -14), textcoords="offset points", ha="center",
                        fontsize=LABEL - 1, color=MUTED)  # fmt: skip
    ax.set_xticks(range(len(SHOWN)), SHOWN.values(), fontsize=LABEL, color=INK)
    ax.set_xlim(-0.6, len(SHOWN) - 0.4)
    tidy(ax)
    ax.tick_params(axis="x", length=0)
    ax.margins(y=0.15)
    said = Line2D([], [], linestyle="none", marker="o", markersize=6, color=MUTED, label="agents, mean over worlds")
    law = Line2D([], [], color=INK, linewidth=1.6, label="theory: the gain is halved, the other deals given")
    finish(fig, "What a spoke pays the hub for a tariff cut", "", "payment, bn USD a year", [said, law])
    return [ax]
