"""What bargaining theory predicts for a talk: one row a concept, on the very packages the agents negotiate over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.meeting import Meeting
from sim.ranking import from_micro
from sim.results import NOTHING_GAINED
from sim.solutions import bargaining, lotteries, private, subgame
from sim.solutions.frontier import frontier
from sim.table import SIDES

NEVER = 1e-9  # probabilities below are rounding
NO_ZONE = "no zone of agreement: no package is worth no deal or more to both"


@dataclass(frozen=True)
class Concept:
    """A prediction: its payoffs (demander, partner), package row (-1: none or a mixture), and what it assumes.

    `floor` is no deal as the concept has it, where that is not the talk's: with other deals in force, say.
    """

    talk: str
    key: str
    label: str
    payoffs: tuple[float, float]
    row: int
    assumes: str
    note: str = ""
    floor: tuple[float, float] | None = None


def surplus_share(concept: Concept, no_deal: tuple[float, float]) -> float:
    """Return the demander's part of the joint gain over no deal; NaN for no deal and where nothing is gained."""
    gain = np.subtract(concept.payoffs, concept.floor or no_deal)
    total = gain.sum()
    known = concept.key != "no_deal" and np.isfinite(total) and total > NOTHING_GAINED
    return float(gain[0] / total) if known else np.nan


def concepts(meeting: Meeting) -> list[Concept]:
    """Return the predictions for one talk between average types; payoffs are NaN where a concept has none."""
    f, floor = frontier(meeting.within), meeting.no_deal()
    coop = bargaining.cooperative(f, floor)
    limit = meeting.short_rounds()
    patient = bargaining.nash(f, limit.point, limit.weight)
    point = "threat point: each side's expected no deal"
    ks = coop.kalai_smorodinsky
    rows = [
        Concept(meeting.name, "no_deal", "No deal (expected)", _pair(floor), -1, _no_deal(meeting)),
        _point(meeting, "nash", "Nash", coop.nash, f"equal power; {point}"),
        _point(meeting, "kalai_smorodinsky", "Kalai-Smorodinsky", ks, f"equal shares of the ideal gains; {point}"),
        _point(meeting, "egalitarian", "Egalitarian", coop.egalitarian, f"equal gains in bn USD; {point}"),
        _point(meeting, "utilitarian", "Utilitarian", coop.utilitarian, "largest joint gain, neither below no deal"),
        _lottery(meeting, lotteries.nash(f, floor), point),
        _point(meeting, "nash_patience", "Nash, weights by patience", patient, _power(meeting, float(limit.weight))),
    ]
    rows += [_played(meeting, *case) for case in _games(meeting)]
    return [_doubted(meeting, c) for c in rows] + _screens(meeting)


def _pair(values) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _point(meeting: Meeting, key: str, label: str, found, assumes: str) -> Concept:
    bound = "" if meeting.game().outside is None else ", and no less than an outside option"
    note = "" if bool(found.zone) else NO_ZONE + bound
    return Concept(meeting.name, key, label, _pair(found.payoffs), int(found.row), assumes, note)


def _no_deal(meeting: Meeting) -> str:
    if not meeting.has_stick:
        return "no stick: the interim goes on"
    resolve, belief = (f"{100 * chance:.0f} %" for chance in meeting.chance)
    return f"the stick falls with {resolve} (resolve) to the demander, {belief} (belief) to the partner"


def _power(meeting: Meeting, weight: float) -> str:
    """Say what the Nash solution of short rounds without a deadline rests on."""
    point = "flows while talking" + (", and no deal by the hazard" if meeting.protocol.hazard_pct > 0 else "")
    left = "; no agreement below an outside option" if meeting.game().outside is not None else ""
    return f"short rounds, no deadline; demander's weight {weight:.2f}; threat point: {point}{left}"


def _doubted(meeting: Meeting, concept: Concept) -> Concept:
    """Add to a concept's note how many types of each side would rather have no deal than its package."""
    if concept.row < 0:
        return concept
    table, said = meeting.table, [concept.note] if concept.note else []
    for side, word in zip(SIDES, ("demander", "partner")):
        own = table.utility(side)[:, concept.row], from_micro(table.no_deal(side, meeting.chance[side]))
        short = float(np.add.reduce(table.types[side].probability * (own[0] < own[1] - NOTHING_GAINED)))
        if short > 0:
            said.append(f"worse than no deal for {_chance(short)} of the {word}'s types")
    return replace(concept, note="; ".join(said))


def _chance(probability: float) -> str:
    return f"{100 * probability:.0f} %" if probability >= 0.005 else "under 1 %"


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
    if protocol.always is not None:
        who = f"the {('demander', 'partner')[protocol.always]} makes every offer"
    turns = f"{protocol.rounds} rounds, {who}" if protocol.rounds > 1 else f"1 round, {who}"
    if protocol.extends:
        turns += f"; put off with {protocol.extension_chance_pct:g} % at most {protocol.max_extensions} times"
    yield "subgame_perfect", "Subgame-perfect", game, f"both rational, all known; {turns}"
    if drawn:
        for first, word in enumerate(("demander", "partner")):
            last = word if protocol.longest % 2 else ("partner", "demander")[first]
            rules = game._replace(proposer=subgame.alternating(protocol.longest, first))
            assumes = f"both rational, all known; in turn, so the {last} speaks last"
            yield f"subgame_perfect_{word}_first", f"Subgame-perfect, {word} first", rules, assumes


def _played(meeting: Meeting, key: str, label: str, game: subgame.Game, assumes: str) -> Concept:
    found = subgame.subgame_perfect(meeting.u, game)
    row, deal = _first_deal(found)
    note = "; ".join(part for part in (deal, _endings(found)) if part)
    return Concept(meeting.name, key, label, _pair(found.payoffs), row, assumes, note)


def _endings(found) -> str:
    """Say how else than in a deal talks end in equilibrium, and how likely each is."""
    left = np.add.reduce(found.left, axis=0)
    ways = {
        "at the deadline": found.expired,
        "by a collapse": np.add.reduce(found.collapsed),
        "the demander takes its outside option": left[0],
        "the partner takes its outside option": left[1],
    }
    said = [f"{way} with {_chance(float(p))}" for way, p in ways.items() if p > NEVER]
    return "no deal: " + ", ".join(said) if said else ""


def _first_deal(found) -> tuple[int, str]:
    """Return the package agreed (-1: none, or it depends on who proposes), and words on when or on what it depends."""
    first = int(np.argmax(np.add.reduce(found.agreed, axis=-1) > 0))
    rows = {int(found.row)} if found.row >= 0 else {int(row) for row in found.offer[first]}
    if not found.agreed.any():
        return -1, ""
    late = f"agreed in round {first + 1}, not before" if first > 0 else ""
    if len(rows) == 1:
        return rows.pop(), late
    said = [f"package {row}" if row >= 0 else "no offer" for row in map(int, found.offer[first])]
    return -1, f"{late or 'round 1'}: {said[0]} if the demander proposes, {said[1]} if the partner"


def _screens(meeting: Meeting) -> list[Concept]:
    """Return the best take-it-or-leave-it package of each side against the other's private types."""
    table, out = meeting.table, []
    for side, word in zip(SIDES, ("demander", "partner")):
        other = 1 - side
        floors = from_micro(table.no_deal(other, meeting.chance[other]))
        option = table.stakes.agenda.stick.outside[other]
        floors = floors if option is None else np.maximum(floors, option)
        probs = table.types[other].probability
        found = private.screen_packages(
            meeting.u[:, side], table.utility(other), float(meeting.no_deal()[side]), floors, probs
        )
        worth = float(np.add.reduce(probs * found.value1))
        payoffs = (float(found.value), worth) if side == 0 else (worth, float(found.value))
        label, refused = f"Screening by the {word}", 1.0 - float(found.deal)
        note = f"refused with {_chance(refused)}" if refused > NEVER else "no type refuses"
        note = note if found.row >= 0 else "no package is worth offering: no deal"
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
        share = surplus_share(c, floor[c.talk])
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
