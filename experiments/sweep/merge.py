"""From shards to one result: tables in the order of the design whose bytes depend on the sweep alone.

Row groups, columns, types and dictionaries follow from the plan; which shard a row comes from leaves no trace. Rows
stream through memory, a row group at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.sweep import shards
from sim.results import COMPRESSION, ROW_GROUP

GROUPS_A_FILE = 8  # row groups of a file
KEPT = 64  # batches of shards held in memory


@dataclass(frozen=True)
class Source:
    """Where the rows come from: shards by number, and spans of them as arrays (n,) in the order of the result."""

    folder: Path
    names: Sequence[str]
    cell: np.ndarray
    shard: np.ndarray
    start: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class Shape:
    """What the result looks like: columns of the cells (by cell), fields of the rows, words of each text column."""

    cells: Mapping[str, pa.Array]
    fields: Sequence[pa.Field]
    words: Mapping[str, tuple[str, ...]]

    @property
    def schema(self) -> pa.Schema:
        """The schema of every file."""
        return pa.schema([*(pa.field(name, a.type) for name, a in self.cells.items()), *self.fields])


def merge(source: Source, shape: Shape, folder: Path, stem: str, seen: Callable[[int], None]) -> int:
    """Write stem-00000.parquet ... into a folder and return the rows; `seen` is told how many after each group."""
    loader = Loader(source, shape)
    total, number = 0, -1
    writer = None
    try:
        for group, table in enumerate(groups(source, shape, loader)):
            if group % GROUPS_A_FILE == 0:
                if writer is not None:
                    writer.close()
                number += 1
                path = folder / f"{stem}-{number:05d}.parquet"
                writer = pq.ParquetWriter(path, shape.schema, compression=COMPRESSION)
            writer.write_table(table, row_group_size=ROW_GROUP)
            total += table.num_rows
            seen(table.num_rows)
    finally:
        if writer is not None:
            writer.close()
    return total


def groups(source: Source, shape: Shape, loader: Loader) -> Iterator[pa.Table]:
    """Yield the result in tables of ROW_GROUP rows."""
    ends = np.cumsum(source.rows)
    total = int(ends[-1]) if len(ends) else 0
    for low in range(0, total, ROW_GROUP):
        place = np.arange(low, min(low + ROW_GROUP, total))
        span = np.searchsorted(ends, place, side="right")
        row = source.start[span] + place - (ends[span] - source.rows[span])
        table = loader.rows(source.shard[span], row)
        cells = pa.array(source.cell[span])
        columns = [array.take(cells) for array in shape.cells.values()]
        yield pa.table([*columns, *table.columns], schema=shape.schema)


class Loader:
    """Takes rows out of shards, in the shape of the result; keeps the batches read last."""

    def __init__(self, source: Source, shape: Shape) -> None:
        """Open no file yet."""
        self.source, self.shape = source, shape
        self.schema = pa.schema(list(shape.fields))
        self.files: OrderedDict[int, shards.Reader] = OrderedDict()
        self.batches: OrderedDict[tuple[int, int], pa.RecordBatch] = OrderedDict()

    def rows(self, shard: np.ndarray, row: np.ndarray) -> pa.Table:
        """Return rows `row` (n,) of shards `shard` (n,), in this order and in one piece."""
        code = shard * (1 << 40) + row // shards.BATCH
        change = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
        order = None
        if len(change) > len(np.unique(code[change])):  # a batch is come back to: take its rows at once
            order = np.argsort(code, kind="stable")
            code, row, shard = code[order], row[order], shard[order]
            change = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
        parts = []
        for low, high in zip(change, np.r_[change[1:], len(code)]):
            number = int(row[low]) // shards.BATCH
            parts.append(taken(self.batch(int(shard[low]), number), row[low:high] - number * shards.BATCH))
        table = pa.Table.from_batches(parts, self.schema).combine_chunks()
        if order is None:
            return table
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return table.take(pa.array(back)).combine_chunks()

    def batch(self, shard: int, number: int) -> pa.RecordBatch:
        """Return a batch of a shard in the shape of the result."""
        key = shard, number
        if key not in self.batches:
            self.batches[key] = self._shaped(self._file(shard).batch(number))
        self.batches.move_to_end(key)
        if len(self.batches) > KEPT:
            self.batches.popitem(last=False)
        return self.batches[key]

    def _file(self, shard: int) -> shards.Reader:
        if shard not in self.files:
            self.files[shard] = shards.Reader(self.source.folder / f"{self.source.names[shard]}{shards.ROWS}")
        self.files.move_to_end(shard)
        if len(self.files) > KEPT:
            self.files.popitem(last=False)
        return self.files[shard]

    def _shaped(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return a batch with the result's columns: missing ones null, texts coded by the result's words."""
        names = set(batch.schema.names)
        columns = []
        for field in self.shape.fields:
            if field.name not in names:
                columns.append(pa.nulls(batch.num_rows, field.type))
                continue
            column = batch.column(field.name)
            words = self.shape.words.get(field.name)
            columns.append(column.cast(field.type) if words is None else recoded(column, words))
        return pa.record_batch(columns, schema=self.schema)


def taken(batch: pa.RecordBatch, rows: np.ndarray) -> pa.RecordBatch:
    """Return rows (n,) of a batch; neighbours in their order are cut out without a copy."""
    if rows[-1] - rows[0] + 1 == len(rows) and (np.diff(rows) == 1).all():
        return batch.slice(int(rows[0]), len(rows))
    return batch.take(pa.array(rows))


def recoded(column: pa.Array, words: Sequence[str]) -> pa.Array:
    """Return a text column coded by these words.

    >>> recoded(pa.array(["b", "a", None]).dictionary_encode(), ["a", "b"]).indices.to_pylist()
    [1, 0, None]
    """
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    at = {word: place for place, word in enumerate(words)}
    places = pa.array([at.get(word) for word in column.dictionary.to_pylist()], pa.int32())
    return pa.DictionaryArray.from_arrays(places.take(column.indices), pa.array(list(words), pa.string()))
