"""Compose the YAML groups with Hydra and check the result: `load` is the only way to a Config.

Every file is scanned before Hydra merges it (scan.py); plug-ins are built by plugins.py, never by Hydra.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, ConfigRepository
from hydra._internal.defaults_list import create_defaults_list
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import setup_globals
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError
from yaml import YAMLError

from configs.schema import Config
from experiments import overrides as command
from experiments.complain import complain, origin
from experiments.messages import UserError, nearest, suggest
from experiments.plugged import with_plug_ins
from experiments.scan import PRIMARY, Scanned, check_hydra, scan

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
OUTPUTS = "outputs"


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A configuration that passed.

    `resolved`: the same as a plain dict with every default filled in, for the manifest; `origins`: dotted key ->
    "file:line" or "command line"; `choices`: group -> option; `run_dir`: where Hydra's settings put the run.
    """

    config: Config
    resolved: dict[str, Any]
    origins: dict[str, str]
    choices: dict[str, str]
    overrides: tuple[str, ...]
    run_dir: str
    plugins: Path | None = None
    config_dir: Path | None = None

    def came_from(self, key: str) -> str:
        """Return where the value of a dotted key was set: file and line, the command line, or the schema."""
        path = key.split(".")
        ends = [end for end, name in enumerate(path) if name.isdigit()] + [len(path)]
        found = (self.origins.get(".".join(path[:end])) for end in reversed(ends))
        return next((where for where in found if where), "default")


def load(overrides: Sequence[str] = (), *, plugins: Path | None = None, config_dir: Path | None = None) -> Loaded:
    """Compose the defaults with the overrides, check everything, return the frozen configuration."""
    composed, origins, choices = compose(overrides, config_dir=config_dir)
    run_dir = inside_outputs(composed.hydra.run.dir, "hydra.run.dir")
    inside_outputs(composed.hydra.sweep.dir, "hydra.sweep.dir")
    data = to_plain(composed, origins)
    config = validate(data, origins, plugins=plugins)
    return Loaded(config, plain(config), origins, choices, tuple(overrides), run_dir, plugins, config_dir)


def validate(data: Mapping[str, Any], origins: Mapping[str, str], *, plugins: Path | None = None) -> Config:
    """Build the plug-ins of a plain configuration and check it; mistakes become one UserError."""
    ready = with_plug_ins(data, origins, plugins)
    try:
        return Config.model_validate(ready)
    except ValidationError as error:
        raise complain(error.errors(include_url=False), data, origins) from None


def plain(node: Any) -> Any:
    """Return a configuration as plain dicts, lists and numbers; plug-ins with their `_target_`."""
    if isinstance(node, BaseModel):
        return {name: plain(getattr(node, name)) for name in type(node).model_fields}
    if dataclasses.is_dataclass(node):
        target = f"{type(node).__module__}.{type(node).__qualname__}"
        return {"_target_": target} | {f.name: plain(getattr(node, f.name)) for f in dataclasses.fields(node)}
    if isinstance(node, Mapping):
        return {str(name): plain(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [plain(value) for value in node]
    return node


def compose(
    overrides: Sequence[str] = (), *, config_dir: Path | None = None
) -> tuple[DictConfig, dict[str, str], dict[str, str]]:
    """Return (composed configuration with `hydra`, origins, choices of each group), every file scanned first."""
    library = Library(config_dir)
    parsed = command.parse(list(overrides))
    groups = library.groups
    command.check_choices(parsed, groups)
    chosen = [o for o in parsed if command.is_choice(o, groups) or o.key_or_group.startswith("hydra.")]
    config, origins, choices = library.compose([o.input_line for o in chosen])
    for override in parsed:
        if override not in chosen:
            command.apply(config, override, origins)
    return config, origins, choices


def to_plain(composed: DictConfig, origins: Mapping[str, str]) -> dict[str, Any]:
    """Resolve plain references and return the configuration without Hydra's part."""
    kept = OmegaConf.masked_copy(composed, [k for k in composed if k != "hydra"])
    try:
        return OmegaConf.to_container(kept, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = str(error.full_key or "")
        reason = str(error).splitlines()[0]
        raise UserError(f"{origin(tuple(key.split('.')), origins)}{key}: {reason}") from None


class Library:
    """The files that can be chosen from: the shipped groups and a folder of the user's."""

    def __init__(self, config_dir: Path | None = None):
        self.roots: list[tuple[Path, str]] = [(CONFIGS, "configs")]
        if config_dir is not None:
            self._add(Path(config_dir))
        self.scanned: dict[str, Scanned] = {}
        self.files: dict[str, Any] = {}  # as Hydra read them
        self.groups = self._list_groups()
        version.setbase("1.3")
        setup_globals()
        path = create_config_search_path("pkg://configs")
        if config_dir is not None:
            folder = f"file://{os.path.abspath(config_dir)}"
            path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
        self.loader = ConfigLoaderImpl(path)
        read = lambda name, load: self._read(name, load)  # noqa: E731  (a function: Hydra deep-copies the reader)
        self.loader.repository = _ScanningRepository(path, read)

    def _add(self, folder: Path) -> None:
        """Admit the user's folder; refuse names that would change Hydra or be hidden by a shipped file."""
        shown = str(folder)
        for path in sorted(folder.rglob("*.yaml")):
            inside = path.relative_to(folder)
            if inside.parts[0] in ("hydra", "hydra_plugins"):
                raise UserError(f"{path}: a configuration folder may not hold a group '{inside.parts[0]}'")
            if (CONFIGS / inside).is_file():
                raise UserError(f"{path}: '{inside.with_suffix('')}' is shipped with the project; rename this file")
        self.roots.append((folder, shown))

    def _list_groups(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for root, _ in self.roots:
            for path in root.glob("*/*.yaml"):
                found.setdefault(path.parent.name, set()).add(path.stem)
        return {group: sorted(options) for group, options in sorted(found.items())}

    def scan_option(self, config_path: str) -> Scanned | None:
        """Scan the file behind a config path once; None for Hydra's own configuration."""
        if config_path in self.scanned:
            return self.scanned[config_path]
        if config_path.split("/")[0] == "hydra":
            return None
        if ".." in PurePosixPath(config_path).parts or config_path.startswith("/"):
            raise UserError(f"'{config_path}' is not an option of a group")
        for root, shown in self.roots:
            path = root / f"{config_path}.yaml"
            if path.is_file():
                primary = config_path == PRIMARY and root == CONFIGS
                self.scanned[config_path] = scan(path, f"{shown}/{config_path}.yaml", primary)
                return self.scanned[config_path]
        return None

    def _read(self, config_path: str, load: Any) -> Any:
        """Scan a file, then let Hydra read it, once; a copy, since Hydra merges into what it reads."""
        self.scan_option(config_path)
        if config_path not in self.files:
            self.files[config_path] = load(config_path)
        return copy.deepcopy(self.files[config_path])

    def compose(self, chosen: Sequence[str]) -> tuple[DictConfig, dict[str, str], dict[str, str]]:
        """Compute the defaults list, check every file of it, then let Hydra merge."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                files = CachingConfigRepository(self.loader.repository)
                parsed = OverridesParser.create().parse_overrides(list(chosen))
                defaults = create_defaults_list(files, PRIMARY, parsed, prepend_hydra=False, skip_missing=False)
                origins = self._check(defaults.defaults)
                composed = self.loader._compose_config_from_defaults_list(defaults.defaults, files)
        except (HydraException, OmegaConfBaseException, YAMLError, ValueError, RecursionError) as error:
            raise self._translated(error) from error
        for override in defaults.config_overrides:
            command.apply(composed, override, {})
        known = defaults.overrides.known_choices.items()
        choices = {k: v for k, v in known if v is not None and not k.startswith("hydra/")}
        return composed, origins, choices

    def _check(self, defaults: Sequence[Any]) -> dict[str, str]:
        """Return where every key was set; refuse any file that was not scanned or that sets Hydra's keys."""
        origins: dict[str, str] = {}
        for default in defaults:
            name = default.config_path
            if name is None or name.split("/")[0] == "hydra":
                continue
            scanned = self.scanned.get(name)
            if scanned is None:
                raise UserError(f"'{name}' was not checked before use; this is a fault of the program")
            package = (default.package or "").removeprefix("_global_").strip(".")
            if name != PRIMARY:
                check_hydra(scanned, package)
            origins.update(scanned.origins(package))
        return origins

    def _translated(self, error: Exception) -> UserError:
        """Say in one or two lines what Hydra did not like, with file and line where one can be found."""
        if isinstance(error, RecursionError):
            return UserError(f"{self._last()}: the defaults lists choose each other in a circle")
        text = str(error)
        missing = re.search(r"Could not find '([^']+)'", text)
        if isinstance(error, MissingConfigException) and missing:
            group, _, option = missing.group(1).rpartition("/")
            if group.rpartition("/")[2] in self.groups and group not in self.groups:
                choice = f"override /{group.rpartition('/')[2]}: {option}"
                return UserError(f"{self._where(option)}no group '{group}' here; to choose again write `- {choice}`")
            allowed = self.groups.get(group.lstrip("/"), list(self.groups))
            return UserError(f"{self._where(option)}no option '{option}' in '{group}'; {suggest(option, allowed)}")
        again = re.search(r"use 'override /?([^:']+): ([^']+)'", text)
        if again:
            choice = f"/{again.group(1)}: {again.group(2)}"
            return UserError(f"{self._where(again.group(2))}chosen twice; to choose again write `- override {choice}`")
        override = re.search(r"Could not override '([^']+)'", text)
        if override:
            key = override.group(1)
            name = re.match(r"In '([^']+)'", text)
            file = self.scanned.get(name.group(1)) if name else None
            where = f"{file.shown}:{file.line_of(key.partition('@')[0])}: " if file else f"{command.COMMAND_LINE}: "
            if file and f"@{name.group(1).partition('/')[0]}." in key:
                return UserError(f"{file.shown}:1: the first line must be `# @package _global_`")
            places = [c for c in self._places() if c.partition("@")[0] == key.partition("@")[0]]
            near = nearest(key, places)
            hint = f"did you mean {near}=...?" if near and "@" in key else "say whose it is:"
            return UserError(f"{where}nothing is chosen at '{key}'; {hint}", f"Places: {', '.join(places)}")
        cause = f" ({str(error.__cause__).splitlines()[0]})" if error.__cause__ and str(error.__cause__) else ""
        first = [line.strip() for line in text.splitlines() if line.strip()][:2]
        return UserError(*(first or [type(error).__name__]), *([cause.strip()] if cause else []))

    def _where(self, text: str) -> str:
        for scanned in self.scanned.values():
            line = scanned.line_of(text)
            if line > 1:
                return f"{scanned.shown}:{line}: "
        return f"{command.COMMAND_LINE}: "

    def _last(self) -> str:
        return next(reversed(self.scanned.values())).shown if self.scanned else "configs"

    def _places(self) -> list[str]:
        """Return every `group@place` the default choice fills."""
        defaults = self.loader.compute_defaults_list(PRIMARY, [], RunMode.RUN)
        return [c for c in defaults.overrides.known_choices if not c.startswith("hydra")]


class _ScanningRepository(ConfigRepository):
    """Hydra's reader of files, with a scan of every file before it is read."""

    def __init__(self, path: Any, read: Any):
        super().__init__(path)
        self._read = read

    def load_config(self, config_path: str):
        """Scan the file, then read it."""
        return self._read(config_path, super().load_config)


def inside_outputs(folder: str, key: str) -> str:
    """Return the folder if it stays below outputs/; elsewhere needs --out."""
    parts = PurePosixPath(str(folder).replace("\\", "/")).parts
    if not parts or parts[0] != OUTPUTS or ".." in parts or len(parts) < 2 or ":" in str(folder):
        raise UserError(
            f"{key}: '{folder}' is not a folder below {OUTPUTS}/",
            "To write a run elsewhere, give --out DIR on the command line.",
        )
    return str(folder)
