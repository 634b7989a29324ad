"""How a mistake is told: the thing, the value, what is allowed, the nearest name; at most six lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_LINES = 6
MAX_WIDTH = 400  # characters of a line; longer input is cut


class UserError(Exception):
    """A mistake of the user: printed without a traceback, exit code 2, nothing written."""

    def __init__(self, *lines: str):
        self.lines = tuple(short(line) for text in lines for line in str(text).splitlines() if line.strip())
        super().__init__("\n".join(self.lines[:MAX_LINES]))


def short(text: str, width: int = MAX_WIDTH) -> str:
    """Cut a text to `width` characters.

    >>> short("abcdef", 5)
    'ab...'
    """
    return text if len(text) <= width else text[: width - 3] + "..."


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word nearest to `word`, or None.

    >>> nearest("wrlds", ["worlds", "seed"])
    'worlds'
    """
    words = [str(a) for a in allowed]
    lowered = {w.lower(): w for w in reversed(words)}
    if word.lower() in lowered:
        return lowered[word.lower()]
    close = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.55)
    if close:
        return lowered[close[0]]
    longer = [w for w in words if len(word) >= 4 and w.lower().startswith(word.lower())]
    return longer[0] if longer else None


def suggest(word: str, allowed: Sequence[str], listed: str = "allowed") -> str:
    """Return "did you mean 'x'?" or the list of what is allowed.

    >>> suggest("flor", ["floor", "top"])
    "did you mean 'floor'?"
    >>> suggest("zzz", ["floor", "top"])
    'allowed: floor, top'
    """
    near = nearest(word, allowed)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{listed}: {', '.join(map(str, allowed))}" if allowed else "nothing is allowed here"


def told(error: BaseException) -> str:
    """Return the text of an error for the screen, at most six lines."""
    if isinstance(error, UserError):
        return str(error)
    lines = [short(line.rstrip()) for line in str(error).splitlines() if line.strip()]
    return "\n".join(lines[:MAX_LINES]) or type(error).__name__
