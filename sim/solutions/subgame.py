"""Subgame-perfect equilibrium of the talks on their packages, by exact backward induction.

One round: the proposer offers a package or passes. Accepted, it is in force from this round on. Otherwise the responder
alone may take the outside option (a pass counts as an offer nobody would take); else the interim flow is earned, talks
collapse with hazard h, or the next round comes. After the last round the deadline payoff. An economy's payoff is
Σ_{r<τ} (1-δ) δ^r flow + δ^τ final. Ståhl (1972), Rubinstein (1982); drawn proposer Binmore (1987).
"""

from typing import NamedTuple

import numpy as np

from sim.solutions.frontier import TOLERANCE, frontier


class ByRound(NamedTuple):
    """Marks a rule of the game that changes by round: values (..., T) or, one a side, (..., T, 2)."""

    values: np.ndarray


class Game(NamedTuple):
    """Rules of the talks of each world. Payoffs in bn USD a year; where both sides differ, each side's own belief."""

    rounds: int  # T
    patience: np.ndarray  # (..., 2) discount factor a round, in (0, 1]
    deadline: np.ndarray  # (..., 2) payoff after the last round
    interim: object = (0.0, 0.0)  # (..., 2) flow while talks go on, or ByRound
    proposer: object = 0.5  # (...,) probability that side 0 proposes, or ByRound (see `alternating`)
    hazard: object = 0.0  # (...,) probability that talks collapse after a rejection, or ByRound
    collapse: object = None  # (..., 2) payoff after a collapse, or ByRound; None: the deadline payoff
    outside: object = None  # (..., 2, 2) payoff of [leaver, side]; -inf for a leaver who cannot leave; None: nobody can


class Equilibrium(NamedTuple):
    """The equilibrium of each world: strategies, values and what happens. Round 0 is the first."""

    offer: np.ndarray  # (..., T, 2) int, row that side p offers when it proposes; -1: it passes
    accept: np.ndarray  # (..., T, 2) least payoff that side i accepts when it responds
    leaves: np.ndarray  # (..., T, 2) bool, side i would take the outside option after no agreement
    value: np.ndarray  # (..., T + 1, 2) payoff expected before a round's proposer is known; last the deadline
    by_proposer: np.ndarray  # (..., T, 2, 2) payoff of [proposer, side]
    agreed: np.ndarray  # (..., T, 2) probability of agreement in a round on the offer of side p
    left: np.ndarray  # (..., T, 2) probability that side i leaves in a round
    collapsed: np.ndarray  # (..., T) probability that talks collapse after a round
    expired: np.ndarray  # (...,) probability that the deadline is reached without a deal
    row: np.ndarray  # (...,) int, package agreed when every proposer is certain; -1: none, or drawn
    round: np.ndarray  # (...,) int, its round; -1 likewise

    @property
    def payoffs(self):
        """Expected payoffs before the first round, (..., 2) bn USD a year."""
        return self.value[..., 0, :]


def alternating(rounds: int, first: int = 0) -> ByRound:
    """Proposers in turn, side `first` in round 0. Rubinstein (1982).

    >>> alternating(3).values.tolist(), alternating(3, first=1).values.tolist()
    ([1.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    """
    return ByRound(((np.arange(rounds) + first) % 2 == 0).astype(float))


def subgame_perfect(u, game: Game) -> Equilibrium:
    """Subgame-perfect equilibrium by backward induction over the rounds of `game`, exact on the packages.

    `u`: (..., P, 2), `Pairs` or `Frontier`. A responder accepts at its continuation minus TOLERANCE and stays when
    leaving is no better than that; a proposer takes its best acceptable package (ties: the other side's payoff, then
    lowest row) when it is at least as good as no agreement, else passes. Ståhl (1972); Shaked & Sutton (1984) for the
    outside option.

    >>> pie = np.stack([np.arange(101), 100 - np.arange(101)], -1) / 100
    >>> e = subgame_perfect(pie, Game(2, (0.9, 0.8), (0., 0.), proposer=alternating(2)))
    >>> e.payoffs.tolist(), e.row.item(), e.round.item()
    ([0.2, 0.8], 20, 0)
    """
    f = frontier(u)
    lead, g = _broadcast(f.table, game)
    first, end = f.start[g.table], f.start[g.table + 1]
    m, rounds = len(g.table), game.rounds
    offer, accept = np.empty((m, rounds, 2), int), np.empty((m, rounds, 2))
    leaves, by_proposer = np.empty((m, rounds, 2), bool), np.empty((m, rounds, 2, 2))
    value = np.empty((m, rounds + 1, 2))
    value[:, -1] = g.deadline
    for r in range(rounds - 1, -1, -1):
        h, delta = g.hazard[:, r, None], g.patience
        stay = (1 - delta) * g.interim[:, r] + delta * (h * g.collapse[:, r] + (1 - h) * value[:, r + 1])
        own = np.stack([g.outside[:, 0, 0], g.outside[:, 1, 1]], axis=-1)
        leaves[:, r] = own > stay + TOLERANCE
        accept[:, r] = np.maximum(own, stay)
        for p in (0, 1):
            refused = np.where(leaves[:, r, 1 - p, None], g.outside[:, 1 - p], stay)
            pick, found = _best_acceptable(f, first, end, p, accept[:, r, 1 - p] - TOLERANCE)
            deal = np.stack([f.u0[pick], f.u1[pick]], axis=-1)
            takes = found & (deal[:, p] >= refused[:, p] - TOLERANCE)
            offer[:, r, p] = np.where(takes, f.row[pick], -1)
            by_proposer[:, r, p] = np.where(takes[:, None], deal, refused)
        q = g.proposer[:, r, None]
        value[:, r] = q * by_proposer[:, r, 0] + (1 - q) * by_proposer[:, r, 1]
    parts = (offer, accept, leaves, value, by_proposer, *_path(g, offer, leaves))
    return Equilibrium(*(x.reshape(lead + x.shape[1:]) for x in parts))


class _Rules(NamedTuple):
    """`Game` with every rule spread over worlds (m,) and rounds."""

    table: np.ndarray
    patience: np.ndarray  # (m, 2)
    deadline: np.ndarray  # (m, 2)
    interim: np.ndarray  # (m, T, 2)
    proposer: np.ndarray  # (m, T)
    hazard: np.ndarray  # (m, T)
    collapse: np.ndarray  # (m, T, 2)
    outside: np.ndarray  # (m, 2, 2)


def _best_acceptable(f, first, end, proposer, bar):
    """Entry that the proposer likes best among those that give the other side at least `bar`, and whether any does."""
    at = first.copy()
    upto = end.copy()
    values = f.u1 if proposer == 0 else f.u0
    while True:  # halve towards the first entry where side 1 has enough, or the first where side 0 has not
        open_ = at < upto
        if not open_.any():
            break
        mid = (at + upto) // 2
        enough = values[np.minimum(mid, end - 1)] >= bar
        below = ~enough if proposer == 0 else enough
        at = np.where(open_ & below, mid + 1, at)
        upto = np.where(open_ & ~below, mid, upto)
    at = at if proposer == 0 else at - 1
    return np.clip(at, first, end - 1), (at >= first) & (at < end)


def _path(g, offer, leaves):
    """Probabilities of how talks end, and the package and round agreed where nothing is drawn."""
    m, rounds = g.proposer.shape
    agreed, left, collapsed = np.zeros((m, rounds, 2)), np.zeros((m, rounds, 2)), np.zeros((m, rounds))
    row, when = np.full(m, -1), np.full(m, -1)
    sure = ((g.proposer <= 0) | (g.proposer >= 1)).all(axis=1)
    reach = np.ones(m)
    for r in range(rounds):
        speaks = np.stack([g.proposer[:, r], 1 - g.proposer[:, r]], axis=-1) * reach[:, None]
        deal = offer[:, r] >= 0
        agreed[:, r] = np.where(deal, speaks, 0.0)
        left[:, r] = np.where(~deal & leaves[:, r, ::-1], speaks, 0.0)[:, ::-1]
        open_ = np.where(deal | leaves[:, r, ::-1], 0.0, speaks).sum(axis=-1)
        collapsed[:, r] = open_ * g.hazard[:, r]
        now = sure & (agreed[:, r].max(axis=-1) > 0)
        row = np.where(now, np.where(g.proposer[:, r] > 0.5, offer[:, r, 0], offer[:, r, 1]), row)
        when = np.where(now, r, when)
        reach = open_ - collapsed[:, r]
    return agreed, left, collapsed, reach, row, when


def _broadcast(table, game):
    """Leading shape, and the rules spread over its worlds and rounds; a rule out of range is a ValueError."""
    if isinstance(game.rounds, bool) or not isinstance(game.rounds, (int, np.integer)) or game.rounds < 1:
        raise ValueError(f"rounds: {game.rounds} is not a number of rounds; give a whole number from 1")
    collapse = game.deadline if game.collapse is None else game.collapse
    outside = [[-np.inf, 0.0], [0.0, -np.inf]] if game.outside is None else game.outside
    t = (game.rounds,)
    wanted = {  # name: value, trailing shape, range, whether it may change by round
        "patience": (game.patience, (2,), "in (0, 1]", False),
        "deadline": (game.deadline, (2,), "finite", False),
        "interim": (game.interim, (2,), "finite", True),
        "proposer": (game.proposer, (), "in [0, 1]", True),
        "hazard": (game.hazard, (), "in [0, 1]", True),
        "collapse": (collapse, (2,), "finite", True),
        "outside": (outside, (2, 2), "a payoff", False),
    }
    rules, leads = {}, [table.shape]
    for name, (x, tail, allowed, turns) in wanted.items():
        x = _rule(name, x, tail, t, turns)
        _check(name, x, allowed)
        if name == "outside":
            _check("outside, the side that is left", x[..., [0, 1], [1, 0]], "finite")
        rules[name] = x
        leads.append(x.shape[: x.ndim - len(tail) - turns])
    try:
        lead = np.broadcast_shapes(*leads)
    except ValueError:
        raise ValueError(f"tables and rules: leading shapes {leads} do not fit together") from None
    spread = {}
    for name, (_, tail, _, turns) in wanted.items():
        tail = (t if turns else ()) + tail
        spread[name] = np.broadcast_to(rules[name], lead + tail).reshape(-1, *tail)
    return lead, _Rules(np.broadcast_to(table, lead).ravel(), **spread)


def _rule(name, x, tail, t, turns):
    """A rule as an array (..., [1 or T,] *tail)."""
    if isinstance(x, ByRound) and not turns:
        raise ValueError(f"{name}: cannot change by round")
    by_round = isinstance(x, ByRound)
    x = np.asarray(x.values if by_round else x, float)
    shape = (t if by_round else ()) + tail
    if x.shape[max(x.ndim - len(shape), 0) :] != shape:
        raise ValueError(f"{name}: shape {x.shape} does not end in {shape}")
    return x if by_round or not turns else np.expand_dims(x, x.ndim - len(tail))


def _check(name, x, allowed):
    """Refuse values outside the range, naming the first."""
    good = {
        "in (0, 1]": (x > 0) & (x <= 1),
        "in [0, 1]": (x >= 0) & (x <= 1),
        "finite": np.isfinite(x),
        "a payoff": ~np.isnan(x) & (x < np.inf),
    }[allowed]
    if not good.all():
        raise ValueError(f"{name}: {x[~good].flat[0]} is out of range; every value must be {allowed}")
