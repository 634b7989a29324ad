"""Outcomes along patience, along credibility and along retaliation: theory's points beside the simulated mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.schema import Config
from experiments.build import Lab, build
from experiments.concepts import concepts
from experiments.meeting import meetings
from sim.table import SIDES

CURVE_WORLDS = 300  # worlds of the simulated mean at each point
COLUMNS = ["axis", "value", "talk", "concept", "demander_utility", "partner_utility"]
DRAWN = ("nash", "kalai_smorodinsky", "nash_patience", "subgame_perfect")


@dataclass(frozen=True)
class Axis:
    """What is varied: its values, as shown on screen, and the unit."""

    key: str
    label: str
    values: tuple[float, ...]


AXES = (
    Axis("patience", "Partner's discount rates, times the configured ones", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)),
    Axis("credibility", "Partner's belief that the stick falls (%)", (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)),
    Axis("retaliation", "Partner's answer (part of the tariff it faces)", (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)),
)


def curves(lab: Lab) -> pd.DataFrame:
    """Return theory's and the simulated mean payoffs along each axis that moves a payoff, one row a point.

    Columns: axis, value, talk, concept ("simulated" for the mean discounted payoff of CURVE_WORLDS worlds),
    demander_utility, partner_utility (bn USD a year).
    """
    out = []
    for axis in AXES:
        if axis.key == "retaliation" and lab.economy is None:
            continue
        rows = []
        for value in axis.values:
            changed = build(vary(lab.config, axis.key, value))
            rows += [(axis.key, value, *row) for row in _points(changed)]
        out += rows if _moves(pd.DataFrame(rows, columns=COLUMNS)) else []
    return pd.DataFrame(out, columns=COLUMNS)


def _moves(points: pd.DataFrame) -> bool:
    """Say whether any payoff of any concept differs between the values of an axis."""
    return bool((points.groupby(["talk", "concept"])[COLUMNS[-2:]].nunique() > 1).any(axis=None))


def vary(config: Config, axis: str, value: float) -> Config:
    """Return the configuration with one axis moved in every talk; worlds cut to CURVE_WORLDS."""
    few = {"worlds": min(config.worlds, CURVE_WORLDS)}
    if axis == "patience":
        partners = {talk.partner for talk in config.talks.values()}
        countries = {c: _hurried(n, value) if c in partners else n for c, n in config.countries.items()}
        return config.model_copy(update={"countries": countries, **few})
    change = {"belief_pct": value} if axis == "credibility" else {"answer": "proportional", "answer_factor": value}
    talks = {n: t.model_copy(update={"stick": t.stick.model_copy(update=change)}) for n, t in config.talks.items()}
    return config.model_copy(update={"talks": talks, **few})


def _hurried(country, factor: float):
    """Return a country with its discount rates times a factor."""
    rates = country.types.discount_rate_per_year
    rates = rates.model_copy(update={"values": tuple(v * factor for v in rates.values)})
    return country.model_copy(update={"types": country.types.model_copy(update={"discount_rate_per_year": rates})})


def _points(lab: Lab) -> list[tuple]:
    out = []
    for met in meetings(lab):
        out += [(met.name, c.key, *c.payoffs) for c in concepts(met) if c.key in DRAWN]
    model = lab.play(0, lab.config.worlds)
    for talk in model.talks:
        out.append((talk.name, "simulated", *(float(np.mean(talk.discounted(side))) for side in SIDES)))
    return out
