"""One world as charts that the browser draws: the dance of offers, what they are worth to a side, tariffs in force."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from experiments.app.chart import HEIGHT, ROOM, X, Y, columns, frame_of, ground, inside, named_data, settled
from experiments.app.engine import dots
from experiments.app.marks import look
from experiments.app.watching import Watched
from sim.plots.offers import time_label
from sim.plots.payoff_space import staircase
from sim.plots.style import BUSD, INK, MUTED
from sim.table import SIDES

NEAR = 0.15  # share of the extent of what was offered that is shown around it
SMALL = 150  # pixels
DASHES = ([1, 0], [6, 3])  # lines of the demander and of the partner: told apart without colour
SHAPES = ("circle", "diamond")
AGREED = "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0M-0.8,0A0.8,0.8 0 1 0 0.8,0A0.8,0.8 0 1 0 -0.8,0Z"


def dance(own: Watched, now: int, height: int = HEIGHT) -> dict[str, Any]:
    """Return payoff space with the offers made up to round `now` (0 first)."""
    spec = dict(_dance(*(f"{name}: payoff ({BUSD})" for name in own.names), height))
    story = own.story
    seen = [story.worth[story.row >= 0], story.no_deal, story.final[None]]
    seen += [story.packages[[story.nash]]] if story.nash >= 0 else []
    frame = frame_of(np.concatenate(seen), NEAR)
    floor, stairs = story.no_deal[now], np.clip(np.stack(staircase(*story.packages.T), axis=-1), *frame)
    offers = [(turn, int(story.speaker[turn])) for turn in range(now + 1) if story.row[turn] >= 0]
    data = {
        "zone": {"x": [floor[0]], "y": [floor[1]], "x2": [frame[1, 0]], "y2": [frame[1, 1]]},
        "corners": {"x": frame[:, 0], "y": frame[:, 1]},
        "packages": columns(inside(dots(story.packages), frame)),
        "stairs": {**columns(stairs), "order": np.arange(len(stairs))},
        "offers": _offers(own, offers, now),
        "points": _points(own, now),
    }
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


def _offers(own: Watched, offers: list[tuple[int, int]], now: int) -> dict[str, Any]:
    at = own.story.worth[[turn for turn, _ in offers]].reshape(-1, 2)
    return {
        "x": pa.array(at[:, 0], pa.float64()),
        "y": pa.array(at[:, 1], pa.float64()),
        "round": pa.array([turn + 1 for turn, _ in offers], pa.int64()),
        "who": pa.array([own.names[side] for _, side in offers], pa.string()),
        "fill": pa.array([own.colours[side] for _, side in offers], pa.string()),
        "shape": pa.array([SHAPES[side] for _, side in offers], pa.string()),
        "size": pa.array([260.0 if turn == now else 70.0 for turn, _ in offers], pa.float64()),
        "shade": pa.array([1.0 if turn == now else 0.45 for turn, _ in offers], pa.float64()),
    }


def _points(own: Watched, now: int) -> dict[str, Any]:
    """Return no deal as it stands in this round, Nash's package, and the deal once it is made."""
    story = own.story
    found = [("no_deal", story.no_deal[now])]
    found += [("nash", story.packages[story.nash])] if story.nash >= 0 else []
    looks = [look(key) for key, _ in found]
    rows = [(*at, one.path, one.fill, one.edge, float(one.size), one.label) for (_, at), one in zip(found, looks)]
    if story.deal >= 0 and now >= story.accepted:
        rows.append((*story.packages[story.deal], AGREED, INK, INK, 500.0, "The deal"))
    names = ("x", "y", "shape", "fill", "edge", "size", "label")
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


@lru_cache(maxsize=64)
def _dance(across: str, up: str, height: int) -> dict[str, Any]:
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x, y = alt.X("x:Q", title=across, **frame), alt.Y("y:Q", title=up, **frame)
    drawn = {"shape": alt.Shape("shape:N", scale=None), "size": alt.Size("size:Q", scale=None)}
    told = [alt.Tooltip("x:Q", format=".1f", title=across.split(":")[0]),
            alt.Tooltip("y:Q", format=".1f", title=up.split(":")[0])]  # fmt: skip
    fill, path = alt.Fill("fill:N", scale=None), {"order": "round:Q", "detail": "who:N"}
    heard = [alt.Tooltip("round:Q", title="Round"), alt.Tooltip("who:N", title="From"), *told]
    layers = [
        *ground(x, y, 14),
        named_data("offers").mark_line(strokeWidth=1.4, opacity=0.7).encode(
            x=X, y=Y, stroke=alt.Stroke("fill:N", scale=None), **path),
        named_data("offers").mark_point(stroke="white", strokeWidth=0.8).encode(
            x=X, y=Y, fill=fill, opacity=alt.Opacity("shade:Q", scale=None), **drawn, tooltip=heard),
        named_data("points").mark_point(strokeWidth=1.2, opacity=1).encode(
            x=X, y=Y, fill=fill, stroke=alt.Stroke("edge:N", scale=None), **drawn,
            tooltip=[alt.Tooltip("label:N", title="Point"), *told]),
    ]  # fmt: skip
    return settled(alt.layer(*layers), height)


def worth(own: Watched, side: int, now: int) -> dict[str, Any]:
    """Return what the offers of each round are worth to a side, beside what it insists on and no deal."""
    story, turns = own.story, np.arange(now + 1)
    spec = dict(_worth(time_label(story.days), own.colours[side]))
    values = np.concatenate([story.worth[:, side], own.target[:, side], story.no_deal[:, side]])
    values = values[np.isfinite(values)]
    room = ROOM * max(float(np.ptp(values)), 1e-3)
    asked, heard = np.isfinite(own.target[: now + 1, side]), story.row[: now + 1] >= 0
    speaker = story.speaker[: now + 1][heard]
    data = {
        "corners": {"x": [0.5, story.rounds + 0.5], "y": [values.min() - room, values.max() + room]},
        "floor": {"x": turns + 1, "y": story.no_deal[: now + 1, side]},
        "target": {"x": turns[asked] + 1, "y": own.target[: now + 1, side][asked]},
        "offers": {
            "x": turns[heard] + 1, "y": story.worth[: now + 1, side][heard],
            "fill": pa.array([own.colours[s] for s in speaker], pa.string()),
            "shape": pa.array([SHAPES[s] for s in speaker], pa.string()),
            "who": pa.array([own.names[s] for s in speaker], pa.string()),
        },
    }  # fmt: skip
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


@lru_cache(maxsize=64)
def _worth(across: str, colour: str) -> dict[str, Any]:
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x = alt.X("x:Q", title=across, axis=alt.Axis(tickMinStep=1, format="d"), **frame)
    y = alt.Y("y:Q", title=None, **frame)
    told = [alt.Tooltip("x:Q", title="Round"), alt.Tooltip("who:N", title="Offer of"),
            alt.Tooltip("y:Q", title="Worth", format=".1f")]  # fmt: skip
    layers = [
        named_data("corners").mark_point(opacity=0).encode(x=x, y=y),
        named_data("floor").mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1.4).encode(x=X, y=Y),
        named_data("target").mark_line(color=colour, strokeWidth=2.2, interpolate="step").encode(x=X, y=Y),
        named_data("offers").mark_point(stroke="white", strokeWidth=0.6, size=80, opacity=1).encode(
            x=X, y=Y, fill=alt.Fill("fill:N", scale=None), shape=alt.Shape("shape:N", scale=None), tooltip=told),
    ]  # fmt: skip
    return settled(alt.layer(*layers), SMALL)


def tariffs(own: Watched, now: int) -> dict[str, Any]:
    """Return both sides' tariffs in force up to round `now`, percent on top of the status quo."""
    story = own.story
    spec = dict(_tariffs(time_label(story.days), own.colours))
    top = max(float(story.tariffs.max()), 1.0) * (1.0 + ROOM)
    data = {"corners": {"x": [0.5, story.rounds + 0.5], "y": [min(0.0, float(story.tariffs.min())), top]}}
    for side in SIDES:
        edges = np.arange(now + 2) + 0.5
        rates = story.tariffs[: now + 1, side]
        data[f"side{side}"] = {"x": edges, "y": np.append(rates, rates[-1])}
    return {**spec, "datasets": {name: pa.table(each) for name, each in data.items()}}


@lru_cache(maxsize=64)
def _tariffs(across: str, paint: tuple[str, str]) -> dict[str, Any]:
    x = alt.X("x:Q", title=across, scale=alt.Scale(zero=False, nice=False, padding=0),
              axis=alt.Axis(tickMinStep=1, format="d"))  # fmt: skip
    y = alt.Y("y:Q", title=None, scale=alt.Scale(nice=False))
    layers = [named_data("corners").mark_point(opacity=0).encode(x=x, y=y)]
    layers += [
        named_data(f"side{side}").mark_line(color=paint[side], strokeWidth=2.4, strokeDash=DASHES[side],
                                            interpolate="step-after").encode(x=X, y=Y)
        for side in SIDES
    ]  # fmt: skip
    return settled(alt.layer(*layers), SMALL)
