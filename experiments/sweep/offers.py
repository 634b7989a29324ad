"""Every offer of a sweep, on request (`offers: true`): cells are played once more, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from experiments.build import Lab, build
from experiments.sweep.work import TEXT, Block
from sim.results import offers_table

_KINDS = {"world": pa.int64(), "talk": TEXT, "round": pa.int64(), "speaker": TEXT, "package": pa.int32()}
FIELDS = {name: pa.field(name, kind) for name, kind in _KINDS.items()}


def play_offers(blocks: Sequence[Block]) -> tuple[pa.Table, list[tuple[int, int]]]:
    """Return the offers of blocks of cells that play without error, and where each block's stand: (offset, rows)."""
    labs: dict[str, Lab] = {}
    tables, spans, at = [], [], 0
    for block in blocks:
        if block.cell.key not in labs:
            labs = {block.cell.key: build(block.cell.config)}  # blocks of a cell stand side by side
        found = list(_offers(labs[block.cell.key], block))
        rows = sum(table.num_rows for table in found)
        tables += found
        spans.append((at, rows))
        at += rows
    return pa.concat_tables(tables).unify_dictionaries(), spans


def _offers(lab: Lab, block: Block) -> Iterator[pa.Table]:
    """Play a block in chunks that fit into memory; offers world by world, talk by talk, round by round."""
    _, size = next(lab.chunks())
    stop = block.first + block.worlds
    for first in range(block.first, stop, size):
        table = offers_table(lab.play(first, min(size, stop - first))).combine_chunks()
        talk = table.column("talk").chunk(0)
        place = np.array([list(lab.config.talks).index(name) for name in talk.dictionary.to_pylist()])
        order = (table.column("round").to_numpy(), place[talk.indices.to_numpy()], table.column("world").to_numpy())
        yield table.take(pa.array(np.lexsort(order)))
