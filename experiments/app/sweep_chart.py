"""A sweep as a phase diagram that the browser draws: simulated colours, Nash's number as a dot, no zone crossed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pyarrow as pa

from experiments.app.chart import named_data, settled
from experiments.app.sweeping import DEALS, PAYOFFS, SHARE, Swept
from sim.plots.style import BUSD, INK, MUTED, in_sentence, issue_label

SEQUENTIAL, LEVELS, DIVIDED = "cividis", "viridis", "purpleorange"
PERCENT = (DEALS, SHARE)  # measures kept as shares
HALF = 50.0
CROSS = "M-1,-0.7L-0.7,-1L0,-0.3L0.7,-1L1,-0.7L0.3,0L1,0.7L0.7,1L0,0.3L-0.7,1L-1,0.7L-0.3,0Z"


class Drawn(NamedTuple):
    """What is drawn: measure, its label, labels of the axes, where the experiment stands (None: outside), values."""

    measure: str
    label: str
    across: str
    up: str
    here: tuple[float, float] | None
    ticks: tuple[tuple[float, ...], tuple[float, ...]]


def label(measure: str, names: tuple[str, str]) -> str:
    """Return what a measure is called.

    >>> label("deal", ("A", "B")), label("us_tariff_pct", ("A", "B"))
    ('Deals (% of worlds)', 'Agreed US tariff (%)')
    """
    if measure == DEALS:
        return "Deals (% of worlds)"
    if measure == SHARE:
        return f"Share of surplus: {names[0]} (%)"
    if measure in PAYOFFS:
        return f"{names[PAYOFFS.index(measure)]}: payoff ({BUSD})"
    return f"Agreed {in_sentence(issue_label(measure))}"


def edges(values: Sequence[float]) -> np.ndarray:
    """Return the edges of cells about rising values.

    >>> edges((0.0, 1.0, 3.0)).tolist()
    [-0.5, 0.5, 2.0, 4.0]
    """
    at = np.asarray(values, dtype=float)
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    middle = (at[1:] + at[:-1]) / 2
    return np.concatenate([[at[0] - (middle[0] - at[0])], middle, [at[-1] + (at[-1] - middle[-1])]])


def phase_chart(own: Swept, drawn: Drawn, height: int, below: bool) -> dict[str, Any]:
    """Return the phase diagram of a sweep as far as it is; `below`: the colours are explained under it."""
    measure, plan = drawn.measure, own.plan
    scale = 100.0 if measure in PERCENT else 1.0
    values, theory = (scale * kept.get(measure, np.full(own.zone.shape, np.nan)) for kept in (own.means, own.nash))
    low, high, scheme = _paint(measure, values, theory)
    spec = _picture(drawn, alt.Scale(scheme=scheme, domain=[low, high], clamp=True), height, below)
    x, y = edges(plan.x.values), edges(plan.y.values)
    cells = _cells(own, values, theory, (x, y))
    size = 0.3 * min(520 / len(plan.x.values), height / len(plan.y.values))
    dot = np.isfinite(theory).reshape(-1)
    crossed = (own.zone == 0).reshape(-1)
    middles = {"x": np.tile(plan.x.values, len(plan.y.values)), "y": np.repeat(plan.y.values, len(plan.x.values))}
    here = [[v] for v in drawn.here] if drawn.here else [[], []]
    data = {
        "cells": cells,
        "corners": {"x": [x[0], x[-1]], "y": [y[0], y[-1]]},
        "dots": {k: v[dot] for k, v in middles.items()},
        "crosses": {k: v[crossed] for k, v in middles.items()},
        "here": {"x": pa.array(here[0], pa.float64()), "y": pa.array(here[1], pa.float64())},
    }
    data["dots"] |= {"nash": theory.reshape(-1)[dot], "size": np.full(dot.sum(), max(18.0, size**2))}
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


def _cells(own: Swept, values: np.ndarray, theory: np.ndarray, at: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Return the cells that were played: edges, value (missing where undefined), what is told of each."""
    (x, y), plan = at, own.plan
    rows, cols = np.divmod(np.arange(plan.cells), len(plan.x.values))
    played = np.arange(plan.cells) < own.done
    value, other = values.reshape(-1), theory.reshape(-1)
    said = ["nobody agrees" if np.isnan(v) else f"{v:.1f}" for v in value]
    said = [own.errors.get(k, text) for k, text in enumerate(said)]
    columns = {
        "x": x[cols], "x2": x[cols + 1], "y": y[rows], "y2": y[rows + 1],
        "atx": np.array(plan.x.values)[cols], "aty": np.array(plan.y.values)[rows],
    }  # fmt: skip
    out: dict[str, Any] = {name: column[played] for name, column in columns.items()}
    out["value"] = pa.array(value[played], mask=np.isnan(value[played]))
    out["said"] = pa.array([said[k] for k in np.flatnonzero(played)], pa.string())
    out["nash"] = pa.array(["–" if np.isnan(v) else f"{v:.1f}" for v in other[played]], pa.string())
    return out


def _paint(measure: str, values: np.ndarray, theory: np.ndarray) -> tuple[float, float, str]:
    """Return the limits of the colours and their scheme, as in the figures of a sweep."""
    if measure == DEALS:
        return 0.0, 100.0, SEQUENTIAL
    known = np.concatenate([values[np.isfinite(values)], theory[np.isfinite(theory)]])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if measure == SHARE:
        reach = min(max(abs(low - HALF), abs(high - HALF), 1.0), HALF)
        return HALF - reach, HALF + reach, DIVIDED
    return low, high if high - low > 1e-9 else low + 1.0, LEVELS


def _picture(drawn: Drawn, scale: alt.Scale, height: int, below: bool) -> dict[str, Any]:
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x = alt.X("x:Q", title=drawn.across, axis=_axis(drawn.ticks[0], 5 if below else 10), **frame)
    y = alt.Y("y:Q", title=drawn.up, axis=_axis(drawn.ticks[1], 10), **frame)
    place = {"orient": "bottom", "gradientLength": 240} if below else {"orient": "right", "gradientLength": height - 60}
    legend = alt.Legend(title=drawn.label, labelFontSize=13, titleFontSize=13, titleFontWeight="normal",
                        titleLimit=0 if not below else 320, **place)  # fmt: skip
    colour = alt.condition("isValid(datum.value)", alt.Color("value:Q", scale=scale, legend=legend),
                           alt.value("#FFFFFF"))  # fmt: skip
    told = [alt.Tooltip("atx:Q", title=drawn.across), alt.Tooltip("aty:Q", title=drawn.up),
            alt.Tooltip("said:N", title=drawn.label), alt.Tooltip("nash:N", title="Nash")]  # fmt: skip
    layers = [
        named_data("corners").mark_point(opacity=0).encode(x=x, y=y),
        named_data("cells").mark_rect(stroke="#FFFFFF", strokeWidth=0.4).encode(
            x=x, x2="x2:Q", y=y, y2="y2:Q", color=colour, tooltip=told),
        named_data("dots").mark_circle(stroke="white", strokeWidth=0.9, opacity=1).encode(
            x="x:Q", y="y:Q", color=alt.Color("nash:Q", scale=scale, legend=None),
            size=alt.Size("size:Q", scale=None)),
        named_data("crosses").mark_point(shape=CROSS, fill="white", stroke=MUTED, strokeWidth=0.5, size=70,
                                         opacity=1).encode(x="x:Q", y="y:Q"),
        named_data("here").mark_point(shape="square", fill=None, stroke="white", strokeWidth=5, size=420,
                                      opacity=1).encode(x="x:Q", y="y:Q"),
        named_data("here").mark_point(shape="square", fill=None, stroke=INK, strokeWidth=2.2, size=420,
                                      opacity=1).encode(x="x:Q", y="y:Q"),
    ]  # fmt: skip
    return settled(alt.layer(*layers), height)


def _axis(values: tuple[float, ...], most: int) -> alt.Axis:
    """Return an axis with ticks at the values swept, at every second or third where there are many."""
    return alt.Axis(values=list(values[:: -(-len(values) // most)]), format=".6~g", grid=False)
