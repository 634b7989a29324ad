"""Ratification at home: a package signed at the table must also pass a legislature (two-level games, Putnam 1988).

Each side may have a legislature whose pivotal member has weights of its own and asks for a drawn amount above no deal.
The packages it would pass are the side's win-set. Where the negotiator knows the win-set, it signs nothing outside it;
where not, what it signed can be refused at home: involuntary defection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim import draws
from sim.board import NEVER, expected
from sim.payoffs import COMPONENTS, Types, utility
from sim.ranking import Ranked, blocks, from_micro, to_micro
from sim.table import SIDES
from sim.view import Prior, Seat

NO_MOVES = (
    "talk {name}: a negotiator who knows its win-set needs tariffs that stay put, and this talk has moves\n"
    "set known to false, or leave moves out"
)


@dataclass(frozen=True)
class Legislature:
    """A side's legislature: its pivot's weights of the components (C), and what it asks above no deal.

    The threshold is drawn once a world: one of `thresholds`, bn USD a year, with `probabilities`, plus a normal draw
    with standard deviation `spread`. `known`: the own negotiator knows it. `ends`: a package refused at home ends the
    talks without a deal; otherwise they go on.
    """

    weights: tuple[float, ...]
    thresholds: tuple[float, ...] = (0.0,)
    probabilities: tuple[float, ...] = (1.0,)
    spread: float = 0.0
    known: bool = False
    ends: bool = False

    def draw(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the threshold (n,), millionths, and its place in the list, from random words (n, 4).

        >>> asks, place = Legislature((1.0,), (0.0, 2.5), (0.5, 0.5)).draw(np.array([[0] * 4, [2**64 - 1] * 4], "u8"))
        >>> asks.tolist(), place.tolist()
        ([0, 2500000], [0, 1])
        """
        u = draws.to_uniform(words)
        place = draws.pick(np.array(self.probabilities), u[:, 0])
        asks = np.array(self.thresholds)[place]
        if self.spread > 0:
            from scipy.special import ndtri

            asks = asks + self.spread * ndtri(u[:, 1])
        return to_micro(asks), place

    def pivot(self) -> Types:
        """Return the pivotal member as a type: its weights, no red line and no impatience of its own."""
        one = np.ones(1)
        return Types(np.array([self.weights]), one, np.zeros(1), one, 0.0)


class Chamber:
    """The legislature of one side in all worlds of a talk; a variant without one passes everything.

    By variant (V): what packages are worth to its pivot (V, P), what stays and what falls without a deal (V,), and the
    flow at every pair of rungs where tariffs move. By world (R,): the variant, the threshold `asks`, its `place` in the
    list, `need`, the least worth that passes as talks begin, and the rules `has`, `known` and `ends`. Values are whole
    millionths of a bn USD a year.
    """

    def __init__(self, talk, side: int) -> None:
        """Draw the thresholds and weigh packages and no deal by the pivots."""
        stakes = [table.stakes for table in talk.board.tables]
        laws = [own.agenda.ratification[side] for own in stakes]
        self.law, self.variant, self.chance = laws[0], talk.variant, talk.board.chance[side]
        self.has, self.known, self.ends = (
            np.array([law is not None and bool(rule(law)) for law in laws])[self.variant]
            for rule in (lambda law: True, lambda law: law.known, lambda law: law.ends)
        )
        self.asks, self.place = _thresholds(laws, self.variant, talk.model.rule.raw(f"ratify:{side}:{talk.name}", 0))
        self.worth = np.stack([_worth(law, own.packages[side], own.opening[side]) for law, own in zip(laws, stakes)])
        self.stay, self.fall = (
            np.concatenate([_worth(law, part(own)[side][None]) for law, own in zip(laws, stakes)])
            for part in (lambda own: own.interim, lambda own: own.carried)
        )
        self.sticks, self.flows = talk.sticks, None
        if self.sticks is not None:
            shape = stakes[0].rungs[side].shape[:-1]
            flat = [_worth(law, own.rungs[side].reshape(-1, len(COMPONENTS))) for law, own in zip(laws, stakes)]
            self.flows = np.stack([flow.reshape(shape) for flow in flat])
        self.need = self._least(np.arange(len(self.variant)), self.stay[self.variant])

    def _least(self, worlds: np.ndarray, stay: np.ndarray) -> np.ndarray:
        """Return the least worth (n,) that passes where `stay` (n,) is what stays if the threat does not fall."""
        variant = self.variant[worlds]
        no_deal = expected(self.chance[variant], from_micro(self.fall[variant]), from_micro(stay))
        return np.where(self.has[worlds], no_deal + self.asks[worlds], NEVER)

    def passes(self, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether packages `rows` (n,) pass, weighed against no deal under the tariffs now in force."""
        need, variant = self.need[worlds], self.variant[worlds]
        if self.flows is not None:
            need = self._least(worlds, self.flows[variant, *self.sticks.rung[worlds].T])
        return ~self.has[worlds] | (self.worth[variant, rows] >= need)


def _thresholds(laws: list, variant: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each world's threshold (R,), millionths, and its place in the list of its variant."""
    asks, place = np.zeros(len(variant), dtype=np.int64), np.zeros(len(variant), dtype=np.int64)
    for number, law in enumerate(laws):
        if law is not None:
            here = variant == number
            asks[here], place[here] = law.draw(words[here])
    return asks, place


def _worth(law: Legislature | None, components: np.ndarray, opening: np.ndarray | None = None) -> np.ndarray:
    """Return what outcomes (P, C) are worth to a legislature's pivot (P,), millionths; 0 where there is none."""
    if law is None:
        return np.zeros(len(components), dtype=np.int64)
    return to_micro(utility(law.pivot(), components, opening)[0])


class Home:
    """What both sides of a talk face at home; `refused` (R, 2) counts the packages each legislature turned down."""

    def __init__(self, talk) -> None:
        """Seat the legislatures that some variant of the talk has."""
        laws = [[t.stakes.agenda.ratification[side] for t in talk.board.tables] for side in SIDES]
        self.talk = talk
        self.chambers = tuple(Chamber(talk, side) if any(laws[side]) else None for side in SIDES)
        self.refused = np.zeros((talk.model.worlds, 2), dtype=np.int16)
        for side in SIDES:
            if talk.sticks is not None and self.knows(side):
                raise ValueError(NO_MOVES.format(name=talk.name))

    def knows(self, side: int) -> bool:
        """Say whether in some world a side's negotiator knows its win-set."""
        return self.chambers[side] is not None and bool(self.chambers[side].known.any())

    def vote(self, worlds: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (n,) whether the packages signed pass at home on both sides, and whether a refusal ends the talks."""
        stands, ends = np.ones(len(worlds), dtype=bool), np.zeros(len(worlds), dtype=bool)
        for side, chamber in enumerate(self.chambers):
            if chamber is not None:
                fails = ~chamber.passes(worlds, rows)
                self.refused[worlds, side] += fails
                stands, ends = stands & ~fails, ends | (fails & chamber.ends[worlds])
        return stands, ends

    def seat(self, side: int, seat: Seat) -> Seat:
        """Return a side's seat bound by the win-set its negotiator knows: what fails there is worth less than no deal.

        Such packages are put a millionth below both no deal and the interim, or stay where they are if worth less, so
        that no strategy gains by signing one. Types are then pairs of a private type and a threshold; with a normal
        spread of thresholds, or several variants, the distinct cases met.
        """
        if not self.knows(side):
            return seat
        chamber = self.chambers[side]
        bar = np.minimum(seat.no_deal, seat.impasse) - 1
        if self.finite(side):
            kept = self.talk.table.kept
            if ("home", side) not in kept:
                kept["home", side] = self._every_case(side)
            count = len(chamber.law.thresholds)
            return replace(seat, ranked=kept["home", side], types=seat.types * count + chamber.place)
        need = np.where(chamber.known, chamber.need, NEVER)
        cases, case = np.unique(np.stack([seat.types, chamber.variant, need, bar]), axis=1, return_inverse=True)
        worth = seat.ranked.micro[cases[0]], chamber.worth[cases[1]]
        return replace(seat, ranked=_barred(*worth, cases[2], cases[3]), types=case.reshape(-1))

    def finite(self, side: int) -> bool:
        """Say whether a side's win-sets come from a list, the same in all worlds: types times thresholds."""
        listed = self.talk.countries[side].weight_spread <= 0 and self.chambers[side].law.spread <= 0
        return listed and len(self.talk.board.tables) == 1

    def _every_case(self, side: int) -> Ranked:
        """Return the ranking of every pair of type and threshold (K * M), thresholds fastest."""
        chamber, board, count = self.chambers[side], self.talk.board, len(self.chambers[side].law.thresholds)
        no_deal = expected(self.chambers[side].chance[:1], from_micro(chamber.fall), from_micro(chamber.stay))[0]
        need = np.tile(no_deal + to_micro(np.array(chamber.law.thresholds)), board.ranked[side].types)
        bar = np.repeat(np.minimum(board.no_deal[side][0], board.impasse[side][0]) - 1, count)
        worth = np.broadcast_to(chamber.worth[0], (len(need), chamber.worth.shape[1]))
        return _barred(np.repeat(board.ranked[side].micro, count, axis=0), worth, need, bar)

    def prior(self, side: int, prior: Prior) -> Prior | None:
        """Return what the other side knows of a bound side's possible types; None where they are not a list."""
        if not self.knows(side):
            return prior
        if not self.finite(side):
            return None
        law = self.chambers[side].law
        count, chances = len(law.thresholds), np.array(law.probabilities)
        ranked = self.talk.seats[side].ranked
        values = (np.repeat(x, count) for x in (prior.no_deal, prior.impasse, prior.discount))
        return Prior(ranked, np.outer(prior.probability, chances).reshape(-1), *values)


def _barred(own: np.ndarray, pivot: np.ndarray, need: np.ndarray, bar: np.ndarray) -> Ranked:
    """Return the ranking of utilities (D, P); those that fail at home, `pivot` < `need` (D,), at most `bar` (D,)."""
    return Ranked(from_micro(np.where(pivot < need[:, None], np.minimum(own, bar[:, None]), own)))


def zone_at_home(talk) -> np.ndarray:
    """Say (R,) whether some package is worth no deal or more to both sides and passes at home on both.

    No deal is that of the interim, as in the landmarks.
    """
    board, home = talk.board, talk.home
    parts = [talk.variant]
    for side, chamber in enumerate(home.chambers):
        kind = talk.countries[side].type_index
        parts.append(board.first[side][talk.variant] + kind)
        parts.append(np.maximum(board.no_deal[side][talk.variant, kind], board.outside[side][talk.variant]))
        parts.append(np.full(len(talk.variant), NEVER) if chamber is None else chamber.need)
    cases, case = np.unique(np.stack(parts), axis=1, return_inverse=True)
    found = np.empty(cases.shape[1], dtype=bool)
    for some in blocks(len(found), board.ranked[0].packages):
        variant, fits = cases[0, some], True
        for side, chamber in enumerate(home.chambers):
            row, floor, need = cases[1 + 3 * side : 4 + 3 * side, some]
            fits = fits & (board.ranked[side].micro[row] >= floor[:, None])
            if chamber is not None:
                fits = fits & (chamber.worth[variant] >= need[:, None])
        found[some] = fits.any(axis=1)
    return found[case.reshape(-1)]
