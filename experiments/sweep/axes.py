"""The axes of a sweep: which keys take which values, from the command line, `hydra.sweeper.params` or a design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hydra.core.override_parser.types import Glob, Override, Quote, QuotedString, RangeSweep, Sweep, ValueType
from omegaconf import DictConfig, OmegaConf

from configs.sweeps import MOST_POINTS
from experiments import overrides as command
from experiments.messages import UserError

PARAMS = "hydra.sweeper.params"
SETTLED = ("title", "question", "offers", "figures", "dry_run", "design", "sweep", "hydra")
GRID = ""


@dataclass(frozen=True)
class Axis:
    """One swept key.

    `values`: the distinct values in the order they are first met, numbers as the schema types them, option names of a
    group; `group`: a group's options rather than a value; `unit`: of the schema, "" where it has none; `design`: kind
    of the design the key belongs to ("zip", "lhs", "sobol", "csv", "grids", "points"), "" for an axis of a grid.
    """

    key: str
    values: tuple
    group: bool = False
    unit: str = ""
    design: str = ""


@dataclass(frozen=True, eq=False)
class Entry:
    """A key that was set or swept: its override as written, and where.

    `values`: the distinct values as parsed, quotes kept, None where the key is set once for all cells.
    """

    override: Override
    where: str
    values: tuple | None = None
    design: str = GRID

    @property
    def key(self) -> str:
        """The key as tables name it."""
        return name_of(self.override)

    @property
    def path(self) -> tuple[str, ...]:
        """The names on the way to the value."""
        return tuple(self.override.key_or_group.split("."))

    def plain(self) -> list[Any]:
        """Return the values without their quotes."""
        return [Override._convert_value(value) for value in self.values]

    def at(self, value: Any) -> Override:
        """Return the override that sets one of the values."""
        text = f"{self.override.get_key_element()}={Override._get_value_element_as_str(value)}"
        return replace(self.override, value_type=ValueType.ELEMENT, _value=value, input_line=text)


@dataclass(frozen=True, eq=False)
class Dimension:
    """Keys that move together: `points[p][k]` is the number of the value that key k takes at point p."""

    keys: tuple[str, ...]
    points: Sequence[tuple[int, ...]]


@dataclass(eq=False)
class Axes:
    """All that was written, in the order it is applied, and the dimensions whose product are the cells."""

    entries: dict[str, Entry] = field(default_factory=dict)
    dimensions: list[Dimension] = field(default_factory=list)

    @property
    def swept(self) -> list[Entry]:
        """The swept keys, in order of their dimensions."""
        return [self.entries[key] for dimension in self.dimensions for key in dimension.keys]

    @property
    def fixed(self) -> list[Entry]:
        """What is set once for all cells, in order."""
        return [entry for entry in self.entries.values() if entry.values is None]


def name_of(override: Override) -> str:
    """Return the key of an override without the marks `+`, `++`, `~`.

    >>> name_of(command.parse(["+strategy@countries.JPN.strategy=linear"])[0])
    'strategy@countries.JPN.strategy'
    """
    return override.key_or_group + (f"@{override.package}" if override.package is not None else "")


def root_of(override: Override) -> str:
    """Return the first name of an override's key.

    >>> root_of(command.parse(["worlds=3"])[0])
    'worlds'
    """
    return override.key_or_group.split(".")[0].split("/")[0]


def is_group(key: str, values: Iterable[Any], groups: Mapping[str, Sequence[str]]) -> bool:
    """Say whether values of a key choose options of a group; mappings replace what the group gave."""
    return key.partition("@")[0] in groups and not any(isinstance(value, Mapping) for value in values)


def collect(params: Sequence[tuple[Override, str]], line: Sequence[Override], groups: Mapping[str, list[str]]) -> Axes:
    """Return the entries and grid dimensions of `hydra.sweeper.params` and of the command line, which comes last.

    As Hydra does it: the same key on the command line takes the place of the file's.
    """
    axes = Axes()
    for override, where in [*params, *((o, command.COMMAND_LINE) for o in line)]:
        if root_of(override) == "hydra":
            if override.is_sweep_override():
                check_sweepable(override, where)
            continue
        if override.is_sweep_override():
            entry = Entry(override, where, tuple(_listed(override, where, groups)))
        else:
            entry = Entry(override, where)
        axes.entries[entry.key] = entry
    axes.dimensions = [
        Dimension((key,), [(n,) for n in range(len(entry.values))])
        for key, entry in axes.entries.items()
        if entry.values is not None
    ]
    return axes


def add_points(axes: Axes, points: Sequence[Mapping[str, Any]], kind: str, where: str) -> None:
    """Add one dimension whose points set several keys at once; UserError where a key is set or swept elsewhere too."""
    entries, columns = [], []
    for name in points[0]:
        override = told_at(where, lambda name=name: command.parse([f"{name}=null"])[0])
        first: dict[tuple, tuple[int, Any]] = {}
        command.check_texts([p[name] for p in points], where)
        columns.append([first.setdefault(_mark(p[name]), (len(first), p[name]))[0] for p in points])
        entries.append(Entry(override, where, tuple(_quoted(value) for _, value in first.values()), kind))
    for entry in entries:
        check_sweepable(entry.override, where)
        if entry.key in axes.entries:
            also = axes.entries[entry.key]
            how = f"{'swept' if also.values is not None else 'set'} elsewhere too ({also.where})"
            raise UserError(f"{where}: {entry.key}: is a key of the design, and {how}; drop one")
    axes.entries |= {entry.key: entry for entry in entries}
    axes.dimensions.append(Dimension(tuple(e.key for e in entries), list(zip(*columns))))


def params_of(composed: DictConfig, origins: Mapping[str, str]) -> list[tuple[Override, str]]:
    """Return the overrides that `hydra.sweeper.params` of the chosen files asks for, with file and line."""
    node = OmegaConf.select(composed, PARAMS, throw_on_resolution_failure=False)
    if node is None:
        return []
    if not isinstance(node, DictConfig):
        raise UserError(f"{origins.get(PARAMS, command.COMMAND_LINE)}: {PARAMS}: `key: values` lines are due")
    found = []
    for key, value in _flat(OmegaConf.to_container(node, resolve=False)):
        where = origins.get(f"{PARAMS}.{key}", command.COMMAND_LINE)
        if isinstance(value, list):
            example = ",".join(str(v) for v in value[:3])
            raise UserError(f"{where}: {key}: a sweep is written without brackets: {key}: {example}")
        text = f"{key}={'null' if value is None else str(value).lower() if isinstance(value, bool) else value}"
        found.append((told_at(where, lambda text=text: command.parse([text], sweeps=True)[0]), where))
    return found


def told_at(where: str, act):
    """Return act(); a mistake it tells as of the command line is told as of `where`."""
    try:
        return act()
    except UserError as error:
        raise UserError(*(_moved(line, where) for line in error.lines)) from None


def _moved(line: str, where: str) -> str:
    prefix = f"{command.COMMAND_LINE}: "
    return f"{where}: {line.removeprefix(prefix)}" if line.startswith(prefix) else line


def _flat(node: Mapping, above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _listed(override: Override, where: str, groups: Mapping[str, list[str]]) -> list[Any]:
    """Return the values a swept override lists, each once."""
    check_sweepable(override, where)
    raw = override._value
    if getattr(raw, "shuffle", False):
        raise UserError(f"{where}: {override.input_line}: shuffle would put the cells in another order every time")
    if override.is_interval_sweep():
        key = override.get_key_element()
        hint = f"A design can: 'design={{kind: sobol, points: 64, ranges: {{{key}: [low, high]}}}}'"
        raise UserError(f"{where}: {override.input_line}: a grid cannot sweep an interval", hint)
    if isinstance(raw, Glob):
        options = groups.get(override.key_or_group)
        if options is None:
            raise UserError(f"{where}: {override.input_line}: glob lists the options of a group; this is no group")
        values = raw.filter(options)
    else:
        values = _steps(raw, override, where) if isinstance(raw, RangeSweep) else list(override.sweep_iterator())
    command.check_texts([Override._convert_value(value) for value in values], where)
    if not values:
        raise UserError(f"{where}: {override.input_line}: no value in this sweep")
    if any(isinstance(value, Sweep) for value in values):
        raise UserError(f"{where}: {override.input_line}: a sweep inside a sweep; write the values out")
    seen = set()
    for value in values:
        if _mark(value) in seen:
            raise UserError(f"{where}: {name_of(override)}: {_shown(value)} is listed twice")
        seen.add(_mark(value))
    return values


def _steps(sweep: RangeSweep, override: Override, where: str) -> list[Any]:
    """Return the values of range(start, stop, step): decimal steps, so that 0.7 is what 0.7 is when written out."""
    if sweep.start is None or sweep.stop is None or not abs(sweep.step) > 0:
        raise UserError(f"{where}: {override.input_line}: write range(start, stop) or range(start, stop, step)")
    start, stop, step = (Decimal(repr(v)) for v in (sweep.start, sweep.stop, sweep.step))
    if not all(v.is_finite() for v in (start, stop, step)):
        raise UserError(f"{where}: {override.input_line}: a range needs finite numbers")
    count = max(0, -int((start - stop) // step))
    if count > MOST_POINTS:
        raise UserError(f"{where}: {override.input_line}: {count} values; at most {MOST_POINTS}")
    whole = all(isinstance(v, int) for v in (sweep.start, sweep.step))
    steps = (start + n * step for n in range(count + 1))
    inside = [v for v in steps if (v < stop if step > 0 else v > stop)]
    return [int(v) if whole else float(v) for v in inside]


def check_sweepable(override: Override, where: str) -> None:
    """Refuse sweeps over what belongs to the sweep as a whole, and over what plays no part."""
    if root_of(override) in SETTLED:
        raise UserError(f"{where}: {override.key_or_group}: cannot be swept: it is the same for the whole sweep")


def _quoted(value: Any) -> Any:
    return QuotedString(value, Quote.single) if isinstance(value, str) else value


def _mark(value: Any) -> tuple[str, str]:
    """Return what tells values apart: 1 and 1.0 are one number, 1 and true are not, nor 1 and '1'."""
    value = Override._convert_value(value)
    kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    return (kind, repr(float(value)) if kind == "number" and abs(value) < 2**53 else repr(value))


def _shown(value: Any) -> str:
    return Override._get_value_element_as_str(value)
