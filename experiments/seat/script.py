"""A seat that a person sits on: the moves made so far are played again, and the game stops where the next is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from agents.sticks.base import StickPolicy
from agents.strategies.base import Strategy
from sim.view import NONE

Kind = Literal["offer", "answer", "walk", "rung"]
ANSWERS = ("refuse", "accept")
STAYS = ("stay", "walk")


class Move(NamedTuple):
    """What a person did when asked: `kind` is what was asked for.

    `value`: the package offered (-1: none), 1 to accept and 0 to refuse, 1 to walk out and 0 to stay, the rung to
    stand on.
    """

    kind: Kind
    value: int


class Due(BaseException):
    """A person's move is due: no error, but the point up to which the moves made so far lead.

    `kind` of move, `side` that is to make it, `row` of the package that is to be answered (-1: none).
    """

    def __init__(self, kind: Kind, side: int, row: int = NONE) -> None:
        super().__init__(kind, side, row)
        self.kind, self.side, self.row = kind, side, row


class Script:
    """The moves made so far, handed out in the order in which they are asked for."""

    def __init__(self, moves: Sequence[Move]) -> None:
        """Take the moves of all persons at the table, in order."""
        self.moves, self.used = tuple(moves), 0

    def next(self, kind: Kind, side: int, allowed: range, row: int = NONE) -> int:
        """Return the next move's value; Due where none is left, ValueError where it is not what is asked for."""
        if self.used == len(self.moves):
            raise Due(kind, side, row)
        move = self.moves[self.used]
        if move.kind != kind or move.value not in allowed:
            what = f"{kind} from {allowed.start} to {allowed.stop - 1}"
            raise ValueError(f"move {self.used + 1}: {move.kind} {move.value}, but asked for was {what}")
        self.used += 1
        return move.value


@dataclass(frozen=True, eq=False)
class Person(Strategy):
    """A strategy whose answers are a person's: of one world at a time."""

    script: Script
    side: int

    def target(self, view: Any) -> np.ndarray:
        """Return no deal (n,): a person's aims are not asked for."""
        return view.floor

    def offer(self, view: Any, target: np.ndarray) -> np.ndarray:
        """Return the package (1,) the person offers; -1: none."""
        return np.array([self.script.next("offer", self.side, range(-1, len(view.grid)))])

    def accept(self, view: Any, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (1,) whether the person accepts."""
        return np.array([self.script.next("answer", self.side, range(2), int(rows[0])) == 1])

    def walk(self, view: Any, target: np.ndarray) -> np.ndarray:
        """Say (1,) whether the person takes the outside option."""
        return np.array([self.script.next("walk", self.side, range(2)) == 1])


@dataclass(frozen=True, eq=False)
class Hand(StickPolicy):
    """A stick policy whose rungs are a person's."""

    script: Script
    side: int

    def move(self, view: Any) -> np.ndarray:
        """Return the rung (1,) the person stands on this round."""
        return np.array([self.script.next("rung", self.side, range(len(view.rates)))])
