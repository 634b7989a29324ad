"""Figures of a folder of `bargain equilibrium`, from its tables alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.figures import write_figures
from experiments.messages import UserError
from sim.plots import curves, ladder, orders, points, war

NEEDED = ("concepts.csv", "packages.parquet", "points.parquet", "manifest.json")
MAYBE = ("beliefs", "ladder", "curves", "orders", "war")  # CSV files that a run has or has not
STILL = 1e-6  # bn USD a year: payoffs are kept to this
USE = "usage: bargain equilibrium --out DIR, then bargain plot DIR"


@dataclass(frozen=True)
class Theory:
    """A folder of equilibria: its tables, and the configuration it was made with."""

    concepts: pd.DataFrame
    packages: pd.DataFrame
    points: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Names of the countries by code."""
        return {code: node.get("name") or code for code, node in self.config.get("countries", {}).items()}

    @property
    def sides(self) -> pd.DataFrame:
        """Country codes of each talk's sides: talk, demander, partner."""
        rows = [(talk, node["demander"], node["partner"]) for talk, node in self.config["talks"].items()]
        return pd.DataFrame(rows, columns=["talk", "demander", "partner"])

    def stick(self, key: str) -> dict[str, float]:
        """Return one number of each talk's stick, by talk."""
        return {talk: float(node["stick"][key]) for talk, node in self.config["talks"].items() if node.get("stick")}


def draw(folder: Path) -> list[Path]:
    """Read a folder of equilibria, write figures/NAME.png and NAME.pdf, return the files written."""
    theory = read(Path(folder))
    return write_figures(folder, figures(theory), "the folder")


def read(folder: Path) -> Theory:
    """Read a folder of equilibria; UserError names what is missing or cannot be read."""
    if not folder.is_dir():
        raise UserError(f"plot: there is no folder '{folder}'", USE)
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise UserError(f"plot: '{folder}' holds no equilibria, it lacks {', '.join(missing)}", USE)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        own = {name: folder / f"{name}.csv" for name in MAYBE}
        return Theory(
            pd.read_csv(folder / "concepts.csv"),
            pd.read_parquet(folder / "packages.parquet"),
            pd.read_parquet(folder / "points.parquet"),
            {name: frame for name, path in own.items() if path.is_file() and not (frame := pd.read_csv(path)).empty},
            manifest["config"],
        )
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are ValueErrors, and JSON's, and pandas'
        raise UserError(f"plot: a file of '{folder}' cannot be read", str(error), "make it again") from None


def figures(theory: Theory) -> Iterator[tuple[str, Any]]:
    """Yield (name, figure) of a folder of equilibria, one at a time so that only one is in memory."""
    sides, names, tables = theory.sides, theory.names, theory.tables
    frames = (theory.concepts, theory.packages, theory.points, sides)
    for talk in sides["talk"]:
        yield f"predictions_{talk}", _of(points.equilibrium_panels(*frames, talk=talk, names=names))
    if len(sides) > 1:
        yield "predictions", _of(points.equilibrium_spaces(*frames, names=names))
    if "curves" in tables:
        for along in _axes(theory):
            yield f"along_{along.key}", _of(curves.outcome_panels(tables["curves"], sides, along=along, names=names))
    if "beliefs" in tables and "ladder" in tables:  # without a stick there is nothing to believe
        yield "belief", _of(curves.belief_panels(tables["beliefs"], sides, names=names))
    if "ladder" in tables:
        own = {"announced": theory.stick("threat_pct"), "names": names}
        yield "ladder", _of(ladder.threat_ladders(tables["ladder"], sides, **own))
    if "orders" in tables:
        yield "order_of_talks", _of(orders.place_panels(tables["orders"], sides, names=names))
    if "war" in tables:
        yield "tariff_war", _of(war.war_panels(tables["war"], names=names))


def _axes(theory: Theory) -> Iterator[curves.Along]:
    """Yield the axes along which some payoff moves, with what is configured."""
    from experiments.curves import AXES  # brings the whole model along

    now = {"patience": dict.fromkeys(theory.sides["talk"], 1.0), "credibility": theory.stick("belief_pct")}
    for axis in AXES:
        if moves(theory.tables["curves"], axis.key):
            yield curves.Along(axis.key, axis.label, now.get(axis.key, {}))


def moves(table: pd.DataFrame, key: str) -> bool:
    """Say whether any payoff of any talk changes along an axis, by more than STILL bn USD a year."""
    rows = table[table["axis"].astype(str) == key]
    for _, own in rows.groupby(["talk", "concept"]):
        payoffs = own[["demander_utility", "partner_utility"]]
        if (payoffs.max() - payoffs.min() > STILL).any():
            return True
    return False


def _of(axes) -> Any:
    return axes[0].get_figure()
