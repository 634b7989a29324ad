"""Agents beside the theories they play: a figure each, theory as lines, agents as dots on them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, PercentFormatter

from sim.plots.payoff_space import CLOUD, MARKS, staircase
from sim.plots.small import finish, heading
from sim.plots.style import BUSD, FAINT, INK, LABEL, MUTED, WIDTH, colours, figure, tidy

SIDES = ("demander", "partner")
PAINT = tuple(colours(["A", "B"])[code] for code in "AB")
AGENTS, DRAWN = "#D55E00", "#777777"
DOT = {"linestyle": "none", "marker": "o", "markersize": 4.2, "zorder": 5}
LAW = {"color": INK, "linewidth": 1.4, "zorder": 3}
ENDINGS = {
    "deal at once": ("deal", True),
    "deal later": ("deal", False),
    "one side leaves": ("outside_option", None),
    "collapse": ("collapse", None),
    "deadline": ("deadline", None),
}


def _two(fig: Figure | None, height: float = 3.4, **grid) -> tuple[Figure, list[Axes]]:
    fig = figure(WIDTH + 0.5, height) if fig is None else fig
    return fig, list(fig.subplots(1, 2, **grid))


def _label(ax: Axes, head: str, x: str, y: str) -> None:
    tidy(ax)
    heading(ax, head)
    ax.set_xlabel(x, fontsize=LABEL, color=INK)
    ax.set_ylabel(y, fontsize=LABEL, color=INK)


def _diagonal(ax: Axes, values: np.ndarray) -> None:
    """Draw the line on which agents get what theory says, over the range of values."""
    ends = [float(np.min(values)), float(np.max(values))]
    ax.plot(ends, ends, **LAW | {"linewidth": 0.9, "color": MUTED})


def equilibrium(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw payoffs (bn USD a year) played against those of the subgame-perfect equilibrium, and how talks ended."""
    fig, (left, right) = _two(fig)
    both = data[[f"{side}_{who}" for side in SIDES for who in ("theory", "agents")]].to_numpy()
    _diagonal(left, both)
    for side, colour in zip(SIDES, PAINT):
        style = DOT | {"markersize": 3.4, "alpha": 0.55, "markeredgewidth": 0}
        left.plot(data[f"{side}_theory"], data[f"{side}_agents"], color=colour, **style)
    places = np.arange(len(ENDINGS))[::-1]
    for who, style in (("theory", None), ("agents", DOT | {"color": AGENTS, "markersize": 6})):
        share = [100.0 * float(np.mean(_ended(data, who, *how))) for how in ENDINGS.values()]
        if style is None:
            right.barh(places, share, height=0.62, color=FAINT, edgecolor=INK, linewidth=0.9, zorder=2)
        else:
            right.plot(share, places, **style)
    _label(left, "Payoffs, world by world", f"Equilibrium ({BUSD})", f"Played ({BUSD})")
    _label(right, "How talks end", "Worlds (%)", "")
    right.set_yticks(places, list(ENDINGS))
    right.set_xlim(left=0)
    dots = [Line2D([], [], color=c, label=f"{s.capitalize()}, played", **DOT) for s, c in zip(SIDES, PAINT)]
    law = Patch(facecolor=FAINT, edgecolor=INK, linewidth=0.9, label="Equilibrium")
    played = Line2D([], [], color=AGENTS, label="Played", **DOT)
    finish(fig, "Rational sides play the subgame-perfect equilibrium", "", "", [*dots, law, played])
    return [left, right]


def _ended(data, who: str, ending: str, at_once: bool | None) -> np.ndarray:
    """Say of each world (n,) whether it ended so, by theory or as played."""
    found = data[f"ended_{who}"].to_numpy() == ending
    return found if at_once is None else found & ((data[f"round_{who}"].to_numpy() == 0) == at_once)


ORDERS = {"demander": ("A speaks first", PAINT[0]), "partner": ("B speaks first", PAINT[1]), "drawn": ("Drawn", DRAWN)}


def short_rounds(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw A's share of the pie (%) by the length of a round (days), and how far it is from the limit."""
    fig, (left, right) = _two(fig)
    for first, (_, colour) in ORDERS.items():
        own = data[data["first"] == first].sort_values("days_per_round")
        days, limit = own["days_per_round"], own["limit"]
        left.plot(days, 100 * own["share_theory"], color=colour, linewidth=1.4, zorder=3)
        left.plot(days, 100 * own["share_agents"], color=colour, **DOT)
        for who, style in (("theory", {"linewidth": 1.4, "zorder": 3}), ("agents", DOT)):
            right.plot(days, 100 * (own[f"share_{who}"] - limit).abs(), color=colour, **style)
    left.axhline(100 * float(data["limit"].iloc[0]), color=INK, linestyle=(0, (4, 3)), linewidth=1.1, zorder=2)
    lengths = sorted(data["days_per_round"].unique())
    for ax in (left, right):
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(lengths))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticklabels([f"{days:g}" for days in lengths], rotation=0)
        ax.invert_xaxis()
    right.set_yscale("log")
    right.yaxis.set_minor_formatter(NullFormatter())
    _label(left, "Share of the pie", "Length of a round (days)", "A's share (%)")
    _label(right, "Distance from the limit", "Length of a round (days)", "Percentage points")
    for ax in (left, right):
        ax.tick_params(axis="x", labelsize=7.5)
    right.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    lines = [Line2D([], [], color=c, linewidth=1.4, label=f"{words}, closed form") for words, c in ORDERS.values()]
    lines.append(Line2D([], [], color=INK, linestyle=(0, (4, 3)), linewidth=1.1, label="Limit of short rounds"))
    lines.append(Line2D([], [], color=MUTED, label="Played", **DOT))
    finish(fig, "As rounds get shorter, rational sides share by patience alone", "", "", lines)
    return [left, right]


def zeuthen(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw one talk's concessions among its packages, and what both get (bn USD a year) beside Nash's package."""
    fig, (left, right) = _two(fig, 3.6)
    packages = data[data["what"] == "package"]
    left.scatter(packages["demander"], packages["partner"], s=9, color=CLOUD, linewidths=0, zorder=2)
    front = staircase(packages["demander"], packages["partner"])
    left.plot(*front, drawstyle="steps-post", color=INK, linewidth=1.1, zorder=3)
    for code, colour in zip("AB", PAINT):
        own = data[data["what"] == f"offer of {code}"].sort_values("round")
        left.plot(own["demander"], own["partner"], color=colour, alpha=0.8, **DOT | {"linestyle": "-"})
    outcomes = data[data["what"] == "outcome"]
    shown = outcomes[outcomes["talk"] == packages["talk"].iloc[0]].iloc[0]
    marker, face, edge, size, _ = MARKS["nash"]
    at = (shown["demander_nash"], shown["partner_nash"])
    left.scatter(*at, marker=marker, s=size, facecolor=face, edgecolor=edge, linewidth=0.9, zorder=7)
    nash = outcomes[[f"{side}_nash" for side in SIDES]].to_numpy()
    _diagonal(right, nash)
    for side, colour in zip(SIDES, PAINT):
        style = DOT | {"markersize": 3.6, "alpha": 0.6, "markeredgewidth": 0}
        right.plot(outcomes[f"{side}_nash"], outcomes[side], color=colour, **style)
    _label(left, "Concessions in one talk", f"A ({BUSD})", f"B ({BUSD})")
    _label(right, f"Where {len(outcomes)} talks end", f"Nash's package ({BUSD})", f"Played ({BUSD})")
    lines = [Line2D([], [], color=c, label=n, **DOT) for n, c in zip("AB", PAINT)]
    lines.append(Line2D([], [], color=INK, linewidth=1.1, label="Pareto frontier"))
    star = {"marker": marker, "markerfacecolor": face, "markeredgecolor": edge, "markersize": 0.8 * size**0.5}
    lines.append(Line2D([], [], linestyle="none", label="Nash solution", **star))
    finish(fig, "Conceding by Zeuthen's rule leads to Nash's solution", "", "", lines)
    return [left, right]


def obstinate(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw the share of worlds (%) that agree at once or never, and in each later round, beside the law."""
    fig, (left, right) = _two(fig, 3.5, width_ratios=(0.62, 1.0))
    ends = data[data["round"].isin((0, 1))].sort_values("round", ascending=False)
    places = np.arange(2)
    left.bar(places, 100 * ends["law"], width=0.62, color=FAINT, edgecolor=INK, linewidth=0.9, zorder=2)
    left.bar(places, 100 * ends["law_at_once"], width=0.62, color="#B5B5B5", edgecolor=INK, linewidth=0.9, zorder=2.5)
    _spread(left, places, ends)
    left.set_xticks(places, ["in round 1", "never"])
    later = data[(data["round"] > 1) & (data["law"] > 1e-4)].sort_values("round")
    edges = np.append(later["round"] - 0.5, float(later["round"].iloc[-1]) + 0.5)
    right.stairs(100 * later["law"], edges, baseline=None, **LAW)
    seen = later[later["share"] > 0]
    _spread(right, seen["round"], seen)
    right.set_yscale("log")
    right.yaxis.set_major_formatter(PercentFormatter(symbol="", decimals=1))
    right.yaxis.set_major_locator(FixedLocator([0.1, 0.2, 0.5, 1.0, 2.0, 5.0]))
    right.yaxis.set_minor_locator(NullLocator())
    _label(left, "At once, and never", "", "Worlds (%)")
    _label(right, "In each later round", "Round (a month each)", "Worlds that agree (%)")
    handles = [
        Patch(facecolor="#B5B5B5", edgecolor=INK, linewidth=0.9, label="Law: conceded at time 0"),
        Patch(facecolor=FAINT, edgecolor=INK, linewidth=0.9, label="Law: whole round, or deadlock"),
        Line2D([], [], label="Law, by round", **LAW),
        Line2D([], [], color=AGENTS, label="Played, 95 % interval", **DOT),
    ]
    finish(fig, "Obstinate types: delay and deadlock as the war of attrition says", "", "", handles)
    return [left, right]


def _spread(ax: Axes, at, rows) -> None:
    """Draw shares of worlds (%) with their intervals."""
    share = 100 * rows["share"]
    gaps = np.abs(np.stack([share - 100 * rows["low"], 100 * rows["high"] - share]))
    ax.errorbar(at, share, yerr=gaps, fmt="none", ecolor=AGENTS, elinewidth=1.1, zorder=4)
    ax.plot(at, share, color=AGENTS, **DOT)


def screener(data, *, fig: Figure | None = None) -> list[Axes]:
    """Draw the screener's demand (bn USD a year) and the share refused (%) by what no deal costs it."""
    fig, (left, right) = _two(fig)
    own = data["own_cost"]
    left.plot(own, data["demand_uniform"], **LAW)
    left.plot(own, data["demand_agents"], color=AGENTS, **DOT)
    right.plot(own, 100 * data["no_deal_uniform"], **LAW)
    _spread(right, own, data.rename(columns={"no_deal_agents": "share"}))
    right.set_ylim(bottom=0)
    x = f"Own cost of no deal ({BUSD})"
    _label(left, "Demand", x, f"Asked for ({BUSD})")
    _label(right, "Risk of no deal", x, "Worlds that refuse (%)")
    law = Line2D([], [], label="Optimum, costs of the target uniform", **LAW)
    played = Line2D([], [], color=AGENTS, label="Played (95 % interval)", **DOT)
    finish(fig, "A screener asks for Fearon's demand, and runs his risk of no deal", "", "", [law, played])
    return [left, right]
