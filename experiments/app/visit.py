"""What one visitor has chosen, kept while going from page to page, and as the parameters of a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from experiments.app.base import base, experiments
from experiments.app.settings import Settings, from_query, knobs, to_query
from experiments.app.setup import Choice, strategies, uploaded
from experiments.messages import UserError

# in the session: the choice, what of a link was not understood, a counter
KEPT, TOLD, FRESH = "choice", "told", "fresh"
OF_PAGES = ("world", "round", "seat", "sticks", "shown", "moves", "x", "y", "worlds", "show")  # not of the choice


def choice() -> Choice:
    """Return what the visitor has chosen so far; at first, what the link says."""
    if KEPT not in st.session_state:
        st.session_state[KEPT], st.session_state[TOLD] = from_link(st.query_params.to_dict())
        st.session_state[FRESH] = 0
    return st.session_state[KEPT]


def keep(chosen: Choice) -> None:
    """Remember a choice."""
    st.session_state[KEPT] = chosen


def start_again(chosen: Choice) -> None:
    """Remember a choice whose sliders all stand anew."""
    st.session_state[FRESH] += 1
    keep(chosen)


def show_link(chosen: Choice, **of_page: int) -> None:
    """Put a choice into the address bar, with the parameters of the page; nothing is sent where nothing changed."""
    wanted = link(chosen) | {key: str(value) for key, value in of_page.items()}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def from_link(query: Mapping[str, str]) -> tuple[Choice, list[str]]:
    """Return the choice that a link's parameters describe, and what of them was not understood."""
    told = []
    name = query.get("experiment", experiments()[0])
    if name not in experiments():
        told.append(f"experiment: no '{name}'; there are {', '.join(experiments())}")
        name = experiments()[0]
    data = base(name).data
    talk = query.get("talk", next(iter(data["talks"])))
    if talk not in data["talks"]:
        told.append(f"talk: no '{talk}' in {name}; there are {', '.join(data['talks'])}")
        talk = next(iter(data["talks"]))
    own = {k: v for k, v in query.items() if k not in ("experiment", "talk", *OF_PAGES)}
    settings, more = from_query(own, knobs(data, talk, sides(data, talk)), strategies(data))
    return Choice(name, talk, settings), told + more


def link(chosen: Choice) -> dict[str, str]:
    """Return the parameters of a link that shows this choice again; an uploaded file is not in it."""
    return {"experiment": chosen.experiment, "talk": chosen.talk} | to_query(chosen.settings)


def sides(data: Mapping[str, Any], talk: str) -> tuple[str, str]:
    """Return the names of (demander, partner)."""
    node = data["talks"][talk]
    return tuple(data["countries"][node[side]]["name"] for side in ("demander", "partner"))


def data_of(chosen: Choice) -> Mapping[str, Any]:
    """Return the experiment of a choice with its upload over it."""
    return uploaded(chosen.experiment, chosen.upload)


def warn() -> None:
    """Say, once, what of the link was not understood."""
    for line in st.session_state.pop(TOLD, []):
        st.warning(f"Left out of the link: {line}")


def take_experiment(name: str) -> Choice:
    """Return the choice after another experiment was chosen: its first talk, nothing moved."""
    return Choice(name, base(name).talks[0])


def take_upload(chosen: Choice, text: str, experiment: str | None) -> Choice:
    """Return the choice with an uploaded file over it; UserError where the file does not fit."""
    name = experiment or chosen.experiment
    data = uploaded(name, text)
    talk = chosen.talk if chosen.talk in data["talks"] and name == chosen.experiment else next(iter(data["talks"]))
    return Choice(name, talk, Settings(), text)


def on_phone() -> bool:
    """Say whether the visitor's browser is a phone's: pictures are then lower, so that sliders stay in sight."""
    return "Mobi" in str(st.context.headers.get("User-Agent", ""))


def told(error: UserError) -> str:
    """Return an error's lines as they stand, for a box on the page: nothing in them is formatted."""
    return "\n".join(error.lines)
