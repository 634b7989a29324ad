"""What a run found, in words and one table a talk: for the screen and for summary.md."""

from __future__ import annotations

import pandas as pd

from experiments.buys import bought, bought_text
from experiments.markdown import markdown_table, number
from experiments.meeting import meetings
from experiments.story import middle_round, talk_story


def summary(lab, talks, joint=None) -> str:
    """Return the summary of a run as markdown that reads well on a screen; tables as made by sim.results."""
    frame = talks.to_pandas()
    config = lab.config
    lines = [f"# {config.title or 'A run'}", ""]
    if config.question:
        lines += [config.question, ""]
    counts = _count(config.worlds, "world"), _count(config.protocol.rounds, "round")
    longest = config.protocol.longest
    later = f", up to {longest} if the deadline is put off" if longest > config.protocol.rounds else ""
    lines += [f"{counts[0]}, {counts[1]}{later}, seed {config.seed}."]
    lines += ["Money is bn USD a year against the status quo, averages over worlds unless said.", ""]
    lines += _overview(config, frame)
    if joint is not None:
        lines += _together(config, joint.to_pandas())
    compared = bought(lab)
    for met in meetings(lab):
        lines += talk_story(config, met, frame[frame["talk"] == met.name])
        if met.name in compared:
            lines += [*bought_text(compared[met.name], *(config.countries[c].name for c in met.pair)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _together(config, joint: pd.DataFrame) -> list[str]:
    """Return what all talks of a hub come to for each country, and what theory below leaves out."""
    rows = []
    for code, part in joint.groupby("country", observed=True, sort=False):
        worth = (number(part[name].mean(), 1, sign=True) for name in ("joint_utility", "joint_payoff"))
        rows.append([config.countries[code].name, number(part["deals"].mean(), 2), *worth])
    notes = [
        "",
        "All talks together, priced as one world economy; payoffs of single talks do not add up to it. deals: a world;",
        "at the end: the state all talks ended in, a year; discounted: from the first round on.",
    ]
    if config.hub.others != "interim":
        notes += [
            "Agents faced the others' deals; theory and the price of the stick below take the others at their interim."
        ]
    return [*markdown_table(["country", "deals", "at the end", "discounted"], rows), *notes, ""]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _overview(config, frame: pd.DataFrame) -> list[str]:
    head = ["talk", "deals", "round", "demander", "partner", "no deal", "no deal ", "share", "to Nash"]
    rows = []
    for name in config.talks:
        part = frame[frame["talk"] == name]
        mean = part.mean(numeric_only=True)
        worth = ("demander_utility", "partner_utility", "demander_no_deal_expected", "partner_no_deal_expected")
        values = [number(mean[column], 1, sign=True) for column in worth]
        share, away = number(100 * mean["demander_surplus_share"], 0, " %"), number(mean["distance_nash"], 1)
        rows.append([name, f"{100 * part['deal'].mean():.0f} %", number(middle_round(part), 0), *values, share, away])
    notes = [
        "",
        "deals: worlds that agreed; round: by which half of the deals were made; demander, partner: what the agreed",
        "package is worth to each; no deal: what each expects without one; share: the demander's part of the joint",
        "gain over no deal, world by world;",
        "to Nash: distance from the agreed payoffs to the Nash bargaining solution. A dash: undefined.",
        "",
    ]
    return markdown_table(head, rows) + notes
