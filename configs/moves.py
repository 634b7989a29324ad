"""The node of the configuration about tariffs that move while talks go on."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field, model_validator

from configs.fields import Node, fault, listed, plug_in, quantity
from configs.issues import Tariff

MAX_RUNGS = 20


class Moves(Node):
    """Tariffs that move while talks go on: the rungs of each side, the interim's among them, and who moves them."""

    demander_rungs_pct: listed(Tariff) = quantity(..., "rates the demander's tariff can stand on, on top", "%")
    partner_rungs_pct: listed(Tariff) = quantity(..., "rates the partner's tariff can stand on, on top", "%")
    demander: plug_in("policy") | None = Field(None, description="how the demander moves; null: not at all")
    partner: plug_in("policy") | None = Field(None, description="how the partner moves; null: not at all")

    @model_validator(mode="after")
    def _increasing(self):
        for key in ("demander_rungs_pct", "partner_rungs_pct"):
            rates = getattr(self, key)
            if len(rates) > MAX_RUNGS:
                raise fault(key, f"{len(rates)} rungs; at most {MAX_RUNGS}")
            for low, high in pairwise(rates):
                if high <= low:
                    raise fault(key, f"{low:g} is followed by {high:g}; rungs must be strictly increasing")
        return self
