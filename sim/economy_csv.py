"""Reading flows and GDP from CSV files, with errors that name the file, the line and the remedy."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.economy_arrays import nearest

MILLION_PER_BILLION = 1000.0
ONE_SECTOR = "goods"


def read_regions(path: Path | str) -> dict[str, float]:
    """GDP in bn USD a year by economy, from columns region and gdp_musd."""
    gdp: dict[str, float] = {}
    for line, row in _rows(path, ("region", "gdp_musd")):
        if row["region"] in gdp:
            raise ValueError(f"{Path(path).name}:{line}: economy {row['region']} comes twice; keep one row")
        gdp[row["region"]] = _number(path, line, row, "gdp_musd") / MILLION_PER_BILLION
    if len(gdp) < 2:
        raise ValueError(f"{Path(path).name}: {len(gdp)} economies; at least two rows are needed")
    return gdp


def read_flows(path: Path | str, names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Sectors and flows (S, N, N) in bn USD a year from columns exporter, importer, value_musd and perhaps sector.

    A pair without a row trades nothing; an economy of `names` without any row is an error.
    """
    cells: dict[tuple[str, str, str], float] = {}
    for line, row in _rows(path, ("exporter", "importer", "value_musd")):
        for side in ("exporter", "importer"):
            if row[side] not in names:
                raise ValueError(
                    f"{Path(path).name}:{line}: {side} {row[side]!r} has no GDP; {nearest(row[side], names)}\n"
                    "Add it to the regions file, or remove its rows here."
                )
        cell = (row.get("sector") or ONE_SECTOR, row["exporter"], row["importer"])
        if cell in cells:
            raise ValueError(f"{Path(path).name}:{line}: flow {cell[1]} -> {cell[2]} ({cell[0]}) comes twice")
        cells[cell] = _number(path, line, row, "value_musd") / MILLION_PER_BILLION
    silent = [n for n in names if not any(n in c[1:] for c in cells)]
    if silent:
        raise ValueError(f"{Path(path).name}: economy {silent[0]} has GDP but no flows; add its rows or drop it")
    sectors = tuple(dict.fromkeys(c[0] for c in cells))
    place = {n: k for k, n in enumerate(names)}
    flows = np.zeros((len(sectors), len(names), len(names)))
    for (sector, exporter, importer), value in cells.items():
        flows[sectors.index(sector), place[exporter], place[importer]] = value
    return sectors, flows


def _rows(path: Path | str, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of each row; an error when the file is none, or a column is missing or a cell too many."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:  # spreadsheets put a byte order mark first
            reader = csv.DictReader(handle)
            have = reader.fieldnames or []
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is not a CSV file in UTF-8"
        raise ValueError(f"{path}: cannot be read: {why}") from None
    for column in columns:
        if column not in have:
            shown = ", ".join(have)[:120] or "none"
            raise ValueError(f"{Path(path).name}: no column {column!r}; it needs {', '.join(columns)} and has {shown}")
    for line, row in rows:
        if None in row:
            raise ValueError(
                f"{Path(path).name}:{line}: {len(row) - 1 + len(row[None])} cells for {len(have)} columns\n"
                "A decimal is written with a point; a text with a comma needs quotes."
            )
    return rows


def _number(path: Path | str, line: int, row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(
            f"{Path(path).name}:{line}: {column} = {row[column]!r}; must be a number, 0 or more (million USD)"
        )
    return value
