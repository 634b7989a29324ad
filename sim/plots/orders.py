"""What a talk's place in the order of talks is worth: payoffs by place, over all orders."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from sim.plots.small import SIDES, finish, grid, heading, legend, pad_flat, who
from sim.plots.style import BUSD, MUTED, canvas, tidy
from sim.plots.talks import pair_of, pairs, rows_of

PLACE, GAIN = "Place in the order of talks", f"Gain against the first place, on average ({BUSD})"
SPREAD = 0.12  # places: half the width over which orders with equal payoffs are set apart


def place_worth(orders, sides, *, talk: str, side: str = "partner", names=None, ax: Axes | None = None) -> Axes:
    """Draw one side's payoff in a talk by the talk's place in the order, against its mean in first place.

    `orders`: order, talk, place, demander_utility, partner_utility (bn USD a year, all deals in force). A dot for each
    order, a line through the means.
    """
    pair = pair_of(sides, talk, names)
    fresh = ax is None
    ax = canvas(ax, 4.6, 3.6)
    rows = rows_of(orders, talk)
    means = rows.groupby("place")[f"{side}_utility"].mean()
    name, colour = who(pair, side)
    ax.axhline(0.0, color=MUTED, linewidth=0.8, zorder=1.5)
    for place, own in rows.groupby("place"):
        gain = np.sort(own[f"{side}_utility"].to_numpy(dtype=float)) - means.iloc[0]
        apart = place + np.linspace(-SPREAD, SPREAD, len(gain)) if len(gain) > 1 else [place]
        ax.scatter(apart, gain, s=20, facecolor="white", edgecolor=colour, linewidth=1.0, zorder=3)
    look = {"color": colour, "linewidth": 1.8, "marker": "o", "markersize": 6.5, "zorder": 2.5}
    ax.plot(means.index, means - means.iloc[0], **look)
    tidy(ax, x=PLACE if fresh else "", y=GAIN if fresh else "")
    ax.xaxis.set_major_locator(FixedLocator(means.index.tolist()))
    ax.set_xlim(means.index.min() - 0.35, means.index.max() + 0.35)
    pad_flat(ax)
    ax.grid(axis="y", color="#EEEEEE", linewidth=0.8)
    heading(ax, f"{name} with {pair.partner}" if side == "demander" else name, colour)
    if fresh:
        legend(ax.get_figure(), _handles())
    return ax


def place_panels(orders, sides, *, names=None, fig: Figure | None = None) -> list[Axes]:
    """Draw what the place in the order is worth to both sides of all talks: a column a talk, one scale a row."""
    known = [p for p in pairs(sides, names) if not rows_of(orders, p.talk).empty]
    fig, columns = grid(len(known), 2, 1.85, fig)
    for pair, column in zip(known, columns):
        for ax, side in zip(column, SIDES):
            place_worth(orders, sides, talk=pair.talk, side=side, names=names, ax=ax)
    for row in zip(*columns):
        _one_scale(row)
    title = "What the place in the order of talks is worth"
    finish(fig, title, PLACE, f"Gain against first place ({BUSD})", _handles())
    return [ax for column in columns for ax in column]


def _one_scale(axes) -> None:
    limits = np.array([ax.get_ylim() for ax in axes])
    for ax in axes:
        ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())


def _handles() -> list:
    return [
        Line2D([], [], color=MUTED, linewidth=1.8, marker="o", markersize=6.5, label="Mean over orders"),
        Line2D([], [], linestyle="none", marker="o", markerfacecolor="white", markeredgecolor=MUTED, markersize=4.5,
               label="One order of the talks"),
    ]  # fmt: skip
