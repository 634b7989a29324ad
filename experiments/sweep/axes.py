"""The axes of a sweep: which keys take which values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One swept key.

    `values`: the distinct values in the order they are first met, numbers as the schema types them, option names of a
    group; `group`: a group's options rather than a value; `unit`: of the schema, "" where it has none; `design`: kind
    of the design the key belongs to ("zip", "lhs", "sobol", "csv", "grids", "points"), "" for an axis of a grid.
    """

    key: str
    values: tuple
    group: bool = False
    unit: str = ""
    design: str = ""
