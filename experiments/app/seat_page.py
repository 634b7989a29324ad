"""The page Take a seat: play one side, or both, against any strategy; at the end beside theory and history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from experiments.app import house, seat_chart, seat_end, seat_words, visit
from experiments.app.base import options
from experiments.app.chart import HEIGHT, LOW
from experiments.app.controls import picked
from experiments.app.marks import symbol
from experiments.app.seat_board import boards, enter, keep_round
from experiments.app.seat_compose import due
from experiments.app.seat_game import SEATS, Seat, Sitting, coded, decoded, opponents, sit
from experiments.app.setup import Choice
from experiments.messages import UserError
from sim.plots.payoff_space import ZONE
from sim.plots.style import FAINT, INK, MUTED

SEAT, WIDGETS = "seat", ("seat as", "seat world", "seat sticks")  # in the session
MOVE = re.compile(r"move \d+: .*")
STYLE = f"""<style>
.verdict {{ font-size: 1.55rem; font-weight: 700; line-height: 1.25; color: {INK}; }}
.why {{ font-size: 1.02rem; line-height: 1.45; color: {INK}; }}
.why p {{ margin: 0 0 .35rem 0; }}
.st-key-due {{ gap: .5rem; }}
.worths {{ display: flex; flex-wrap: wrap; gap: .6rem; }}
.worth {{ flex: 1 1 11rem; border: 1px solid {FAINT}; border-left: 6px solid; padding: .45rem .7rem; color: {INK}; }}
.worth b {{ display: block; font-size: 1.7rem; line-height: 1.2; }}
.worth span {{ font-size: .95rem; }}
table.deal {{ border-collapse: collapse; width: 100%; font-size: 1.08rem; color: {INK}; }}
table.deal th {{ text-align: left; font-weight: 400; }}
table.deal td {{ text-align: right; font-weight: 600; }}
table.deal th, table.deal td {{ border-bottom: 1px solid {FAINT}; padding: .3rem .2rem; }}
ul.points small {{ font-weight: 400; color: {MUTED}; }}
</style>"""


@st.fragment
def page() -> None:
    """Show the page."""
    st.html(STYLE)
    chosen = _choice()
    visit.warn()
    chosen = picked(chosen)
    visit.keep(chosen)
    seat = _kept(chosen)
    with st.expander("Your seat: who plays, against whom, in which world"):
        seat, shown = _settings(seat)
    visit.keep(seat.choice)
    own = _sitting(seat)
    if own is None:
        return
    seat = st.session_state[SEAT] = own.seat
    visit.show_link(seat.choice, **_link(seat, shown))
    _game(own, shown)
    boards()


def _choice() -> Choice:
    """Return what the visitor has chosen; a link's parameters of this page are read here."""
    chosen = visit.choice()
    if SEAT not in st.session_state:
        seat, told = from_link(chosen, st.query_params.to_dict())
        st.session_state[SEAT] = seat
        st.session_state.setdefault("seat shown", st.query_params.get("shown") == "1")
        st.session_state[visit.TOLD] = [*st.session_state.get(visit.TOLD, []), *told]
    return chosen


def from_link(choice: Choice, query: Mapping[str, str]) -> tuple[Seat, list[str]]:
    """Return the game that a link's parameters describe, and what of them was not understood."""
    told, side, world = [], query.get("seat", "partner"), query.get("world", "0")
    if side not in SEATS:
        told.append(f"seat: no '{side[:20]}'; there are {', '.join(SEATS)}")
        side = "partner"
    if not (world.isdecimal() and len(world) < 7 and int(world) < house.WORLDS):
        told.append(f"world: '{world[:20]}' is not a number from 0 to {house.WORLDS - 1}")
        world = "0"
    try:
        moves = decoded(query.get("moves", ""))
    except UserError as error:
        told.append(str(error))
        moves = ()
    return Seat(choice, side, int(world), query.get("sticks") == "1", moves), told


def _link(seat: Seat, shown: bool) -> dict[str, str | int]:
    out = {"seat": seat.side, "world": seat.world}
    out |= {"sticks": 1} if seat.sticks else {}
    out |= {"shown": 1} if shown else {}
    return out | ({"moves": coded(seat.moves)} if seat.moves else {})


def _kept(chosen: Choice) -> Seat:
    """Return the game; other settings begin it anew."""
    seat: Seat = st.session_state[SEAT]
    return seat if seat.choice == chosen else replace(seat, choice=chosen, moves=())


def _settings(seat: Seat) -> tuple[Seat, bool]:
    """Show who plays and how; return the game, begun anew where something changed, and whether all may be seen."""
    data = visit.data_of(seat.choice)
    names = visit.sides(data, seat.choice.talk)
    label = {"demander": names[0], "partner": names[1], "both": "Both (two at one screen)"}
    one, two, three = st.columns((1.0, 1.0, 1.0))
    for key, value in zip(WIDGETS, (seat.side, seat.world, seat.sticks)):
        st.session_state.setdefault(key, value)
    side = one.selectbox("You play", list(SEATS), format_func=label.get, key=WIDGETS[0])
    choice = seat.choice
    if side != "both":
        with two:
            choice = _opponent(seat.choice, side, names, opponents(data))
    world = int(three.number_input(f"World (0 to {house.WORLDS - 1})", 0, house.WORLDS - 1, key=WIDGETS[1],
                                   help="Another world: other luck with who speaks, other hidden types."))  # fmt: skip
    sticks = seat.sticks
    if data.get("economy") is not None and not data["talks"][choice.talk].get("moves"):
        sticks = one.toggle("Move tariffs while talks go on", key=WIDGETS[2], help="Each round you may raise or lift "
                            "your own tariff, among those in force and threatened.")  # fmt: skip
    shown = two.toggle("Show what it is worth to the other side", key="seat shown",
                       help="Off: as at a real table, you do not know.")  # fmt: skip
    changed = Seat(choice, side, world, sticks)
    return (seat if replace(seat, moves=()) == changed else changed), shown


def _opponent(choice: Choice, side: str, names: tuple[str, str], known: tuple[str, ...]) -> Choice:
    """Show the strategies that can play the other side; return the settings with the one chosen."""
    other, name = ("partner", names[1]) if side == "demander" else ("demander", names[0])
    given = getattr(choice.settings, other)
    words = {"": "As configured", **{k: k.replace("_", " ").capitalize() for k in known}}
    keys = list(words)
    value = st.selectbox(f"{name} plays", keys, keys.index(given) if given in keys else 0, format_func=words.get,
                         key=f"against {choice.experiment} {choice.talk} {side}")  # fmt: skip
    st.caption(options("strategy").get(value, "The strategy of the experiment. Strategies that would have to know "
                                              "your mind are left out."))  # fmt: skip
    return replace(choice, settings=replace(choice.settings, **{other: value or None}))


def _sitting(seat: Seat) -> Sitting | None:
    """Return how the game stands; say what does not fit."""
    try:
        return sit(seat)
    except UserError as error:
        st.error("With these settings nobody can take a seat.")
        st.code(visit.told(error), language=None, wrap_lines=True)
    except ValueError as error:
        st.warning("The moves do not fit this game; it begins anew.")
        found = MOVE.search(str(error))
        st.code(found[0] if found else str(error), language=None, wrap_lines=True)
        return _sitting(replace(seat, moves=()))
    return None


def _game(own: Sitting, shown: bool) -> None:
    """Show the game: the move that is due, or the end."""
    if own.end is not None:
        keep_round(own)
        _end(own)
        return
    if not own.seat.moves:
        for words in seat_words.instructions(own):
            st.markdown(words)
    left, right = st.columns((1.0, 1.25), gap="large")
    with left, st.container(key="due"):
        draft = due(own, shown)
    with right:
        _chart(own, draft, shown)
        if own.state.said:
            st.html(seat_words.told(own, own.side, shown))


def _chart(own: Sitting, draft: int, shown: bool) -> None:
    side, phone = own.side, visit.on_phone()
    if shown:
        chart, height = seat_chart.space, LOW if phone else HEIGHT - 60
        said = f"Offers in the payoffs of {own.names[0]} (across) and {own.names[1]} (up)."
        st.vega_lite_chart(chart(own, draft, height), width="stretch", theme=None, alt=said, key="seat space")
    else:
        said = f"What each round's offer is worth to {own.names[side]}."
        name = escape(seat_words.the(own.names[side]))
        st.html(f'<div class="key"><b>Worth to {name} of each round\'s offer</b> bn USD a year</div>')
        chart = seat_chart.ladder(own, side, draft)
        st.vega_lite_chart(chart, width="stretch", theme=None, alt=said, key="seat ladder")
    st.html(_key(own, shown))


def _key(own: Sitting, shown: bool) -> str:
    marks = ("border-radius:50%", "transform:rotate(45deg) scale(.8)")
    out = "".join(
        f'<span><i style="background:{paint};{form};width:12px;height:12px"></i>offers of {escape(name)}</span>'
        for name, paint, form in zip(own.names, own.colours, marks)
    )
    ring = f"border:3px solid {INK};border-radius:50%;width:14px;height:14px"
    draws = own.state.due is not None and own.state.due.kind in ("offer", "answer")
    now = "the offer to be answered" if own.state.due and own.state.due.kind == "answer" else "your draft"
    out += f'<span><i style="{ring}"></i>{now}</span>' if draws else ""
    zone = f'<span><i style="background:{ZONE}"></i>better than no deal for both</span>'
    floor = f"<span>{symbol('no_deal')} no deal</span>"
    line = f'<span><i style="height:0;border:0;border-top:2px dashed {MUTED};width:22px"></i>no deal</span>'
    return f'<div class="key">{out}{zone + floor if shown else line}</div>'


def _end(own: Sitting) -> None:
    """Show how a game ended."""
    for side in own.seat.persons:
        short, lines = seat_end.headline(own, side)
        who = f"{own.names[side]}: " if len(own.seat.persons) > 1 else ""
        st.html(f'<div class="verdict" role="status">{escape(who + short)}</div>')
        st.html(f'<div class="why">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')
    again(own)
    left, right = st.columns((1.5, 1.0), gap="large")
    with left:
        height = LOW + 60 if visit.on_phone() else HEIGHT + 40
        said = f"Your end beside theory and history in the payoffs of {' and '.join(own.names)}."
        chart = seat_chart.space(own, -1, height)
        st.vega_lite_chart(chart, width="stretch", theme=None, alt=said, key="seat end")
        st.html(_key(own, True))
        enter(own)
    with right:
        st.html(seat_end.compared(own, own.side))
        with st.expander("What was said, and a link to this game"):
            st.html(seat_words.told(own, own.side, True))
            st.code(_address(), language=None, wrap_lines=True)


def _address() -> str:
    """Return the whole address of this game."""
    at = urlsplit(st.context.url or "")
    host = f"{at.scheme}://{at.netloc}{at.path}" if at.netloc else ""
    return f"{host}?{urlencode(st.query_params.to_dict())}"


def again(own: Sitting) -> None:
    """Show the ways back into play."""
    other = replace(own.seat, moves=(), world=(own.seat.world + 1) % house.WORLDS)
    with st.container(horizontal=True, gap="small"):
        st.button("Take back the last move", on_click=_take, args=(own.seat.back(),))
        st.button("Play it again", on_click=_take, args=(replace(own.seat, moves=()),))
        st.button("Another world", on_click=_take, args=(other,), help="Other luck, other hidden types.")


def _take(seat: Seat) -> None:
    st.session_state[SEAT], st.session_state[WIDGETS[1]] = seat, seat.world
