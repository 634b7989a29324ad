"""Libraries that only some commands need, and the line that installs them where they are missing."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from pathlib import Path
from types import ModuleType

from experiments.messages import UserError

ROOT = Path(__file__).resolve().parent.parent


def need(module: str, extra: str) -> ModuleType:
    """Import and return an optional library such as `streamlit`; UserError says how to install its extra.

    >>> need("json", "app").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        raise UserError(
            f"this needs {missing}, which is not installed; it comes with the extra [{extra}]:", f"  {install(extra)}"
        ) from None


def install(extra: str) -> str:
    """Return the command that installs an extra into the Python that is running, to be typed in any folder.

    >>> install("app").endswith("[app]'")
    True
    """
    python = shlex.quote(_short(sys.executable))
    if not (ROOT / "constraints.txt").is_file():  # not a checkout
        return f"{python} -m pip install 'sticks-and-carrots[{extra}]'"
    here = _short(str(ROOT))
    place, pins = (".", "constraints.txt") if here == "." else (here, os.path.join(here, "constraints.txt"))
    return f"{python} -m pip install -c {shlex.quote(pins)} -e '{place}[{extra}]'"


def _short(path: str) -> str:
    """Return a path as seen from the folder one stands in where it is below that folder, else as it is."""
    inside = os.path.relpath(path)
    return path if inside.startswith("..") else inside
