"""Write docs/results.md from the columns as sim/columns.py defines them: python -m experiments.describe_columns."""

from __future__ import annotations

from pathlib import Path

from sim import columns
from sim.columns import Column

PAGE = Path(__file__).resolve().parent.parent / "docs" / "results.md"
TABLES = (
    ("talks.parquet", columns.TALKS, "One row a world and talk, world by world. The table to begin with."),
    ("talks.parquet, with a hub", columns.HUB, "Further columns of the same table, where a hub attends to the talks."),
    ("talks.parquet, with ratification", columns.HOME, "Further columns, where a deal must pass at home."),
    ("talks.parquet, where protection can be withdrawn", columns.WITHDRAWN, "One further column."),
    ("joint.parquet", columns.JOINT, "What all talks of a hub come to together, by world and country."),
    ("rounds.parquet", columns.ROUNDS, "What was offered, by talk, round, speaker and issue: quantiles over worlds."),
    ("packages.parquet", columns.PACKAGES, "Every package that could be agreed and what it is worth."),
    ("points.parquet", columns.POINTS, "Landmarks of each talk in payoff space, for types taken at their average."),
    ("sticks.parquet", columns.STICKS, "Tariffs in force by talk, round and country, where they move (`moves:`)."),
    ("beliefs.parquet", columns.BELIEFS, "What learners believed of the other side, by talk, round and types."),
    ("offers.parquet", columns.OFFERS, "Every single offer. Written only with `offers=true`: it is large."),
)
HEAD = """# What a run leaves behind

<!-- made by: python -m experiments.describe_columns -->

`bargain run` writes one folder, `outputs/<date>/<time>` or the one named by `--out`. It appears when it is complete,
or not at all. Equal configuration, seed and versions give equal bytes of every table, of summary.md and of
manifest.json; what may differ (time, host, git commit) is in run.json alone.

| file | what it holds |
|:--|:--|
| summary.md | the run in words, as shown on the screen |
| talks.parquet, rounds.parquet, packages.parquet, points.parquet | the tables below |
| joint.parquet | what a hub's talks come to together; only with a hub |
| sticks.parquet | tariffs in force by round; only where tariffs move while talks go on |
| beliefs.parquet | what learners believed about the other side's type, by round; only where a strategy learns |
| offers.parquet | every single offer; only with `offers=true` |
| figures/ | the figures, as PNG and PDF; `figures=false` leaves them out, `bargain plot RUN_DIR` draws them again |
| manifest.json | the resolved configuration, seed, versions, data files with checksums |
| run.json | when, where and how long the run was, and from which commit |

Tables are parquet: `pandas.read_parquet("talks.parquet")`, in R `arrow::read_parquet`. Money is bn USD a year against
the status quo at baseline prices; rates are percent. A cell is null where the thing is undefined, never 0.
`demander` is the side that holds the stick, `partner` the other.
"""
ISSUES = """
Beside these columns there is one for each issue, named after it and its unit: `us_tariff_pct` (percent),
`security_busd` (bn USD a year), `pledge_busd` (bn USD, the headline). It holds the level {of}, null {null}.
"""
OF_ISSUES = {
    "talks.parquet": ("that was agreed", "without a deal and where a talk has no such issue"),
    "packages.parquet": ("in the package", "where a talk has no such issue"),
}


def page() -> str:
    """Return the page as markdown."""
    parts = [HEAD]
    for name, table, words in TABLES:
        parts += [f"\n## {name}\n\n{words}\n\n", *_rows(table)]
        if name in OF_ISSUES:
            of, null = OF_ISSUES[name]
            parts.append(ISSUES.format(of=of, null=null))
    return "".join(parts)


def _rows(table: tuple[Column, ...]) -> list[str]:
    """Return the lines of one table."""
    lines = ["| column | type | unit | meaning | null |\n", "|:--|:--|:--|:--|:--|\n"]
    return lines + [f"| {c.name} | {c.kind} | {c.unit} | {c.meaning} | {c.null} |\n" for c in table]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
