"""Read a YAML file before Hydra does: where each key stands, and whether it does anything but configure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import yaml

from experiments.messages import UserError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PRIMARY = "config"
HYDRA_KEYS = ("hydra.mode", "hydra.sweeper.params")  # what a file other than config.yaml may set of Hydra
NOW = re.compile(r"\$\{now:[^${}]*\}")
PLAIN = re.compile(r"\$\{(?!hydra\b)[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*\}")
MERGE = "tag:yaml.org,2002:merge"
TAGS = tuple(f"tag:yaml.org,2002:{t}" for t in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp"))
QUOTED = ("'", '"', "|", ">")
MOST_KEYS = 20_000  # of one file: aliases can multiply a few lines into more


@dataclass(frozen=True)
class Key:
    """A key of a file: its path of names, the line it stands on, its value's node."""

    path: tuple[str, ...]
    line: int
    node: yaml.Node


@dataclass(frozen=True)
class Scanned:
    """A file that passed: its path as shown, and every key in it."""

    shown: str
    keys: tuple[Key, ...]

    def origins(self, package: str) -> Iterator[tuple[str, str]]:
        """Yield (dotted key, 'file:line') of every key, below the package the file is placed in."""
        if package:
            yield package, f"{self.shown}:1"
        for key in self.keys:
            if key.path[0] != "defaults":
                yield ".".join((*([package] if package else []), *key.path)), f"{self.shown}:{key.line}"

    def line_of(self, text: str) -> int:
        """Return the line of the first defaults entry that contains `text`, else 1."""
        for key in self.keys:
            value = key.node.value if isinstance(key.node, yaml.ScalarNode) else ""
            if key.path[0] == "defaults" and (text in value or text in key.path[-1]):
                return key.line
        return 1


def scan(path: Path, shown: str, primary: bool = False) -> Scanned:
    """Read the file and return its keys; refuse what does more than configure, and YAML's own traps."""
    text = _text(path, shown)
    root = parse(text, shown)
    if root is None:
        return Scanned(shown, ())
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{shown}:1: a configuration file is `key: value` lines, not a {_kind(root)}")
    keys = tuple(islice(walk(root, (), shown, set()), MOST_KEYS + 1))
    if len(keys) > MOST_KEYS:
        raise UserError(f"{shown}: more than {MOST_KEYS} keys")
    for key in keys:
        if isinstance(key.node, yaml.ScalarNode):
            check_interpolation(key.node.value, f"{shown}:{key.line}: {'.'.join(key.path)}")
    if not primary:
        _check_header(text, shown)
        _check_defaults(keys, shown)
    return Scanned(shown, keys)


def check_hydra(scanned: Scanned, package: str) -> None:
    """Refuse keys of Hydra's own configuration outside config.yaml, wherever the file is placed."""
    for dotted, where in scanned.origins(package):
        inside = dotted == "hydra" or dotted.startswith("hydra.")
        allowed = any(_related(dotted, key) for key in HYDRA_KEYS)
        if inside and not allowed:
            raise UserError(
                f"{where}: {dotted}: a configuration file may not set Hydra's own keys",
                f"Only {' and '.join(HYDRA_KEYS)} may stand here; put the rest on the command line.",
            )
    for key in scanned.keys:
        dotted = ".".join((*([package] if package else []), *key.path))
        above = any(allowed.startswith(dotted + ".") for allowed in HYDRA_KEYS)
        if above and not isinstance(key.node, yaml.MappingNode):
            raise UserError(f"{scanned.shown}:{key.line}: {dotted}: holds keys of Hydra's own and cannot be replaced")


def check_interpolation(text: str, where: str) -> None:
    """Refuse `${...}` other than `${now:...}` and a plain reference to another key.

    >>> check_interpolation("${seed}", "here")
    """
    left = PLAIN.sub("", NOW.sub("", text))
    if "${" in left:
        start = left.index("${")
        raise UserError(
            f"{where}: '{left[start : start + 40]}' is not allowed",
            "Only ${now:...} and a plain reference such as ${seed} may stand in a configuration.",
        )


def _related(dotted: str, key: str) -> bool:
    return dotted == key or dotted.startswith(key + ".") or key.startswith(dotted + ".")


def _text(path: Path, shown: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{shown}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from None
    except OSError as error:
        raise UserError(f"{shown}: cannot be read: {error.strerror}") from None
    if text.startswith("\ufeff"):  # Hydra would not see the `# @package` line behind it
        raise UserError(f"{shown}:1: starts with a byte order mark; save the file as UTF-8 without one (no BOM)")
    return text


def parse(text: str, shown: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        source = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else ""
        lines = [f"{shown}:{line}: not YAML: {getattr(error, 'problem', None) or error}"]
        if source.strip():
            lines.append(f"    {source.strip()}")
        if "\t" in source:
            lines.append("There is a tab in this line; YAML indents with spaces.")
        raise UserError(*lines) from None
    except RecursionError:
        raise UserError(f"{shown}: nested too deeply") from None


def walk(node: yaml.Node, path: tuple[str, ...], shown: str, above: set[int]) -> Iterator[Key]:
    """Yield every key below a node, refusing what YAML 1.1 would silently turn into something else."""
    if id(node) in above:
        raise UserError(f"{shown}:{node.start_mark.line + 1}: an alias that contains itself")
    if node.tag not in TAGS:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        raise UserError(f"{shown}:{node.start_mark.line + 1}: the tag {tag} is not allowed; write a plain value")
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, path, shown, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield Key((*path, str(index)), item.start_mark.line + 1, item)
            yield from walk(item, (*path, str(index)), shown, above)
    else:
        _check_scalar(node, ".".join(path), shown)


def _walk_mapping(node: yaml.MappingNode, path: tuple, shown: str, above: set[int]) -> Iterator[Key]:
    seen: dict[str, int] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if name.tag == MERGE:
            raise UserError(f"{shown}:{line}: `<<` is not used here; write the keys out")
        if not isinstance(name, yaml.ScalarNode):
            raise UserError(f"{shown}:{line}: a key must be a name, not a {_kind(name)}")
        _check_scalar(name, ".".join((*path, name.value)), shown)
        if name.value in seen:
            raise UserError(
                f"{shown}:{line}: {'.'.join((*path, name.value))}: written twice (first in line {seen[name.value]})"
            )
        seen[name.value] = line
        yield Key((*path, name.value), line, value)
        yield from walk(value, (*path, name.value), shown, above)


def _check_scalar(node: yaml.ScalarNode, dotted: str, shown: str) -> None:
    """Refuse plain text that YAML 1.1 reads as something else: yes/NO, 12:30, 010; and foreign tags."""
    where, value = f"{shown}:{node.start_mark.line + 1}: {dotted}", node.value
    kind = node.tag.rsplit(":", 1)[-1]
    if node.style in QUOTED:  # read as it stands
        return
    if kind == "bool" and value.lower() not in ("true", "false"):
        meant = "true" if value.lower() in ("yes", "on", "y") else "false"
        raise UserError(
            f"{where}: a bare {value} is read as {meant}",
            f"Write {meant} for a switch, '{value}' in quotes for text, or the number that is meant.",
        )
    if kind in ("int", "float") and ":" in value:
        total = 0
        for part in value.replace("_", "").lstrip("+-").split(":"):
            total = total * 60 + float(part)
        raise UserError(f"{where}: {value} is read as {total:g} (base 60); quote it, or write the number")
    if kind == "int" and re.fullmatch(r"[-+]?0[0-7_]+", value):
        raise UserError(
            f"{where}: {value} is read as {int(value.replace('_', ''), 8)} (base 8)",
            "Drop the leading 0; a decimal is written with a point, not a comma: 0.05.",
        )


def _check_header(text: str, shown: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        match = re.match(r"\s*#\s*@package\s+(\S+)", line)
        if match and re.match(r"(_global_\.)?hydra\b", match.group(1)):
            raise UserError(f"{shown}:{number}: a file may not place itself under `hydra`")


def _check_defaults(keys: tuple[Key, ...], shown: str) -> None:
    """Refuse defaults entries that choose or place anything of Hydra's, or leave the configs folder."""
    for key in keys:
        if key.path[0] != "defaults":
            continue
        words = [key.path[-1]] if len(key.path) > 2 else []
        words += [key.node.value] if isinstance(key.node, yaml.ScalarNode) else []
        for word in words:
            bare = re.sub(r"^((override|optional)\s+)*/?", "", word.strip())
            package = bare.partition("@")[2]
            if bare.partition("@")[0].split("/")[0] == "hydra" or re.match(r"(_global_\.)?hydra\b", package):
                raise UserError(f"{shown}:{key.line}: a defaults list may not choose Hydra's own parts: '{word}'")
            if ".." in bare or bare.startswith("/") or "://" in bare or bare == PRIMARY:
                raise UserError(f"{shown}:{key.line}: '{word}' is not an option of a group")


def _kind(node: yaml.Node) -> str:
    return {"sequence": "list", "mapping": "mapping", "scalar": "single value"}[node.id]
