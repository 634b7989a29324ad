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
    deadline payoff, or with a chance an extension. Who proposes is drawn each round, alternates, or is always the same
    side: repeated take-it-or-leave-it. A package refused at home counts as refused at the table.
    """

    rounds: int = Field(13, ge=1, le=10_000, description="rounds until the deadline")
    days_per_round: float = Field(
        7.0, gt=0, le=3650, description="length of a round", json_schema_extra={"unit": "days"}
    )
    proposer: Literal["drawn", "demander_first", "partner_first", "demander_always", "partner_always"] = Field(
        "drawn", description="who proposes: drawn each round, in turn, or always the same side (take it or leave it)"
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

    extension_chance_pct: float = Field(
        0.0, ge=0, le=100, description="chance that talks go on when a deadline passes",
        json_schema_extra={"unit": "%"},
    )  # fmt: skip
    extension_rounds: int = Field(
        3, ge=1, le=10_000, description="length of an extension", json_schema_extra={"unit": "rounds"}
    )
    max_extensions: int = Field(1, ge=0, le=10, description="how often the deadline can be put off")

    def proposers(self) -> np.ndarray:
        """Return the chance (longest,) that the demander proposes in each round, extensions included.

        >>> AlternatingOffers(rounds=3, proposer="partner_first").proposers().tolist()
        [0.0, 1.0, 0.0]
        """
        if self.proposer == "drawn":
            return np.full(self.longest, self.demander_proposes_pct / 100.0)
        if self.always is not None:
            return np.full(self.longest, 1.0 - self.always)
        return (np.arange(self.longest) % 2 == self._first).astype(float)

    def ends(self) -> np.ndarray:
        """Return the chance (longest,) that a refused round ends the talks without a deal: hazard and deadlines.

        At a deadline talks that did not collapse go on with the chance of an extension; after the last round the
        deadline payoff follows in any case, which is not counted here.

        >>> AlternatingOffers(rounds=2, extension_chance_pct=40.0, extension_rounds=1).ends().round(9).tolist()
        [0.0, 0.6, 0.0]
        """
        out = np.full(self.longest, self.hazard_pct / 100.0)
        at = np.arange(self.rounds, self.longest, self.extension_rounds) - 1
        out[at] = 1.0 - (1.0 - out[at]) * (self.extension_chance_pct / 100.0)
        return out

    @property
    def always(self) -> int | None:
        """The side that makes every offer; None where both do."""
        return {"demander_always": 0, "partner_always": 1}.get(self.proposer)

    @property
    def _first(self) -> int:
        return 0 if self.proposer == "demander_first" else 1

    def speaks(self, talk, worlds: np.ndarray) -> np.ndarray:
        """Return the side (n,) that proposes this round in each of the worlds (n,)."""
        if self.proposer == "drawn":
            drawn = talk.chance_of("proposer")[worlds]
            return (drawn * 100.0 >= self.demander_proposes_pct).astype(np.int8)
        side = (self._first + talk.round) % 2 if self.always is None else self.always
        return np.full(len(worlds), side)

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
        over = accepted.copy()
        over[accepted] = talk.close(worlds[accepted], DEAL, rows[accepted])
        left = np.concatenate([worlds[~over], silent])
        if talk.has_outside(1 - side) and len(left):
            walks = talk.walk(1 - side, left)
            talk.close(left[walks], OUTSIDE, side=1 - side)
            left = left[~walks]
        return left
