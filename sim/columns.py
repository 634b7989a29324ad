"""Every column of the result tables, defined once: the schema page and the tables are made from this."""

from __future__ import annotations

from dataclasses import dataclass

from sim.payoffs import COMPONENTS

SIDE_NAMES = ("demander", "partner")


@dataclass(frozen=True)
class Column:
    """A column: its name, type, unit and what it holds; `null` says when it is undefined (never 0)."""

    name: str
    kind: str  # text, whole, yes/no, number
    unit: str
    meaning: str
    null: str = "never"


def _both(suffix: str, unit: str, meaning: str, null: str = "never") -> list[Column]:
    return [Column(f"{side}_{suffix}", "number", unit, meaning.format(side=side), null) for side in SIDE_NAMES]


BUSD = "bn USD a year"

TALKS = (
    Column("world", "whole", "", "number of the world (replication), from 0"),
    Column("talk", "text", "", "name of the talk in the config"),
    Column("demander", "text", "", "code of the economy that holds the stick"),
    Column("partner", "text", "", "code of the economy that is asked for concessions"),
    Column("demander_type", "whole", "", "private type drawn for the demander (an index)"),
    Column("partner_type", "whole", "", "private type drawn for the partner"),
    *_both("discount_rate", "per year", "impatience drawn for the {side}"),
    *_both("red_line_pct", "%", "drawn share of the {side}'s largest concession past which an audience cost falls due"),
    Column("resolve_pct", "number", "%", "probability that the stick is carried out at the deadline"),
    Column("belief_pct", "number", "%", "the partner's probability of that"),
    *[
        Column(f"{side}_tariff_in_force_pct", "number", "%", f"the {side}'s tariff on the other, on top, last in force")
        for side in SIDE_NAMES
    ],
    Column("deal", "yes/no", "", "whether a package was agreed"),
    Column("ended_by", "text", "", "deal, deadline, collapse or outside_option; with ratification also not_ratified"),
    Column("round", "whole", "rounds", "round in which the deal was made, 1 first", "no deal"),
    Column("rounds_talked", "whole", "rounds", "rounds lived under the interim before the final state began"),
    Column("package", "whole", "", "row of the agreed package in packages.parquet", "no deal"),
    *_both("utility", BUSD, "utility of the agreed package to the {side}, against the status quo", "no deal"),
    *_both("final_utility", BUSD, "utility of the state the talk ended in to the {side}"),
    *_both("payoff", BUSD, "discounted payoff of the {side}: interim flows, then the final state"),
    *_both("no_deal_expected", BUSD, "deadline payoff the {side} expects (demander by resolve, partner by belief)"),
    *_both("no_deal_drawn", BUSD, "deadline payoff of the {side} as drawn for this world"),
    Column("zone_of_agreement", "yes/no", "", "whether some package is worth no deal or more to both (expected)"),
    Column("nash_package", "whole", "", "row of the Nash package of this world's types", "no zone of agreement"),
    Column("ks_package", "whole", "", "row of the Kalai-Smorodinsky package", "no zone of agreement"),
    Column("distance_nash", "number", BUSD, "distance from the agreed to the Nash payoffs", "no deal or no zone"),
    Column("distance_ks", "number", BUSD, "distance from the agreed to the KS payoffs", "no deal or no zone"),
    Column("demander_surplus_share", "number", "1", "demander's part of the joint gain over no deal", "nothing gained"),
    *[
        Column(f"{side}_{part}", "number", BUSD, f"{part} of the agreed package to the {side}, unweighted", "no deal")
        for side in SIDE_NAMES
        for part in COMPONENTS
    ],
)  # fmt: skip

HUB = (
    Column("attended_rounds", "whole", "rounds", "rounds in which the demander sat down to this talk"),
    Column("first_attended", "whole", "rounds", "the first of them, 1 first", "never attended"),
    Column("standing_deals", "whole", "", "deals of other talks in force when this talk ended"),
    Column("expectations", "text", "", "deals expected elsewhere: converged, cycle or unsettled", "none were expected"),
)

JOINT = (
    Column("world", "whole", "", "number of the world (replication), from 0"),
    Column("country", "text", "", "code of an economy that has a talk"),
    Column("talks", "whole", "", "talks it has"),
    Column("deals", "whole", "", "talks of them that ended in a deal"),
    Column("joint_utility", "number", BUSD, "utility of the state that all talks ended in together, stick as drawn"),
    Column("joint_payoff", "number", BUSD, "discounted: the joint state of each round, then the final one"),
)

HOME = (
    *_both("threshold", BUSD, "what the {side}'s legislature asks above no deal, drawn", "no legislature of its own"),
    *[
        Column(f"{side}_refused_at_home", "whole", "", f"packages signed that the {side}'s legislature refused",
               "no legislature of its own")
        for side in SIDE_NAMES
    ],
    Column("zone_at_home", "yes/no", "", "whether some package is worth no deal or more to both and passes at home",
           "nobody ratifies in this talk"),
)  # fmt: skip

WITHDRAWN = (
    Column("protection_withdrawn_pct", "number", "%", "share of its protection the demander last had withdrawn",
           "no protection moves in this talk"),
)  # fmt: skip

OFFERS = (
    Column("world", "whole", "", "number of the world, from 0"),
    Column("talk", "text", "", "name of the talk"),
    Column("round", "whole", "rounds", "round, 1 first"),
    Column("speaker", "text", "", "code of the economy that proposed"),
    Column("package", "whole", "", "row of the offered package", "the speaker passed"),
)

ROUNDS = (
    Column("talk", "text", "", "name of the talk"),
    Column("round", "whole", "rounds", "round, 1 first"),
    Column("speaker", "text", "", "code of the economy that proposed"),
    Column("issue", "text", "", "column name of the issue, with its unit"),
    Column("offers", "whole", "", "worlds in which this side made an offer in this round"),
    *[
        Column(f"q{q:02d}", "number", "issue's unit", f"{q} % quantile of the offered level")
        for q in (10, 25, 50, 75, 90)
    ],
    Column("mean", "number", "issue's unit", "mean offered level"),
)

PACKAGES = (
    Column("talk", "text", "", "name of the talk"),
    Column("package", "whole", "", "row of the package"),
    *_both("utility", BUSD, "utility of the package to the {side}, average over its types"),
    *[
        Column(f"{side}_{part}", "number", BUSD, f"{part} to the {side}, before weights and audience cost")
        for side in SIDE_NAMES
        for part in COMPONENTS
    ],
)

POINTS = (
    Column("talk", "text", "", "name of the talk"),
    Column("point", "text", "", "status_quo, impasse, stick, no_deal, nash or kalai_smorodinsky"),
    Column("package", "whole", "", "row of the package", "not a package"),
    *_both("utility", BUSD, "utility of the point to the {side}, average over its types", "no zone of agreement"),
)

STICKS = (
    Column("talk", "text", "", "name of the talk"),
    Column("round", "whole", "rounds", "round, 1 first"),
    Column("country", "text", "", "code of the economy whose tariff and flow the row holds"),
    Column("worlds", "whole", "", "worlds in which talks were open when the round began"),
    Column("deals", "whole", "", "deals made in the round; the tariffs of these worlds are lifted, not lived with"),
    *[
        Column(f"q{q:02d}_pct", "number", "%", f"{q} % quantile of its tariff on the other, on top, over open worlds")
        for q in (10, 25, 50, 75, 90)
    ],
    Column("mean_pct", "number", "%", "mean of that tariff"),
    Column("flow", "number", BUSD, "mean utility of a year under both tariffs, against the status quo"),
)

BELIEFS = (
    Column("talk", "text", "", "name of the talk"),
    Column("round", "whole", "rounds", "round after whose offers the belief is held, 1 first; 0: the prior"),
    Column("learner", "text", "", "code of the economy that learns"),
    Column("about", "text", "", "code of the economy whose private type it does not know"),
    Column("true_type", "whole", "", "the type that was drawn for that economy (an index)"),
    Column("type", "whole", "", "a type it may be"),
    Column("worlds", "whole", "", "worlds of this true type, met by a learner, in which talks were open in the round"),
    Column("belief", "number", "1", "mean chance, over these worlds, that the learner gives to the type"),
)
