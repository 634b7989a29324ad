"""The text of `bargain explain` about one key: its meaning, unit, range, place in the model, value and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent, wrap
from typing import Any

from experiments import describe, places
from experiments.complain import shown
from experiments.compose import CONFIGS, Loaded, load
from experiments.describe import leaves
from experiments.enters import enters
from experiments.messages import UserError, short
from experiments.overrides import COMMAND_LINE
from experiments.plugged import PLACES as PLUGGED
from experiments.plugins import shipped

WIDTH = 100
CELL = 34  # characters of a cell of a table
FEW = 12  # settings shown in full; of more only keys, values and places


def nodes(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (path, value) of every node of a plain configuration: mappings, lists and single values.

    >>> [".".join(path) for path, _ in nodes({"a": {"b": 1}, "c": [{"d": 2}]})]
    ['a', 'a.b', 'c', 'c.0', 'c.0.d']
    """
    if path:
        yield path, data
    inside = data.items() if isinstance(data, Mapping) else enumerate(data) if _of_mappings(data) else ()
    for name, value in inside:
        yield from nodes(value, (*path, str(name)))


def _of_mappings(data: Any) -> bool:
    return isinstance(data, list) and any(isinstance(value, Mapping) for value in data)


def mapping(home: str, paths: list[tuple[str, ...]], loaded: Loaded) -> str:
    """Return what stands below a mapping of keys, in all the places where this configuration has it."""
    parts, nulls = [], []
    for path in paths:
        field = describe.at(path, loaded.resolved)
        inner = leaves(places.at(path, loaded.resolved), path)
        rows = [_row(leaf, value, loaded, len(path)) for leaf, value in inner if leaf != path]
        head = f"{'.'.join(path)}: {field.description if field and field.description else 'a mapping of keys'}"
        if rows:
            parts.append("\n".join([head, "", table(rows)]))
        else:
            nulls.append(head)
    return "\n\n".join([*parts, *([_nothing(nulls, home)] if nulls else [])])


def _nothing(heads: list[str], home: str) -> str:
    """Return the text of mappings that are null or empty in this configuration: what could stand there."""
    top = home.removeprefix("run.")
    fields = {h: f for h, f in places.universe().items() if h.startswith(f"{top}.")}
    rows = [(h.removeprefix(f"{top}."), f.unit, f.allowed, f.description) for h, f in fields.items()]
    lines = [*heads, "", "  nothing in this configuration" + ("; it can hold" if rows else "")]
    return "\n".join([*lines, *([table(rows)] if rows else [])])


def _row(path: tuple[str, ...], value: Any, loaded: Loaded, above: int) -> tuple[str, ...]:
    field = describe.at(path, loaded.resolved)
    unit, means = (field.unit, field.description) if field is not None else ("", "")
    return ".".join(path[above:]), shown(value), unit, means


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows of cells as text, all columns but the last aligned and cut.

    >>> table([("a", "1", "x"), ("bb", "2", "y")])
    '  a   1  x\\n  bb  2  y'
    """
    wide = [min(max(len(row[i]) for row in rows), CELL) for i in range(len(rows[0]) - 1)]
    lines = ["  ".join([*(short(c, w).ljust(w) for c, w in zip(row, wide)), row[-1]]).rstrip() for row in rows]
    return indent("\n".join(lines), "  ")


def key(home: str, paths: list[tuple[str, ...]], loaded: Loaded) -> str:
    """Return the text of one key in all the places where this configuration has it."""
    field = describe.at(paths[0], loaded.resolved)
    lines = _head(home, field)
    inner = [leaf for path in paths for leaf, _ in leaves(places.at(path, loaded.resolved), path)]
    for path in inner:
        lines += _value(path, loaded, full=len(inner) <= FEW)
    return "\n".join([*lines, "", f"  change it: bargain {'.'.join(inner[0])}=..."])


def _head(home: str, field: describe.Field | None) -> list[str]:
    """Return the lines that hold wherever a key stands: meaning, unit, range, default, place in the model."""
    where = enters(home)
    rows = []
    if field is not None:
        rows += [("unit", field.unit), ("allowed", field.allowed or _kind(field)), ("default", _default(field))]
    if where is not None:
        rows += [("model", where.how), ("", f'{where.page}, "{where.section}"; {where.module or _module(home)}')]
    elif home.split(".")[0] in PLUGGED.values():
        rows += [("model", _module(home))]
    meaning = field.description if field is not None and field.description else where.how if where else "your own"
    lines = [f"{home.removeprefix('run.')}: {meaning}", ""]
    for label, value in rows:
        lines += _wrapped(f"  {label:<9}", value) if value else []
    return [*lines, ""]


def _kind(field: describe.Field) -> str:
    return field.wanted if field.node.get("type") == "string" else ""


def _wrapped(label: str, value: str) -> list[str]:
    return wrap(label + value, WIDTH, subsequent_indent=" " * 11, break_long_words=False, break_on_hyphens=False)


def _default(field: describe.Field) -> str:
    """Return what holds where no file sets the key."""
    if "default" not in field.node or isinstance(field.node["default"], Mapping):
        return ""
    return f"{shown(field.node['default'])} where no file sets it"


def _module(home: str) -> str:
    """Return the file of the class in the home of a plug-in's parameter."""
    group, name, *_ = [*home.split("."), ""]
    for target in shipped(group):
        if target.endswith(f".{name}"):
            return f"{target.rpartition('.')[0].replace('.', '/')}.py"
    return "a class of your own"


def _value(path: tuple[str, ...], loaded: Loaded, full: bool) -> list[str]:
    """Return the value at a path, where it was set and, if `full`, what the file says of it."""
    dotted = ".".join(path)
    where = loaded.came_from(dotted)
    lines = [f"  {dotted} = {shown(places.at(path, loaded.resolved))}   {_from(where)}"]
    if where == COMMAND_LINE:
        where, value = _before(dotted, loaded)
        lines += [f"      else {value}   {_from(where)}"] if value else []
    if full:
        said = _said(where, loaded)
        source, _, attempt = said.partition("; try: ")
        lines += [line for part in source.split("; ")[1:] for line in wrap(part, WIDTH, **_deeper("      "))]
        lines += wrap(f"try: {attempt}", WIDTH, **_deeper("      ")) if attempt else []
    return lines


def _deeper(margin: str) -> dict[str, str]:
    return {"initial_indent": margin, "subsequent_indent": margin}


def _from(where: str) -> str:
    return "no file sets it" if where == "default" else where


def _before(dotted: str, loaded: Loaded) -> tuple[str, str]:
    """Return where a key set on the command line would have come from, and its value there."""
    kept = [o for o in loaded.overrides if o.partition("=")[0].lstrip("+~") != dotted]
    try:
        plain = load(kept, plugins=loaded.plugins, config_dir=loaded.config_dir)
    except UserError:  # the other overrides need this one
        return "", ""
    path = tuple(dotted.split("."))
    known = [p for p, _ in nodes(plain.resolved)]
    return (plain.came_from(dotted), shown(places.at(path, plain.resolved))) if path in known else ("", "")


def _said(where: str, loaded: Loaded) -> str:
    """Return the comment on the line "file:line", empty where there is none."""
    file, _, line = where.rpartition(":")
    path = CONFIGS.parent / file if file.startswith("configs/") else Path(file)
    if not line.isdigit() or not path.is_file():
        return ""
    return places.comment(path.read_text(encoding="utf-8").splitlines()[int(line) - 1])


def absent(home: str) -> str:
    """Return the text of a key that this configuration has not: what it is, and which shipped files set it."""
    lines = _head(home, places.universe()[home])
    found = [s for s in places.settings() if s.home == home]
    lines += [f"  not in this configuration{'; set in' if found else ' and set by no shipped file'}"]
    return "\n".join([*lines, *(f"      {s.where}  {shown(s.value)}" for s in found)])
