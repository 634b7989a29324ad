"""The page Watch."""

import streamlit as st


def page() -> None:
    """Show the page."""
    st.write("Watch")
