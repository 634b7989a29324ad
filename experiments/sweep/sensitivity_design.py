"""Points of a sensitivity analysis: one factor at a time over its range, and the samples of Sobol indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import qmc

DEFAULTS = (  # key, low, high, why: {talk}, {partner} are those of the talk that is looked at
    ("talks.{talk}.stick.threat_pct", 0.0, 50.0, "from no threat to the highest rates announced in April 2025"),
    ("talks.{talk}.stick.belief_pct", 0.0, 100.0, "all there is"),
    ("talks.{talk}.stick.resolve_pct", 0.0, 100.0, "all there is"),
    ("economy.trade_elasticity", 2.0, 8.0, "Boehm et al. (2023), long run, to Eaton & Kortum (2002)"),
    ("countries.{partner}.types.discount_rate_per_year.values", 0.05, 2.0, "an economist's to a politician's"),
    ("countries.{partner}.audience_cost_busd", 0.0, 20.0, "assumption: none to four times the shipped"),
    ("protocol.days_per_round", 1.0, 30.0, "assumption: daily to monthly rounds"),
)


@dataclass(frozen=True)
class Range:
    """A setting that is varied: its key, where its range begins and ends, what is configured.

    `base` is the configured value as written (a list where `listed`); `whole`: whole numbers only.
    """

    key: str
    low: float
    high: float
    base: Any
    listed: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """Return the value at a share of the range, 0 to 1; whole numbers have equal parts of it.

        >>> Range("a", 2.0, 4.0, 3.0).at(0.25), Range("a", 2, 4, 3, whole=True).at(0.99)
        (2.5, 4)
        """
        if self.whole:
            first, last = int(np.ceil(self.low)), int(np.floor(self.high))
            return first + min(int(share * (last - first + 1)), last - first)
        return float(self.low + share * (self.high - self.low))

    def steps(self, count: int) -> list[float | int]:
        """Return `count` values from low to high, both among them; fewer where there are not as many whole numbers.

        >>> Range("a", 0.0, 1.0, 0.5).steps(3), Range("a", 1, 2, 1, whole=True).steps(9)
        ([0.0, 0.5, 1.0], [1, 2])
        """
        values = np.linspace(self.low, self.high, count)
        if self.whole:
            return sorted({int(v) for v in np.clip(np.round(values), np.ceil(self.low), np.floor(self.high))})
        return [float(v) for v in values]

    def written(self, value: Any) -> Any:
        """Return a value as the key takes it: in a list where it takes a list."""
        return [value] if self.listed else value

    @property
    def middle(self) -> float:
        """The configured value as a number: the mean of a list."""
        return float(np.mean(self.base))


@dataclass(frozen=True)
class Design:
    """Which cell is which: cell 0 is the configured point, then each setting along its range, then A, B, AB.

    `ranges`: d settings; `steps`: values of each along its range; `points`: N of the Sobol samples, a power of 2 or 0;
    `seed` of the samples. More points contain fewer.
    """

    ranges: tuple[Range, ...]
    steps: int
    points: int
    seed: int

    @property
    def along(self) -> list[list[float | int]]:
        """Values of each setting along its range."""
        return [one.steps(self.steps) for one in self.ranges]

    def cells_along(self) -> list[np.ndarray]:
        """Return the cells of each setting along its range."""
        ends = 1 + np.cumsum([0, *map(len, self.along)])
        return [np.arange(a, b) for a, b in pairwise(ends)]

    def cells_sobol(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cells of the samples A (N,), B (N,) and AB (d, N)."""
        first = 1 + sum(map(len, self.along))
        every = first + np.arange((len(self.ranges) + 2) * self.points).reshape(len(self.ranges) + 2, self.points)
        return every[0], every[1], every[2:]

    def samples(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the samples in the unit cube: A, B (N, d) and AB (d, N, d), A with its k-th column from B.

        Saltelli et al. (2010); A and B are the halves of one scrambled Sobol sequence (Owen 1998) of 2d dimensions.
        """
        d = len(self.ranges)
        draw = np.random.Generator(np.random.PCG64(self.seed))
        unit = qmc.Sobol(2 * d, scramble=True, rng=draw).random_base2(self.points.bit_length() - 1)
        a, b = unit[:, :d], unit[:, d:]
        ab = np.repeat(a[None], d, axis=0)
        ab[np.arange(d), :, np.arange(d)] = b.T
        return a, b, ab

    def cells(self) -> list[dict[str, Any]]:
        """Return the points to play, key -> value, in the order of the cells."""
        base = {one.key: one.base for one in self.ranges}
        out = [base]
        for one, values in zip(self.ranges, self.along):
            out += [{**base, one.key: one.written(value)} for value in values]
        if self.points:
            a, b, ab = self.samples()
            for row in np.concatenate([a, b, *ab]):
                out.append({one.key: one.written(one.at(share)) for one, share in zip(self.ranges, row)})
        return out


def defaults(resolved: Mapping[str, Any], talk: str) -> list[tuple[str, float, float]]:
    """Return (key, low, high) of the shipped ranges that a configuration has, for one of its talks."""
    partner = resolved["talks"][talk]["partner"]
    found = [(key.format(talk=talk, partner=partner), low, high) for key, low, high, _ in DEFAULTS]
    return [(key, low, high) for key, low, high in found if is_number(value_at(resolved, key))]


def value_at(resolved: Mapping[str, Any], key: str) -> Any:
    """Return what stands at a dotted key of a resolved configuration, None where nothing does."""
    node: Any = resolved
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def is_number(value: Any) -> bool:
    """Say whether a value is a number, or a list of numbers."""
    items: Sequence = value if isinstance(value, list | tuple) else [value]
    return len(items) > 0 and all(isinstance(v, int | float) and not isinstance(v, bool) for v in items)
