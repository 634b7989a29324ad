"""The text of `bargain --help`, read from the first comment of every option; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CONFIGS = Path(__file__).resolve().parent.parent / "configs"

USAGE = """\
usage: bargain [command] [key=value ...] [options]

A laboratory of bilateral trade bargaining: sticks, carrots and what agreement they buy.
"""
OPTIONS = """\
Options
  -m, --multirun     a sweep: key=a,b,c or key=range(0,50,5) for every combination, in one table
  --out DIR          write the run to DIR instead of a new folder below outputs/
  --config-dir DIR   also take experiment/, strategy/ ... YAML files from DIR
  --plugins DIR      also take classes named by `_target_` from the .py files in DIR
  hydra/job_logging=none   say nothing: no progress, no summary on the screen
  --version, --help
"""
EXAMPLES = """\
Examples
  bargain experiment=classroom
  bargain talks=us_japan talks.japan.stick.threat_pct=35
  bargain strategy@countries.JPN.strategy=hardliner
  bargain stick@talks.eu.stick=mirrored
  bargain check experiment=classroom
  bargain -m talks=us_japan 'talks.japan.stick.threat_pct=range(0,55,5)' worlds=200
  bargain sweep=threat_patience dry_run=true
"""
ORDER = ("experiment", "talks", "economy", "protocol", "country", "talk", "stick", "strategy", "sweep")
PLACES = {
    "country": "country@countries.JPN=...",
    "talk": "talk@talks.japan=...",
    "stick": "stick@talks.japan.stick=...",
    "strategy": "strategy@countries.JPN.strategy=...",
}


def first_comment(path: Path) -> str:
    """Return the first comment of a YAML file that is not a package header."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                return ""
            text = line.lstrip("# ").strip()
            if text and not text.startswith("@"):
                return text
    return ""


def groups(root: Path = CONFIGS) -> dict[str, dict[str, str]]:
    """Return the groups, their options and one line about each."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(root.glob("*/*.yaml")):
        found.setdefault(path.parent.name, {})[path.stem] = first_comment(path)
    known = [g for g in ORDER if g in found]
    return {g: found[g] for g in [*known, *(g for g in sorted(found) if g not in known)]}


def text(commands: Mapping[str, str], root: Path = CONFIGS) -> str:
    """Return the help: commands with one line each, options, groups and their options."""
    parts = [USAGE, "Commands"]
    width = max(map(len, commands))
    parts += [f"  {name:<{width}}  {line}" for name, line in commands.items()]
    parts += ["", OPTIONS, EXAMPLES, "Groups: choose an option with group=option"]
    for group, options in groups(root).items():
        place = f"  ({PLACES[group]})" if group in PLACES else ""
        parts += ["", f"{group}{place}"]
        width = max(map(len, options))
        parts += [f"  {name:<{width}}  {line}" for name, line in options.items()]
    return "\n".join(parts) + "\n"
