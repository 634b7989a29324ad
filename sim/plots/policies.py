"""What ways of moving a tariff buy: differences from leaving it where it is, for both sides, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.plots.small import finish, heading
from sim.plots.style import BUSD, FAINT, INK, WIDTH, colours, country_name, figure, say, tidy, zero_line

BASE = "wait"
MARKERS = ("o", "s", "^", "D", "v", "P")
FADE = 0.78  # how far dots of different answers stand apart, of a row
NINETY_FIVE = 1.96  # standard errors on either side


def bought_by_policies(
    frame, *, pair: tuple[str, str], names: Mapping[str, str] | None = None, fig: Figure | None = None
) -> list[Axes]:
    """Draw what each policy of the demander adds to both sides' payoffs (bn USD a year) over waiting, by the answer.

    `frame` has the columns talk, policy, answer, worlds, {side}_gain and {side}_gain_se; `pair` the codes of demander
    and partner. Dots are means of world-by-world differences, bars their 95 % intervals.
    """
    policies = [name for name in dict.fromkeys(frame["policy"]) if name != BASE]
    replies = list(dict.fromkeys(frame["answer"]))
    fig = figure(WIDTH + 0.7, 1.7 + 0.5 * max(len(policies), 2)) if fig is None else fig
    axes = list(fig.subplots(1, 2, sharey=True))
    if not policies:
        return [say(axes[0], "There is no policy to compare with waiting.")]
    paint, who = colours([*pair, *(names or ())]), [country_name(code, names) for code in pair]
    places = np.arange(len(policies))[::-1]
    for ax, side, code, name in zip(axes, ("demander", "partner"), pair, who):
        for k, answer in enumerate(replies):
            rows = frame[frame["answer"] == answer].set_index("policy").loc[policies]
            at = places + FADE * (0.5 - (k + 0.5) / len(replies))
            half = NINETY_FIVE * rows[f"{side}_gain_se"].fillna(0.0)
            bars = {"fmt": MARKERS[k % len(MARKERS)], "markersize": 4.4, "elinewidth": 1.1, "zorder": 4 + k / 10}
            face = paint[code] if k == 0 else "white"
            ax.errorbar(rows[f"{side}_gain"], at, xerr=half, color=paint[code], markerfacecolor=face, **bars)
        _frame(ax, places, policies)
        heading(ax, name, paint[code])
    title = f"What moving its tariff buys {who[0]}, and costs {who[1]}"
    handles = [
        Line2D([], [], linestyle="none", marker=MARKERS[k % len(MARKERS)], color=INK, markersize=4.6,
               markerfacecolor=INK if k == 0 else "white", label=f"{who[1]}: {answer}")
        for k, answer in enumerate(replies)
    ]  # fmt: skip
    finish(fig, title, f"Payoff over leaving the tariff where it is ({BUSD}, 95 % interval)", "", handles)
    return axes


def _frame(ax: Axes, places: np.ndarray, policies: list[str]) -> None:
    """Give a panel its rows and the line of waiting."""
    tidy(ax)
    ax.set_yticks(places, policies)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.6, len(policies) - 0.4)
    for place in places[:-1]:
        ax.axhline(place - 0.5, color=FAINT, linewidth=0.7, zorder=0)
    ax.margins(x=0.08)
    zero_line(ax)
