"""`bargain sensitivity`: which settings an outcome hangs on, one at a time and together, over ranges.

bargain sensitivity [key=interval(low,high) ...] [key=value ...] [--points N] [--steps M] [--out DIR]
Every point is a cell of one sweep, so an interrupted analysis goes on where it stopped, and more points reuse fewer.
Without intervals a shipped set of ranges is taken, for the first talk (docs/sensitivity.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from experiments import describe
from experiments.compose import OUTPUTS, Loaded, load
from experiments.messages import UserError, suggest
from experiments.options import Options, parse
from experiments.sweep.sensitivity_design import Design, Range, defaults, is_number, value_at
from experiments.sweep.sensitivity_tables import NAMES, analyse

INTERVAL = re.compile(r"^(?P<key>[^=\s]+)=interval\((?P<low>[^,()]+),(?P<high>[^,()]+)\)$")
POINTS, STEPS, MOST_STEPS, MOST_POINTS = 128, 9, 1001, 1 << 16
USE = "e.g. bargain sensitivity talks=us_japan 'talks.japan.stick.threat_pct=interval(0,50)' --points 64 --steps 9"


@dataclass(frozen=True)
class Asked:
    """What stood on the command line: ranges by key, how many points and steps, and the options of a run."""

    ranges: dict[str, tuple[float, float]]
    points: int
    steps: int
    options: Options


def main(argv: list[str]) -> int:
    """Run a sensitivity analysis and return the exit code."""
    asked = ask(argv)
    place, text = sensitivity(asked)
    if not asked.options.silent:
        print(f"{text}\nresults: {place}")
    return 0


def sensitivity(asked: Asked) -> tuple[Path, str]:
    """Play the points of an analysis as one sweep, write its tables and figures, return (folder, text)."""
    from experiments.sweep.planning import plan
    from experiments.sweep.store import run_sweep

    options = asked.options
    loaded = load(options.overrides, plugins=options.plugins, config_dir=options.config_dir)
    ranges = ranges_of(loaded, asked.ranges)
    design = Design(ranges, asked.steps, asked.points, loaded.config.seed)
    out = options.out or Path(OUTPUTS) / f"{datetime.now():%Y-%m-%d/%H-%M-%S}-sensitivity"
    cells = plan(replace(options, out=out), points=design.cells())
    if len(cells.cells) != len(design.cells()):
        raise UserError("sensitivity: its settings are the only ones that vary; leave other sweeps out", USE)
    place = run_sweep(cells, silent=options.silent)
    text = analyse(place, design, loaded)
    if loaded.config.figures:
        from experiments.plot_sensitivity import draw

        draw(place)
    return place, text


def ask(argv: Sequence[str]) -> Asked:
    """Take the command line apart: intervals and own options here, the rest as any run's.

    >>> ask(["worlds=50", "protocol.hazard_pct=interval(0,10)", "--points", "16"]).ranges
    {'protocol.hazard_pct': (0.0, 10.0)}
    """
    ranges, rest, own = {}, [], {"--points": POINTS, "--steps": STEPS}
    words = list(argv)
    while words:
        word = words.pop(0)
        flag, equals, value = word.partition("=")
        found = INTERVAL.match(re.sub(r"\s", "", word)) if "interval(" in word else None
        if flag in own:
            if not equals and not words:
                raise UserError(f"command line: {flag} needs a number after it", USE)
            own[flag] = _whole(flag, value if equals else words.pop(0))
        elif found:
            if found["key"] in ranges:
                raise UserError(f"command line: {found['key']}: two ranges; give one", USE)
            ranges[found["key"]] = _ends(found)
        elif "interval(" in word:
            raise UserError(f"command line: '{word}' is not key=interval(low,high)", USE)
        else:
            rest.append(word)
    _check(own["--points"], own["--steps"])
    return Asked(ranges, own["--points"], own["--steps"], parse(rest))


def ranges_of(loaded: Loaded, asked: dict[str, tuple[float, float]]) -> tuple[Range, ...]:
    """Return the ranges asked for, or the shipped ones of the first talk; UserError where a key takes no number."""
    chosen = [(key, *ends) for key, ends in asked.items()] or defaults(loaded.resolved, next(iter(loaded.config.talks)))
    if not chosen:
        raise UserError("sensitivity: this run has none of the settings with a shipped range", USE)
    return tuple(_range(loaded, *one) for one in chosen)


def _range(loaded: Loaded, key: str, low: float, high: float) -> Range:
    base = value_at(loaded.resolved, key)
    if base is None or not is_number(base):
        known = _numbers(loaded.resolved)
        why = "is no setting of this run" if base is None else f"is {base!r}, not a number"
        raise UserError(
            f"command line: {key}: {why}; {suggest(key, known) if base is None else 'it has no range'}", USE
        )
    field = describe.at(tuple(key.split(".")), loaded.resolved)
    whole = field is not None and field.wanted == "a whole number"
    return Range(key, low, high, base, isinstance(base, list | tuple), whole)


def _numbers(node, path: tuple[str, ...] = ()) -> list[str]:
    """Return the dotted keys of all numbers below a node."""
    if isinstance(node, dict):
        return [key for name, inside in node.items() for key in _numbers(inside, (*path, str(name)))]
    return [".".join(path)] if is_number(node) else []


def _ends(found: re.Match) -> tuple[float, float]:
    try:
        low, high = float(found["low"]), float(found["high"])
    except ValueError:
        raise UserError(f"command line: '{found[0]}': both ends of a range are numbers", USE) from None
    if not low < high:
        raise UserError(
            f"command line: {found['key']}: [{low:g}, {high:g}] is no range; write the lower end first", USE
        )
    return low, high


def _whole(flag: str, text: str) -> int:
    if not text.isdigit():
        raise UserError(f"command line: {flag}: '{text}' is not a whole number", USE)
    return int(text)


def _check(points: int, steps: int) -> None:
    if points & (points - 1) or points == 1 or points > MOST_POINTS:
        near = 1 << max(1, points.bit_length() - 1)
        why = f"{points} is no power of 2; samples of aObol sequence are balanced at {near} or {2 * near}"
        raise UserError(f"command line: --points: {why}", f"2 to {MOST_POINTS}, or 0 for none")
    if not 2 <= steps <= MOST_STEPS:
        raise UserError(f"command line: --steps: {steps} is out of range; 2 to {MOST_STEPS}", USE)


__all__ = ["NAMES", "ask", "main", "sensitivity"]
