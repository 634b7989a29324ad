"""The page Sweep: two settings over a grid, a phase diagram that grows while it is worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from experiments.app import sweeping, visit
from experiments.app.chart import HEIGHT
from experiments.app.controls import picked
from experiments.app.looks import PHONE
from experiments.app.marks import symbol
from experiments.app.settings import Knob
from experiments.app.setup import Choice
from experiments.app.sweep_chart import Drawn, label, phase_chart
from experiments.app.sweeping import MOST_VALUES, Axis, Plan, Swept, sweep, sweepable
from experiments.app.words import escape
from experiments.messages import UserError
from sim.plots.style import INK

RUNS, ASKED, LINK = "sweep runs", "sweep asked", "sweep link"  # in the session
AXES = ("x", "y")
OWN = (*AXES, "worlds", "show")  # parameters of a link
FEW, WORLDS = 11, (25, 50, 100, 200)
WIDTHS = (1.0, 2.4)
STYLE = f"""<style>@media (max-width: {PHONE}px) {{
  [data-testid="stColumn"]:has(.st-key-diagram) {{ order: -1; }} }}</style>"""


def page() -> None:
    """Show the page; no fragment, whose moves would wait until a running sweep has ended."""
    st.html(STYLE)
    chosen = _choice()
    visit.warn()
    chosen = picked(chosen)
    visit.keep(chosen)
    try:
        found = sweepable(chosen, visit.sides(visit.data_of(chosen), chosen.talk))
        left, right = st.columns(WIDTHS, gap="medium")
        with left:
            plan = _plan(chosen, found)
        with right, st.container(key="diagram"):
            _result(plan, found)
    except UserError as error:
        st.error("This cannot be swept.")
        st.code(visit.told(error), language=None, wrap_lines=True)


def _choice() -> Choice:
    """Return what the visitor has chosen; a link's parameters of this page are read here."""
    query, chosen = st.query_params.to_dict(), visit.choice()
    if LINK not in st.session_state:
        st.session_state[LINK] = {key: query[key] for key in OWN if key in query}
        st.session_state[RUNS] = True
    return chosen


def _plan(chosen: Choice, found: Mapping[str, Knob]) -> Plan:
    """Show the two axes and the number of worlds; return what is to be swept."""
    place = f"{chosen.experiment} {chosen.talk} {st.session_state[visit.FRESH]}"
    said: Mapping[str, str] = st.session_state[LINK]
    first, axes = sweeping.first_axes(found), []
    for k, (name, title) in enumerate(zip(AXES, ("Across", "Up"))):
        axes.append(_axis(title, found, _wanted(said.get(name, ""), found, first[k]), f"{name} {place}"))
    worlds = int(said["worlds"]) if said.get("worlds", "") in map(str, WORLDS) else 100
    worlds = st.select_slider("Worlds in each cell", WORLDS, worlds, key=f"worlds {place}")
    plan = Plan(chosen, *axes, worlds)
    st.caption(f"{plan.cells} cells, {plan.cells * plan.worlds:,} talks.")
    if chosen.settings.given():
        st.caption("All other settings as on the page Explore.")
    return plan


def _wanted(text: str, found: Mapping[str, Knob], otherwise: str) -> tuple[str, float, float, int]:
    """Return an axis of a link, key:low:high:values, as far as it fits; else all of a slider's range.

    >>> _wanted("b:1:x:4", {"b": Knob("b", "", 0.0, 9.0, 1.0, 2.0, "", "")}, "b")
    ('b', 0.0, 9.0, 11)
    """
    key, *rest = text.split(":")
    knob = found.get(key) or found[otherwise]
    try:
        low, high, count = float(rest[0]), float(rest[1]), int(rest[2])
    except (IndexError, ValueError):
        low, high, count = knob.low, knob.high, FEW
    if key not in found or not (knob.low <= low < high <= knob.high and 2 <= count <= MOST_VALUES):
        low, high, count = knob.low, knob.high, FEW
    return knob.key, low, high, count


def _axis(title: str, found: Mapping[str, Knob], now: tuple[str, float, float, int], place: str) -> Axis:
    """Show the choice of a setting, its range and how many values."""
    keys = list(found)
    key = st.selectbox(title, keys, keys.index(now[0]), format_func=lambda k: found[k].label, key=f"key {place}")
    knob = found[key]
    low, high, count = now[1:] if key == now[0] else (knob.low, knob.high, FEW)
    one, two = st.columns((2.2, 1.0))
    low, high = one.slider("From, to", float(knob.low), float(knob.high), (float(low), float(high)), float(knob.step),
                           format=knob.format, key=f"range {key} {place}", help=knob.help)  # fmt: skip
    count = two.number_input("Values", 2, MOST_VALUES, int(count), key=f"count {place}")
    return sweeping.axis(knob, low, high, int(count))


def _result(plan: Plan, found: Mapping[str, Knob]) -> None:
    """Show the diagram, made further while the sweep runs."""
    asked: Plan | None = st.session_state.get(ASKED)
    if asked is None and st.session_state[RUNS]:
        asked = st.session_state[ASKED] = plan
    if asked is not None and (asked.choice.experiment, asked.choice.talk) != (plan.choice.experiment, plan.choice.talk):
        asked = st.session_state[ASKED] = plan  # another talk: what is on screen would say nothing about it
        st.session_state[RUNS] = True
    own = sweep(asked or plan)
    names = visit.sides(visit.data_of(own.plan.choice), own.plan.choice.talk)
    measure = _measure(own.plan, names)
    _show_link(plan, measure)
    buttons, bar, picture = st.empty(), st.empty(), st.empty()
    _buttons(buttons, plan, own)
    running = st.session_state[RUNS] and not own.over
    _draw(picture, own, measure, found, names)
    while running and not own.over:
        bar.progress(own.done / own.plan.cells, f"{own.done} of {own.plan.cells} cells")
        sweeping.go_on(own)
        _draw(picture, own, measure, found, names)
    st.session_state[RUNS] = False
    if running:
        bar.empty()
        _buttons(buttons, plan, own)
    if not own.over and own.done:
        bar.caption(f"Stopped: {own.done} of {own.plan.cells} cells are drawn.")
    _below(own, measure, names)


def _buttons(place, plan: Plan, own: Swept) -> None:
    """Show run, stop or go on."""
    running = st.session_state[RUNS] and not own.over
    with place.container(horizontal=True, gap="small"):
        if running:
            st.button("Stop", on_click=_run, args=(None,))
        elif own.plan == plan and not own.over and own.done:
            st.button("Go on", type="primary", on_click=_run, args=(plan,))
        else:
            fresh = own.plan == plan and own.over
            st.button("Sweep", type="primary", on_click=_run, args=(plan,), disabled=fresh,
                      help="This sweep is on screen." if fresh else None)  # fmt: skip
        if own.plan != plan and not running:
            st.html('<div class="key">The diagram is of the sweep before: press Sweep for the new one.</div>')


def _run(plan: Plan | None) -> None:
    st.session_state[RUNS] = plan is not None
    if plan is not None:
        st.session_state[ASKED] = plan


def _measure(plan: Plan, names: tuple[str, str]) -> str:
    """Show what can be drawn; return the measure chosen."""
    known = [sweeping.DEALS, *_issues(plan), sweeping.SHARE, *sweeping.PAYOFFS]
    wanted = st.session_state[LINK].get("show", known[0])
    return st.selectbox("Colours", known, known.index(wanted) if wanted in known else 0, key=f"measure {known}",
                        format_func=lambda m: label(m, names))  # fmt: skip


def _issues(plan: Plan) -> list[str]:
    """Return the columns of a talk's issues."""
    from experiments.build import make_agenda

    config = sweeping.setup(plan.choice).config
    agenda = make_agenda(plan.choice.talk, config.talks[plan.choice.talk])
    return [issue.column for issue in agenda.grid.issues if len(issue.shown) > 1]


def _draw(picture, own: Swept, measure: str, found: Mapping[str, Knob], names: tuple[str, str]) -> None:
    """Draw the diagram as far as it is."""
    axes = (own.plan.x, own.plan.y)
    at = [getattr(own.plan.choice.settings, a.key) for a in axes]
    at = [found[a.key].default if v is None and a.key in found else v for a, v in zip(axes, at)]
    inside = all(v is not None and a.values[0] <= v <= a.values[-1] for a, v in zip(axes, at))
    titles = [found[a.key].label if a.key in found else a.key for a in axes]
    titles = [f"{t} ({u})" if (u := _unit(found.get(a.key))) else t for t, a in zip(titles, axes)]
    drawn = Drawn(measure, label(measure, names), *titles, tuple(at) if inside else None, tuple(a.values for a in axes))
    phone = visit.on_phone()
    chart = phase_chart(own, drawn, HEIGHT - 110 if phone else HEIGHT + 30, phone)
    said = f"{drawn.label} over {titles[0]} (across) and {titles[1]} (up), {own.done} of {own.plan.cells} cells."
    picture.vega_lite_chart(chart, width="stretch", theme=None, alt=said)


def _unit(knob: Knob | None) -> str:
    """Return the unit of a slider.

    >>> _unit(Knob("a", "", 0.0, 1.0, 1.0, 0.0, "%g %% a year", ""))
    '% a year'
    """
    if knob is None:
        return ""
    return knob.format.split(" ", 1)[-1].replace("%%", "%") if " " in knob.format else ""


def _below(own: Swept, measure: str, names: tuple[str, str]) -> None:
    """Show the key, what went wrong, and how the sweep is done elsewhere."""
    dot = "background:#777;border-radius:50%;width:12px;height:12px"
    square = f"border:2px solid {INK};width:14px;height:14px"
    entries = [f'<span><i style="{square}"></i>the experiment</span>']
    if measure in own.nash:
        entries.append(f'<span><i style="{dot}"></i>dot: {escape("Nash")} {symbol("nash")} of average types, '
                       "in the same colours (not seen: it agrees)</span>")  # fmt: skip
    if (own.zone == 0).any():
        entries.append("<span>× no package is as good as no deal for both</span>")
    entries.append("<span>white: nobody agrees, or not yet played</span>")
    st.html(f'<div class="key">{"".join(entries)}</div>')
    if own.worlds < own.plan.worlds:
        st.caption(f"{own.worlds} worlds in each cell, so that the page stays quick.")
    for text in dict.fromkeys(own.errors.values()):
        st.warning(f"Some cells cannot be played: {text}")
    if st.toggle("The same on the command line, and more of it"):
        _elsewhere(own)


def _elsewhere(own: Swept) -> None:
    line, text = sweeping.command(own.plan, own.worlds)
    if text:
        st.markdown("With this file as `mine/experiment/screen.yaml`:")
        st.code(text, language="yaml")
    st.code(line, language="sh")
    st.caption("Talks with others in the experiment are played along. More cells, worlds and axes: docs/sweeps.md.")


def _show_link(plan: Plan, measure: str) -> None:
    """Put the sweep into the address bar."""
    axes = {name: _coded(a.key, a.values) for name, a in zip(AXES, (plan.x, plan.y))}
    visit.show_link(replace(plan.choice), **axes, worlds=plan.worlds, show=measure)


def _coded(key: str, values: Sequence[float]) -> str:
    return f"{key}:{values[0]:g}:{values[-1]:g}:{len(values)}"
