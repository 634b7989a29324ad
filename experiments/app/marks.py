"""How points look on the page: the palette and markers of sim.plots as shapes that a browser draws."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from math import cos, pi, sin
from typing import NamedTuple

from sim.plots.equilibria import MARKS as CONCEPTS
from sim.plots.payoff_space import MARKS as POINTS

STICK_RED = "#BB2222"


def _polygon(corners: int, inner: float = 1.0) -> str:
    """Return the path of a regular polygon, a point up; `inner` < 1 makes it a star."""
    count = corners * (2 if inner < 1.0 else 1)
    radius = [1.0 if inner == 1.0 or k % 2 == 0 else inner for k in range(count)]
    at = [(r * sin(2 * pi * k / count), -r * cos(2 * pi * k / count)) for k, r in enumerate(radius)]
    return "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in at) + "Z"


def _turned(x: float, y: float, turn: float) -> tuple[float, float]:
    return x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)


def _bars(turn: float) -> str:
    """Return the path of two crossed bars, turned by an angle: + or x."""
    a, b = 1.0, 0.34
    corners = [
        (-b, -a),
        (b, -a),
        (b, -b),
        (a, -b),
        (a, b),
        (b, b),
        (b, a),
        (-b, a),
        (-b, b),
        (-a, b),
        (-a, -b),
        (-b, -b),
    ]
    at = [_turned(x, y, turn) for x, y in corners]
    return "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in at) + "Z"


SQUARE = "M-0.8,-0.8L0.8,-0.8L0.8,0.8L-0.8,0.8Z"
CIRCLE = "M0,-0.85A0.85,0.85 0 1 1 -0.001,-0.85Z"
PATHS = {  # marker of matplotlib: path within -1 ... 1, y downwards
    "*": _polygon(5, 0.42),
    "D": "M0,-1L1,0L0,1L-1,0Z",
    "s": SQUARE,
    "h": _polygon(6),
    "p": _polygon(5),
    "o": CIRCLE,
    "P": _bars(0.0),
    "X": _bars(pi / 4),
}
PIXELS = {"*": 300, "D": 130, "s": 150, "h": 170, "p": 180, "o": 120, "P": 190, "X": 190}  # areas on the screen


class Look(NamedTuple):
    """Shape (a path within -1 ... 1), fill, edge, area in square pixels, label."""

    path: str
    fill: str
    edge: str
    size: int
    label: str


def look(key: str) -> Look:
    """Return how a point is drawn, as in the figures.

    >>> look("nash").label, look("no_deal").fill
    ('Nash', '#444444')
    """
    if key in CONCEPTS:
        mark = CONCEPTS[key]
        return Look(PATHS[mark.marker], mark.face, mark.edge, PIXELS[mark.marker], mark.label)
    marker, face, edge, _, label = POINTS[key]
    return Look(PATHS[marker], face, edge, PIXELS[marker], label)


@cache
def symbol(key: str) -> str:
    """Return a point's symbol as an HTML image that asks no server, for texts beside the chart."""
    own = look(key)
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.2 -1.2 2.4 2.4" width="20" height="20">'
        f'<path d="{own.path}" fill="{own.fill}" stroke="{own.edge}" stroke-width="0.14"/></svg>'
    )
    return f'<img alt="" src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'
