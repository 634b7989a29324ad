"""The pages, in the order of the menu. A page is a module of this package with a function `page()`: one line each."""

from __future__ import annotations

import importlib
from collections.abc import Callable

PAGES = (  # address, title in the menu, module
    ("explore", "Explore", "experiments.app.explore"),
    ("watch", "Watch", "experiments.app.watch"),
    ("seat", "Take a seat", "experiments.app.seat_page"),
    ("sweep", "Sweep", "experiments.app.sweep_page"),
)


def shown(module: str) -> Callable[[], None]:
    """Return the function that shows a page; its module is imported when it is first shown."""

    def show() -> None:
        importlib.import_module(module).page()

    return show
