"""A person's game as charts that the browser draws: offers as they are worth to a side, and payoff space at the end."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from experiments.app.chart import X, Y, columns, frame_of, ground, inside, named_data, settled
from experiments.app.engine import dots
from experiments.app.marks import look
from experiments.app.seat_end import HISTORY, rows
from experiments.app.seat_game import Sitting
from sim.plots.payoff_space import staircase
from sim.plots.style import BUSD, INK, MUTED

NEAR = 0.15  # share of the extent of what is marked that is shown around it
LOW = 250  # pixels
HALO = {"color": "white", "stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}  # around words that lie on lines
SHAPES = ("circle", "diamond")
DRAFT = "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0M-0.72,0A0.72,0.72 0 1 0 0.72,0A0.72,0.72 0 1 0 -0.72,0Z"


def ladder(own: Sitting, side: int, draft: int, height: int = LOW) -> dict[str, Any]:
    """Return what each round's offer is worth to a side, no deal as a line, and the draft as a ring."""
    state = own.state
    said = [(turn, who, row) for turn, who, row in state.said if row >= 0]
    values = [float(state.packages[row, side]) for _, _, row in said] + [float(state.no_deal[side])]
    values += [float(state.packages[draft, side])] if draft >= 0 else []
    low, high = min(values), max(values)
    room = 0.12 * max(high - low, 1.0)
    now = state.round + 1
    data = {
        "corners": {"x": [0.5, state.rounds + 0.5], "y": [low - room, high + room]},
        "floor": {"x": [0.5, state.rounds + 0.5], "y": [float(state.no_deal[side])] * 2},
        "offers": {
            "x": pa.array([turn + 1 for turn, *_ in said], pa.int64()),
            "y": pa.array(values[: len(said)], pa.float64()),
            "fill": pa.array([own.colours[who] for _, who, _ in said], pa.string()),
            "shape": pa.array([SHAPES[who] for _, who, _ in said], pa.string()),
            "who": pa.array([own.names[who] for _, who, _ in said], pa.string()),
        },
        "draft": {
            "x": pa.array([now] if draft >= 0 else [], pa.int64()),
            "y": pa.array([float(state.packages[draft, side])] if draft >= 0 else [], pa.float64()),
        },
    }
    spec = dict(_ladder(height))
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


@lru_cache(maxsize=64)
def _ladder(height: int) -> dict[str, Any]:
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x = alt.X("x:Q", title="Round", axis=alt.Axis(tickMinStep=1, format="d"), **frame)
    y = alt.Y("y:Q", title=None, **frame)
    heard = [alt.Tooltip("x:Q", title="Round"), alt.Tooltip("who:N", title="Offer of"),
             alt.Tooltip("y:Q", title="Worth", format=".1f")]  # fmt: skip
    layers = [
        named_data("corners").mark_point(opacity=0).encode(x=x, y=y),
        named_data("floor").mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=2).encode(x=X, y=Y),
        named_data("offers").mark_point(stroke="white", strokeWidth=0.8, size=150, opacity=1).encode(
            x=X, y=Y, fill=alt.Fill("fill:N", scale=None), shape=alt.Shape("shape:N", scale=None), tooltip=heard),
        named_data("draft").mark_point(shape=DRAFT, fill=INK, strokeWidth=0, size=260, opacity=1).encode(
            x=X, y=Y, tooltip=[alt.Tooltip("y:Q", title="Now", format=".1f")]),
    ]  # fmt: skip
    return settled(alt.layer(*layers), height)


def space(own: Sitting, draft: int, height: int) -> dict[str, Any]:
    """Return payoff space with the offers made; the draft while the game runs, all points of comparison at its end."""
    state = own.state
    floor = own.end.floor if own.end is not None else state.no_deal
    said = [(turn, who, row) for turn, who, row in state.said if row >= 0]
    at = state.packages[[row for *_, row in said]].reshape(-1, 2)
    points, texts = _points(own, draft)
    past = own.state.packages[own.end.history.rows] if own.end is not None and own.end.history else np.zeros((0, 2))
    marked = np.array([point[:2] for point in points])
    frame = frame_of(np.concatenate([at, marked, past, np.zeros((1, 2))]), NEAR)
    stairs = np.clip(np.stack(staircase(*state.packages.T), axis=-1), *frame)
    data = {
        "zone": {"x": [floor[0]], "y": [floor[1]], "x2": [frame[1, 0]], "y2": [frame[1, 1]]},
        "corners": {"x": frame[:, 0], "y": frame[:, 1]},
        "packages": columns(inside(dots(state.packages), frame)),
        "stairs": {**columns(stairs), "order": np.arange(len(stairs))},
        "past": columns(past),
        "offers": _offers(own, said, at),
        "points": _table(points, ("x", "y", "shape", "fill", "edge", "size", "label"), "ffsssfs"),
        "texts": _table(texts, ("x", "y", "text"), "ffs"),
    }
    spec = dict(_space(*(f"{name}: payoff ({BUSD})" for name in own.names), height))
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


def _points(own: Sitting, draft: int) -> tuple[list[tuple], list[tuple]]:
    """Return the points as (x, y, path, fill, edge, size, label) and what is written beside some as (x, y, text)."""
    if own.end is None:
        found = [(own.state.no_deal, look("no_deal"))]
        out = [(*map(float, at), one.path, one.fill, one.edge, float(one.size), one.label) for at, one in found]
        if draft >= 0:
            out.append((*map(float, own.state.packages[draft]), DRAFT, INK, INK, 330.0, "What is on the table now"))
        return out, []
    every = rows(own)
    drawn = sorted((row for row in every if row.look is not HISTORY), key=lambda row: -row.look.size)
    out = [(*map(float, r.worth), r.look.path, r.look.fill, r.look.edge, float(r.look.size), r.look.label)
           for r in drawn]  # fmt: skip
    texts = [(*map(float, every[0].worth), "You" if len(own.seat.persons) == 1 else "Your deal")]
    past = next((row for row in every if row.look is HISTORY), None)
    if past is not None:
        texts.append((*map(float, past.worth), "History"))
    return out, texts


def _offers(own: Sitting, said: list[tuple], at: np.ndarray) -> dict[str, Any]:
    return {
        "x": pa.array(at[:, 0], pa.float64()),
        "y": pa.array(at[:, 1], pa.float64()),
        "round": pa.array([turn + 1 for turn, *_ in said], pa.int64()),
        "who": pa.array([own.names[who] for _, who, _ in said], pa.string()),
        "fill": pa.array([own.colours[who] for _, who, _ in said], pa.string()),
        "shape": pa.array([SHAPES[who] for _, who, _ in said], pa.string()),
    }


def _table(values: list[tuple], names: tuple[str, ...], kinds: str) -> dict[str, Any]:
    sorts = {"f": pa.float64(), "s": pa.string()}
    return {name: pa.array([row[k] for row in values], sorts[kinds[k]]) for k, name in enumerate(names)}


@lru_cache(maxsize=64)
def _space(across: str, up: str, height: int) -> dict[str, Any]:
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x, y = alt.X("x:Q", title=across, **frame), alt.Y("y:Q", title=up, **frame)
    fill, shape = alt.Fill("fill:N", scale=None), alt.Shape("shape:N", scale=None)
    paid = [alt.Tooltip(f"{k}:Q", format=".1f", title=name.split(":")[0]) for k, name in zip("xy", (across, up))]
    heard = [alt.Tooltip("round:Q", title="Round"), alt.Tooltip("who:N", title="Offer of"), *paid]
    layers = [
        *ground(x, y, 12),
        named_data("offers").mark_point(stroke="white", strokeWidth=0.8, size=70, opacity=0.75).encode(
            x=X, y=Y, fill=fill, shape=shape, tooltip=heard),
        named_data("past").mark_line(color=HISTORY.fill, strokeWidth=5, opacity=0.6).encode(x=X, y=Y, order="y:Q"),
        named_data("past").mark_point(shape=HISTORY.path, fill=HISTORY.fill, stroke=HISTORY.edge, strokeWidth=1.2,
                                      size=HISTORY.size, opacity=1).encode(x=X, y=Y, tooltip=paid),
        named_data("points").mark_point(strokeWidth=1.2, opacity=1).encode(
            x=X, y=Y, fill=fill, stroke=alt.Stroke("edge:N", scale=None), shape=shape,
            size=alt.Size("size:Q", scale=None), tooltip=[alt.Tooltip("label:N", title="Point"), *paid]),
        *(named_data("texts").mark_text(dx=16, dy=-14, align="left", fontSize=15, fontWeight="bold", **ink).encode(
            x=X, y=Y, text="text:N") for ink in (HALO, {"color": INK})),
    ]  # fmt: skip
    return settled(alt.layer(*layers), height)
