"""Turn what the schema refuses into lines a student can act on: file and line, key, value, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from experiments import describe
from experiments.messages import MAX_LINES, UserError, nearest, short, suggest

NUMBER = r"[-+]?\d+(?:[.,]\d+)?"
SWITCH_WORDS = ("yes", "no", "on", "off", "y", "n")


def complain(errors: Iterable[Mapping], data: Any, origins: Mapping[str, str], above: tuple = ()) -> UserError:
    """Return one UserError for pydantic's errors about `data`; `above` is where a plug-in stands in it."""
    lines = []
    for error in errors:
        path = _path((*above, *error["loc"]), data, error["type"])
        if error["type"] == "union_tag_invalid":
            path = (*path, "kind")
        if error["type"] == "at" and error["ctx"]["at"]:
            path = (*path, *error["ctx"]["at"].split("."))
        reason = _reason(error, path, data) + _misspelt(error["type"], path, data)
        lines.append(f"{origin(path, origins)}{'.'.join(path) or 'configuration'}: {reason}")
    lines = list(dict.fromkeys(lines))
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES - 1], f"... and {len(lines) - MAX_LINES + 1} more mistakes"]
    return UserError(*lines)


def origin(path: tuple[str, ...], origins: Mapping[str, str]) -> str:
    """Return "file:line: " of the nearest key above or at the path, empty where none is known."""
    for end in range(len(path), 0, -1):
        found = origins.get(".".join(path[:end]))
        if found:
            return f"{found}: "
    return ""


def _path(loc: tuple, data: Any, kind: str) -> tuple[str, ...]:
    """Return pydantic's location without the names of union branches, which stand in no file."""
    path: list[str] = []
    value = data
    for index, part in enumerate(loc):
        part = str(part)
        if part == "[key]":
            continue
        below = describe.inside(value, part)
        present = (isinstance(value, Mapping) and part in value) or isinstance(value, list | tuple)
        last = index == len(loc) - 1
        if present or (last and kind == "missing"):
            path.append(part)
            value = below
    return tuple(path)


def _reason(error: Mapping, path: tuple[str, ...], data: Any) -> str:
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    field = describe.at(path, data)
    if kind == "at":
        return context["message"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return _no_such_key(path, data)
    if kind in ("missing", "union_tag_not_found", "missing_argument"):
        return _missing(kind, field, context)
    if kind == "union_tag_invalid":
        allowed = re.findall(r"'([^']+)'", context["expected_tags"])
        return f"no kind '{context['tag']}'; {suggest(str(context['tag']), allowed)}"
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']+)'", context["expected"])
        return f"{shown(value)} is not allowed; {suggest(str(value), allowed)}"
    if kind.startswith(("greater_than", "less_than")):
        return f"{shown(value)} is out of range; allowed: {_allowed(field)}"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)}: a name is letters, digits and _, and starts with a letter"
    if kind.startswith("too_"):
        return f"too few entries: at least {context.get('min_length', 1)}" if kind == "too_short" else error["msg"]
    if kind in ("finite_number", "float_type", "int_type", "int_from_float", "bool_type", "string_type"):
        return _wrong_type(value, field, kind)
    if kind in ("dict_type", "model_type", "tuple_type", "model_attributes_type", "dataclass_type"):
        wanted = "a list such as [1, 2]" if kind == "tuple_type" else "a mapping of keys"
        return f"{shown(value)} found, {wanted} is due"
    return error["msg"].removeprefix("Value error, ")


def _no_such_key(path: tuple[str, ...], data: Any) -> str:
    above = data
    for name in path[:-1]:
        above = describe.inside(above, name)
    parent = describe.at(path[:-1], data)
    names = parent.names_at(above) if parent is not None else []
    if path[-1] == "_target_":
        return "`_target_` names the class of a strategy or a protocol, and stands nowhere else"
    return f"no such key; {suggest(path[-1], names)}"


def _missing(kind: str, field: describe.Field | None, context: Mapping) -> str:
    if kind == "union_tag_not_found":
        return "`kind` is missing: tariff, barrier, security, pledge or pie"
    told = f" ({field.description})" if field is not None and field.description else ""
    return f"is missing{told}"


def _misspelt(kind: str, path: tuple[str, ...], data: Any) -> str:
    """Say which country or talk may have been meant where a key of a new one is missing."""
    if kind != "missing" or len(path) != 3 or path[0] not in ("countries", "talks"):
        return ""
    near = nearest(path[1], [name for name in data[path[0]] if name != path[1]])
    return f"; or did you mean '{path[0]}.{near}'?" if near else ""


def _allowed(field: describe.Field | None) -> str:
    if field is None:
        return "see bargain check"
    return " ".join(part for part in (field.allowed, field.unit) if part)


def _wrong_type(value: Any, field: describe.Field | None, kind: str) -> str:
    """Name the usual slips: a percent sign, a decimal comma, quotes, a bare yes or NO, .nan."""
    due = {"int": "a whole number", "bool": "true or false", "string": "text"}.get(kind.split("_")[0], "a number")
    allowed = f" ({_allowed(field)})" if field is not None and field.allowed and due.endswith("number") else ""
    if isinstance(value, bool) and due == "text":
        return f"a bare {str(value).lower()} (YAML reads yes, NO, on as this); write the text in quotes"
    if isinstance(value, str) and due != "text":
        text = value.strip()
        number = text.rstrip("%").strip().replace(",", ".")
        if re.fullmatch(rf"{NUMBER}\s*%", text):
            return f"'{value}' is text; write {number} (the unit is in the name)"
        if re.fullmatch(r"[-+]?\d+,\d+", text):
            return f"'{value}' has a decimal comma; write {number}"
        if re.fullmatch(NUMBER, text):
            plain = number.lstrip("+0") if "." not in number else number
            return f"'{value}' is text; write {plain or 0} without quotes"
        if text.lower() in SWITCH_WORDS and due == "true or false":
            return f"'{value}' is text; write {'true' if text.lower() in ('yes', 'on', 'y') else 'false'}"
    if isinstance(value, float) and due == "a whole number" and value.is_integer():
        return f"{shown(value)} found, {due} is due; write {int(value)}"
    allowed = "; put it in quotes" if due == "text" else allowed
    return f"{shown(value)} found, {due} is due{allowed}"


def shown(value: Any) -> str:
    """Return a value as it stands in YAML, short.

    >>> shown([1.0, None, True])
    '[1.0, null, true]'
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return short("[" + ", ".join(map(shown, value)) + "]", 60)
    return short(repr(value), 80)
