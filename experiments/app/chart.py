"""Payoff space as a chart that the browser draws: one Vega-Lite picture for all screens, compact data for each."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from experiments.app.engine import Screen
from experiments.app.marks import STICK_RED, look
from experiments.app.words import explained, terms
from sim.plots.payoff_space import CLOUD, ZONE
from sim.plots.style import BUSD, FAINT, INK, MUTED

FONT = "Source Sans, sans-serif"
HEIGHT, LOW = 440, 300  # pixels: of a screen, of a phone
BUBBLES = (14.0, 1500.0)  # square pixels of the smallest and of the largest bubble
ROOM = 0.06  # share of the extent left free on each side
NEAR = 0.35  # share of the extent of the points that is added around them
X, Y = alt.X("x:Q"), alt.Y("y:Q")


def payoff_chart(screen: Screen, near: bool = False, height: int = HEIGHT) -> dict[str, Any]:
    """Return the Vega-Lite picture of a screen with its data; `near`: only the part about the named points."""
    one, two = screen.names
    spec = dict(_picture(f"{one}: payoff ({BUSD})", f"{two}: payoff ({BUSD})", height))
    spec["datasets"] = _data(screen, near)
    return spec


def ground(x: alt.X, y: alt.Y, size: int) -> list:
    """Return the layers below all others: the zone of agreement, the extent, packages as dots, the frontier."""
    return [
        named_data("zone").mark_rect(color=ZONE).encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        named_data("corners").mark_point(opacity=0).encode(x=X, y=Y),
        named_data("packages").mark_circle(color=CLOUD, size=size, opacity=1).encode(x=X, y=Y),
        named_data("stairs")
        .mark_line(color=INK, strokeWidth=1.6, interpolate="step-after")
        .encode(x=X, y=Y, order="order:Q"),
    ]


@lru_cache(maxsize=64)
def _picture(across: str, up: str, height: int) -> dict[str, Any]:
    """Return the layers, which do not depend on the data, so that the browser only exchanges data."""
    frame = {"scale": alt.Scale(zero=False, nice=False, padding=0)}
    x, y = alt.X("x:Q", title=across, **frame), alt.Y("y:Q", title=up, **frame)
    looks = {
        "shape": alt.Shape("shape:N", scale=None),
        "fill": alt.Fill("fill:N", scale=None),
        "stroke": alt.Stroke("edge:N", scale=None),
        "size": alt.Size("size:Q", scale=None),
    }
    names = [text.split(":")[0] for text in (across, up)]
    told = [alt.Tooltip(f"{k}:Q", format=".1f", title=name) for k, name in zip("xy", names)]
    told.append(alt.Tooltip("terms:N", title="Terms"))
    point = [alt.Tooltip("label:N", title="Point"), *told]
    deals = [alt.Tooltip("worlds:Q", title="Worlds", format=","), *told]
    layers = [
        *ground(x, y, 9),
        named_data("bubbles").mark_circle(opacity=0.62, stroke="white", strokeWidth=0.8).encode(
            x=X, y=Y, size=alt.Size("size:Q", scale=None), color=alt.Color("fill:N", scale=None), tooltip=deals),
        named_data("points").mark_point(strokeWidth=1.2, opacity=1).encode(x=X, y=Y, **looks, tooltip=point),
    ]  # fmt: skip
    return settled(alt.layer(*layers), height)


def settled(layers: alt.LayerChart, height: int) -> dict[str, Any]:
    """Return layers as Vega-Lite, looking as all charts of the page do."""
    return layers.properties(height=height).configure(**_looks()).to_dict()


def _looks() -> dict[str, Any]:
    axis = {"labelFontSize": 13, "titleFontSize": 14, "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK,
            "gridColor": "#EFEFEF", "domainColor": MUTED, "tickColor": MUTED, "labelFlush": True}  # fmt: skip
    return {"axis": axis, "view": {"stroke": FAINT}, "font": FONT, "background": "white"}


def named_data(name: str) -> alt.Chart:
    """Return an empty chart of data that are given later, by name."""
    return alt.Chart(alt.NamedData(name=name))


def _data(screen: Screen, near: bool) -> dict[str, pa.Table]:
    """Return the data of a screen, cut to the frame shown."""
    points = [(p, look(p.key)) for p, _ in explained(screen)][::-1]
    at = np.array([p.payoffs for p, _ in points])
    frame = frame_of(at if near else np.concatenate([at, screen.packages]), NEAR if near else ROOM)
    floor = np.array(screen.point("no_deal").payoffs)
    zone = {"x": [floor[0]], "y": [floor[1]], "x2": [frame[1, 0]], "y2": [frame[1, 1]]}
    named = {
        "x": at[:, 0], "y": at[:, 1], "label": [own.label for _, own in points],
        "shape": [own.path for _, own in points], "fill": [own.fill for _, own in points],
        "edge": [own.edge for _, own in points], "size": [own.size for _, own in points],
        "terms": [terms(screen, p.row) if p.row >= 0 else "" for p, _ in points],
    }  # fmt: skip
    stairs = np.stack(_within_steps(screen.stairs, frame), axis=-1)
    data = {
        "zone": zone,
        "corners": {"x": frame[:, 0], "y": frame[:, 1]},
        "packages": columns(inside(screen.packages, frame)),
        "stairs": {**columns(stairs), "order": np.arange(len(stairs))},
        "bubbles": _bubbles(screen, frame),
        "points": named,
    }
    return {name: pa.table(columns) for name, columns in data.items()}


def frame_of(at: np.ndarray, room: float) -> np.ndarray:
    """Return the corners (2, 2) of what is shown: lowest, highest."""
    low, high = at.min(axis=0), at.max(axis=0)
    span = np.maximum(high - low, 1e-3)
    return np.stack([low - room * span, high + room * span])


def inside(at: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the points (n, 2) that lie within the frame."""
    return at[((at >= frame[0]) & (at <= frame[1])).all(axis=-1)]


def _within_steps(stairs, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the frontier's corners held inside the frame, so that its steps end at the edge."""
    return tuple(np.clip(values, frame[0, k], frame[1, k]) for k, values in enumerate(stairs))


def columns(at: np.ndarray) -> dict[str, np.ndarray]:
    """Return points (n, 2) as columns, in few bytes."""
    return {"x": at[:, 0].astype(np.float32), "y": at[:, 1].astype(np.float32)}


def _bubbles(screen: Screen, frame: np.ndarray) -> dict[str, Any]:
    """Return where worlds ended: deals in the partner's colour, no deal in grey and red, area by number of worlds."""
    played, met = screen.played, screen.meeting
    u, grey = met.u[played.rows], "#777777"
    rows = [(*u[k], int(n), terms(screen, int(row)), screen.colours[1])
            for k, (row, n) in enumerate(zip(played.rows, played.counts))]  # fmt: skip
    ends = zip(played.failed, (met.impasse, met.stick), ("what holds now goes on", "the threat is carried out"))
    rows += [(*at, n, f"No deal: {what}", c) for (n, at, what), c in zip(ends, (grey, STICK_RED)) if n]
    rows = [row for row in rows if (frame[0] <= row[:2]).all() and (row[:2] <= frame[1]).all()]
    rows.sort(key=lambda row: -row[2])
    most = max((row[2] for row in rows), default=1)
    x, y, worlds, said, fill = ([row[k] for row in rows] for k in range(5))
    size = [max(BUBBLES[0], BUBBLES[1] * n / most) for n in worlds]
    kinds = {"x": pa.float32(), "y": pa.float32(), "worlds": pa.int64(), "terms": pa.string(), "fill": pa.string()}
    columns = {"x": x, "y": y, "worlds": worlds, "terms": said, "fill": fill}
    return {k: pa.array(v, kinds[k]) for k, v in columns.items()} | {"size": pa.array(size, pa.float32())}
