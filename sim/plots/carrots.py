"""Sticks against carrots: what carrying out the threat would cost each side, and what the partner gives instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from sim.plots.bars import GAP, VISIBLE, rows_below, value_at
from sim.plots.style import BUSD, ROOMY, WIDTH, canvas, legend_below, room, say, tidy, zero_line
from sim.plots.talks import Pair, agreed, pairs, rows_of

GIVEN = (
    "security",
    "pledge",
    "concession",
)  # what the partner pays or concedes; nothing of it while talks go on
SIDES = ("demander", "partner")
KINDS = (
    ("stick", "Loss if the stick falls", ""),
    ("given", "Given in a deal: payments, concessions", "////"),
    ("net", "Loss by the deal, net", ".."),
)


class Bar(NamedTuple):
    """One bar: its label, its value (bn USD a year, positive a loss), the bearer's colour, what kind of loss."""

    label: str
    value: float
    colour: str
    kind: str


def losses(points, talk: str) -> dict[str, float] | None:
    """Return what each side loses if the stick falls: impasse less stick, bn USD a year; None if not known.

    The numerator (partner) and denominator (demander) of the stick's leverage; average over types.
    """
    kept, fallen = (_at(points, talk, name) for name in ("impasse", "stick"))
    if kept is None or fallen is None:
        return None
    return {side: kept[side] - fallen[side] for side in SIDES}


def given(deals) -> float | None:
    """Return what the partner pays and concedes: -(security + pledge + concession), bn USD a year before weights.

    Mean over deals; None without one. Its tariff cuts and what the deal spares it are in its welfare, not here.
    """
    if deals.empty:
        return None
    return -sum(float(deals[f"partner_{part}"].mean()) for part in GIVEN)


def net_losses(points, deals, talk: str) -> dict[str, float] | None:
    """Return what each side loses by the deal, net: utility while talks go on less mean utility of the deals."""
    kept = _at(points, talk, "impasse")
    if kept is None or deals.empty:
        return None
    return {side: kept[side] - float(deals[f"{side}_utility"].mean()) for side in SIDES}


def _at(points, talk: str, name: str) -> dict[str, float] | None:
    rows = rows_of(points, talk)
    rows = rows[rows["point"].astype(str) == name]
    return None if rows.empty else {side: float(rows[f"{side}_utility"].iloc[0]) for side in SIDES}


def sticks_against_carrots(points, talks, *, names: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw, by talk, what the stick would cost both sides, what the partner gives in deals, and what that leaves both.

    All in bn USD a year against the state while talks go on, so that the bars compare. Stick and deal in utility,
    average over types and mean over deals; what is given before weights. Colour says who bears it.
    """
    found = [(pair, _bars(points, agreed(rows_of(talks, pair.talk)), pair)) for pair in pairs(talks, names)]
    blocks = [(pair, bars) for pair, bars in found if bars]
    title = "What the stick would cost, and what is given instead"
    if not blocks:
        return say(canvas(ax, WIDTH, 2.5), "This run has neither sticks nor deals to compare.", title)
    ax = canvas(ax, WIDTH, 1.9 + 0.23 * sum(len(bars) + GAP for _, bars in blocks))
    hatches = {kind: hatch for kind, _, hatch in KINDS}
    drawn = rows_below(ax, [(pair.title, [bar.label for bar in bars]) for pair, bars in blocks])
    for (_, bars), places in zip(blocks, drawn):
        for bar, y in zip(bars, places):
            style = {"color": bar.colour, "hatch": hatches[bar.kind], "edgecolor": "white", "linewidth": 0.6}
            if abs(bar.value) >= VISIBLE:
                ax.barh(y, bar.value, height=0.78, zorder=2, **style)
            value_at(ax, bar.value, y)
    zero_line(ax)
    note = "Bars left of zero are gains"
    if any(len(bars) == len(SIDES) for _, bars in blocks):
        note += "; talks that show the stick alone made no deal"
    tidy(ax, title=title, x=f"Loss against talks going on ({BUSD})", note=note, flush=True)
    ax.margins(x=0.18 if room(ax)[0] > ROOMY else 0.35)
    legend_below(ax, columns=3, handles=_handles(blocks))
    return ax


def _bars(points, deals, pair: Pair) -> list[Bar]:
    """Return the bars of a talk."""
    who = {"demander": (pair.demander, pair.demander_colour), "partner": (pair.partner, pair.partner_colour)}
    loss, gift, net = losses(points, pair.talk), given(deals), net_losses(points, deals, pair.talk)
    bars = []
    for side in SIDES[::-1] if loss is not None else ():
        name, colour = who[side]
        bars.append(Bar(f"Stick falls: {name}", loss[side], colour, "stick"))
    if gift is not None:
        name, colour = who["partner"]
        bars.append(Bar(f"Deal: {name} gives", gift, colour, "given"))
    for side in SIDES[::-1] if net is not None else ():
        name, colour = who[side]
        bars.append(Bar(f"Deal, net: {name}", net[side], colour, "net"))
    return bars


def _handles(blocks: list[tuple[Pair, list[Bar]]]) -> list[Patch]:
    shown = {bar.kind for _, bars in blocks for bar in bars}
    paint = {}
    for pair, _ in blocks:
        paint |= {pair.demander: pair.demander_colour, pair.partner: pair.partner_colour}
    who = [Patch(color=colour, label=name) for name, colour in paint.items()]
    kinds = [(label, hatch) for kind, label, hatch in KINDS if kind in shown]
    return who + [Patch(facecolor="#888888", edgecolor="white", hatch=h, label=label) for label, h in kinds]
