"""Which tariff was agreed: a small histogram a talk, with the share of worlds that agreed on nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots.style import (
    FAINT,
    INK,
    SMALL,
    WIDTH,
    canvas,
    in_sentence,
    issue_label,
    legend_below,
    percent,
    say,
    tidy,
)
from sim.plots.talks import Pair, count, pairs, rows_of

TALL = 0.80  # height of a bar that holds all worlds, in rows
NARROWEST = 0.1  # percent: levels closer than this share a bar
RATES = {"interim": ("In force while talks go on", (0, (1, 1.2))), "threat": ("Threatened", (0, (5, 2)))}


def tariff_columns(talks) -> list[str]:
    """Return the columns of agreed tariffs, us_tariff_pct first."""
    found = [c for c in map(str, talks.columns) if c.endswith("tariff_pct")]
    return sorted(found, key=lambda c: (c != "us_tariff_pct", found.index(c)))


def agreed_tariffs(
    talks, *, issue: str | None = None, rates: Mapping[str, Mapping[str, float]] | None = None, names=None,
    labels=None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw the distribution of the agreed tariff (percent) by talk, with the share of worlds without a deal.

    `issue` defaults to the first tariff among the columns. `rates` (talk -> {"interim": %, "threat": %}) marks what is
    in force while talks go on and what is threatened. A bar's height is its share of all worlds of the talk.
    """
    issue = issue or next(iter(tariff_columns(talks)), None)
    known = [p for p in pairs(talks, names) if issue is not None and _belongs(rows_of(talks, p.talk), issue)]
    title = "Agreed tariffs"
    if issue is not None:
        title = f"The {in_sentence(issue_label(issue, labels, unit=False))} that worlds agree on"
    if not known or not talks[issue].notna().any():
        ax = canvas(ax, WIDTH, 2.5)
        why = "No tariff was on the table." if issue is None else "No world agreed on this tariff."
        return say(ax, why, title)
    ax = canvas(ax, WIDTH, 1.6 + 0.95 * len(known))
    marks = [v for p in known for v in (rates or {}).get(p.talk, {}).values()]
    levels = np.array([0.0, *talks[issue].dropna().astype(float), *marks])
    reach = max(float(np.ptp(levels)), 1.0)
    steps = [_step(rows_of(talks, p.talk)[issue].dropna().to_numpy(dtype=float)) for p in known]
    width = min(0.8 * min(steps), reach / 20.0)
    for row, pair in enumerate(known[::-1]):
        _ridge(ax, rows_of(talks, pair.talk)[issue], row, width, pair.partner_colour)
        _rate_marks(ax, (rates or {}).get(pair.talk, {}), row)
    ax.set_yticks([k + 0.3 for k in range(len(known))], [_tick(talks, p) for p in known[::-1]], fontsize=SMALL)
    ax.set_ylim(-0.1, len(known) + 0.02)
    label = in_sentence(issue_label(issue, labels))
    tidy(ax, title=title, x=f"Agreed: {label}", y="Worlds (each row: 0 to 100 %)", flush=True)
    ax.set_xlim(levels.min() - 0.05 * reach, levels.max() + 0.05 * reach)
    drawn = {kind for pair in known for kind in (rates or {}).get(pair.talk, {})}
    legend_below(ax, handles=_handles(drawn))
    return ax


def _belongs(rows, issue: str) -> bool:
    """Say whether a talk has a row in the figure: it agreed on the tariff, or on nothing at all."""
    return bool(rows[issue].notna().any()) or not rows["deal"].astype(bool).any()


def _step(levels: np.ndarray) -> float:
    """Return the smallest gap between the levels a talk agreed on, percent; infinite where there is one level alone."""
    gaps = np.diff(np.unique(np.round(levels, 6)))
    return max(float(gaps.min()), NARROWEST) if len(gaps) else np.inf


def _ridge(ax: Axes, column, row: int, width: float, colour: str) -> None:
    """Draw one talk's histogram upon its own base line and write the share on its highest bar."""
    ax.axhline(row, color=FAINT, linewidth=0.8, zorder=1)
    found = column.dropna().astype(float).round(6).value_counts().sort_index()
    if found.empty:
        return
    share = found.to_numpy() / len(column)
    ax.bar(found.index, TALL * share, width=width, bottom=row, color=colour, zorder=3)
    top = int(np.argmax(share))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    ax.annotate(
        percent(share[top]), (found.index[top], row + TALL * share[top]), xytext=(0, 3), textcoords="offset points",
        ha="center", va="bottom", fontsize=SMALL, color=INK, bbox=box, zorder=4,
    )  # fmt: skip


def _rate_marks(ax: Axes, rates: Mapping[str, float], row: int) -> None:
    for kind, value in rates.items():
        ax.vlines(value, row, row + TALL, color=INK, linewidth=1.3, linestyle=RATES[kind][1], zorder=2)


def _tick(talks, pair: Pair) -> str:
    share = 1.0 - count(talks, pair.talk).share
    return f"{pair.tick}\nno deal: {percent(share)}"


def _handles(drawn: set[str]) -> list:
    bar = Patch(color="#888888", label="Share of the talk's worlds that agree on it")
    return [bar] + [
        Line2D([], [], color=INK, linewidth=1.3, linestyle=style, label=label)
        for kind, (label, style) in RATES.items()
        if kind in drawn
    ]
