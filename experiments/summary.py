"""What a run found, in words and one table a talk: for the screen and for summary.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.payoffs import COMPONENTS
from sim.ranking import from_micro
from sim.sticks import Leverage, leverage
from sim.table import SIDES, PayoffTable

UNITS = {"pct": " %", "busd": " bn USD"}
WORDS = {
    "welfare": "household welfare",
    "revenue": "tariff revenue",
    "balance": "bilateral balance",
    "security": "security payments",
    "pledge": "pledges",
    "concession": "home political cost",
}


def summary(lab, talks) -> str:
    """Return the summary of a run as markdown that reads well on a screen; `talks` as made by sim.results."""
    frame = talks.to_pandas()
    config = lab.config
    lines = [f"# {config.title or 'A run'}", ""]
    if config.question:
        lines += [config.question, ""]
    lines += [f"{config.worlds:,} worlds, {config.protocol.rounds} rounds, seed {config.seed}."]
    lines += ["Money is bn USD a year against the status quo, averages over worlds unless said.", ""]
    lines += _overview(config, frame)
    for table in lab.tables():
        lines += _talk(config, table, frame[frame["talk"] == table.stakes.agenda.name])
    return "\n".join(lines).rstrip() + "\n"


def stick_leverage(table: PayoffTable) -> Leverage:
    """Return the leverage of a talk's stick for the average types: interim for good against the stick carried out."""
    worth = [
        tuple(float(np.average(from_micro(v[side]), weights=table.types[side].probability)) for v in (table.impasse, table.carried))
        for side in SIDES
    ]  # fmt: skip
    return leverage(worth[0], worth[1])


def _overview(config, frame: pd.DataFrame) -> list[str]:
    head = ["talk", "deals", "round", "demander", "partner", "no deal", "no deal ", "share", "to Nash"]
    rows = []
    for name in config.talks:
        part = frame[frame["talk"] == name]
        mean = part.mean(numeric_only=True)
        rows.append([
            name,
            f"{100 * part['deal'].mean():.0f} %",
            _number(part["round"].median(), 0),
            *(_number(mean[c], 1, sign=True) for c in ("demander_utility", "partner_utility", "demander_no_deal_expected", "partner_no_deal_expected")),
            _number(100 * mean["demander_surplus_share"], 0, " %"),
            _number(mean["distance_nash"], 1),
        ])  # fmt: skip
    notes = [
        "",
        "deals: worlds that agreed; round: median; demander, partner: what the agreed package is worth to each; no deal:",
        "what each expects without one (demander, partner); share: the demander's part of the joint gain over no deal;",
        "to Nash: distance from the agreed payoffs to the Nash bargaining solution. A dash: undefined.",
        "",
    ]
    return markdown_table(head, rows) + notes


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


def _number(value: float, digits: int, unit: str = "", *, sign: bool = False) -> str:
    if value is None or not np.isfinite(value):
        return "–"
    value = 0.0 if abs(value) < 0.5 * 10.0**-digits else value
    return f"{value:{'+' if sign and value else ''}.{digits}f}{unit}"


def _talk(config, table: PayoffTable, part: pd.DataFrame) -> list[str]:
    """Return one talk's story: what was agreed, who gained what, and what the stick was worth."""
    agenda = table.stakes.agenda
    one, two = (config.countries[code].name for code in agenda.pair)
    agreed = part[part["deal"]]
    lines = [f"## {agenda.name}: {one} and {two}", ""]
    if agreed.empty:
        lines += [f"No world reached a deal ({100 * part['zone_of_agreement'].mean():.0f} % had a zone of agreement)."]
    else:
        lines += _deal(config, table, part, agreed)
    return [*lines, "", *_stick(table, one, two), ""]


def _deal(config, table: PayoffTable, part: pd.DataFrame, agreed: pd.DataFrame) -> list[str]:
    agenda = table.stakes.agenda
    one, two = (config.countries[code].name for code in agenda.pair)
    lines = [
        f"{100 * len(agreed) / len(part):.0f} % of worlds agreed, half of them by round {agreed['round'].median():.0f}.",
        "",
    ]
    rows = []
    for issue in agenda.grid.issues:
        level = agreed[issue.column]
        unit = UNITS[issue.column.rsplit("_", 1)[1]]
        quarter, half, most = level.quantile([0.25, 0.5, 0.75], interpolation="nearest")
        giver = config.countries[agenda.pair[issue.giver]].name
        rows.append(
            [
                _issue_words(issue),
                giver,
                f"{half:g}{unit}",
                f"{quarter:g} to {most:g}{unit}",
                f"{issue.shown[0]:g} to {issue.shown[-1]:g}",
            ]
        )
    lines += markdown_table(["agreed", "given by", "median", "middle half", "on the table"], rows) + [""]
    gains = [
        [WORDS[c], *(_number(agreed[f"{side}_{c}"].mean(), 1, sign=True) for side in ("demander", "partner"))]
        for c in COMPONENTS
        if (agreed[[f"demander_{c}", f"partner_{c}"]].abs().to_numpy() > 0.05).any()
    ]
    over = [(agreed[f"{s}_utility"] - agreed[f"{s}_no_deal_expected"]).mean() for s in ("demander", "partner")]
    gains += [
        ["all, weighted", *(_number(agreed[f"{s}_utility"].mean(), 1, sign=True) for s in ("demander", "partner"))],
        ["over no deal", *(_number(v, 1, sign=True) for v in over)],
    ]
    return lines + markdown_table(["worth of the deals", one, two], gains)


def _issue_words(issue) -> str:
    kinds = {
        "tariff": "tariff" + (", on top" if issue.on_top else ", all in"),
        "barrier": "cut in trade barriers",
        "security": "a year for security",
        "pledge": "headline pledge",
        "pie": "share of the pie",
    }
    return f"{issue.name} ({kinds[issue.kind]})"


def _stick(table: PayoffTable, one: str, two: str) -> list[str]:
    """Say what carrying out the stick would cost each side, and whether it is credible by itself."""
    agenda, weigh = table.stakes.agenda, stick_leverage(table)
    if weigh.verdict == "no threat":
        return [
            f"The stick: carrying it out would not hurt {two} more than leaving the interim in place; it is no threat."
        ]
    start = (
        f"The stick: carried out instead of leaving the interim in place, it costs {two} {weigh.partner_loss:.1f} "
        f"and {one} {weigh.demander_loss:.1f} bn USD a year."
    )
    chance = (
        f"It is carried out with probability {100 * agenda.stick.resolve:.0f} %; "
        f"{two} believes {100 * agenda.stick.belief:.0f} %."
    )
    if weigh.verdict == "credible by itself":
        return [start, f"{one} would rather carry it out than not: it is credible by itself.", chance]
    return [
        start,
        f"Leverage {weigh.ratio:.1f}: a dollar of {one}'s own loss takes that many from {two}. At the deadline {one} would",
        "rather leave the interim in place, so the stick is not credible by itself; what makes it work is resolve.",
        chance,
    ]
