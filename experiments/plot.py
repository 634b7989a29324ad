"""`bargain plot DIR`: draw the figures of a finished run, sweep or analysis again, from its tables alone."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.figures import write_figures
from experiments.messages import UserError
from sim import plots
from sim.columns import SIDE_NAMES
from sim.payoffs import COMPONENTS
from sim.plots.beliefs import beliefs_by_round
from sim.plots.escalation import APRIL_2025, TRUCE_DAY, tariffs_in_force
from sim.sticks import Stick

TABLES = ("talks", "rounds", "packages", "points")
MOVES = "sticks.parquet"  # only where tariffs moved
LEARNT = "beliefs.parquet"  # only where a side learns
SAME_RATE = 1e-6  # percent: rates closer than this are the same
FEW = 4  # talks up to which the offers of all fit one figure
OTHERS = {  # other kinds of folders, by a file that only they hold: the module with their draw(folder)
    "concepts.csv": "experiments.plot_equilibrium",
    "effects.csv": "experiments.plot_sensitivity",
    "cells.parquet": "experiments.sweep.draw",
}
USE = "usage: bargain plot RUN_DIR, e.g. bargain plot outputs/2025-04-09/12-00-00"


def main(argv: list[str]) -> int:
    """Draw the figures of the run folder named on the command line, say where they are, return the exit code."""
    if argv and argv[0] in ("-h", "--help"):
        print(f"{USE}\nwrites figures/NAME.png and figures/NAME.pdf into the run folder")
        return 0
    if len(argv) != 1 or argv[0].startswith("-"):
        raise UserError(f"plot: one run folder is needed, {' '.join(argv) or 'none'} was given", USE)
    files = draw(Path(argv[0]))
    print(f"{len(files)} files in {files[0].parent}:")
    print("\n".join(f"  {file.name}" for file in files))
    return 0


def draw(folder: Path) -> list[Path]:
    """Read the tables and manifest of a run, a sweep ..., write figures/NAME.png and NAME.pdf, return the files."""
    for file, module in OTHERS.items():
        if (Path(folder) / file).is_file():
            return importlib.import_module(module).draw(folder)
    run = read(Path(folder))
    return write_figures(folder, figures(run), "the run folder")


@dataclass(frozen=True)
class Run:
    """A run as it lies in its folder: its tables, and the configuration it was made with."""

    talks: pd.DataFrame
    rounds: pd.DataFrame
    packages: pd.DataFrame
    points: pd.DataFrame
    sticks: pd.DataFrame | None = None
    beliefs: pd.DataFrame | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Names of the countries by code."""
        return {code: node.get("name") or code for code, node in self.config.get("countries", {}).items()}

    @property
    def days_per_round(self) -> float | None:
        """Length of a round in days, None where the protocol does not say."""
        return self.config.get("protocol", {}).get("days_per_round")


def read(folder: Path) -> Run:
    """Read a run folder; UserError names what is missing or cannot be read."""
    if not folder.is_dir():
        raise UserError(f"plot: there is no folder '{folder}'", f"finished runs are under outputs/; {USE}")
    needed = [f"{name}.parquet" for name in TABLES] + ["manifest.json"]
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise UserError(
            f"plot: '{folder}' is not a finished run, it lacks {', '.join(missing)}",
            f"a run folder holds {', '.join(needed)}; {USE}",
        )
    try:
        frames = {name: _frame(folder / f"{name}.parquet") for name in TABLES}
        for name, file in (("sticks", MOVES), ("beliefs", LEARNT)):
            frames[name] = pd.read_parquet(folder / file) if (folder / file).is_file() else None
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors, and JSON's
        raise UserError(f"plot: a file of '{folder}' cannot be read", str(error), "run it again") from None
    return Run(config=manifest.get("config") or {}, **frames)


def _frame(path: Path) -> pd.DataFrame:
    """Return a table as a frame, without the columns that no figure needs."""
    import pyarrow.parquet as pq

    unused = (
        "_final_utility",
        "_payoff",
        "_drawn",
        "_expected",
        "_type",
        "_rate",
        "_share",
        "distance_nash",
        "distance_ks",
    )
    wanted = [c for c in pq.read_schema(path).names if c != "world" and not c.endswith(unused)]
    return pd.read_parquet(path, columns=wanted)


def figures(run: Run) -> Iterator[tuple[str, Any]]:
    """Yield (name, figure) of a run, one at a time so that only one is in memory."""
    talks, names, days = run.talks, run.names, run.days_per_round
    labels = issue_labels(run.config)
    known = list(dict.fromkeys(talks["talk"].astype(str)))
    for talk in known:
        yield (
            f"payoff_space_{talk}",
            _of(plots.payoff_space(run.packages, run.points, talks, talk=talk, names=names)),
        )
    if len(known) > 1:
        yield "payoff_spaces", _of(*plots.payoff_spaces(run.packages, run.points, talks, names=names))
    offers = {"names": names, "labels": labels, "days_per_round": days}
    for talk in known:
        yield f"offers_{talk}", _of(*plots.offers_panels(run.rounds, talk=talk, **offers))
    if 1 < len(known) <= FEW:
        yield "offers", _of(*plots.offers_panels(run.rounds, **offers))
    yield "sticks_against_carrots", _of(plots.sticks_against_carrots(run.points, talks, names=names))
    shared = plots.who_gets_what(talks, weights=weights(run.config), names=names, labels=part_labels(run.config))
    yield "who_gets_what", _of(shared)
    for issue, rows, marks, own in tariffs(run):
        drawn = plots.agreed_tariffs(rows, issue=issue, rates=marks, names=names, labels=own)
        yield f"agreed_{issue}", _of(drawn)
    yield "deal_timing", _of(plots.deal_timing(talks, names=names, days_per_round=days))
    for talk in [t for t in known if run.sticks is not None and t in set(run.sticks["talk"].astype(str))]:
        count, record = (
            int((talks["talk"].astype(str) == talk).sum()),
            APRIL_2025 if on_record(run.config, talk) else (),
        )
        drawn = tariffs_in_force(run.sticks, talk=talk, count=count, names=names, days_per_round=days, record=record)
        yield f"tariffs_in_force_{talk}", _of(*drawn)
    if run.beliefs is not None:
        yield "beliefs", _of(*beliefs_by_round(run.beliefs, names=names, days_per_round=days))


def on_record(config: Mapping[str, Any], talk: str) -> bool:
    """Say whether a talk's tariffs can stand on every rate of April 2025, each country's on its own rungs."""
    node = config.get("talks", {}).get(talk, {})
    moves = node.get("moves") or {}
    rungs = {node.get(side): moves.get(f"{side}_rungs_pct", ()) for side in SIDE_NAMES}
    climbed = [mark for mark in APRIL_2025 if mark.day < TRUCE_DAY]
    return all(any(abs(rate - m.rate_pct) < SAME_RATE for rate in rungs.get(m.country, ())) for m in climbed)


def _of(first, *_):
    return first.get_figure()


def tariffs(run: Run) -> Iterator[tuple[str, pd.DataFrame, dict, dict]]:
    """Yield (issue column, talks, rates to mark by talk, labels) of every tariff on the table.

    Where one talk agrees on whole rates and another on rates on top of the status quo, all are shown as whole rates.
    """
    for column in [c for c in run.talks.columns if c.endswith("tariff_pct")]:
        rates, labels, talks = stick_rates(run.config, column), issue_labels(run.config), run.talks
        bases = status_quo_added(run.config, column)
        if len({base is None for base in bases.values()}) > 1:
            extra = talks["talk"].astype(str).map({talk: base or 0.0 for talk, base in bases.items()}).astype(float)
            talks = talks.assign(**{column: talks[column] + extra.fillna(0.0)})
            rates = {t: {k: v + (bases[t] or 0.0) for k, v in marks.items()} for t, marks in rates.items()}
            labels |= {column: f"{plots.issue_label(column, unit=False)} (%, status quo included)"}
        yield column, talks, rates, labels


def status_quo_added(config: Mapping[str, Any], column: str) -> dict[str, float | None]:
    """Return, by talk, the status quo tariff (percent) that the issue's levels come on top of; None where all-in."""
    found = {}
    for talk, node in config.get("talks", {}).items():
        issue = node["issues"].get(column.removesuffix("_pct"))
        if issue is not None and issue["kind"] == "tariff":
            whole = issue["basis"] == "all_in"
            found[talk] = None if whole else _status_quo(config, issue["giver"], issue["receiver"])
    return found


def stick_rates(config: Mapping[str, Any], column: str) -> dict[str, dict[str, float]]:
    """Return, by talk, the tariff in force while talks go on and the one threatened, percent, as the issue counts it.

    Import-weighted where a sector has a tariff of its own; status quo included where the issue is all-in.
    """
    found = {}
    for talk, node in config.get("talks", {}).items():
        issue, stick = node["issues"].get(column.removesuffix("_pct")), node.get("stick")
        if issue is None or stick is None or issue["kind"] != "tariff":
            continue
        own = Stick(
            interim=stick["interim_pct"] / 100.0,
            threat=stick["threat_pct"] / 100.0,
            sector=stick["sector_pct"] / 100.0,
            sector_share=stick["sector_share_pct"] / 100.0,
            interim_answer=stick["interim_answer_pct"] / 100.0,
            answer=stick["answer"],
            answer_factor=stick["answer_factor"],
            answer_rate=stick["answer_pct"] / 100.0,
            answer_share=stick["answer_share_pct"] / 100.0,
        )
        side = int(issue["giver"] != node["demander"])
        base = 0.0 if issue["basis"] == "on_top" else _status_quo(config, issue["giver"], issue["receiver"])
        now, then = (base + 100.0 * own.rates(carried)[side] for carried in (False, True))
        found[talk] = {"interim": now, "threat": then}
    return found


def _status_quo(config: Mapping[str, Any], importer: str, exporter: str) -> float:
    economy = config.get("economy") or {}
    return float((economy.get("tariffs_pct") or {}).get(importer, {}).get(exporter, 0.0))


def weights(config: Mapping[str, Any]) -> dict[str, dict[str, float]] | None:
    """Return each country's weights on the components, or None where the manifest has none."""
    found = {code: node.get("weights") for code, node in config.get("countries", {}).items()}
    if not found or any(w is None for w in found.values()):
        return None
    return {code: {part: float(w.get(part, 0.0)) for part in COMPONENTS} for code, w in found.items()}


KIND_UNITS = {
    "tariff": "%",
    "barrier": "% cut in trade costs",
    "security": "bn USD a year",
    "pledge": "bn USD in total",
    "pie": "bn USD a year",
}


def issue_labels(config: Mapping[str, Any]) -> dict[str, str]:
    """Return a label with its unit for each issue column of a run."""
    found: dict[str, str] = {}
    for node in config.get("talks", {}).values():
        for name, issue in node["issues"].items():
            column = f"{name}_{'pct' if 'levels_pct' in issue else 'busd'}"
            unit = KIND_UNITS[issue["kind"]]
            if issue["kind"] == "tariff":
                unit = {"on_top": "% on top of the status quo", "all_in": "%, all in"}[issue["basis"]]
            plain = plots.issue_label(column, unit=False)
            label = f"{plain} ({unit})"
            found[column] = label if found.get(column, label) == label else plots.issue_label(column)
    return found


def part_labels(config: Mapping[str, Any]) -> dict[str, str]:
    """Return other labels of components for a run whose only pledges are pies."""
    kinds = {issue["kind"] for node in config.get("talks", {}).values() for issue in node["issues"].values()}
    return {"pledge": "Share of the pie"} if "pie" in kinds and "pledge" not in kinds else {}
