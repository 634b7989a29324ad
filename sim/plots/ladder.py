"""The ladder of threats: what each rung of a stick, carried out, would change for both sides, answer by answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.plots.small import SIDES, finish, grid, heading, legend, pad_flat, who
from sim.plots.style import BUSD, MUTED, canvas, tidy
from sim.plots.talks import pair_of, pairs, rows_of

LINES = ("-", (0, (5, 2)), (0, (1.2, 1.2)), (0, (5, 1.5, 1, 1.5)))  # by answer, in order of appearance
MARKERS = ("o", "s", "^", "D")
HALO, ANNOUNCED = "#FFE08A", (0, (1, 2))
RUNG = "Tariff carried out (%)"
CHANGE = f"Change against leaving the interim ({BUSD})"


def threat_ladder(
    ladder,
    sides,
    *,
    talk: str,
    side: str = "demander",
    announced: float | None = None,
    names=None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the change (bn USD a year) for one side against leaving the interim, by rung (%), a line an answer.

    `ladder`: talk, rung_pct, answer, SIDE_utility, best_answer, credible, withheld_SIDE. Filled: the demander is no
    worse off carrying it out (credible). Gold: the answer that suits the partner best. `announced`: rung to mark.
    """
    pair = pair_of(sides, talk, names)
    fresh = ax is None
    ax = canvas(ax, 4.6, 3.8)
    rows = rows_of(ladder, talk).sort_values("rung_pct", kind="stable")
    rows = rows.assign(change=rows[f"{side}_utility"].astype(float) - rows[f"withheld_{side}"].astype(float))
    name, colour = who(pair, side)
    best = rows[rows["best_answer"].astype(bool)]
    ax.plot(best["rung_pct"], best["change"], color=HALO, linewidth=8.0, solid_capstyle="round", zorder=2)
    for k, answer in enumerate(_answers(ladder)):
        _line(ax, rows[rows["answer"].astype(str) == answer], k, colour)
    ax.axhline(0.0, color=MUTED, linewidth=0.9, zorder=1.5)
    if announced is not None:
        ax.axvline(announced, color=MUTED, linestyle=ANNOUNCED, linewidth=1.1, zorder=1)
    tidy(ax, x=RUNG if fresh else "", y=CHANGE if fresh else "")
    pad_flat(ax)
    ax.margins(x=0.07)
    ticks = np.unique(rows["rung_pct"].to_numpy(dtype=float))
    ticks = ticks if len(ticks) <= 4 else ticks[int(len(ticks) % 2 == 0) :: 2]
    ax.set_xticks(ticks, [f"{v:g}" for v in ticks])
    heading(ax, f"{name} with {pair.partner}" if side == "demander" else name, colour)
    if fresh:
        legend(ax.get_figure(), _handles(ladder, announced is not None))
    return ax


def threat_ladders(
    ladder, sides, *, announced: Mapping[str, float] | None = None, names=None, fig: Figure | None = None
) -> list[Axes]:
    """Draw the ladders of all talks that have one: a column a talk, the demander above the partner."""
    announced = announced or {}
    known = [p for p in pairs(sides, names) if not rows_of(ladder, p.talk).empty]
    fig, columns = grid(len(known), 2, 1.95, fig)
    for pair, column in zip(known, columns):
        for ax, side in zip(column, SIDES):
            own = {"talk": pair.talk, "side": side, "announced": announced.get(pair.talk), "names": names}
            threat_ladder(ladder, sides, **own, ax=ax)
    handles = _handles(ladder, any(p.talk in announced for p in known))
    finish(fig, "The ladder of threats: what carrying one out changes", RUNG, CHANGE, handles)
    return [ax for column in columns for ax in column]


def _answers(ladder) -> list[str]:
    return list(dict.fromkeys(ladder["answer"].astype(str)))


def _line(ax: Axes, rows, k: int, colour: str) -> None:
    """Draw one answer: its line, filled marks on credible rungs and hollow ones on the others."""
    x, y = rows["rung_pct"].to_numpy(dtype=float), rows["change"].to_numpy(dtype=float)
    ax.plot(x, y, color=colour, linestyle=LINES[k % len(LINES)], linewidth=1.5, zorder=3)
    faces = [colour if c else "white" for c in rows["credible"].astype(bool)]
    ax.scatter(x, y, s=30, marker=MARKERS[k % len(MARKERS)], facecolor=faces, edgecolor=colour, linewidth=1.1, zorder=4)


def _handles(ladder, announced: bool) -> list:
    dot = {"linestyle": "none", "marker": "o", "markeredgecolor": MUTED, "markersize": 5.5}
    handles = [
        Line2D([], [], color=MUTED, linestyle=LINES[k % 4], linewidth=1.5, marker=MARKERS[k % 4], markersize=5,
               markerfacecolor="white", label=f"Answer: {answer}")
        for k, answer in enumerate(_answers(ladder))
    ]  # fmt: skip
    handles += [
        Line2D([], [], color=HALO, linewidth=8.0, label="Partner's best answer"),
        Line2D([], [], markerfacecolor=MUTED, label="Credible: demander no worse off", **dot),
        Line2D([], [], markerfacecolor="white", label="Not credible", **dot),
    ]
    if announced:
        handles.append(Line2D([], [], color=MUTED, linestyle=ANNOUNCED, linewidth=1.1, label="Threat announced"))
    return handles
