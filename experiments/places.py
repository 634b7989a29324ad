"""Every key a configuration can have, by its home: `stick.threat_pct`, `issues.tariff.levels_pct`, `strategy.X.y`.

A home names a key whatever talk or country it stands in. Keys come from the schema and from the classes that the
shipped YAML names; comments and values from the YAML itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import yaml
from pydantic import TypeAdapter

from configs.schema import Config
from experiments import describe, plugins
from experiments.menu import CONFIGS
from experiments.plugged import PLACES as PLUGGED
from experiments.scan import scan

FILED_UNDER = {  # group: where its files stand in a configuration, `*` for any talk or country
    "economy": ("economy",),
    "hub": ("hub",),
    "country": ("countries", "*"),
    "talk": ("talks", "*"),
    "stick": ("talks", "*", "stick"),
    "strategy": ("countries", "*", "strategy"),
    "policy": ("talks", "*", "moves", "demander"),
    "protocol": ("protocol",),
}
PLUG_INS = {tuple(place.split(".")): group for place, group in PLUGGED.items()}
COMMON = ("giver", "receiver", "home_cost_busd", "kind")  # what every kind of issue has
# nodes of a talk or country, and of a run, that give the homes of their keys the first word
OWN_NODES = ("issues", "stick", "moves", "weights", "types", "ratification")
TOP_NODES = ("economy", "design", "sweep", "hub")


class Setting(NamedTuple):
    """A value as a shipped file sets it: its home, file and line, value, comment."""

    home: str
    where: str
    value: Any
    comment: str


def home(path: tuple[str, ...], told: Callable[[tuple[str, ...]], Any]) -> str:
    """Return the home of the key at `path`; `told(path)` is the mapping there, which says its class or kind.

    >>> home(("talks", "japan", "stick", "threat_pct"), lambda path: {})
    'stick.threat_pct'
    >>> home(("talks", "x", "issues", "y", "levels_pct"), lambda path: {"kind": "tariff"})
    'issues.tariff.levels_pct'
    >>> home(("countries", "JPN", "strategy", "exponent"), lambda path: {"_target_": "agents.TimeBased"})
    'strategy.TimeBased.exponent'
    """
    for place, group in PLUG_INS.items():
        if len(path) >= len(place) and all(p in ("*", name) for p, name in zip(place, path)):
            return ".".join((group, *_of_class(path, len(place), told)))
    if path[0] in ("talks", "countries") and len(path) > 2:
        names = tuple(name for name in path[2:] if not name.isdigit())
        if names[0] == "issues" and len(names) > 2:
            kind = (told(path[:4]) or {}).get("kind")
            names = (names[0], *((kind,) if kind and names[2] not in COMMON else ()), *names[2:])
        if names[0] == "ratification" and len(names) > 2:  # the same keys for either side
            names = (names[0], *names[2:])
        return ".".join(names if names[0] in OWN_NODES else (_singular(path[0]), *names))
    if path[0] in TOP_NODES:
        return ".".join(path[:2])
    return path[0] if path[0] in ("talks", "countries") else f"run.{path[0]}"


def _of_class(path: tuple[str, ...], depth: int, told: Callable) -> tuple[str, ...]:
    """Return (class, key) of a key below a plug-in, of the innermost plug-in where they are nested."""
    while depth + 2 < len(path) and path[depth + 1].isdigit():  # strategies.0.exponent
        depth += 2
    target = (told(path[:depth]) or {}).get("_target_", "")
    return tuple(part for part in (target.rpartition(".")[2], *path[depth : depth + 1]) if part)


def _singular(name: str) -> str:
    return {"talks": "talk", "countries": "country"}[name]


@cache
def universe() -> dict[str, describe.Field]:
    """Return the field of every home the schema and the shipped classes know: single values and lists of them."""
    root = Config.model_json_schema()
    return dict(_walk(root, root, (), {}))


def _walk(node: Mapping, root: Mapping, path: tuple[str, ...], tag: Mapping) -> Iterator[tuple[str, describe.Field]]:
    """Yield (home, field) of every leaf below a node; `tag` holds the kind or class met on the way."""
    node = describe.resolve(node, root)
    if "plug_in" in node:
        for target in plugins.shipped(node["plug_in"]):
            own = TypeAdapter(plugins.resolve(target, node["plug_in"], "schema")).json_schema()
            for name, below in own.get("properties", {}).items():
                field = describe.Field(describe.resolve(below, own), own)
                yield home((*path, name), lambda _, target=target: {"_target_": target}), field
        return
    kind = node.get("properties", {}).get("kind", {}).get("const")
    tag = {"kind": kind} if kind else tag
    inner = _inner(node, root)
    for name, below in inner:
        yield from _walk(below, root, (*path, name) if name else path, tag)
    if not inner and path and path[-1] != "_target_":
        yield home(path, lambda _: tag), describe.Field(node, root)


def _inner(node: Mapping, root: Mapping) -> list[tuple[str, Mapping]]:
    """Return (name, node) of what stands below a node with keys of its own; no name for a branch of a union."""
    if "properties" in node:
        return list(node["properties"].items())
    branches = [c for c in (*node.get("anyOf", ()), *node.get("oneOf", ())) if c.get("type") != "null"]
    found = [("", branch) for branch in branches]
    if describe.any_name(node):
        found.append(("*", describe.any_name(node)))
    elif isinstance(node.get("items"), Mapping):
        found.append(("0", node["items"]))
    return [(name, below) for name, below in found if _has_keys(below, root)]


def _has_keys(node: Mapping, root: Mapping) -> bool:
    node = describe.resolve(node, root)
    return "properties" in node or bool(_inner(node, root))


@cache
def settings() -> tuple[Setting, ...]:
    """Return every value that a shipped YAML file sets, with its comment."""
    found = []
    for path in sorted(CONFIGS.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        group = path.parent.name
        placed = () if "# @package _global_" in text else FILED_UNDER.get(group, ())
        data = yaml.safe_load(text) or {}
        shown = f"configs/{path.relative_to(CONFIGS).as_posix()}"
        for key in scan(path, shown, primary=path.parent == CONFIGS).keys:
            if key.path[0] in ("defaults", "hydra") or not isinstance(key.node, yaml.ScalarNode | yaml.SequenceNode):
                continue
            if key.path[-1].isdigit() or key.path[-1] == "_target_":
                continue
            own = home((*placed, *key.path), lambda p, at=placed, d=data, f=path: _told(p[len(at) :], d, f))
            line = text.splitlines()[key.line - 1]
            found.append(Setting(own, f"{shown}:{key.line}", at(key.path, data), comment(line)))
    return tuple(found)


def _told(path: tuple[str, ...], data: Mapping, file) -> Mapping:
    """Return what stands at a path of a file; a file that builds on another takes its class from there."""
    node = at(path, data)
    above = [d for d in data.get("defaults", ()) if isinstance(d, str) and d != "_self_"]
    if path or not above or not isinstance(node, Mapping) or "_target_" in node:
        return node if isinstance(node, Mapping) else {}
    base = file.with_name(f"{above[0].lstrip('/')}.yaml")
    return _told((), yaml.safe_load(base.read_text(encoding="utf-8")), base) if base.is_file() else {}


def at(path: tuple[str, ...], data: Any) -> Any:
    """Return what stands at a path of a configuration, None where nothing does."""
    for name in path:
        data = describe.inside(data, name)
    return data


def comment(line: str) -> str:
    """Return the comment at the end of a line of YAML, empty where there is none.

    >>> comment("threat_pct: 24.0  # %, on top; announced 2 April 2025")
    '%, on top; announced 2 April 2025'
    >>> comment("name: 'no # in here'")
    ''
    """
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and line[index - 1 : index] in ("", " ", "[", "{", ","):
            quote = letter
        elif letter == "#" and line[index - 1 : index] in ("", " ", "\t"):
            return line[index + 1 :].strip()
    return ""
