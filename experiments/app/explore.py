"""The page Explore: an experiment, a talk, sliders; payoff space with theory's points and 1,000 worlds."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from experiments.app import visit, words
from experiments.app.chart import HEIGHT, LOW, payoff_chart
from experiments.app.controls import picked, sliders
from experiments.app.engine import Screen, explore
from experiments.app.share import share_box
from experiments.messages import UserError
from sim.plots.payoff_space import CLOUD, ZONE
from sim.plots.style import INK

WIDTHS = (1.05, 1.7, 1.2)
VIEWS = ("All packages", "Around the points")


@st.fragment
def page() -> None:
    """Show the page."""
    chosen = visit.choice()
    visit.warn()
    chosen = picked(chosen)
    left, middle, right = st.columns(WIDTHS, gap="medium")
    with left, st.container(key="controls"):
        chosen = replace(chosen, settings=sliders(chosen))
    visit.keep(chosen)
    visit.show_link(chosen)
    try:
        screen = explore(chosen)
    except UserError as error:
        middle.error("These settings do not go together.")
        middle.code(visit.told(error), language=None, wrap_lines=True)
        return
    with middle, st.container(key="picture"):
        _picture(screen)
    with right:
        st.segmented_control("Show", VIEWS, default=VIEWS[0], key="view", label_visibility="collapsed", required=True)
        st.html(_key(screen))
        for note in screen.setup.notes:
            st.info(note)
        st.html(words.points_list(screen))
        opened = st.toggle("Link, YAML and picture of this screen", key="share")
    if opened:
        share_box(screen)


def _picture(screen: Screen) -> None:
    """Draw the chart, and above it what the worlds did."""
    st.html(f'<div class="headline" role="status">{words.escape(words.outcome(screen.played))}</div>')
    near = st.session_state.get("view") == VIEWS[1]
    chart = payoff_chart(screen, near, LOW if visit.on_phone() else HEIGHT)
    st.vega_lite_chart(chart, width="stretch", theme=None, alt=words.described(screen), key="space")


def _key(screen: Screen) -> str:
    """Return the key of what is no point: packages, frontier, zone, worlds."""
    round_, thick = "border-radius:50%;width:11px;height:11px", f"height:0;border:0;border-top:2px solid {INK}"
    entries = (
        (f"background:{CLOUD};{round_}", "package"),
        (thick, "frontier"),
        (f"background:{ZONE}", "no worse than no deal for both"),
        (f"background:{screen.colours[1]};{round_}", "deals (area: worlds)"),
        (f"background:#777777;{round_}", "no deal"),
    )
    spans = "".join(f'<span><i style="{style}"></i>{text}</span>' for style, text in entries)
    return f'<div class="key">{spans}</div><div class="key">{words.escape(words.gains(screen))}</div>'
