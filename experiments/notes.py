"""What is allowed but looks like a slip: told beside the results, never refused."""

from __future__ import annotations

import sys

from experiments.compose import Loaded
from experiments.describe import leaves
from experiments.overrides import COMMAND_LINE


def small_percents(loaded: Loaded) -> list[str]:
    """Return a note on each percentage set on the command line that may have been meant as a share."""
    found = []
    for path, value in leaves(loaded.resolved):
        key = ".".join(path)
        number = isinstance(value, float) and 0.0 < abs(value) < 1.0
        if number and key.endswith("_pct") and loaded.came_from(key) == COMMAND_LINE:
            found.append(f"note: {key}={value:g} is {value:g} %; for {100 * value:g} % write {100 * value:g}")
    return found


def tell(loaded: Loaded) -> None:
    """Print the notes to the error stream."""
    for note in small_percents(loaded):
        print(note, file=sys.stderr)
