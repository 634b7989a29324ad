"""A sweep's talks reduced to one row a cell and talk: shares with Wilson intervals, means with t intervals, quantiles.

The tables are read piece by piece, so memory is bounded by the larger of PIECE rows and the largest cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from scipy.special import ndtri, stdtrit

from experiments.messages import UserError
from sim.rare import RARE
from sim.results import OF_EVERY_RUN, write

SUMMARY, SUMMARY_CSV, CELLS, SHARDS = "summary.parquet", "summary.csv", "cells.parquet", "talks-*.parquet"
OF_CELLS = ("cell", "key", "status")  # columns of cells.parquet that are not swept
LEVEL = 0.95  # of every interval
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
ALWAYS = ("rounds_talked", "demander_payoff", "partner_payoff", "demander_surplus_share")  # measures beside the issues
SHARES = {"deal": "deal_rate", "zone_of_agreement": "zone_rate"}  # yes/no column: the share of worlds in the summary
PIECE = 1 << 20  # rows read before complete cells are reduced


class Statistics(NamedTuple):
    """Statistics of groups (G,): how many are defined, mean and its interval, quantiles (Q, G); NaN: undefined."""

    n: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    quantiles: np.ndarray


class Groups(NamedTuple):
    """Rows of one talk cut into cells: rows (M,), first of each cell within them (G,), and how many (G,)."""

    rows: np.ndarray
    start: np.ndarray
    size: np.ndarray


def summarise(folder: Path) -> Path:
    """Write summary.parquet and summary.csv into a sweep's folder, one row a cell and talk; return the first.

    UserError where the folder holds no talks. Equal talks give equal bytes.
    """
    folder = Path(folder)
    files = sorted(folder.glob(SHARDS))
    if not files:
        raise UserError(f"'{folder}' holds no talks-*.parquet: it is no sweep, or no cell of it could be played")
    cells = pq.read_table(folder / CELLS)
    names = pq.read_schema(files[0]).names
    measures = [*issues_of(names, swept(cells)), *ALWAYS]
    wanted = ["cell", "talk", "demander", "partner", *SHARES, *measures]
    parts = [reduced(piece, measures) for piece in pieces(files, wanted)]
    table = with_parameters(pa.concat_tables(parts, promote_options="default"), cells)
    write(table, folder / SUMMARY)
    pc.write_csv(table, folder / SUMMARY_CSV)
    return folder / SUMMARY


def swept(cells: pa.Table) -> list[str]:
    """Return the swept keys among the columns of cells.parquet."""
    return [name for name in cells.column_names if name not in OF_CELLS]


def issues_of(names: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Return the columns of a sweep's talks that are agreed levels of issues.

    >>> issues_of(["cell", "talks.japan.stick.threat_pct", "world", "us_tariff_pct"], ["talks.japan.stick.threat_pct"])
    ['us_tariff_pct']
    """
    known = OF_EVERY_RUN | RARE | {*keys, *OF_CELLS}
    return [name for name in names if name not in known]


def pieces(files: Sequence[Path], columns: Sequence[str], least: int = PIECE) -> Iterator[pa.Table]:
    """Yield tables of whole cells, `least` rows or more each but for the last, from files in the order of cells."""
    held: list[pa.Table] = []
    for file in files:
        with pq.ParquetFile(file) as reader:
            for number in range(reader.num_row_groups):
                group = reader.read_row_group(number, columns=list(columns))
                held.append(group)
                if sum(part.num_rows for part in held) < least:
                    continue
                cells = group.column("cell").to_numpy()
                cut = int(np.searchsorted(cells, cells[-1]))
                if cut == 0 and len(held) > 1 and held[-2].column("cell")[-1].as_py() == int(cells[0]):
                    continue  # all of it belongs to a cell that began before
                ready = [*held[:-1], *([group.slice(0, cut)] if cut else [])]
                held = [group.slice(cut)]
                if ready:
                    yield pa.concat_tables(ready)
    if held:
        yield pa.concat_tables(held)


def reduced(piece: pa.Table, measures: Sequence[str]) -> pa.Table:
    """Return one row a cell and talk of a table of whole cells, in the order in which they appear."""
    piece = piece.unify_dictionaries().combine_chunks()
    cell = piece.column("cell").to_numpy()
    talks = piece.column("talk").chunk(0)
    known = talks.dictionary.to_pylist() if pa.types.is_dictionary(talks.type) else None
    if known is None:
        talks = talks.dictionary_encode()
        known = talks.dictionary.to_pylist()
    codes = talks.indices.to_numpy()
    found = [(name, groups(cell, codes == k)) for k, name in enumerate(known)]
    found = [(name, own) for name, own in found if len(own.rows)]
    first = np.concatenate([own.rows[own.start] for _, own in found])
    order = np.argsort(first)
    sizes = np.concatenate([own.size for _, own in found])[order]
    out = {"cell": cell[first[order]], "talk": np.repeat([n for n, _ in found], [len(o.size) for _, o in found])[order]}
    for side in ("demander", "partner"):
        out[side] = piece.column(side).take(pa.array(first[order])).cast(pa.string())
    out["worlds"] = sizes
    for column, name in SHARES.items():
        out |= _shares(piece, column, name, [own for _, own in found], order)
    for measure in measures:
        values = piece.column(measure).to_numpy().astype(float)
        parts = [statistics(values, own) for _, own in found]
        out |= _columns(measure, [np.concatenate(part, axis=-1)[..., order] for part in zip(*parts)])
    return pa.table({k: v if isinstance(v, pa.ChunkedArray) else _array(v) for k, v in out.items()})


def groups(cell: np.ndarray, mine: np.ndarray) -> Groups:
    """Return the rows where `mine` (M,) holds, cut where the cell changes."""
    rows = np.flatnonzero(mine)
    own = cell[rows]
    start = np.flatnonzero(np.r_[True, own[1:] != own[:-1]]) if len(rows) else rows
    return Groups(rows, start, np.diff(np.r_[start, len(rows)]))


def statistics(values: np.ndarray, own: Groups) -> Statistics:
    """Return the statistics of values (rows of a piece) in each group (G,); groups of one size are done at once."""
    values = values[own.rows]
    out = Statistics(*(np.empty(len(own.size)) for _ in range(4)), np.empty((len(QUANTILES), len(own.size))))
    for size in np.unique(own.size):
        these = np.flatnonzero(own.size == size)
        block = values[own.start[these][:, None] + np.arange(size)]
        for kept, found in zip(out, of_rows(block)):
            kept[..., these] = found
    return out


def of_rows(block: np.ndarray) -> Statistics:
    """Return the statistics of the rows of a block (G, W), NaN left out.

    Mean with Student's t interval, n - 1 degrees of freedom; quantiles by linear interpolation between order
    statistics (type 7 of Hyndman & Fan 1996).

    >>> found = of_rows(np.array([[1.0, 3.0, 2.0, np.nan]]))
    >>> found.n.tolist(), found.mean.tolist(), found.quantiles[2].tolist()
    ([3.0], [2.0], [2.0])
    """
    block = np.sort(block, axis=-1)  # NaN last
    known = ~np.isnan(block)
    n = np.add.reduce(known, axis=-1, dtype=float)
    some, two = np.maximum(n, 1.0), np.maximum(n - 1.0, 1.0)
    mean = np.add.reduce(np.where(known, block, 0.0), axis=-1) / some
    away = np.where(known, block - mean[:, None], 0.0)
    half = np.sqrt(np.add.reduce(away * away, axis=-1) / two / some) * stdtrit(two, 0.5 + LEVEL / 2.0)
    half = np.where(n >= 2, half, np.nan)
    mean = np.where(n >= 1, mean, np.nan)
    at = np.maximum(n - 1.0, 0.0) * np.array(list(QUANTILES.values()))[:, None]
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, np.maximum(n - 1, 0).astype(int))
    rows = np.arange(len(block))
    low, high = block[rows, below], block[rows, above]
    return Statistics(n, mean, mean - half, mean + half, low + (high - low) * (at - below))


def wilson(count: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of shares count / n: Wilson (1927), level LEVEL.

    >>> [round(float(end), 4) for end in wilson(np.array(0), np.array(10))]
    [0.0, 0.2775]
    """
    z = ndtri(0.5 + LEVEL / 2.0)
    share, total = count / n, n + z * z
    middle = (count + z * z / 2.0) / total
    half = z / total * np.sqrt(n * share * (1.0 - share) + z * z / 4.0)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def with_parameters(table: pa.Table, cells: pa.Table) -> pa.Table:
    """Return a table with the swept keys of each row's cell behind the column `cell`; `worlds` is there already."""
    position = np.empty(int(cells.column("cell").to_numpy().max()) + 1, dtype=int)
    position[cells.column("cell").to_numpy()] = np.arange(cells.num_rows)
    rows = pa.array(position[table.column("cell").to_numpy()])
    for place, key in enumerate((k for k in swept(cells) if k not in table.column_names), start=1):
        column = cells.column(key).take(rows)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        table = table.add_column(place, key, column)
    return table


def _shares(piece: pa.Table, column: str, name: str, found: list[Groups], order: np.ndarray) -> dict:
    """Return how many worlds of each group say yes (for deals), their share, and its interval."""
    yes = piece.column(column).to_numpy().astype(np.int64)
    count = np.concatenate([np.add.reduceat(yes[own.rows], own.start) for own in found])[order]
    n = np.concatenate([own.size for own in found])[order]
    low, high = wilson(count, n)
    total = {"deals": count} if column == "deal" else {}
    return total | {name: count / n, f"{name}_low": low, f"{name}_high": high}


def _columns(measure: str, parts: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the summary's columns of one measure."""
    n, mean, low, high, quantiles = parts
    out = {f"{measure}_n": n.astype(np.int64), f"{measure}_mean": mean, f"{measure}_low": low, f"{measure}_high": high}
    return out | {f"{measure}_{name}": value for name, value in zip(QUANTILES, quantiles)}


def _array(values: np.ndarray) -> pa.Array:
    """Return a column; NaN is null."""
    return pa.array(values, from_pandas=True)
