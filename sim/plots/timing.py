"""When deals are made: the share of worlds that have agreed by each round."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sim.plots.offers import time_label
from sim.plots.style import WIDTH, canvas, legend_below, percent, say, tidy
from sim.plots.talks import count, pairs, rows_of

LINES = ("-", (0, (5, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))  # a partner met in several talks


def agreed_by(rows, rounds: int) -> np.ndarray:
    """Return the share of worlds (rounds + 1,) that agreed by round 0, 1, ..., `rounds`, of one talk's rows."""
    when = rows.loc[rows["deal"].astype(bool), "round"].to_numpy(dtype=int)
    return np.cumsum(np.bincount(when, minlength=rounds + 1)[: rounds + 1]) / max(len(rows), 1)


def deal_timing(
    talks,
    *,
    names: Mapping[str, str] | None = None,
    days_per_round: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the cumulative share (%) of worlds with a deal over the rounds, a line a talk, in the partner's colour."""
    known = pairs(talks, names)
    if not talks["deal"].astype(bool).any():
        return say(canvas(ax, WIDTH, 2.5), "No world made a deal in any talk.", "When deals are made")
    ax = canvas(ax, WIDTH, 3.6 + 0.16 * (-(-len(known) // 2)))
    last = int(max(talks["rounds_talked"].max(), talks["round"].max()))
    met: dict[str, int] = {}
    for k, pair in enumerate(known):
        style = LINES[met.setdefault(pair.partner, 0) % len(LINES)]
        met[pair.partner] += 1
        share = agreed_by(rows_of(talks, pair.talk), last)
        label = f"{pair.title}: {percent(count(talks, pair.talk).share)}"
        thick = 1.4 + 2.6 * (1.0 - (k + 1) / len(known))  # thinner on top: lines that coincide are all seen
        line = {"color": pair.partner_colour, "linestyle": style, "linewidth": thick, "label": label}
        rises = np.flatnonzero(np.diff(share, prepend=0.0) > 0)
        dots = {"marker": "o", "markersize": 2.6 + thick, "markevery": rises.tolist()}
        ax.step(range(last + 1), 100.0 * share, where="post", clip_on=False, zorder=3 + k / 100, **dots, **line)
    tidy(
        ax,
        title="When deals are made: share of worlds that have agreed",
        x=time_label(days_per_round),
        y="Worlds with a deal (%)",
    )
    ax.set_ylim(0, 101)
    ax.set_xlim(0, last)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=13, min_n_ticks=1))
    ax.yaxis.set_major_formatter(PercentFormatter(decimals=0, symbol=""))
    ax.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    legend_below(ax, columns=2)
    return ax
