"""What can be on the table and what no deal means: the issue and stick nodes of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.fields import Name, Node, fault, listed, money, percent, quantity

Tariff = Annotated[float, Field(gt=-50, le=500)]
Cut = Annotated[float, Field(ge=0, le=50)]
Amount = Annotated[float, Field(ge=0, le=100_000)]


class _Issue(Node):
    """What every issue has: who gives it, who receives it, and what giving all of it costs at home."""

    giver: Name = Field(description="country that gives: for a tariff, the one whose tariff it is")
    receiver: Name = Field(description="country that receives: for a tariff, the one whose exports pay it")
    home_cost_busd: float = money(0.0, "home political cost of giving all of it; convex: times the share squared")

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels as written, percent or bn USD."""
        return self.__dict__.get("levels_pct") or self.levels_busd  # getattr would ask pydantic, at length

    @model_validator(mode="after")
    def _increasing(self):
        name = "levels_pct" if hasattr(self, "levels_pct") else "levels_busd"
        for low, high in zip(self.levels, self.levels[1:]):
            if high <= low:
                raise fault(name, f"{low:g} is followed by {high:g}; levels must be strictly increasing")
        return self


class TariffIssue(_Issue):
    """A tariff of the giver on the receiver's exports."""

    kind: Literal["tariff"]
    levels_pct: listed(Tariff) = quantity(..., "tariff levels that can be agreed", "%")
    basis: Literal["on_top", "all_in"] = Field(
        "on_top", description="on_top: added to the status quo of 1 January 2025; all_in: the whole rate"
    )
    mfn: bool = Field(False, description="a cut must be given to every exporter")


class BarrierIssue(_Issue):
    """Market access: a cut in the trade cost into the giver's market for the receiver."""

    kind: Literal["barrier"]
    levels_pct: listed(Cut) = quantity(..., "cut in the iceberg trade cost into the giver's market", "%")


class SecurityIssue(_Issue):
    """A yearly payment towards the receiver's forces, above today's."""

    kind: Literal["security"]
    levels_busd: listed(Amount) = quantity(..., "payment above today's", "bn USD a year")


class PledgeIssue(_Issue):
    """Purchases or investment promised as a headline total."""

    kind: Literal["pledge"]
    levels_busd: listed(Amount) = quantity(..., "headline total of the pledge", "bn USD")
    years: float = quantity(1.0, "years over which the headline is spread", "years", gt=0, le=100)
    realised_pct: float = percent(100.0, "share of the headline that is realised and new")
    cost: float = quantity(1.0, "cost to the giver per dollar realised", "USD per USD", ge=0, le=10)
    value: float = quantity(1.0, "value to the receiver per dollar realised", "USD per USD", ge=0, le=10)


class PieIssue(_Issue):
    """A stylised surplus to divide: the receiver gets the level, the giver the rest."""

    kind: Literal["pie"]
    size_busd: float = money(..., "size of the pie", gt=0, le=100_000)
    levels_busd: listed(Amount) = quantity(..., "what the receiver can get", "bn USD a year")

    @model_validator(mode="after")
    def _fits(self):
        if self.levels_busd[-1] > self.size_busd:
            raise fault("levels_busd", f"{self.levels_busd[-1]:g} is more than the pie of {self.size_busd:g}")
        return self


Issue = Annotated[TariffIssue | BarrierIssue | SecurityIssue | PledgeIssue | PieIssue, Field(discriminator="kind")]


class Stick(Node):
    """What holds while talks go on, what follows if they end without a deal, and how far that is believed."""

    interim_pct: float = percent(
        0.0, "demander's tariff on the partner while talks go on, on top of the status quo", ge=-50, le=500
    )
    threat_pct: float = percent(
        0.0, "demander's tariff on the partner if the threat is carried out, on top", ge=-50, le=500
    )
    sector_pct: float = percent(0.0, "tariff on one sector, replacing the general one there", ge=-50, le=500)
    sector_share_pct: float = percent(0.0, "share of the demander's imports from the partner in that sector")
    interim_answer_pct: float = percent(
        0.0, "partner's tariff on the demander while talks go on, on top", ge=-50, le=500
    )
    answer: Literal["none", "mirror", "proportional", "list"] = Field(
        "none", description="partner's answer to a threat carried out"
    )
    answer_factor: float = quantity(1.0, "answer = factor x threat, for `proportional`", "", ge=0, le=5)
    answer_pct: float = percent(0.0, "tariff on the goods of the list, on top, for `list`", ge=-50, le=500)
    answer_share_pct: float = percent(0.0, "share of the demander's exports on the list, for `list`")
    resolve_pct: float = percent(100.0, "chance the threat is carried out at the deadline; else the interim stays")
    belief_pct: float = percent(100.0, "the partner's probability that the threat is carried out")
    withdrawal_partner_busd: float = money(0.0, "cost to the partner of protection withdrawn with the threat")
    withdrawal_demander_busd: float = money(0.0, "cost to the demander of withdrawing that protection")
    outside_option_demander_busd: float | None = quantity(
        None, "what the demander gets by walking out after a refusal; null: cannot", "bn USD a year"
    )
    outside_option_partner_busd: float | None = quantity(
        None, "what the partner gets by walking out after a refusal; null: cannot", "bn USD a year"
    )

    @property
    def taxes(self) -> bool:
        """Whether any tariff can come into force, so that an economy is needed."""
        rates = (self.interim_pct, self.threat_pct, self.sector_pct * self.sector_share_pct, self.interim_answer_pct)
        return any(abs(rate) > 0 for rate in rates)
