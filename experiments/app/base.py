"""The experiments that can be chosen, each composed once; options of a group read by name, for uploads and sliders."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from agents.strategies.base import Strategy
from experiments import menu, plugins
from experiments.app.house import House, house
from experiments.compose import CONFIGS, load
from experiments.messages import UserError, suggest

DEFAULT = "april_2025"  # the experiment of configs/config.yaml
_composing = threading.Lock()  # Hydra keeps global state
_bases: dict[tuple, Base] = {}  # as many as there are experiments


@dataclass(frozen=True, eq=False)
class Base:
    """A composed experiment: its resolved values as a plain dict, which nobody changes."""

    name: str
    data: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Title in its YAML, or its name."""
        return self.data.get("title") or self.name

    @property
    def talks(self) -> tuple[str, ...]:
        """Names of its talks."""
        return tuple(self.data["talks"])


def experiments() -> tuple[str, ...]:
    """Return the names of the experiments on offer, the default one first."""
    return tuple(sorted(options("experiment"), key=lambda name: (name != DEFAULT, name)))


def base(name: str) -> Base:
    """Return an experiment as configured; UserError names the nearest if there is none of this name."""
    if name not in experiments():
        raise UserError(f"no experiment '{name}'; {suggest(name, experiments())}")
    key = name, house()
    if key not in _bases:
        with _composing:
            if key not in _bases:
                _bases[key] = Base(name, _composed(name, house()))
    return _bases[key]


def _composed(name: str, own: House) -> Mapping[str, Any]:
    return load((f"experiment={name}",), plugins=own.plugins, config_dir=own.config_dir).resolved


def options(group: str) -> dict[str, str]:
    """Return the options of a group and one line about each."""
    return _options(group, house())


@lru_cache(maxsize=64)
def _options(group: str, own: House) -> dict[str, str]:
    found: dict[str, str] = {}
    for root in _roots(own):
        found |= {p.stem: menu.first_comment(p) for p in sorted((root / group).glob("*.yaml"))}
    return found


def option(group: str, name: str, where: str = "") -> dict[str, Any]:
    """Return the values of an option of a group, those it takes over from another option included.

    UserError names the nearest option; `where` ("file:line: ") goes before the message.
    """
    known = options(group)
    if name not in known:
        raise UserError(f"{where}{group}: no option '{name}'; {suggest(name, list(known))}")
    return dict(_read(group, name, house()))


@lru_cache(maxsize=256)
def _read(group: str, name: str, own: House) -> dict[str, Any]:
    path = next(p for root in _roots(own) if (p := root / group / f"{name}.yaml").is_file())
    body = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    out: dict[str, Any] = {}
    for entry in body.pop("defaults", []) + ["_self_"]:
        if entry == "_self_":
            out |= body
        elif isinstance(entry, str):
            out |= _read(group, entry, own)
    return out


@lru_cache(maxsize=256)
def strategy(name: str, own: House) -> Strategy:
    """Return a shipped strategy, built with the values of its option."""
    return plugins.build(_read("strategy", name, own), "strategy", f"strategy={name}", own.plugins)


def _roots(own: House):
    return [CONFIGS, *([own.config_dir] if own.config_dir else [])]
