"""What bargaining theory predicts for a talk: one row a concept, on the very packages the agents negotiate over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.meeting import Meeting
from sim.ranking import from_micro
from sim.solutions import bargaining, lotteries, private, subgame
from sim.solutions.frontier import frontier
from sim.table import SIDES

NO_ZONE = "no zone of agreement: no package is worth no deal or more to both"


@dataclass(frozen=True)
class Concept:
    """A prediction: its payoffs (demander, partner), package row (-1: none or a mixture), and what it assumes."""

    talk: str
    key: str
    label: str
    payoffs: tuple[float, float]
    row: int
    assumes: str
    note: str = ""


def concepts(meeting: Meeting) -> list[Concept]:
    """Return the predictions for one talk between average types; payoffs are NaN where a concept has none."""
    f, floor = frontier(meeting.u), meeting.no_deal()
    coop = bargaining.cooperative(f, floor)
    limit = meeting.short_rounds()
    patient = bargaining.nash(f, limit.point, limit.weight)
    point = "threat point: expected no deal"
    ks = coop.kalai_smorodinsky
    power = f"short rounds, no deadline; demander's weight {float(limit.weight):.2f}; threat point: flows while talking"
    rows = [
        Concept(
            meeting.name, "no_deal", "No deal (expected)", _pair(floor), -1, "demander by resolve, partner by belief"
        ),
        _point(meeting, "nash", "Nash", coop.nash, f"equal power; {point}"),
        _point(meeting, "kalai_smorodinsky", "Kalai-Smorodinsky", ks, f"equal shares of the ideal gains; {point}"),
        _point(meeting, "egalitarian", "Egalitarian", coop.egalitarian, f"equal gains in bn USD; {point}"),
        _point(meeting, "utilitarian", "Utilitarian", coop.utilitarian, "largest joint gain, neither below no deal"),
        _lottery(meeting, lotteries.nash(f, floor), point),
        _point(meeting, "nash_patience", "Nash, weights by patience", patient, power),
    ]
    rows += [_played(meeting, *case) for case in _games(meeting)]
    return rows + _screens(meeting)


def _pair(values) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _point(meeting: Meeting, key: str, label: str, found, assumes: str) -> Concept:
    note = "" if bool(found.zone) else NO_ZONE
    return Concept(meeting.name, key, label, _pair(found.payoffs), int(found.row), assumes, note)


def _lottery(meeting: Meeting, found, point: str) -> Concept:
    zone, (one, two) = bool(found.zone), map(int, found.rows)
    note = NO_ZONE
    if zone:
        mixed = one != two
        note = f"package {one} with {100 * float(found.weight):.0f} %, else {two}" if mixed else ""
    row = one if zone and one == two else -1
    assumes = f"equal power, lotteries allowed; {point}"
    return Concept(meeting.name, "nash_lottery", "Nash with lotteries", _pair(found.payoffs), row, assumes, note)


def _games(meeting: Meeting):
    """Yield (key, label, rules, assumption) of the games to solve: as configured, and both parities."""
    protocol, game = meeting.protocol, meeting.game()
    drawn = protocol.proposer == "drawn"
    who = "proposer drawn each round" if drawn else f"proposers in turn, {protocol.proposer.replace('_', ' ')}"
    yield "subgame_perfect", "Subgame-perfect", game, f"both rational, all known; {protocol.rounds} rounds, {who}"
    if drawn:
        for first, word in enumerate(("demander", "partner")):
            last = word if protocol.rounds % 2 else ("partner", "demander")[first]
            rules = game._replace(proposer=subgame.alternating(protocol.rounds, first))
            assumes = f"both rational, all known; in turn, so the {last} speaks last"
            yield f"subgame_perfect_{word}_first", f"Subgame-perfect, {word} first", rules, assumes


def _played(meeting: Meeting, key: str, label: str, game: subgame.Game, assumes: str) -> Concept:
    found = subgame.subgame_perfect(meeting.u, game)
    row, expired = int(found.row), float(found.expired)
    note = f"no deal by the deadline with {100 * expired:.0f} %" if expired > 1e-9 else ""
    if row < 0 and not note:
        note, row = _first_deal(found)
    return Concept(meeting.name, key, label, _pair(found.payoffs), row, assumes, note)


def _first_deal(found) -> tuple[str, int]:
    """Say which packages are agreed first, and give the row if both proposers would offer the same."""
    first = int(np.argmax(np.add.reduce(found.agreed, axis=-1) > 0))
    rows = [int(r) for r in found.offer[first]]
    if rows[0] == rows[1]:
        return ("" if first == 0 else f"agreed in round {first + 1}"), rows[0]
    said = [f"package {row}" if row >= 0 else "no offer" for row in rows]
    return f"round {first + 1}: {said[0]} if the demander proposes, {said[1]} if the partner", -1


def _screens(meeting: Meeting) -> list[Concept]:
    """Return the best take-it-or-leave-it package of each side against the other's private types."""
    table, out = meeting.table, []
    for side, word in zip(SIDES, ("demander", "partner")):
        other = 1 - side
        floors = from_micro(table.no_deal(other, meeting.chance[other]))
        probs = table.types[other].probability
        found = private.screen_packages(
            meeting.u[:, side], table.utility(other), float(meeting.no_deal()[side]), floors, probs
        )
        worth = float(np.add.reduce(probs * found.value1))
        payoffs = (float(found.value), worth) if side == 0 else (worth, float(found.value))
        label, note = f"Screening by the {word}", f"refused with {100 * (1 - float(found.deal)):.0f} %"
        assumes = "one offer, take it or leave it; the other's type is private"
        row = int(found.row)
        out.append(Concept(meeting.name, f"screening_{word}", label, payoffs, row, assumes, note))
    return out


def frame(rows: list[Concept], tables: dict) -> pd.DataFrame:
    """Return concepts as a table: talk, concept, label, package, payoffs, share of the surplus, levels, assumes, note.

    `tables` maps a talk's name to its payoff table, for the levels of each package's issues, as shown.
    """
    floor = {c.talk: c.payoffs for c in rows if c.key == "no_deal"}
    out = []
    for c in rows:
        grid = tables[c.talk].grid
        gain = np.array(c.payoffs) - np.array(floor[c.talk])
        total = gain.sum()
        share = gain[0] / total if c.key != "no_deal" and np.isfinite(total) and total > 1e-9 else np.nan
        levels = (
            {i.column: float(i.shown[grid.index[c.row, k]]) for k, i in enumerate(grid.issues)} if c.row >= 0 else {}
        )
        out.append(
            {"talk": c.talk, "concept": c.key, "label": c.label, "package": c.row if c.row >= 0 else None,
             "demander_utility": c.payoffs[0], "partner_utility": c.payoffs[1], "demander_surplus_share": share,
             **levels, "assumes": c.assumes, "note": c.note}
        )  # fmt: skip
    table = pd.DataFrame(out)
    last = ["assumes", "note"]
    return table[[c for c in table if c not in last] + last].astype({"package": "Int64"})


def nearest(rows: list[Concept], payoffs: tuple[float, float]) -> tuple[Concept, float] | None:
    """Return the concept with payoffs nearest to some payoffs and the distance, bn USD a year; None without any."""
    found = [c for c in rows if np.isfinite(c.payoffs).all() and c.key != "no_deal"]
    if not found or not np.isfinite(payoffs).all():
        return None
    gaps = [float(np.hypot(c.payoffs[0] - payoffs[0], c.payoffs[1] - payoffs[1])) for c in found]
    best = int(np.argmin(gaps))
    return found[best], gaps[best]
