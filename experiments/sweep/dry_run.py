"""What a plan would take: cells, worlds, rows, and time and disk estimated from a few cells that are really played."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from experiments.sweep.axes import GRID
from experiments.sweep.cells import Cell, Plan
from experiments.sweep.work import Block, play_blocks
from sim.results import COMPRESSION

FEW_CELLS, MORE_CELLS = 4, 16
FEW_WORLDS, MORE_WORLDS = 10, 2000
COPIES = 2  # finished work is kept beside the merged tables


class Sample(NamedTuple):
    """What playing a few cells told: seconds for the whole plan on one core, bytes of a row, failures by message."""

    seconds: float
    row_bytes: float
    failed: dict[str, int]
    cells: int


def report(plan: Plan) -> str:
    """Return the lines of a dry run; plays a few worlds of a few cells, writes nothing."""
    cells = plan.cells
    worlds = sum(cell.config.worlds for cell in cells)
    rows = sum(cell.config.worlds * len(cell.config.talks) for cell in cells)
    sample = measure(cells)
    each = {cell.config.worlds for cell in cells}
    by = f" = {len(cells):,} x {each.pop():,}" if len(each) == 1 else ""
    lines = [
        "dry run: nothing is written",
        f"  cells   {len(cells):,}{_product(plan)}",
        f"  worlds  {worlds:,}{by}",
        f"  rows    {rows:,}, one for every world and talk",
        f"  time    about {_duration(sample.seconds)} on one core, from {sample.cells} cells played for a moment",
        f"  disk    about {_size(sample.row_bytes * rows * COPIES)}",
        f"  folder  {plan.place}",
        *(f"  note: {note}" for note in plan.notes),
    ]
    lines += [f"  {count} of the {sample.cells} cells tried failed: {why}" for why, count in sample.failed.items()]
    return "\n".join(lines)


def measure(cells: Sequence[Cell]) -> Sample:
    """Play a few worlds of cells spread over the design, and say what all would take.

    Seconds are linear in cells and in worlds: timed at (few cells, few worlds), (more, few) and (few, more).
    """
    few, more = _spread(cells, FEW_CELLS), _spread(cells, MORE_CELLS)
    play_blocks([Block(few[0], 0, 1)])  # what is read and set up once
    first, _, _ = _timed(few, FEW_WORLDS)
    wide, _, failed = _timed(more, FEW_WORLDS)
    deep, table, _ = _timed(few, MORE_WORLDS)
    per_cell = max(0.0, wide - first) / max(1, len(more) - len(few))
    extra = sum(_worlds(c, MORE_WORLDS) - _worlds(c, FEW_WORLDS) for c in few)
    per_world = max(0.0, deep - first) / max(1, extra)
    left = sum(max(0, cell.config.worlds - FEW_WORLDS) for cell in cells)
    seconds = first + per_cell * (len(cells) - len(few)) + per_world * left
    return Sample(seconds, _bytes(table) / max(1, table.num_rows), failed, len(more))


def _timed(cells: Sequence[Cell], worlds: int) -> tuple[float, pa.Table, dict[str, int]]:
    """Return (seconds, rows, failures by message) of playing worlds of cells, the faster of two times."""
    seconds = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        table, _, errors = play_blocks([Block(cell, 0, _worlds(cell, worlds)) for cell in cells])
        seconds = min(seconds, time.perf_counter() - start)
    messages = list(errors.values())
    return seconds, table, {why: messages.count(why) for why in dict.fromkeys(messages)}


def _worlds(cell: Cell, most: int) -> int:
    return min(cell.config.worlds, most)


def _spread(cells: Sequence[Cell], count: int) -> list[Cell]:
    """Return up to `count` cells, evenly spread over the design.

    >>> _spread(range(10), 4)
    [0, 3, 6, 9]
    """
    size = min(count, len(cells))
    return [cells[(k * (len(cells) - 1)) // max(1, size - 1)] for k in range(size)]


def _bytes(table: pa.Table) -> int:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=COMPRESSION)
    return sink.getvalue().size


def _product(plan: Plan) -> str:
    """Return how the number of cells comes about: sizes of the axes and their keys."""
    grid = [(str(len(axis.values)), axis.key) for axis in plan.axes if axis.design == GRID]
    others = [axis.key for axis in plan.axes if axis.design != GRID]
    if others:
        rest = len(plan.cells) // prod(int(size) for size, _ in grid)
        grid.append((str(rest), "design of " + ", ".join(others)))
    return f" = {' x '.join(size for size, _ in grid)}: {' x '.join(key for _, key in grid)}" if grid else ""


def _duration(seconds: float) -> str:
    """Return a time in the unit one would say it in.

    >>> _duration(0.4), _duration(75), _duration(9000)
    ('1 s', '75 s', '2.5 hours')
    """
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _size(count: float) -> str:
    """Return a number of bytes in the unit one would say it in.

    >>> _size(2_300_000)
    '2.3 MB'
    """
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000 or unit == "GB":
            return f"{max(count, 0.1):.1f} {unit}"
    return ""
