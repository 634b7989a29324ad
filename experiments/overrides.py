"""Overrides of the command line: which choose a group's option, which set a value, and what none may do."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.messages import UserError, suggest
from experiments.scan import check_interpolation

COMMAND_LINE = "command line"
HYDRA_KEYS = ("hydra.mode", "hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.sweeper.params")
PLUG_IN_KEYS = ("hydra/sweeper", "hydra/launcher", "hydra.sweeper.max_batch_size", "hydra.launcher")  # of a sweep
COMMA = re.compile(r"[-+]?\d+,\d+")


def parse(texts: list[str] | tuple[str, ...], *, sweeps: bool = False) -> list[Override]:
    """Parse `key=value` texts; refuse sweeps unless `sweeps`, Hydra's own keys, and interpolations that act."""
    parser = OverridesParser.create()
    found = []
    for text in texts:
        check_interpolation(text, COMMAND_LINE)
        if "[" in text.partition("=")[0]:
            raise UserError(f"{COMMAND_LINE}: {text}: write a dot for the brackets: talks.x.issues.y.levels_pct.0")
        try:
            override = parser.parse_override(text)
        except (HydraException, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(
                f"{COMMAND_LINE}: '{text}' cannot be read: {reason}",
                "Write key=value; a value with spaces or brackets needs quotes: 'title=\"my run\"'",
            ) from None
        _check_key(override, (*HYDRA_KEYS, *(PLUG_IN_KEYS if sweeps else ())))
        if override.is_sweep_override() and not sweeps:
            raise swept_without_m(override)
        if not override.is_sweep_override() and not override.is_delete():
            check_texts(override.value(), COMMAND_LINE)
        found.append(override)
    return found


def check_texts(value: Any, where: str) -> None:
    """Check interpolations again in what was read: the text typed may hide them, `$\\{...\\}` is `${...}`."""
    if isinstance(value, str):
        check_interpolation(value, where)
    for inside in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        check_texts(inside, where)


def _check_key(override: Override, hydra_keys: tuple[str, ...]) -> None:
    key, package = override.key_or_group, override.package or ""
    if re.split(r"[./]", package)[0] == "hydra" or package.startswith("_global_.hydra"):
        raise UserError(f"{COMMAND_LINE}: {override.input_line}: nothing may be placed under `hydra`")
    if re.split(r"[./]", key)[0] == "hydra":
        allowed = any(key == k or key.startswith(k + ".") for k in hydra_keys)
        if not allowed or override.is_delete() or "_target_" in (override.input_line or ""):
            raise UserError(
                f"{COMMAND_LINE}: {key}: this part of Hydra is not for configuring; allowed: {', '.join(hydra_keys)}"
            )


def swept_without_m(override: Override) -> UserError:
    """Return what to say of several values where one is due: a decimal comma, or a sweep without -m."""
    text = (override.input_line or "").partition("=")[2]
    if COMMA.fullmatch(text.strip()):
        return UserError(
            f"{COMMAND_LINE}: {override.input_line}: a comma lists the values of a sweep",
            f"For a decimal number write {override.get_key_element()}={text.strip().replace(',', '.')}; "
            "to try several values add -m.",
        )
    return UserError(
        f"{COMMAND_LINE}: {override.input_line}: several values are a sweep, which needs -m",
        f"For one list write {override.get_key_element()}=[{text}]",
    )


def check_choices(found: list[Override], groups: Mapping[str, list[str]]) -> None:
    """Refuse an option that a group does not have, naming the nearest."""
    for override in found:
        group, value = override.key_or_group, None if override.is_delete() else override.value()
        if group not in groups or isinstance(value, dict) or override.is_sweep_override():
            if override.package is not None and group not in groups:
                raise UserError(f"{COMMAND_LINE}: no group '{group}'; {suggest(group, list(groups))}")
            continue
        if override.is_delete():
            raise UserError(f"{COMMAND_LINE}: {override.input_line}: a group cannot be taken away; choose an option")
        if override.is_force_add():
            raise UserError(f"{COMMAND_LINE}: {override.input_line}: write {group}=option, without ++")
        for option in value if isinstance(value, list) else [value]:
            if str(option) not in groups[group]:
                hint = suggest(str(option), groups[group])
                options = f"Options of {group}: {', '.join(groups[group])}"
                told = "null" if option is None else option
                raise UserError(f"{COMMAND_LINE}: {group}: no option '{told}'; {hint}", options)


def is_choice(override: Override, groups: Mapping[str, list[str]]) -> bool:
    """Say whether an override chooses a group's option rather than setting a value."""
    return override.key_or_group in groups and not isinstance(override.value(), dict)


def apply(config: DictConfig, override: Override, origins: MutableMapping[str, str]) -> None:
    """Set, add or take away one value in the composed configuration; what it means is for the schema to judge."""
    parts = override.key_or_group.split(".")
    _check_path(config, parts, override)
    for key in [k for k in origins if k == override.key_or_group or k.startswith(override.key_or_group + ".")]:
        if override.is_delete() or not isinstance(override.value(), dict):
            del origins[key]
    try:
        if override.is_delete():
            node = OmegaConf.select(config, ".".join(parts[:-1])) if len(parts) > 1 else config
            if not isinstance(node, DictConfig) or parts[-1] not in node:
                names = list(node) if isinstance(node, DictConfig) else []
                raise UserError(f"{COMMAND_LINE}: ~{override.key_or_group}: no such key; {suggest(parts[-1], names)}")
            del node[parts[-1]]
            return
        value = override.value()
        OmegaConf.update(config, override.key_or_group, value, merge=True, force_add=True)
    except (OmegaConfBaseException, ValueError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{COMMAND_LINE}: {override.input_line}: {reason}") from None
    for depth in range(1, len(parts)):
        origins.setdefault(".".join(parts[:depth]), COMMAND_LINE)
    _remember(tuple(parts), value, origins)


def _check_path(config: DictConfig, parts: list[str], override: Override) -> None:
    """Refuse a path through a key that is not there: a talk or country not in this run, a null, a number."""
    node: Any = config
    for depth, name in enumerate(parts[:-1]):
        inside = OmegaConf.select(config, ".".join(parts[: depth + 1]), throw_on_resolution_failure=False)
        here = ".".join(parts[: depth + 1])
        if OmegaConf.is_dict(node) and name not in node:
            if depth > 0 and parts[0] in ("countries", "talks") and depth == 1:
                hint = suggest(name, list(node), "there are")
                choose = f"The set of {parts[0]} is chosen by talks=...; see bargain --help"
                raise UserError(f"{COMMAND_LINE}: {override.key_or_group}: no '{name}' in {parts[0]}; {hint}", choose)
            return
        if not OmegaConf.is_config(inside):
            shown = "null" if inside is None else repr(inside)
            raise UserError(
                f"{COMMAND_LINE}: {override.key_or_group}: {here} is {shown} in this run, nothing is below it",
                f"To put a mapping there write '{here}={{{parts[depth + 1]}: ...}}' in quotes.",
            )
        node = inside


def _remember(path: tuple[str, ...], value: Any, origins: MutableMapping[str, str]) -> None:
    origins[".".join(path)] = COMMAND_LINE
    if isinstance(value, Mapping):
        for name, inside in value.items():
            _remember((*path, str(name)), inside, origins)
