"""Outcomes of a sweep over the options of a choice: a dot with its interval for each option and talk, theory beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots.equilibria import mark
from sim.plots.measures import QUARTILES, Measure
from sim.plots.small import legend
from sim.plots.style import FAINT, INK, LABEL, SMALL, TITLE, figure, tidy, wrapped
from sim.plots.talks import Pair, pairs, rows_of

BAND = 0.7  # share of a row's height that its talks fill
RING = {"marker": "o", "facecolor": "none", "edgecolor": mark("subgame_perfect").line, "linewidth": 1.3, "s": 58}
LOOKS = {  # where both predict the same, the star stands in the ring
    "nash": {**mark("nash").style, "linewidth": 0.6, "s": 42, "zorder": 3.3},
    "subgame_perfect": {**RING, "zorder": 3.2},
}
PANEL = 2.25  # inches


def option_dots(summary, theory, *, key: str, measure: Measure, known: Sequence[Pair], ax: Axes) -> Axes:
    """Draw one measure over the options of a choice (rows), a colour a talk: mean, 95 % interval, middle half."""
    options = list(dict.fromkeys(summary[key]))
    place = {option: len(options) - 1 - k for k, option in enumerate(options)}
    for k, pair in enumerate(known):
        rows = rows_of(summary, pair.talk)
        y = np.array([place[option] for option in rows[key]]) + BAND * ((len(known) - 1) / 2.0 - k) / max(len(known), 2)
        _dots(ax, rows, y, measure, pair.partner_colour)
        said = rows_of(theory, pair.talk)
        for concept in LOOKS:
            values = measure.predicted(said, concept) if len(said) else None
            if values is not None:
                at = dict(zip(said[key], values))
                x = np.array([at.get(option, np.nan) for option in rows[key]])
                ax.scatter(x, y, **LOOKS[concept])
    for row in range(len(options) - 1):
        ax.axhline(row + 0.5, color=FAINT, linewidth=0.7, zorder=0.5)
    ax.set_yticks(list(place.values()), [str(option).replace("_", " ") for option in place], fontsize=SMALL)
    ax.set_ylim(-0.5, len(options) - 0.5)
    if measure.limits:
        low, high = measure.limits
        ax.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    tidy(ax)
    ax.tick_params(axis="y", length=0)
    return ax


def option_panels(
    summary, theory, *, key: str, measures: Sequence[Measure], label: str = "", names=None, title: str = ""
) -> list[Axes]:
    """Draw measures over the options of a choice, a panel a measure, all talks in each. Returns the axes.

    `key`: the swept column, `label`: what the choice is. A row a cell and talk in `summary` and `theory`.
    """
    known = pairs(summary, names)
    options = summary[key].nunique()
    fig = figure(1.4 + PANEL * len(measures), 1.5 + max(0.3, 0.15 * len(known) + 0.12) * options)
    axes = fig.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for ax, measure in zip(axes, measures):
        option_dots(summary, theory, key=key, measure=measure, known=known, ax=ax)
        text = wrapped(measure.named(known[0].demander, known[0].partner), PANEL - 0.2, LABEL)
        ax.set_xlabel(text, fontsize=LABEL, color=INK)
    axes[0].set_ylabel(label, fontsize=LABEL, color=INK)
    wide = float(fig.get_size_inches()[0])
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    legend(fig, _handles(known, theory, measures))
    return list(axes)


def _dots(ax: Axes, rows, y: np.ndarray, measure: Measure, colour: str) -> None:
    spread = measure.spread(rows, QUARTILES)
    if spread is not None:
        ax.hlines(y, *spread, color=colour, alpha=0.35, linewidth=4.0, zorder=1.5)
    ax.hlines(y, *measure.interval(rows), color=colour, linewidth=1.4, zorder=2.5)
    style = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.6}
    ax.scatter(measure.mean(rows), y, s=26, zorder=3, **style)


def _handles(known: Sequence[Pair], theory, measures: Sequence[Measure]) -> list:
    one = len({pair.demander for pair in known}) == 1
    out = [
        Line2D([], [], marker="o", color=p.partner_colour, markersize=5, label=p.partner if one else p.title)
        for p in known
    ]
    if not all(measure.share for measure in measures):
        out.append(Line2D([], [], color="#BBBBBB", linewidth=4.0, label="Middle half of worlds"))
    for concept, look in LOOKS.items():
        if len(theory) and any(m.predicted(theory, concept) is not None for m in measures):
            style = {"markerfacecolor": look["facecolor"], "markeredgecolor": look["edgecolor"]}
            size = {"markersize": look["s"] ** 0.5, "markeredgewidth": look["linewidth"], "linestyle": "none"}
            out.append(Line2D([], [], marker=look["marker"], label=mark(concept).label, **style, **size))
    return out
