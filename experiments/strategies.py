"""`bargain strategies`: every shipped strategy with what it does, what it needs, where it is from and how it stands."""

from __future__ import annotations

from pathlib import Path

import yaml

from experiments.menu import CONFIGS, first_comment
from experiments.messages import UserError
from experiments.plugins import build

HEAD = ["strategy", "what it does", "information", "protocol", "source", "status"]

CHOOSE = (
    "information: the least a side must know of the other (private: nothing); set it with information=...",
    "Choose one: bargain strategy@countries.JPN.strategy=hardliner",
)


def main(argv: list[str]) -> int:
    """Print the table; takes no arguments."""
    if argv:
        raise UserError(f"bargain strategies: takes no '{argv[0]}'", "one strategy in a run: bargain --help")
    print(text())
    return 0


def text(folder: Path = CONFIGS / "strategy") -> str:
    """Return the table of strategies as markdown, and how to choose one."""
    rows = [HEAD, *(_row(path) for path in sorted(folder.glob("*.yaml")))]
    wide = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, wide)) + " |" for row in rows]
    rule = "|:" + "|:".join("-" * (w + 1) for w in wide) + "|"
    return "\n".join([lines[0], rule, *lines[1:], "", *CHOOSE])


def _row(path: Path) -> list[str]:
    """Return one option's row, told by the class its file names."""
    strategy = build(yaml.safe_load(path.read_text(encoding="utf-8")), "strategy", path.name)
    does = first_comment(path).partition("; set ")[0]
    return [path.stem, does, strategy.needs, ", ".join(strategy.protocols) or "any", strategy.source, strategy.status]
