"""One talk of one world on a page: the dance of offers, issue by issue, the tariffs in force, and what it all gave."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots.offers import time_label
from sim.plots.payoff_space import CLOUD, MARKS, RASTER_FROM, ZONE, staircase
from sim.plots.small import heading
from sim.plots.style import (
    BUSD,
    FAINT,
    INK,
    MUTED,
    SMALL,
    TITLE,
    colours,
    country_name,
    figure,
    fitting,
    issue_label,
    say,
    signed,
    tidy,
    wrapped,
    zero_line,
)

SIDES = (0, 1)
MOST = 4  # issues beside each other
WIDE, DANCE, ROW = 7.4, 3.5, 1.62  # inches: the page; the height of its first row and of the others
THICK = (3.0, 1.4)  # lines of the two sides: the thinner on top, so that equal values are both seen
NO_TARIFF = 1e-9  # percent
MANY = 20  # rounds from which marks are drawn smaller
DEAL = {"marker": "o", "markersize": 9.5, "markerfacecolor": "none", "markeredgecolor": INK, "markeredgewidth": 1.3}
DEAL |= {"linestyle": "none", "clip_on": False}
FLOOR_LINE, NASH_LINE = (0, (4, 3)), (0, (1, 1.4))
ENDS = {"deadline": "no deal by the deadline", "collapse": "talks collapsed", "outside_option": "one side walked out",
        "not_ratified": "refused at home"}  # fmt: skip
LEAST = 0.15  # of the span of what is drawn: how far the limits reach beyond it


def story_page(story, *, names: Mapping[str, str] | None = None, labels=None, fig: Figure | None = None) -> list[Axes]:
    """Draw the story of one talk in one world (sim.story.Story); returns the axes of all panels, payoff space first.

    Panels: every offer in both sides' utilities (bn USD a year) among all packages; the same over the rounds with what
    no deal was worth; the level of each issue on offer; tariffs in force (%) and the flows of both sides; the state
    that talks ended in beside no deal and Nash's package (1950).
    """
    across = len(story.issues) if len(story.issues) <= MOST else 3
    down = -(-len(story.issues) // across)
    fig = figure(WIDE, DANCE + ROW * (down + 1) + 0.95) if fig is None else fig
    rows = fig.add_gridspec(2 + down, 1, height_ratios=(DANCE, *[ROW] * (down + 1)))
    first, last = rows[0].subgridspec(2, 2, width_ratios=(1.25, 1.0)), rows[1 + down].subgridspec(1, 3)
    lines = [rows[1 + k].subgridspec(1, across) for k in range(down)]
    paint = [colours([*story.pair, *(names or ())])[code] for code in story.pair]
    who = [country_name(code, names) for code in story.pair]
    look = Look(story, paint, who)
    axes = [look.dance(fig.add_subplot(first[:, 0]))]
    axes += [look.worth(fig.add_subplot(first[side, 1]), side) for side in SIDES]
    for k, column in enumerate(story.issues):
        ax = fig.add_subplot(lines[k // across][0, k % across])
        axes.append(look.issue(ax, k, issue_label(column, labels)))
    for k, draw in enumerate((look.tariffs, look.flows, look.outcome)):
        axes.append(draw(fig.add_subplot(last[0, k])))
    title = f"{who[0]} and {who[1]}, world {story.world}: {_end(story)}"
    fig.suptitle(wrapped(title, WIDE - 0.2, TITLE + 1), x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    handles = _handles(story, paint, who)
    columns = fitting(handles, 5, WIDE - 0.3)
    place = {"loc": "outside lower left", "ncols": columns, "frameon": False}
    fig.legend(handles=handles, fontsize=SMALL, labelcolor=INK, handlelength=3.0, columnspacing=1.4, **place)
    return axes


def _end(story) -> str:
    if story.deal < 0:
        return ENDS.get(story.ending, story.ending.replace("_", " "))
    when = time_label(story.days)
    return f"a deal in {when.lower() if '(' not in when else 'round'} {story.closed + 1}"


class Look:
    """The panels of one story: its colours, its names, the size of its marks."""

    def __init__(self, story, paint: list[str], who: list[str]) -> None:
        """Take the story and how its two sides are drawn."""
        self.story, self.paint, self.who = story, paint, who
        self.dot = 4.2 if len(story) < MANY else 2.6
        self.rounds = np.arange(1, len(story) + 1)

    def dance(self, ax: Axes) -> Axes:
        """Draw all packages, the frontier, and both sides' offers in their order."""
        s = self.story
        x, y = s.packages.T
        ax.scatter(x, y, s=5, color=CLOUD, linewidths=0, rasterized=len(x) >= RASTER_FROM, zorder=2)
        ax.plot(*staircase(x, y), drawstyle="steps-post", color=INK, linewidth=1.1, zorder=3)
        self._limits(ax)
        floor = s.no_deal[-1]
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        ax.fill_between([floor[0], right], floor[1], high, color=ZONE, linewidth=0, zorder=0.5)
        ax.set(xlim=(left, right), ylim=(low, high))
        for side in SIDES:
            own = s.worth[(s.speaker == side) & (s.row >= 0)]
            shades = np.linspace(0.35, 1.0, max(len(own), 1))
            ax.plot(*own.T, color=self.paint[side], linewidth=0.9, alpha=0.6, zorder=4)
            ax.scatter(*own.T, s=self.dot**2, color=self.paint[side], alpha=shades[: len(own)], linewidths=0, zorder=5)
        self._marked(ax, "no_deal", floor)
        if s.nash >= 0:
            self._marked(ax, "nash", s.packages[s.nash])
        if s.deal >= 0:
            ax.plot(*s.packages[s.deal], zorder=8, **DEAL)
        heading(ax, "Offers among all packages (later ones darker)")
        return tidy_small(ax, f"{self.who[0]} ({BUSD})", f"{self.who[1]} ({BUSD})")

    def _limits(self, ax: Axes) -> None:
        """Show the part of the payoff space where anything was offered, agreed or predicted."""
        s = self.story
        seen = [s.worth[s.row >= 0], s.no_deal[-1:], s.final[None]]
        seen = np.concatenate(seen + ([s.packages[[s.nash]]] if s.nash >= 0 else []))
        for values, limits in zip(seen.T, (ax.set_xlim, ax.set_ylim)):
            low, high = float(values.min()), float(values.max())
            room = LEAST * max(high - low, 1.0)
            limits(low - room, high + room)

    def _marked(self, ax: Axes, name: str, at) -> None:
        marker, face, edge, size, _ = MARKS[name]
        ax.scatter(*at, marker=marker, s=size, facecolor=face, edgecolor=edge, linewidth=0.9, zorder=7)

    def worth(self, ax: Axes, side: int) -> Axes:
        """Draw what each offer is worth to one side over the rounds, beside what no deal was worth to it."""
        s = self.story
        self._by_speaker(ax, s.worth[:, side])
        self._steps(ax, s.no_deal[:, side], MUTED, linestyle=FLOOR_LINE, linewidth=1.1)
        if s.nash >= 0:
            ax.axhline(s.packages[s.nash, side], color=MUTED, linestyle=NASH_LINE, linewidth=1.3, zorder=1.5)
        if s.deal >= 0:
            ax.plot(s.accepted + 1, s.packages[s.deal, side], zorder=8, **DEAL)
        heading(ax, f"Worth to {self.who[side]}", self.paint[side])
        self._clock(ax)
        ax.set_ylabel(BUSD, fontsize=SMALL, color=INK)
        return ax

    def issue(self, ax: Axes, k: int, label: str) -> Axes:
        """Draw the level of one issue on offer over the rounds, and the one agreed."""
        s = self.story
        self._by_speaker(ax, s.levels[:, k])
        if s.deal >= 0:
            ax.plot(s.accepted + 1, s.shown[s.deal, k], zorder=8, **DEAL)
        if s.nash >= 0:
            ax.axhline(s.shown[s.nash, k], color=MUTED, linestyle=NASH_LINE, linewidth=1.3, zorder=1.5)
        low, high = float(s.shown[:, k].min()), float(s.shown[:, k].max())
        room = 0.09 * max(high - low, 1.0)
        ax.set_ylim(low - room, high + room)
        heading(ax, label)
        return self._clock(ax)

    def tariffs(self, ax: Axes) -> Axes:
        """Draw both tariffs while talks went on."""
        if np.abs(self.story.tariffs).max() <= NO_TARIFF:
            return say(ax, "No tariff is in force while they talk.")
        for side in SIDES:
            self._steps(ax, self.story.tariffs[:, side], self.paint[side], linewidth=THICK[side])
        top = max(float(self.story.tariffs.max()), 1.0)
        ax.set_ylim(min(0.0, float(self.story.tariffs.min())) - 0.06 * top, 1.1 * top)
        heading(ax, "Tariffs in force (%, on top)")
        return self._clock(ax)

    def flows(self, ax: Axes) -> Axes:
        """Draw what a year is worth to both while talks go on, and in the state they end in."""
        s = self.story
        for side in SIDES:
            self._steps(ax, s.flow[: max(s.closed, 1), side], self.paint[side], linewidth=THICK[side])
            begin = s.closed + 1.0
            line = {"color": self.paint[side], "linewidth": THICK[side], "zorder": 3}
            ax.plot([begin, begin + self._after], [s.final[side]] * 2, solid_capstyle="butt", **line)
            ax.plot([begin] * 2, [s.flow[max(s.closed, 1) - 1, side], s.final[side]], alpha=0.35, **line)
        ax.axvspan(s.closed + 1.0, s.closed + 1.0 + self._after, color=FAINT, alpha=0.45, linewidth=0, zorder=0)
        zero_line(ax, "y")
        heading(ax, "A year of talking, and after")
        self._clock(ax)
        ax.set_ylabel(BUSD, fontsize=SMALL, color=INK)
        ax.set_xticks([t for t in ax.get_xticks() if 1 <= t <= max(s.closed, 1)])
        ax.set_xlim(0.6, max(len(s), s.closed) + 1.0 + self._after)
        return ax

    def outcome(self, ax: Axes) -> Axes:
        """Draw for both sides the state that talks ended in, beside no deal as expected and Nash's package."""
        s = self.story
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        note = {"fontsize": SMALL - 0.5, "color": INK, "bbox": box, "linespacing": 1.15}
        for place, side in zip((1.0, 0.0), SIDES):
            values = [s.no_deal[-1, side], s.final[side]] + ([s.packages[s.nash, side]] if s.nash >= 0 else [])
            ax.plot([min(values), max(values)], [place] * 2, color=self.paint[side], alpha=0.35, linewidth=3, zorder=2)
            self._marked(ax, "no_deal", (values[0], place))
            if s.nash >= 0:
                self._marked(ax, "nash", (values[2], place))
            ax.plot(values[1], place, zorder=8, **DEAL)
            words = f"{self.who[side]}\n{signed(values[1])}, without a deal {signed(values[0])}"
            ax.annotate(words, (0.0, place + 0.27), xycoords=("axes fraction", "data"), **note)
        ax.set_ylim(-0.3, 1.85)
        ax.set_yticks([])
        ax.margins(x=0.12)
        low, high = ax.get_xlim()
        if low < 0.0 < high:
            zero_line(ax)
        heading(ax, "What talks ended in")
        tidy_small(ax, BUSD)
        ax.spines["left"].set_visible(False)
        return ax

    @property
    def _after(self) -> float:
        """How many rounds wide the state after the talks is drawn."""
        return max(1.0, 0.2 * len(self.story))

    def _by_speaker(self, ax: Axes, values: np.ndarray) -> None:
        """Draw a value of each round's offer, a line for each speaker."""
        for side in SIDES:
            own = (self.story.speaker == side) & (self.story.row >= 0)
            line = {"color": self.paint[side], "linewidth": 1.0, "marker": "o", "markersize": self.dot}
            ax.plot(self.rounds[own], values[own], alpha=0.9, zorder=4, **line)

    def _steps(self, ax: Axes, values: np.ndarray, colour: str, **more) -> None:
        """Draw values that each last a round."""
        edges = np.arange(1, len(values) + 2)
        style = {"color": colour, "linewidth": THICK[0], "zorder": 3} | more
        ax.step(edges, np.append(values, values[-1]), where="post", **style)

    def _clock(self, ax: Axes) -> Axes:
        """Give a panel the axis of rounds."""
        tidy_small(ax, time_label(self.story.days))
        ax.set_xlim(0.6, max(len(self.story), 2) + 0.9)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
        ax.grid(axis="y", color="#EEEEEE", linewidth=0.6)
        ax.set_axisbelow(True)
        return ax


def tidy_small(ax: Axes, x: str = "", y: str = "") -> Axes:
    """Label small axes; the heading stays."""
    title = ax.get_title(loc="left")
    tidy(ax)
    ax.set_title(title, loc="left", fontsize=SMALL, fontweight="bold", pad=5, color=ax._left_title.get_color())
    ax.set_xlabel(x, fontsize=SMALL, color=INK)
    ax.set_ylabel(y, fontsize=SMALL, color=INK)
    ax.tick_params(labelsize=SMALL - 0.5)
    return ax


def _handles(story, paint: list[str], who: list[str]) -> list:
    """Return the legend of the page."""
    out = [Line2D([], [], color=c, marker="o", markersize=4.2, linewidth=1.2, label=n) for c, n in zip(paint, who)]
    ended = "Deal" if story.deal >= 0 else "What talks ended in"
    out.append(Line2D([], [], label=ended, **DEAL))
    for name, line in (("no_deal", FLOOR_LINE), ("nash", NASH_LINE)):
        marker, face, edge, size, label = MARKS[name]
        own = {"marker": marker, "markerfacecolor": face, "markeredgecolor": edge, "markersize": 0.8 * size**0.5}
        out.append(Line2D([], [], color=MUTED, linestyle=line, linewidth=1.2, label=label, **own))
    return out
