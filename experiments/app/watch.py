"""The page Watch: one world round by round: offers, tariffs in force, what each side insists on and believes."""

from __future__ import annotations

import re
import time
from html import escape

import numpy as np
import streamlit as st

from experiments.app import house, visit, watch_chart
from experiments.app.chart import HEIGHT, LOW
from experiments.app.controls import picked
from experiments.app.marks import symbol
from experiments.app.setup import Choice
from experiments.app.watching import Watched, watch
from experiments.messages import UserError
from sim.plots.style import signed
from sim.table import SIDES

SECONDS = 1.2  # a round takes while it plays
ROUND, WORLD, PLAYS, TICK = "round", "world", "plays", "tick"  # in the session
WIDTHS = (1.5, 1.0, 1.1)
KEYS = {"Rewind": "Home", "Back": "Left", "Play": "P", "Step": "Right", "End": "End"}
FAR = 10**6  # rounds: beyond any end
SPOKEN = re.compile(r"^\s*(\d+) ")


def page() -> None:
    """Show the page; while it plays, it comes again by itself."""
    st.session_state.setdefault(PLAYS, False)
    st.fragment(_page, run_every=SECONDS if st.session_state[PLAYS] else None)()


def _page() -> None:
    chosen = visit.choice()
    visit.warn()
    chosen = picked(chosen)
    visit.keep(chosen)
    world = _world(chosen)
    try:
        own = watch(chosen, world)
    except UserError as error:
        st.error("These settings do not go together.")
        st.code(visit.told(error), language=None, wrap_lines=True)
        return
    now = _round(own, f"{visit.link(chosen)} {world}")
    visit.show_link(chosen, world=world, round=now + 1)
    _settings(own)
    left, middle, right = st.columns(WIDTHS, gap="medium")
    with left:
        st.html(f'<div class="headline" role="status">{escape(said(own, now))}</div>')
        alt = f"Offers up to round {now + 1} in the payoffs of {own.names[0]} (across) and {own.names[1]} (up)."
        chart = watch_chart.dance(own, now, LOW if visit.on_phone() else HEIGHT)
        st.vega_lite_chart(chart, width="stretch", theme=None, alt=alt, key="dance")
        st.html(_key(own) + transcript(own, now))
    with middle:
        _small_charts(own, now)
    with right:
        st.html(thoughts(own, now))


def _small_charts(own: Watched, now: int) -> None:
    for side, name in zip(SIDES, own.names):
        st.html(
            f'<div class="key"><b>Worth to {escape(name)}</b> bn USD a year; line: insists on; dashed: no deal</div>'
        )
        alt = f"What the offers up to round {now + 1} are worth to {name}."
        chart = watch_chart.worth(own, side, now)
        st.vega_lite_chart(chart, width="stretch", theme=None, alt=alt, key=f"worth {side}")
    one, two = map(escape, own.names)
    st.html(f'<div class="key"><b>Tariffs in force</b> % on top; {one} full, {two} dashed</div>')
    alt = f"Tariffs in force up to round {now + 1}."
    st.vega_lite_chart(watch_chart.tariffs(own, now), width="stretch", theme=None, alt=alt, key="tariffs")


def _world(chosen: Choice) -> int:
    """Show the number of the world; return it."""
    most = house.WORLDS - 1
    if WORLD not in st.session_state:
        text = st.query_params.get("world", "0")
        st.session_state[WORLD] = min(int(text), most) if text.isdecimal() else 0
    shown = st.session_state[WORLD]
    one, two = st.columns((1.0, 3.0), vertical_alignment="bottom")
    with one:
        help_ = "The same worlds, with the same draws, as on the page Explore and in `bargain story`."
        shown = int(st.number_input(f"World (0 to {most})", 0, most, shown, key="world number", help=help_))
    st.session_state[WORLD] = shown
    with two:
        _buttons()
    return shown


def _buttons() -> None:
    """Show rewind, back, play, step and end; each says in the session what the round becomes."""
    plays, phone = st.session_state[PLAYS], visit.on_phone()
    keys = dict.fromkeys(KEYS) if phone else KEYS
    with st.container(horizontal=True, gap="small"):
        st.button("Rewind", on_click=_go, args=(-FAR,), shortcut=keys["Rewind"])
        st.button("Back", on_click=_go, args=(-1,), shortcut=keys["Back"])
        if st.button("Pause" if plays else "Play", key="play", type="primary", shortcut=keys["Play"]):
            st.session_state[PLAYS] = not plays
            st.session_state[TICK] = time.monotonic()
            st.rerun()
        st.button("Step", on_click=_go, args=(1,), shortcut=keys["Step"])
        st.button("End", on_click=_go, args=(FAR,), shortcut=keys["End"])


def _go(rounds: int) -> None:
    st.session_state[ROUND] = st.session_state.get(ROUND, 1) + rounds


def _round(own: Watched, place: str) -> int:
    """Return the round to show, 0 first: as asked, one on while it plays; a new world begins at its beginning."""
    last = len(own.story)
    if ROUND not in st.session_state:
        text = st.query_params.get("round", "1")
        st.session_state[ROUND] = int(text) if text.isdecimal() else 1
    elif st.session_state.get("watched") != place:
        st.session_state[ROUND] = 1
    st.session_state["watched"] = place
    if st.session_state[PLAYS] and time.monotonic() - st.session_state[TICK] > 0.8 * SECONDS:
        st.session_state[ROUND] += 1
        st.session_state[TICK] = time.monotonic()
    st.session_state[ROUND] = min(max(1, st.session_state[ROUND]), last)
    if last > 1:
        st.slider("Round", 1, last, key=ROUND, format=f"%d of {own.story.rounds}")
    if st.session_state[PLAYS] and st.session_state[ROUND] >= last:
        st.session_state[PLAYS] = False
        st.rerun()
    return st.session_state[ROUND] - 1


def _settings(own: Watched) -> None:
    """Say which settings of the page Explore hold here."""
    given = own.setup.choice.settings.given()
    if given:
        values = ", ".join(
            f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in given.items()
        )
        st.caption(f"With the settings of the page Explore: {values}.")
    for note in own.setup.notes:
        st.caption(note)


def said(own: Watched, now: int) -> str:
    """Say in a sentence what happens in a round."""
    story = own.story
    speaker, row = int(story.speaker[now]), int(story.row[now])
    begin = f"Round {now + 1} of {story.rounds}: "
    if speaker < 0 or row < 0:
        return begin + (f"{own.names[speaker]} makes no offer." if speaker >= 0 else "nobody speaks.")
    other = own.names[1 - speaker]
    if now == story.accepted:
        return f"{begin}{own.names[speaker]} offers, {other} accepts. A deal."
    end = " Time is up: no deal." if now + 1 == len(story) and story.ending == "deadline" else ""
    end = " Talks end without a deal." if now + 1 == len(story) and not end and story.deal < 0 else end
    return f"{begin}{own.names[speaker]} offers, {other} refuses.{end}"


def thoughts(own: Watched, now: int) -> str:
    """Return what each side thinks in a round, as HTML."""
    rows = []
    for side, name in zip(SIDES, own.names):
        lines = [f"is of the type: {own.kinds[side][own.drawn[side]]}"] if len(own.kinds[side]) > 1 else []
        lines += _insists(own, side, now)
        reckons = 100 * own.chance[side]
        lines.append(f"reckons with {reckons:.0f} % that the threat is carried out; no deal is then worth "
                     f"{signed(float(own.story.no_deal[now, side]))}")  # fmt: skip
        lines += _believes(own, side, now)
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        paint = f'<i style="background:{own.colours[side]};border-radius:50%;width:12px;height:12px"></i>'
        rows.append(f'<div class="key">{paint}<b>{escape(name)}</b></div><ul class="thinks">{items}</ul>')
    return "".join(rows)


def _insists(own: Watched, side: int, now: int) -> list[str]:
    story, wanted = own.story, own.target[now, side]
    out = [f"insists on {signed(float(wanted))} bn USD a year"] if np.isfinite(wanted) else []
    if story.row[now] >= 0:
        whose = "its own offer" if story.speaker[now] == side else "the offer it hears"
        out.append(f"{whose} is worth {signed(float(story.worth[now, side]))} to it")
    return out


def _believes(own: Watched, side: int, now: int) -> list[str]:
    if side not in own.belief:
        return []
    chances, other = own.belief[side][now], own.kinds[1 - side]
    order = np.argsort(-chances, kind="stable")
    said = "; ".join(f"{100 * chances[k]:.0f} % {other[k]}" for k in order)
    return [f"takes {own.names[1 - side]} to be of the type: {said}"]


def transcript(own: Watched, now: int) -> str:
    """Return the transcript up to a round as HTML, the present round marked; the end once it is reached."""
    opening, talked, end = _parts(own.lines)
    shown = []
    for turn, line in talked:
        if turn <= now:
            shown.append(f"<p{' class=now' if turn == now else ''}>{escape(line)}</p>")
    if now + 1 == len(own.story):
        shown += [f"<p>{escape(line)}</p>" for line in end]
    begin = "".join(f"<p>{escape(line)}</p>" for line in opening)
    return f'<div class="transcript"><details><summary>How it begins</summary>{begin}</details>{"".join(shown)}</div>'


def _parts(lines: list[str]) -> tuple[list[str], list[tuple[int, str]], list[str]]:
    """Return a transcript's opening, its rounds as (round, line), its end; what stands before a round belongs to it."""
    first, second = (k for k, line in enumerate(lines) if not line)
    talked, waiting = [], []
    for line in lines[first + 1 : second]:
        waiting.append(line.strip())
        spoken = SPOKEN.match(line)
        if spoken:
            talked += [(int(spoken.group(1)) - 1, said) for said in waiting]
            waiting = []
    return lines[:first], talked, [line.strip() for line in lines[second + 1 :]]


def _key(own: Watched) -> str:
    dots = ""
    for name, paint, form in zip(own.names, own.colours, ("border-radius:50%", "transform:rotate(45deg) scale(.8)")):
        style = f"background:{paint};{form};width:12px;height:12px"
        dots += f'<span><i style="{style}"></i>offers of {escape(name)}</span>'
    return f'<div class="key">{dots}<span>{symbol("no_deal")} no deal</span><span>{symbol("nash")} Nash</span></div>'
