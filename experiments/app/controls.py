"""The controls of a screen: experiment and talk, an upload, sliders and strategies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import streamlit as st

from experiments.app import visit
from experiments.app.base import base, experiments, options
from experiments.app.recipe import OPTION, named
from experiments.app.settings import ANSWERS, INFORMATION, SIDES, Knob, Settings, knobs
from experiments.app.setup import Choice, experiment_of, strategies
from experiments.messages import UserError
from experiments.safe_yaml import MOST_BYTES, text_of

AS_CONFIGURED = ""  # a strategy with values of its own, which no option's name stands for
HOW_MUCH = {"proportional": "answer_factor_pct", "list": "answer_pct"}  # answer: the slider that says how much
SAME = 1e-9  # relative: a slider this near to where it began has not moved


def picked(chosen: Choice) -> Choice:
    """Show the choice of experiment, talk and file; return the choice."""
    one, two, three = st.columns((1.4, 1.0, 1.0), vertical_alignment="bottom")
    names = experiments()
    name = one.selectbox("Experiment", names, names.index(chosen.experiment), format_func=lambda n: base(n).title,
                         key=f"experiment {_context(chosen, talk=False)}")  # fmt: skip
    if name != chosen.experiment:
        chosen = visit.take_experiment(name)
        visit.keep(chosen)
    talks = list(visit.data_of(chosen)["talks"])
    talk = two.selectbox("Talk", talks, talks.index(chosen.talk), format_func=lambda t: _talk(chosen, t),
                         key=f"talk {_context(chosen, talk=False)}")  # fmt: skip
    if talk != chosen.talk:
        chosen = Choice(chosen.experiment, talk, upload=chosen.upload)
    with three, st.popover("Use a file", width="stretch"):
        chosen = _upload(chosen)
    return chosen


def _talk(chosen: Choice, talk: str) -> str:
    return " and ".join(visit.sides(visit.data_of(chosen), talk))


def _upload(chosen: Choice) -> Choice:
    """Take a file, lay it over the experiment, or say what is wrong with it."""
    st.caption(f"What differs from the experiment, as YAML, at most {MOST_BYTES // 1024} kB. It is read, not run.")
    given = st.file_uploader("YAML file", type=["yaml", "yml", "txt"], key=f"file {st.session_state[visit.FRESH]}")
    if chosen.upload:
        st.button("Take the file away", on_click=visit.start_again, args=(visit.take_experiment(chosen.experiment),))
    if given is None or given.file_id == st.session_state.get("file_seen"):
        return chosen
    try:
        text = text_of(given.getvalue())
        chosen = visit.take_upload(chosen, text, experiment_of(text))
    except UserError as error:
        st.error("This file cannot be used.")
        st.code(visit.told(error), language=None, wrap_lines=True)
        return chosen
    st.session_state["file_seen"] = given.file_id
    visit.keep(chosen)
    st.rerun()


def sliders(chosen: Choice) -> Settings:
    """Show the sliders of a choice and return what they say."""
    data = visit.data_of(chosen)
    names = visit.sides(data, chosen.talk)
    own, place = knobs(data, chosen.talk, names), _context(chosen)
    found: dict[str, Any] = {}

    def slide(key: str) -> None:
        if key in own:
            found[key] = _slide(own[key], getattr(chosen.settings, key), f"{key} {place}")

    if "threat_pct" in own:
        st.markdown("**The stick**")
        slide("threat_pct")
        found["answer"] = answer = _answer(data, chosen, names[1], place)
        slide(
            {"proportional": "answer_factor_pct", "list": "answer_pct"}.get(
                answer or _stick(data, chosen)["answer"], ""
            )
        )
        slide("resolve_pct")
        slide("belief_pct")
    if "security_busd" in own:
        st.markdown("**The carrot**")
        slide("security_busd")
    st.markdown("**The clock**")
    for key in ("rounds", "demander_rate", "partner_rate"):
        slide(key)
    st.markdown("**Who bargains, how**")
    for side, name in zip(SIDES, names):
        found[side] = _strategy(data, chosen, side, name, place)
    found["information"] = _choose("What a side knows of the other", INFORMATION, data["information"],
                                   chosen.settings.information, f"information {place}")  # fmt: skip
    unmoved = Choice(chosen.experiment, chosen.talk, upload=chosen.upload)
    back = "All sliders back to the experiment's values"
    st.button("As configured", key=f"reset {place}", help=back, on_click=visit.start_again, args=(unmoved,))
    return Settings(**found)


def _slide(knob: Knob, now: float | None, key: str) -> float | None:
    """Show one slider; return its value, None where it stands as configured."""
    value = st.slider(knob.label, float(knob.low), float(knob.high), float(knob.default if now is None else now),
                      float(knob.step), format=knob.format, key=key, help=knob.help)  # fmt: skip
    return None if math.isclose(value, knob.default, rel_tol=SAME, abs_tol=SAME) else value


def _choose(label: str, words: Mapping[str, str], default: str, now: str | None, key: str) -> str | None:
    """Show a choice among words; return its key, None where it is as configured."""
    keys = list(words)
    value = st.selectbox(label, keys, keys.index(now or default), format_func=words.get, key=key)
    return None if value == default else value


def _stick(data: Mapping[str, Any], chosen: Choice) -> Mapping[str, Any]:
    return data["talks"][chosen.talk]["stick"]


def _answer(data: Mapping[str, Any], chosen: Choice, partner: str, place: str) -> str | None:
    default = _stick(data, chosen)["answer"]
    return _choose(f"Retaliation by {partner}", ANSWERS, default, chosen.settings.answer, f"answer {place}")


def _strategy(data: Mapping[str, Any], chosen: Choice, side: str, name: str, place: str) -> str | None:
    """Show the strategies a side can play; None stands for the one configured."""
    configured = named(data["countries"][data["talks"][chosen.talk][side]]["strategy"], "strategy")
    default = configured if isinstance(configured, str) else AS_CONFIGURED
    names = list(strategies(data))
    names = names if default in names else [AS_CONFIGURED, *names]
    about = options("strategy")
    label = {n: n.replace("_", " ").capitalize() for n in names}
    if default == AS_CONFIGURED:
        label[AS_CONFIGURED] = f"{str(configured.get(OPTION, 'own')).replace('_', ' ').capitalize()}, own values"
    now = getattr(chosen.settings, side) or default
    value = st.selectbox(name, names, names.index(now), format_func=label.get, key=f"{side} {place}")
    st.caption(about.get(value, ""))
    return None if value == default else value


def _context(chosen: Choice, talk: bool = True) -> str:
    """Return what makes widgets new: another experiment, file, talk, or all put back."""
    parts = [
        chosen.experiment,
        str(crc32(chosen.upload.encode("utf-8", "replace"))),
        str(st.session_state[visit.FRESH]),
    ]
    return " ".join([*parts, chosen.talk] if talk else parts)
