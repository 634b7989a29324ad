"""Who gets what: the components of the agreed packages, stacked, for both sides of each talk."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots.bars import rows_below, value_at
from sim.plots.style import BUSD, INK, WIDTH, canvas, legend_below, say, tidy, zero_line
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
VISIBLE = 5e-3  # bn USD a year: parts smaller than this are not drawn
DIFFERS = 0.05  # bn USD a year: a utility this far from the sum of the bars is marked too


def who_gets_what(
    talks, *, weights: Mapping[str, Mapping[str, float]] | None = None, names=None, ax: Axes | None = None
) -> Axes:
    """Draw the mean over deals of each component for both sides of each talk, stacked, with the total marked.

    Without `weights` the bars are money before weights (welfare, security, pledge, concession; own revenue is part of
    welfare already). With `weights` (country code -> component -> weight) all components count, times their weight.
    The open diamond is the mean utility where private weights make it differ from the bars. bn USD a year.
    """
    known = [p for p in pairs(talks, names) if count(talks, p.talk).deals]
    ax = canvas(ax, WIDTH, 1.9 + 0.85 * len(known) if known else 2.5)
    title = "What each side gets out of the deals it makes"
    if not known:
        return say(ax, "No world made a deal, so there is nothing to share out.", title)
    blocks = [(_heading(talks, pair), [pair.demander, pair.partner]) for pair in known]
    shown = {
        part
        for pair, places in zip(known, rows_below(ax, blocks))
        for part in _pair(ax, talks, pair, places, weights)
    }
    zero_line(ax)
    unit = "weighted" if weights else "before weights"
    tidy(ax, title=title, x=f"Gain against the status quo, mean over deals ({BUSD}, {unit})")
    ax.margins(x=0.12)
    ax.spines["left"].set_visible(False)
    legend_below(ax, columns=3, handles=_part_handles(shown))
    return ax


def _heading(talks, pair: Pair) -> str:
    return f"{pair.title} ({count(talks, pair.talk).sentence})"


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
        if abs(utility - total) > DIFFERS:
            seen.add("utility")
            ax.scatter(
                utility, y, marker="D", s=34, facecolor="white", edgecolor=INK, linewidth=1.1, zorder=4
            )
        value_at(
            ax, total, y, end=max(ends[0], total, utility) if total >= 0 else min(ends[1], total, utility)
        )
    return seen


def side_parts(deals, side: str, weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the mean of each component of a side over deals (bn USD a year), weighted where weights are given."""
    chosen = dict.fromkeys(MONEY, 1.0) if weights is None else {p: float(weights.get(p, 0.0)) for p in PARTS}
    return {
        part: chosen[part] * float(deals[f"{side}_{part}"].mean())
        for part in PARTS
        if chosen.get(part, 0.0) > 0
    }


def _part_handles(shown: set[str]) -> list:
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label)
        for part, (label, colour, hatch) in PARTS.items()
        if part in shown
    ]
    dot = {"linestyle": "none", "marker": "D", "markersize": 5.5, "markeredgecolor": INK}
    handles.append(Line2D([], [], color=INK, label="Total of the bars", **dot))
    if "utility" in shown:
        handles.append(Line2D([], [], color="white", label="Utility (private weights)", **dot))
    return handles
