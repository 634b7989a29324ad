"""Compositions: one for each combination of swept groups, from which cells follow by setting values."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from configs.schema import Config
from experiments import overrides as command
from experiments.compose import Library, to_plain, validate
from experiments.messages import UserError
from experiments.sweep.axes import PARAMS, Axes, Entry, told_at
from experiments.sweep.checking import Checked, independent
from experiments.sweep.marks import key_of

REFERENCE = re.compile(r"\$\{(?!now:)([^${}]+)\}")

Options = Mapping[str, Any]


class Base:
    """What is common to all cells with the same options of the swept groups."""

    def __init__(self, library: Library, axes: Axes, options: Options, plugins: Path | None):
        """Compose; UserError where an option does not exist or the files of a group do not fit together."""
        self.axes, self.plugins = axes, plugins
        self.entries = [e for e in axes.entries.values() if not _chooses(e, library)]
        self.swept = [e for e in self.entries if e.values is not None]
        self.library, self.options = library, options
        self.composed, self.origins, self.choices = composed(library, axes, options)
        self.note = self._why_slow()
        self.values: list[list[Any]] = []
        self.checked = None if self.note else self._checked()
        self.sweep = own_sweep(self.composed)
        if self.checked is not None:
            self.composed = None  # a tenth of a megabyte that only a mistake needs again

    def config(self, picks: Sequence[int]) -> tuple[Config, str]:
        """Return (configuration, key) of the cell that takes value picks[k] of the k-th swept value."""
        if self.checked is not None:
            try:
                return self.checked.config(self.values, picks)
            except (ValidationError, UserError, ValueError, TypeError):
                pass
        config, _ = self.slow(picks)
        return config, key_of(config)

    def slow(self, picks: Sequence[int]) -> tuple[Config, dict[str, str]]:
        """Return (configuration, origins) of a cell as a single run has them; UserError says what is wrong with it."""
        again = self.composed if self.composed is not None else composed(self.library, self.axes, self.options)[0]
        config, origins = copy.deepcopy(again), dict(self.origins)
        chosen = dict(zip((e.key for e in self.swept), picks))
        for entry in self.entries:
            override = entry.override if entry.values is None else entry.at(entry.values[chosen[entry.key]])
            _apply(config, override, origins, entry.where)
        return validate(to_plain(config, origins), origins, plugins=self.plugins), origins

    def _why_slow(self) -> str:
        """Return why cells cannot be put together from checked nodes, empty where they can."""
        keys = [".".join(e.path) for e in self.swept]
        fixed = [e.override.value() for e in self.entries if e.values is None and not e.override.is_delete()]
        for target in _references(self.composed, fixed):
            near = next((key for key in keys if _related(key, target)), None)
            if near:
                return f"{near} is referred to by ${{{target}}}: cells are composed one by one"
        if not independent([e.path for e in self.swept]):
            return "a swept key stands above another, or above a class: cells are composed one by one"
        for number, entry in enumerate(self.entries):
            after = self.entries[number + 1 :] if entry.values is not None else ()
            if any(e.values is None and _related(entry.override.key_or_group, e.override.key_or_group) for e in after):
                return f"{entry.key} is swept, then set as a whole: cells are composed one by one"
        if any(_special(v) for entry in self.swept for v in entry.plain()):
            return "a value refers to another key: cells are composed one by one"
        return ""

    def _checked(self) -> Checked | None:
        """Return the fast way to these cells, None where the first look finds a mistake for the slow way to tell."""
        config = copy.deepcopy(self.composed) if self.entries else self.composed
        try:
            for entry in self.entries:
                if entry.values is None:
                    _apply(config, entry.override, {}, entry.where)
            self.values = [_plain_values(config, entry) for entry in self.swept]
            for entry in self.swept:
                _apply(config, entry.at(entry.values[0]), {}, entry.where)
            data = _written(config)
            data = to_plain(config, {}) if _special(data) else data
            return Checked(data, [entry.path for entry in self.swept], self.plugins)
        except (ValidationError, UserError, ValueError, TypeError):
            return None


def composed(library: Library, axes: Axes, options: Options) -> tuple[DictConfig, dict[str, str], dict[str, str]]:
    """Return (composition, origins, choices) with the fixed options of groups and the given ones of swept groups."""
    chosen = []
    for entry in axes.entries.values():
        if _chooses(entry, library):
            override = entry.override if entry.values is None else entry.at(options[entry.key])
            told_at(entry.where, lambda override=override: command.check_choices([override], library.groups))
            chosen.append(override)
    return library.compose([override.input_line for override in chosen])


def _chooses(entry: Entry, library: Library) -> bool:
    """Say whether an entry chooses options of a group."""
    group = entry.override.key_or_group
    if entry.values is None:
        return command.is_choice(entry.override, library.groups)
    return group in library.groups and not any(isinstance(value, Mapping) for value in entry.values)


def _apply(config: DictConfig, override: Override, origins: dict[str, str], where: str) -> None:
    """Set one value; what the command line would be named for is named `where`."""
    before = set(origins)
    told_at(where, lambda: command.apply(config, override, origins))
    key = override.key_or_group
    for name, found in origins.items():
        if found == command.COMMAND_LINE and (name not in before or name == key or name.startswith(f"{key}.")):
            origins[name] = where


def _plain_values(config: DictConfig, entry: Entry) -> list[Any]:
    """Return what the configuration holds for each value: itself, or a mapping merged into what stands there."""
    found = []
    for value, written in zip(entry.plain(), entry.values):
        if isinstance(value, Mapping):
            held = copy.deepcopy(config)
            _apply(held, entry.at(written), {}, entry.where)
            value = OmegaConf.to_container(OmegaConf.select(held, entry.override.key_or_group), resolve=True)
        found.append(value)
    return found


def _references(composed: DictConfig, others: Sequence[Any]) -> set[str]:
    """Return the keys that values of the composition, or other values, refer to."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, str):
            found.update(REFERENCE.findall(node))
        for inside in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
            walk(inside)

    walk([_written(composed), *others])
    return found


def _written(composed: DictConfig) -> dict[str, Any]:
    """Return a composition as plain data without Hydra's part, references as they are written."""
    return {k: v for k, v in OmegaConf.to_container(composed, resolve=False).items() if k != "hydra"}


def _related(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _special(value: Any) -> bool:
    """Say whether a value holds text that OmegaConf reads as more than text."""
    if isinstance(value, str):
        return "${" in value or "???" in value
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_special(v) for v in inside)


def own_sweep(composed: DictConfig) -> Any:
    """Return what a composition sweeps by itself: `hydra.sweeper.params` and `design`, for comparison."""
    params = OmegaConf.select(composed, PARAMS, throw_on_resolution_failure=False)
    design = OmegaConf.select(composed, "design", throw_on_resolution_failure=False)
    return tuple(OmegaConf.to_container(n, resolve=False) if OmegaConf.is_config(n) else n for n in (params, design))
