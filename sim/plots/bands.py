"""Outcomes of a sweep along one number: means with their spread over worlds, theory's lines, options as colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from sim.plots.equilibria import mark
from sim.plots.measures import QUARTILES, TAILS, Measure
from sim.plots.small import finish, grid, heading, pad_flat
from sim.plots.style import INK, LABEL, MUTED, figure, say, tidy, wrapped
from sim.plots.talks import Pair, pairs, rows_of

WIDE_RANGE = 20.0  # largest over smallest value from which an axis is logarithmic
THEORY = ("nash", "subgame_perfect")
ZONE = {"facecolor": "#F2F2F2", "edgecolor": "#BBBBBB", "hatch": "////", "linewidth": 0.0}
# Paul Tol's muted scheme (2021): options of a choice, which are no countries
OPTION_COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#882255", "#44AA99")
OPTION_MARKERS = ("o", "s", "^", "D", "v", "P")
MANY = 24  # points from which a line needs no markers
PANEL = 1.75  # inches: height of a row of panels


class Along(NamedTuple):
    """The number on the x axis: its column and label; and the option that lines are coloured by: its column, label."""

    key: str
    label: str
    by: str = ""
    by_label: str = ""

    def options(self, rows) -> list:
        """Return the options that lines are coloured by, [None] without any."""
        return list(dict.fromkeys(rows[self.by])) if self.by else [None]


def outcome_bands(
    summary, theory, *, along: Along, measure: Measure, pair: Pair, options: Sequence = (), ax: Axes
) -> Axes:
    """Draw one measure of one talk along a number: the mean with its 95 % interval, quantiles, theory, no zone.

    `summary`, `theory`: rows of one talk. With an option in `along` a line an option, in their order in `options`.
    """
    rows = summary.sort_values(along.key)
    _no_zone(ax, theory, along)
    if not along.by:
        _spread(ax, rows, along, measure, pair.partner_colour)
        _line(ax, rows, along, measure, {"color": pair.partner_colour, "marker": "o"})
    for k, option in enumerate(options if along.by else ()):
        style = {"color": OPTION_COLOURS[k], "marker": OPTION_MARKERS[k]}
        _line(ax, rows[rows[along.by] == option], along, measure, style)
    _predicted(ax, theory, along, measure)
    if measure.limits:
        low, high = measure.limits
        ax.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    else:
        pad_flat(ax)
    scale(ax, rows[along.key].to_numpy(dtype=float))
    tidy(ax)
    ax.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    ax.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    return ax


def outcome_band_panels(
    summary,
    theory,
    *,
    along: Along,
    measures: Sequence[Measure],
    names=None,
    title: str = "",
    fig: Figure | None = None,
) -> list[Axes]:
    """Draw measures of all talks along a number: a column a talk, a row a measure. Returns the axes.

    `summary`: a row a cell and talk as in summary.parquet; `theory`: as theory.parquet with the swept columns.
    """
    known = pairs(summary, names)
    options = along.options(summary)
    if along.by and len(options) > len(OPTION_COLOURS):
        ax = (figure(5.2, 2.5) if fig is None else fig).subplots()
        return [say(ax, f"{len(options)} options of {along.by_label} are too many for one figure.", title)]
    fig, columns = grid(len(known), len(measures), PANEL, fig)
    for pair, column in zip(known, columns):
        for ax, measure in zip(column, measures):
            mine = rows_of(summary, pair.talk), rows_of(theory, pair.talk)
            outcome_bands(*mine, along=along, measure=measure, pair=pair, options=options, ax=ax)
        heading(column[0], pair.title if len(pair.title) < 34 else f"{pair.demander} –\n{pair.partner}")
    one = known[0]
    for ax, measure in zip(columns[0], measures):
        ax.set_ylabel(wrapped(measure.named(one.demander, one.partner), PANEL - 0.25, LABEL), fontsize=LABEL)
    finish(fig, title, along.label, "", handles(theory, along, measures, options))
    fig.align_ylabels()
    return [ax for column in columns for ax in column]


def scale(ax: Axes, values: np.ndarray) -> None:
    """Make the x axis logarithmic where positive values span a wide range, with few plain ticks."""
    if values.min() > 0 and values.max() / values.min() >= WIDE_RANGE:
        ax.set_xscale("log")
        ticks = np.unique(values).tolist()
        ax.xaxis.set_major_locator(FixedLocator(ticks if len(ticks) <= 6 else ticks[:: -(-len(ticks) // 5)]))
        ax.xaxis.set_minor_locator(NullLocator())
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def edges(values: np.ndarray, log: bool = False) -> np.ndarray:
    """Return the edges (M + 1,) of cells about sorted values (M,): midpoints, the outer ones mirrored.

    >>> edges(np.array([0.0, 1.0, 3.0])).tolist()
    [-0.5, 0.5, 2.0, 4.0]
    """
    at = np.log(values) if log else np.asarray(values, dtype=float)
    if len(at) == 1:
        out = at[0] + np.array([-0.5, 0.5])
    else:
        middle = (at[1:] + at[:-1]) / 2.0
        out = np.r_[2.0 * at[0] - middle[0], middle, 2.0 * at[-1] - middle[-1]]
    return np.exp(out) if log else out


def handles(theory, along: Along, measures: Sequence[Measure], options: Sequence) -> list:
    """Return the legend's entries: what was simulated, theory, no zone of agreement."""
    if along.by:
        out = [
            Line2D(
                [],
                [],
                color=OPTION_COLOURS[k],
                marker=OPTION_MARKERS[k],
                markersize=4,
                label=str(option).replace("_", " "),
            )
            for k, option in enumerate(options)
        ]
        out.append(Patch(facecolor=MUTED, alpha=0.35, label="95 % interval of the mean"))
    else:
        out = [Line2D([], [], color=INK, marker="o", markersize=4, label="Simulated: mean, 95 % interval (bars)")]
        if not all(measure.share for measure in measures):
            out += [
                Patch(facecolor=MUTED, alpha=0.45, label="Middle half of worlds"),
                Patch(facecolor=MUTED, alpha=0.18, label="5 to 95 % of worlds"),
            ]
    out += [_theory_line(concept) for concept in THEORY if _has(theory, measures, concept)]
    if len(theory) and not theory["zone"].astype(bool).all():
        out.append(Patch(**{**ZONE, "label": "No zone of agreement (average types)"}))
    return out


def _has(theory, measures: Sequence[Measure], concept: str) -> bool:
    found = [m.predicted(theory, concept) for m in measures]
    return any(values is not None and np.isfinite(values).any() for values in found)


def _theory_line(concept: str) -> Line2D:
    look = mark(concept)
    return Line2D([], [], color=look.line, linestyle=look.dashes, linewidth=1.8, label=look.label)


def _spread(ax: Axes, rows, along: Along, measure: Measure, colour: str) -> None:
    for ends, alpha in ((TAILS, 0.16), (QUARTILES, 0.30)):
        band = measure.spread(rows, ends)
        if band is not None:
            ax.fill_between(rows[along.key], *band, color=colour, alpha=alpha, linewidth=0.0, zorder=1.2)


def _line(ax: Axes, rows, along: Along, measure: Measure, style: dict) -> None:
    """Draw the mean with its interval: bars where values are few, a band where there are many or several lines."""
    x, mean = rows[along.key].to_numpy(dtype=float), measure.mean(rows)
    low, high = measure.interval(rows)
    many = len(x) >= MANY
    style = {**style, "marker": "" if many else style["marker"], "markersize": 3.8, "linewidth": 1.6}
    if along.by or many:
        ax.fill_between(x, low, high, color=style["color"], alpha=0.25, linewidth=0.0, zorder=2.5)
    else:
        ax.vlines(x, low, high, color=style["color"], linewidth=1.2, zorder=2.9)
    ax.plot(x, mean, **style, markeredgecolor="white", markeredgewidth=0.5, zorder=3)


def _predicted(ax: Axes, theory, along: Along, measure: Measure) -> None:
    """Draw theory's lines; where options differ in what is predicted, the first option's."""
    rows = theory.sort_values(along.key, kind="stable").drop_duplicates(along.key)
    for concept in THEORY:
        values = measure.predicted(rows, concept) if len(rows) else None
        if values is not None and np.isfinite(values).any():
            look = mark(concept)
            ax.plot(rows[along.key], values, color=look.line, linestyle=look.dashes, linewidth=1.8, zorder=3.4)


def _no_zone(ax: Axes, theory, along: Along) -> None:
    """Hatch the values at which no package is worth no deal or more to both average sides."""
    if not len(theory):
        return
    zone = theory.groupby(along.key)["zone"].any()
    x = zone.index.to_numpy(dtype=float)
    ends = edges(x, log=bool(x.min() > 0 and x.max() / x.min() >= WIDE_RANGE))
    ends[0], ends[-1] = x[0], x[-1]
    for k in np.flatnonzero(~zone.to_numpy(dtype=bool)):
        ax.axvspan(ends[k], ends[k + 1], **ZONE, zorder=0.5)
