"""Helpers of the horizontal bar charts: rows in blocks under a heading, and a number at the end of each bar."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from sim.plots.style import INK, LABEL, LETTER, SMALL, left_edge, room, signed, wrapped

VISIBLE = 5e-3  # bn USD a year: bars smaller than this are not drawn
GAP = 1.3  # rows between blocks, the heading among them
LABELS = 0.46  # share of the width that row labels may take


def rows_below(ax: Axes, blocks: list[tuple[str, list[str]]]) -> list[list[float]]:
    """Lay out blocks of labelled rows from the top down, headings above them; return the y of each row, by block."""
    ticks, texts, places, y = [], [], [], 0.0
    across, left = left_edge(ax)
    place = blended_transform_factory(across, ax.transData)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    for heading, labels in blocks:
        y += GAP
        style = {"fontsize": LABEL, "fontweight": "bold", "color": INK, "va": "center", "bbox": box, "zorder": 4}
        ax.text(left, y - GAP / 2 - 0.12, heading, transform=place, in_layout=False, **style)
        places.append([y + k for k in range(len(labels))])
        ticks += places[-1]
        texts += labels
        y += len(labels)
    ax.set_yticks(ticks, [wrapped(text, LABELS * room(ax)[0], SMALL) for text in texts], fontsize=SMALL)
    ax.set_ylim(y - 0.3, 0.15)
    return places


def heading(ax: Axes, title: str, more: str) -> str:
    """Return a block's heading, with what more there is to say where it fits the width."""
    text = f"{title}: {more}"
    return text if len(text) * LETTER * 1.12 * LABEL / 72.0 < room(ax)[0] else title


def value_at(ax: Axes, value: float, y: float, end: float | None = None, more: str = "") -> None:
    """Write a value (bn USD a year) and what more there is to say beside the end of its bar, away from zero."""
    left = value < 0
    ax.annotate(
        signed(value) + more, (value if end is None else end, y), xytext=(-6 if left else 6, 0),
        textcoords="offset points", ha="right" if left else "left", va="center", fontsize=SMALL, color=INK,
    )  # fmt: skip
