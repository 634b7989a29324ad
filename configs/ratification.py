"""The node of the configuration about ratification: who must pass at home what was signed at the table."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.fields import Node, check_probabilities, fault, listed, money, quantity

Weight = Annotated[float, Field(ge=0, le=100)]
Probability = Annotated[float, Field(gt=0, le=1)]
Amount = Annotated[float, Field(ge=-10_000, le=10_000)]
MOST_THRESHOLDS = 16
BUSD = "bn USD a year"


class PivotWeights(Node):
    """Weights of the payoff components to the pivotal member; they stand for themselves, not beside the country's."""

    welfare: Weight = quantity(1.0, "equivalent variation of households")
    revenue: Weight = quantity(0.0, "own tariff revenue")
    balance: Weight = quantity(0.0, "bilateral goods balance")
    security: Weight = quantity(1.0, "security payments received less made")
    pledge: Weight = quantity(1.0, "pledges received less made")
    concession: Weight = quantity(1.0, "home political cost of own concessions")


class Thresholds(Node):
    """What the legislature asks for above no deal, one drawn a world."""

    values: listed(Amount) = quantity((0.0,), "possible amounts that it asks for above no deal", BUSD)
    probabilities: listed(Probability) | None = quantity(None, "their probabilities; null: equal")
    spread: float = money(0.0, "standard deviation of a normal draw added to the amount; 0: none", ge=0, le=10_000)

    @model_validator(mode="after")
    def _sums(self):
        if len(self.values) > MOST_THRESHOLDS:
            raise fault("values", f"{len(self.values)} values; at most {MOST_THRESHOLDS}: use spread")
        check_probabilities(self.probabilities, len(self.values))
        return self


class Legislature(Node):
    """Who must pass at home what this side signs: a package is passed if it is worth enough to the pivotal member."""

    weights: PivotWeights = Field(PivotWeights(), description="what the pivotal member cares for")
    threshold_busd: Thresholds = Field(Thresholds(), description="what it asks for above no deal")
    known: bool = Field(False, description="whether the own negotiator knows what passes, and signs nothing else")
    on_rejection: Literal["talks_go_on", "no_deal"] = Field(
        "talks_go_on", description="after a package was refused at home: the round counts as refused, or no deal"
    )


class Ratification(Node):
    """Two-level talks: which sides need a legislature's consent to what they sign."""

    demander: Legislature | None = Field(None, description="the demander's legislature; null: its signature is enough")
    partner: Legislature | None = Field(None, description="the partner's legislature; null: its signature is enough")


def check_ratification(node: Ratification | None, moves: bool) -> None:
    """Refuse a win-set that the negotiator knows where tariffs move: it would change under its feet."""
    for side in ("demander", "partner"):
        law = None if node is None else getattr(node, side)
        if law is not None and law.known and moves:
            why = "true goes with tariffs that stay put, and this talk has moves; set it to false, or moves to null"
            raise fault(f"ratification.{side}.known", why)
