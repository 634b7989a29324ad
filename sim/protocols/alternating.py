"""Offers and answers in turn until a deadline (Rubinstein 1982; with a deadline Ståhl 1972)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sim.protocols.base import COLLAPSE, DEAL, OUTSIDE, Protocol


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
class AlternatingOffers(Protocol):
    """One round: the proposer offers a package or passes, the other accepts or refuses.

    Accepted: in force from this round on. Refused: the responder alone may take its outside option; else the
    interim flow is earned; then talks collapse with the hazard, else the next round. After the last round the
    deadline payoff. Who proposes is drawn each round, or alternates.
    """

    rounds: int = Field(13, ge=1, le=10_000, description="rounds until the deadline")
    days_per_round: float = Field(
        7.0, gt=0, le=3650, description="length of a round", json_schema_extra={"unit": "days"}
    )
    proposer: Literal["drawn", "demander_first", "partner_first"] = Field(
        "drawn", description="who proposes: drawn each round, or fixed alternation"
    )
    demander_proposes_pct: float = Field(
        50.0, ge=0, le=100, description="chance that the demander proposes, when drawn",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip
    hazard_pct: float = Field(
        0.0, ge=0, lt=100, description="chance a round that refused talks collapse",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip
    reopen_rate_per_year: float = Field(
        0.0, ge=0, le=100, description="rate at which deals are reopened, added to impatience",
        json_schema_extra={"unit": "per year"},
    )  # fmt: skip

    def speaks(self, talk, worlds: np.ndarray) -> np.ndarray:
        """Return the side (n,) that proposes this round in each of the worlds (n,)."""
        if self.proposer == "drawn":
            drawn = talk.chance_of("proposer")[worlds]
            return (drawn * 100.0 >= self.demander_proposes_pct).astype(np.int8)
        first = 0 if self.proposer == "demander_first" else 1
        return np.full(len(worlds), (first + talk.round) % 2)

    def play(self, talk) -> None:
        """Play one round in every open world of the talk."""
        worlds = talk.open_worlds()
        speaker = self.speaks(talk, worlds)
        refused = [self._one_side(talk, side, worlds[speaker == side]) for side in (0, 1)]
        refused = np.concatenate(refused)
        if self.hazard_pct > 0 and len(refused):
            falls = talk.chance_of("hazard")[refused] * 100.0 < self.hazard_pct
            talk.close(refused[falls], COLLAPSE)

    def _one_side(self, talk, side: int, worlds: np.ndarray) -> np.ndarray:
        """Let one side propose in its worlds; return those (m,) where talks go on to the hazard."""
        if not len(worlds):
            return worlds
        rows = talk.propose(side, worlds)
        spoken, silent = rows >= 0, worlds[:0]
        if not spoken.all():
            worlds, rows, silent = worlds[spoken], rows[spoken], worlds[~spoken]
        accepted = talk.respond(1 - side, worlds, rows) if len(worlds) else spoken[:0]
        talk.close(worlds[accepted], DEAL, rows[accepted])
        left = np.concatenate([worlds[~accepted], silent])
        if talk.has_outside(1 - side) and len(left):
            walks = talk.walk(1 - side, left)
            talk.close(left[walks], OUTSIDE, side=1 - side)
            left = left[~walks]
        return left
