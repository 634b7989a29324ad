"""Phase diagrams of a sweep: one measure over two swept settings as colours, theory's prediction drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sim.plots.equilibria import mark
from sim.plots.measures import DEALS, SHARE, Measure
from sim.plots.small import heading, legend
from sim.plots.squares import Paint, Plane, Ruler, contours, numbers, on_grid, ruler, set_rulers, squares
from sim.plots.style import INK, LABEL, MUTED, SMALL, TITLE, figure, in_sentence, wrapped
from sim.plots.talks import Pair, pair_of, rows_of

HALF = 50.0  # % of the surplus: an even split
FEW = 60  # squares up to which the number is written into each
DOTS = 26  # values along an axis up to which theory is a dot in each square; beyond, it is contour lines
PANEL = 2.75  # inches: width and height of a panel with its colour bar
NO_DEALS = {"facecolor": "white", "edgecolor": "#CCCCCC", "hatch": "////"}
SEQUENTIAL, TARIFFS, DIVIDED, LEVERAGES = "cividis", "viridis", "PuOr", "YlOrRd"
SPLIT = (5.0, 10.0)  # least and most points across a dot
UP = 0.22  # of a square: where both stand in it, the dot is so much above its middle and the number below
NONE, CREDIBLE = "#E3E3E3", "#3B0A1E"


class Facets(NamedTuple):
    """Small multiples: (heading, {column: value}) of each panel, and how many stand side by side."""

    panels: Sequence[tuple[str, dict]]
    across: int


def phase_map(summary, theory, *, plane: Plane, measure: Measure, paint: Paint, concept: str = "nash", ax: Axes):
    """Draw one measure of one talk over two settings: simulated colours, a concept over them, no zone hatched.

    `summary`, `theory`: rows of one talk, a row a cell. Where theory has the same number it is a dot in each square,
    in the same colours (a dot that cannot be seen agrees), or contour lines where there are many squares.
    """
    x, y = ruler(summary[plane.x]), ruler(summary[plane.y])
    values = on_grid(summary, plane, measure.mean(summary), (x, y))
    ax.pcolormesh(x.edges, y.edges, np.ma.masked_invalid(values), cmap=paint.cmap, norm=paint.norm, rasterized=True)
    squares(ax, np.isnan(values), (x, y), **NO_DEALS)
    predicted = measure.predicted(theory, concept) if len(theory) else None
    told = predicted is not None and not measure.share
    written = values.size <= FEW and (x.words or y.words)
    if told:
        _theory(ax, on_grid(theory, plane, predicted, (x, y)), (x, y), paint, UP if written else 0.0)
    _hatch(ax, theory, plane, (x, y))
    if written:
        numbers(ax, values, (x, y), paint, 0.5 - UP if told else 0.5)
    set_rulers(ax, x, y)
    return ax


def leverage_map(summary, theory, *, plane: Plane, paint: Paint, ax: Axes) -> Axes:
    """Draw the leverage of one talk's stick over two settings, the simulated share of the surplus as lines over it."""
    x, y = ruler(summary[plane.x]), ruler(summary[plane.y])
    values = on_grid(theory, plane, theory["leverage"].to_numpy(dtype=float), (x, y))
    shown = np.ma.masked_where(~np.isfinite(values) | (values <= 0), values)
    ax.pcolormesh(x.edges, y.edges, shown, cmap=paint.cmap, norm=paint.norm, rasterized=True)
    for where, colour in ((np.isposinf(values), CREDIBLE), (values <= 0, NONE)):
        squares(ax, where, (x, y), facecolor=colour, edgecolor="none")
    contours(ax, on_grid(summary, plane, SHARE.mean(summary), (x, y)), (x, y), INK)
    set_rulers(ax, x, y)
    return ax


def phase_panels(
    summary, theory, *, talk: str, plane: Plane, measures: Sequence[Measure], concept: str = "nash", names=None
) -> list[Axes]:
    """Draw a talk's phase diagrams: a panel a measure, and one of the stick's leverage. Returns the axes."""
    pair = pair_of(summary, talk, names)
    mine, said = rows_of(summary, talk), rows_of(theory, talk)
    lever = len(said) > 0 and bool((said["leverage"] > 0).any()) and said["leverage"].nunique() > 1
    count = len(measures) + lever
    across = min(count, 2 if count in (2, 4) else 3)
    down = -(-count // across)
    fig = figure(0.5 + (PANEL + 0.55) * across, 0.95 + PANEL * down)
    axes = fig.subplots(down, across, squeeze=False).ravel()
    for ax, measure in zip(axes, measures):
        paint = paint_of(measure, mine, said, concept)
        phase_map(mine, said, plane=plane, measure=measure, paint=paint, concept=concept, ax=ax)
        _bar(fig, ax, paint, measure.named(pair.demander, pair.partner))
    if lever:
        paint = leverage_paint(said)
        leverage_map(mine, said, plane=plane, paint=paint, ax=axes[len(measures)])
        _bar(fig, axes[len(measures)], paint, "Leverage: loss of target / holder")
    for spare in axes[count:]:
        spare.set_axis_off()
    found = _handles(said, measures, concept, lever, plane) + _no_deals(mine, measures)
    one, two = (in_sentence(label.partition(" (")[0]) for label in (plane.x_label, plane.y_label))
    _finish(fig, f"{pair.title}: {one} × {two}", plane, found)
    return list(axes[:count])


def phase_facets(
    summary, theory, *, plane: Plane, measure: Measure, pair: Pair, facets: Facets, concept: str = "nash"
) -> list[Axes]:
    """Draw one measure of a talk over two settings as small multiples, a panel a facet, one colour bar for all.

    `summary`, `theory`: all talks, a row a cell and talk. Returns the axes.
    """
    mine, said = rows_of(summary, pair.talk), rows_of(theory, pair.talk)
    panels, across = facets
    down = -(-len(panels) // across)
    fig = figure(1.4 + 2.2 * across, 1.2 + 2.05 * down)
    axes = fig.subplots(down, across, squeeze=False, sharex=True, sharey=True).ravel()
    paint = paint_of(measure, mine, said, concept)
    for ax, (head, chosen) in zip(axes, panels):
        own = [_chosen(frame, chosen) for frame in (mine, said)]
        phase_map(*own, plane=plane, measure=measure, paint=paint, concept=concept, ax=ax)
        heading(ax, head)
    for spare in axes[len(panels) :]:
        spare.set_axis_off()
    label = measure.named(pair.demander, pair.partner)
    _bar(fig, list(axes), paint, label)
    found = _handles(said, [measure], concept, False, plane) + _no_deals(mine, [measure])
    _finish(fig, f"{pair.title}: {in_sentence(label)}", plane, found)
    return list(axes[: len(panels)])


def paint_of(measure: Measure, summary, theory, concept: str) -> Paint:
    """Return the colours of a measure over all squares, theory's values among them."""
    values = measure.mean(summary)
    more = measure.predicted(theory, concept) if len(theory) and not measure.share else None
    values = values if more is None else np.r_[values, more]
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    if measure is DEALS:
        return Paint(SEQUENTIAL, Normalize(0.0, 100.0))
    if measure is SHARE:
        reach = min(max(abs(low - HALF), abs(high - HALF), 1.0), HALF)
        return Paint(_without_white(DIVIDED), Normalize(HALF - reach, HALF + reach))
    return Paint(TARIFFS, Normalize(low, high if high - low > 1e-9 else low + 1.0))


def leverage_paint(theory) -> Paint:
    """Return the colours of leverage, on a logarithmic scale."""
    values = theory["leverage"].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (values.min(), values.max()) if len(values) else (1.0, 10.0)
    return Paint(LEVERAGES, LogNorm(low, max(high, 1.05 * low)))


def _without_white(name: str):
    """Return a diverging colour map whose middle is a light grey that differs from the page."""
    base = colormaps[name]
    stops = [base(v) for v in (0.02, 0.2, 0.35)] + ["#E9E6EA"] + [base(v) for v in (0.65, 0.8, 0.98)]
    return LinearSegmentedColormap.from_list(f"{name}_grey", stops)


def _theory(ax: Axes, values: np.ndarray, rulers: tuple[Ruler, Ruler], paint: Paint, up: float) -> None:
    """Draw theory as dots, `up` of a square's height above its middle where a number stands below, or as contours."""
    x, y = rulers
    if len(x.values) > DOTS or len(y.values) > DOTS:
        if not (x.words or y.words):
            contours(ax, values, rulers, mark("nash").line)
        return
    across, middle = np.meshgrid(x.middles, y.middles)
    known = np.isfinite(values)
    size = float(np.clip((0.42 - 0.5 * up) * 72.0 * 1.9 / max(len(x.values), len(y.values)), *SPLIT))
    tall = np.broadcast_to(np.diff(y.edges)[:, None], values.shape)
    style = {"edgecolor": "white", "linewidth": 0.7, "cmap": paint.cmap, "norm": paint.norm, "zorder": 3}
    ax.scatter(across[known], (middle + up * tall)[known], c=values[known], s=size**2, **style)


def _hatch(ax: Axes, theory, plane: Plane, rulers: tuple[Ruler, Ruler]) -> None:
    """Hatch the squares in which no package is worth no deal or more to both average sides."""
    if len(theory):
        none = on_grid(theory, plane, 1.0 - theory["zone"].to_numpy(dtype=float), rulers) > 0.5
        squares(ax, none, rulers, facecolor="none", edgecolor="white", hatch="xxx")


def _bar(fig: Figure, axes, paint: Paint, label: str) -> None:
    many = isinstance(axes, list)
    place = {"location": "right", "shrink": 0.8 if many else 1.0, "aspect": 28 if many else 18, "pad": 0.03}
    bar = fig.colorbar(ScalarMappable(paint.norm, paint.cmap), ax=axes, **place)
    bar.set_label(wrapped(label, 2.3 if not many else 4.0, SMALL), fontsize=SMALL, color=INK)
    bar.ax.tick_params(labelsize=0.9 * SMALL, colors=MUTED, labelcolor=INK, length=2)
    if isinstance(paint.norm, LogNorm):
        ticks = [v for v in (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100) if paint.norm.vmin <= v <= paint.norm.vmax]
        bar.ax.yaxis.set_major_locator(FixedLocator(ticks))
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}"))
    bar.outline.set_visible(False)


def _finish(fig: Figure, title: str, plane: Plane, handles: Sequence) -> None:
    wide = float(fig.get_size_inches()[0])
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    for ax in fig.axes:
        place = ax.get_subplotspec()
        if place is None or not ax.axison or ax.get_label() == "<colorbar>":
            continue
        if place.is_first_col():
            ax.set_ylabel(wrapped(plane.y_label, PANEL - 0.6, LABEL), fontsize=LABEL, color=INK)
        if place.is_last_row():
            ax.set_xlabel(wrapped(plane.x_label, PANEL - 0.3, LABEL), fontsize=LABEL, color=INK)
    if handles:
        legend(fig, handles)


def _handles(theory, measures: Sequence[Measure], concept: str, lever: bool, plane: Plane) -> list:
    """Return the legend: what the dots or lines are, what is hatched, what leverage has besides numbers."""
    out = []
    if not len(theory):
        return out
    many = max(len(ruler(theory[name]).values) for name in (plane.x, plane.y)) > DOTS
    told = [m for m in measures if not m.share and m.predicted(theory, concept) is not None]
    if told:
        name = mark(concept).label
        dot = Line2D([], [], marker="o", linestyle="none", color="#999999", markeredgecolor="white", markersize=8)
        line = Line2D([], [], color=mark("nash").line, linewidth=1.2)
        handle = line if many else dot
        handle.set_label(f"Theory ({name} for average types), same colours")
        out.append(handle)
    if not theory["zone"].astype(bool).all():
        out.append(Patch(facecolor="#999999", edgecolor="white", hatch="xxx", label="No zone of agreement"))
    if lever:
        out.append(Line2D([], [], color=INK, linewidth=1.0, label="Simulated share of surplus, demander (%)"))
        values = theory["leverage"].to_numpy(dtype=float)
        if np.isposinf(values).any():
            out.append(Patch(facecolor=CREDIBLE, label="Stick credible by itself"))
        if (values <= 0).any():
            out.append(Patch(facecolor=NONE, label="No threat: the target loses nothing"))
    return out


def _no_deals(summary, measures: Sequence[Measure]) -> list:
    """Return the legend's entry for squares where nothing was agreed, if there are any."""
    none = any(np.isnan(measure.mean(summary)).any() for measure in measures)
    return [Patch(**NO_DEALS, label="No deal in any world")] if none else []


def _chosen(frame, values: dict):
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame
