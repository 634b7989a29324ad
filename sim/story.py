"""One talk in one world, round by round: who offered what, what it was worth, which tariffs stood, how it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.digest import shown_rungs
from sim.protocols.base import DEAL, ENDINGS_AT_HOME
from sim.ranking import from_micro
from sim.solutions.bargaining import nash
from sim.table import SIDES

OUT_OF_REACH = -1e9  # bn USD a year: what an outside option rules out


@dataclass(frozen=True, eq=False)
class Story:
    """What happened in one world of a talk: t rounds were begun, P packages, K issues; side 0 is the demander.

    Money is bn USD a year against the status quo, in the eyes of the types drawn for this world; rates are percent.
    """

    talk: str
    world: int
    pair: tuple[str, str]
    issues: tuple[str, ...]  # column names, with the unit
    rounds: int  # rounds until the deadline
    days: float  # length of a round
    speaker: np.ndarray  # (t,) side that spoke, -1: nobody
    row: np.ndarray  # (t,) package offered, -1: a pass
    worth: np.ndarray  # (t, 2) what it was worth to both when it was offered, NaN where nobody offered anything
    refused: np.ndarray  # (t, 2) whether each side's legislature turned down what was signed in the round
    accepted: int  # round, 0 first, whose offer was accepted; -1: none
    shown: np.ndarray  # (P, K) levels of every package
    packages: np.ndarray  # (P, 2) what every package is worth to both
    tariffs: np.ndarray  # (t, 2) tariff on the other, percent on top of the status quo
    flow: np.ndarray  # (t, 2) what a year of talking is worth under these tariffs
    no_deal: np.ndarray  # (t, 2) what each expects without a deal, as it stood in the round
    ending: str
    closed: int  # rounds lived under the interim
    deal: int  # package agreed, -1: none
    final: np.ndarray  # (2,) the state that talks ended in
    payoff: np.ndarray  # (2,) discounted from the first round on
    nash: int  # Nash's package at what no deal was worth to both, -1: no zone of agreement
    nash_point: np.ndarray  # (2,) that no deal: before any tariff moved, the deals elsewhere as they stood at the end

    def __len__(self) -> int:
        return len(self.row)

    @property
    def levels(self) -> np.ndarray:
        """Levels on offer (t, K) as shown, NaN where nobody offered anything."""
        return np.where(self.row[:, None] >= 0, self.shown[np.maximum(self.row, 0)], np.nan)


@dataclass(frozen=True, eq=False)
class Round:
    """What a round was worth to both sides in all worlds (R, 2), bn USD a year, and packages refused at home so far."""

    flow: np.ndarray
    no_deal: np.ndarray
    offer: np.ndarray  # the round's offer; meaningless where there was none
    refused: np.ndarray  # (R, 2) by each side's legislature


class Rounds:
    """Watches talks as they are played: call it with a talk at the end of each round; `seen` holds them by name."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.seen: dict[str, list[Round]] = {}

    def __call__(self, talk) -> None:
        """Note what this round was worth, on the tables it was played on."""
        rows = np.maximum(talk.history.offers[:, talk.round], 0)
        every = np.arange(len(rows))
        flow, no_deal = (
            np.stack([from_micro(getattr(seat, name)) for seat in talk.seats], axis=-1)
            for name in ("impasse", "no_deal")
        )
        offer = np.stack([from_micro(talk.board.ranked[s].of(_types(talk, s, every), rows)) for s in SIDES], axis=-1)
        refused = np.zeros_like(flow, dtype=int) if talk.home is None else talk.home.refused.copy()
        self.seen.setdefault(talk.name, []).append(Round(flow, no_deal, offer, refused))


def _types(talk, side: int, worlds: np.ndarray) -> np.ndarray:
    """Return the rows (n,) of a side's drawn types in the ranking of all tables."""
    return talk.board.first[side][talk.variant[worlds]] + talk.countries[side].type_index[worlds]


def follow(talk, world: int, rounds: Rounds | None = None) -> Story:
    """Return the story of one world, by its position in the chunk, of a finished talk.

    With what `rounds` saw, offers and flows are told as they were worth when they were made, and which packages were
    refused at home; without, on the table the talk ended on.
    """
    agenda, begun, here = talk.agenda, _begun(talk, world), np.array([world])
    ending, deal, grid = int(talk.ending[world]), int(talk.row[world]), talk.agenda.grid
    packages = np.stack([from_micro(talk.board.ranked[s].micro[_types(talk, s, here)[0]]) for s in SIDES], axis=-1)
    row = np.array(talk.history.offers[world, :begun], dtype=np.int64)
    return Story(
        talk=agenda.name,
        world=talk.model.first + world,
        pair=agenda.pair,
        issues=tuple(issue.column for issue in grid.issues),
        rounds=talk.history.offers.shape[1],
        days=talk.model.protocol.days_per_round,
        speaker=np.array(talk.history.speaker[world, :begun], dtype=np.int64),
        row=row,
        accepted=int(np.flatnonzero(row == deal)[-1]) if ending == DEAL else -1,
        shown=np.stack([issue.shown[grid.index[:, k]] for k, issue in enumerate(grid.issues)], axis=-1),
        packages=packages,
        ending=ENDINGS_AT_HOME[ending],
        closed=int(talk.closed[world]),
        deal=deal if ending == DEAL else -1,
        final=np.array([float(talk.final(side)[world]) for side in SIDES]),
        payoff=np.array([float(talk.discounted(side)[world]) for side in SIDES]),
        nash=_nash(talk, packages, _nash_point(talk, world)),
        nash_point=_nash_point(talk, world),
        **_by_round(talk, world, row, packages, rounds),
    )


def _by_round(talk, world: int, row: np.ndarray, packages: np.ndarray, rounds: Rounds | None) -> dict:
    """Return what each round (t, 2) was worth: the tariffs, their flow, no deal, the offer; and refusals at home."""
    stick, begun = talk.agenda.stick, len(row)
    tariffs, flow = _in_force(talk, world, begun)
    last = np.array([float(from_micro(seat.no_deal[world])) for seat in talk.seats])
    no_deal = last + (1.0 - np.array([stick.resolve, stick.belief])) * (flow - flow[-1])
    worth, refused = packages[np.maximum(row, 0)], np.zeros((begun, 2), dtype=int)
    if rounds is not None:
        seen = rounds.seen[talk.name][:begun]
        flow, no_deal, worth, refused = (
            np.stack([getattr(one, name)[world] for one in seen]) for name in ("flow", "no_deal", "offer", "refused")
        )
        no_deal[-1] = last  # deals struck elsewhere in the last round count
    offers = np.where(row[:, None] >= 0, worth, np.nan)
    by_round = {"tariffs": tariffs, "flow": flow, "no_deal": no_deal, "worth": offers}
    return by_round | {"refused": np.diff(refused, axis=0, prepend=0)}


def _begun(talk, world: int) -> int:
    """Return how many rounds were begun: all until somebody last spoke, or all there are if the clock ran out."""
    spoke = np.flatnonzero(talk.history.speaker[world] >= 0)
    spoken = int(spoke[-1]) + 1 if len(spoke) else 1
    return max(spoken, min(int(talk.closed[world]), talk.history.offers.shape[1]))


def _in_force(talk, world: int, begun: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both tariffs (t, 2), percent on top, and what a year of them is worth to both (t, 2)."""
    if talk.sticks is None:
        still = [float(from_micro(seat.impasse[world])) for seat in talk.seats]
        rates = 100.0 * np.array(talk.agenda.stick.rates(False))
        return np.tile(rates, (begun, 1)), np.tile(np.array(still), (begun, 1))
    record = np.array(talk.sticks.record[:begun, world], dtype=np.int64)
    shown = [shown_rungs(talk.agenda, side)[record[:, side]] for side in SIDES]
    here = np.full(begun, world)
    flows = [from_micro(talk.sticks.flow_of(side, here, record[:, 0], record[:, 1])) for side in SIDES]
    return np.stack(shown, axis=-1), np.stack(flows, axis=-1)


def _nash_point(talk, world: int) -> np.ndarray:
    """Return what no deal is worth to both (2,) on the table a world ended on, no tariff moved, bn USD a year."""
    kinds = [talk.countries[side].type_index[world] for side in SIDES]
    return from_micro(np.array([talk.board.no_deal[s][talk.variant[world], k] for s, k in zip(SIDES, kinds)]))


def _nash(talk, packages: np.ndarray, point: np.ndarray) -> int:
    """Return Nash's package at a no-deal point (2,), none below an outside option; -1: no zone of agreement."""
    sides = []
    for side in SIDES:
        own, worth = talk.agenda.stick.outside[side], packages[:, side]
        sides.append(worth if own is None else np.where(worth >= own, worth, OUT_OF_REACH))
    return int(nash(np.stack(sides, axis=-1), point).row)
