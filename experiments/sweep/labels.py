"""What a swept key is called in figures and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sim.plots.style import ACRONYMS

UNITS = {"pct": "%", "busd": "bn USD a year", "per_year": "per year", "days": "days"}
SUFFIX = re.compile(r"_(pct|busd|per_year)$")
IN_FULL = {  # names of settings that say too little by themselves
    "threat": "threatened tariff",
    "interim": "interim tariff",
    "belief": "belief that the stick falls",
    "resolve": "chance that the stick falls",
    "sector": "sector tariff",
    "answer": "answer to the stick",
    "answer_factor": "answer, part of the threat",
    "hazard": "chance that talks collapse, a round",
    "listed": "order of talks",
}


def label_of(key: str, unit: str = "", config: Mapping[str, Any] | None = None) -> str:
    """Return the label of a swept key, with whose it is where that is not plain, and its unit in brackets.

    >>> label_of("talks.japan.stick.threat_pct"), label_of("talks.japan.issues.security.levels_busd.0", "bn USD a year")
    ('Threatened tariff (%)', 'Security (bn USD a year)')
    >>> label_of("strategy@countries.JPN.strategy", config={"countries": {"JPN": {"name": "Japan"}}})
    'Strategy, Japan'
    """
    group, _, package = key.partition("@")
    path = (package or group).split(".")
    own = group if package else _named(path)
    suffix = SUFFIX.search(own)
    unit = unit or (UNITS[suffix[1]] if suffix else "")
    name = SUFFIX.sub("", own)
    words = " ".join(ACRONYMS.get(word, word) for word in IN_FULL.get(name, name.replace("_", " ")).split())
    whose = _whose(path, config or {})
    text = words[:1].upper() + words[1:] + (f", {whose}" if whose else "")
    return f"{text} ({unit})" if unit else text


def _named(path: list[str]) -> str:
    """Return the part of a path that says what it is: the number of an item and the list it is in say nothing."""
    parts = list(path)
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1] == "values" or parts[-1].startswith("levels_")):
        parts.pop()
    return parts[-1]


def _whose(path: list[str], config: Mapping[str, Any]) -> str:
    """Return the name of the country a key is about; of a talk's partner, where there are several talks."""
    countries, talks = config.get("countries", {}), config.get("talks", {})
    if path[0] == "countries" and len(path) > 1:
        return str(countries.get(path[1], {}).get("name") or path[1])
    if path[0] == "talks" and len(path) > 1 and len(talks) > 1:
        code = talks.get(path[1], {}).get("partner", path[1])
        return str(countries.get(code, {}).get("name") or code)
    return ""
