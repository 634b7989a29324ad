"""Tariffs that move while talks go on: the rates in force, what a year of them is worth to both, and the truces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots.offers import time_label
from sim.plots.small import finish, heading
from sim.plots.style import BUSD, FAINT, INK, MUTED, SMALL, WIDTH, colours, country_name, figure, say, tidy, zero_line
from sim.plots.talks import rows_of, worlds

BANDS = (("q10_pct", "q90_pct", 0.14), ("q25_pct", "q75_pct", 0.26))
RING = {"marker": "o", "markersize": 4.6, "markerfacecolor": "white", "markeredgewidth": 1.2}


class Mark(NamedTuple):
    """A rate on record: whose tariff, on which day after the first round began, percent on top, its date in words."""

    country: str
    day: float
    rate_pct: float
    date: str


TRUCE_DAY = 38  # 12 May 2025

# Day 0: 4 April 2025, when China announced 34 %; 54 was announced on 2 April; 104, 145 and 84, 125 are dated when
# they came into force (Federal Register 2025-06378 and the order of 9 April for the United States;
# State Council Tariff Commission for China); 30 and 10 when they were agreed (joint statement of Geneva).
APRIL_2025 = (
    Mark("USA", -2, 54, "2 Apr"),
    Mark("USA", 5, 104, "9 Apr"),
    Mark("USA", 6, 145, "10 Apr"),
    Mark("USA", TRUCE_DAY, 30, "12 May"),
    Mark("CHN", 0, 34, "4 Apr"),
    Mark("CHN", 6, 84, "10 Apr"),
    Mark("CHN", 8, 125, "12 Apr"),
    Mark("CHN", TRUCE_DAY, 10, "12 May"),
)


def tariffs_in_force(
    sticks, *, talk: str, count: int, names=None, days_per_round: float | None = None,
    record: Sequence[Mark] = (), fig: Figure | None = None,
) -> list[Axes]:  # fmt: skip
    """Draw the tariffs (%) of one talk over the days, below them each side's flow (bn USD a year) and the truces (%).

    `sticks` has the columns of sim.columns (STICKS); `count` is the number of worlds of the run. A round lasts
    `days_per_round` days (without: one step each). `record` puts dated rates beside the simulated ones.
    """
    rows = rows_of(sticks, talk)
    fig = figure(WIDTH, 6.9) if fig is None else fig
    if rows.empty:
        return [say(fig.subplots(), f"No tariff moves in the talk {talk!r}.", "Tariffs in force")]
    axes = list(fig.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": (1.5, 1.0, 0.8)}))
    codes = list(dict.fromkeys(rows["country"].astype(str)))
    paint = colours([*codes, *(names or ())])
    length = 1.0 if days_per_round is None else float(days_per_round)
    for code in codes:
        own = rows[rows["country"].astype(str) == code].sort_values("round")
        edges = length * np.append(own["round"].to_numpy() - 1.0, float(own["round"].iloc[-1]))
        _tariff(axes[0], own, edges, paint[code])
        _steps(axes[1], edges, own["flow"], paint[code])
    _truces(axes[2], own, edges, count)
    for mark in sorted(record, key=lambda m: -m.day):
        _mark(axes[0], mark, paint[mark.country])
    _label(axes, own, count)
    who = " and ".join(country_name(c, names) for c in codes)
    x = time_label() if days_per_round is None else f"Days since talks began ({days_per_round:g} a round)"
    finish(fig, f"{who}: tariffs in force while talks went on", x, "", _handles(codes, paint, names, record))
    return axes


def truces(rows, count: int) -> np.ndarray:
    """Return the share of `count` worlds (rounds,) with a deal by each round, from one side's rows in order."""
    return np.cumsum(rows["deals"].to_numpy(dtype=float)) / max(count, 1)


def _steps(ax: Axes, edges: np.ndarray, values, colour: str, **more) -> None:
    """Draw values (rounds,) that each last from one edge to the next."""
    ax.step(
        edges, np.append(values, np.asarray(values)[-1]), where="post", color=colour, linewidth=1.9, zorder=3, **more
    )


def _tariff(ax: Axes, own, edges: np.ndarray, colour: str) -> None:
    """Draw one side's mean tariff and its bands."""
    for low, high, alpha in BANDS:
        a, b = (np.append(own[q], own[q].iloc[-1]) for q in (low, high))
        ax.fill_between(edges, a, b, step="post", color=colour, alpha=alpha, linewidth=0, zorder=2)
    _steps(ax, edges, own["mean_pct"], colour)


def _truces(ax: Axes, own, edges: np.ndarray, count: int) -> None:
    """Draw the share of worlds with a deal: a deal of a round is in force from that round's beginning."""
    _steps(ax, edges, 100.0 * truces(own, count), INK)


def _mark(ax: Axes, mark: Mark, colour: str) -> None:
    """Put a rate on record into the panel of tariffs, with its date."""
    ax.plot(mark.day, mark.rate_pct, color=colour, linestyle="none", zorder=5, clip_on=False, **RING)
    late = mark.day > 0.5 * ax.dataLim.x1
    words = {"xytext": (-5 if late else 5, 3), "textcoords": "offset points", "ha": "right" if late else "left"}
    words |= {"va": "bottom", "fontsize": SMALL - 1.0}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4}
    ax.annotate(mark.date, (mark.day, mark.rate_pct), color=colour, bbox=box, zorder=4, **words)


def _label(axes: Sequence[Axes], own, count: int) -> None:
    """Say what each panel shows and in how many worlds talks were still open."""
    tariffs, flows, deals = axes
    tidy(tariffs, y="Tariff on the other (%, on top)")
    tidy(flows, y=f"Flow ({BUSD})")
    tidy(deals, y="Worlds (%)")
    last = own.iloc[-1]
    still = f"{worlds(int(last['worlds']))} in round {int(last['round'])}"
    heading(tariffs, f"Tariffs in force where talks were open ({worlds(count)} at first, {still})")
    heading(flows, "What a year of these tariffs is worth to each, against the status quo")
    heading(deals, "Truces: worlds with a deal so far")
    zero_line(flows, "y")
    deals.set_ylim(0, 103)
    low, high = tariffs.get_ylim()
    tariffs.set_ylim(min(0.0, low), high + 0.05 * (high - low))  # room for the date of the highest rate on record
    for ax in axes:
        ax.grid(axis="y", color=FAINT, linewidth=0.6)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, min_n_ticks=1))
        ax.margins(x=0.02)


def _handles(codes: Sequence[str], paint: Mapping[str, str], names, record: Sequence[Mark]) -> list:
    lines = [Line2D([], [], color=paint[c], linewidth=1.9, label=f"{country_name(c, names)}, mean") for c in codes]
    bands = [
        Patch(color="#777777", alpha=alpha, linewidth=0, label=label)
        for (*_, alpha), label in zip(BANDS, ("10–90 % of worlds", "25–75 % of worlds"))
    ]
    rings = [Line2D([], [], color=MUTED, linestyle="none", label="On record, 2025", **RING)] if record else []
    return [*lines, *bands, *rings]
