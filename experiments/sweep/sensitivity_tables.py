"""Tables of a sensitivity analysis from the summary of its sweep: along each range, effects, indices, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.compose import Loaded
from experiments.markdown import markdown_table, number
from experiments.plot import issue_labels
from experiments.sweep.labels import label_of
from experiments.sweep.sensitivity_design import Design, Range
from experiments.sweep.sensitivity_indices import effects, indices
from experiments.sweep.summary import ALWAYS, SUMMARY
from sim.plots.measures import DEALS, PAYOFFS, SHARE, Measure, level
from sim.plots.style import issue_label
from sim.plots.talks import Pair, pairs, rows_of

ALONG, EFFECTS, INDICES, TEXT = "along.csv", "effects.csv", "indices.csv", "sensitivity.md"
NAMES = (ALONG, EFFECTS, INDICES, TEXT)
SAME = "it is the same at every point"
SETTINGS_WIDE = 44  # characters of a setting's name in the text


def analyse(folder: Path, design: Design, loaded: Loaded) -> str:
    """Write along.csv, effects.csv, indices.csv and sensitivity.md into a finished sweep's folder; return the text."""
    summary = pd.read_parquet(folder / SUMMARY)
    names = {code: country.name for code, country in loaded.config.countries.items()}
    labels = {one.key: label_of(one.key, config=loaded.resolved) for one in design.ranges}
    along, found, shares = [], [], []
    for pair, measure, values in outcomes(summary, loaded, names):
        told = {"talk": pair.talk, "measure": measure.column, "label": measure.named(pair.demander, pair.partner)}
        for one, cells in zip(design.ranges, design.cells_along()):
            own = told | {"key": one.key, "setting": labels[one.key]}
            steps = values.reindex(cells)
            along.append(pd.DataFrame({**own, "value": _steps(design, one), **steps.to_dict("list")}))
            found.append(own | _effects(one, steps["mean"].to_numpy(), values.loc[0]))
        if design.points:
            shares += [told | row for row in _indices(design, values["mean"], labels)]
    tables = (pd.concat(along), pd.DataFrame(found), pd.DataFrame(shares))
    for table, name in zip(tables, (ALONG, EFFECTS, INDICES)):
        table.to_csv(folder / name, index=False)
    text = in_words(design, loaded, tables[1], tables[2])
    (folder / TEXT).write_text(text, encoding="utf-8")
    return text


def outcomes(summary: pd.DataFrame, loaded: Loaded, names) -> Iterator[tuple[Pair, Measure, pd.DataFrame]]:
    """Yield (pair, measure, mean with its interval by cell) of every talk and outcome."""
    labels = issue_labels(loaded.resolved)
    own = [c.removesuffix("_mean") for c in summary if c.endswith("_mean")]
    issues = [c for c in own if c not in ALWAYS]
    first = next((c for c in issues if c.endswith("tariff_pct")), issues[0] if issues else None)
    for pair in pairs(summary, names):
        rows = rows_of(summary, pair.talk).set_index("cell")
        tariff = [level(first, labels.get(first) or issue_label(first))] if first else []
        for measure in (DEALS, *tariff, SHARE, *PAYOFFS):
            low, high = measure.interval(rows)
            yield pair, measure, pd.DataFrame({"mean": measure.mean(rows), "low": low, "high": high}, index=rows.index)


def _steps(design: Design, one: Range) -> list[float]:
    return [float(value) for value in design.along[design.ranges.index(one)]]


def _effects(one: Range, means: np.ndarray, base: pd.Series) -> dict:
    """Return the row of a setting in effects.csv."""
    own = {name: float(value) for name, value in effects(means)._asdict().items()}
    ends = {"low_end": one.low, "high_end": one.high, "configured": one.middle}
    return ends | own | {"base": base["mean"], "base_low": base["low"], "base_high": base["high"]}


def _indices(design: Design, means: pd.Series, labels: dict[str, str]) -> list[dict]:
    """Return the rows of one outcome in indices.csv; empty indices and why where it has none."""
    parts = [means.reindex(cells.ravel()).to_numpy().reshape(cells.shape) for cells in design.cells_sobol()]
    why, found = "", None
    try:
        found = indices(*parts, seed=design.seed)
        why = f"no indices: {SAME}" if found is None else found.note
    except ValueError as error:
        why = f"no indices: {error}"
    rows = []
    for k, one in enumerate(design.ranges):
        values = {name: float(getattr(found, name)[k]) if found else np.nan for name in _FIELDS}
        rows.append({"key": one.key, "setting": labels[one.key], **values, "note": why})
    return rows


_FIELDS = ("first", "first_low", "first_high", "total", "total_low", "total_high")


def in_words(design: Design, loaded: Loaded, found: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Return the analysis as markdown that reads well on a screen: a table an outcome, settings by their weight."""
    worlds, count = loaded.config.worlds, len(design.cells())
    lines = [
        f"# Sensitivity of {loaded.config.title or 'a run'}",
        "",
        f"{count:,} points of {worlds:,} worlds each, seed {design.seed}. All points play the same draws: differences",
        "between points are sharper than the intervals of the means, and indices are those of the mean over these",
        "worlds. alone: least and most of the outcome along a setting's range, the others as configured. first, total:",
        f"Sobol indices over all ranges at once, N = {design.points}, 95 % bootstrap intervals. A dash: undefined.",
        "",
    ]
    for (talk, measure), rows in found.groupby(["talk", "measure"], sort=False):
        own = shares[(shares["talk"] == talk) & (shares["measure"] == measure)] if len(shares) else shares
        lines += [f"## {talk}: {rows['label'].iloc[0]}", "", *_table(rows, own), ""]
        note = str(own["note"].iloc[0]) if len(own) else ""
        if note:
            lines += [f"{note[0].upper()}{note[1:]}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: pd.DataFrame, own: pd.DataFrame) -> list[str]:
    if len(own) and own["total"].notna().any():
        order = own.sort_values("total", ascending=False, kind="stable")["key"]
    else:
        order = rows.assign(swing=rows["most"] - rows["least"]).sort_values("swing", ascending=False)["key"]
    by_key, shares = rows.set_index("key"), own.set_index("key") if len(own) else own
    out = []
    for key in order:
        row = by_key.loc[key]
        span = f"{row['low_end']:g} to {row['high_end']:g}"
        alone = f"{number(row['least'], 1)} to {number(row['most'], 1)}"
        out.append([str(row["setting"])[:SETTINGS_WIDE], span, alone, *_shares(shares, key)])
    head = ["setting", "range", "alone", *(("first", "total") if len(own) else ())]
    return markdown_table(head, out)


def _shares(shares: pd.DataFrame, key: str) -> list[str]:
    if not len(shares):
        return []
    row = shares.loc[key]
    if np.isnan(row["total"]):
        return ["–", "–"]
    two = lambda value: number(value, 2)  # noqa: E731
    return [f"{two(row[n])} [{two(row[f'{n}_low'])}, {two(row[f'{n}_high'])}]" for n in ("first", "total")]
