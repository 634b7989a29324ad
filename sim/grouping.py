"""Equal rows of several whole-number columns found without sorting: most worlds of a round are in few situations."""

from __future__ import annotations

import numpy as np

SLOTS = 20  # bits of the table that rows are thrown into
MIXERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD)  # odd; tried in turn where rows fall together
FEW = 1024  # rows that are worth a table


def grouped(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one place (c,) of each distinct row of columns (n,) of whole numbers, and each row's group (n,).

    The order of groups carries no meaning.

    >>> first, group = grouped(np.array([3, 1, 3]), np.array([5, 5, 5]))
    >>> len(first), bool(group[0] == group[2] != group[1])
    (2, True)
    """
    count = len(columns[0])
    if count >= FEW:
        for mixer in MIXERS:
            found = _thrown(columns, np.uint64(mixer))
            if found is not None:
                return found
    _, first, group = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    return first, group.reshape(-1)


def _thrown(columns: tuple[np.ndarray, ...], mixer: np.uint64) -> tuple[np.ndarray, np.ndarray] | None:
    """Group rows by a slot of their mixed bits; None if different rows fall into one slot."""
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        key ^= column.astype(np.int64).view(np.uint64)
        key *= mixer
        key ^= key >> np.uint64(29)
    slot = (key >> np.uint64(64 - SLOTS)).astype(np.int64)
    table = np.full(1 << SLOTS, -1, dtype=np.int32)
    table[slot] = np.arange(len(slot), dtype=np.int32)
    owner = table[slot]
    if any((column[owner] != column).any() for column in columns):
        return None
    used = np.flatnonzero(table >= 0)
    first = table[used].astype(np.int64)
    table[used] = np.arange(len(used), dtype=np.int32)
    return first, table[slot].astype(np.int64)
