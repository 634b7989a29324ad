"""What learners came to believe: the chance given to the true type, round by round, beside the prior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots.offers import time_label
from sim.plots.small import finish, grid, heading
from sim.plots.style import FAINT, INK, MUTED, SMALL, colours, country_name, figure, say, tidy

PRIOR = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1.1, "zorder": 5}
MANY = 20  # rounds from which dots run into each other
FEWEST = 0.01  # of the first round's worlds: rounds with fewer left are not drawn
KINDS = 8  # true types up to which each has a line of its own


def true_beliefs(rows):
    """Return, by round, the mean belief in the true type, that of the prior in the same worlds, and the worlds.

    `rows` of one learner in one talk, columns as in sim.columns (BELIEFS). Means over true types go by worlds.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"round": [0, 0, 1], "true_type": [0, 1, 1], "type": [0, 1, 1],
    ...                      "worlds": [1, 3, 1], "belief": [0.2, 0.8, 0.9]})
    >>> true_beliefs(rows)[["belief", "prior", "worlds"]].round(9).values.tolist()
    [[0.65, 0.65, 4.0], [0.9, 0.8, 1.0]]
    """
    own = rows[rows["type"] == rows["true_type"]].copy()
    first = own[own["round"] == 0].set_index("true_type")["belief"]
    own["prior"] = own["true_type"].map(first)
    own[["belief", "prior"]] = own[["belief", "prior"]].mul(own["worlds"], axis=0)
    found = own.groupby("round")[["belief", "prior", "worlds"]].sum()
    return found.assign(belief=found["belief"] / found["worlds"], prior=found["prior"] / found["worlds"])


def beliefs_by_round(
    beliefs, *, names: Mapping[str, str] | None = None, days_per_round: float | None = None, fig: Figure | None = None
) -> list[Axes]:
    """Draw the mean belief in the true type (%) after each round, a panel for each learner in each talk.

    `beliefs` has the columns of sim.columns (BELIEFS). Dashed: what the prior gives the true type in the same worlds,
    those still open; thin lines: worlds of one true type alone. Rounds that under 1 % of worlds reach are left out.
    """
    known = beliefs[["talk", "learner", "about"]].drop_duplicates().astype(str)
    if known.empty:
        return [say((figure(5.2, 2.5) if fig is None else fig).subplots(), "No side learnt anything in this run.")]
    paint = colours([*known["learner"], *known["about"], *(names or ())])
    fig, columns = grid(len(known), 1, 2.6, fig)
    axes = []
    for (ax,), (talk, learner, about) in zip(columns, known.itertuples(index=False, name=None)):
        rows = beliefs[(beliefs["talk"].astype(str) == talk) & (beliefs["learner"].astype(str) == learner)]
        _panel(ax, rows, paint[learner])
        who, whom = (country_name(code, names) for code in (learner, about))
        heading(ax, f"{who} about {whom}", paint[learner])
        axes.append(ax)
    middle = Line2D([], [], color=MUTED, linewidth=2.2, marker="o", markersize=3.6, label="Mean over open worlds")
    thin = Line2D([], [], color=MUTED, linewidth=0.9, alpha=0.55, label="Worlds of one true type")
    prior = Line2D([], [], label="Prior, same worlds", **PRIOR)
    title, x = "How likely learners think the other side's true type", f"{time_label(days_per_round)} (0: before talks)"
    finish(fig, title, x, "Belief in the true type (%)", [middle, thin, prior])
    return axes


def _panel(ax: Axes, rows, colour: str) -> None:
    """Draw one learner in one talk."""
    found = true_beliefs(rows)
    found = found[found["worlds"] >= FEWEST * found["worlds"].iloc[0]]
    own = rows[(rows["type"] == rows["true_type"]) & rows["round"].isin(found.index)]
    kinds = own["true_type"].unique()
    for kind in kinds if 1 < len(kinds) <= KINDS else ():
        part = own[own["true_type"] == kind].sort_values("round")
        ax.plot(part["round"], 100 * part["belief"], color=colour, linewidth=0.9, alpha=0.45, zorder=2)
    ax.plot(found.index, 100 * found["prior"], **PRIOR)
    dots = {"marker": "o", "markersize": 3.6} if len(found) < MANY else {}
    ax.plot(found.index, 100 * found["belief"], color=colour, linewidth=2.2, zorder=4, **dots)
    tidy(ax)
    ax.set_ylim(0, 103)
    ax.set_yticks(np.arange(0, 101, 25))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    ax.grid(axis="y", color=FAINT, linewidth=0.6)
    last, count = found.index[-1], found["worlds"]
    note = f"{int(count.iloc[0]):,} worlds at first, {int(count.iloc[-1]):,} in round {last}"
    ax.annotate(note, (0.02, 0.92), xycoords="axes fraction", fontsize=SMALL - 1.0, color=MUTED)
