"""The tariff war behind the talks: what each economy would charge alone and in a war, and what keeps the peace."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.markdown import markdown_table, number
from sim.economy_arrays import REST
from sim.solutions.best_response import best_response_curve, optimal_tariffs
from sim.solutions.cooperation import Cooperation, SelfEnforcement, cooperative_tariffs, self_enforcement
from sim.solutions.tariff_choices import choices
from sim.solutions.tariff_war import TariffWar, nash_tariffs
from sim.trade import solve

CURVE = np.linspace(0.0, 0.6, 7)  # rival's tariff at which best responses are worked out, share


@dataclass(frozen=True, eq=False)
class War:
    """Nash tariffs of the named economies on each other, and what would avoid them."""

    names: tuple[str, ...]
    players: tuple[int, ...]
    alone: np.ndarray  # (J,) best uniform tariff if nobody answers, share
    nash: TariffWar
    deal: Cooperation  # Nash product over the war
    keeps: SelfEnforcement  # of free trade


def tariff_war(economy) -> War | None:
    """Return the war of a run's economies with balanced trade, ROW standing by; None without an economy or rivals."""
    players = [k for k, name in enumerate(economy.names) if name != REST] if economy is not None else []
    if len(players) < 2:
        return None
    welfare, quo = _welfare(economy)
    named = np.isin(np.arange(len(economy.names)), players)
    rules = {"players": players, "free": named[:, None] & named[None, :]}  # tariffs on and of ROW stand
    choice = choices(len(economy.names), len(economy.sectors), **rules)
    uniform = choices(len(economy.names), len(economy.sectors), **rules, uniform=True)
    war = nash_tariffs(welfare, choice, quo)
    peace = np.where(choice.chosen, 0.0, quo)
    return War(
        tuple(economy.names),
        tuple(players),
        optimal_tariffs(welfare, uniform, quo).rates[:, 0],
        war,
        cooperative_tariffs(welfare, choice, war.tariffs),
        self_enforcement(welfare, choice, peace[None], war.tariffs),
    )


def _welfare(economy):
    """Return the function from tariffs to welfare under balanced trade, and the status quo tariffs."""
    balanced = economy.with_parameters(replace(economy.parameters, closure="balanced"))

    def welfare(tariffs):
        result = solve(balanced, tariffs)
        return result.ev, result.converged

    return welfare, balanced.tariffs


def duels(economy, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Return best responses of each pair to each other, all other tariffs at the status quo, and where they cross.

    Columns: kind (curve, nash), importer, partner, partner_tariff_pct (the partner's on the importer),
    best_tariff_pct (the importer's best on the partner). Whole rates, balanced trade.
    """
    welfare, quo = _welfare(economy)
    rows = []
    for one, two in pairs:
        a, b = economy.index(one), economy.index(two)
        found = best_response_curve(welfare, quo, (a, b), CURVE)
        for who, other, best in ((one, two, found.economy), (two, one, found.partner)):
            rows += [("curve", who, other, 100 * x, 100 * y) for x, y in zip(CURVE, best)]
        free = np.zeros((len(economy.names),) * 2, dtype=bool)
        free[a, b] = free[b, a] = True
        choice = choices(len(economy.names), len(economy.sectors), players=[a, b], free=free)
        rates = nash_tariffs(welfare, choice, quo, starts=2).tariffs
        for who, other, i, j in ((one, two, a, b), (two, one, b, a)):
            rows.append(("nash", who, other, 100 * float(rates[0, i, j]), 100 * float(rates[0, j, i])))
    return pd.DataFrame(rows, columns=["kind", "importer", "partner", "partner_tariff_pct", "best_tariff_pct"])


def war_table(war: War) -> pd.DataFrame:
    """Return one row an economy: best uniform tariff alone, range of war tariffs, welfare, patience needed.

    Columns: economy, alone_pct, war_lowest_pct, war_highest_pct, war_ev_busd, deal_ev_busd, patience_free_trade.
    """
    rows = []
    for k, j in enumerate(war.players):
        own = war.nash.tariffs[:, [i for i in war.players if i != j], j]
        patience = float(war.keeps.patience[0, k])
        values = (100 * float(war.alone[k]), 100 * float(own.min()), 100 * float(own.max()))
        rows.append((war.names[j], *values, float(war.nash.ev[j]), float(war.deal.ev[j]), patience))
    names = ["economy", "alone_pct", "war_lowest_pct", "war_highest_pct", "war_ev_busd", "deal_ev_busd"]
    return pd.DataFrame(rows, columns=[*names, "patience_free_trade"])


def war_text(war: War) -> list[str]:
    """Return the section on the tariff war."""
    table = war_table(war)
    rows = [
        [
            row.economy,
            number(row.alone_pct, 0, " %"),
            f"{row.war_lowest_pct:.0f} to {row.war_highest_pct:.0f} %",
            number(row.war_ev_busd, 0, sign=True),
            number(row.deal_ev_busd, 0, sign=True),
            number(row.patience_free_trade, 2),
        ]
        for row in table.itertuples()
    ]
    head = ["economy", "best tariff, unanswered", "in the war", "welfare in the war", "agreed instead", "patience"]
    gain = float(war.nash.gain.max())
    state = "certified" if war.nash.certified else "NOT certified"
    return [
        "## The tariff war behind the talks",
        "",
        "The economies named in the run set their tariffs on each other to suit themselves; tariffs on and of the rest",
        "of the world stand. Balanced trade, welfare only: another model than the talks above, not to be added to it.",
        f"{state}: the largest gain anyone was found to make alone is {gain:.0e} bn USD a year;",
        f"{war.nash.agree} starts agree.",
        "",
        *markdown_table(head, rows),
        "",
        "Welfare: bn USD a year against the status quo. Agreed instead: tariffs that maximise the Nash product over",
        "the war, none below zero. Patience: discount factor a round above which their free trade keeps itself.",
        "",
    ]
