"""Designs: points that set several keys at once, from the `design` node of a configuration.

A point is a mapping key -> value, as an override would set it; what the values mean is for the schema to judge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from pydantic import ValidationError
from scipy.stats import qmc

from configs.sweeps import MOST_POINTS, Design
from experiments.complain import complain
from experiments.messages import UserError

Point = dict[str, Any]


def read_design(data: Mapping[str, Any], origins: Mapping[str, str]) -> Design | None:
    """Return the checked `design` node of a plain configuration, None where there is none."""
    node = data.get("design")
    if node is None:
        return None
    try:
        return Design.model_validate(node)
    except ValidationError as error:
        raise complain(error.errors(include_url=False), data, origins, above=("design",)) from None


def points_of(design: Design, where: str, is_whole: Callable[[str], bool] = lambda key: False) -> list[Point]:
    """Return the points of a design in order.

    `where`: "file:line" of the node for messages; `is_whole(key)` says that a key takes whole numbers only, which the
    points of a range are then rounded down to, high included.

    >>> points_of(Design(kind="zip", values={"a": [1, 2], "b": ["x", "y"]}), "here")
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]
    """
    if design.kind == "zip":
        return [dict(zip(design.values, row)) for row in zip(*design.values.values())]
    if design.kind == "csv":
        return from_csv(Path(design.file), f"{where}: design.file")
    if design.kind == "grids":
        return _union(design)
    return spread(design, is_whole)


def spread(design: Design, is_whole: Callable[[str], bool]) -> list[Point]:
    """Return a Latin hypercube (McKay, Beckman & Conover 1979) or a scrambled Sobol design (Owen 1998) over the ranges.

    >>> design = Design(kind="lhs", points=4, ranges={"a": (0.0, 4.0)})
    >>> sorted(int(point["a"]) for point in points_of(design, "here"))
    [0, 1, 2, 3]
    """
    draw = np.random.Generator(np.random.PCG64(design.seed))
    keys = list(design.ranges)
    if design.kind == "sobol":
        unit = qmc.Sobol(len(keys), scramble=True, seed=draw).random_base2(design.points.bit_length() - 1)
    else:
        unit = qmc.LatinHypercube(len(keys), seed=draw).random(design.points)
    columns = []
    for number, (key, (low, high)) in enumerate(design.ranges.items()):
        if is_whole(key):
            first, last = int(np.ceil(low)), int(np.floor(high))
            steps = np.minimum(np.floor(unit[:, number] * (last - first + 1)), last - first)
            columns.append([first + int(step) for step in steps])
        else:
            columns.append((low + unit[:, number] * (high - low)).tolist())
    return [dict(zip(keys, row)) for row in zip(*columns)]


def from_csv(path: Path, where: str) -> list[Point]:
    """Return the points of a CSV file: keys in its first line, values as on the command line, a point a line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UserError(f"{where}: '{path}' cannot be read: {why}") from None
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    keys = [key.strip() for key in next(rows, [])]
    if not keys or not all(keys):
        raise UserError(f"{path}:1: the first line names the keys, such as talks.japan.stick.threat_pct")
    again = next((key for key in keys if keys.count(key) > 1), None)
    if again:
        raise UserError(f"{path}:1: {again}: named twice")
    found, parsed = [], {}
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(keys):
            raise UserError(f"{path}:{rows.line_num}: {len(row)} values for {len(keys)} keys")
        found.append({k: _value(cell.strip(), parsed, f"{path}:{rows.line_num}: {k}") for k, cell in zip(keys, row)})
    if not found:
        raise UserError(f"{path}: no points below the first line")
    return found


def _value(text: str, parsed: dict[str, Any], where: str) -> Any:
    """Return what a cell of a CSV file says, read as the command line would read it."""
    if text not in parsed:
        if not text:
            raise UserError(f"{where}: no value; every point gives every key (null for none)")
        try:
            override = OverridesParser.create().parse_override(f"key={text}")
        except (HydraException, ValueError):
            raise UserError(f"{where}: '{text}' cannot be read; quote what is text") from None
        if override.is_sweep_override():
            raise UserError(f"{where}: '{text}' is several values; a point takes one (a list is [1, 2])")
        parsed[text] = override.value()
    return parsed[text]


def _union(design: Design) -> list[Point]:
    """Return every combination of each grid, points that come again left out."""
    total = sum(int(np.prod([len(values) for values in grid.values()])) for grid in design.grids)
    if total > MOST_POINTS:
        raise UserError(f"design.grids: {total} points; at most {MOST_POINTS}")
    keys = list(design.grids[0])
    rows = (row for grid in design.grids for row in product(*(grid[key] for key in keys)))
    return [dict(zip(keys, row)) for row in {repr(row): row for row in rows}.values()]
