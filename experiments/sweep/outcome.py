"""The small tables of a sweep and its manifest: cells, failures, what the columns of the talks are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from experiments.folder import versions, write_json
from experiments.messages import UserError
from experiments.sweep.merge import Shape
from experiments.sweep.missing import Task
from experiments.sweep.offers import FIELDS as OFFER_FIELDS
from experiments.sweep.work import FIELDS, SOME_FIELDS, in_order
from sim.columns import HOME, HUB, WITHDRAWN, Column
from sim.deals import UNITS
from sim.hub import ENDS
from sim.protocols.base import ENDINGS, ENDINGS_AT_HOME
from sim.results import write

MANIFEST, CELLS, FAILURES = "manifest.json", "cells.parquet", "failures"
DONE, FAILED = "done", "failed"
OF_CELLS = ("cell", "key", "status")
ONLY_HOW = ("sweep", "dry_run")  # nodes of the configuration that say how a sweep is run, not what it finds


@dataclass(frozen=True)
class Outcome:
    """What became of every cell: `errors` holds the message of each that failed, by its number."""

    plan: object
    cells: Sequence
    tasks: Sequence[Task]
    errors: Mapping[int, str]

    @property
    def done(self) -> list[Task]:
        """The tasks of the cells that were played."""
        return [task for task in self.tasks if task.cell not in self.errors]

    def swept(self) -> dict[str, pa.Array]:
        """Return the values of every swept key, by cell."""
        names = [axis.key for axis in self.plan.axes]
        return {
            column: as_column([cell.values.get(name) for cell in self.cells])
            for column, name in zip(self.plan.columns, names, strict=True)
        }

    def table(self) -> pa.Table:
        """Return one row a cell: number, key, swept keys, status."""
        status = [FAILED if task.cell in self.errors else DONE for task in self.tasks]
        return pa.table(
            {
                "cell": pa.array(range(len(self.tasks)), pa.int64()),
                "key": pa.array([cell.key for cell in self.cells], pa.string()),
                **self.swept(),
                "status": as_column(status, (DONE, FAILED)),
            }
        )

    def failures(self, cells: pa.Table) -> pa.Table:
        """Return one row a cell that failed: number, key, swept keys, error."""
        rows = sorted(self.errors)
        table = cells.drop_columns(["status"]).take(pa.array(rows, pa.int64()))
        return table.append_column("error", pa.array([self.errors[row] for row in rows], pa.string()))

    def talks(self) -> Shape:
        """Return the shape of the talks' table."""
        configs = [self.cells[task.cell].config for task in self.done]
        known = FIELDS | {column.name: SOME_FIELDS[column.name] for column in some_columns(configs)}
        names = in_order([*known, *issue_columns(configs)])
        fields = [known.get(name) or pa.field(name, pa.float64()) for name in names]
        return Shape(self._by_cell([f.name for f in fields]), fields, self._words())

    def offers(self) -> Shape:
        """Return the shape of the offers' table."""
        return Shape(self._by_cell(list(OFFER_FIELDS)), list(OFFER_FIELDS.values()), self._words())

    def _by_cell(self, others: Sequence[str]) -> dict[str, pa.Array]:
        swept = self.swept()
        taken = [name for name in swept if name in (*others, "cell")]
        if taken:
            raise UserError(f"'{taken[0]}' cannot be swept: every table has a column of that name")
        return {"cell": pa.array(range(len(self.tasks)), pa.int64()), **swept}

    def _words(self) -> dict[str, tuple[str, ...]]:
        """Return the words of every text column, sorted."""
        found: dict[str, set[str]] = {name: set() for name in ("talk", "demander", "partner")}
        seen: set[int] = set()
        for task in self.done:
            talks = self.cells[task.cell].config.talks
            for name, talk in talks.items():
                if id(talk) not in seen or name not in found["talk"]:
                    seen.add(id(talk))
                    found["talk"].add(name)
                    found["demander"].add(talk.demander)
                    found["partner"].add(talk.partner)
        found["speaker"] = found["demander"] | found["partner"]
        ratified = HOME[0] in some_columns([self.cells[task.cell].config for task in self.done])
        found |= {"ended_by": set(ENDINGS_AT_HOME if ratified else ENDINGS), "expectations": set(ENDS)}
        return {name: tuple(sorted(words)) for name, words in found.items()}


def some_columns(configs: Sequence) -> list[Column]:
    """Return the columns that only runs with ratification, with protection that moves or with a hub have."""
    out: list[Column] = []
    talks = {id(talk): talk for config in configs for talk in config.talks.values()}.values()
    if any(node is not None for talk in talks if talk.ratification for node in vars(talk.ratification).values()):
        out += HOME
    if any(talk.moves is not None and talk.moves.demander_withdrawal_pct for talk in talks):
        out += WITHDRAWN
    if any(config.hub is not None for config in configs):
        out += HUB
    return out


def issue_columns(configs: Sequence) -> list[str]:
    """Return the issue columns of several configurations, in order of first appearance."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    for config in configs:
        for talk in config.talks.values():
            if id(talk) not in seen:
                seen.add(id(talk))
                found |= {f"{name}_{UNITS[issue.kind]}": None for name, issue in talk.issues.items()}
    return list(found)


def as_column(values: Sequence, words: Sequence[str] = ()) -> pa.Array:
    """Return the values of a swept key as a column: whole numbers, numbers, yes/no, or texts with sorted words.

    >>> as_column([1, 2.5, None]).to_pylist(), as_column(["b", "a"]).dictionary.to_pylist()
    ([1.0, 2.5, None], ['a', 'b'])
    """
    kinds = {type(value) for value in values if value is not None}
    for kind, target in ((bool, pa.bool_()), (int, pa.int64()), (float, pa.float64())):
        if kinds == {kind} or (kind is float and kinds == {int, float}):
            return pa.array(values, target)
    texts = [v if v is None or isinstance(v, str) else json.dumps(v, default=str) for v in values]
    words = words or sorted({text for text in texts if text is not None})
    at = {word: place for place, word in enumerate(words)}
    return pa.DictionaryArray.from_arrays(
        pa.array([at.get(t) for t in texts], pa.int32()), pa.array(words, pa.string())
    )


def write_small(outcome: Outcome, folder: Path) -> None:
    """Write cells.parquet, failures.parquet and failures.csv."""
    cells = outcome.table()
    failures = outcome.failures(cells)
    write(cells, folder / CELLS)
    write(failures, folder / f"{FAILURES}.parquet")
    texts = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in failures.columns]
    pc.write_csv(pa.table(texts, names=failures.column_names), folder / f"{FAILURES}.csv")


def write_manifest(outcome: Outcome, folder: Path, rows: Mapping[str, int], rests_on: Mapping) -> None:
    """Write what decides the result, and checksums of the files beside it; the same bytes for the same sweep."""
    plan, base = outcome.plan, outcome.plan.base
    worlds = sorted({task.worlds for task in outcome.tasks})
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    manifest = {
        "kind": "sweep",
        "axes": [
            {"key": axis.key, "column": column, "values": list(axis.values), "unit": axis.unit, "group": axis.group}
            for axis, column in zip(plan.axes, plan.columns)
        ],
        "config": {name: node for name, node in base.resolved.items() if name not in ONLY_HOW},
        "choices": base.choices,
        "overrides": [o for o in base.overrides if o.lstrip("+~").split("=")[0].split(".")[0] not in ONLY_HOW],
        "seed": base.config.seed,
        "worlds": worlds[0] if len(worlds) == 1 else worlds,
        "cells": len(outcome.tasks),
        "failed": len(outcome.errors),
        "rows": dict(rows),
        "versions": versions(),
        **rests_on,
        "files": {path.name: _checksum(path) for path in files},
    }
    write_json(folder / MANIFEST, manifest)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
