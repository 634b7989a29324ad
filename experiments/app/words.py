"""The page in sentences: what each point of payoff space is, what the worlds did, what a package says."""

from __future__ import annotations

from html import escape

import numpy as np

from experiments.app.engine import Played, Point, Screen
from experiments.app.marks import look, symbol
from sim.plots.style import in_sentence, issue_label, percent, signed
from sim.plots.talks import Count
from sim.sticks import Stick

ORDER = (
    "nash",
    "kalai_smorodinsky",
    "egalitarian",
    "utilitarian",
    "nash_patience",
    "subgame_perfect",
    "no_deal",
    "stick",
    "impasse",
)


def terms(screen: Screen, row: int) -> str:
    """Return a package in words: every issue with its level and unit."""
    grid = screen.meeting.table.grid
    said = []
    for k, issue in enumerate(grid.issues):
        level = issue.shown[grid.index[row, k]]
        said.append(f"{in_sentence(issue_label(issue.column, unit=False))} {amount(issue.column, level)}")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def amount(column: str, level: float) -> str:
    """Return a level with its unit.

    >>> amount("us_tariff_pct", 2.5), amount("pledge_busd", 330.0)
    ('2.5 %', '330 bn')
    """
    return f"{level:,.6g} %" if column.endswith("_pct") else f"{level:,.6g} bn"


def explained(screen: Screen) -> list[tuple[Point, str]]:
    """Return the points to be explained, in order, and a sentence about each."""
    found = []
    for key in ORDER:
        point = screen.point(key)
        if point is not None:
            found.append((point, sentence(screen, point)))
    return found


def sentence(screen: Screen, point: Point) -> str:
    """Say in a sentence or two what a point is and what it rests on."""
    one, two = screen.names
    stick: Stick = screen.meeting.table.stakes.agenda.stick
    rounds = screen.meeting.protocol.rounds
    words = {
        "nash": f"{one}'s gain over no deal times {two}'s is the largest.",
        "kalai_smorodinsky": "Both get the same part of the most they could gain.",
        "egalitarian": "The side that gains less gains as much as it can.",
        "utilitarian": "Both gains together are the largest, whoever gets them.",
        "nash_patience": f"Where talks tend if rounds are short and no clock runs: by patience, {one} has "
        f"{100 * screen.weight:.0f} % of the power.",
        "subgame_perfect": f"Both rational, nothing hidden: what they expect, looking ahead through {rounds} round"
        f"{'s' if rounds > 1 else ''}.",
        "no_deal": _no_deal(stick, two) if screen.meeting.has_stick else "Without a deal what holds now goes on.",
        "stick": f"The threat is carried out: {_rates(stick, True, one, two)}.",
        "impasse": f"While talks go on, and after them without the threat: {_rates(stick, False, one, two)}.",
    }
    return words[point.key]


def _no_deal(stick: Stick, two: str) -> str:
    falls, feared = 100 * stick.resolve, 100 * stick.belief
    return f"Time runs out: the threat is carried out with {falls:.0f} %; {two} reckons with {feared:.0f} %."


def _rates(stick: Stick, carried: bool, one: str, two: str) -> str:
    """Return the two tariffs of the interim or of the threat in words, import-weighted."""
    hit, answer = (100 * rate for rate in stick.rates(carried))
    sector = " (cars included)" if stick.sector_share > 0 else ""
    back = f"{two} answers with {answer:.3g} %" if abs(answer) > 0 else f"{two} does not answer"
    return f"{one} adds {hit:.3g} %{sector}, {back}"


def outcome(played: Played) -> str:
    """Say how the worlds ended."""
    said = [Count(played.worlds, played.deals).sentence.capitalize()]
    if played.deals:
        said[0] += f", half of the deals by round {played.round:.0f}"
    stay, fall = played.failed
    if stay + fall:
        said.append(f"{fall:,} end with the threat carried out, {stay:,} with what holds while talks go on")
    if played.unratified:
        said.append(f"in {played.unratified:,} what was signed is turned down at home")
    if played.left:
        said.append(f"in {played.left:,} a side walks out")
    return ". ".join(said) + "."


def gains(screen: Screen) -> str:
    """Say what the worlds are worth to both sides on average, beside no deal."""
    floor = screen.point("no_deal").payoffs
    parts = [
        f"{name} {signed(float(mean))} (no deal {signed(low)})"
        for name, mean, low in zip(screen.names, screen.played.mean, floor)
    ]
    return f"Mean over all worlds: {parts[0]}, {parts[1]} bn USD a year."


def groups(screen: Screen) -> list[list[tuple[Point, str]]]:
    """Return the explained points, those on the same package together."""
    found: dict[int, list[tuple[Point, str]]] = {}
    for place, (point, text) in enumerate(explained(screen)):
        found.setdefault(point.row if point.row >= 0 else -1 - place, []).append((point, text))
    return list(found.values())


def points_list(screen: Screen) -> str:
    """Return the explained points as HTML: payoffs and terms of a package, then who names it and why."""
    one, two = map(escape, screen.names)
    rows = [f'<li><div class="at">Payoffs of {one} and {two}, bn USD a year:</div></li>']
    if not screen.zone:
        rows.append('<li><div class="at"><b>No package is as good as no deal for both.</b></div></li>')
    for group in groups(screen):
        first = group[0][0]
        payoffs = " and ".join(signed(v) for v in first.payoffs)
        said = f" {escape(terms(screen, first.row))}" if first.row >= 0 else ""
        lines = "".join(_line(point, text) for point, text in group)
        rows.append(f'<li><div class="at"><span class="pay">{payoffs}</span>{said}</div>{lines}</li>')
    return f'<ul class="points">{"".join(rows)}</ul>'


def _line(point: Point, text: str) -> str:
    name = escape(look(point.key).label)
    return f'<div class="one">{symbol(point.key)}<div><b>{name}</b> {escape(text)}</div></div>'


def described(screen: Screen) -> str:
    """Return the chart in words, for who does not see it."""
    one, two = screen.names
    named = [f"{look(p.key).label} at {p.payoffs[0]:.1f}, {p.payoffs[1]:.1f}" for p, _ in explained(screen)]
    return f"Payoffs of {one} (across) and {two} (up). {outcome(screen.played)} " + "; ".join(named) + "."


def share(screen: Screen) -> str:
    """Return the demander's part of the mean joint gain over no deal, as text; a dash where nothing is gained."""
    floor = np.array(screen.point("no_deal").payoffs)
    gain = screen.played.mean - floor
    return percent(float(gain[0] / gain.sum())) if gain.sum() > 1e-3 and (gain >= 0).all() else "–"
