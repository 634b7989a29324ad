"""What was offered, round by round: medians and bands of each speaker."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots.style import (
    INK,
    SMALL,
    TITLE,
    WIDTH,
    canvas,
    colours,
    country_name,
    figure,
    fitting,
    in_sentence,
    issue_label,
    legend_below,
    say,
    tidy,
    wrapped,
)
from sim.plots.talks import rows_of

BANDS = (("q10", "q90", 0.16, "10–90 % of offers"), ("q25", "q75", 0.30, "25–75 % of offers"))
WEEK = 7.0  # days
SAME_LENGTH = 1e-9  # days: lengths closer than this are the same
GREY = "#777777"


def time_label(days_per_round: float | None = None) -> str:
    """Return the label of the axis of rounds.

    >>> time_label(), time_label(7.0), time_label(1.0), time_label(30.0)
    ('Round', 'Week', 'Day', 'Round (30 days each)')
    """
    if days_per_round is None:
        return "Round"
    for days, word in ((WEEK, "Week"), (1.0, "Day")):
        if abs(days_per_round - days) < SAME_LENGTH:
            return word
    return f"Round ({days_per_round:g} days each)"


def offers_over_weeks(
    rounds, *, talk: str, issue: str, names=None, labels=None, days_per_round=None, ax: Axes | None = None
) -> Axes:
    """Draw the offered level of one issue over the rounds: each speaker's median, 25-75 and 10-90 % bands.

    `rounds` has the columns of sim.columns (ROUNDS); levels in the issue's unit. Each round counts the worlds in which
    that side spoke while talks were still open.
    """
    ax = canvas(ax, WIDTH, 3.9)
    rows = rows_of(rounds, talk)
    speakers = list(dict.fromkeys(rows["speaker"].astype(str)))
    title = f"{' and '.join(country_name(c, names) for c in speakers)}: offers on the {_subject(issue, labels)}"
    if not _panel(ax, rows, issue, _paint(rounds, names)):
        name = in_sentence(issue_label(issue, labels, unit=False))
        return say(ax, f"Nobody made an offer on the {name} in the talk {talk!r}.")
    tidy(
        ax,
        title=title,
        x=time_label(days_per_round),
        y=f"Offered: {_mid(issue, labels)}",
        note=_open(rows, issue),
    )
    legend_below(ax, columns=4, handles=_handles(speakers, rounds, names))
    return ax


def offers_panels(
    rounds, *, talk=None, names=None, labels=None, days_per_round=None, fig: Figure | None = None
) -> list[Axes]:
    """Draw small multiples of the offers: a row a talk, a column an issue; for one `talk`, its issues side by side."""
    rows = rounds if talk is None else rows_of(rounds, talk)
    cells = _cells(rows, by_talk=talk is None)
    down, across = len(cells), max((len(row) for row in cells), default=1)
    fig = (
        figure(max(3.6, (2.1 if talk is None else 2.5) * across + 0.3), max(1, down) * 2.1 + 1.1)
        if fig is None
        else fig
    )
    if not cells:
        return [say(fig.subplots(), "Nobody made an offer in this run.")]
    axes = np.asarray(fig.subplots(down, across, squeeze=False, sharex=True))
    used = []
    for line, row in zip(axes, cells):
        for ax, cell in zip(line, list(row) + [None] * (across - len(row))):
            if cell is None:
                ax.set_axis_off()
                continue
            _small(ax, rows, cell, rounds, names, labels)
            used.append(ax)
    for ax in used:
        ax.set_xlabel(time_label(days_per_round), fontsize=SMALL, color=INK)
        ax.tick_params(labelbottom=True)
    speakers = list(dict.fromkeys(rows["speaker"].astype(str)))
    head = "Offers of each side, round by round"
    if talk is not None:
        head = f"{' and '.join(country_name(c, names) for c in speakers)}: offers, round by round"
    fig.suptitle(head, x=0.01, ha="left", fontsize=TITLE + 1, color=INK)
    handles = _handles(speakers, rounds, names)
    wide = fitting(handles, 6, float(fig.get_size_inches()[0]))
    fig.legend(handles=handles, loc="outside lower center", ncols=wide, frameon=False, fontsize=SMALL)
    return used


def _cells(rows, by_talk: bool) -> list[list[tuple[str, str]]]:
    """Return the (talk, issue) of each panel, row by row."""
    found = rows[["talk", "issue"]].drop_duplicates().astype(str)
    by: dict[str, list[tuple[str, str]]] = {}
    for talk, issue in found.itertuples(index=False, name=None):
        by.setdefault(talk, []).append((talk, issue))
    if by_talk:
        return list(by.values())
    row = next(iter(by.values()), [])
    across = 2 if len(row) in (2, 4) else 3
    return [row[k : k + across] for k in range(0, len(row), across)]


def _small(ax: Axes, rows, cell: tuple[str, str], rounds, names, labels) -> None:
    """Draw one panel of the small multiples."""
    talk, issue = cell
    own = rows_of(rows, talk)
    _panel(ax, own, issue, _paint(rounds, names), scale=0.8)
    tidy(ax)
    ax.set_title(issue_label(issue, labels), loc="left", fontsize=SMALL, color=INK, pad=4)
    first = own["issue"].astype(str).iloc[0]
    if issue == first and rows["talk"].astype(str).nunique() > 1:
        who = list(dict.fromkeys(own["speaker"].astype(str)))
        both = " and ".join(country_name(c, names) for c in who)
        ax.set_ylabel(wrapped(both, 1.5, SMALL), fontsize=SMALL, color=INK)


def _paint(rounds, names) -> dict[str, str]:
    return colours(list(rounds["speaker"].astype(str).unique()) + list(names or ()))


def _panel(ax: Axes, rows, issue: str, paint: Mapping[str, str], scale: float = 1.0) -> bool:
    """Draw one issue of one talk into `ax`; False where nobody offered anything."""
    rows = rows[(rows["issue"].astype(str) == issue) & (rows["offers"] > 0)]
    for speaker in dict.fromkeys(rows["speaker"].astype(str)):
        own = rows[rows["speaker"].astype(str) == speaker].sort_values("round")
        when, colour = own["round"].to_numpy(), paint[speaker]
        for low, high, alpha, _ in BANDS:
            if len(own) > 1:
                ax.fill_between(when, own[low], own[high], color=colour, alpha=alpha, linewidth=0, zorder=2)
            else:
                ax.vlines(when, own[low], own[high], color=colour, alpha=2 * alpha, linewidth=5, zorder=2)
        ax.plot(
            when,
            own["q50"],
            color=colour,
            linewidth=1.8 * scale,
            marker="o",
            markersize=3.2 * scale,
            zorder=3,
        )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
    ax.margins(x=0.03, y=0.08)
    return not rows.empty


def _subject(issue: str, labels) -> str:
    return in_sentence(issue_label(issue, labels, unit=False))


def _mid(issue: str, labels) -> str:
    return in_sentence(issue_label(issue, labels))


def _open(rows, issue: str) -> str:
    """Say in how many worlds offers were made in the first and the last round, for the survivors are few."""
    spoken = rows[rows["issue"].astype(str) == issue].groupby("round")["offers"].sum()
    spoken = spoken[spoken > 0]
    if len(spoken) < 2:
        return f"{int(spoken.iloc[0]):,} offers in round {int(spoken.index[0])}"
    first, last = (f"{int(spoken.iloc[k]):,} in round {int(spoken.index[k])}" for k in (0, -1))
    return f"Offers made: {first}, {last}"


def _handles(speakers: list[str], rounds, names) -> list:
    paint = _paint(rounds, names)
    handles = [
        Line2D(
            [],
            [],
            color=paint[c],
            linewidth=1.8,
            marker="o",
            markersize=4,
            label=f"{country_name(c, names)}, median",
        )
        for c in speakers
    ]
    return handles + [
        Patch(color=GREY, alpha=alpha + 0.08, linewidth=0, label=label) for *_, alpha, label in BANDS[::-1]
    ]
