"""The cells of a sweep: every combination of its axes, checked, each with the configuration it is played with."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, overload

from tqdm import tqdm

from configs.schema import Config
from configs.sweeps import SweepSettings
from experiments import describe
from experiments.compose import Library, Loaded, plain
from experiments.messages import UserError
from experiments.sweep.axes import Axes, Axis, is_group
from experiments.sweep.bases import Base

MOST_CELLS = 10_000_000
KEPT = 200_000  # cells held ready; of more, each is made again when asked for
SLOW_SECONDS = 2.0  # a check this short shows no progress bar


@dataclass(frozen=True, eq=False, slots=True)
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

    `base`: the first cell as loaded, with origins and choices; `columns`: swept keys as the tables name them; `notes`:
    what the user should know, such as why checking took long.
    """

    axes: tuple[Axis, ...]
    cells: Sequence[Cell]
    base: Loaded
    columns: tuple[str, ...]
    place: Path
    settings: SweepSettings
    notes: tuple[str, ...] = ()


class Cells(Sequence[Cell]):
    """All combinations of the points of the dimensions, the last varying fastest; made when asked for, then kept."""

    def __init__(self, axes: Axes, library: Library, plugins: Path | None = None, carried: Any = None):
        """Take the axes; `carried`: what the chosen files sweep by themselves, which no option may add to."""
        self.axes, self.library, self.plugins, self.carried = axes, library, plugins, carried
        self.sizes = [len(dimension.points) for dimension in axes.dimensions]
        self.entries = axes.swept
        self.grouped = [is_group(e.key, e.plain(), library.groups) for e in self.entries]
        self.typed: list[dict[int, Any]] = [{} for _ in self.entries]
        self.bases: dict[tuple[int, ...], Base] = {}
        self.order: list[int] = []  # of the swept values, as a base applies them
        self.kept: dict[int, Cell] = {}
        if len(self) > MOST_CELLS:
            sizes = " x ".join(map(str, self.sizes))
            raise UserError(f"{sizes} = {len(self)} cells; at most {MOST_CELLS}: give fewer values")

    def __len__(self) -> int:
        return prod(self.sizes)

    @overload
    def __getitem__(self, at: int) -> Cell: ...
    @overload
    def __getitem__(self, at: slice) -> list[Cell]: ...
    def __getitem__(self, at):
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(f"cell {at} of {len(self)}")
        found = self.kept.get(number)
        if found is None:
            found = self._made(number)
            if len(self.kept) < KEPT:
                self.kept[number] = found
        return found

    def __iter__(self) -> Iterator[Cell]:
        return (self[number] for number in range(len(self)))

    def check(self, silent: bool = True) -> None:
        """Make every cell once; UserError of the first that has a mistake, as a single run would tell it."""
        shown = {"unit": " cells", "desc": "checking", "delay": SLOW_SECONDS, "leave": False}
        collecting = gc.isenabled()
        gc.disable()  # cells hold no cycles, and looking for some among so many objects takes as long as making them
        try:
            for number in tqdm(range(len(self)), disable=silent, **shown):
                self[number]
        finally:
            if collecting:
                gc.enable()

    def overrides(self, number: int) -> list[str]:
        """Return a cell as the overrides of a single run, as a command line would have them."""
        picks = dict(zip((entry.key for entry in self.entries), self.picks(number)))
        entries = self.axes.entries.values()
        at = (e.override if e.values is None else e.at(e.values[picks[e.key]]) for e in entries)
        return [override.input_line for override in at]

    def picks(self, number: int) -> list[int]:
        """Return which value every swept key takes in a cell."""
        points = []
        for dimension, size in zip(reversed(self.axes.dimensions), reversed(self.sizes)):
            number, at = divmod(number, size)
            points.append(dimension.points[at])
        return [pick for point in reversed(points) for pick in point]

    def base_of(self, picks: Sequence[int]) -> Base:
        """Return the composition with the options of groups that a cell takes."""
        options = tuple(pick for pick, group in zip(picks, self.grouped) if group)
        found = self.bases.get(options)
        if found is None:
            chosen = {e.key: e.values[p] for e, p, group in zip(self.entries, picks, self.grouped) if group}
            found = self.bases[options] = Base(self.library, self.axes, chosen, self.plugins)
            if self.carried is not None and found.sweep != self.carried:
                told = ", ".join(f"{e.key}={chosen[e.key]}" for e in self.entries if e.key in chosen)
                raise UserError(f"{told}: sweeps keys of its own, so it cannot be one value of a sweep; run it alone")
            if not self.order:
                at = {entry.key: number for number, entry in enumerate(self.entries)}
                self.order = [at[entry.key] for entry in found.swept]
        return found

    def settings_of(self, picks: Sequence[int]) -> list[int]:
        """Return the picks of the swept values, in the order a base takes them."""
        return [picks[k] for k in self.order]

    def _made(self, number: int) -> Cell:
        picks = self.picks(number)
        base = self.base_of(picks)
        config, key = base.config(self.settings_of(picks))
        values = {}
        for k, (entry, pick) in enumerate(zip(self.entries, picks)):
            typed = self.typed[k]
            if pick not in typed:
                typed[pick] = _option(entry.plain()[pick]) if self.grouped[k] else _value(config, entry.path)
            values[entry.key] = typed[pick]
        return Cell(number, values, config, key)

    def public_axes(self, resolved: Mapping[str, Any]) -> tuple[Axis, ...]:
        """Return the axes with typed values, once all cells are checked."""
        return tuple(
            Axis(entry.key, tuple(typed[n] for n in range(len(entry.values))), group, unit, entry.design)
            for entry, typed, group in zip(self.entries, self.typed, self.grouped)
            for unit in ["" if group else _unit(entry.path, resolved)]
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What slowed the check down."""
        return tuple(dict.fromkeys(base.note for base in self.bases.values() if base.note))


def _option(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(node: Any, path: Sequence[str]) -> Any:
    """Return the checked value at a path: a number, text, a switch, null; a list as text, more as JSON."""
    for name in path:
        if isinstance(node, Mapping):
            node = node[name]
        elif isinstance(node, list | tuple):
            node = node[int(name)]
        else:
            node = getattr(node, name)
    if node is None or isinstance(node, bool | int | float | str):
        return node
    if isinstance(node, list | tuple) and all(isinstance(inside, int | float | str) for inside in node):
        return ", ".join(map(str, node))
    return json.dumps(plain(node), ensure_ascii=False)


def _unit(path: tuple[str, ...], resolved: Mapping[str, Any]) -> str:
    field = describe.at(path, resolved)
    return field.unit if field is not None else ""
