"""Memory freed by a piece of work goes back to the system, so that workers stay small."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import pyarrow as pa


def give_back() -> None:
    """Return freed memory to the system: allocators keep it, and loky replaces a worker that seems to grow."""
    gc.collect()  # models and their talks point at each other
    pa.default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@contextmanager
def settled() -> Iterator[None]:
    """Have what stands in memory already, a large design, not searched for garbage after every piece."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    """Return the C library's malloc_trim, None where there is none (it is glibc's)."""
    try:
        return getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (OSError, TypeError):
        return None
