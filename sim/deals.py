"""What can be put on the table: issues, their levels, and the grid of packages."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

KINDS = ("tariff", "barrier", "security", "pledge", "pie")
TRADE_KINDS = ("tariff", "barrier")  # these move prices; the others are transfers outside the equilibrium
STEPS = 10_000_000  # steps to the range of an issue when distances between packages are compared
UNITS = {"tariff": "pct", "barrier": "pct", "security": "busd", "pledge": "busd", "pie": "busd"}


@dataclass(frozen=True)
class Issue:
    """One thing to be agreed: its levels (L,), who gives it, and what it costs and is worth outside the trade model.

    Levels are shares for tariffs and barriers, bn USD for the rest (a year; a pledge's is its headline total over
    `years`). `giver` is a side: 0 the demander, 1 the partner. A tariff's giver sets it on the other side's exports.
    """

    name: str
    kind: str
    giver: int
    levels: tuple[float, ...]
    on_top: bool = False
    mfn: bool = False
    home_cost: float = 0.0
    years: float = 1.0
    realised: float = 1.0
    cost: float = 1.0
    value: float = 1.0
    size: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"issue {self.name}: kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if self.giver not in (0, 1):
            raise ValueError(f"issue {self.name}: giver must be side 0 (demander) or 1 (partner), not {self.giver!r}")
        if not self.levels or any(b <= a for a, b in zip(self.levels, self.levels[1:])):
            raise ValueError(f"issue {self.name}: levels must be strictly increasing and not empty, not {self.levels}")

    @property
    def column(self) -> str:
        """The issue's column in tables: its name with the unit of its levels on screen."""
        return f"{self.name}_{UNITS[self.kind]}"

    @property
    def shown(self) -> np.ndarray:
        """Levels (L,) as shown: percent for tariffs and barriers, bn USD otherwise."""
        factor = 100.0 if UNITS[self.kind] == "pct" else 1.0
        return np.round(np.asarray(self.levels) * factor, 9)

    @property
    def opening(self) -> np.ndarray:
        """Share (L,) of the giver's largest concession that each level is: 0 nothing given, 1 all of it.

        >>> Issue("t", "tariff", 0, (0.0, 0.1, 0.2)).opening.tolist()
        [1.0, 0.5, 0.0]
        """
        levels = np.asarray(self.levels, dtype=float)
        span = levels[-1] - levels[0]
        if len(levels) == 1:
            return np.zeros(1)
        return (levels[-1] - levels) / span if self.kind == "tariff" else (levels - levels[0]) / span


@dataclass(frozen=True)
class Grid:
    """All packages of a talk: one level of each issue; rows in lexicographic order, the first issue slowest."""

    issues: tuple[Issue, ...]
    index: np.ndarray = field(repr=False)  # (P, K) level index
    levels: np.ndarray = field(repr=False)  # (P, K) level, in sim units
    place: np.ndarray = field(repr=False)  # (K, P) level within the issue's range, 0 ... STEPS, whole steps

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def moving(self) -> list[int]:
        """Positions (M) of the issues that move prices."""
        return [k for k, issue in enumerate(self.issues) if issue.kind in TRADE_KINDS]

    @cached_property
    def trade_levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct level indices (U, M) of the issues that move prices, and which of them each package has (P,)."""
        rows, state = np.unique(self.index[:, self.moving], axis=0, return_inverse=True)
        return rows, state.reshape(-1)


def make_grid(issues: tuple[Issue, ...]) -> Grid:
    """Build the package grid (P, K) of the issues, P the product of their numbers of levels.

    >>> grid = make_grid((Issue("t", "tariff", 0, (0.0, 0.1)), Issue("s", "security", 1, (0.0, 2.0, 4.0))))
    >>> len(grid), grid.levels[4].tolist()
    (6, [0.1, 2.0])
    """
    issues = tuple(issues)
    if not issues:
        raise ValueError("a talk needs at least one issue")
    axes = np.meshgrid(*[np.arange(len(i.levels)) for i in issues], indexing="ij")
    index = np.stack([a.reshape(-1) for a in axes], axis=-1)
    columns = [np.asarray(i.levels, dtype=float) for i in issues]
    levels = np.stack([c[index[:, k]] for k, c in enumerate(columns)], axis=-1)
    spans = [max(c[-1] - c[0], np.finfo(float).tiny) for c in columns]
    share = [(columns[k][index[:, k]] - columns[k][0]) / spans[k] for k in range(len(issues))]
    place = np.rint(np.stack(share) * STEPS).astype(np.int32)
    for array in (index, levels, place):
        array.setflags(write=False)
    return Grid(issues, index, levels, place)


def distances(grid: Grid, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return distances (m, n) between packages `rows` (m,) and `others` (n,): sum over issues, each over its range.

    In whole steps of 1 / STEPS of a range, so that comparisons are exact.

    >>> grid = make_grid((Issue("s", "security", 1, (0.0, 2.0, 4.0)),))
    >>> (distances(grid, np.array([0, 2]), np.array([1])) / STEPS).tolist()
    [[0.5], [0.5]]
    """
    return apart(grid, rows[:, None], others[None, :])


def apart(grid: Grid, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of each package of `rows` from that of `others`, shapes broadcast, in the same steps."""
    out = np.zeros(np.broadcast_shapes(rows.shape, others.shape), dtype=np.int32)
    for place in grid.place:
        gap = place[rows] - place[others]
        out += np.abs(gap, out=gap)
    return out


def trade_states(grid: Grid, tariffs: np.ndarray, status_quo: np.ndarray, pair: tuple[int, int], iceberg=1.0,
                 rows: np.ndarray | None = None):  # fmt: skip
    """Return the distinct trade states of a grid: tariffs (U, S, N, N), iceberg (U, S, N, N) and state of row (P,).

    `tariffs` and `iceberg` (S, N, N) hold the rest of the world with the pair at its status quo; `pair` gives the
    economies' indices of (demander, partner); `rows` names packages, all by default. A package sets the tariffs it
    names; an `mfn` cut goes to every exporter.
    """
    moving = grid.moving
    if not moving:
        count = len(grid) if rows is None else len(rows)
        return tariffs[None].copy(), iceberg * np.ones_like(tariffs)[None], np.zeros(count, dtype=int)
    if rows is None:
        rows, state = grid.trade_levels
    else:
        rows, state = np.unique(grid.index[rows][:, moving], axis=0, return_inverse=True)
    out = np.repeat(tariffs[None], len(rows), axis=0)
    iceberg = iceberg * np.ones_like(out)
    for column, k in enumerate(moving):
        issue = grid.issues[k]
        level = np.asarray(issue.levels, dtype=float)[rows[:, column]]
        importer, exporter = pair[issue.giver], pair[1 - issue.giver]
        if issue.kind == "barrier":
            iceberg[:, :, exporter, importer] *= (1.0 - level)[:, None]
            continue
        before = status_quo[:, exporter, importer][None]
        rate = level[:, None] + (before if issue.on_top else 0.0)
        out[:, :, exporter, importer] = rate
        if issue.mfn:
            others = [i for i in range(tariffs.shape[-1]) if i not in (importer, exporter)]
            out[:, :, others, importer] = np.minimum(out[:, :, others, importer], rate[:, :, None])
    return out, iceberg, state.reshape(-1)
