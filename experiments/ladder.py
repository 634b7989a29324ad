"""Sticks as theory weighs them: a ladder of tariffs against answers, which rungs are credible, what belief buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.concepts import Concept
from experiments.meeting import Meeting
from sim.digest import type_average
from sim.payoffs import utility
from sim.solutions import bargaining, credibility, strikes, subgame, threats
from sim.table import SIDES

STEPS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # rungs as parts of the announced threat
ANSWERS = (("no answer", 0.0), ("half", 0.5), ("mirrored", 1.0))  # partner's tariff as a part of what it faces;
# without an answer its interim tariff stays
BELIEFS = (0.0, 0.5, 1.0)
NO_STRIKE = 1e-6  # of the joint surplus: what costs the partner less is no strike


@dataclass(frozen=True, eq=False)
class Ladder:
    """Rungs (M) of a threat against answers (A): payoffs (M, A) of both sides, and what theory makes of them."""

    rungs: np.ndarray  # (M,) announced rate, share on top of the status quo
    payoffs: tuple[np.ndarray, np.ndarray]  # (M, A) demander, partner: bn USD a year
    withheld: np.ndarray  # (2,) the interim left in place
    found: credibility.Rungs  # partner answers as suits it best
    unanswered: credibility.Rungs  # partner does not answer


def ladder(assessor, meeting: Meeting) -> Ladder | None:
    """Return the ladder of a talk's stick; None where the talk has no tariff threat or no economy."""
    agenda = meeting.table.stakes.agenda
    stick = agenda.stick
    if assessor.economy is None or stick.threat <= stick.interim:
        return None
    rungs = np.array([s * stick.threat for s in STEPS if s * stick.threat > stick.interim + 1e-9])
    hits = [stick.effective(rung) for rung in rungs]
    rates = [(hit, part * hit if part > 0 else stick.interim_answer) for hit in hits for _, part in ANSWERS]
    parts = assessor.sticks(agenda.name, rates)
    shape = (len(rungs), len(ANSWERS))
    payoffs = tuple(
        type_average(meeting.table, side, utility(meeting.table.types[side], parts[side])).reshape(shape)
        for side in SIDES
    )
    none = np.zeros(len(rungs), dtype=int)
    return Ladder(
        rungs,
        payoffs,
        meeting.impasse,
        credibility.rungs(meeting.impasse, *payoffs),
        credibility.rungs(meeting.impasse, *payoffs, answers=none),
    )


def rational_threats(meeting: Meeting, rungs: Ladder | None) -> list[Concept]:
    """Return Nash's rational threats over the ladder, the interim among them: no side payments, mixing allowed."""
    if rungs is None:
        return []
    a, b = (np.vstack([np.full((1, p.shape[1]), rungs.withheld[side]), p]) for side, p in zip(SIDES, rungs.payoffs))
    found = threats.frontier_threats(a, b, meeting.within)
    zone = bool(found.zone)
    pick = int(np.argmax(found.threat0)) if zone else -1
    words = (
        "to leave the interim in place" if pick == 0 else f"{100 * rungs.rungs[pick - 1]:g} %" if pick > 0 else "none"
    )
    reply = ANSWERS[int(np.argmax(found.threat1))][0] if zone else ""
    note = "threats: " + (words if pick == 0 else f"{words} against {reply}")
    note = note if zone else "threats leave no zone of agreement"
    payoffs = tuple(float(v) for v in found.payoffs)
    assumes = "threats chosen to be carried out for certain; lotteries over packages"
    return [Concept(meeting.name, "rational_threats", "Rational threats (Nash 1953)", payoffs, -1, assumes, note)]


def belief_rows(meeting: Meeting) -> list[tuple[float, tuple[float, float], tuple[float, float]]]:
    """Return (belief, Nash payoffs, subgame-perfect payoffs) if both give the stick no chance, half, certainty."""
    out = []
    for belief in BELIEFS:
        chance = np.full(2, belief)
        nash = bargaining.nash(meeting.within, meeting.no_deal(chance)).payoffs
        played = subgame.subgame_perfect(meeting.u, meeting.game(chance=chance)).payoffs
        out.append((belief, tuple(map(float, nash)), tuple(map(float, played))))
    return out


def strike_range(meeting: Meeting) -> tuple[float, float] | None:
    """Return the range of the demander's payoff, bn USD a year, that strikes can support as equilibria.

    Haller & Holden (1990), as if the joint surplus over the stick could be shared as money, offers alternated, the
    demander first, and a strike meant a round of the stick. Here peace, the interim, leaves part of the surplus
    unused, so without strikes the demander gets Rubinstein's share at the flows of peace, more than its flow: that is
    the low end, and what it falls back to if a due strike does not come. None where the theory does not apply.
    """
    pie = float(np.max(np.add.reduce(meeting.u, axis=-1)) - meeting.stick.sum())
    peace = (meeting.impasse - meeting.stick) / pie if pie > 0 else np.full(2, np.nan)
    if not (peace[0] >= 0 and peace[1] > NO_STRIKE and peace.sum() <= 1):
        return None
    d0, d1 = meeting.patience()
    found = strikes.strike_range(peace[0], (d0, d1)) if max(d0, d1) < 1 else None
    if found is None or not bool(found.known):
        return None
    low = (1 - (1 - d1) * peace[1] - d1 * (1 - (1 - d0) * peace[0])) / (1 - d0 * d1)
    refused, calm = ((1 - d0) * peace[0] + d0 * x for x in (float(found.high), low))  # what the partner must offer
    strikes_pay = bool(found.credible) and d0 * refused >= (1 - d0) * peace[0] + d0 * calm
    ends = low, float(found.high) if strikes_pay else low
    return tuple(float(meeting.stick[0] + share * pie) for share in ends)
