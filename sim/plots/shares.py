"""Who gets what: the components of the agreed packages, stacked, for both sides of each talk."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots.bars import GAP, VISIBLE, heading, rows_below, value_at
from sim.plots.style import BUSD, INK, ROOMY, WIDTH, canvas, legend_below, room, say, signed, tidy, zero_line
from sim.plots.talks import Pair, agreed, count, pairs, rows_of

# component: (label, colour, hatch). Tol's light scheme, kept apart from the countries' colours
PARTS = {
    "welfare": ("Welfare", "#77AADD", ""),
    "revenue": ("Taste for revenue", "#EEDD88", ""),
    "balance": ("Taste for the trade balance", "#BBCC33", ""),
    "security": ("Security payments", "#44BB99", "////"),
    "pledge": ("Pledges", "#FFAABB", "...."),
    "concession": ("Cost of concessions at home", "#EE8866", "\\\\\\\\"),
}
MONEY = ("welfare", "security", "pledge", "concession")  # add up to money; revenue is within welfare already
SIDES = ("demander", "partner")
DIFFERS = 0.05  # bn USD a year: a utility this far from the sum of the bars is marked too


def who_gets_what(
    talks, *, weights: Mapping[str, Mapping[str, float]] | None = None, names=None, labels=None, ax: Axes | None = None
) -> Axes:
    """Draw the mean over deals of each component for both sides of each talk, stacked, with the total marked.

    Without `weights` the bars are money before weights (welfare, security, pledge, concession; own revenue is part of
    welfare already). With `weights` (country code -> component -> weight) all components count, times their weight.
    The open diamond is the mean utility where private weights make it differ from the bars. bn USD a year.
    """
    known = [p for p in pairs(talks, names) if count(talks, p.talk).deals]
    title = "What each side gets out of the deals it makes"
    if not known:
        return say(canvas(ax, WIDTH, 2.5), "No world made a deal, so there is nothing to share out.", title)
    ax = canvas(ax, WIDTH, 2.1 + 0.27 * (2 + GAP) * len(known))
    heads = [heading(ax, pair.title, count(talks, pair.talk).sentence) for pair in known]
    drawn = rows_below(ax, [(head, [pair.demander, pair.partner]) for head, pair in zip(heads, known)])
    shown = set().union(*(_pair(ax, talks, pair, places, weights) for pair, places in zip(known, drawn)))
    zero_line(ax)
    note = "Each component times the country's weight on it" if weights else "Money, before the countries' weights"
    tidy(ax, title=title, x=f"Mean gain over the status quo ({BUSD})", note=note, flush=True)
    ax.margins(x=0.32 if "utility" in shown else 0.14)
    legend_below(ax, handles=_part_handles(shown, labels or {}))
    return ax


def _pair(ax: Axes, talks, pair: Pair, places: list[float], weights) -> set[str]:
    """Draw both bars of a talk; return the components that can be seen."""
    deals, seen = agreed(rows_of(talks, pair.talk)), set()
    for side, y in zip(SIDES, places):
        parts = side_parts(deals, side, (weights or {}).get(str(deals[side].iloc[0])))
        ends = [0.0, 0.0]
        for part, value in parts.items():
            if abs(value) < VISIBLE:
                continue
            seen.add(part)
            _, colour, hatch = PARTS[part]
            k = int(value < 0)
            ax.barh(
                y,
                value,
                left=ends[k],
                height=0.72,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.6,
            )
            ends[k] += value
        total, utility = sum(parts.values()), float(deals[f"{side}_utility"].mean())
        ax.scatter(total, y, marker="D", s=34, color=INK, edgecolor="white", linewidth=0.8, zorder=5)
        more, beyond = "", [total]
        if abs(utility - total) > DIFFERS:
            seen.add("utility")
            ax.scatter(utility, y, marker="D", s=34, facecolor="white", edgecolor=INK, linewidth=1.1, zorder=4)
            more, beyond = _also(ax, utility), [total, utility]
        value_at(ax, total, y, end=max(*ends, *beyond) if total >= 0 else min(*ends, *beyond), more=more)
    return seen


def _also(ax: Axes, utility: float) -> str:
    return f" (utility {signed(utility)})" if room(ax)[0] > ROOMY else ""


def side_parts(deals, side: str, weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the mean of each component of a side over deals (bn USD a year), weighted where weights are given."""
    chosen = dict.fromkeys(MONEY, 1.0) if weights is None else {p: float(weights.get(p, 0.0)) for p in PARTS}
    return {part: chosen[part] * float(deals[f"{side}_{part}"].mean()) for part in PARTS if chosen.get(part, 0.0) > 0}


def _part_handles(shown: set[str], labels: Mapping[str, str]) -> list:
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=labels.get(part, label))
        for part, (label, colour, hatch) in PARTS.items()
        if part in shown
    ]
    dot = {"linestyle": "none", "marker": "D", "markersize": 5.5, "markeredgecolor": INK}
    handles.append(Line2D([], [], color=INK, label="Total of the bars", **dot))
    if "utility" in shown:
        handles.append(Line2D([], [], color="white", label="Utility (private weights)", **dot))
    return handles
