"""The Pareto frontier of a package table, alone and with lotteries over packages.

Every solution concept here looks at the frontier only, so a table is reduced to it once. A table is given either as
`u` of shape (..., P, 2) or, when the worlds of a run share private types, as `Pairs(u0, u1, a, b)`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-9  # payoffs (bn USD a year) closer than this are the same payoff
TIE = 1e-12  # relative: products, ratios and slopes closer than this are the same
BLOCK = 80_000  # numbers held at once by a pass over tables; stays inside a core's cache


class Pairs(NamedTuple):
    """Tables of M worlds told by type: world m has utilities u0[a[m]] for side 0 and u1[b[m]] for side 1."""

    u0: np.ndarray  # (K0, P) utilities of side 0's types, bn USD a year
    u1: np.ndarray  # (K1, P) utilities of side 1's types
    a: np.ndarray  # (...,) type of side 0 in each world
    b: np.ndarray  # (...,) type of side 1 in each world


@dataclass(frozen=True, eq=False)
class Frontier:
    """Efficient packages of D distinct tables, end to end, and which table each world faces.

    Table t owns entries start[t]:start[t+1], in order of falling u0, which is also rising u1.
    """

    start: np.ndarray  # (D + 1,) int
    row: np.ndarray  # (F,) int, row of the package in its table
    u0: np.ndarray  # (F,) bn USD a year
    u1: np.ndarray  # (F,) bn USD a year
    table: np.ndarray  # (...,) int, the worlds' tables

    def of(self, world=()):
        """Rows (n,) and payoffs (n, 2) on the frontier of one world, best for side 0 first."""
        table = int(self.table[world])
        cut = slice(self.start[table], self.start[table + 1])
        return self.row[cut], np.stack([self.u0[cut], self.u1[cut]], axis=-1)

    def entries(self, tables):
        """Entry numbers of the given tables (M,) end to end, and where each begins (M,)."""
        size = self.start[tables + 1] - self.start[tables]
        begin = np.cumsum(size) - size
        return np.arange(size.sum()) + np.repeat(self.start[tables] - begin, size), begin


def frontier(u) -> Frontier:
    """Exact Pareto set of each table: packages no other package weakly beats for both sides and strictly for one.

    `u`: (..., P, 2), `Pairs`, or a `Frontier` (returned as it is). Payoffs are compared exactly as given; of
    packages with equal payoffs the lowest row stands for all. Pareto (1906); Mas-Colell, Whinston & Green 1995, 16.B.

    >>> rows, payoffs = frontier(np.array([[0., 3.], [2., 2.], [1., 1.], [3., 0.], [2., 2.]])).of()
    >>> rows.tolist(), payoffs.tolist()
    ([3, 1, 0], [[3.0, 0.0], [2.0, 2.0], [0.0, 3.0]])
    """
    if isinstance(u, Frontier):
        return u
    pairs = as_pairs(u)
    a, b, table = _distinct(pairs)
    parts, sizes = [], []
    for cut in blocks(np.full(len(a), pairs.u0.shape[-1])):
        world, row, x, y, group, best = _candidates(pairs, a[cut], b[cut])
        if len(group) > group[-1] + 1:  # some share their u0: the best u1 of each, under its lowest row
            lead, top = _leads(group), _leads(group, last=True)
            row = np.minimum.reduceat(np.where(best, row, np.iinfo(row.dtype).max), lead)
            world, x, y = world[lead], x[lead], y[top]
        keep = np.flatnonzero(_rising(world, y))
        parts.append((row[keep], x[keep], y[keep]))
        sizes.append(np.bincount(world[keep], minlength=len(a[cut])))
    row, x, y = (np.concatenate(part) for part in zip(*parts))
    start = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return Frontier(start, row, x, y, table)


def pareto_mask(u) -> np.ndarray:
    """Which packages are efficient, (..., P) bool; packages with equal payoffs are all marked. Source as `frontier`.

    >>> pareto_mask(np.array([[0., 3.], [2., 2.], [1., 1.], [3., 0.], [2., 2.]])).tolist()
    [True, True, False, True, True]
    """
    pairs = as_pairs(u)
    a, b, table = _distinct(pairs)
    mask = np.zeros((len(a), pairs.u0.shape[-1]), bool)
    for cut in blocks(np.full(len(a), pairs.u0.shape[-1])):
        world, row, _, y, group, best = _candidates(pairs, a[cut], b[cut])
        keep = _rising(world[_leads(group)], y[_leads(group, last=True)])
        mine = best & keep[group]
        mask[cut.start + world[mine], row[mine]] = True
    return mask[table]


def hull(u) -> Frontier:
    """Corners of the frontier when lotteries over packages are allowed: its concave hull, in the same order.

    A package on or below the line between two others is dropped (within TIE). Nash (1950): lotteries convexify.

    >>> hull(np.array([[0., 3.], [1., 1.2], [2., 1.], [3., 0.]])).of()[0].tolist()
    [3, 0]
    """
    f = frontier(u)
    table = np.repeat(np.arange(len(f.start) - 1), np.diff(f.start))
    row, x, y = f.row, f.u0, f.u1
    while True:
        keep = np.ones(len(row), bool)
        dx, dy = x[2:] - x[:-2], y[2:] - y[:-2]
        height = (x[1:-1] - x[:-2]) * dy - (y[1:-1] - y[:-2]) * dx
        keep[1:-1] = (table[2:] != table[:-2]) | (height > TIE * np.abs(dx * dy))
        if keep.all():
            break
        table, row, x, y = table[keep], row[keep], x[keep], y[keep]
    start = np.concatenate([[0], np.cumsum(np.bincount(table, minlength=len(f.start) - 1))])
    return Frontier(start, row, x, y, f.table)


def as_pairs(u) -> Pairs:
    """A table (..., P, 2) or `Pairs`, checked, as `Pairs`; a payoff that is not finite is a ValueError later on."""
    if isinstance(u, Pairs):
        u0, u1 = (np.asarray(x, float) for x in (u.u0, u.u1))
        a, b = np.broadcast_arrays(np.asarray(u.a), np.asarray(u.b))
        for name, x, types in (("a", a, u0), ("b", b, u1)):
            if x.dtype.kind not in "iu" or (x.size and (x.min() < 0 or x.max() >= len(types))):
                raise ValueError(
                    f"pairs.{name}: types must be whole numbers from 0 to {len(types) - 1}\n"
                    f"got {x.dtype} from {x.min()} to {x.max()}"
                )
    else:
        u = np.asarray(u, float)
        if u.ndim < 2 or u.shape[-1] != 2:
            raise ValueError(f"utilities u: shape {u.shape} is not (..., packages, 2), one column a side")
        lead, flat = u.shape[:-2], u.reshape(int(np.prod(u.shape[:-2])), *u.shape[-2:])
        u0, u1 = flat[..., 0], flat[..., 1]
        a = b = np.arange(len(flat)).reshape(lead)
    if u0.ndim != 2 or u0.shape[-1:] != u1.shape[-1:] or u1.ndim != 2:
        raise ValueError(f"utilities: u0 {u0.shape} and u1 {u1.shape} must be (types, packages), packages alike")
    if u0.shape[-1] == 0 or a.size == 0:
        raise ValueError("utilities: the table is empty; a talk needs at least one package and one world")
    return Pairs(u0, u1, a, b)


def blocks(sizes):
    """Slices of items whose sizes (M,) add to at most BLOCK numbers (a larger item stands alone)."""
    ends = np.cumsum(sizes)
    first = 0
    while first < len(ends):
        used = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, used + BLOCK, side="right")))
        yield slice(first, last)
        first = last


def _distinct(pairs):
    """Distinct type pairs (D,), (D,) sorted by side 0's type, and each world's place among them (...,)."""
    width = len(pairs.u1)
    code, table = np.unique(pairs.a.astype(np.int64) * width + pairs.b, return_inverse=True)
    return code // width, code % width, table.reshape(pairs.a.shape)


def _candidates(pairs, a, b):
    """Entries that reach the best u1 so far when a table is read by falling u0; a group shares world and u0.

    Returns world, row, u0, u1, group number, and whether the entry has the group's best u1, all (n,).
    """
    types, mine = np.unique(a, return_inverse=True)
    x = _finite(pairs.u0[types], "u0")
    order = np.argsort(-x, axis=-1)
    x = np.take_along_axis(x, order, axis=-1)
    y = np.take_along_axis(_finite(pairs.u1[b], "u1"), order[mine], axis=-1)
    world, place = np.nonzero(y >= np.maximum.accumulate(y, axis=-1))
    row, x, y = order[mine[world], place], x[mine[world], place], y[world, place]
    group = np.cumsum(np.concatenate([[False], (world[1:] != world[:-1]) | (x[1:] < x[:-1])]))
    best = y >= y[_leads(group, last=True)][group]
    return world, row, x, y, group, best


def _leads(group, last=False):
    """First (or last) entry of each group, for groups numbered in order."""
    change = np.flatnonzero(group[1:] != group[:-1])
    return np.append(change, len(group) - 1) if last else np.append(0, change + 1)


def _rising(world, y):
    """Whether y beats the entry before it in the same world; the first of a world always does."""
    return np.concatenate([[True], (world[1:] != world[:-1]) | (y[1:] > y[:-1])])


def _finite(x, name):
    if not np.isfinite(x).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(
            f"utilities {name}: {x[at]} at package {at[-1]} is not a payoff\n"
            "every package needs a finite utility for both sides; drop the package or mend its trade state"
        )
    return x
