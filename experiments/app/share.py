"""What is on screen, to take away: a link, the YAML for this page and for the command line, a picture."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode, urlsplit

import streamlit as st

from experiments.app import visit
from experiments.app.engine import Screen, lab_of
from experiments.app.recipe import COMMAND, NAME, for_command, for_page
from experiments.app.setup import setup


def share_box(screen: Screen) -> None:
    """Show the box."""
    own = screen.setup
    page, command = for_page(own.base, own.changed), for_command(own.base, own.changed, own.data)
    one, two = st.columns(2, gap="medium")
    with one:
        st.markdown("**A link to this screen**")
        st.code(_address(screen), language=None, wrap_lines=True)
        if own.choice.upload:
            st.caption("The uploaded file is not in the link: hand on the YAML instead.")
        st.markdown("**For this page** (button *Use a file*)")
        st.code(page, language="yaml")
        st.download_button("Download screen.yaml", page, f"{NAME}.yaml", "application/yaml", on_click="ignore")
        st.download_button("Download the picture (PNG)", lambda: picture(screen), f"{own.choice.talk}.png", "image/png",
                           on_click="ignore")  # fmt: skip
    with two:
        st.markdown(f"**For the command line** (as `mine/experiment/{NAME}.yaml`)")
        st.code(command, language="yaml")
        st.code(COMMAND, language="sh")
        st.download_button("Download for the command line", command, f"{NAME}.yaml", "application/yaml",
                           on_click="ignore", key="command")  # fmt: skip


def _address(screen: Screen) -> str:
    """Return the whole address of this screen."""
    at = urlsplit(st.context.url or "")
    host = f"{at.scheme}://{at.netloc}{at.path}" if at.netloc else ""
    return f"{host}?{urlencode(visit.link(screen.setup.choice))}"


def picture(screen: Screen) -> bytes:
    """Return the payoff space as `bargain run` draws it, PNG."""
    from sim import plots
    from sim.digest import packages_table, points_table
    from sim.results import issue_columns, talks_table

    lab = lab_of(setup(screen.setup.choice))
    model = lab.play(0, screen.played.worlds)
    tables = lab.tables()
    columns = issue_columns([table.grid for table in tables])
    frames = (t.to_pandas() for t in (packages_table(tables, columns), points_table(tables), talks_table(model)))
    names = {code: country.name for code, country in lab.config.countries.items()}
    ax = plots.payoff_space(*frames, talk=screen.setup.choice.talk, names=names)
    out = BytesIO()
    ax.get_figure().savefig(out, format="png", dpi=150)
    return out.getvalue()
