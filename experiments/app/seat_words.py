"""A seat at the table in plain sentences: what the game is about, what is on offer, how it ended."""

from __future__ import annotations

from html import escape

import numpy as np

from experiments.app.seat_game import Sitting
from experiments.app.words import amount
from sim.plots.style import in_sentence, issue_label, signed

SAME = 0.05  # bn USD a year: half of the last digit shown


def the(name: str) -> str:
    """Return a country's name as it stands in a sentence.

    >>> the("United States"), the("Japan")
    ('the United States', 'Japan')
    """
    return f"the {name}" if name.split(" ")[0] in ("United", "European") else name


def meaning(own: Sitting, name: str) -> str:
    """Say what an issue is: who gives what to whom, and in which unit."""
    issue = own.setup.config.talks[own.agenda.name].issues[name]
    called = dict(zip(own.agenda.pair, own.names))
    giver, receiver = (the(called.get(code, code)) for code in (issue.giver, issue.receiver))
    if issue.kind == "tariff":
        how = "in all" if issue.basis == "all_in" else "on top of what was paid before"
        return f"What goods from {receiver} pay at {of(giver)} border, {how}."
    words = {
        "barrier": f"{giver} opens its market: so much off the trade costs of goods from {receiver}.",
        "security": f"{giver} pays {receiver} more for its protection, every year.",
        "pledge": f"{giver} promises to invest in {receiver}, in all; only a part of it comes true and is new.",
        "pie": f"What goes to {receiver}.",
    }
    return words[issue.kind][:1].upper() + words[issue.kind][1:]


def unit(own: Sitting, name: str) -> str:
    """Return what stands behind an amount of money: a year, or in all."""
    kind = own.setup.config.talks[own.agenda.name].issues[name].kind
    return {"security": " USD a year", "pledge": " USD in all"}.get(kind, "")


def of(name: str) -> str:
    """Return a name in the genitive.

    >>> of("the United States"), of("Japan")
    ("the United States'", "Japan's")
    """
    return f"{name}'" if name.endswith("s") else f"{name}'s"


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
    return [game.strip().replace(" %", "\u00a0%"), numbers]


def _stick(own: Sitting, one: str, two: str) -> str:
    """Say what holds while talks go on and what is threatened."""
    if own.setup.config.economy is None:
        return "Without a deal in the last round both go home with nothing."
    stick = own.agenda.stick
    now, threat = (100 * np.array(stick.rates(carried)) for carried in (False, True))
    answer = f" (answered with {threat[1]:.3g} %)" if threat[1] > 0 else ""
    return (
        f"Meanwhile goods from {the(two)} pay {now[0]:.3g} % more at {of(the(one))} border; without a deal it may "
        f"become {threat[0]:.3g} %{answer}: {the(two)} reckons with a chance of {100 * stick.belief:.0f} %."
    )


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
        out.append(
            f'<div class="worth" style="border-left-color:{own.colours[who]}">{escape(label)}'
            f"<b>{signed(value)}</b><span>{escape(said)}</span></div>"
        )
    return f'<div class="worths" role="status">{"".join(out)}</div>'


def package_table(own: Sitting, row: int) -> str:
    """Return a package as an HTML table: an issue a line."""
    units = [unit(own, issue.name) for issue in own.agenda.grid.issues]
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(level + more)}</td></tr>"
        for (name, level), more in zip(levels(own, row), units)
    )
    return f'<table class="deal">{lines}</table>'


def told(own: Sitting, side: int, both: bool) -> str:
    """Return what was said so far as HTML, the latest first."""
    state, lines = own.state, []
    last = len(state.said) - 1
    for k, (turn, who, row) in enumerate(state.said):
        worth = [f"{signed(float(state.packages[row, side]))} to you"]
        worth += [f"{signed(float(state.packages[row, 1 - side]))} to {the(own.names[1 - side])}"] if both else []
        what = f"{terms(own, row)} ({', '.join(worth)})" if row >= 0 else "no offer"
        done = row >= 0 and state.over and k == last and state.story.deal >= 0
        waits = k == last and state.due is not None and state.due.kind == "answer"
        end = " Accepted." if done else " Refused." if row >= 0 and not waits else ""
        lines.append(f"<p><b>{turn + 1} {escape(own.names[who])}:</b> {escape(what)}.{end}</p>")
    return f'<div class="transcript">{"".join(lines[::-1])}</div>'
