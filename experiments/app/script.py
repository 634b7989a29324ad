"""What Streamlit runs for every visitor: the frame of all pages, then the page of the address."""

import streamlit as st

from experiments.app import looks, pages

st.set_page_config(page_title="Sticks & Carrots", layout="wide", initial_sidebar_state="collapsed")
st.html(looks.STYLE)
chosen = st.navigation(
    [
        st.Page(pages.shown(module), title=title, url_path=address, default=k == 0)
        for k, (address, title, module) in enumerate(pages.PAGES)
    ],
    position="top",
)
chosen.run()
