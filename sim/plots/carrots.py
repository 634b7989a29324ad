"""Sticks against carrots: what carrying out the threat would cost each side, and what the partner gives instead."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.plots.bars import rows_below, value_at
from sim.plots.style import BUSD, WIDTH, canvas, legend_below, say, tidy, zero_line
from sim.plots.talks import Pair, agreed, pairs, rows_of

GIVEN = (
    "security",
    "pledge",
    "concession",
)  # what the partner pays or concedes; its tariff cuts show in welfare
STICK_HATCH, CARROT_HATCH = "", "////"


def losses(points, talk: str) -> dict[str, float] | None:
    """Return what each side loses if the stick falls: impasse less stick, bn USD a year; None if not known.

    The numerator and denominator of leverage (docs/theory.md): positive is a loss.
    """
    at = rows_of(points, talk).set_index("point")
    if not {"impasse", "stick"} <= set(at.index.astype(str)):
        return None
    fallen, kept = at.loc["stick"], at.loc["impasse"]
    return {
        side: float(kept[f"{side}_utility"] - fallen[f"{side}_utility"]) for side in ("demander", "partner")
    }


def given(deals) -> dict[str, float] | None:
    """Return what the partner gives, mean over deals, bn USD a year before weights: payments and concessions, welfare.

    `paid` is -(security + pledge + concession); `welfare` is the household welfare it gives up against the status
    quo, negative where it gains. None without a deal.
    """
    if deals.empty:
        return None
    means = {part: float(deals[f"partner_{part}"].mean()) for part in (*GIVEN, "welfare")}
    return {"paid": -sum(means[part] for part in GIVEN), "welfare": -means["welfare"]}


def sticks_against_carrots(
    points, talks, *, names: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw, by talk, what the stick would cost both sides and what the partner gives in deals (bn USD a year).

    The stick in utility, the average over types, while talks go on against carried out; the deal before weights,
    mean over the worlds that agreed. Colour says who bears the cost, hatching that it is given.
    """
    known = pairs(talks, names)
    blocks = [
        (pair, _bars(pair, losses(points, pair.talk), given(agreed(rows_of(talks, pair.talk)))))
        for pair in known
    ]
    blocks = [(pair, bars) for pair, bars in blocks if bars]
    ax = canvas(ax, WIDTH, 1.5 + 0.24 * sum(len(bars) + 1.3 for _, bars in blocks) if blocks else 2.5)
    title = "What the stick would cost, and what is given instead"
    if not blocks:
        return say(ax, "This run has neither sticks nor deals to compare.", title)
    drawn = rows_below(ax, [(pair.title, [label for label, *_ in bars]) for pair, bars in blocks])
    for (_, bars), places in zip(blocks, drawn):
        for (_, value, colour, hatch), y in zip(bars, places):
            ax.barh(
                y, value, height=0.78, color=colour, hatch=hatch, edgecolor="white", linewidth=0.6, zorder=2
            )
            value_at(ax, value, y)
    zero_line(ax)
    tidy(ax, title=title, x=f"Cost to the country named ({BUSD}; below zero: a gain)", y="")
    ax.margins(x=0.14)
    ax.set_ylabel("")
    ax.spines["left"].set_visible(False)
    legend_below(ax, columns=4, handles=_handles([pair for pair, _ in blocks]))
    return ax


def _bars(pair: Pair, loss, gift) -> list[tuple[str, float, str, str]]:
    """Return the bars of a talk: label, value, colour of who bears it, hatch."""
    bars = []
    if loss is not None:
        bars.append((f"Stick falls: {pair.partner} loses", loss["partner"], pair.partner_colour, STICK_HATCH))
        bars.append(
            (f"Stick falls: {pair.demander} loses", loss["demander"], pair.demander_colour, STICK_HATCH)
        )
    if gift is not None:
        bars.append(
            (f"Deal: {pair.partner} pays and concedes", gift["paid"], pair.partner_colour, CARROT_HATCH)
        )
        bars.append(
            (f"Deal: {pair.partner} forgoes in welfare", gift["welfare"], pair.partner_colour, CARROT_HATCH)
        )
    return bars


def _handles(known: list[Pair]) -> list[Patch]:
    paint = {}
    for pair in known:
        paint[pair.demander] = pair.demander_colour
        paint[pair.partner] = pair.partner_colour
    who = [Patch(color=colour, label=name) for name, colour in paint.items()]
    kinds = (("Loss if the stick falls", STICK_HATCH), ("Given in a deal (mean)", CARROT_HATCH))
    return who + [Patch(facecolor="#999999", edgecolor="white", hatch=h, label=label) for label, h in kinds]
