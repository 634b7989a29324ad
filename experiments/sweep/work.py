"""What a worker plays: blocks of worlds of checked cells, to rows; a cell that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from experiments.build import Lab, build
from experiments.sweep.herds import Herds, message, sorted_out
from sim.columns import HOME, HUB, TALKS, WITHDRAWN
from sim.results import talks_table

if TYPE_CHECKING:
    from experiments.sweep.cells import Cell

STATES_SOLVED = b"trade_states_solved"  # metadata of a played table: how many trade states were solved for it
BEFORE_ISSUES = "package"  # the column after which a talk's issues stand
TEXT = pa.dictionary(pa.int32(), pa.string())
_KINDS = {"text": TEXT, "whole": pa.int64(), "yes/no": pa.bool_()}
FIELDS, SOME_FIELDS = (  # columns of every run; columns of runs with ratification, protection that moves, a hub
    {column.name: pa.field(column.name, _KINDS.get(column.kind, pa.float64())) for column in columns}
    for columns in (TALKS, (*HOME, *WITHDRAWN, *HUB))
)


class Block(NamedTuple):
    """Worlds first ... first + worlds - 1 of one cell."""

    cell: Cell
    first: int
    worlds: int


_HERDS = Herds()
Played = tuple[pa.Table, list[tuple[int, int]], dict[int, str]]


def play_blocks(blocks: Sequence[Block]) -> Played:
    """Play blocks of worlds and return their rows, where each block's rows stand, and what failed.

    Rows are those of sim.results.talks_table, block after block, with the issue columns of all blocks (null where a
    block's talks lack the issue); then (offset, rows) of each block, and {index of the block: message}.
    """
    tables, parts, errors, solved = _HERDS.play(blocks)
    order, found = sorted_out(parts)
    table = joined(tables)
    table = table.slice(0, sum(rows for _, rows in found.values())) if order is None else table.take(pa.array(order))
    spans, at = [], 0
    for number in range(len(blocks)):
        at, rows = found.get(number, (at, 0))
        spans.append((at, rows))
        at += rows
    return table.replace_schema_metadata({STATES_SOLVED: str(solved)}), spans, errors


def play_blocks_naive(blocks: Sequence[Block]) -> Played:
    """Play one block after the other, a lab for each cell: the reference that any faster way must equal."""
    labs: dict[str, Lab | str] = {}
    tables, spans, errors, at = [], [], {}, 0
    for number, block in enumerate(blocks):
        played = _attempt(block, labs)
        if isinstance(played, str):
            errors[number] = played
        else:
            tables.append(played)
        rows = 0 if isinstance(played, str) else played.num_rows
        spans.append((at, rows))
        at += rows
    solved = sum(lab.assessor.count for lab in labs.values() if isinstance(lab, Lab))
    return joined(tables).replace_schema_metadata({STATES_SOLVED: str(solved)}), spans, errors


def _attempt(block: Block, labs: dict[str, Lab | str]) -> pa.Table | str:
    """Return the rows of a block, or what went wrong; a full disk or memory is no cell's fault and is raised."""
    key = block.cell.key
    if isinstance(labs.get(key), str):
        return labs[key]
    try:
        if key not in labs:
            labs[key] = build(block.cell.config)
        return _rows(labs[key], block)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a strategy of the user's may raise anything
        if key not in labs:
            labs[key] = message(error)
        return message(error)


def _rows(lab: Lab, block: Block) -> pa.Table:
    """Play a block in chunks that fit into memory."""
    _, size = next(lab.chunks())
    stop = block.first + block.worlds
    parts = [talks_table(lab.play(first, min(size, stop - first))) for first in range(block.first, stop, size)]
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables of talks one after the other, in one piece a column, columns in the order of docs/results.md."""
    if not tables:
        return pa.schema(list(FIELDS.values())).empty_table()
    names = in_order(dict.fromkeys(name for table in tables for name in table.column_names))
    table = pa.concat_tables([t.replace_schema_metadata(None) for t in tables], promote_options="default")
    return table.select(names).unify_dictionaries().combine_chunks()


def in_order(names) -> list[str]:
    """Return columns of talks in their order: issues, as they first appear, after the package; what few have, last.

    >>> in_order(["world", "package", "a_pct", "demander_utility", "b_busd"])
    ['world', 'package', 'a_pct', 'b_busd', 'demander_utility']
    """
    names = list(names)
    issues = [name for name in names if name not in FIELDS and name not in SOME_FIELDS]
    fixed, some = ([name for name in own if name in names] for own in (FIELDS, SOME_FIELDS))
    cut = fixed.index(BEFORE_ISSUES) + 1
    return fixed[:cut] + issues + fixed[cut:] + some
