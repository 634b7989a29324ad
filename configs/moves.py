"""The node of the configuration about tariffs that move while talks go on."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from configs.fields import Node, fault, listed, plug_in, quantity
from configs.issues import Tariff

MAX_RUNGS = 20
SAME_RATE = 1e-9  # percent: rates closer than this are one
Share = Annotated[float, Field(ge=0, le=100)]


class Moves(Node):
    """Tariffs that move while talks go on: the rungs of each side, the interim's among them, and who moves them."""

    demander_rungs_pct: listed(Tariff) = quantity(..., "rates the demander's tariff can stand on, on top", "%")
    partner_rungs_pct: listed(Tariff) = quantity(..., "rates the partner's tariff can stand on, on top", "%")
    demander: plug_in("policy") | None = Field(None, description="how the demander moves; null: not at all")
    partner: plug_in("policy") | None = Field(None, description="how the partner moves; null: not at all")

    demander_withdrawal_pct: listed(Share) | None = quantity(
        None, "share of its protection that the demander withdraws on each of its rungs; null: none", "%"
    )

    @model_validator(mode="after")
    def _increasing(self):
        for key in ("demander_rungs_pct", "partner_rungs_pct"):
            if len(getattr(self, key)) > MAX_RUNGS:
                raise fault(key, f"{len(getattr(self, key))} rungs; at most {MAX_RUNGS}")
        withdrawn = self.demander_withdrawal_pct
        if withdrawn is not None and len(withdrawn) != len(self.demander_rungs_pct):
            counts = f"{len(withdrawn)} shares for {len(self.demander_rungs_pct)} rungs"
            raise fault("demander_withdrawal_pct", f"{counts} in demander_rungs_pct; give one for each")
        for (low, less), (high, more) in pairwise(self.demander_rungs):
            if high < low or (high <= low and more <= less):
                same = "" if withdrawn is None else ", or stay where more protection is withdrawn"
                why = f"{low:g} is followed by {high:g}; rungs must be strictly increasing{same}"
                raise fault("demander_rungs_pct", why)
        for low, high in pairwise(self.partner_rungs_pct):
            if high <= low:
                raise fault("partner_rungs_pct", f"{low:g} is followed by {high:g}; rungs must be strictly increasing")
        return self

    @property
    def demander_rungs(self) -> tuple[tuple[float, float], ...]:
        """The demander's rungs, (tariff, share of protection withdrawn), both in percent."""
        return tuple(
            zip(self.demander_rungs_pct, self.demander_withdrawal_pct or (0.0,) * len(self.demander_rungs_pct))
        )


def check_moves(moves: Moves | None, interim: float) -> None:
    """Refuse rungs on which protection is withdrawn as talks begin: the interim is what holds then."""
    if moves is None:
        return
    begin = [share for rate, share in moves.demander_rungs if abs(rate - interim) < SAME_RATE]
    if begin and begin[0] > 0:
        why = f"the first rung at the interim's {interim:g} % has {begin[0]:g}; talks begin with 0 withdrawn there"
        raise fault("moves.demander_withdrawal_pct", why)
