"""Figures of a folder of results, written beside its tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from experiments.messages import UserError
from sim.plots.files import save


def write_figures(folder: Path, figures: Iterable, what: str) -> list[Path]:
    """Write (name, figure) pairs to folder/figures/NAME.png and NAME.pdf and return the files.

    UserError if they cannot be written; `what` is the folder in words.
    """
    place = Path(folder) / "figures"
    try:
        place.mkdir(exist_ok=True)
        return [file for name, fig in figures for file in save(fig, place, name)]
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UserError(f"figures cannot be written to '{place}': {why}", f"make {what} writable") from None
