"""Build the classes that YAML names by `_target_`: ours, an installed plug-in's, or the user's own folder's."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from experiments.messages import UserError, suggest

BASES = {
    "strategy": ("agents.strategies.base", "Strategy"),
    "protocol": ("sim.protocols.base", "Protocol"),
    "policy": ("agents.sticks.base", "StickPolicy"),
}
OURS = ("agents", "sim")
ENTRY_POINTS = "bargain.plugins"
HOUSE = Path(__file__).resolve().parent.parent
_built: dict[str, type] = {}


def known_class(target: Any) -> type | None:
    """Return the class a `_target_` named when it was built, None before."""
    return _built.get(target) if isinstance(target, str) else None


def build(node: Any, group: str, where: str, folder: Path | None = None) -> Any:
    """Return the plug-in that the mapping `node` describes; pydantic errors pass through to be told.

    `where` is "file:line: key" for messages; `folder` is the folder named by --plugins.
    """
    if not isinstance(node, Mapping):
        raise UserError(f"{where}: needs a {group}: `_target_: module.Class` and its parameters, not {node!r}")
    target = node.get("_target_")
    if not isinstance(target, str) or not target:
        raise UserError(f"{where}: no `_target_`: name the class of the {group}", _options(group))
    cls = resolve(target, group, where, folder)
    _built[target] = cls
    return filled(cls, node, group, where, folder)


def filled(cls: type, node: Mapping, group: str, where: str, folder: Path | None = None) -> Any:
    """Return a plug-in of a class that may be used, with the parameters of the mapping `node`."""
    given = {str(name): value for name, value in node.items() if name != "_target_"}
    return cls(**{name: _held(value, group, (name,), where, folder) for name, value in given.items()})


def _held(value: Any, group: str, path: tuple[str, ...], where: str, folder: Path | None) -> Any:
    """Return what a frozen class can hold: lists as tuples, and the plug-ins of the group named inside, built.

    What is wrong inside is told with the whole `path` to it.
    """
    if isinstance(value, list | tuple):
        return tuple(_held(v, group, (*path, str(i)), where, folder) for i, v in enumerate(value))
    if not isinstance(value, Mapping) or "_target_" not in value:
        return value
    try:
        return build(value, group, f"{where}.{'.'.join(path)}", folder)
    except ValidationError as error:
        found = [{"type": _kind(e), "loc": (*path, *e["loc"]), "input": e["input"], "ctx": e.get("ctx", {})}
                 for e in error.errors(include_url=False)]  # fmt: skip
        raise ValidationError.from_exception_data(error.title, found) from None


def _kind(error: Mapping) -> Any:
    """Return an error's kind as pydantic takes it back: a name it knows, or a kind of one's own."""
    known = error["type"] in get_args(ErrorType)
    return error["type"] if known else PydanticCustomError(error["type"], error["msg"].replace("{", "{{"))


def resolve(target: str, group: str, where: str, folder: Path | None = None) -> type:
    """Return the class named by `target`, if it may be used as a plug-in of the group."""
    module_name, _, name = target.rpartition(".")
    if not module_name or not all(part.isidentifier() and part[:1] != "_" for part in target.split(".")):
        raise UserError(f"{where}._target_: '{target}' is not `module.Class`", _options(group))
    if module_name.split(".")[0] in OURS:
        module = _import_ours(module_name, target, group, where)
    elif _is_installed(module_name):
        module = _import(module_name, where)
    else:
        module = _import_folder(module_name, target, group, where, folder)
    cls = getattr(module, name, None)
    base = _base(group)
    if not isinstance(cls, type) or cls.__module__ != module.__name__:
        names = [k for k, v in vars(module).items() if _is_plug_in(v, base) and v.__module__ == module.__name__]
        raise UserError(f"{where}._target_: no class '{name}' in {module_name}; {suggest(name, names)}")
    if not _is_plug_in(cls, base):
        kind = f"{base.__module__}.{base.__name__}"
        raise UserError(
            f"{where}._target_: '{target}' is not a {group}: it must be a class derived from {kind}",
            "and a frozen dataclass of pydantic; see agents/strategies/hardliner.py.",
        )
    if inspect.isabstract(cls):
        lacking = ", ".join(sorted(cls.__abstractmethods__))
        raise UserError(f"{where}._target_: '{target}' is not finished: it must define {lacking}")
    return cls


def _is_plug_in(cls: Any, base: type) -> bool:
    """A finished plug-in: derived from the base, a pydantic dataclass, frozen."""
    if not isinstance(cls, type) or not issubclass(cls, base) or "__pydantic_validator__" not in vars(cls):
        return False
    return bool(getattr(cls, "__dataclass_params__", None) and cls.__dataclass_params__.frozen)


@cache
def _base(group: str) -> type:
    module, name = BASES[group]
    return getattr(importlib.import_module(module), name)


def _import_ours(module_name: str, target: str, group: str, where: str):
    """Import a module of agents/ or sim/ only if its file stands in this house."""
    package = importlib.import_module(module_name.split(".")[0])
    found = Path(package.__file__ or "").resolve().parent.parent
    if found != HOUSE:
        raise UserError(
            f"another package named '{package.__name__}' hides the one of this project",
            f"found in {found}, expected in {HOUSE}",
            "Uninstall it, or start from a fresh virtual environment.",
        )
    if not HOUSE.joinpath(*module_name.split(".")).with_suffix(".py").is_file():
        raise UserError(f"{where}._target_: no class '{target}'; {suggest(target, shipped(group))}")
    return _import(module_name, where)


def _is_installed(module_name: str) -> bool:
    """Say whether an installed package registered this module, or a package above it, as a plug-in."""
    for point in entry_points(group=ENTRY_POINTS):
        if module_name == point.module or module_name.startswith(point.module + "."):
            return True
    return False


def _import_folder(module_name: str, target: str, group: str, where: str, folder: Path | None):
    """Load DIR/module.py of the folder named by --plugins, under its own name."""
    if folder is None or "." in module_name or not (folder / f"{module_name}.py").is_file():
        looked = f"no {module_name}.py in {folder}" if folder is not None else "no --plugins folder is named"
        raise UserError(
            f"{where}._target_: '{target}' may not be used: {suggest(target, shipped(group), 'there are')}",
            f"A class must stand under agents. or sim., in an installed package with the entry point "
            f"{ENTRY_POINTS}, or in a folder named by --plugins DIR ({looked}).",
        )
    path = (folder / f"{module_name}.py").resolve()
    already = sys.modules.get(module_name)
    if already is not None:
        if Path(getattr(already, "__file__", None) or "").resolve() == path:
            return already
        raise UserError(f"{where}._target_: a module named '{module_name}' exists already; rename {path.name}")
    if importlib.util.find_spec(module_name) is not None:
        raise UserError(f"{where}._target_: '{module_name}' is the name of an installed module; rename {path.name}")
    spec = importlib.util.spec_from_file_location(module_name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_name]
        raise UserError(f"{where}._target_: {path} does not load: {type(error).__name__}: {error}") from error
    return module


def _import(module_name: str, where: str):
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        raise UserError(f"{where}._target_: {module_name} does not load: {type(error).__name__}: {error}") from error


def shipped(group: str) -> list[str]:
    """Return the targets named by the shipped YAML of a group."""
    found = set()
    for path in sorted((HOUSE / "configs" / group).glob("*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("_target_:"):
                found.add(line.partition(":")[2].split("#")[0].strip())
    return sorted(found)


def _options(group: str) -> str:
    return f"There are: {', '.join(shipped(group))}"
