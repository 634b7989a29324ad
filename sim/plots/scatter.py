"""Outcomes of a design of points: each measure against each setting, the points and their mean in slices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import spearmanr

from sim.plots.bands import scale
from sim.plots.measures import Measure
from sim.plots.small import legend
from sim.plots.style import INK, LABEL, SMALL, TITLE, figure, tidy, wrapped
from sim.plots.talks import Pair, pair_of, rows_of

SLICES = 8  # equal parts of a setting's range in which the mean is drawn
LEAST = 3  # points in a slice from which it has a mean
PANEL = (2.0, 1.7)  # inches


def sliced_mean(x: np.ndarray, y: np.ndarray, slices: int = SLICES) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles (M,) of slices of x that hold enough points, and the mean of y in each.

    >>> sliced_mean(np.arange(8.0), np.repeat([1.0, 3.0], 4), 2)[1].tolist()
    [1.0, 3.0]
    """
    known = np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) == 0 or np.ptp(x) <= 0:
        return np.empty(0), np.empty(0)
    ends = np.linspace(x.min(), x.max(), slices + 1)
    which = np.clip(np.searchsorted(ends, x, side="right") - 1, 0, slices - 1)
    count = np.bincount(which, minlength=slices)
    total = np.bincount(which, weights=y, minlength=slices)
    some = count >= LEAST
    return ((ends[1:] + ends[:-1]) / 2.0)[some], total[some] / count[some]


def design_scatter(rows, *, key: str, measure: Measure, pair: Pair, ax: Axes) -> Axes:
    """Draw one measure of one talk against one setting: a point a cell, the mean in slices, the rank correlation."""
    x, y = rows[key].to_numpy(dtype=float), measure.mean(rows)
    size = float(np.clip(2500.0 / max(len(x), 1), 3.0, 18.0))
    ax.scatter(x, y, s=size, color=pair.partner_colour, alpha=0.55, linewidth=0.0, rasterized=len(x) > 2000)
    ax.plot(*sliced_mean(x, y), color=INK, linewidth=1.6, marker="o", markersize=3.2, zorder=3)
    known = np.isfinite(y)
    if known.sum() > 2 and np.ptp(y[known]) > 0:
        rho = float(spearmanr(x[known], y[known]).statistic)
        ax.set_title(f"rank correlation {rho:+.2f}".replace("-", "−"), fontsize=SMALL, color=INK, loc="left", pad=3)
    scale(ax, x)
    return tidy(ax)


def design_panels(
    summary, *, talk: str, keys: Sequence[tuple[str, str]], measures: Sequence[Measure], names=None, title: str = ""
) -> list[Axes]:
    """Draw measures of one talk (rows) against the settings of a design (columns). Returns the axes.

    `keys`: (swept column, label with its unit).
    """
    pair, rows = pair_of(summary, talk, names), rows_of(summary, talk)
    fig = figure(0.9 + PANEL[0] * len(keys), 1.2 + PANEL[1] * len(measures))
    axes = fig.subplots(len(measures), len(keys), squeeze=False, sharex="col", sharey="row")
    for row, measure in zip(axes, measures):
        for ax, (key, _) in zip(row, keys):
            design_scatter(rows, key=key, measure=measure, pair=pair, ax=ax)
        label = wrapped(measure.named(pair.demander, pair.partner), PANEL[1] - 0.2, LABEL)
        row[0].set_ylabel(label, fontsize=LABEL, color=INK)
        if measure.limits:
            low, high = measure.limits
            row[0].set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    for ax, (_, label) in zip(axes[-1], keys):
        ax.set_xlabel(wrapped(label, PANEL[0] - 0.1, LABEL), fontsize=LABEL, color=INK)
    fig.align_ylabels()
    wide = float(fig.get_size_inches()[0])
    fig.suptitle(wrapped(title, wide - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    dot = {"marker": "o", "linestyle": "none", "markersize": 4}
    legend(
        fig,
        [
            Line2D([], [], color=pair.partner_colour, label="A point of the design (mean over its worlds)", **dot),
            Line2D([], [], color=INK, marker="o", markersize=3.2, label=f"Mean in {SLICES} slices"),
        ],
    )
    return list(axes.ravel())
