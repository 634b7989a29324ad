"""Cooperative solutions of a talk on its packages: Nash, Kalai-Smorodinsky, egalitarian, utilitarian.

Each takes the packages that leave neither side below its threat point (the zone of agreement) and ranks them.
Ties are broken in a stated order and end with the lowest row. Lotteries over packages: lotteries.py.
"""

from typing import NamedTuple

import numpy as np

from sim.solutions.frontier import TIE, TOLERANCE, Frontier, blocks, frontier


class Point(NamedTuple):
    """A solution on the packages of each world."""

    row: np.ndarray  # (...,) int, the package; -1 where no package is worth it to both
    payoffs: np.ndarray  # (..., 2) bn USD a year, NaN there
    zone: np.ndarray  # (...,) bool, whether there is a zone of agreement


class Cooperative(NamedTuple):
    """The four cooperative solutions of the same worlds."""

    nash: Point
    kalai_smorodinsky: Point
    egalitarian: Point
    utilitarian: Point


class Gains(NamedTuple):
    """Efficient packages of a block of worlds, end to end, as gains over the threat point."""

    begin: np.ndarray  # (m,) where each world's entries begin
    world: np.ndarray  # (n,) world of each entry, counted inside the block
    g: np.ndarray  # (2, n) gains, bn USD a year, not below 0 inside the zone
    inside: np.ndarray  # (n,) individually rational within TOLERANCE
    weight: np.ndarray  # (n,) side 0's bargaining weight


def nash(u, d, weight=0.5) -> Point:
    """Nash solution: the package with the largest (u0-d0)^w (u1-d1)^(1-w) in the zone of agreement.

    `u`: (..., P, 2), `Pairs` or `Frontier`; threat point d (..., 2); weight w of side 0 in (0, 1), (...,).
    Ties: larger sum of gains, then lowest row. Nash (1950); with weights Kalai (1977), Roth (1979).

    >>> nash(np.array([[0., 4.], [1., 3.], [3., 2.], [4., 0.]]), d=[0., 1.]).payoffs.tolist()
    [3.0, 2.0]
    """
    return _solve(u, d, [_nash_keys], check_weight(weight))[0]


def kalai_smorodinsky(u, d) -> Point:
    """Kalai-Smorodinsky: the package with the largest smaller share of each side's best individually rational gain.

    Maximises min_i (u_i-d_i)/(ideal_i-d_i), ideal over the zone of agreement only. Ties: the larger other share,
    then lowest row. A side with nothing to gain in the zone does not bind. Kalai & Smorodinsky (1975).

    >>> kalai_smorodinsky(np.array([[0., 4.], [2., 2.], [3., 1.5], [6., 0.]]), d=[0., 0.]).row.item()
    2
    """
    return _solve(u, d, [_ks_keys])[0]


def egalitarian(u, d) -> Point:
    """Egalitarian: the package with the largest smaller gain, then the larger other gain, then lowest row.

    max min_i (u_i-d_i), leximin. Kalai (1977); gains are compared between sides, in bn USD a year.

    >>> egalitarian(np.array([[0., 4.], [2., 2.], [3., 1.5], [6., 0.]]), d=[0., 0.]).row.item()
    1
    """
    return _solve(u, d, [_egalitarian_keys])[0]


def utilitarian(u, d) -> Point:
    """Utilitarian: the package with the largest sum of gains in the zone of agreement.

    max Σ_i (u_i-d_i). Ties: the larger smaller gain, then lowest row. Harsanyi (1955); Thomson (1994).

    >>> utilitarian(np.array([[0., 4.], [2., 2.], [3., 1.5], [6., 0.]]), d=[0., 0.]).row.item()
    3
    """
    return _solve(u, d, [_utilitarian_keys])[0]


def cooperative(u, d, weight=0.5) -> Cooperative:
    """All four solutions at once, in one pass over the tables. Arguments and sources as for each alone.

    >>> points = cooperative(np.array([[0., 4.], [2., 2.], [3., 1.5], [6., 0.]]), d=[0., 0.])
    >>> [point.row.item() for point in points]
    [2, 2, 1, 3]
    """
    concepts = [_nash_keys, _ks_keys, _egalitarian_keys, _utilitarian_keys]
    return Cooperative(*_solve(u, d, concepts, check_weight(weight)))


def ideal_point(u, d) -> np.ndarray:
    """Each side's best payoff among individually rational packages, (..., 2); NaN without a zone of agreement.

    >>> ideal_point(np.array([[0., 4.], [2., 2.], [6., 0.]]), d=[0., 1.]).tolist()
    [2.0, 4.0]
    """
    f = frontier(u)
    lead, tables, d, _ = worlds(f, d)
    out = np.empty((len(tables), 2))
    for cut in blocks(np.diff(f.start)[tables]):
        _, k = _gains(f, tables[cut], d[cut], None)
        best = _ideal_gains(k).T
        out[cut] = np.where(best >= 0, best, np.nan) + d[cut]
    return out.reshape(*lead, 2)


def check_weight(weight):
    """Bargaining weight of side 0 as an array, each in (0, 1)."""
    weight = np.asarray(weight, float)
    if not ((weight > 0) & (weight < 1)).all():
        bad = weight[~((weight > 0) & (weight < 1))].flat[0]
        raise ValueError(
            f"weight: {bad} is outside (0, 1)\n"
            "it is side 0's share of bargaining power, side 1 has the rest; 0.5 is the symmetric case"
        )
    return weight


def nash_product(g, weight):
    """g0^(2w) g1^(2-2w), (n,): the plain product at equal weights, bit for bit, where powers are spared."""
    if (np.abs(weight - 0.5) <= 0).all():
        return g[0] * g[1]
    return g[0] ** (2 * weight) * g[1] ** (2 - 2 * weight)


def worlds(f: Frontier, d, weight=None):
    """Threat points and weights against tables: leading shape, tables (M,), d (M, 2), weight (M,) or None."""
    d = np.asarray(d, float)
    if d.ndim < 1 or d.shape[-1] != 2:
        raise ValueError(f"threat point d: shape {d.shape} is not (..., 2), one payoff a side")
    if not np.isfinite(d).all():
        raise ValueError(f"threat point d: {d[~np.isfinite(d)].flat[0]} is not a payoff; give finite bn USD a year")
    shapes = [f.table.shape, d.shape[:-1]] + ([] if weight is None else [weight.shape])
    try:
        lead = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"tables, threat points and weights: leading shapes {shapes} do not fit together") from None
    tables = np.broadcast_to(f.table, lead).ravel()
    d = np.broadcast_to(d, (*lead, 2)).reshape(-1, 2)
    return lead, tables, d, None if weight is None else np.broadcast_to(weight, lead).ravel()


def _solve(u, d, concepts, weight=None):
    """A `Point` for each concept: the best entry of each world by the concept's keys, block by block."""
    f = frontier(u)
    lead, tables, d, weight = worlds(f, d, weight)
    row = np.full((len(concepts), len(tables)), -1)
    payoffs = np.full((len(concepts), len(tables), 2), np.nan)
    for cut in blocks(np.diff(f.start)[tables]):
        entry, k = _gains(f, tables[cut], d[cut], None if weight is None else weight[cut])
        rows = f.row[entry]
        for c, keys in enumerate(concepts):
            world, pick = first_best(k.begin, k.world, k.inside, keys(k), rows)
            world, pick = cut.start + world, entry[pick]
            row[c, world] = f.row[pick]
            payoffs[c, world, 0], payoffs[c, world, 1] = f.u0[pick], f.u1[pick]
    return [Point(r.reshape(lead), x.reshape(*lead, 2), (r >= 0).reshape(lead)) for r, x in zip(row, payoffs)]


def _gains(f, tables, d, weight):
    entry, begin = f.entries(tables)
    size = f.start[tables + 1] - f.start[tables]
    world = np.repeat(np.arange(len(tables)), size)
    g = np.stack([f.u0[entry] - np.repeat(d[:, 0], size), f.u1[entry] - np.repeat(d[:, 1], size)])
    inside = np.minimum(g[0], g[1]) >= -TOLERANCE
    weight = None if weight is None else weight[world]
    return entry, Gains(begin, world, np.maximum(g, 0.0), inside, weight)


def first_best(begin, world, inside, keys, row):
    """Lexicographic choice: worlds that have an entry inside, and for each the entry that is best.

    `keys`: (score (n,), relative, absolute tolerance), most important first; ties end with the lowest row.
    A relative tolerance is for scores that are not negative.
    """
    for score, relative, absolute in keys:
        best = np.maximum.reduceat(np.where(inside, score, -np.inf), begin)
        best = np.where(np.isfinite(best), best, 0.0) * (1.0 - relative) - absolute
        inside = inside & (score >= best[world])
    lowest = np.minimum.reduceat(np.where(inside, row, np.iinfo(np.int64).max), begin)
    pick = np.flatnonzero(inside & (row == lowest[world]))
    return world[pick], pick


def _nash_keys(k):
    return (nash_product(k.g, k.weight), TIE, 0.0), (k.g[0] + k.g[1], 0.0, TOLERANCE)


def _ks_keys(k):
    best = _ideal_gains(k)[:, k.world]
    open_ = best > TOLERANCE
    share = np.where(open_, k.g / np.where(open_, best, 1.0), 1.0)
    return (np.minimum(share[0], share[1]), TIE, 0.0), (np.maximum(share[0], share[1]), TIE, 0.0)


def _egalitarian_keys(k):
    return (np.minimum(k.g[0], k.g[1]), 0.0, TOLERANCE), (np.maximum(k.g[0], k.g[1]), 0.0, TOLERANCE)


def _utilitarian_keys(k):
    return (k.g[0] + k.g[1], 0.0, TOLERANCE), (np.minimum(k.g[0], k.g[1]), 0.0, TOLERANCE)


def _ideal_gains(k):
    """(2, m) best gains of each world inside the zone, -inf where there is none."""
    return np.stack([np.maximum.reduceat(np.where(k.inside, g, -np.inf), k.begin) for g in k.g])
