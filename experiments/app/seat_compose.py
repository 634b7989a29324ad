"""The move that is due: an offer composed issue by issue, an answer, a tariff, or the door."""

from __future__ import annotations

from html import escape
from zlib import crc32

import numpy as np
import streamlit as st

from experiments.app import seat_words
from experiments.app.seat_game import Seat, Sitting, row_of, to_the_end
from experiments.app.words import amount
from experiments.seat.script import Move
from sim.plots.style import issue_label, signed

SEAT = "seat"  # in the session
LATEST = {"mine": "My last offer", "theirs": "Their last offer", "best": "The best for me"}


def due(own: Sitting, shown: bool) -> int:
    """Show the move that is due; return the package it is about, -1 for none."""
    state = own.state
    name = seat_words.the(own.names[own.side])
    who = f"{name[:1].upper() + name[1:]}: your move." if len(own.seat.persons) > 1 else "Your move."
    st.html(f'<div class="headline" role="status"><b>Round {state.round + 1} of {state.rounds}.</b> '
            f"{escape(who)} {escape(_tariffs(own))}</div>")  # fmt: skip
    row = {"offer": _offer, "answer": _answer, "walk": _walk, "rung": _rung}[state.due.kind](own, shown)
    _back(own)
    return row


def _tariffs(own: Sitting) -> str:
    """Say which tariffs are in force, where they move."""
    if own.state.rungs is None:
        return ""
    one, two = own.state.tariffs
    return f"In force: {own.names[0]} {one:.3g} %, {own.names[1]} {two:.3g} %."


def _play(seat: Seat) -> None:
    st.session_state[SEAT] = seat


def _place(own: Sitting) -> str:
    """Return what makes the widgets of a move new: another game, another move."""
    seat = own.seat
    return f"{crc32(repr(seat.choice).encode())} {seat.side} {seat.world} {seat.sticks} {len(seat.moves)}"


def _offer(own: Sitting, shown: bool) -> int:
    """Show the sliders of an offer with what it is worth."""
    begin, place = _beginnings(own), _place(own)
    words = {key: LATEST[key] for key in begin}
    st.markdown("**Make an offer**")
    first = next(iter(words))
    key = first
    if len(words) > 1:
        key = st.segmented_control("Begin with", list(words), default=first, format_func=words.get,
                                   key=f"begin {place}", required=True)  # fmt: skip
    places = []
    for k, issue in enumerate(own.agenda.grid.issues):
        levels = [float(level) for level in issue.shown]
        at = int(own.agenda.grid.index[begin[key], k])
        if len(levels) == 1:
            places.append(0)
            continue
        name = issue.column
        more = seat_words.unit(own, issue.name)
        chosen = st.select_slider(
            issue_label(name, unit=False), range(len(levels)), at, key=f"{name} {key} {place}",
            format_func=lambda j, n=name, v=levels, m=more: amount(n, v[j]) + m,
            help=seat_words.meaning(own, issue.name),
        )  # fmt: skip
        places.append(int(chosen))
    row = row_of(own.agenda, tuple(places))
    st.html(seat_words.worths(own, row, own.side, shown))
    with st.container(horizontal=True, gap="small"):
        st.button("Offer this", type="primary", on_click=_play, args=(own.seat.after(Move("offer", row)),),
                  key=f"offer {place}")  # fmt: skip
        st.button("Offer nothing", on_click=_play, args=(own.seat.after(Move("offer", -1)),), key=f"pass {place}")
    return row


def _beginnings(own: Sitting) -> dict[str, int]:
    """Return the packages a draft may begin with: one's last offer, the other's, the best of all for oneself."""
    side, found = own.side, {}
    for _, who, row in own.state.said:
        if row >= 0:
            found["mine" if who == side else "theirs"] = row
    best = int(np.argmax(own.state.packages[:, side]))
    return {key: found[key] for key in ("mine", "theirs") if key in found} | {"best": best}


def _answer(own: Sitting, shown: bool) -> int:
    """Show the other side's offer, to be accepted or refused."""
    row, place = own.state.due.row, _place(own)
    st.markdown(f"**{own.names[1 - own.side]} offers**")
    st.html(seat_words.package_table(own, row))
    st.html(seat_words.worths(own, row, own.side, shown))
    last = own.state.round + 1 >= own.state.rounds
    if last:
        st.markdown("This is the last round: refusing ends the talks without a deal.")
    with st.container(horizontal=True, gap="small"):
        st.button("Accept", type="primary", on_click=_play, args=(own.seat.after(Move("answer", 1)),),
                  key=f"accept {place}")  # fmt: skip
        st.button("Refuse", on_click=_play, args=(own.seat.after(Move("answer", 0)),), key=f"refuse {place}")
    return row


def _walk(own: Sitting, shown: bool) -> int:
    """Ask whether the side takes its outside option."""
    worth, place = own.state.outside[own.side], _place(own)
    st.markdown(f"**Stay or walk out?** Walking out is worth {signed(float(worth))} bn USD a year to you, now.")
    with st.container(horizontal=True, gap="small"):
        st.button("Stay", type="primary", on_click=_play, args=(own.seat.after(Move("walk", 0)),), key=f"stay {place}")
        st.button("Walk out", on_click=_play, args=(own.seat.after(Move("walk", 1)),), key=f"walk {place}")
    return -1


def _rung(own: Sitting, shown: bool) -> int:
    """Ask for the tariff of this round."""
    side, place, state = own.side, _place(own), own.state
    rates, now = state.rates[side], state.rungs[side]
    st.markdown(f"**Your tariff on {seat_words.the(own.names[1 - side])} this round**")
    chosen = st.segmented_control(
        "Tariff", range(len(rates)), default=now, key=f"rung {place}", required=True, label_visibility="collapsed",
        format_func=lambda k: f"{rates[k]:.3g} % on top" + (" (as now)" if k == now else ""),
    )  # fmt: skip
    st.caption(
        f"A year of talks like this is worth {signed(float(state.flow[side]))} bn USD to you; both sides feel a tariff."
    )
    word = "Keep it" if chosen == now else "Raise it" if rates[chosen] > rates[now] else "Lift it"
    st.button(word, type="primary", on_click=_play, args=(own.seat.after(Move("rung", int(chosen))),),
              key=f"set {place} {word}")  # fmt: skip
    return -1


def _back(own: Sitting) -> None:
    """Show the way back, and the way out."""
    place = _place(own)
    with st.container(horizontal=True, gap="small"):
        if own.seat.moves:
            st.button("Take back", on_click=_play, args=(own.seat.back(),), key=f"back {place}",
                      help="Take back your last move.")  # fmt: skip
        st.button("Let time run out", on_click=lambda: _play(to_the_end(own.seat)), key=f"end {place}",
                  help="Refuse all that comes until the last round: no deal.")  # fmt: skip
