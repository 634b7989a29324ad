"""Figures as files: a picture for the screen and a PDF for the page, the same bytes for the same figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

DPI = 200


def save(fig: Figure, folder: Path, name: str) -> list[Path]:
    """Write folder/name.png (200 dpi) and folder/name.pdf, neither with a date in it; return both paths.

    The layout is worked out once, here, and then kept: it is most of the time that saving takes.
    """
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    png, pdf = folder / f"{name}.png", folder / f"{name}.pdf"
    fig.savefig(png, dpi=DPI, metadata={"Software": None})
    fig.savefig(pdf, metadata={"CreationDate": None, "Producer": None, "Creator": None}, dpi=DPI)
    return [png, pdf]
