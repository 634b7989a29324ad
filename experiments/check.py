"""`bargain check`: check a configuration and print it with units, ranges and where each value came from."""

from __future__ import annotations

from typing import Any

from experiments import describe
from experiments.complain import shown
from experiments.compose import Loaded, load
from experiments.messages import UserError
from experiments.notes import tell
from experiments.options import parse

COLUMNS = ("key", "value", "unit", "allowed", "from")
WIDEST = (52, 34, 14, 34, 60)


def main(argv: list[str]) -> int:
    """Check what was asked for and print it; nothing is run or written."""
    options = parse(argv)
    if options.multirun:
        raise UserError("bargain check: looks at one configuration; leave -m out")
    loaded = load(options.overrides, plugins=options.plugins, config_dir=options.config_dir)
    from experiments.build import check_fit, make_economy

    check_fit(loaded.config)
    if loaded.config.economy is not None and loaded.config.economy.source is None:
        make_economy(loaded.config)  # the user's own files are read and weighed too
    tell(loaded)
    print(report(loaded))
    return 0


def report(loaded: Loaded) -> str:
    """Return the configuration as a table, one line a value, after the sizes of what would be run."""
    rows = [COLUMNS, *(_row(path, value, loaded) for path, value in describe.leaves(loaded.resolved))]
    widths = [min(max(len(row[i]) for row in rows), WIDEST[i]) for i in range(len(COLUMNS))]
    lines = [*_sizes(loaded), ""]
    section = ""
    for row in rows:
        top = row[0].partition(".")[0]
        if top != section and top in loaded.resolved and "." in row[0]:
            lines.append("")
        section = top
        lines.append("  ".join(_cut(cell, width).ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(lines)


def _row(path: tuple[str, ...], value: Any, loaded: Loaded) -> tuple[str, ...]:
    field = describe.at(path, loaded.resolved)
    unit, allowed = (field.unit, field.allowed) if field is not None else ("", "")
    return ".".join(path), shown(value), unit, allowed, loaded.came_from(".".join(path))


def _sizes(loaded: Loaded) -> list[str]:
    config = loaded.config
    lines = ["The configuration is valid." + (f" {config.title}" if config.title else "")]
    for name, talk in config.talks.items():
        types = [config.countries[code].types.count for code in (talk.demander, talk.partner)]
        lines.append(
            f"  {name}: {talk.demander} demands of {talk.partner}; {talk.packages} packages of "
            f"{len(talk.issues)} issues; {types[0]} x {types[1]} types"
        )
    return [*lines, f"  {config.worlds} worlds, seed {config.seed}; nothing was run or written"]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
