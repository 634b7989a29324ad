"""Helpers of the horizontal bar charts: rows in blocks under a heading, and a number at the end of each bar."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from sim.plots.style import INK, LABEL, SMALL, signed

GAP = 1.3  # rows between blocks, the heading among them


def rows_below(ax: Axes, blocks: list[tuple[str, list[str]]]) -> list[list[float]]:
    """Lay out blocks of labelled rows from the top down, headings above them; return the y of each row, by block."""
    ticks, texts, places, y = [], [], [], 0.0
    shift = ScaledTranslation(0.0, 0.0, ax.get_figure().dpi_scale_trans)
    for heading, labels in blocks:
        y += GAP
        ax.text(
            0.0, y - GAP / 2 - 0.12, heading, transform=ax.get_yaxis_transform() + shift, fontsize=LABEL,
            fontweight="bold", color=INK, va="center", ha="left",
        )  # fmt: skip
        places.append([y + k for k in range(len(labels))])
        ticks += places[-1]
        texts += labels
        y += len(labels)
    ax.set_yticks(ticks, texts, fontsize=SMALL)
    ax.set_ylim(y - 0.3, 0.15)
    return places


def value_at(ax: Axes, value: float, y: float, end: float | None = None) -> None:
    """Write a value (bn USD a year) beside the end of its bar, away from zero."""
    left = value < 0
    ax.annotate(
        signed(value), (value if end is None else end, y), xytext=(-4 if left else 4, 0), textcoords="offset points",
        ha="right" if left else "left", va="center", fontsize=SMALL, color=INK,
    )  # fmt: skip
