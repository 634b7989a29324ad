"""Nash-in-Nash where each talk chooses a package: a fixed point that may not exist, or not be alone."""

from typing import NamedTuple

import numpy as np

from sim.solutions.bargaining import nash
from sim.solutions.checked import finite, within

MAX_SWEEPS = 200
CONVERGED, CYCLE, NONE = "converged", "cycle", "none"


class PackageNetwork(NamedTuple):
    """Nash-in-Nash on packages; row -1 is no deal in that talk. Lists are one entry a world.

    rows (..., J) and payoffs (..., n), the fixed point first reached, or the last state looked at; status (...):
    "converged", "cycle", or "none" (sweeps ran out); residual (...): most a side's payoff moves if any one talk
    bargains again, bn USD; sweeps (...); several (...): more than one fixed point, so read rows as one of them;
    fixed_points: every one found (M, J); cycle: its members (L, J), empty where there is none.
    """

    rows: np.ndarray
    payoffs: np.ndarray
    status: np.ndarray
    residual: np.ndarray
    sweeps: np.ndarray
    several: np.ndarray
    fixed_points: list
    cycle: list


def nash_in_nash_dense(joint, talks, weight=0.5, starts=None):
    """Nash-in-Nash on a joint table: each talk's Nash package given the others' (Horn & Wolinsky 1988).

    joint (..., P_1+1, …, P_J+1, n): payoffs of n sides by the row of each talk, the last entry of each axis being
    no deal; talks (J, 2): which two sides meet in each; weight: of the first of the two, one or (J,). Every fixed
    point is found by looking at all joint rows, so "cycle" here means that there is none. starts (S, J): rows
    tried in turn (default: no deal anywhere). Ties within a talk as in bargaining.nash.

    >>> joint = np.zeros((3, 3))                # one talk, packages worth (0, 4), (3, 2, ...), and no deal
    >>> joint[0, :2], joint[1, :2] = (0, 4), (3, 2)
    >>> found = nash_in_nash_dense(joint, [(0, 1)])
    >>> found.rows.tolist(), found.status.item()
    ([1], 'converged')
    """
    joint, talks = finite("joint", joint), _talks(talks, np.shape(joint)[-1] if np.ndim(joint) else 0)
    many = len(talks)
    if joint.ndim < many + 1 or 0 in joint.shape:
        raise ValueError(f"joint has shape {joint.shape}: {many} talks need (..., {'P+1, ' * many}sides), none empty")
    lead, sizes = joint.shape[: -many - 1], np.array(joint.shape[-many - 1 : -1]) - 1
    weight = np.broadcast_to(within("weight", weight, 0, 1, open_low=True, open_high=True), (many,))
    replies = [_replies(joint, j, pair, weight[j], many) for j, pair in enumerate(talks)]
    starts = _starts(starts, sizes)
    found = [_dense_world(joint[w], [r[w] for r in replies], sizes, starts) for w in np.ndindex(*lead)]
    return _gather(found, lead)


def _talks(talks, sides):
    talks = np.asarray(talks)
    if talks.ndim != 2 or talks.shape[-1] != 2 or not np.issubdtype(talks.dtype, np.integer):
        raise ValueError("talks must be a list of pairs of side numbers, such as [(0, 1), (0, 2)]")
    within("talks", talks, 0, sides - 1)
    if (talks[:, 0] == talks[:, 1]).any():
        raise ValueError(f"talks {talks.tolist()}: a side cannot bargain with itself")
    return talks


def _starts(starts, sizes):
    starts = np.full((1, len(sizes)), -1) if starts is None else np.atleast_2d(starts)
    if starts.shape[-1:] != sizes.shape:
        raise ValueError(f"starts has shape {starts.shape}: one row number for each of {len(sizes)} talks")
    for j, size in enumerate(sizes):
        within(f"starts of talk {j}", starts[:, j], -1, size - 1)
    return [tuple(int(r) for r in start) for start in starts]


def _reply(table, pair, weight):
    """Nash rows (...) of a talk's table (..., P+1, n), whose last entry is no deal; -1 for no deal."""
    u = table[..., pair]
    if u.shape[-2] == 1:
        return np.full(u.shape[:-2], -1)
    return nash(u[..., :-1, :], u[..., -1, :], weight).row


def _replies(joint, j, pair, weight, many):
    """Reply of talk j to every joint row of the others, kept as an axis of length 1 at its own place."""
    axis = joint.ndim - 1 - many + j
    rows = _reply(np.moveaxis(joint, axis, -2), pair, weight)
    return np.expand_dims(rows, axis)


def _dense_world(joint, replies, sizes, starts):
    """One world of a joint table: fixed points by looking everywhere, then the path from each start."""

    def reply(j, rows):
        at = list(rows)
        at[j] = 0
        return int(replies[j][tuple(at)])

    fixed = np.ones(tuple(sizes + 1), dtype=bool)
    for j, size in enumerate(sizes):
        own = np.append(np.arange(size), -1).reshape([-1 if i == j else 1 for i in range(len(sizes))])
        fixed &= replies[j] == own
    everywhere = np.argwhere(fixed)
    everywhere = np.where(everywhere == sizes, -1, everywhere)
    return _solve(reply, lambda rows: joint[rows], starts, [tuple(map(int, rows)) for rows in everywhere])


def nash_in_nash_value(value, packages, talks, weight=0.5, starts=None):
    """The same for one world told by a function: value(rows (J,)) -> payoffs (n,) of all sides; row -1: no deal.

    packages (J,): how many each talk has. Talks bargain in turn, sweep after sweep, from each start (default: no
    deal anywhere, and every talk's answer to no deal elsewhere). Fixed points other than those reached may exist.

    >>> pies = lambda rows: (rows[0] + 1.0, 4.0 - rows[0]) if rows[0] >= 0 else (0.0, 0.0)
    >>> nash_in_nash_value(pies, [4], [(0, 1)]).rows.tolist()    # 1·4, 2·3, 3·2, 4·1: a tie, lowest row
    [1]
    """
    sizes = np.atleast_1d(packages)
    if sizes.ndim != 1 or not np.issubdtype(sizes.dtype, np.integer) or (sizes < 1).any():
        raise ValueError(f"packages = {packages}: a whole number of at least 1 for each talk")
    memory = {}

    def payoffs(rows):
        if rows not in memory:
            memory[rows] = finite(f"value of rows {rows}", value(np.array(rows)))
        return memory[rows]

    nothing = (-1,) * len(sizes)
    talks = _talks(talks, payoffs(nothing).size)
    if len(talks) != len(sizes):
        raise ValueError(f"{len(talks)} talks but {len(sizes)} numbers of packages: give one for each talk")
    weight = np.broadcast_to(within("weight", weight, 0, 1, open_low=True, open_high=True), sizes.shape)

    def reply(j, rows):
        table = [payoffs((*rows[:j], row, *rows[j + 1 :])) for row in (*range(sizes[j]), -1)]
        return int(_reply(np.array(table), talks[j], weight[j]))

    if starts is None:
        starts = [nothing, tuple(reply(j, nothing) for j in range(len(sizes)))]
    found = _solve(reply, payoffs, _starts(starts, sizes), [])
    return _gather([found], ())


def _solve(reply, payoffs, starts, known):
    """Fields of PackageNetwork for one world: the first start that settles, or a known fixed point, or how it fails."""
    paths = [_walk(reply, start) for start in starts]
    settled = [path for path in paths if path[1] == CONVERGED]
    points = list(dict.fromkeys([*known, *(path[0] for path in settled)]))
    if settled:
        rows, status, sweeps, members = settled[0]
    elif points:
        rows, status, sweeps, members = points[0], CONVERGED, 0, []
    else:
        rows, status, sweeps, members = paths[0]
    shape = (-1, len(rows))
    return (
        np.array(rows),
        payoffs(rows),
        status,
        _residual(reply, payoffs, rows),
        sweeps,
        len(points) > 1,
        np.array(points, dtype=int).reshape(shape),
        np.array(members, dtype=int).reshape(shape),
    )


def _walk(reply, rows):
    """Sweeps over the talks from one start: last rows, status, number of sweeps, members of the cycle if any."""
    seen = {rows: 0}
    path = [rows]
    for sweep in range(1, MAX_SWEEPS + 1):
        for j in range(len(rows)):
            rows = (*rows[:j], reply(j, rows), *rows[j + 1 :])
        if rows == path[-1]:
            return rows, CONVERGED, sweep, []
        if rows in seen:
            return rows, CYCLE, sweep, path[seen[rows] :]
        seen[rows] = sweep
        path.append(rows)
    return rows, NONE, MAX_SWEEPS, []


def _residual(reply, payoffs, rows):
    """Most any side's payoff moves if one talk bargains again."""
    here = payoffs(rows)
    moved = [payoffs((*rows[:j], reply(j, rows), *rows[j + 1 :])) - here for j in range(len(rows))]
    return float(np.abs(moved).max())


def _gather(found, lead):
    """Worlds' fields stacked on the leading shape; lists stay lists."""
    *arrays, points, cycles = zip(*found, strict=True)
    stacked = (np.array(a).reshape(lead + np.shape(a[0])) for a in arrays)
    return PackageNetwork(*stacked, list(points), list(cycles))
