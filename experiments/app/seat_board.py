"""What stands under a finished game: the visitor's rounds, and those of the whole class."""

from __future__ import annotations

from typing import Any

import streamlit as st

from experiments.app import house
from experiments.app.seat_game import Sitting
from experiments.app.seat_table import LONGEST, SHOWN, ClassTable, as_csv, record, safe

MINE, NAME, VISITOR = "seat rounds", "seat name", "seat visitor"  # in the session
BOARD = "seat board"
MONEY = ("own_busd", "other_busd", "nash_busd")


@st.cache_resource(show_spinner=False)
def class_table() -> ClassTable:
    """Return the table of this server; where others can reach it, its code is told on the server's screen."""
    table = ClassTable()
    if house.house().public:
        print(f"Class table of the page Take a seat: the code that clears it is {table.code}", flush=True)
    return table


def keep_round(own: Sitting) -> None:
    """Remember a finished game among the visitor's rounds, once."""
    mine: dict = st.session_state.setdefault(MINE, {})
    for side in own.seat.persons:
        mine.setdefault((own.seat, side), record(own, side, ""))


def enter(own: Sitting) -> None:
    """Show how a finished game goes into the class table."""
    with st.form("enter", border=False):
        one, two = st.columns((2.0, 1.2), vertical_alignment="bottom")
        name = one.text_input("Your name, for the class table", st.session_state.get(NAME, ""), max_chars=LONGEST)
        given = two.form_submit_button("Put it there", type="primary", width="stretch")
    if not given:
        return
    st.session_state[NAME], st.session_state[BOARD] = name, "The class"
    for side in own.seat.persons:
        row = record(own, side, name)
        st.session_state[MINE][own.seat, side] = row
        fits = row in class_table().rows() or class_table().add(row, _visitor())
        if not fits:
            st.warning("This browser has brought as many rounds as one may.")


def _visitor() -> str:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context else ""


def boards() -> None:
    """Show the visitor's rounds and the class's."""
    mine, every = list(st.session_state.get(MINE, {}).values())[::-1], class_table().rows()
    if not mine and not every:
        return
    st.markdown("#### Rounds played")
    st.session_state.setdefault(BOARD, "Yours")
    shown = st.segmented_control("Rounds", ["Yours", "The class"], key=BOARD, required=True,
                                 label_visibility="collapsed")  # fmt: skip
    rows = mine if shown == "Yours" else every
    if rows:
        st.dataframe(_frame(rows), width="stretch", hide_index=True, column_config=_columns())
        st.download_button("Download as CSV", as_csv(rows), "rounds.csv", "text/csv", on_click="ignore")
    else:
        st.caption("Nobody has put a round there yet.")
    if shown == "The class":
        _for_the_teacher(bool(every))


def _frame(rows: list[dict]) -> dict[str, list[Any]]:
    """Return the columns shown; the browser hands them on as CSV too, so no cell begins as a formula would."""
    return {label: [safe(row[key]) for row in rows] for key, label in SHOWN.items()}


def _columns() -> dict[str, Any]:
    told = "bn USD a year"
    out = {SHOWN[key]: st.column_config.NumberColumn(format="%.1f", help=told) for key in MONEY}
    out[SHOWN["share_pct"]] = st.column_config.NumberColumn(format="%.0f", help="Part of what could be gained")
    return out


def _for_the_teacher(any_rows: bool) -> None:
    one, two = st.columns((1.0, 3.0), vertical_alignment="bottom")
    one.button("Look again", help="Rounds of others appear", width="stretch")
    if not any_rows:
        return
    with two, st.popover("For the teacher"):
        code = st.text_input("Code, as told on the server's screen", max_chars=12) if house.house().public else ""
        if st.button("Clear the class table"):
            if class_table().clear(code):
                st.rerun()
            st.error("This is not the code.")
