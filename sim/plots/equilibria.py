"""One mark for each solution concept, the same in every figure: marker, colours, line, and its name."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.lines import Line2D

from sim.plots.style import INK

DOT = {"linestyle": "none"}
GOLD, PURPLE, SKY, BROWN, RED, SLATE = "#F0E442", "#6A3D9A", "#A6D8F0", "#A6611A", "#BB2222", "#555555"


class Mark(NamedTuple):
    """How a concept looks: marker, face, edge, marker area (points squared), line colour, dashes, label."""

    marker: str
    face: str
    edge: str
    size: float
    line: str
    dashes: str | tuple
    label: str

    @property
    def style(self) -> dict:
        """Keywords of a scatter of this mark."""
        return {"marker": self.marker, "facecolor": self.face, "edgecolor": self.edge, "linewidth": 0.8}


def _point(marker: str, face: str, size: float, label: str) -> Mark:
    return Mark(marker, face, INK, size, face, "-", label)


# Gold: cooperative solutions. Purple: talks played out. Sky: one offer to private types. Triangles point along the
# axis of the side that speaks first, to the right for the demander, up for the partner.
MARKS = {
    "nash": Mark("*", GOLD, INK, 120, "#C2A500", "-", "Nash"),
    "kalai_smorodinsky": Mark("D", GOLD, INK, 26, "#7A6A00", (0, (5, 2)), "Kalai–Smorodinsky"),
    "egalitarian": _point("s", GOLD, 30, "Egalitarian"),
    "utilitarian": _point("h", GOLD, 46, "Utilitarian"),
    "nash_lottery": _point("*", "white", 90, "Nash with lotteries"),
    "nash_patience": Mark("p", BROWN, INK, 46, BROWN, (0, (6, 1.5, 1, 1.5)), "Nash, weights by patience"),
    "subgame_perfect": Mark("o", PURPLE, "white", 44, PURPLE, (0, (1.2, 1.2)), "Subgame-perfect"),
    "subgame_perfect_demander_first": _point(">", PURPLE, 42, "Subgame-perfect, demander first"),
    "subgame_perfect_partner_first": _point("^", PURPLE, 42, "Subgame-perfect, partner first"),
    "screening_demander": _point(">", SKY, 42, "Screening by the demander"),
    "screening_partner": _point("^", SKY, 42, "Screening by the partner"),
    "rational_threats": _point("d", RED, 48, "Rational threats"),
    "nash_in_nash": _point("8", SLATE, 44, "Nash-in-Nash"),
}
SIMULATED = Mark("o", "black", "white", 20, "black", "-", "Simulated (mean, discounted)")
FLOOR = Mark("P", "#444444", "white", 55, "#444444", ":", "No deal (expected)")
_OTHER = ("v", "<", "H")


def mark(concept: str, label: str | None = None) -> Mark:
    """Return a concept's mark; one that is not known gets a grey mark that depends on its name alone.

    >>> mark("nash").label, mark("my_rule").label
    ('Nash', 'My rule')
    """
    known = {**MARKS, "no_deal": FLOOR, "simulated": SIMULATED}
    if concept in known:
        return known[concept]
    name = label or concept.replace("_", " ").capitalize()
    return _point(_OTHER[sum(map(ord, concept)) % len(_OTHER)], "#BBBBBB", 42, name)


def in_order(concepts) -> list[str]:
    """Return concepts without repeats, known ones in the order of MARKS, others after them as they come.

    >>> in_order(["mine", "egalitarian", "nash", "nash"])
    ['nash', 'egalitarian', 'mine']
    """
    found = list(dict.fromkeys(map(str, concepts)))
    return [c for c in MARKS if c in found] + [c for c in found if c not in MARKS]


def point_handle(concept: str, label: str | None = None) -> Line2D:
    """Return a legend entry for a concept drawn as a point."""
    m = mark(concept)
    return Line2D(
        [], [], marker=m.marker, color=m.face, markeredgecolor=m.edge, markersize=m.size**0.5,
        label=label or m.label, **DOT,
    )  # fmt: skip


def line_handle(concept: str, width: float) -> Line2D:
    """Return a legend entry for a concept drawn as a line with its markers."""
    m = mark(concept)
    return Line2D(
        [], [], color=m.line, linestyle=m.dashes, linewidth=width, label=m.label, marker=m.marker,
        markerfacecolor=m.face, markeredgecolor=m.edge, markeredgewidth=0.7, markersize=0.8 * m.size**0.5,
    )  # fmt: skip
