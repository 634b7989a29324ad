"""A checked configuration made into a lab; what only then goes wrong is told with the place of its setting."""

from __future__ import annotations

import re

from experiments.build import Lab, build
from experiments.compose import Loaded
from experiments.messages import UserError

SETTINGS = (  # words of a message: the setting to look at
    ("scale_elasticity", "economy.scale_elasticity"),
    ("domestic sales", "economy.flows_csv"),
    ("economy", "economy.keep"),
)
TALK = re.compile(r"^talk (\w+): ")


def made(loaded: Loaded) -> Lab:
    """Assemble a run; UserError with file and line where the calibration or a trade state does not work out."""
    try:
        return build(loaded.config)
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{_place(loaded, str(error))}{error}") from error


def _place(loaded: Loaded, message: str) -> str:
    """Return "file:line: key: " of the setting that a message is about, or nothing."""
    talk = TALK.match(message)
    if talk:
        key = f"talks.{talk[1]}.stick.threat_pct"
    else:
        key = next((setting for words, setting in SETTINGS if words in message), "")
    if not key:
        return ""
    where = loaded.came_from(key)
    return f"{key}: " if where == "default" else f"{where}: {key}: "
