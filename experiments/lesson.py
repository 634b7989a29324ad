"""Play the commands of docs/teaching.md and put what they find into its tables: python -m experiments.lesson."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

from experiments.compose import load
from experiments.options import Options, parse
from experiments.readme import with_tables
from experiments.run import run

PAGE = Path(__file__).resolve().parent.parent / "docs" / "teaching.md"
HEAD = ["what", "deals", "round", "demander", "partner", "share", "command"]
KEPT = (1, 2, 3, 4, 7)  # columns of the summary's first table: deals, round, demander, partner, share
PIE = "experiment=classroom"
BOTH = (
    "experiment=classroom information=complete strategy@countries.A.strategy=rational "
    "strategy@countries.B.strategy=rational"
)
A, B, JAPAN = "strategy@countries.A.strategy", "strategy@countries.B.strategy", "talks=us_japan"
LESSON: dict[str, list[tuple[str, str]]] = {  # marker of the page: (what is asked, the command after `bargain`)
    "firmness": [
        ("both give way evenly", PIE),
        ("A holds out", f"{PIE} {A}=boulware"),
        ("both hold out", f"{PIE} {A}=boulware {B}=boulware"),
        ("A holds out, B gives early", f"{PIE} {A}=boulware {B}=conceder"),
        ("A insists on 80", f"{PIE} {A}=hardliner"),
        ("both insist on 80", f"{PIE} {A}=hardliner {B}=hardliner"),
    ],
    "patience": [
        ("both rational", BOTH),
        ("A discounts four times as fast", f"{BOTH} 'countries.A.types.discount_rate_per_year.values=[4.0]'"),
        ("one offer, by A", f"{BOTH} protocol=ultimatum"),
        ("in turn, B speaks last", f"{BOTH} protocol.proposer=demander_first"),
        ("in turn, A speaks last", f"{BOTH} protocol.proposer=demander_first protocol.rounds=9"),
    ],
    "stick": [
        ("as configured", JAPAN),
        ("no threat beyond the interim", f"{JAPAN} talks.japan.stick.threat_pct=10"),
        ("Japan does not believe it", f"{JAPAN} talks.japan.stick.belief_pct=0"),
        ("a bluff, believed", f"{JAPAN} stick@talks.japan.stick=empty_threat"),
        ("certain, and believed", f"{JAPAN} stick@talks.japan.stick=certain_threat"),
        ("Japan would answer in kind", f"{JAPAN} stick@talks.japan.stick=mirrored"),
        ("protection withdrawn as well", f"{JAPAN} stick@talks.japan.stick=security_withdrawal"),
        ("Japan insists on 80 %", f"{JAPAN} strategy@countries.JPN.strategy=hardliner"),
    ],
    "escalation": [
        ("no tariff moves", "talks=us_china"),
        ("climbing, answered in kind", "experiment=escalation_china"),
        ("climbing, not answered", "experiment=escalation_china policy@talks.china.moves.partner=wait"),
        ("lifted while China talks", "experiment=escalation_china policy@talks.china.moves.demander=pause"),
    ],
}


def tables() -> dict[str, list[str]]:
    """Return the tables of the lesson as lines of markdown, by the name in their markers; plays every command."""
    found = {}
    for name, questions in LESSON.items():
        rows = [[what, *played(command), f"`bargain {command}`"] for what, command in questions]
        rule = "|:--|" + "--:|" * len(KEPT) + ":--|"
        lines = ["| " + " | ".join(row) + " |" for row in (HEAD, *rows)]
        found[f"findings: {name}"] = [lines[0], rule, *lines[1:]]
    return found


def played(command: str) -> list[str]:
    """Return deals, median round, both sides' worth and the demander's share of a run, as its summary shows them."""
    options = parse([*shlex.split(command), "figures=false"])
    with tempfile.TemporaryDirectory() as place:
        folder = run(load(options.overrides), Options(out=Path(place) / "run", silent=True))
        lines = (folder / "summary.md").read_text(encoding="utf-8").splitlines()
    first = [line for line in lines if line.startswith("|")][2]
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    return [cells[column] for column in KEPT]


def main() -> None:
    """Play the lesson and put its tables between their markers."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
