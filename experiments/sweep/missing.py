"""Which worlds of which cells are there already, and which pieces of work are left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.sweep import shards
from experiments.sweep.fingerprint import Identities

PIECE_CELLS, SHARED_CELLS, FIRST_CELLS = 2048, 256, 64  # cells of a piece at most: one worker, several, its first
PIECE_SECONDS = 1.0, 4.0  # a piece that took less is followed by a larger one, one that took more by a smaller one
LEAST_ROWS = 1 << 12  # rows of a piece when work is shared out evenly
OFFERS = "offers-"  # begins the identity of offers; that of talks is in hex digits
SHARES = 6  # pieces for each worker at least, so that none waits long for the last


class Task(NamedTuple):
    """What is to be known of a cell without its configuration: whose rows, how many worlds, rows of a world.

    `offers`: the rows are its offers, whose number differs between worlds; `size` is then the most they can be.
    """

    cell: int
    identity: str
    worlds: int
    size: int
    offers: bool = False


class Span(NamedTuple):
    """Rows of a shard: `rows` of them from `start`."""

    shard: str
    start: int
    rows: int


class Gap(NamedTuple):
    """Worlds of a cell that are to be played."""

    task: Task
    first: int
    worlds: int


Piece = list[Gap]


def tasks(cells: Sequence, identities: Identities) -> list[Task]:
    """Return the task of every cell of a design."""
    return [
        Task(number, identities.of(cell.key, cell.config), cell.config.worlds, len(cell.config.talks))
        for number, cell in enumerate(cells)
    ]


def offer_tasks(found: Sequence[Task], cells: Sequence) -> list[Task]:
    """Return the tasks of the offers of those cells that are to write them."""
    asked = [(task, cells[task.cell].config) for task in found if cells[task.cell].config.offers]
    return [
        task._replace(
            identity=OFFERS + task.identity[len(OFFERS) :], size=task.size * config.protocol.rounds, offers=True
        )
        for task, config in asked
    ]


class Ledger:
    """The blocks in a folder of shards, by identity; a shard is read through once before its rows are trusted."""

    def __init__(self, folder: Path) -> None:
        """Read every sidecar; what is damaged or was left half-written is removed."""
        self.folder = folder
        self.shards: dict[str, shards.Shard] = {}
        self.blocks: dict[str, list[tuple[shards.Held, str]]] = {}
        self.trusted: set[str] = set()
        self.damaged = 0
        for path in folder.glob(f"*{shards.ASIDE}"):
            path.unlink(missing_ok=True)
        for path in sorted(folder.glob(f"*{shards.SIDECAR}")):
            if len(path.stem) == shards.LENGTH:
                self._admit(path)
        for path in folder.glob(f"*{shards.ROWS}"):
            if path.stem not in self.shards:
                path.unlink(missing_ok=True)

    def _admit(self, path: Path) -> None:
        shard = shards.read_sidecar(path)
        if shard is None or shard.name != path.stem:
            self.damaged += 1
            shards.remove(self.folder, path.stem)
            return
        self.add(shard)

    def add(self, shard: shards.Shard, *, trusted: bool = False) -> None:
        """Take a shard in."""
        self.shards[shard.name] = shard
        for block in shard.blocks:
            self.blocks.setdefault(block.identity, []).append((block, shard.name))
        if trusted:
            self.trusted.add(shard.name)

    def trust(self, wanted: Iterable[str]) -> None:
        """Read through the shards that hold blocks of these identities; drop those that are not whole."""
        names = {name for identity in wanted for _, name in self.blocks.get(identity, ())}
        for name in sorted(names - self.trusted):
            if shards.is_whole(self.folder, self.shards[name]):
                self.trusted.add(name)
            else:
                self.damaged += 1
                self._drop(name)

    def _drop(self, name: str) -> None:
        for block in self.shards.pop(name).blocks:
            self.blocks[block.identity] = [entry for entry in self.blocks[block.identity] if entry[1] != name]
        shards.remove(self.folder, name)

    def cover(self, task: Task) -> tuple[list[Span], list[Gap]]:
        """Return where a cell's worlds stand, in their order, and which are missing."""
        held = self.blocks.get(task.identity, ())
        if len(held) == 1:
            block, name = held[0]
            if block.first == 0 and block.worlds >= task.worlds and not task.offers:  # as nearly always
                return [Span(name, block.offset, task.worlds * task.size)], []
        return _covered(task, held)

    def forget(self, wanted: Iterable[str]) -> int:
        """Remove shards that hold none of these identities, whose code or data are gone; return how many."""
        known = set(wanted)
        old = [s.name for s in self.shards.values() if not any(b.identity in known for b in s.blocks)]
        for name in old:
            self._drop(name)
        return len(old)


def _covered(task: Task, held: Sequence[tuple[shards.Held, str]]) -> tuple[list[Span], list[Gap]]:
    spans, gaps, at = [], [], 0
    while at < task.worlds:
        here = [entry for entry in held if _serves(entry[0], task, at)]
        if here:
            block, name = max(here, key=lambda entry: (entry[0].first + entry[0].worlds, entry[1]))
            stop = min(block.first + block.worlds, task.worlds)
            start, rows = (at - block.first) * task.size, (stop - at) * task.size
            spans.append(
                Span(name, block.offset, block.rows) if task.offers else Span(name, block.offset + start, rows)
            )
        else:
            stop = min([task.worlds, *(b.first for b, _ in held if b.first > at)])
            gaps.append(Gap(task, at, stop - at))
        at = stop
    return spans, gaps


def _serves(block: shards.Held, task: Task, at: int) -> bool:
    """Say whether rows from world `at` on can be taken out of a block; offers are taken whole."""
    stop = block.first + block.worlds
    return block.first == at and stop <= task.worlds if task.offers else block.first <= at < stop


def gaps_of(ledger: Ledger, todo: Iterable[Task]) -> list[Gap]:
    """Return what is to be played; cells with the same identity share their worlds."""
    most: dict[str, Task] = {}
    for task in todo:
        known = most.get(task.identity)
        if known is None or task.worlds > known.worlds:
            most[task.identity] = task
    return [gap for task in most.values() for gap in ledger.cover(task)[1]]


def pieces(gaps: Sequence[Gap], rows: int, workers: int) -> Iterator[Piece]:
    """Yield pieces of work of `rows` rows at most, fewer where several workers are to be kept busy.

    One worker takes its pieces as it goes along: their cells are then as many as it plays in a few seconds.
    """
    most = FIRST_CELLS if workers == 1 else SHARED_CELLS
    if workers > 1:
        total = sum(gap.worlds * gap.task.size for gap in gaps)
        rows = max(min(rows, -(-total // (workers * SHARES))), min(rows, LEAST_ROWS))
        most = max(1, min(most, -(-len(gaps) // (workers * SHARES))))
    piece, filled = [], 0
    for gap in _cut(gaps, rows):
        size = gap.worlds * gap.task.size
        if piece and (filled + size > rows or len(piece) >= most):
            begun = time.monotonic()
            yield piece
            if workers == 1:
                most = _paced(most, time.monotonic() - begun)
            piece, filled = [], 0
        piece.append(gap)
        filled += size
    if piece:
        yield piece


def _paced(most: int, seconds: float) -> int:
    """Return how many cells the next piece may have when one of `most` took so long.

    >>> _paced(256, 0.1), _paced(256, 2.0), _paced(256, 30.0)
    (512, 256, 128)
    """
    short, long = PIECE_SECONDS
    return min(2 * most, PIECE_CELLS) if seconds < short else max(most // 2, 1) if seconds > long else most


def _cut(gaps: Iterable[Gap], rows: int) -> Iterator[Gap]:
    """Yield gaps, those of more than `rows` rows in parts."""
    for gap in gaps:
        step = max(1, rows // gap.task.size)
        if gap.worlds <= step:
            yield gap
            continue
        for first in range(gap.first, gap.first + gap.worlds, step):
            yield Gap(gap.task, first, min(step, gap.first + gap.worlds - first))


def layout(ledger: Ledger, todo: Sequence[Task], number: Mapping[str, int]) -> tuple[np.ndarray, ...]:
    """Return the rows of all cells as arrays (cell, shard, start, rows), in the order of the design and of worlds."""
    found = [(task.cell, number[s.shard], s.start, s.rows) for task in todo for s in ledger.cover(task)[0]]
    return tuple(np.array(found, dtype=np.int64).reshape(-1, 4).T)
