"""The schema: one frozen object at the boundary, checked once. Percent and bn USD here, shares only inside sim."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod
from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.fields import (
    Name,
    Node,
    check_probabilities,
    fault,
    listed,
    money,
    percent,
    plug_in,
    quantity,
    scalar_or_mapping,
)
from configs.hubs import Hub, check_hub
from configs.issues import Cut, Issue, Stick, Tariff  # noqa: F401  (part of the schema)
from configs.moves import Moves, check_moves
from configs.ratification import Ratification, check_ratification
from configs.sweeps import Design, SweepSettings

MAX_PACKAGES = 100_000
MAX_TYPES = 64
TRADE_KINDS = ("tariff", "barrier")
COMPONENTS = ("welfare", "revenue", "protection", "balance", "security", "pledge", "concession")

FIVE = ("USA", "JPN", "EU27", "CHN", "ROW")
TWELVE = (*FIVE[:4], "KOR", "GBR", "CAN", "MEX", "IND", "VNM", "CHE", "ROW")
SHIPPED = {"flows_5": FIVE, "flows_12": TWELVE}

Weight = Annotated[float, Field(ge=0, le=100)]
Probability = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=100)]
Percent = Annotated[float, Field(ge=0, le=100)]
PassThrough = Annotated[float, Field(gt=0, le=5)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Economy(Node):
    """The trade model and its calibration: goods trade and GDP of 2023, status quo of 1 January 2025."""

    source: Literal["flows_12", "flows_5"] | None = Field(
        None, description="shipped calibration; null: the CSV pair below"
    )
    flows_csv: str | None = Field(None, description="own flows: columns exporter, importer, value_musd")
    regions_csv: str | None = Field(None, description="own economies: columns region, gdp_musd")
    keep: listed(Name, 2) = Field(description="economies kept apart; the others fold into ROW")
    trade_elasticity: float = quantity(4.0, "trade elasticity, long run", "", ge=0.1, le=50)
    labour_supply: float = quantity(0.5, "labour supply elasticity", "", ge=0, le=10)
    scale_elasticity: float | None = quantity(None, "scale elasticity; null: 0.67 / trade elasticity", "", ge=0, lt=1)
    pass_through: scalar_or_mapping(PassThrough) = quantity(1.0, "tariff pass-through, for all or by economy")
    foreign_share: scalar_or_mapping(Share) = quantity(
        0.0, "share of sales earned by foreign-owned and distribution activity, for all or by economy"
    )
    rebate: Literal["income_tax", "lump_sum"] = Field("income_tax", description="how tariff revenue is handed back")
    closure: Literal["world_gdp", "balanced"] = Field(
        "world_gdp", description="trade deficits: a share of world GDP, or balanced trade"
    )
    tariffs_pct: dict[Name, dict[Name, Tariff]] = quantity(
        {}, "tariffs of 1 January 2025, importer: {exporter: rate}; other pairs 0", "%"
    )

    @property
    def codes(self) -> tuple[str, ...] | None:
        """Codes of the shipped calibration, None for the user's own."""
        return SHIPPED.get(self.source)

    @model_validator(mode="after")
    def _one_source(self):
        own = (self.flows_csv is not None, self.regions_csv is not None)
        if self.source is not None and any(own):
            raise fault("source", "a shipped calibration and CSV files are both named; set source to null")
        if self.source is None and not all(own):
            raise fault("source", "name flows_12 or flows_5, or give both flows_csv and regions_csv")
        if len(set(self.keep)) < len(self.keep):
            raise fault("keep", "an economy is named twice")
        return self

    @model_validator(mode="after")
    def _known_codes(self):
        if self.codes is None:
            return self
        named = [(f"keep.{i}", code) for i, code in enumerate(self.keep)]
        for importer, row in self.tariffs_pct.items():
            named += [
                (f"tariffs_pct.{c}" if c == importer else f"tariffs_pct.{importer}.{c}", c) for c in (importer, *row)
            ]
        for key in ("pass_through", "foreign_share"):
            value = getattr(self, key)
            named += [(f"{key}.{code}", code) for code in (value if isinstance(value, dict) else ())]
        for at, code in named:
            if code not in self.codes:
                raise fault(at, f"no economy '{code}' in {self.source}; it has {', '.join(self.codes)}")
        return self


class Weights(Node):
    """Weights of the payoff components, all in bn USD a year."""

    welfare: Weight = quantity(1.0, "equivalent variation of households")
    revenue: Weight = quantity(0.0, "own tariff revenue: a taste for tariffs beyond welfare")
    protection: Weight = quantity(0.0, "income of a favoured sector; needs an economy with sectors")
    balance: Weight = quantity(0.0, "bilateral goods balance")
    security: Weight = quantity(1.0, "security payments received less made")
    pledge: Weight = quantity(1.0, "pledges received less made")
    concession: Weight = quantity(1.0, "home political cost of own concessions")

    @model_validator(mode="after")
    def _one_sector(self):
        if self.protection > 0:
            raise fault("protection", "must be 0: a favoured sector needs an economy with sectors; all here have one")
        return self


class TypeWeights(Node):
    """One possible set of private weights; a component left out keeps the country's own weight."""

    probability: Probability = quantity(..., "chance of this set of weights")
    welfare: Weight | None = quantity(None, "equivalent variation of households")
    revenue: Weight | None = quantity(None, "own tariff revenue")
    balance: Weight | None = quantity(None, "bilateral goods balance")
    security: Weight | None = quantity(None, "security payments")
    pledge: Weight | None = quantity(None, "pledges")
    concession: Weight | None = quantity(None, "home political cost")


class DiscountRates(Node):
    """Possible discount rates, one drawn a world."""

    values: listed(Rate) = quantity((0.05,), "possible discount rates", "per year")
    probabilities: listed(Probability) | None = quantity(None, "their probabilities; null: equal")

    @model_validator(mode="after")
    def _sums(self):
        check_probabilities(self.probabilities, len(self.values))
        return self


class RedLines(Node):
    """Possible red lines, one drawn a world."""

    values: listed(Percent) = quantity(
        (100.0,), "share of each own concession beyond which the audience cost falls due", "%"
    )
    probabilities: listed(Probability) | None = quantity(None, "their probabilities; null: equal")

    @model_validator(mode="after")
    def _sums(self):
        check_probabilities(self.probabilities, len(self.values))
        return self


class Types(Node):
    """What the other side does not know: patience, red line, weights; every combination is a type."""

    discount_rate_per_year: DiscountRates = Field(DiscountRates(), description="impatience")
    red_line_pct: RedLines = Field(RedLines(), description="red lines")
    weights: listed(TypeWeights) | None = quantity(None, "possible sets of weights; null: the country's own")

    @property
    def count(self) -> int:
        """Number of types: the product of the three lists."""
        return len(self.discount_rate_per_year.values) * len(self.red_line_pct.values) * len(self.weights or (1,))

    @model_validator(mode="after")
    def _not_too_many(self):
        if self.count > MAX_TYPES:
            sizes = (len(self.discount_rate_per_year.values), len(self.red_line_pct.values), len(self.weights or (1,)))
            product = " x ".join(map(str, sizes))
            raise fault("", f"{product} = {self.count} types; at most {MAX_TYPES}: shorten a list of values")
        if self.weights and abs(sum(w.probability for w in self.weights) - 1.0) > 1e-9:
            total = sum(w.probability for w in self.weights)
            raise fault("weights", f"the probabilities add up to {total:.10g}; they must add up to 1")
        return self


class Country(Node):
    """Who bargains: what it wants, what it hides, and how it bargains."""

    name: str = Field(description="name in tables and figures", min_length=1, max_length=60)
    weights: Weights = Field(Weights(), description="weights of the payoff components")
    weight_spread_pct: float = percent(0.0, "lognormal spread of every weight, drawn a world; 0: types only")
    audience_cost_busd: float = money(0.0, "cost of a concession beyond the red line")
    types: Types = Field(Types(), description="private information")
    strategy: plug_in("strategy") = Field(description="how it bargains")


class Talk(Node):
    """One negotiation: who demands, of whom, over what, with which stick."""

    demander: Name = Field(description="country that demands and holds the stick")
    partner: Name = Field(description="country of which it is demanded")
    issues: dict[Name, Issue] = Field(description="what is on the table", min_length=1)
    stick: Stick = Field(Stick(), description="what no deal means")
    moves: Moves | None = Field(None, description="tariffs that move while talks go on; null: the interim stays")
    ratification: Ratification | None = Field(None, description="who must pass at home what is signed; null: nobody")

    @property
    def packages(self) -> int:
        """Number of packages: the product of the numbers of levels."""
        return prod(len(issue.levels) for issue in self.issues.values())

    @model_validator(mode="after")
    def _sides(self):
        if self.demander == self.partner:
            raise fault("partner", f"'{self.partner}' is the demander too; a talk needs two countries")
        pair = {self.demander, self.partner}
        for name, issue in self.issues.items():
            for role in ("giver", "receiver"):
                if getattr(issue, role) not in pair:
                    sides = f"{self.demander} or {self.partner}"
                    raise fault(f"issues.{name}.{role}", f"'{getattr(issue, role)}' is not in this talk; use {sides}")
            if issue.giver == issue.receiver:
                raise fault(f"issues.{name}.receiver", f"'{issue.receiver}' is the giver too")
        if self.packages > MAX_PACKAGES:
            sizes = " x ".join(str(len(issue.levels)) for issue in self.issues.values())
            raise fault("issues", f"{sizes} = {self.packages} packages; at most {MAX_PACKAGES}: drop levels")
        check_moves(self.moves, self.stick.interim_pct)
        check_ratification(self.ratification, self.moves is not None)
        return self


class Config(Node):
    """A whole run."""

    title: str = Field("", description="title of the run, shown in the summary", max_length=200)
    question: str = Field("", description="what the run asks, shown in the summary", max_length=2000)
    seed: int = quantity(2025, "seed of all draws", "", ge=0, le=2**63 - 1)
    worlds: int = quantity(1000, "number of simulated worlds", "worlds", ge=1, le=10_000_000)
    information: Literal["private", "types", "complete"] = Field(
        "private", description="what a side knows of the other: nothing, its possible types, or the type drawn"
    )
    offers: bool = Field(False, description="write offers.parquet: every offer made")
    figures: bool = Field(True, description="draw the figures")
    economy: Economy | None = Field(None, description="trade model; null: stylised talks only")
    countries: dict[Name, Country] = Field(description="who bargains", min_length=2)
    talks: dict[Name, Talk] = Field(description="the negotiations", min_length=1)
    protocol: plug_in("protocol") = Field(description="who speaks, who answers, when it ends")
    hub: Hub | None = Field(None, description="one side with several talks and little time; null: all at once")
    design: Design | None = Field(None, description="an axis of several keys at once: makes the run a sweep")
    sweep: SweepSettings = Field(SweepSettings(), description="how the cells of a sweep are run")
    dry_run: bool = Field(False, description="say how many runs this is and what they would take; run nothing")

    @model_validator(mode="before")
    @classmethod
    def _sides_exist(cls, data):
        countries, talks = ((data.get(key) if isinstance(data, Mapping) else None) for key in ("countries", "talks"))
        if not isinstance(countries, Mapping) or not isinstance(talks, Mapping):
            return data
        for name, talk in talks.items():
            for role in ("demander", "partner"):
                code = talk.get(role) if isinstance(talk, Mapping) else getattr(talk, role, None)
                if isinstance(code, str) and code not in countries:
                    raise fault(f"talks.{name}.{role}", f"no country '{code}'; there are {', '.join(countries)}")
        return data

    @model_validator(mode="after")
    def _talks_fit(self):
        for name, talk in self.talks.items():
            kinds = {issue.kind for issue in talk.issues.values()}
            if kinds & set(TRADE_KINDS):
                self._needs_economy(name, talk, "issues")
            if talk.stick.taxes:
                self._needs_economy(name, talk, "stick")
        for (a, first), (b, second) in combinations(self.talks.items(), 2):
            if (first.demander, first.partner) == (second.demander, second.partner):
                pair = f"{first.demander} and {first.partner}"
                raise fault(f"talks.{b}", f"is over the same pair as talks.{a}: {pair}; put all issues in one talk")
        check_hub(self.hub, self.talks, self.economy)
        return self

    def _needs_economy(self, name: str, talk: Talk, part: str) -> None:
        if self.economy is None:
            why = "tariffs and barriers need an economy; use economy=twelve, or only security, pledge and pie"
            raise fault(f"talks.{name}.{part}", why)
        for code in (talk.demander, talk.partner):
            if code not in self.economy.keep:
                kept = ", ".join((*self.economy.keep, code))
                raise fault("economy.keep", f"'{code}' bargains in talks.{name} but is not kept apart; keep {kept}")
