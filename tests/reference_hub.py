"""A hub in one world, in plain Python: the loop that attention and changing tables must match.

Offers and answers are those of tests/reference_loop.py; every table comes from an assessor that has seen nothing else,
asked with the rows of the deals that stand.
"""

from dataclasses import dataclass, field

import numpy as np

from sim.assess import Assessor
from tests import reference_loop as plain
from tests.theory_worlds import nash_row


@dataclass
class Spoke:
    """One talk of the hub in this world."""

    name: str
    sides: list
    stakes: object
    ending: str = ""
    row: int = -1
    closed: int = -1
    attended: list = field(default_factory=list)
    earned: list = field(default_factory=lambda: [0.0, 0.0])
    standing: int = -1
    final: tuple = ()
    offers: list = field(default_factory=list)


def play_world(lab, world):
    """Play all talks of a lab with a hub in one world; each talk's Spoke, by name."""
    config = lab.config
    agendas = tuple(own.agenda for own in lab.stakes)
    tables = {}

    def stakes(name, deals):
        key = name, tuple(sorted(deals.items()))
        if key not in tables:
            tables[key] = Assessor(lab.economy, agendas).stakes((name,), deals)[0]
        return tables[key]

    def seats(own):
        players = [(code, config.countries[code].strategy, lab.types[code]) for code in own.agenda.pair]
        return [plain._seat(own, config.protocol, players[s], s, config.seed, world) for s in (0, 1)]

    spokes = {own.agenda.name: Spoke(own.agenda.name, seats(own), own) for own in lab.stakes}
    for turn in range(config.protocol.rounds):
        for name in chosen(lab, spokes, turn, world):
            one_round(config, spokes[name], turn, world)
        for spoke in spokes.values():
            if not spoke.ending or (spoke.ending == "collapse" and spoke.closed == turn + 1):
                for side in spoke.sides:
                    spoke.earned[side.number] += (1 - side.discount) * side.discount**turn * side.impasse / 1e6
        settle(spokes, turn, stakes, seats)
    for spoke in spokes.values():
        if not spoke.ending:
            end(spoke, "deadline", -1, config.protocol.rounds, config, world)
            spoke.standing = sum(s.ending == "deal" for s in spokes.values() if s is not spoke)
    return spokes


def settle(spokes, turn, stakes, seats):
    """Count the deals that stood where a talk has just ended; put open talks on the ground of all deals."""
    old = {n: s.row for n, s in spokes.items() if s.ending == "deal" and s.standing >= 0}
    for spoke in spokes.values():
        if spoke.ending and spoke.standing < 0:
            spoke.standing = len(old)
    deals = {n: s.row for n, s in spokes.items() if s.ending == "deal"}
    for spoke in spokes.values():
        if not spoke.ending and deals != old:
            spoke.stakes = stakes(spoke.name, deals)
            said = [side.said for side in spoke.sides]
            spoke.sides = seats(spoke.stakes)
            for side, own in zip(spoke.sides, said):
                side.said = own


def chosen(lab, spokes, turn, world):
    """The open talks that are sat down to, from the rules."""
    rules, names = lab.config.hub, list(spokes)
    open_ = [n for n in names if not spokes[n].ending]
    if rules.order == "list":
        key = {n: rules.listed.index(n) if n in rules.listed else len(names) + names.index(n) for n in names}
    elif rules.order == "trade":
        key = {n: (-volume(lab, n), names.index(n)) for n in names}
    elif rules.order == "random":
        key = {n: -plain._uniform(lab.config.seed, f"attention:{n}", turn // 4, world, turn % 4) for n in names}
    else:
        key = {n: (-gain(lab, spokes[n]), names.index(n)) for n in names}
    if rules.turns:
        key = {n: (len(spokes[n].attended), key[n]) for n in names}
    return sorted(open_, key=key.get)[: rules.attends]


def volume(lab, name):
    agenda = next(own.agenda for own in lab.stakes if own.agenda.name == name)
    i, j = (lab.economy.names.index(code) for code in agenda.pair)
    flows = lab.economy.flows[0]
    return flows[i, j] + flows[j, i]


def gain(lab, spoke):
    """What the hub's own type gains at the Nash package with the partner's average type, by a scan."""
    agenda, kind = spoke.stakes.agenda, spoke.sides[0].kind
    table = spoke.stakes.table(*(lab.types[code].types for code in agenda.pair))
    chance = table.types[1].probability
    u = np.stack([table.utility(0)[kind], np.einsum("k,kp->p", chance, table.utility(1))], axis=-1)
    floors = table.no_deal(0, agenda.stick.resolve)[kind], (chance * table.no_deal(1, agenda.stick.belief)).sum()
    floor = np.array(floors) / 1e6
    for side, option in enumerate(agenda.stick.outside):
        u = u if option is None else np.where(u[:, side, None] >= option, u, -1e9)
    row = nash_row(u, floor)
    return u[row, 0] - floor[0] if row >= 0 else 0.0


def one_round(config, spoke, turn, world):
    """One round of one talk by the rules of alternating offers."""
    protocol, rounds = config.protocol, config.protocol.rounds
    spoke.attended.append(turn)
    speaker = plain._speaker(protocol, spoke.name, turn, config.seed, world)
    proposer, responder = spoke.sides[speaker], spoke.sides[1 - speaker]
    row = plain._offer(proposer, responder, spoke.stakes.agenda.grid, turn, rounds)
    spoke.offers.append((turn, speaker, row))
    if row >= 0:
        proposer.said.append(row)
        if responder.worth[row] >= plain._acceptable(responder, proposer, turn, rounds):
            return end(spoke, "deal", row, turn, config, world)
    hazard = plain._uniform(config.seed, f"hazard:{spoke.name}", turn // 4, world, turn % 4)
    if hazard * 100.0 < protocol.hazard_pct:
        end(spoke, "collapse", -1, turn + 1, config, world)
    return None


def end(spoke, ending, row, closed, config, world):
    spoke.ending, spoke.row, spoke.closed = ending, row, closed
    falls = plain._uniform(config.seed, f"stick:{spoke.name}", 0, world, 0) < spoke.stakes.agenda.stick.resolve
    ends = [side.worth[row] if row >= 0 else side.carried if falls else side.impasse for side in spoke.sides]
    spoke.final = tuple(value / 1e6 for value in ends)
