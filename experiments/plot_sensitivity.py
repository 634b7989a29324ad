"""Figures of a folder of `bargain sensitivity`, from its tables alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.figures import write_figures
from experiments.messages import UserError
from experiments.sweep.sensitivity_tables import ALONG, EFFECTS, INDICES
from sim.plots.sobol import sobol_panels
from sim.plots.style import colours, country_name
from sim.plots.tornado import along_panels, tornado_panels

USE = "usage: bargain sensitivity --out DIR, then bargain plot DIR"


def draw(folder: Path) -> list[Path]:
    """Read a folder's tables, write figures/NAME.png and NAME.pdf, return the files written."""
    folder = Path(folder)
    try:
        along, found = pd.read_csv(folder / ALONG), pd.read_csv(folder / EFFECTS)
        shares = pd.read_csv(folder / INDICES) if (folder / INDICES).stat().st_size > 2 else pd.DataFrame()
        config = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["config"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"plot: a file of '{folder}' cannot be read", str(error), USE) from None
    return write_figures(folder, figures(along, found, shares, config), "the folder")


def figures(along, found, shares, config) -> Iterator[tuple[str, Any]]:
    """Yield (name, figure): a tornado, the lines behind it and the Sobol indices of each talk."""
    names = {code: node.get("name") or code for code, node in config["countries"].items()}
    found = found.assign(
        range=[_with_range(*row) for row in found[["setting", "low_end", "high_end"]].itertuples(False)]
    )
    for talk in dict.fromkeys(found["talk"]):
        node = config["talks"][talk]
        who = f"{country_name(node['demander'], names)} and {country_name(node['partner'], names)}"
        own = {"along": along, "found": found, "shares": shares}
        own = {name: table[table["talk"] == talk] if len(table) else table for name, table in own.items()}
        yield f"tornado_{talk}", _of(tornado_panels(own["found"], title=f"{who}: one setting at a time"))
        colour = colours([node["partner"]])[node["partner"]]
        title = f"{who}: along each setting's range, the others as configured"
        yield f"along_{talk}", _of(along_panels(own["along"], own["found"], colour=colour, title=title))
        if len(own["shares"]):
            spans = dict(zip(own["found"]["key"], own["found"]["range"]))
            told = own["shares"].assign(range=own["shares"]["key"].map(spans))
            yield f"sobol_{talk}", _of(sobol_panels(told, title=f"{who}: all settings together (Sobol indices)"))


def _with_range(setting: str, low: float, high: float) -> str:
    """Return a setting's name with its range.

    >>> _with_range("Threatened tariff (%)", 0.0, 50.0)
    'Threatened tariff: 0 to 50 %'
    """
    name, _, unit = setting.partition(" (")
    unit = unit.removesuffix(")")
    return f"{name}: {low:g} to {high:g}{' ' + unit if unit else ''}"


def _of(axes) -> Any:
    return axes[0].get_figure()
