"""Packages ranked by a side's own utility: the look-up behind every offer.

Utilities are held as whole millionths of a bn USD (thousand USD), so that comparisons are exact on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

MICRO = 1e6  # steps to one bn USD: utilities, no-deal values and targets are rounded to these once
BLOCK = 16_384  # numbers in a block
GROWTH = 1.5  # room of a stack that had to grow, over what it holds
MOST_KEPT = 1 << 24  # answers kept of all questions: 64 MiB


def to_micro(value: np.ndarray) -> np.ndarray:
    """Return values in whole millionths (int64), rounded to the nearest.

    >>> to_micro(np.array([1.25, -0.0000004])).tolist()
    [1250000, 0]
    """
    return np.rint(np.asarray(value, dtype=float) * MICRO).astype(np.int64)


def from_micro(value: np.ndarray) -> np.ndarray:
    """Return whole millionths as floats.

    >>> from_micro(np.array([1250000])).tolist()
    [1.25]
    """
    return np.asarray(value) / MICRO


def blocks(count: int, length: int) -> Iterator[slice]:
    """Yield slices of `count` rows of `length` numbers that fit a core's cache together: passes over them are quick."""
    step = max(1, BLOCK // length)
    return (slice(first, first + step) for first in range(0, count, step))


class Ranked:
    """Utilities of one side (K, P) in millionths, and each type's packages in ascending order.

    Ties in utility are ordered by row, lowest first, whatever the machine's sort.
    """

    def __init__(self, utility: np.ndarray) -> None:
        """Rank the packages of `utility` (K, P), bn USD a year."""
        self.types, self.packages = utility.shape
        self._bits = max(1, int(self.packages - 1).bit_length())
        self._kept: dict[bytes, np.ndarray] = {}
        self._room: _Room | None = None
        if not max(utility.max(initial=0), -utility.min(initial=0)) * MICRO < 1 << (62 - self._bits):
            raise ValueError("utilities are too large to rank: at most about 1e13 / packages bn USD a year")
        self.micro = np.empty(utility.shape, dtype=np.int64)
        self._keys = np.empty(utility.shape, dtype=np.int64)
        rows = np.arange(self.packages)
        for some in blocks(*utility.shape):
            self.micro[some] = to_micro(utility[some])
            keys = np.left_shift(self.micro[some], self._bits, out=self._keys[some])
            keys += rows
            keys.sort(axis=-1)
        for array in (self.micro, self._keys):  # strategies are handed this
            array.setflags(write=False)

    @classmethod
    def stacked(cls, parts: Sequence[Ranked]) -> Ranked:
        """Return rankings of the same packages as one, the types of the first part first.

        A stack that grows again and again is copied once in a while only: the parts behind the first are written into
        the room that was left behind it.
        """
        out = object.__new__(cls)
        out.types, out.packages = sum(part.types for part in parts), parts[0].packages
        out._bits, out._kept = parts[0]._bits, {}
        out._room = parts[0]._room
        if out._room is None or out._room.filled != parts[0].types or out._room.rows < out.types:
            out._room = _Room(parts[0], out.types if parts[0]._room is None else int(GROWTH * out.types))
        for part in parts[1:]:
            out._room.add(part)
        out.micro, out._keys = (array[: out.types] for array in out._room.arrays)
        for array in (out.micro, out._keys):
            array.setflags(write=False)
        return out

    @property
    def best(self) -> np.ndarray:
        """Highest utility of each type (K,), millionths."""
        return self._keys[:, -1] >> self._bits

    def of(self, types: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the utility (n,) in millionths of packages `rows` (n,) to `types` (n,)."""
        return self.micro[types, rows]

    def below(self, types: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return how many packages (n,) are worth less than `value` (n,), millionths, to `types` (n,)."""
        wanted = value << self._bits
        low = np.zeros(len(types), dtype=np.int64)
        flat, base, last = self._keys.reshape(-1), types * self.packages, self.packages - 1
        step = 1 << (self._bits - 1)
        while step:
            probe = low + (step - 1)
            less = flat[base + np.minimum(probe, last)] < wanted
            low = np.where(less & (probe <= last), low + step, low)
            step >>= 1
        return np.minimum(low + (flat[base + np.minimum(low, last)] < wanted), self.packages)

    def at_least(self, types: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return positions (n,) of the least utility at or above `target` (n,), millionths; the best if none is.

        >>> ranked = Ranked(np.array([[3.0, 1.0, 2.0]]))
        >>> ranked.row(np.array([0]), ranked.at_least(np.array([0]), np.array([1_500_000]))).tolist()
        [2]
        """
        return np.minimum(self.below(types, target), self.packages - 1)

    def row(self, types: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the package row (n,) at a position (n,) of each type's order."""
        return self._keys[types, position] & ((1 << self._bits) - 1)

    def worth(self, types: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the utility (n,) in millionths at a position (n,) of each type's order."""
        return self._keys[types, position] >> self._bits

    def rows(self, kind: int, first: int, last: int) -> np.ndarray:
        """Return the package rows at positions first ... last - 1 of one type, ascending by row."""
        return np.sort(self._keys[kind, first:last] & ((1 << self._bits) - 1))

    def kept(self, key: bytes, size: int) -> np.ndarray:
        """Return rows (size,) to be filled by whoever asks, the same array for the same key; -1: not yet known."""
        if key not in self._kept:
            if (len(self._kept) + 1) * size > MOST_KEPT:
                self._kept.clear()
            self._kept[key] = np.full(size, -1, dtype=np.int32)
        return self._kept[key]


class _Room:
    """What stacked rankings are written into: utilities and keys (rows, P), the first `filled` rows in use."""

    def __init__(self, first: Ranked, rows: int) -> None:
        self.rows, self.filled = rows, 0
        self.arrays = [np.empty((rows, first.packages), dtype=np.int64) for _ in range(2)]
        self.add(first)

    def add(self, part: Ranked) -> None:
        """Write a ranking behind what is there."""
        end = self.filled + part.types
        for array, own in zip(self.arrays, (part.micro, part._keys)):
            array[self.filled : end] = own
        self.filled = end
