"""Counter-based random numbers: a draw depends on seed, stream, round and world, on nothing else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

PER_BLOCK = 4  # a Philox counter step yields four 64-bit words


@lru_cache(maxsize=4096)
def _key(seed: int, stream: str) -> tuple[int, int]:
    words = np.random.SeedSequence([seed, zlib.crc32(stream.encode("utf-8"))]).generate_state(2, np.uint64)
    return int(words[0]), int(words[1])


def raw(seed: int, stream: str, turn: int, first: int, count: int, *, blocks: int = 1) -> np.ndarray:
    """Return random words (count, 4 * blocks) uint64 for worlds first ... first + count - 1.

    Philox 4x64 (Salmon, Moraes, Dror & Shaw 2011): the counter holds world and turn, the key seed and stream, so that
    any chunk of worlds, in any order, yields the same words.

    >>> whole = raw(7, "types", 0, 0, 5)
    >>> bool((whole[2:] == raw(7, "types", 0, 2, 3)).all())
    True
    """
    key = np.array(_key(seed, stream), dtype=np.uint64)
    counter = np.array([first * blocks, turn, 0, 0], dtype=np.uint64)
    words = np.random.Philox(key=key, counter=counter).random_raw(PER_BLOCK * blocks * count)
    return words.reshape(count, PER_BLOCK * blocks)


@dataclass(frozen=True)
class Rule:
    """Which draws a model's worlds take: worlds first ... first + worlds - 1 of a seed, the same in each cell."""

    seed: int
    first: int
    worlds: int
    cells: int = 1

    def raw(self, stream: str, turn: int) -> np.ndarray:
        """Return random words (cells * worlds, 4) uint64 of a stream, the same for a world number in every cell.

        >>> words = Rule(7, 0, 3, cells=2).raw("types", 0)
        >>> words.shape, bool((words[:3] == words[3:]).all())
        ((6, 4), True)
        """
        words = raw(self.seed, stream, turn, self.first, self.worlds)
        return words if self.cells == 1 else np.tile(words, (self.cells, 1))


def uniform(seed: int, stream: str, turn: int, first: int, count: int, *, blocks: int = 1) -> np.ndarray:
    """Return uniform draws (count, 4 * blocks) in the open interval (0, 1), 52 bits each.

    >>> u = uniform(7, "types", 0, 0, 1000)
    >>> u.shape, bool((u > 0).all() and (u < 1).all())
    ((1000, 4), True)
    """
    return to_uniform(raw(seed, stream, turn, first, count, blocks=blocks))


def chance(seed: int, stream: str, turn: int, first: int, count: int) -> np.ndarray:
    """Return the first of each world's uniform draws (count,): where one is enough.

    >>> bool((chance(7, "types", 0, 2, 3) == uniform(7, "types", 0, 2, 3)[:, 0]).all())
    True
    """
    return to_uniform(raw(seed, stream, turn, first, count)[:, 0])


def to_uniform(words: np.ndarray) -> np.ndarray:
    """Return words (...) uint64 as uniforms in the open interval (0, 1): 52 bits, so that the half is exact."""
    return ((words >> np.uint64(12)) + 0.5) * 2.0**-52


def pick(probability: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return indices (R,) of a finite distribution (K,) by inversion of uniform draws u (R,).

    >>> pick(np.array([0.5, 0.5]), np.array([0.1, 0.9])).tolist()
    [0, 1]
    """
    edges = np.cumsum(probability)
    return np.minimum(np.searchsorted(edges, u * edges[-1], side="right"), len(probability) - 1)
