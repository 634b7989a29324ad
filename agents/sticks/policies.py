"""Stick policies: wait, climb, slice, answer, punish, lift. Each is a few lines; copy one to write your own."""

from __future__ import annotations

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from agents.sticks.base import StickPolicy
from sim.moves import StickView

PLUGIN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
SAME_RATE = 1e-9  # shares closer than this are the same tariff


@dataclass(frozen=True, config=PLUGIN)
class Wait(StickPolicy):
    """Leave the tariff where it is: the threat is for the deadline. Source: Schelling (1960)."""

    source = "Schelling 1960"

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung in force (n,)."""
        return view.own


@dataclass(frozen=True, config=PLUGIN)
class Climb(StickPolicy):
    """Go up a rung whenever an own offer was refused, up to the top. Source: escalation as in Kahn (1965)."""

    source = "Kahn 1965"

    step: int = Field(1, ge=1, le=100, description="rungs climbed after a refusal", json_schema_extra={"unit": "rungs"})

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,): higher by `step` after a refusal."""
        return np.minimum(view.own + self.step * view.refused, len(view.rates) - 1)


@dataclass(frozen=True, config=PLUGIN)
class Salami(StickPolicy):
    """Go up one rung every few rounds, refused or not: slices too thin to answer. Source: Schelling (1966), ch. 2."""

    source = "Schelling 1966"

    every: int = Field(2, ge=1, le=10_000, description="rounds between steps", json_schema_extra={"unit": "rounds"})

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,): higher by one each `every` rounds."""
        due = view.round % self.every == 0
        return np.minimum(view.own + int(due), len(view.rates) - 1)


@dataclass(frozen=True, config=PLUGIN)
class Mirror(StickPolicy):
    """Answer with the highest own rate not above `factor` times the tariff one faces; 1 mirrors it.

    Source: tit-for-tat in tariffs, Axelrod (1984); reciprocity in trade law, Bagwell & Staiger (1999).
    """

    source = "Axelrod 1984"

    factor: float = Field(1.0, ge=0, le=5, description="own tariff as a part of the one faced")

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,) that answers the tariff in force against this side; the lowest rung at the least."""
        faced = self.factor * view.other_rates[view.other]
        below = np.searchsorted(view.rates, faced + SAME_RATE, side="right") - 1
        return np.maximum(below, 0)


@dataclass(frozen=True, config=PLUGIN)
class Grim(StickPolicy):
    """Stay put until the other side first goes above where it began, then stand on the top rung for good.

    Source: the grim trigger, Friedman (1971).
    """

    source = "Friedman 1971"

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,): the top one once provoked."""
        return np.where(view.other_peak > view.other_start, len(view.rates) - 1, view.own)


@dataclass(frozen=True, config=PLUGIN)
class Pause(StickPolicy):
    """Lift the tariff to its lowest rung while the other side talks; put it back where it began if it never does.

    Source: the 90-day pause of 9 April 2025 (Executive Order 14266).
    """

    source = "Executive Order 14266, 9 April 2025"

    def move(self, view: StickView) -> np.ndarray:
        """Return the rung (n,): the lowest once the other side has made an offer."""
        return np.where(view.heard, 0, view.start)
