"""What phase diagrams are made of: two rulers, squares between them, numbers in squares, contour lines."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from sim.plots.bands import WIDE_RANGE, edges
from sim.plots.style import INK, SMALL, tidy

LARGE = 20.0  # numbers from which squares show no decimals
LONG_WORDS = 26  # letters of tick labels side by side from which they are turned


class Plane(NamedTuple):
    """The two swept settings of a phase diagram: columns and labels."""

    x: str
    y: str
    x_label: str
    y_label: str


class Ruler(NamedTuple):
    """One side of a phase diagram: values in order, where their squares begin and end (M + 1,), logarithmic, words."""

    values: list
    edges: np.ndarray
    log: bool
    words: bool

    @property
    def middles(self) -> np.ndarray:
        """Return where each value stands (M,)."""
        return np.arange(len(self.values)) if self.words else np.array(self.values, dtype=float)


class Paint(NamedTuple):
    """Colours of a measure: colour map and norm."""

    cmap: Any
    norm: Normalize


def ruler(column) -> Ruler:
    """Return the ruler of a column of the summary: numbers in order, words as they come."""
    words = column.dtype.kind not in "iuf"
    values = list(dict.fromkeys(column)) if words else sorted(set(column))
    if words:
        return Ruler(values, np.arange(len(values) + 1) - 0.5, False, True)
    log = values[0] > 0 and values[-1] / values[0] >= WIDE_RANGE
    return Ruler(values, edges(np.array(values, dtype=float), log), log, False)


def on_grid(rows, plane: Plane, values: np.ndarray, own: tuple[Ruler, Ruler]) -> np.ndarray:
    """Return values (M,) of rows as an array (y, x); NaN where there is no row."""
    x, y = ({value: k for k, value in enumerate(one.values)} for one in own)
    out = np.full((len(y), len(x)), np.nan)
    for a, b, value in zip(rows[plane.x], rows[plane.y], values):
        out[y[b], x[a]] = value
    return out


def contours(ax: Axes, values: np.ndarray, own: tuple[Ruler, Ruler], colour: str) -> None:
    """Draw labelled contour lines; nothing where values hardly differ or a setting is a word."""
    x, y = own
    known = values[np.isfinite(values)]
    if x.words or y.words or min(values.shape) < 2 or not len(known) or np.ptp(known) < 1e-6:
        return
    levels = MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]).tick_values(known.min(), known.max())
    lines = ax.contour(x.middles, y.middles, values, levels=levels, colors=[colour], linewidths=1.0, zorder=3)
    for text in ax.clabel(lines, fontsize=0.9 * SMALL, fmt="%g", inline=False, colors=[colour]):
        text.set(rotation=0, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8})


def squares(ax: Axes, where: np.ndarray, own: tuple[Ruler, Ruler], **style) -> None:
    """Cover the squares where a mask (y, x) holds."""
    x, y = own
    for row, column in np.argwhere(where):
        corner = x.edges[column], y.edges[row]
        wide, high = x.edges[column + 1] - corner[0], y.edges[row + 1] - corner[1]
        ax.add_patch(Rectangle(corner, wide, high, linewidth=0.0, zorder=2, **style))


def numbers(ax: Axes, values: np.ndarray, own: tuple[Ruler, Ruler], paint: Paint, up: float) -> None:
    """Write each square's value at a share `up` of its height, dark on light and light on dark."""
    cmap = colormaps[paint.cmap] if isinstance(paint.cmap, str) else paint.cmap
    x, y = own
    digits = 0 if np.nanmax(np.abs(values), initial=0.0) >= LARGE else 1
    style = {"ha": "center", "va": "center", "fontsize": 0.85 * SMALL, "zorder": 4}
    for row, column in np.argwhere(np.isfinite(values)):
        red, green, blue, _ = cmap(paint.norm(values[row, column]))
        ink = INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
        at = (x.middles[column], y.edges[row] + up * (y.edges[row + 1] - y.edges[row]))
        ax.text(*at, within(values[row, column], paint.norm, digits), color=ink, **style)


def within(value: float, norm: Normalize, digits: int) -> str:
    """Return a value for a square; one off the colours as more or less than their end.

    >>> colours = Normalize(0.0, 100.0)
    >>> within(12.34, colours, 1), within(321.0, colours, 0), within(-0.2, colours, 0)
    ('12.3', '>100', '0')
    """
    if value > norm.vmax + 0.5 * 10.0**-digits:
        return f">{norm.vmax:.{digits}f}"
    if value < norm.vmin - 0.5 * 10.0**-digits:
        return f"<{norm.vmin:.{digits}f}"
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no -0


def set_rulers(ax: Axes, x: Ruler, y: Ruler) -> None:
    """Set ticks, scales and limits."""
    for axis, own, scale in ((ax.xaxis, x, ax.set_xscale), (ax.yaxis, y, ax.set_yscale)):
        if own.log:
            scale("log")
        if own.words:
            axis.set_major_locator(FixedLocator(own.middles))
            axis.set_major_formatter(FuncFormatter(lambda at, _, own=own: str(own.values[round(at)]).replace("_", " ")))
        elif own.log or len(own.values) <= 6:
            step = -(-len(own.values) // 6)
            axis.set_major_locator(FixedLocator(own.values[::step]))
            axis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
        else:
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axis.set_minor_locator(NullLocator())
    ax.set_xlim(x.edges[0], x.edges[-1])
    ax.set_ylim(y.edges[0], y.edges[-1])
    tidy(ax)
    if x.words and max(len(str(v)) for v in x.values) * len(x.values) > LONG_WORDS:
        ax.tick_params(axis="x", labelrotation=35)
        for text in ax.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")
