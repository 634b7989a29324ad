"""What tests of the page share: a page opened as a visitor opens it, what it shows, its buttons."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

WAIT = 30  # seconds: other tests may keep the machine busy


def opened(page, **query) -> AppTest:
    """Return a page as a visitor opens it with a link's parameters."""
    at = AppTest.from_function(page, default_timeout=WAIT)
    for key, value in query.items():
        at.query_params[key] = value
    return at.run()


def html(at: AppTest) -> str:
    """Return all HTML of a page."""
    assert not at.exception
    return "\n".join(block.proto.body for block in at.get("html"))


def press(at: AppTest, label: str) -> AppTest:
    """Press a button and return the page."""
    return next(b for b in at.button if b.label == label).click().run()
