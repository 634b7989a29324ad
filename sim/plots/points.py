"""What theory predicts, in payoff space: every solution concept beside the packages, named at the point it picks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from sim.plots.equilibria import DOT, FLOOR, in_order, mark, point_handle
from sim.plots.margin import Group, name_in_margin
from sim.plots.payoff_space import CLOUD, NO_ZONE, RASTER_FROM, ZONE, _marks, _panel, _zone, staircase
from sim.plots.payoff_space import MARKS as POINT_MARKS
from sim.plots.style import BUSD, FAINT, INK, MUTED, SMALL, TITLE, canvas, figure, fitting, say, tidy
from sim.plots.talks import Pair, pair_of, pairs, rows_of

SAME = 1e-3  # of the span of the predictions: closer points are one
PAD, LEAST = 0.14, 0.03  # room about the predictions, their least extent: shares of their span, of the packages'
NAMED = ("status_quo", "impasse", "stick", "no_deal")  # points of the talk, not predictions
HULL = (0, (4, 2))


class Spot(NamedTuple):
    """Concepts that pick the same payoffs (bn USD a year), the one to draw first."""

    x: float
    y: float
    concepts: tuple[str, ...]


def hull(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the frontier with lotteries: the concave hull of the Pareto frontier, x falling.

    >>> hull([0.0, 2.0, 3.0], [3.0, 1.0, 0.0])
    (array([3., 0.]), array([0., 3.]))
    """
    kept: list[tuple[float, float]] = []
    for point in zip(*staircase(x, y)):
        while len(kept) > 1 and _left_turn(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    corners = np.array(kept).reshape(-1, 2)
    return corners[:, 0], corners[:, 1]


def _left_turn(a, b, c) -> bool:
    """Say whether b is no corner of the upper hull between a and c, all with x falling."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0


def spots(concepts) -> list[Spot]:
    """Return the points that a talk's concepts pick, concepts with (nearly) equal payoffs together."""
    rows = concepts[concepts["concept"].astype(str) != "no_deal"].dropna(subset=["demander_utility", "partner_utility"])
    at = rows.set_index(rows["concept"].astype(str))[["demander_utility", "partner_utility"]].astype(float)
    span = np.maximum(np.ptp(at.to_numpy(), axis=0), 1e-9) if len(at) else np.ones(2)
    found: list[Spot] = []
    for name in in_order(at.index):
        x, y = map(float, at.loc[name])
        near = [k for k, s in enumerate(found) if max(abs(s.x - x) / span[0], abs(s.y - y) / span[1]) < SAME]
        if near:
            found[near[0]] = found[near[0]]._replace(concepts=(*found[near[0]].concepts, name))
        else:
            found.append(Spot(x, y, (name,)))
    return found


def equilibrium_points(
    concepts, packages, points, sides, *, talk: str, names: Mapping[str, str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw where the predictions for a talk lie, named in the margin; payoffs in bn USD a year.

    `concepts`: talk, concept, demander_utility, partner_utility; `sides`: talk, demander, partner (country codes);
    `packages`, `points` as sim.columns has them. Concepts that pick the same payoffs share a line.
    """
    pair = pair_of(sides, talk, names)
    ax = canvas(ax, 5.6, 4.4)
    found = spots(rows_of(concepts, talk))
    if not found:
        return say(ax, "No concept has a prediction: no package is as good as no deal for both.", pair.title)
    _zoomed(ax, rows_of(packages, talk), points, pair, found)
    tidy(ax, title="Where the predictions lie", x=_axis(pair.demander, "demander"), y=_axis(pair.partner, "partner"))
    rows = [tuple((mark(c), mark(c).label) for c in spot.concepts) for spot in found]
    name_in_margin(ax, [Group(s.x, s.y, r) for s, r in zip(found, rows)])
    return ax


def equilibrium_panels(
    concepts, packages, points, sides, *, talk: str, names: Mapping[str, str] | None = None, fig: Figure | None = None
) -> list[Axes]:
    """Draw a talk's whole payoff space and, beside it, the part where the predictions lie. Returns both axes."""
    pair = pair_of(sides, talk, names)
    own = {"talk": talk, "names": names}
    fig = figure(8.2, 4.6) if fig is None else fig
    whole, near = fig.subplots(1, 2, width_ratios=(1.0, 1.0))
    zone = whole_space(packages, points, sides, **own, ax=whole)
    equilibrium_points(concepts, packages, points, sides, **own, ax=near)
    if near.has_data():
        _frame(whole, near)
    fig.suptitle(f"{pair.title}: what theory predicts", x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    shown = Patch(fill=False, edgecolor=INK, linewidth=0.9, label="Part shown on the right")
    handles = [*_handles(zone), *([shown] if near.has_data() else [])]
    wide = fitting(handles, 4, float(fig.get_size_inches()[0]))
    fig.legend(handles=handles, loc="outside lower left", ncols=wide, frameon=False, fontsize=SMALL)
    return [whole, near]


def whole_space(packages, points, sides, *, talk, names=None, ax: Axes) -> bool:
    """Draw all packages of a talk and its points that are no predictions; return whether there is a zone."""
    pair = pair_of(sides, talk, names)
    named = points[points["point"].astype(str).isin(NAMED)]
    nobody = sides.assign(deal=False, package=-1).iloc[:0]
    zone = _panel(ax, packages, named, nobody, pair, scale=0.6)
    note = "" if zone else NO_ZONE
    title = "All packages"
    tidy(ax, title=title, x=_axis(pair.demander, "demander"), y=_axis(pair.partner, "partner"), note=note)
    return bool(zone)


def equilibrium_spaces(
    concepts, packages, points, sides, *, names: Mapping[str, str] | None = None, fig: Figure | None = None
) -> list[Axes]:
    """Draw where the predictions of all talks lie as small multiples, numbered, with one key. Returns the axes."""
    known = pairs(sides, names)
    across = min(len(known), 2 if len(known) in (1, 2, 4) else 3)
    down = -(-len(known) // across)
    fig = figure(max(4.6, 2.75 * across), 2.5 * down + 1.5) if fig is None else fig
    axes = list(np.atleast_1d(fig.subplots(down, across)).ravel())
    number = {c: k + 1 for k, c in enumerate(c for c in in_order(concepts["concept"]) if c != "no_deal")}
    for ax, pair in zip(axes, known):
        _small(ax, concepts, packages, points, pair, number)
    for ax in axes[len(known) :]:
        ax.set_axis_off()
    title = f"What theory predicts, talk by talk: payoffs in {BUSD}"
    fig.suptitle(title, x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    handles = [point_handle(c, f"{k}  {mark(c).label}") for c, k in number.items()] + _handles(True, NAMED[-1:])
    wide = fitting(handles, 4, float(fig.get_size_inches()[0]))
    fig.legend(handles=handles, loc="outside lower left", ncols=wide, frameon=False, fontsize=SMALL)
    return axes[: len(known)]


def _small(ax: Axes, concepts, packages, points, pair: Pair, number: Mapping[str, int]) -> None:
    """Draw one panel of the small multiples."""
    found = spots(rows_of(concepts, pair.talk))
    if not found:
        say(ax, "No prediction: no package is as good as no deal for both.", pair.title)
        return
    _zoomed(ax, rows_of(packages, pair.talk), points, pair, found, scale=0.75)
    tidy(ax, x=pair.demander, y=pair.partner)
    rows = [((None, ", ".join(str(number[c]) for c in spot.concepts)),) for spot in found]
    name_in_margin(ax, [Group(s.x, s.y, r) for s, r in zip(found, rows)])


def _axis(name: str, side: str) -> str:
    return f"{name}, {side} ({BUSD})"


def _zoomed(ax: Axes, cloud, points, pair: Pair, found: list[Spot], scale: float = 1.0) -> None:
    """Draw packages, frontiers, no-deal point and predictions within the box about the predictions."""
    x, y = (cloud[f"{side}_utility"].to_numpy(dtype=float) for side in ("demander", "partner"))
    box = _box(np.array([(s.x, s.y) for s in found]), x, y)
    ax.set_xlim(*box[0])
    ax.set_ylim(*box[1])
    ax.scatter(x, y, s=9 * scale, color=CLOUD, linewidths=0, rasterized=len(x) >= RASTER_FROM, zorder=2)
    ax.plot(*staircase(x, y), drawstyle="steps-post", color=INK, linewidth=1.2 * scale, zorder=3)
    ax.plot(*hull(x, y), color=MUTED, linewidth=0.9, linestyle=HULL, zorder=3)
    floor = _marks(points, pair.talk).get("no_deal")
    _zone(ax, floor, x, y)
    if floor is not None:
        ax.scatter(*floor, s=FLOOR.size * scale, zorder=5, **FLOOR.style)
    for k, spot in enumerate(found):
        first = mark(spot.concepts[0])
        ax.scatter(spot.x, spot.y, s=first.size * scale, zorder=6 + (len(found) - k) / 100, **first.style)


def _box(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """Return the limits (x, then y) about the predictions (F, 2), padded."""
    out = []
    for values, whole in zip(at.T, (x, y)):
        span = max(np.ptp(values), LEAST * max(np.ptp(whole), 1e-6))
        middle = (values.min() + values.max()) / 2.0
        out.append((middle - (0.5 + PAD) * span, middle + (0.5 + PAD) * span))
    return out


def _frame(whole: Axes, near: Axes) -> None:
    """Draw, in the whole space, the box that the other axes show."""
    (left, right), (low, high) = near.get_xlim(), near.get_ylim()
    box = Rectangle((left, low), right - left, high - low, fill=False, edgecolor=INK, linewidth=0.9, zorder=7)
    whole.add_patch(box)


def _handles(zone: bool, named=NAMED) -> list:
    """Return the legend of what is no prediction."""
    out = [
        Line2D([], [], marker=".", color=CLOUD, label="Package", **DOT),
        Line2D([], [], color=INK, linewidth=1.3, label="Pareto frontier"),
        Line2D([], [], color=MUTED, linewidth=0.9, linestyle=HULL, label="Frontier with lotteries"),
    ]
    if zone:
        out.append(Patch(facecolor=ZONE, edgecolor=FAINT, label="No worse than no deal for both"))
    for marker, face, edge, size, label in (POINT_MARKS[name] for name in named):
        own = {"marker": marker, "color": face, "markeredgecolor": edge, "markersize": 0.85 * size**0.5}
        out.append(Line2D([], [], label=label, **own, **DOT))
    return out
