"""How a game ended, beside what theory and history gave: the numbers, and a few plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from experiments.markdown import number
from experiments.meeting import Meeting, offers_in_turn
from experiments.seat.game import State
from experiments.seat.history import History, on_record
from sim.ranking import from_micro
from sim.solutions import bargaining, subgame
from sim.story import Story
from sim.table import SIDES

SAME = 5e-7  # bn USD a year: half a step of utility
LABELS = {
    "nash": "Nash",
    "kalai_smorodinsky": "Kalai-Smorodinsky",
    "egalitarian": "Egalitarian",
    "utilitarian": "Utilitarian",
}


class Mark(NamedTuple):
    """A point to be compared with: its name, the package (-1: none) and what it is worth to both (2,)."""

    name: str
    row: int
    worth: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Verdict:
    """The end of a game for its two sides, bn USD a year against the status quo.

    `final` (2,) is the state the talks ended in, `payoff` (2,) the same discounted from the first round on, `floor`
    (2,) what no deal was worth to both as talks began, `share` (2,) the part of what was to be gained that each side
    got: 0 no deal, 1 the best package the other side would sign; NaN where nothing was to be gained.
    """

    story: Story
    final: np.ndarray
    payoff: np.ndarray
    floor: np.ndarray
    share: np.ndarray
    marks: tuple[Mark, ...]
    history: History | None

    def against_history(self, side: int) -> str:
        """Say whether a side did better than the deal on record; empty where there is none."""
        if self.history is None:
            return ""
        low, high = self.history.worth(self.story.packages, side)
        got = float(self.final[side])
        worth = _bn(low) if high - low < SAME else f"between {_bn(low)} and {_bn(high)}"
        if got > high + SAME:
            word = "better than"
        elif got < low - SAME:
            word = "worse than"
        else:
            word = "within" if high - low >= SAME else "the same as"
        open_issues = " and ".join(name.replace("_", " ") for name in self.history.free)
        free = f", whatever is set for {open_issues}" if high > low else ""
        return (
            f"The deal of {self.history.date} ({self.history.said}) is worth {worth} on this table{free}; "
            f"you got {_bn(got)}: {word} it."
        )

    def lines(self, side: int, names: tuple[str, str]) -> list[str]:
        """Return the verdict for one side in sentences."""
        story, other = self.story, 1 - side
        end = "No deal." if story.deal < 0 else f"A deal in round {story.closed + 1} of {story.rounds}."
        gain = float(self.final[side] - self.floor[side])
        said = [
            f"{end} It is worth {_bn(self.final[side])} to you and {_bn(self.final[other])} to {names[other]}.",
            f"Without a deal you would have expected {_bn(self.floor[side])}: "
            + ("the talks changed nothing for you." if abs(gain) < SAME else f"the talks {_moved(gain)}."),
        ]
        share = self.share[side]
        if np.isfinite(share) and share < 0:
            said.append("You ended below what no deal was worth to you.")
        elif np.isfinite(share) and share > 1:
            said.append("You got more than any package gives you that the other side should have signed.")
        elif np.isfinite(share):
            said.append(f"Of all that you could have gained, you got {100 * share:.0f} %.")
        else:
            said.append("There was no package that both sides would rather have than no deal.")
        for mark in self.marks:
            if mark.row >= 0 or mark.name.startswith("Subgame"):
                said.append(f"{mark.name} would have given you {_bn(mark.worth[side])}.")
        history = self.against_history(side)
        return [*said, history] if history else said


def verdict(state: State) -> Verdict:
    """Return the verdict on a game that has ended; ValueError before that."""
    story = state.story
    if story is None:
        raise ValueError("the game has not ended: a verdict needs its end")
    floor = np.array(story.no_deal[0], dtype=float)
    agenda = next(s.agenda for s in state.game.lab.stakes if s.agenda.name == state.game.talk)
    share = np.array([_share(story, floor, side) for side in SIDES])
    marks = (*_cooperative(story, floor), *_equilibrium(state, story, floor))
    return Verdict(story, np.array(story.final), np.array(story.payoff), floor, share, marks, on_record(agenda))


def _share(story: Story, floor: np.ndarray, side: int) -> float:
    """Return the share of its possible gain that a side got."""
    inside = (story.packages >= floor - SAME).all(axis=1)
    best = float(story.packages[inside, side].max(initial=-np.inf)) - floor[side]
    return float((story.final[side] - floor[side]) / best) if best > SAME else float("nan")


def _cooperative(story: Story, floor: np.ndarray) -> list[Mark]:
    """Return the four cooperative points of this world's two types."""
    found = bargaining.cooperative(story.packages, floor)
    return [
        Mark(LABELS[name], int(point.row), tuple(map(float, point.payoffs)))
        for name, point in zip(found._fields, found)
        if bool(point.zone)
    ]


def _equilibrium(state: State, story: Story, floor: np.ndarray) -> list[Mark]:
    """Return the subgame-perfect equilibrium of this world's two types, if tariffs stay put while they talk."""
    if state.rungs is not None:
        return []
    lab = state.game.lab
    stakes = next(s for s in lab.stakes if s.agenda.name == state.game.talk)
    table = stakes.table(*(lab.types[code].types for code in stakes.agenda.pair))
    rates = np.array([_patience(state, side) for side in SIDES])
    carried = np.array([_carried(table, state.drawn[side], side) for side in SIDES])
    chance = np.array([stakes.agenda.stick.resolve, stakes.agenda.stick.belief])
    protocol = offers_in_turn(lab.config.protocol)
    met = Meeting(table, protocol, story.packages, story.flow[0], carried, chance, rates)
    found = subgame.subgame_perfect(met.u, met.game())
    return [Mark("Subgame-perfect equilibrium", int(found.row), tuple(map(float, found.payoffs)))]


def _patience(state: State, side: int) -> float:
    """Return the discount rate a year of a side in this world, reopening included."""
    return float(state.patience[side] + state.game.lab.config.protocol.reopen_rate_per_year)


def _carried(table, kind: int, side: int) -> float:
    """Return what the stick is worth to a type of a side."""
    return float(from_micro(table.carried[side][kind]))


def _bn(value: float) -> str:
    return f"{number(float(value), 1, sign=True)} bn USD a year"


def _moved(gain: float) -> str:
    return f"{'gained' if gain > 0 else 'cost'} you {number(abs(gain), 1)} bn USD a year"
