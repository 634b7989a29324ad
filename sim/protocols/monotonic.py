"""Monotonic concession: both sides offer at once, offers never retreat, and who will not move ends the talks."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sim.protocols.base import COLLAPSE, DEAL, OUTSIDE, Protocol


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
class MonotonicConcession(Protocol):
    """Two rounds make an exchange: in the first both seal an offer, in the second both are opened and answered.

    Neither sees the other's sealed offer, and the sides' answers are given at once. One accepts: that deal. Both
    accept: a fair draw picks whose. Neither: each may take its outside option, the demander asked first; else the
    interim flow is earned and the next exchange comes. An offer that gives the other side less than the last one
    is not heard: the last one stands. With `standstill_ends`, talks collapse once neither side has moved. After the
    last round the deadline payoff. Source: Rosenschein & Zlotkin (1994), Rules of Encounter, ch. 2; Zeuthen (1930)
    and Harsanyi (1956), Econometrica 24, for who concedes, which is the sides' own business (strategy zeuthen).
    """

    exchange: ClassVar[int] = 2

    rounds: int = Field(400, ge=2, le=10_000, multiple_of=2, description="rounds until the deadline, two an exchange")
    days_per_round: float = Field(
        0.225, gt=0, le=3650, description="length of a round", json_schema_extra={"unit": "days"}
    )
    standstill_ends: bool = Field(True, description="whether talks collapse once neither side moves")
    reopen_rate_per_year: float = Field(
        0.0, ge=0, le=100, description="rate at which deals are reopened, added to impatience",
        json_schema_extra={"unit": "per year"},
    )  # fmt: skip

    def play(self, talk) -> None:
        """Play one round in every open world of the talk: seal offers, or open and answer them."""
        worlds = talk.open_worlds()
        if not len(worlds):
            return
        if talk.round % 2 == 0:
            self._seal(talk, worlds)
        else:
            self._open(talk, worlds)

    def _seal(self, talk, worlds: np.ndarray) -> None:
        """Ask both sides for their offers before either is on record; they are seen in the next round."""
        rows = [talk.asked(side, worlds) for side in (0, 1)]
        for side in (0, 1):
            held = _without_retreat(talk, side, worlds, rows[side])
            talk.history.offers[worlds, talk.round + side] = held
            talk.history.speaker[worlds, talk.round + side] = side

    def _open(self, talk, worlds: np.ndarray) -> None:
        """Put the sealed offers on record, ask both sides for their answers and close what is agreed."""
        last = talk.history.last
        offers = [talk.history.offers[worlds, talk.round - 1 + side].astype(np.int64) for side in (0, 1)]
        moved = [offers[side] != last[worlds, side] for side in (0, 1)]
        for side in (0, 1):
            last[worlds, side] = offers[side]
        says = [_answers(talk, side, worlds, offers[1 - side]) for side in (0, 1)]
        agreed = says[0] | says[1]
        draw = talk.chance_of("both_accept")[worlds] < 0.5
        demanders = says[1] & (~says[0] | draw)  # its offer is the one that stands
        rows = np.where(demanders, offers[0], offers[1])
        over = agreed.copy()
        over[agreed] = talk.close(worlds[agreed], DEAL, rows[agreed])
        left = worlds[~over]
        stuck = ~(moved[0] | moved[1])[~over]
        for side in (0, 1):
            if talk.has_outside(side) and len(left):
                walks = talk.walk(side, left)
                talk.close(left[walks], OUTSIDE, side=side)
                left, stuck = left[~walks], stuck[~walks]
        if self.standstill_ends:
            talk.close(left[stuck], COLLAPSE)


def _without_retreat(talk, side: int, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the offers (n,), the last one where a new one passes or gives the other side less than it did."""
    other, before = talk.seats[1 - side], talk.history.last[worlds, side]
    worth = [other.ranked.of(other.types[worlds], np.maximum(row, 0)) for row in (before, rows)]
    stands = (before >= 0) & ((rows < 0) | (worth[1] < worth[0]))
    return np.where(stands, before, rows)


def _answers(talk, side: int, worlds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Say (n,) whether a side accepts the other's standing offers (n,); a pass cannot be accepted."""
    says, spoken = np.zeros(len(worlds), dtype=bool), rows >= 0
    if spoken.any():
        says[spoken] = talk.respond(side, worlds[spoken], rows[spoken])
    return says
