"""What the sticks buy: the same talks without any, with the interim alone, and as configured."""

from __future__ import annotations

import numpy as np

from experiments.build import Lab, build
from experiments.markdown import markdown_table, number
from sim.protocols.base import DEAL
from sim.table import SIDES

BUYS_WORLDS = 1000  # worlds of each comparison at the most
NONE = {"interim_pct": 0.0, "threat_pct": 0.0, "sector_pct": 0.0, "interim_answer_pct": 0.0, "answer": "none"}
CASES = {  # label: what is changed in every stick of the run
    "no stick at all": {**NONE, "withdrawal_partner_busd": 0.0, "withdrawal_demander_busd": 0.0},
    "the interim, no threat": {"resolve_pct": 0.0, "belief_pct": 0.0},
    "as configured": {},
}


def bought(lab: Lab) -> dict[str, list[list[str]]]:
    """Return, by talk, rows of [case, deals, demander, partner]: mean discounted payoffs, bn USD a year.

    The first worlds of the run are played again under each case, with the same draws; empty where no talk has a stick
    or tariffs move while talks go on.
    """
    talks = lab.config.talks.values()
    if lab.economy is None or any(talk.moves is not None for talk in talks):
        return {}
    rows: dict[str, list[list[str]]] = {name: [] for name in lab.config.talks}
    for label, change in CASES.items():
        other = lab if not change else build(_changed(lab.config, change))
        model = other.play(0, min(lab.config.worlds, BUYS_WORLDS))
        for talk in model.talks:
            deals = f"{100 * np.mean(talk.ending == DEAL):.0f} %"
            payoffs = [number(float(np.mean(talk.discounted(side))), 1, sign=True) for side in SIDES]
            rows[talk.name].append([label, deals, *payoffs])
    return rows


def bought_text(rows: list[list[str]], one: str, two: str) -> list[str]:
    """Return one talk's comparison as lines: a sentence and a table."""
    words = "What the stick buys: mean payoff from the first round on, waiting and failures included, in three cases."
    return [words, "", *markdown_table(["stick", "deals", one, two], rows)]


def _changed(config, change: dict):
    """Return the configuration with every stick changed."""
    talks = {n: t.model_copy(update={"stick": t.stick.model_copy(update=change)}) for n, t in config.talks.items()}
    return config.model_copy(update={"talks": talks})
