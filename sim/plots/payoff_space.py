"""Payoff space: what every package is worth to both sides, the points that theory names, and where worlds ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from sim.plots.style import (
    BUSD,
    FAINT,
    INK,
    MUTED,
    SMALL,
    TITLE,
    WIDTH,
    canvas,
    figure,
    fitting,
    legend_below,
    say,
    tidy,
)
from sim.plots.talks import Pair, agreed, count, pair_of, pairs, rows_of

ZONE, CLOUD, WHERE = "#E8F1DC", "#B9B9B9", "#000000"
NO_ZONE = "No package is as good as no deal for both"
RASTER_FROM = 2_000  # packages from which the cloud is a picture inside the PDF
LARGEST, SMALLEST = 420.0, 22.0  # bubble areas, points squared
# point: (marker, face, edge, size, label)
MARKS = {
    "status_quo": ("s", "white", INK, 95, "Status quo"),
    "impasse": ("o", "white", INK, 48, "While talks go on"),
    "stick": ("X", "#BB2222", "white", 70, "Stick carried out"),
    "no_deal": ("P", "#444444", "white", 62, "No deal (expected)"),
    "nash": ("*", "#F0E442", INK, 190, "Nash solution"),
    "kalai_smorodinsky": ("D", "#F0E442", INK, 26, "Kalai–Smorodinsky"),
}


def staircase(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return the Pareto frontier of packages (P,), (P,) in bn USD a year: best for x first, y rising, no ties.

    A package is on it when no other is at least as good for both and better for one.

    >>> staircase([0.0, 2.0, 1.0, 3.0], [3.0, 2.0, 1.0, 0.0])
    (array([3., 2., 0.]), array([0., 2., 3.]))
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    order = np.lexsort((-y, -x))
    x, y = x[order], y[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(y)[:-1]]) if len(y) else y
    keep = y > before
    return x[keep], y[keep]


def payoff_space(
    packages, points, talks, *, talk: str, names: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a talk's payoff space: packages, frontier, named points and where its worlds ended.

    Frames have the columns of sim.columns (PACKAGES, POINTS, TALKS); utilities in bn USD a year against the status
    quo, average over private types. Bubbles: area is the number of worlds that agreed on the package. The shaded
    region is at least as good as no deal for both (Nash 1950; Kalai & Smorodinsky 1975).
    """
    pair = pair_of(talks, talk, names)
    ax = canvas(ax, WIDTH, 5.2)
    if rows_of(packages, talk).empty:
        return say(ax, "This run kept no packages of the talk: there is no payoff space to draw.", pair.title)
    zone = _panel(ax, packages, points, talks, pair)
    title = f"{pair.title}: {count(talks, talk).sentence}"
    tidy(ax, title=title, x=_axis(pair.demander), y=_axis(pair.partner), note=_note(zone))
    legend_below(ax, handles=_handles(agreed(rows_of(talks, talk)), zone is not None))
    return ax


def payoff_spaces(packages, points, talks, *, names=None, fig: Figure | None = None) -> list[Axes]:
    """Draw the payoff spaces of all talks as small multiples; every panel has its own scale. Returns the axes."""
    known = pairs(talks, names)
    across = min(len(known), 2 if len(known) <= 4 else 3) or 1
    down = -(-len(known) // across) or 1
    spare = across * down - len(known)
    fig = figure(max(4.6, 3.4 * across), 3.1 * down + (0.5 if spare else 1.4)) if fig is None else fig
    axes = list(np.atleast_1d(fig.subplots(down, across)).ravel())
    for ax, pair in zip(axes, known):
        _small(ax, packages, points, talks, pair)
    for ax in axes[len(known) :]:
        ax.set_axis_off()
    fig.suptitle("What each package is worth to both sides", x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    handles = _handles(agreed(talks), True)
    if spare:
        axes[len(known)].legend(handles=handles, loc="center left", frameon=False, fontsize=SMALL)
    else:
        wide = fitting(handles, 4, float(fig.get_size_inches()[0]))
        fig.legend(handles=handles, loc="outside lower center", ncols=wide, frameon=False, fontsize=SMALL)
    return axes[: len(known)]


def _small(ax: Axes, packages, points, talks, pair: Pair) -> None:
    """Draw one panel of the small multiples."""
    if rows_of(packages, pair.talk).empty:
        say(ax, "No packages kept.", pair.title)
        return
    zone = _panel(ax, packages, points, talks, pair, scale=0.55)
    found = count(talks, pair.talk).sentence
    note = NO_ZONE if zone is False else f"{found[0].upper()}{found[1:]}"
    tidy(ax, title=pair.title, x=f"{pair.demander} ({BUSD})", y=f"{pair.partner} ({BUSD})", note=note)


def _axis(name: str) -> str:
    return f"{name}: payoff ({BUSD})"


def _note(zone: bool | None) -> str:
    payoffs = "Payoffs against the status quo, averages over private types"
    return f"{NO_ZONE}. {payoffs}" if zone is False else payoffs


def _panel(ax: Axes, packages, points, talks, pair: Pair, scale: float = 1.0) -> bool | None:
    """Draw one talk into `ax`; return whether there is a zone of agreement (None: no no-deal point given)."""
    cloud = rows_of(packages, pair.talk)
    x, y = (cloud[f"{side}_utility"].to_numpy(dtype=float) for side in ("demander", "partner"))
    many = len(x) >= RASTER_FROM
    ax.scatter(x, y, s=(3 if many else 8) * scale, color=CLOUD, linewidths=0, rasterized=many, zorder=2)
    front = staircase(x, y)
    if len(front[0]) == 1:
        ax.plot(*front, marker=".", color=INK, zorder=3)
    ax.plot(*front, drawstyle="steps-post", color=INK, linewidth=1.4 * max(scale, 0.7), zorder=3)
    marks = _marks(points, pair.talk)
    _bubbles(ax, cloud, agreed(rows_of(talks, pair.talk)), pair, scale)
    for name, at in marks.items():
        marker, face, edge, size, _ = MARKS[name]
        ax.scatter(*at, marker=marker, s=size * scale, facecolor=face, edgecolor=edge, linewidth=0.9, zorder=6)
    ax.margins(0.06)
    return _zone(ax, marks.get("no_deal"), x, y)


def _marks(points, talk: str) -> dict[str, tuple[float, float]]:
    """Return the points of a talk that are defined, in the order of MARKS."""
    rows = rows_of(points, talk).dropna(subset=["demander_utility", "partner_utility"])
    found = {
        str(p): (float(a), float(b))
        for p, a, b in zip(rows["point"], rows["demander_utility"], rows["partner_utility"])
    }
    return {name: found[name] for name in MARKS if name in found}


def _zone(ax: Axes, floor, x: np.ndarray, y: np.ndarray) -> bool | None:
    """Shade what is at least as good as no deal for both, within the present limits; whether a package lies there."""
    if floor is None:
        return None
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    box = Rectangle(floor, right - floor[0], high - floor[1], facecolor=ZONE, edgecolor="none", zorder=0.5)
    ax.add_patch(box)
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    for at, line in zip(floor, (ax.axvline, ax.axhline)):
        line(at, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    return bool(((x >= floor[0]) & (y >= floor[1])).any())


def _bubbles(ax: Axes, cloud, deals, pair: Pair, scale: float) -> None:
    """Draw a bubble at each agreed package, its area in proportion to the worlds that agreed there."""
    if deals.empty:
        return
    counted = deals["package"].astype(int).value_counts().sort_index()
    at = cloud.set_index("package").loc[counted.index]
    area = np.maximum(LARGEST * scale * counted.to_numpy() / counted.max(), SMALLEST * scale)
    x, y = at["demander_utility"].to_numpy(dtype=float), at["partner_utility"].to_numpy(dtype=float)
    ax.scatter(x, y, s=area, facecolor=pair.partner_colour, edgecolor="white", alpha=0.62, linewidth=0.7, zorder=4)


def _handles(deals, zone: bool) -> list:
    """Return the legend: packages, frontier, region, bubbles, then the named points."""
    dot = {"linestyle": "none"}
    handles = [
        Line2D([], [], marker=".", color=CLOUD, label="Package", **dot),
        Line2D([], [], color=INK, linewidth=1.4, label="Pareto frontier"),
    ]
    if zone:
        handles.append(Patch(facecolor=ZONE, edgecolor=FAINT, label="No worse than no deal for both"))
    if not deals.empty:
        handles.append(
            Line2D(
                [],
                [],
                marker="o",
                markersize=9,
                color="#8899AA",
                alpha=0.8,
                label="Deals (area: worlds)",
                **dot,
            )
        )
    for marker, face, edge, size, label in MARKS.values():
        handles.append(
            Line2D(
                [],
                [],
                marker=marker,
                color=face,
                markeredgecolor=edge,
                markersize=size**0.5,
                label=label,
                **dot,
            )
        )
    return handles
