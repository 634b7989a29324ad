"""The cells of a sweep: every combination of its axes, checked, each with the configuration it is played with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.schema import Config
from configs.sweeps import SweepSettings
from experiments.compose import Loaded
from experiments.sweep.axes import Axis


@dataclass(frozen=True, eq=False)
class Cell:
    """One point of the design.

    `number`: its position, 0 first; `values`: swept key -> value, in axis order; `config`: checked, sharing its nodes
    with other cells where they are equal; `key`: sha256 (hex) of all of the configuration that decides its rows.
    """

    number: int
    values: dict[str, object]
    config: Config
    key: str


@dataclass(frozen=True, eq=False)
class Plan:
    """A whole sweep, checked: nothing of it has been written or played.

    `base`: the first cell as loaded, with origins and choices; `columns`: swept keys as the tables name them.
    """

    axes: tuple[Axis, ...]
    cells: Sequence[Cell]
    base: Loaded
    columns: tuple[str, ...]
    place: Path
    settings: SweepSettings
    notes: tuple[str, ...] = ()
