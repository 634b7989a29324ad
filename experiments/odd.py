"""Write the parameter tables of docs/odd.md from the schema and the default run: python -m experiments.odd."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments import places
from experiments.complain import shown
from experiments.compose import Loaded, load
from experiments.describe import leaves
from experiments.readme import with_tables

PAGE = Path(__file__).resolve().parent.parent / "docs" / "odd.md"
HEAD = ["parameter", "meaning", "unit", "range", "in the default run"]
TABLES = {  # marker of the page: first words of the homes in its table
    "run": ("run",),
    "economy": ("economy",),
    "countries": ("country", "weights", "types"),
    "talks": ("talk", "issues", "ratification", "hub"),
    "sticks": ("stick", "moves"),
    "strategies": ("strategy",),
    "policies": ("policy",),
    "protocols": ("protocol",),
}
PLAIN = ("run", "design", "sweep")
LONG = 4  # numbers of a list shown in full; of more the first, the last and how many
WIDE = 60  # characters of a cell with values


def tables(loaded: Loaded | None = None) -> dict[str, list[str]]:
    """Return the tables as lines of markdown, by the name in their markers.

    >>> tables()["parameters: policies"][2].split(" | ")[0]
    '| `Climb.step`'
    """
    used = values(loaded or load([]))
    found = {f"parameters: {name}": _table(first, used) for name, first in TABLES.items()}
    rest = [home for home in places.universe() if home.split(".")[0] not in {w for own in TABLES.values() for w in own}]
    return found | {"parameters: sweeps": _lines(rest, used)}


def values(loaded: Loaded) -> dict[str, str]:
    """Return the values of a configuration by home, told apart by talk or country where they differ."""
    found: dict[str, dict[str, str]] = {}
    for path, value in leaves(loaded.resolved):
        home = places.home(path, lambda p: places.at(p, loaded.resolved))
        issue = path[2:3] == ("issues",)
        whose = " ".join(path[1 : 4 : 2 if issue else 3]) if path[0] in ("talks", "countries") else ".".join(path[2:])
        found.setdefault(home, {})[whose] = _short(value)
    return {home: _together(by) for home, by in found.items()}


def _together(by: Mapping[str, str]) -> str:
    """Return one value where all are the same, else each with whose it is where that is short.

    >>> _together({"japan": "24", "eu": "20"}), _together({"japan": "10", "eu": "10"})
    ('japan 24, eu 20', '10')
    """
    if len(set(by.values())) == 1:
        return next(iter(by.values()))
    text = ", ".join(f"{whose} {value}" for whose, value in by.items())
    return text if len(text) <= WIDE else "differs"


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > LONG:
        return f"{value[0]:g} to {value[-1]:g} ({len(value)} levels)"
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str) else shown(value)


def _table(first: tuple[str, ...], used: Mapping[str, str]) -> list[str]:
    return _lines([home for home in places.universe() if home.split(".")[0] in first], used)


def _lines(homes: list[str], used: Mapping[str, str]) -> list[str]:
    rows = [HEAD]
    for home in homes:
        field = places.universe()[home]
        first, _, rest = home.partition(".")
        name = rest if first in ("run", "strategy", "policy", "protocol") else home
        means = field.description or "what is given"
        rows.append([f"`{name}`", means.replace("|", "\\|"), field.unit, field.allowed, _code(used.get(home, ""))])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|" + ":--|" * len(HEAD), *lines[1:]]


def _code(text: str) -> str:
    return text.replace("|", "\\|") or "–"


def main() -> None:
    """Put the tables between their markers."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
