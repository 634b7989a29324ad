"""The end of a person's game in plain sentences: beside theory, and beside what history gave."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import NamedTuple

import numpy as np

from experiments.app.marks import Look, look
from experiments.app.seat_game import Sitting
from experiments.app.seat_words import SAME, terms, than, the
from sim.plots.style import ACRONYMS, INK, signed

TINY = 1e-6  # a share of a gain
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
    return Row(HISTORY, tuple(worth), _said(own), f"Agreed on {history.date}{left}")


def _said(own: Sitting) -> str:
    """Return what the record says, acronyms in capitals."""
    return " ".join(ACRONYMS.get(word, word) for word in own.end.history.said.split(" "))


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
    if found is not None and end.story.deal >= 0 and got < floor - SAME:
        begin = begin.removesuffix(".") + (", and" if found < 0 else ", but") + " worse than no deal."
    lines = [f"{_ending(own)}. It is worth {signed(got)} bn USD a year to {name}: {than(got, floor, 'no deal')} "
             f"({signed(floor)})."]  # fmt: skip
    if found is not None:
        low, high = end.history.worth(own.state.packages, side)
        worth = signed(low) if high - low < SAME else f"{signed(low)} to {signed(high)}"
        lines.append(f"The deal of {end.history.date} ({_said(own)}) is worth {worth} to {name} on this table.")
    return begin, [*lines, _gain(float(end.share[side]))]


def _gain(share: float) -> str:
    """Say what part of its possible gain a side got.

    >>> _gain(0.24), _gain(1.1)[:39]
    ('Of all that you could have gained over no deal you got 24 %.', 'The other side gave more than it had re')
    """
    if not np.isfinite(share):
        return "There was no deal here that both sides would rather have than none."
    if share < 0:
        return "You ended below no deal: refusing to the end would have been better on average."
    if share > 1.0 + TINY:
        return "The other side gave more than it had reason to: it ended below no deal."
    return f"Of all that you could have gained over no deal you got {100 * share:.0f} %."
