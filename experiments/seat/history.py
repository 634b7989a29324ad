"""What history gave: the deal on record, read as packages of the table that is being played."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
COLUMNS = {"us_tariff": ("agreed_rate", "%"), "pledge": ("investment_pledge_busd", "bn")}  # issue: column of the record
NONE_MADE = {"security": "security_terms"}  # issues on which the record can say that nothing was promised
NO_PAYMENT = ("no change to host-nation support", "none")
RECORDER = "USA"  # record.csv tells deals of the United States


@dataclass(frozen=True, eq=False)
class History:
    """The packages (m,) of a table that fit a deal on record, its date and what the record says in words.

    `free` names the issues that the record does not settle in the table's units: any level of them fits.
    """

    rows: np.ndarray
    date: str
    said: str
    free: tuple[str, ...]

    def worth(self, packages: np.ndarray, side: int) -> tuple[float, float]:
        """Return the least and the most (bn USD a year) that the deal is worth to a side; `packages` (P, 2)."""
        values = packages[self.rows, side]
        return float(values.min()), float(values.max())


@lru_cache(maxsize=1)
def _record() -> dict[str, dict[str, str]]:
    with resources.files("sim").joinpath("data", "record.csv").open(encoding="utf-8", newline="") as file:
        return {row["economy"]: row for row in csv.DictReader(file)}


def on_record(agenda) -> History | None:
    """Return what was agreed between a talk's two sides, or None where the record has no deal for this table.

    Levels nearest to the record stand for it. Source: sim/data/record.csv.
    """
    row = _record().get(agenda.partner)
    if agenda.demander != RECORDER or row is None or not NUMBER.search(row["agreed_rate"]):
        return None
    grid, fits, said, free = agenda.grid, np.ones(len(agenda.grid), dtype=bool), [], []
    for k, issue in enumerate(grid.issues):
        level = _level(issue.name, row)
        if level is None:
            free.append(issue.name)
            continue
        nearest = int(np.argmin(np.abs(issue.shown - level)))
        fits &= grid.index[:, k] == nearest
        unit = "%" if issue.column.endswith("_pct") else "bn USD"
        near = "" if abs(issue.shown[nearest] - level) < 1e-9 else f" (here: {issue.shown[nearest]:g})"
        said.append(f"{issue.name.replace('_', ' ')} {level:g} {unit}{near}")
    if "us_tariff" in free or not said:
        return None
    return History(np.flatnonzero(fits), row["agreed_date"].split(";")[0].strip(), ", ".join(said), tuple(free))


def _level(name: str, row: dict[str, str]) -> float | None:
    """Return the level on record of an issue, as shown; None where the record does not settle it."""
    if name in COLUMNS:
        found = NUMBER.search(row[COLUMNS[name][0]])
        return float(found[0]) if found else None
    if name in NONE_MADE and any(words in row[NONE_MADE[name]].lower() for words in NO_PAYMENT):
        return 0.0
    return None
