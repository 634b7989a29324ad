"""A seat at the table in plain sentences: what the game is about, what is on offer, how it ended."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import NamedTuple

import numpy as np

from experiments.app.marks import Look, look
from experiments.app.seat_game import Sitting
from experiments.app.words import amount
from sim.plots.style import INK, in_sentence, issue_label, signed

SAME = 0.05  # bn USD a year: half of the last digit shown
GOVERNMENTS = {
    "JPN": "Ishiba's government",
    "EU27": "the European Commission",
    "CHN": "China's government",
    "USA": "the Trump administration",
}
KEYS = {
    "Nash": "nash",
    "Kalai-Smorodinsky": "kalai_smorodinsky",
    "Egalitarian": "egalitarian",
    "Utilitarian": "utilitarian",
    "Subgame-perfect equilibrium": "subgame_perfect",
}
RING = "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0M-0.75,0A0.75,0.75 0 1 0 0.75,0A0.75,0.75 0 1 0 -0.75,0Z"
YOURS = Look(RING, INK, INK, 560, "Your deal")
ENDED = Look(RING, INK, INK, 560, "How it ended")
HISTORY = Look("M0,-1L0.95,0.75L-0.95,0.75Z", "#56B4E9", INK, 150, "What history gave")


class Row(NamedTuple):
    """A point beside which a game is set: how it is drawn, its worths (2,), its terms, and what it is."""

    look: Look
    worth: tuple[float, float]
    terms: str
    about: str


def picture(own: Look) -> str:
    """Return a symbol as an HTML image that asks no server."""
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.2 -1.2 2.4 2.4" width="20" height="20">'
        f'<path d="{own.path}" fill="{own.fill}" stroke="{own.edge}" stroke-width="0.14" fill-rule="evenodd"/></svg>'
    )
    return f'<img alt="" src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'


def the(name: str) -> str:
    """Return a country's name as it stands in a sentence.

    >>> the("United States"), the("Japan")
    ('the United States', 'Japan')
    """
    return f"the {name}" if name.split(" ")[0] in ("United", "European") else name


def levels(own: Sitting, row: int) -> list[tuple[str, str]]:
    """Return a package as (issue, level with its unit)."""
    grid = own.agenda.grid
    return [(issue_label(issue.column, unit=False), amount(issue.column, float(issue.shown[grid.index[row, k]])))
            for k, issue in enumerate(grid.issues)]  # fmt: skip


def terms(own: Sitting, row: int) -> str:
    """Return a package in one line."""
    return ", ".join(f"{in_sentence(name)} {level}" for name, level in levels(own, row))


def instructions(own: Sitting) -> list[str]:
    """Return what a newcomer has to know: two or three sentences each of the game and of its numbers."""
    state, protocol = own.state, own.setup.config.protocol
    one, two = own.names
    me = " and ".join(own.names[s] for s in own.seat.persons)
    other = "" if len(own.seat.persons) > 1 else f" The computer plays {the(own.names[1 - own.seat.persons[0]])}."
    issues = ", ".join(in_sentence(issue_label(issue.column, unit=False)) for issue in own.agenda.grid.issues)
    days = f" of {protocol.days_per_round:g} days" if protocol.days_per_round > 0 else ""
    game = (
        f"You are **{me}**.{other} There are {state.rounds} rounds{days}. In each one side offers a deal "
        f"({issues}), and the other accepts or refuses. {_stick(own, one, two)}"
    )
    numbers = (
        "Every deal is worth something to you, in **billion dollars a year** compared with how things were before. "
        "Numbers below zero are losses; the aim is to end as high as you can."
    )
    return [game.strip(), numbers]


def _stick(own: Sitting, one: str, two: str) -> str:
    """Say what holds while talks go on and what is threatened."""
    if own.setup.config.economy is None:
        return "Without a deal in the last round both go home with nothing."
    stick = own.agenda.stick
    now, threat = (100 * np.array(stick.rates(carried)) for carried in (False, True))
    answer = f" (answered with {threat[1]:.3g} %)" if threat[1] > 0 else ""
    return (
        f"Meanwhile goods from {the(two)} pay {now[0]:.3g} % more at {the(one)}'s border; without a deal it may become "
        f"{threat[0]:.3g} %{answer}: {the(two)} reckons with a chance of {100 * stick.belief:.0f} %."
    ).replace("the United States's", "the US")


def than(value: float, base: float, what: str) -> str:
    """Say how a value compares with another, in words that need no colour.

    >>> than(-8.0, -12.8, "no deal"), than(1.0, 1.0, "no deal")
    ('▲ 4.8 better than no deal', '= the same as no deal')
    """
    gap = value - base
    if abs(gap) < SAME:
        return f"= the same as {what}"
    return f"{'▲' if gap > 0 else '▼'} {signed(abs(gap))} {'better' if gap > 0 else 'worse'} than {what}"


def worths(own: Sitting, row: int, side: int, both: bool) -> str:
    """Return what a package is worth to a side, and to the other where that may be seen, as HTML."""
    state = own.state
    parts = [(side, f"Worth to {the(own.names[side])}")]
    parts += [(1 - side, f"Worth to {the(own.names[1 - side])}")] if both else []
    out = []
    for who, label in parts:
        value, floor = float(state.packages[row, who]), float(state.no_deal[who])
        said = than(value, floor, f"no deal ({signed(floor)})")
        out.append(f'<div class="worth" style="border-color:{own.colours[who]}">{escape(label)}<b>{signed(value)}</b>'
                   f"<span>{escape(said)}</span></div>")  # fmt: skip
    return f'<div class="worths" role="status">{"".join(out)}</div>'


def package_table(own: Sitting, row: int) -> str:
    """Return a package as an HTML table: an issue a line."""
    lines = "".join(f"<tr><th>{escape(n)}</th><td>{escape(v)}</td></tr>" for n, v in levels(own, row))
    return f'<table class="deal">{lines}</table>'


def told(own: Sitting, side: int, both: bool) -> str:
    """Return what was said so far as HTML, the latest first."""
    state, lines = own.state, []
    last = len(state.said) - 1
    for k, (turn, who, row) in enumerate(state.said):
        value = f" ({signed(float(state.packages[row, side]))} to you)" if row >= 0 else ""
        other = f" ({signed(float(state.packages[row, 1 - side]))} to {the(own.names[1 - side])})" if row >= 0 else ""
        what = f"{terms(own, row)}{value}{other if both else ''}" if row >= 0 else "no offer"
        done = row >= 0 and state.over and k == last and state.story.deal >= 0
        end = " Accepted." if done else " Refused." if row >= 0 and (k < last or state.over) else ""
        lines.append(f"<p><b>{turn + 1} {escape(own.names[who])}:</b> {escape(what)}.{end}</p>")
    return f'<div class="transcript">{"".join(lines[::-1])}</div>'


def rows(own: Sitting) -> list[Row]:
    """Return the game's end and the points it is set beside, those on one package together."""
    end, found = own.end, []
    deal = end.story.deal
    yours = YOURS if deal >= 0 else ENDED
    found.append(Row(yours, tuple(end.final), terms(own, deal) if deal >= 0 else "", _ending(own)))
    if end.history is not None:
        found.append(_history(own))
    spots: dict[int, list] = {}
    for place, mark in enumerate(end.marks):
        spots.setdefault(mark.row if mark.row >= 0 else -1 - place, []).append(mark)
    for row, marks in spots.items():
        first = look(KEYS[marks[0].name])
        about = "; ".join(ABOUT[m.name] for m in marks)
        name = first._replace(label=", ".join(look(KEYS[m.name]).label for m in marks))
        found.append(Row(name, marks[0].worth, terms(own, row) if row >= 0 else "", about))
    found.append(Row(look("no_deal"), tuple(end.floor), "", "What both expected from no deal when talks began"))
    return found


ABOUT = {
    "Nash": "the gains of both, multiplied, are the largest",
    "Kalai-Smorodinsky": "both get the same part of the most they could gain",
    "Egalitarian": "who gains less gains as much as possible",
    "Utilitarian": "both gains together are the largest",
    "Subgame-perfect equilibrium": "what two players who know everything and look ahead expect",
}


def _ending(own: Sitting) -> str:
    story = own.end.story
    if story.deal >= 0:
        return f"Agreed in round {story.closed + 1} of {story.rounds}"
    words = {"deadline": "time ran out", "outside": "a side walked out", "collapse": "talks collapsed"}
    return f"No deal: {words.get(story.ending, story.ending.replace('_', ' '))}"


def _history(own: Sitting) -> Row:
    history = own.end.history
    worth = own.state.packages[history.rows].mean(axis=0)
    free = " and ".join(name.replace("_", " ") for name in history.free)
    left = f"; the record leaves {free} open" if free else ""
    return Row(HISTORY, tuple(worth), history.said.replace("_", " "), f"Agreed on {history.date}{left}")


def span(own: Sitting, row: Row, side: int) -> str:
    """Return what a row is worth to a side: a range where history leaves it open."""
    if row.look is HISTORY:
        low, high = own.end.history.worth(own.state.packages, side)
        if high - low > SAME:
            return f"{signed(low)} to {signed(high)}"
    return signed(float(row.worth[side]))


def compared(own: Sitting, side: int) -> str:
    """Return the rows as an HTML list: symbol, worth to both, terms, what it is."""
    other, items = 1 - side, []
    for row in rows(own):
        pay = f"{span(own, row, side)} <small>({escape(own.names[other])} {span(own, row, other)})</small>"
        said = f"{escape(row.terms)}. " if row.terms else ""
        items.append(f'<li><div class="one">{picture(row.look)}<div><b>{escape(row.look.label)}</b> '
                     f'<span class="pay">{pay}</span><br>{said[:1].upper() + said[1:]}'
                     f"{escape(row.about[:1].upper() + row.about[1:])}.</div></div></li>")  # fmt: skip
    head = f'<li><div class="at">Worth to {escape(the(own.names[side]))}, bn USD a year:</div></li>'
    return f'<ul class="points">{head}{"".join(items)}</ul>'


def beside_history(own: Sitting, side: int) -> int | None:
    """Return 1 where a side did better than history gave it, -1 worse, 0 within or the same; None without a record."""
    if own.end.history is None:
        return None
    low, high = own.end.history.worth(own.state.packages, side)
    got = float(own.end.final[side])
    return 1 if got > high + SAME / 100 else -1 if got < low - SAME / 100 else 0


def government(own: Sitting, side: int) -> str:
    """Return who signed for a side, in words."""
    return GOVERNMENTS.get(own.agenda.pair[side], f"the government of {the(own.names[side])}")


def headline(own: Sitting, side: int) -> tuple[str, list[str]]:
    """Return the verdict for a side: a short sentence, and what it rests on."""
    end, name = own.end, the(own.names[side])
    got, floor = float(end.final[side]), float(end.floor[side])
    found = beside_history(own, side)
    who = government(own, side)
    short = {1: f"Better than {who}.", -1: f"Worse than {who}.", 0: f"About what {who} got."}
    begin = short[found] if found is not None else ("A deal." if end.story.deal >= 0 else "No deal.")
    lines = [f"{_ending(own)}. It is worth {signed(got)} bn USD a year to {name}: {than(got, floor, 'no deal')} "
             f"({signed(floor)})."]  # fmt: skip
    if found is not None:
        low, high = end.history.worth(own.state.packages, side)
        worth = signed(low) if high - low < SAME else f"{signed(low)} to {signed(high)}"
        lines.append(f"The deal of {end.history.date} ({end.history.said}) is worth {worth} to {name} on this table.")
    if np.isfinite(end.share[side]):
        share = float(end.share[side])
        below = "You ended below no deal: refusing to the end would have been better on average."
        lines.append(
            f"Of all that you could have gained over no deal you got {100 * share:.0f} %." if share >= 0 else below
        )
    else:
        lines.append("There was no deal here that both sides would rather have than none.")
    return begin, lines
