"""Outcomes along patience, credibility and retaliation, and what belief buys: a line a concept, the worlds on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sim.plots.equilibria import in_order, line_handle, mark
from sim.plots.small import SIDES, finish, grid, heading, legend, pad_flat, who
from sim.plots.style import BUSD, MUTED, canvas, figure, say, tidy
from sim.plots.talks import Pair, pair_of, pairs, rows_of

WIDEST, THINNEST = 3.4, 1.3  # points: lines drawn later are thinner, so that lines that coincide are all seen
WIDE_RANGE = 20.0  # largest over smallest value from which an axis is logarithmic
MOST_TICKS = 6
BELIEF = "Belief of both that the stick falls (%)"
GAIN = f"Gain against no belief ({BUSD})"
NOW = (0, (1, 2))


class Along(NamedTuple):
    """What is varied: the key in the column `axis`, its label, and by talk the value that is configured (if known)."""

    key: str
    label: str
    now: Mapping[str, float] = {}


def outcome_curve(
    curves, sides, *, along: Along, talk: str, side: str = "demander", names=None, ax: Axes | None = None
) -> Axes:
    """Draw one side's payoff (bn USD a year) in one talk along an axis: theory's lines, the simulated mean in black.

    `curves`: axis, value, talk, concept, demander_utility, partner_utility; `sides`: talk, demander, partner. Theory's
    payoffs are of average types; the simulated mean is discounted and over private types.
    """
    pair = pair_of(sides, talk, names)
    fresh = ax is None
    ax = canvas(ax, 4.6, 3.6)
    rows = _rows(curves, along, talk)
    name, colour = who(pair, side)
    if rows.empty:
        return say(ax, f"Nothing was varied along {along.key} in this talk.", pair.title)
    drawn = _lines(ax, rows, side)
    if talk in along.now:
        ax.axvline(along.now[talk], color=MUTED, linestyle=NOW, linewidth=1.1, zorder=1)
    _scale(ax, np.unique(rows["value"].to_numpy(dtype=float)))
    tidy(ax, x=along.label if fresh else "", y=f"Payoff ({BUSD})" if fresh else "")
    heading(ax, name if side == "partner" else f"{name} with {pair.partner}", colour)
    if fresh:
        legend(ax.get_figure(), _handles(drawn, talk in along.now))
    return ax


def outcome_panels(curves, sides, *, along: Along, names=None, fig: Figure | None = None) -> list[Axes]:
    """Draw both sides' payoffs of all talks along an axis: a column a talk, the demander above the partner."""
    known = [p for p in pairs(sides, names) if not _rows(curves, along, p.talk).empty]
    if not known:
        fig = figure(4.6, 2.5) if fig is None else fig
        return [say(fig.subplots(), f"Nothing was varied along {along.key} in this run.")]
    fig, columns = grid(len(known), 2, 1.85, fig)
    for pair, column in zip(known, columns):
        for ax, side in zip(column, SIDES):
            outcome_curve(curves, sides, along=along, talk=pair.talk, side=side, names=names, ax=ax)
    present = in_order(curves[curves["axis"].astype(str) == along.key]["concept"])
    handles = _handles(present, bool(along.now))
    finish(fig, f"Outcomes along {along.key}", along.label, f"Payoff ({BUSD})", handles)
    return [ax for column in columns for ax in column]


def belief_worth(beliefs, sides, *, talk: str, names=None, ax: Axes | None = None) -> Axes:
    """Draw what both sides gain (bn USD a year) as both believe the stick more, against not at all, in one talk.

    `beliefs`: talk, belief_pct, then CONCEPT_demander and CONCEPT_partner for each concept.
    """
    pair = pair_of(sides, talk, names)
    fresh = ax is None
    ax = canvas(ax, 4.6, 3.6)
    rows = rows_of(beliefs, talk).sort_values("belief_pct")
    concepts = _solved(beliefs)
    for k, concept in enumerate(concepts):
        look = mark(concept)
        for side in SIDES:
            gain = rows[f"{concept}_{side}"].to_numpy(dtype=float)
            ax.plot(
                rows["belief_pct"], gain - gain[0], color=who(pair, side)[1], linestyle=look.dashes,
                linewidth=2.6 - 1.1 * k, marker=look.marker, markersize=0.75 * look.size**0.5,
                markerfacecolor=look.face, markeredgecolor=who(pair, side)[1], markeredgewidth=1.0, zorder=3 + k / 10,
            )  # fmt: skip
    ax.axhline(0.0, color=MUTED, linewidth=0.8, zorder=1.5)
    _scale(ax, rows["belief_pct"].to_numpy(dtype=float))
    tidy(ax, x=BELIEF if fresh else "", y=GAIN if fresh else "")
    pad_flat(ax)
    heading(ax, pair.title)
    if fresh:
        legend(ax.get_figure(), _belief_handles(concepts, [pair]))
    return ax


def belief_panels(beliefs, sides, *, names=None, fig: Figure | None = None) -> list[Axes]:
    """Draw what belief in the stick buys in all talks, a panel a talk. Returns the axes."""
    known = [p for p in pairs(sides, names) if not rows_of(beliefs, p.talk).empty]
    fig, columns = grid(len(known), 1, 2.2, fig)
    axes = [column[0] for column in columns]
    for ax, pair in zip(axes, known):
        belief_worth(beliefs, sides, talk=pair.talk, names=names, ax=ax)
    finish(fig, "What belief in the stick buys", BELIEF, GAIN, _belief_handles(_solved(beliefs), known))
    return axes


def _rows(curves, along: Along, talk: str):
    rows = rows_of(curves, talk)
    return rows[rows["axis"].astype(str) == along.key]


def _solved(beliefs) -> list[str]:
    """Return the concepts that a table of beliefs has payoffs of."""
    return in_order(c.removesuffix("_demander") for c in map(str, beliefs.columns) if c.endswith("_demander"))


def _widths(concepts: list[str]) -> dict[str, float]:
    """Return the line width of each concept, falling in the order of drawing."""
    theory = [c for c in concepts if c != "simulated"]
    found = dict(zip(theory, np.linspace(WIDEST, THINNEST, max(len(theory), 2)).tolist()))
    return {**found, "simulated": 1.1}


def _lines(ax: Axes, rows, side: str) -> list[str]:
    """Draw a line for each concept; return the concepts in order."""
    concepts = in_order(rows["concept"])
    widths = _widths(concepts)
    for k, concept in enumerate(concepts):
        own = rows[rows["concept"].astype(str) == concept].sort_values("value")
        look = mark(concept)
        top = 5 if concept == "simulated" else 3 + k / 10
        ax.plot(
            own["value"], own[f"{side}_utility"], color=look.line, linestyle=look.dashes, linewidth=widths[concept],
            marker=look.marker, markersize=0.62 * look.size**0.5, markerfacecolor=look.face,
            markeredgecolor=look.edge, markeredgewidth=0.6, zorder=top, clip_on=False,
        )  # fmt: skip
    pad_flat(ax)
    return concepts


def _scale(ax: Axes, values: np.ndarray) -> None:
    """Put ticks at the values that were tried; a logarithmic axis where they span a wide range."""
    positive = values.min() > 0 and values.max() / values.min() >= WIDE_RANGE
    if positive:
        ax.set_xscale("log")
    few = values if len(values) <= MOST_TICKS else values[::2]
    ax.xaxis.set_major_locator(FixedLocator(few.tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.grid(axis="y", color="#EEEEEE", linewidth=0.8)


def _handles(concepts: list[str], now: bool) -> list:
    widths = _widths(concepts)
    handles = [line_handle(c, min(widths[c], 3.0)) for c in concepts]
    if now:
        handles.append(Line2D([], [], color=MUTED, linestyle=NOW, linewidth=1.1, label="As configured"))
    return handles


def _belief_handles(concepts: list[str], known: list[Pair]) -> list:
    paint = {}
    for pair in known:
        paint |= {pair.demander: pair.demander_colour, pair.partner: pair.partner_colour}
    handles = [Line2D([], [], color=c, linewidth=2.2, label=name) for name, c in paint.items()]
    lines = [line_handle(c, 2.0) for c in concepts]
    for line in lines:
        line.set(color=MUTED, markeredgecolor=MUTED)
    return handles + lines
