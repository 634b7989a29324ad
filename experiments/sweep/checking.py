"""Many configurations that differ in a few keys, checked fast: each node once for each set of values found below it.

A configuration is put together from nodes that passed; only what stands above a swept key is checked again. Wherever
this fails, the ordinary check (compose.validate) says why: it has the last word on every mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from configs.schema import Config, Country, DiscountRates, Economy, Issue, Moves, RedLines, Stick, Talk, Types, Weights
from experiments import plugins
from experiments.plugged import OPTIONAL, PLACES
from experiments.sweep.marks import Known, key_of, mark_of

MOST_KEPT = 50_000  # checked versions of one node held at once
ISSUE: TypeAdapter = TypeAdapter(Issue)
NODES: dict[str, Callable[[Any], Any]] = {  # dotted place, `*` for any name: how what stands there is checked
    "economy": Economy.model_validate,
    "countries.*": Country.model_validate,
    "countries.*.weights": Weights.model_validate,
    "countries.*.types": Types.model_validate,
    "countries.*.types.discount_rate_per_year": DiscountRates.model_validate,
    "countries.*.types.red_line_pct": RedLines.model_validate,
    "talks.*": Talk.model_validate,
    "talks.*.stick": Stick.model_validate,
    "talks.*.moves": Moves.model_validate,
    "talks.*.issues.*": ISSUE.validate_python,
}

Path_ = tuple[str, ...]


class Made(NamedTuple):
    """A node that passed, and its mark."""

    node: Any
    mark: bytes


class Branch:
    """A node above swept keys: made anew for every set of their values, then remembered."""

    def __init__(self, check: Callable[[Any], Any], data: Any, path: Path_):
        self.check, self.data, self.path = check, data, path
        self.own: list[tuple[Path_, int]] = []
        self.children: list[tuple[Path_, Branch]] = []
        self.keys: tuple[int, ...] = ()
        self.kept: dict[tuple, Made] = {}

    def close(self) -> None:
        """Fix which keys stand below, once all are known."""
        for _, child in self.children:
            child.close()
        below = {number for _, number in self.own} | {n for _, child in self.children for n in child.keys}
        self.keys = tuple(sorted(below))

    def make(self, values: Sequence[Any], picks: Sequence[int], lasting: dict[int, bytes]) -> Made:
        """Return the node for values[k][picks[k]] of each key k; `lasting`: marks of nodes that never change."""
        chosen = tuple(picks[k] for k in self.keys)
        found = self.kept.get(chosen)
        if found is None:
            node, known = self.fill(values, picks, lasting)
            node = self.check(node)
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            found = self.kept[chosen] = Made(node, mark_of(node, known))
        return found

    def fill(self, values: Sequence[Any], picks: Sequence[int], lasting: dict[int, bytes]) -> tuple[Any, Known]:
        """Return the data of the node with the chosen values in it, and the marks of the nodes it holds."""
        data, fresh = self.data, {}
        for rest, child in self.children:
            made = child.make(values, picks, lasting)
            fresh[id(made.node)] = made.mark
            data = replaced(data, rest, made.node)
        for rest, number in self.own:
            data = replaced(data, rest, values[number][picks[number]])
        return data, Known(fresh, lasting)


class Checked:
    """All configurations that differ from `data` in the values of some keys."""

    def __init__(self, data: Mapping[str, Any], paths: Sequence[Path_], folder: Path | None = None):
        """Check what no swept key stands below; any exception means that the ordinary check will find a mistake.

        `data`: the plain configuration; `paths`: the swept keys, none above another (see `independent`).
        """
        self.paths, self.folder = list(paths), folder
        self.marks: dict[int, bytes] = {}
        self.root = Branch(Config.model_validate, None, ())
        self.root.data = self._settled(data, (), self.root)
        for number, path in enumerate(self.paths):
            branch = self._home(path)
            branch.own.append((path[len(branch.path) :], number))
        self.root.close()

    def config(self, values: Sequence[Any], picks: Sequence[int]) -> tuple[Config, str]:
        """Return (configuration, key of the cell) for values[k][picks[k]] of each key k."""
        data, known = self.root.fill(values, picks, self.marks)
        config = self.root.check(data)
        return config, key_of(config, known)

    def _settled(self, node: Any, path: Path_, above: Branch) -> Any:
        """Return `node` with everything checked that no swept key touches; what is touched becomes a branch."""
        check = _check_of(path, self.folder) if isinstance(node, Mapping) or path in self.paths else None
        if check is None:
            if not isinstance(node, Mapping):
                return node
            return {name: self._settled(inside, (*path, str(name)), above) for name, inside in node.items()}
        if any(key[: len(path)] == path for key in self.paths):
            branch = Branch(check, None, path)
            branch.data = self._settled_inside(node, path, branch)
            above.children.append((path[len(above.path) :], branch))
            return None
        if any(path[: len(key)] == key for key in self.paths):  # below a swept key: replaced with it
            return node
        found = check(self._settled_inside(node, path, above))
        self.marks[id(found)] = mark_of(found, Known({}, self.marks))
        return found

    def _settled_inside(self, node: Mapping, path: Path_, above: Branch) -> Any:
        if _plug_in_at(path) or not isinstance(node, Mapping):
            return node  # what stands in a plug-in is checked with it
        return {name: self._settled(inside, (*path, str(name)), above) for name, inside in node.items()}

    def _home(self, path: Path_) -> Branch:
        """Return the innermost branch at or above a path."""
        branch = self.root
        while True:
            inner = [c for _, c in branch.children if path[: len(c.path)] == c.path]
            if not inner:
                return branch
            branch = inner[0]


def independent(paths: Sequence[Path_]) -> bool:
    """Say whether swept keys can be set apart from each other: none above another, none above a class to be built."""
    for number, path in enumerate(paths):
        if any(number != k and other[: len(path)] == path for k, other in enumerate(paths)):
            return False
        if any(len(p) > len(path) and _matches(p[: len(path)], path) for p in (x.split(".") for x in PLACES)):
            return False
    return True


def replaced(node: Any, path: Path_, value: Any) -> Any:
    """Return `node` with `value` at the path below it, sharing all else.

    >>> replaced({"a": {"b": 1, "c": (2, 3)}}, ("a", "c", "0"), 9)
    {'a': {'b': 1, 'c': [9, 3]}}
    """
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(node, list | tuple):
        at = int(name)
        return [*node[:at], replaced(node[at], rest, value), *node[at + 1 :]]
    below = node.get(name) if isinstance(node, Mapping) else None
    return {**(node or {}), name: replaced(below, rest, value)}


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    return len(pattern) == len(path) and all(want in ("*", name) for want, name in zip(pattern, path))


def _plug_in_at(path: Path_) -> str | None:
    return next((group for place, group in PLACES.items() if _matches(place.split("."), path)), None)


def _builder(group: str, where: str, folder: Path | None) -> Callable[[Any], Any]:
    """Return how the mappings of a plug-in become classes, each class looked up once."""
    known: dict[str, type] = {}

    def build(node: Any) -> Any:
        if node is None and group in OPTIONAL:
            return None
        target = node.get("_target_") if isinstance(node, Mapping) else None
        if isinstance(target, str) and target in known:
            return plugins.filled(known[target], node, group, where, folder)
        found = plugins.build(node, group, where, folder)
        known[target] = type(found)
        return found

    return build


def _check_of(path: Path_, folder: Path | None) -> Callable[[Any], Any] | None:
    """Return how what stands at a path is checked by itself, None where it is checked with what is above it."""
    group = _plug_in_at(path)
    if group is not None:
        return _builder(group, ".".join(path), folder)
    return next((check for place, check in NODES.items() if _matches(place.split("."), path)), None)
