"""Tit-for-tat: concede as much as the other side has conceded, measured in one's own utility."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN, Strategy
from sim.view import NONE, View


@dataclass(frozen=True, config=PLUGIN)
class TitForTat(Strategy):
    """Answer the other's concessions in kind: start at the best package and give back `factor` times what was given.

    What was given is seen in one's own utility. `absolute`: what the other's offers have gained from its first to its
    last. `relative`: the share of the way from its first offer to one's own best that it has come, of the way from
    one's best to one's floor. `averaged`: as absolute, with the mean of its last `window` offers in place of the last.
    Source: the behaviour-dependent tactics of Faratin, Sierra & Jennings (1998), put on utilities and added up over
    the talks, so that a concession is answered once whoever speaks.
    """

    source = "Faratin, Sierra & Jennings 1998 (on utilities)"

    factor: float = Field(1.0, ge=0, le=5, description="concession given for each concession of the other")
    kind: Literal["absolute", "relative", "averaged"] = Field(
        "absolute", description="how the other's concession is measured"
    )
    window: int = Field(
        3, ge=1, le=1000, description="offers averaged, when averaged", json_schema_extra={"unit": "offers"}
    )

    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) insisted on, millionths: the best less what the other has earned."""
        heard = view.other_first != NONE
        first = view.utility(view.other_first)
        gained = np.where(heard, np.maximum(self._now(view) - first, 0), 0)
        if self.kind == "relative":
            way, own = np.maximum(view.best - first, 1), np.maximum(view.best - view.floor, 0)
            gained = np.minimum(gained / way, 1.0) * own
        given = np.rint(gained * self.factor).astype(np.int64)
        return np.maximum(view.best - given, view.floor)

    def _now(self, view: View) -> np.ndarray:
        """Return own utility (n,) of what the other asks for now: its last offer, or the mean of its last few."""
        if self.kind != "averaged" or not len(view):
            return view.utility(view.other_last)
        said = view.other_offers
        spoken = said != NONE
        later = np.cumsum(spoken[:, ::-1], axis=1)[:, ::-1]  # its offers from here on
        counted = spoken & (later <= self.window)
        worth = np.where(counted, view.ranked.of(view.types[:, None], np.maximum(said, 0)), 0)
        return np.rint(worth.sum(axis=1) / np.maximum(counted.sum(axis=1), 1)).astype(np.int64)
