"""Remake what README.md shows of the default run, its tables and its figure: python -m experiments.readme."""

from __future__ import annotations

import re
import tempfile
from importlib import resources
from pathlib import Path

import pandas as pd

from experiments.markdown import markdown_table, number

ROOT = Path(__file__).resolve().parent.parent
README, FIGURES = ROOT / "README.md", ROOT / "docs" / "figures"
SHOWN = ("payoff_spaces.png",)
COLOURS = 255  # of a figure in the repository: a quarter of the bytes, and no difference to the eye


def tables(folder: Path) -> dict[str, list[str]]:
    """Return README's tables as lines, by the name in their markers, from the folder of the default run."""
    summary = (folder / "summary.md").read_text(encoding="utf-8").partition("\n## ")[0]
    overview = [line for line in summary.splitlines() if line.startswith("|")]
    return {"default run": overview, "record": _against_the_record(pd.read_parquet(folder / "talks.parquet"))}


def _against_the_record(talks: pd.DataFrame) -> list[str]:
    """Return what was agreed in 2025 beside what the worlds of a run agreed, as a table."""
    with resources.files("sim").joinpath("data", "record.csv").open(encoding="utf-8") as file:
        record = pd.read_csv(file, dtype=str, keep_default_na=False).set_index("economy")
    rows = []
    for name, part in talks.groupby("talk", sort=False, observed=True):
        real, agreed = record.loc[part["partner"].iloc[0]], part[part["deal"]]
        found = [number(agreed[c].median(), d) for c, d in (("us_tariff_pct", 1), ("pledge_busd", 0))]
        history = [real["agreed_rate"], real["agreed_date"], real["investment_pledge_busd"]]
        rows.append([str(name), *history, f"{100 * part['deal'].mean():.0f} %", *found])
    head = ["talk", "tariff agreed, %", "on", "investment pledged", "model: deals", "median tariff, %", "median pledge"]
    return markdown_table(head, rows)


def with_tables(text: str, made: dict[str, list[str]]) -> str:
    """Return the text with each table put between its markers.

    >>> with_tables("a\\n<!-- t -->\\nold\\n<!-- end -->\\nb", {"t": ["| new |"]})
    'a\\n<!-- t -->\\n| new |\\n<!-- end -->\\nb'
    """
    for name, lines in made.items():
        block = "\n".join([f"<!-- {name} -->", *lines, "<!-- end -->"])
        text, count = re.subn(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, b=block: b, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"README.md: {count} places for the table '{name}', must be one <!-- {name} -->")
    return text


def main() -> None:
    """Play the default run and put its tables and figure in place."""
    from PIL import Image

    from experiments.compose import load
    from experiments.options import Options
    from experiments.run import run

    with tempfile.TemporaryDirectory() as place:
        folder = run(load([]), Options(out=Path(place) / "run"))
        README.write_text(with_tables(README.read_text(encoding="utf-8"), tables(folder)), encoding="utf-8")
        for name in SHOWN:
            image = Image.open(folder / "figures" / name).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            image.save(FIGURES / name, optimize=True)


if __name__ == "__main__":
    main()
