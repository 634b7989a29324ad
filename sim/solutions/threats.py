"""Rational threats: which sticks two sides would choose if each threat were carried out when talks fail (Nash 1953)."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, linprog

from sim.solutions.checked import PAYOFF_TOLERANCE, finite, game, within
from sim.solutions.frontier import hull

FRONTIER_TOLERANCE = 1e-10  # share of the payoff range: how exactly the frontier's slope is solved for
MAX_ITERATIONS = 200


class ZeroSum(NamedTuple):
    """A zero-sum game: value (...), mixes of the rows (..., m) and columns (..., n), gap left, pure or not."""

    value: np.ndarray
    row: np.ndarray
    column: np.ndarray
    residual: np.ndarray
    pure: np.ndarray


class Threats(NamedTuple):
    """Rational threats with side payments: payoffs (..., 2) (NaN without a zone), mixes, threat point, evidence."""

    payoffs: np.ndarray
    value: np.ndarray
    threat0: np.ndarray
    threat1: np.ndarray
    point: np.ndarray
    zone: np.ndarray
    pure: np.ndarray
    residual: np.ndarray


class PureThreats(NamedTuple):
    """Pure threats: payoffs (..., 2) each side is sure of, threat rows and columns, `saddle` where they are it."""

    payoffs: np.ndarray
    row: np.ndarray
    column: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    saddle: np.ndarray


class FrontierThreats(NamedTuple):
    """Rational threats on a frontier: payoffs (..., 2), slope h, mixes, threat point, zone, evidence."""

    payoffs: np.ndarray
    slope: np.ndarray
    threat0: np.ndarray
    threat1: np.ndarray
    point: np.ndarray
    zone: np.ndarray
    converged: np.ndarray
    residual: np.ndarray
    iterations: np.ndarray


def security_levels(matrix):
    """Pure maximin row, minimax column, and their levels, of a zero-sum game (..., m, n); lowest index on ties.

    >>> row, column, lower, upper = security_levels([[0, -3], [9, 3]])
    >>> int(row), int(column), float(lower), float(upper)
    (1, 1, 3.0, 3.0)
    """
    matrix = finite("matrix", matrix)
    worst, best = matrix.min(axis=-1), matrix.max(axis=-2)
    lower, upper = worst.max(axis=-1), best.min(axis=-1)
    row = (worst >= lower[..., None] - PAYOFF_TOLERANCE).argmax(axis=-1)
    column = (best <= upper[..., None] + PAYOFF_TOLERANCE).argmax(axis=-1)
    return row, column, lower, upper


def zero_sum(matrix):
    """Value and optimal mixes of zero-sum games (..., m, n), row player maximising (von Neumann 1928).

    A saddle is returned pure (lowest row, lowest column); otherwise a linear programme, one a game.
    `residual` is the gap between what the mixes guarantee the two sides: zero at the value.

    >>> float(zero_sum([[1, -1], [-1, 1]]).value)
    0.0
    """
    matrix = game("matrix", "matrix", matrix, matrix)[0]
    row, column, lower, upper = security_levels(matrix)
    pure = upper - lower <= PAYOFF_TOLERANCE
    worlds, (m, n) = matrix.shape[:-2], matrix.shape[-2:]
    x, y = np.zeros((*worlds, m)), np.zeros((*worlds, n))
    np.put_along_axis(x, row[..., None], 1.0, axis=-1)
    np.put_along_axis(y, column[..., None], 1.0, axis=-1)
    for world in map(tuple, np.argwhere(~pure)):
        x[world], y[world] = _programme(matrix[world])
    floor = np.einsum("...m,...mn->...n", x, matrix).min(axis=-1)
    ceiling = np.einsum("...mn,...n->...m", matrix, y).max(axis=-1)
    return ZeroSum((floor + ceiling) / 2, x, y, ceiling - floor, pure)


def _programme(matrix):
    """Optimal mixes of one game by the row player's programme; the columns' mix is its dual."""
    m, n = matrix.shape
    low, span = matrix.min(), np.ptp(matrix)
    scaled = (matrix - low) / span
    cost = np.append(np.zeros(m), -1.0)
    found = linprog(
        cost,
        A_ub=np.hstack([-scaled.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method="highs",
    )
    if found.status != 0:
        raise ValueError(f"the threat game's linear programme failed: {found.message}")
    return _mix(found.x[:m]), _mix(-found.ineqlin.marginals)


def _mix(weights):
    weights = np.maximum(weights, 0.0)
    return weights / weights.sum()


def _expected(x, payoff, y):
    return np.einsum("...m,...mn,...n->...", x, payoff, y)


def rational_threats(payoff0, payoff1, surplus, weight=0.5):
    """Threats and split when every dollar can be moved between the sides (Nash 1953).

    payoff0, payoff1 (..., m, n): what each gets if threat row m meets answer column n; surplus (...): σ, the
    largest total an agreement can give. With v the value of the zero-sum game A − B, u = ((σ+v)/2, (σ−v)/2).
    With weight α to side 0 the game is 2[(1−α)A − αB] and u = (ασ + v/2, (1−α)σ − v/2).
    `zone` is False, and payoffs NaN, where carrying out the threats leaves more than σ to share.

    >>> found = rational_threats([[0, -2], [3, -1]], [[0, 1], [-6, -4]], 4)
    >>> float(found.value), found.payoffs.tolist(), found.point.tolist()
    (3.0, [3.5, 0.5], [-1.0, -4.0])
    """
    payoff0, payoff1 = game("payoff0", "payoff1", payoff0, payoff1)
    weight = within("weight", weight, 0, 1, open_low=True, open_high=True)
    surplus = finite("surplus", surplus)
    share = np.broadcast_to(weight, np.broadcast_shapes(weight.shape, surplus.shape, payoff0.shape[:-2]))
    tilt = share[..., None, None]
    solved = zero_sum(2 * ((1 - tilt) * payoff0 - tilt * payoff1))
    point = np.stack([_expected(solved.row, p, solved.column) for p in (payoff0, payoff1)], axis=-1)
    payoffs = np.stack([share * surplus + solved.value / 2, (1 - share) * surplus - solved.value / 2], axis=-1)
    zone = surplus >= point.sum(axis=-1) - PAYOFF_TOLERANCE
    payoffs = np.where(zone[..., None], payoffs, np.nan)
    return Threats(payoffs, solved.value, solved.row, solved.column, point, zone, solved.pure, solved.residual)


def pure_threats(payoff0, payoff1, surplus):
    """Rational threats without dice: the saddle of A − B where there is one, else what each side is sure of.

    Where `saddle` is False no pair of pure threats is an equilibrium: payoffs are then the security levels
    ((σ+lower)/2, (σ−upper)/2), which sum to less than σ, and row and column are maximin and minimax.

    >>> found = pure_threats([[0, -2], [3, -1]], [[0, 1], [-6, -4]], 4)
    >>> bool(found.saddle), int(found.row), int(found.column), found.payoffs.tolist()
    (True, 1, 1, [3.5, 0.5])
    """
    payoff0, payoff1 = game("payoff0", "payoff1", payoff0, payoff1)
    surplus = finite("surplus", surplus)
    row, column, lower, upper = security_levels(payoff0 - payoff1)
    payoffs = np.stack(np.broadcast_arrays((surplus + lower) / 2, (surplus - upper) / 2), axis=-1)
    return PureThreats(payoffs, row, column, lower, upper, upper - lower <= PAYOFF_TOLERANCE)


def frontier_threats(payoff0, payoff1, packages, weight=0.5):
    """Rational threats when payoffs move only along the frontier of a table, lotteries allowed (Nash 1953).

    payoff0, payoff1 (..., m, n) as in rational_threats; packages (..., P, 2). At the solution u with slope h of
    the frontier, the threats solve the zero-sum game h·A − B and h·u0 − u1 is its value (at α = 1/2): the search
    walks the frontier, along edges and round corners, to where the two meet. One meeting exists if the threats'
    own outcomes are worth no more than some mix of packages; `zone` is False, payoffs NaN, where they are not.

    >>> found = frontier_threats([[0, -2], [3, -1]], [[0, 1], [-6, -4]], [[-9, 13], [13, -9]])
    >>> found.payoffs.round(9).tolist(), float(found.slope), bool(found.converged)
    ([3.5, 0.5], 1.0, True)
    """
    payoff0, payoff1 = game("payoff0", "payoff1", payoff0, payoff1)
    packages = finite("packages", packages)
    if packages.ndim < 2 or packages.shape[-1] != 2 or packages.shape[-2] == 0:
        raise ValueError(f"packages has shape {packages.shape}: give (..., P, 2) with at least one package")
    weight = within("weight", weight, 0, 1, open_low=True, open_high=True)
    worlds = np.broadcast_shapes(payoff0.shape[:-2], packages.shape[:-2], weight.shape)
    payoff0, payoff1 = (np.broadcast_to(a, (*worlds, *a.shape[-2:])) for a in (payoff0, payoff1))
    weight, corners = np.broadcast_to(weight, worlds), hull(packages)
    corners = replace(corners, table=np.broadcast_to(corners.table, worlds))
    found = [
        _on_frontier(payoff0[w], payoff1[w], corners.of(w)[1][::-1], float(weight[w])) for w in np.ndindex(*worlds)
    ]
    columns = (np.array(c).reshape((*worlds, *np.shape(c[0]))) for c in zip(*found, strict=True))
    return FrontierThreats(*columns)


def _on_frontier(payoff0, payoff1, corners, weight):
    """The fields of FrontierThreats for one world; corners of its frontier from side 1's best to side 0's."""
    calls = []
    keep, give = 1 - weight, weight

    def threats(p):
        calls.append(p)
        return zero_sum(keep * p * payoff0 - give * (1 - p) * payoff1)

    def gap(u, p):
        return float(keep * p * u[0] - give * (1 - p) * u[1] - threats(p).value)

    u, p, inside = _meeting(corners, gap)
    solved = threats(p)
    point = np.array([_expected(solved.row, a, solved.column) for a in (payoff0, payoff1)])
    scale = max(float(np.abs(corners).max()), float(np.abs(payoff0).max()), float(np.abs(payoff1).max()), 1.0)
    residual = abs(gap(u, p))
    zone = inside and bool((u >= point - scale * 1e3 * FRONTIER_TOLERANCE).all())
    slope = p / (1 - p) if p < 1 else np.inf
    good = residual <= scale * FRONTIER_TOLERANCE
    payoffs = u if zone else np.full(2, np.nan)
    return payoffs, slope, solved.row, solved.column, point, zone, good, residual, len(calls)


def _meeting(corners, gap):
    """Point of the frontier and weight p on side 0's payoff where gap(u, p) = 0, and whether one exists.

    The gap rises all the way along (corner, turn, edge, corner ...): halve over edges, then solve on one piece.
    """
    step = np.diff(corners, axis=0)
    normals = -step[:, 1] / (step[:, 0] - step[:, 1])
    low, high = 0, len(normals)
    while low < high:
        middle = (low + high) // 2
        if gap(corners[middle + 1], normals[middle]) >= 0:
            high = middle
        else:
            low = middle + 1
    if low < len(normals):
        near, far = gap(corners[low], normals[low]), gap(corners[low + 1], normals[low])
        if near <= 0:
            along = -near / (far - near)
            return corners[low] + along * step[low], normals[low], True
    first = normals[low - 1] if low > 0 else 0.0
    last = normals[low] if low < len(normals) else 1.0
    corner = corners[low]
    if gap(corner, first) > 0 or gap(corner, last) < 0:
        return corner, first if gap(corner, first) > 0 else last, False
    return corner, brentq(lambda p: gap(corner, p), first, last, xtol=1e-15, maxiter=MAX_ITERATIONS), True
