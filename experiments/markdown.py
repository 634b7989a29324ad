"""Tables and numbers as markdown that reads well on a screen too."""

from __future__ import annotations

import numpy as np


def markdown_table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a markdown table as lines, columns padded so that it also reads as plain text; first column left.

    >>> markdown_table(["a", "b"], [["x", "10"]])
    ['| a |  b |', '|:--|---:|', '| x | 10 |']
    """
    cells = [head, *rows]
    wide = [max(len(row[i]) for row in cells) for i in range(len(head))]
    line = lambda row: "| " + " | ".join(  # noqa: E731
        c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, wide))
    ) + " |"  # fmt: skip
    rule = "|:" + "-" * (wide[0] + 1) + "|" + "|".join("-" * (w + 1) + ":" for w in wide[1:]) + "|"
    return [line(head), rule, *map(line, rows)]


def number(value: float, digits: int, unit: str = "", *, sign: bool = False) -> str:
    """Return a number for a table; a dash where it is undefined.

    >>> number(1.25, 1, sign=True), number(float("nan"), 1)
    ('+1.2', '–')
    """
    if value is None or not np.isfinite(value):
        return "–"
    value = 0.0 if abs(value) < 0.5 * 10.0**-digits else value
    return f"{value:{'+' if sign and value else ''}.{digits}f}{unit}"
