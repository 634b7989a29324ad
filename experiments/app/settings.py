"""What the sliders say: a few values over an experiment, as a partial configuration and as a link's parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from experiments.messages import UserError, suggest

ANSWERS = {
    "none": "None",
    "mirror": "The same tariff back",
    "proportional": "A part of the tariff",
    "list": "A list of goods",
}
INFORMATION = {"private": "Nothing", "types": "Its possible types", "complete": "Everything"}
SIDES = ("demander", "partner")


@dataclass(frozen=True)
class Settings:
    """Values on screen that differ from the experiment; None: as configured. Rates in percent, money in bn USD a year.

    `demander_rate`, `partner_rate`: mean discount rate of a side's types, percent a year; `security_busd`: the largest
    payment demanded; `demander`, `partner`: names of strategies.
    """

    threat_pct: float | None = None
    answer: str | None = None
    answer_factor_pct: float | None = None
    answer_pct: float | None = None
    resolve_pct: float | None = None
    belief_pct: float | None = None
    security_busd: float | None = None
    rounds: float | None = None
    demander_rate: float | None = None
    partner_rate: float | None = None
    demander: str | None = None
    partner: str | None = None
    information: str | None = None

    def given(self) -> dict[str, Any]:
        """Return the values that differ from the experiment, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


WORDS = {"answer": tuple(ANSWERS), "information": tuple(INFORMATION)}
NAMES = tuple(f.name for f in fields(Settings))
TEXTS = ("answer", "demander", "partner", "information")


@dataclass(frozen=True)
class Knob:
    """A slider: label with unit, limits, step, and the value of the experiment."""

    key: str
    label: str
    low: float
    high: float
    step: float
    default: float
    format: str
    help: str


def talk_of(data: Mapping[str, Any], talk: str) -> Mapping[str, Any]:
    """Return a talk's node; UserError names the talks there are."""
    if talk not in data["talks"]:
        raise UserError(f"no talk '{talk}' in this experiment; {suggest(talk, list(data['talks']))}")
    return data["talks"][talk]


def knobs(data: Mapping[str, Any], talk: str, names: tuple[str, str]) -> dict[str, Knob]:
    """Return the sliders of a talk by key; those that would move nothing are left out. `names` of both sides."""
    node, rounds = talk_of(data, talk), data["protocol"]["rounds"]
    stick, (one, two) = node["stick"], names
    found = []
    if data.get("economy") is not None:
        top = max(100.0, math.ceil(stick["threat_pct"] / 50.0) * 50.0)
        found += [
            Knob("threat_pct", f"Threat: {one}'s tariff on {two}", min(0.0, stick["threat_pct"]), top, 1.0,
                 stick["threat_pct"], "%g %%", "On top of the tariffs of 1 January 2025, from the deadline on."),
            Knob("answer_factor_pct", "How much of it", 0.0, 150.0, 5.0, 100.0 * stick["answer_factor"], "%g %%",
                 f"{two}'s tariff on {one}, as a part of the tariff it faces."),
            Knob("answer_pct", "Tariff on the list", 0.0, 100.0, 1.0, stick["answer_pct"], "%g %%",
                 f"On {stick['answer_share_pct']:g} % of what {one} sells to {two}."),
            Knob("resolve_pct", "Resolve: it is carried out", 0.0, 100.0, 1.0, stick["resolve_pct"], "%g %%",
                 "Chance that the threat is carried out if time runs out; else the tariffs of the interim stay."),
            Knob("belief_pct", f"Belief: {two} expects it", 0.0, 100.0, 1.0, stick["belief_pct"], "%g %%",
                 f"{two}'s probability that the threat is carried out."),
        ]  # fmt: skip
    security = security_issue(node)
    if security is not None:
        most = node["issues"][security]["levels_busd"][-1]
        giver = names[0 if node["issues"][security]["giver"] == node["demander"] else 1]
        found.append(Knob("security_busd", f"Security: most asked of {giver}", 0.0, max(20.0, 2.0 * most), 0.1, most,
                          "%.1f bn USD a year", "The largest yearly payment on the table, above today's."))  # fmt: skip
    step = 2.0 if "Monotonic" in data["protocol"]["_target_"] else 1.0
    days = data["protocol"]["days_per_round"]
    found.append(Knob("rounds", "Deadline", step, max(52.0, float(rounds)), step, float(rounds), "%d rounds",
                      f"A round takes {days:g} days."))  # fmt: skip
    for side, name in zip(SIDES, names):
        rate = mean_rate(data["countries"][node[side]])
        text = f"Discount rate, mean over {name}'s types, which are scaled together. High: little patience."
        found.append(Knob(f"{side}_rate", f"Impatience of {name}", 0.0, max(500.0, 2 * rate), 2.5, rate,
                          "%g %% a year", text))  # fmt: skip
    return {knob.key: knob for knob in found}


def security_issue(node: Mapping[str, Any]) -> str | None:
    """Return the name of a talk's first issue that is a security payment of more than one level."""
    kinds = {name: issue for name, issue in node["issues"].items() if issue["kind"] == "security"}
    return next((name for name, issue in kinds.items() if issue["levels_busd"][-1] > 0), None)


def mean_rate(country: Mapping[str, Any]) -> float:
    """Return a country's mean discount rate, percent a year, by the probability of its types."""
    node = country["types"]["discount_rate_per_year"]
    chances = node["probabilities"] or [1.0 / len(node["values"])] * len(node["values"])
    return round(100.0 * sum(p * v for p, v in zip(chances, node["values"])), 6)


def overlay(settings: Settings, data: Mapping[str, Any], talk: str) -> dict[str, Any]:
    """Return the settings as a partial configuration over `data`, strategies by name."""
    node, given = talk_of(data, talk), settings.given()
    stick = {
        key: given[key] for key in ("threat_pct", "answer", "answer_pct", "resolve_pct", "belief_pct") if key in given
    }
    if "answer_factor_pct" in given:
        stick["answer_factor"] = given["answer_factor_pct"] / 100.0
    own: dict[str, Any] = {"stick": stick} if stick else {}
    security = security_issue(node)
    if "security_busd" in given and security is not None:
        levels = scaled_levels(node["issues"][security]["levels_busd"], given["security_busd"])
        own["issues"] = {security: {"levels_busd": levels}}
    countries: dict[str, Any] = {}
    for side in SIDES:
        code, change = node[side], {}
        if side in given:
            change["strategy"] = given[side]
        if f"{side}_rate" in given:
            change["types"] = {
                "discount_rate_per_year": {"values": _rates(data["countries"][code], given[f"{side}_rate"])}
            }
        if change:
            countries[code] = change
    out = {"information": given["information"]} if "information" in given else {}
    out |= {"protocol": {"rounds": int(given["rounds"])}} if "rounds" in given else {}
    out |= {"countries": countries} if countries else {}
    return out | ({"talks": {talk: own}} if own else {})


def scaled_levels(levels: list[float], most: float) -> list[float]:
    """Return levels stretched so that the highest is `most`; only zero is left of nothing.

    >>> scaled_levels([0.0, 2.0, 4.0], 6.0), scaled_levels([0.0, 2.0], 0.0)
    ([0.0, 3.0, 6.0], [0.0])
    """
    if most <= 0:
        return [0.0]
    return [round(level * most / levels[-1], 6) for level in levels]


def _rates(country: Mapping[str, Any], mean: float) -> list[float]:
    """Return a country's discount rates (shares a year) stretched to a mean in percent."""
    values, before = country["types"]["discount_rate_per_year"]["values"], mean_rate(country)
    if before <= 0:
        return [round(mean / 100.0, 6)] * len(values)
    return [round(value * mean / before, 6) for value in values]


def to_query(settings: Settings) -> dict[str, str]:
    """Return the settings as a link's parameters."""
    return {key: value if isinstance(value, str) else f"{value:g}" for key, value in settings.given().items()}


def from_query(query: Mapping[str, str], knobs: Mapping[str, Knob], strategies) -> tuple[Settings, list[str]]:
    """Return a link's settings, and what of it was not understood; values out of range are left out, and told."""
    found, told = Settings(), []
    for key, text in query.items():
        if key not in NAMES:
            told.append(f"{key}: no such setting; {suggest(key, NAMES)}")
            continue
        try:
            found = replace(found, **{key: _value(key, text, knobs, strategies)})
        except UserError as error:
            told.append(str(error))
    return found, told


def _value(key: str, text: str, knobs: Mapping[str, Knob], strategies) -> Any:
    if key in TEXTS:
        allowed = list(WORDS.get(key, strategies))
        if text not in allowed:
            raise UserError(f"{key}: no '{text}'; {suggest(text, allowed)}")
        return text
    if key not in knobs:
        raise UserError(f"{key}: moves nothing in this talk")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    knob = knobs[key]
    if not knob.low <= number <= knob.high:
        raise UserError(f"{key}: '{text}' is not a number from {knob.low:g} to {knob.high:g}")
    return number
