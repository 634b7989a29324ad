"""Figures of a sweep from its summary alone: what to draw follows from how many settings were swept, and of what kind.

One number: lines with bands. One choice: dots. A number and a choice: lines in colours. Two settings: phase diagrams.
More: small multiples of them. A design of points: each measure against each setting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.figures import write_figures
from experiments.messages import UserError
from experiments.plot import issue_labels
from experiments.sweep.labels import label_of
from experiments.sweep.summary import ALWAYS, CELLS, OF_CELLS, SUMMARY, summarise
from experiments.sweep.theory import THEORY
from sim.plots.bands import OPTION_COLOURS, Along, outcome_band_panels
from sim.plots.dots import option_panels
from sim.plots.measures import DEALS, PAYOFFS, ROUNDS, SHARE, Measure, level
from sim.plots.phase import Facets, phase_facets, phase_panels
from sim.plots.scatter import design_panels
from sim.plots.squares import Plane
from sim.plots.style import in_sentence, issue_label
from sim.plots.talks import pairs, rows_of

MANIFEST = "manifest.json"
FACETS = 12  # small multiples of a figure at most
KEYS = 6  # settings of a design in a figure
ONE = re.compile(r"^\[\s*(-?[0-9.eE+-]+)\s*\]$")  # a list of one number, as a table keeps it
STILL = 1e-6  # predictions closer than this are the same
USE = "usage: bargain plot SWEEP_DIR"


@dataclass(frozen=True)
class Setting:
    """A swept key: its column, its label with unit, whether it is a number, how many values it took."""

    key: str
    label: str
    number: bool
    count: int


@dataclass(frozen=True)
class Sweep:
    """A sweep as it lies in its folder: one row a cell and talk of what was found, and of theory."""

    summary: pd.DataFrame
    theory: pd.DataFrame
    settings: tuple[Setting, ...]
    cells: pd.DataFrame
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Names of the countries by code."""
        return {code: node.get("name") or code for code, node in self.config.get("countries", {}).items()}

    @property
    def is_grid(self) -> bool:
        """Whether every combination of the values is a cell."""
        return len(self.cells) == prod(setting.count for setting in self.settings)


def draw(folder: Path) -> list[Path]:
    """Read a sweep's folder, write figures/NAME.png and NAME.pdf, return the files written."""
    sweep = read(Path(folder))
    return write_figures(folder, figures(sweep), "the sweep's folder")


def read(folder: Path) -> Sweep:
    """Read a sweep's folder; the summary is made where it is missing. UserError names what cannot be read."""
    if not (folder / MANIFEST).is_file():
        what = f"plot: '{folder}' is not a finished sweep, it lacks {MANIFEST}"
        raise UserError(what, "the same command that began it goes on where it stopped")
    try:
        if not (folder / SUMMARY).is_file():
            summarise(folder)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        summary, cells = pd.read_parquet(folder / SUMMARY), pd.read_parquet(folder / CELLS)
        theory = pd.read_parquet(folder / THEORY) if (folder / THEORY).is_file() else pd.DataFrame()
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors, and JSON's
        raise UserError(f"plot: a file of '{folder}' cannot be read", str(error), "run the sweep again") from None
    swept = [name for name in cells if name not in OF_CELLS]
    cells = cells[["cell", *swept]].assign(**{name: numbers(cells[name]) for name in swept})
    summary = summary.drop(columns=swept).merge(cells, on="cell")
    theory = theory.merge(cells, on="cell") if len(theory) else _no_theory(swept)
    units = {axis.get("column", axis["key"]): (axis["key"], axis.get("unit", "")) for axis in manifest["axes"]}
    config = manifest.get("config", {})
    settings = [
        Setting(name, label_of(*units.get(name, (name, "")), config), is_number(cells[name]), cells[name].nunique())
        for name in swept
    ]
    return Sweep(summary, theory, tuple(s for s in settings if s.count > 1) or tuple(settings[:1]), cells, config)


def _no_theory(swept: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("cell", "talk", "zone", "leverage", *swept)})


def numbers(column: pd.Series) -> pd.Series:
    """Return a swept column with lists of one number as numbers, other words as texts.

    >>> numbers(pd.Series(["[0.05]", "[0.5]"])).tolist()
    [0.05, 0.5]
    """
    if is_number(column):
        return column
    texts = column.map(str, na_action=None).astype(object)
    found = [ONE.match(text) for text in texts]
    return pd.Series([float(f[1]) for f in found], index=column.index) if found and all(found) else texts


def is_number(column: pd.Series) -> bool:
    """Say whether a swept column holds numbers."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def measures(sweep: Sweep) -> dict[str, list[Measure]]:
    """Return the measures of each figure by its name: outcomes, payoffs, and issues where there are several."""
    own = [c.removesuffix("_mean") for c in sweep.summary if c.endswith("_mean")]
    own = [c for c in own if c not in ALWAYS and sweep.summary[f"{c}_n"].sum() > 0]
    labels = issue_labels(sweep.config)
    issues = [level(name, labels.get(name) or issue_label(name)) for name in own]
    first = next((m for m in issues if m.column.endswith("tariff_pct")), issues[0] if issues else None)
    found = {"outcomes": [DEALS, *([first] if first else []), SHARE], "payoffs": [*PAYOFFS, ROUNDS]}
    return found | ({"issues": issues} if len(issues) > 1 else {})


def figures(sweep: Sweep) -> Iterator[tuple[str, Any]]:
    """Yield (name, figure) of a sweep, one at a time so that only one is in memory."""
    found = [s for s in sweep.settings if s.number], [s for s in sweep.settings if not s.number]
    one, words = found
    if not sweep.is_grid and not in_step(sweep):
        yield from _design(sweep)
    elif not sweep.is_grid:
        yield from _lines(sweep, sweep.settings[0])
    elif len(one) == 1 and not words:
        yield from _lines(sweep, one[0])
    elif len(words) == 1 and not one:
        yield from _dots(sweep, words[0])
    elif len(one) == len(words) == 1 and words[0].count <= len(OPTION_COLOURS):
        yield from _lines(sweep, one[0], words[0])
    elif len(sweep.settings) == 2:
        yield from _phases(sweep, *sorted(sweep.settings, key=lambda s: (not s.number, -s.count)))
    else:
        yield from _multiples(sweep)


def in_step(sweep: Sweep) -> bool:
    """Say whether all settings are numbers that move together, as a zip of rising or falling lists makes them."""
    if not sweep.settings or not all(s.number for s in sweep.settings) or sweep.settings[0].count < len(sweep.cells):
        return False
    rows = sweep.cells.sort_values(sweep.settings[0].key)
    steps = [np.diff(rows[s.key].to_numpy(dtype=float)) for s in sweep.settings[1:]]
    return all((step >= 0).all() or (step <= 0).all() for step in steps)


def _lines(sweep: Sweep, x: Setting, by: Setting | None = None) -> Iterator[tuple[str, Any]]:
    along = Along(x.key, x.label, by.key if by else "", by.label if by else "")
    more = f" and {in_sentence(by.label)}" if by else ""
    beside = [in_sentence(s.label) for s in sweep.settings[1:]] if not sweep.is_grid else []
    more += f", with {' and '.join(beside)} in step" if beside else ""
    for name, own in measures(sweep).items():
        title = f"{name.capitalize()} along {in_sentence(x.label)}{more}"
        axes = outcome_band_panels(
            sweep.summary, sweep.theory, along=along, measures=own, names=sweep.names, title=title
        )
        yield name, axes[0].get_figure()


def _dots(sweep: Sweep, choice: Setting) -> Iterator[tuple[str, Any]]:
    for name, own in measures(sweep).items():
        given = {"key": choice.key, "label": choice.label, "names": sweep.names}
        title = f"{name.capitalize()} by {in_sentence(choice.label)}"
        yield name, option_panels(sweep.summary, sweep.theory, measures=own, title=title, **given)[0].get_figure()


def _phases(sweep: Sweep, x: Setting, y: Setting) -> Iterator[tuple[str, Any]]:
    plane = Plane(x.key, y.key, x.label, y.label)
    for name, own in measures(sweep).items():
        for pair in pairs(sweep.summary, sweep.names):
            drawn = phase_panels(
                sweep.summary, sweep.theory, talk=pair.talk, plane=plane, measures=own, names=sweep.names,
                concept=responsive(sweep, pair.talk, (x.key, y.key)),
            )  # fmt: skip
            yield f"{name}_{pair.talk}", drawn[0].get_figure()


def responsive(sweep: Sweep, talk: str, keys: Sequence[str]) -> str:
    """Return the concept to draw over a talk's phase diagrams: Nash, or the subgame-perfect one if that moves more.

    Nash's solution ignores patience and the protocol: where one of these is an axis it says nothing along it.
    """
    rows = rows_of(sweep.theory, talk)
    moves = {
        concept: _moves(rows, f"{concept}_demander_surplus_share", keys) for concept in ("nash", "subgame_perfect")
    }
    return "subgame_perfect" if moves["subgame_perfect"] > moves["nash"] else "nash"


def _moves(rows: pd.DataFrame, column: str, keys: Sequence[str]) -> int:
    """Return along how many of the keys a prediction changes while the others stay."""
    if column not in rows:
        return 0
    others = [[k for k in rows if k in keys and k != key] for key in keys]
    spans = [
        rows.groupby(other)[column].agg(np.ptp) if other else pd.Series([np.ptp(rows[column])]) for other in others
    ]
    return sum(bool((span.fillna(0.0) > STILL).any()) for span in spans)


def _multiples(sweep: Sweep) -> Iterator[tuple[str, Any]]:
    """Yield a figure a measure and talk: a plane of the two settings with most values, a panel for each of the rest."""
    x, y, *rest = sorted(sweep.settings, key=lambda s: (not s.number, -s.count))
    plane = Plane(x.key, y.key, x.label, y.label)
    panels = facets(sweep, rest)
    for measure in measures(sweep)["outcomes"]:
        for pair in pairs(sweep.summary, sweep.names):
            concept = responsive(sweep, pair.talk, (x.key, y.key))
            given = {"plane": plane, "measure": measure, "pair": pair, "facets": panels, "concept": concept}
            drawn = phase_facets(sweep.summary, sweep.theory, **given)
            yield f"{measure.column}_{pair.talk}", drawn[0].get_figure()


def facets(sweep: Sweep, rest: Sequence[Setting]) -> Facets:
    """Return the small multiples over the remaining settings; FACETS of them at the most, spread over all."""
    values = [sorted(set(sweep.cells[s.key])) if s.number else list(dict.fromkeys(sweep.cells[s.key])) for s in rest]
    every, across = list(product(*values)), len(values[-1])
    if len(every) > FACETS:
        every, across = [every[k] for k in np.linspace(0, len(every) - 1, FACETS).round().astype(int)], 4
    if len(rest) == 1 or across > 4:
        across = min(len(every), 3 if len(every) != 4 else 2)
    return Facets([(_heading(rest, chosen), dict(zip([s.key for s in rest], chosen))) for chosen in every], across)


def _heading(rest: Sequence[Setting], chosen: Sequence) -> str:
    said = []
    for setting, value in zip(rest, chosen):
        name, _, unit = setting.label.partition(" (")
        shown = f"{value:g}" if setting.number else str(value).replace("_", " ")
        said.append(f"{name}: {shown}" + (f" {unit.removesuffix(')')}" if unit else ""))
    return "; ".join(said)


def _design(sweep: Sweep) -> Iterator[tuple[str, Any]]:
    """Yield a figure a talk: each outcome against each number of a design; KEYS numbers a figure."""
    keys = [(s.key, s.label) for s in sweep.settings if s.number]
    own = measures(sweep)["outcomes"]
    for pair in pairs(sweep.summary, sweep.names):
        for k in range(0, len(keys), KEYS):
            part = keys[k : k + KEYS]
            title = f"{pair.title}: outcomes of {len(sweep.cells)} points"
            given = {"talk": pair.talk, "keys": part, "measures": own, "names": sweep.names, "title": title}
            more = "" if k == 0 else f"_{k // KEYS + 1}"
            yield f"design_{pair.talk}{more}", design_panels(sweep.summary, **given)[0].get_figure()
