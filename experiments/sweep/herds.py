"""Blocks of many cells played in few models: what cells share is made once, and their worlds move side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from experiments.build import Lab
from experiments.herd import Stable
from experiments.messages import told
from sim.results import talks_table

SLICE = 512  # blocks put together at once
STATES = 20_000  # trade states kept: about 64 MB of a dozen economies
NUMBERS = 1 << 23  # utilities of a side stacked in one model
KEPT = 1 << 15  # nodes and rankings kept from piece to piece


class Part(NamedTuple):
    """Worlds of a block, played: which block, its first world, where its rows start among all rows, how many."""

    block: int
    first: int
    start: int
    rows: int


class Herds:
    """Plays blocks; a cell that fails does not stop the others."""

    def __init__(self) -> None:
        self.stable = Stable()

    def play(self, blocks: Sequence) -> tuple[list[pa.Table], list[Part], dict[int, str], int]:
        """Return tables of rows, which rows are whose, {number of a block: what went wrong}, trade states solved.

        `blocks` are experiments.sweep.work.Block: cell, first world, worlds.
        """
        tables, parts, errors, at, solved = [], [], {}, 0, 0
        for start in range(0, len(blocks), SLICE):
            if len(self.stable.nodes) + len(self.stable.ranks) > KEPT or self.stable.solved > STATES:
                self.stable = Stable()
            before = self.stable.solved
            numbers = range(start, min(start + SLICE, len(blocks)))
            labs = self._labs(blocks, numbers, errors)
            for herd, first, worlds in self._herds(blocks, labs):
                for table, members in self._played(labs, herd, (first, worlds), errors):
                    tables.append(table)
                    rows = table.num_rows // len(members)
                    parts += [Part(number, first, at + k * rows, rows) for k, number in enumerate(members)]
                    at += table.num_rows
            self.stable.ranks.clear()
            solved += self.stable.solved - before
        return tables, [part for part in parts if part.block not in errors], errors, solved

    def _labs(self, blocks: Sequence, numbers: range, errors: dict[int, str]) -> dict[int, Lab]:
        """Return the lab of each block that can be put together; one lab a cell."""
        cells = {blocks[n].cell.key: blocks[n].cell for n in numbers}
        found = dict(zip(cells, self.stable.labs([cell.config for cell in cells.values()])))
        errors |= {n: message(found[k]) for n in numbers if isinstance(found[k := blocks[n].cell.key], Exception)}
        return {n: found[blocks[n].cell.key] for n in numbers if n not in errors}

    def _herds(self, blocks: Sequence, labs: dict[int, Lab]) -> Iterator[tuple[list[int], int, int]]:
        """Yield numbers of blocks to be played side by side, with the range of worlds: (numbers, first, worlds)."""
        alike: dict[tuple, list[int]] = {}
        for number, lab in labs.items():
            key = self.stable.mark(lab), blocks[number].first, blocks[number].worlds
            alike.setdefault(key, []).append(number)
        for (_, begin, count), members in alike.items():
            lab = labs[members[0]]
            size = lab.most
            rows = max(len(lab.types[code].types) for code in lab.types) * max(len(s.agenda.grid) for s in lab.stakes)
            for first in range(begin, begin + count, size):
                worlds = min(size, begin + count - first)
                width = max(1, min(size // worlds, NUMBERS // rows))
                yield from ((members[k : k + width], first, worlds) for k in range(0, len(members), width))

    def _played(self, labs: dict[int, Lab], herd: list[int], worlds: tuple[int, int], errors: dict[int, str]):
        """Yield (table, numbers of its blocks): one of the whole herd, or one of each where a cell brings it down."""
        try:
            yield talks_table(self.stable.play([labs[n] for n in herd], *worlds)), herd
            return
        except (MemoryError, OSError):
            raise
        except Exception as error:  # a strategy of the user's may raise anything
            if len(herd) == 1:
                errors.setdefault(herd[0], message(error))
                return
        for number in herd:
            yield from self._played(labs, [number], worlds, errors)


def message(error: Exception) -> str:
    """Return what went wrong with a cell, as its own run would tell it."""
    return told(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {told(error)}"


def sorted_out(parts: Sequence[Part]) -> tuple[np.ndarray | None, dict[int, tuple[int, int]]]:
    """Return the order (rows,) that puts rows block after block (None: they are), and each block's (offset, rows)."""
    sorted_parts = sorted(parts)
    spans: dict[int, tuple[int, int]] = {}
    at = 0
    for part in sorted_parts:
        offset, rows = spans.get(part.block, (at, 0))
        spans[part.block] = offset, rows + part.rows
        at += part.rows
    starts, rows = (np.array([getattr(p, f) for p in sorted_parts], dtype=np.int64) for f in ("start", "rows"))
    ends = np.cumsum(rows)
    if (starts == ends - rows).all():
        return None, spans
    return np.arange(at) + np.repeat(starts - (ends - rows), rows), spans
