"""Subgame-perfect equilibrium against Gambit: the same rounds drawn as game trees and solved by its own code.

Gambit follows the logit equilibrium from even chances to perfect play, which in a tree of perfect information without
ties ends in the subgame-perfect equilibrium (McKelvey & Palfrey 1998). Its other solvers find Nash equilibria, which
may rest on refusals nobody would carry out; the last test shows them.
"""

import numpy as np
import pytest

from sim.solutions.subgame import ByRound, Game, alternating, subgame_perfect

gambit = pytest.importorskip("pygambit", reason="pygambit is not installed; see constraints-peers.txt")
pytestmark = pytest.mark.peers


def tree(u, game, hazard=0.0):
    """The rounds of `game` as a Gambit tree, payoffs at the leaves discounted to the start; and its proposals."""
    proposals = []
    g = gambit.Game.new_tree(players=["0", "1"])
    delta, flow = np.array(game.patience), np.array(game.interim)
    deadline = np.array(game.deadline)
    chance = np.broadcast_to(game.proposer.values if isinstance(game.proposer, ByRound) else game.proposer, game.rounds)

    def leaf(node, payoffs):
        g.set_outcome(node, g.add_outcome(f"end {len(g.outcomes)}", [float(x) for x in payoffs]))

    def round_(node, r, earned):
        if r == game.rounds:
            return leaf(node, earned + delta**r * deadline)
        q = chance[r]
        if 0 < q < 1:
            g.append_move(node, g.players.chance, ["0 proposes", "1 proposes"])
            g.set_chance_probs(node.infoset, [float(q), float(1 - q)])
            for p, child in enumerate(node.children):
                propose(child, r, p, earned)
        else:
            propose(node, r, 0 if q >= 1 else 1, earned)

    def propose(node, r, p, earned):
        proposals.append((r, p, node))
        g.append_move(node, str(p), [*(f"offer {k}" for k in range(len(u))), "pass"])
        *offers, pass_ = node.children
        for k, child in enumerate(offers):
            g.append_move(child, str(1 - p), ["accept", "refuse"])
            accept, refuse = child.children
            leaf(accept, earned + delta**r * u[k])
            refused(refuse, r, earned)
        refused(pass_, r, earned)

    def refused(node, r, earned):
        earned = earned + (1 - delta) * delta**r * flow
        if hazard > 0:
            g.append_move(node, g.players.chance, ["collapse", "go on"])
            g.set_chance_probs(node.infoset, [hazard, 1 - hazard])
            collapsed, node = node.children
            leaf(collapsed, earned + delta ** (r + 1) * deadline)
        round_(node, r + 1, earned)

    round_(g.root, 0, np.zeros(2))
    return g, proposals


def values(g, profile, node):
    return [float(profile.node_value(player, node)) for player in g.players]


def agrees(u, game, hazard=0.0):
    """Gambit's value of every proposer's node, on the path or off it, is the one of backward induction."""
    g, proposals = tree(u, game, hazard)
    profile = gambit.nash.logit_solve(g, maxregret=1e-6).equilibria[0]
    ours = subgame_perfect(u, game)
    assert values(g, profile, g.root) == pytest.approx(ours.payoffs, abs=1e-4)
    delta, flow = np.array(game.patience), np.array(game.interim)
    for r, p, node in proposals:
        expected = ours.by_proposer[r, p] if r == 0 else (1 - delta) * flow + delta * ours.by_proposer[1, p]
        assert values(g, profile, node) == pytest.approx(expected, abs=1e-3)


def levels(seed, n):
    """n ways to share something, generic so that nobody is ever indifferent."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 1, n))
    return np.stack([x, 1 - x**2 + rng.uniform(0, 0.05, n)], -1)


@pytest.mark.parametrize("first", [0, 1])
def test_two_rounds_of_five_levels(first):
    agrees(levels(first, 5), Game(2, (0.9, 0.8), (0.03, 0.01), (0.11, 0.07), alternating(2, first)))


@pytest.mark.parametrize("seed", range(4))
def test_two_rounds_of_three_levels(seed):
    rng = np.random.default_rng(seed)
    rules = Game(2, rng.uniform(0.3, 1, 2), rng.uniform(-0.2, 0.6, 2), rng.uniform(0, 0.6, 2), alternating(2, seed % 2))
    agrees(levels(seed + 20, 3), rules)


@pytest.mark.parametrize("hazard", [0.0, 0.2])
def test_drawn_proposer_and_collapse(hazard):
    agrees(levels(10, 2), Game(2, (0.85, 0.9), (0.05, 0.02), (0.1, 0.3), 0.35, hazard=hazard), hazard)


def test_other_nash_equilibria_rest_on_refusals_nobody_would_carry_out():
    """One round, two packages: the responder's threat to refuse 1 is Nash, not subgame-perfect."""
    u = np.array([[3.0, 1.0], [1.0, 3.0]])
    game = Game(1, (1.0, 1.0), (0.0, 0.0), proposer=alternating(1))
    g, _ = tree(u, game)
    found = {
        tuple(round(float(profile.payoff(player)), 6) for player in g.players)
        for profile in gambit.nash.enumpure_solve(g).equilibria
    }
    assert found == {(3.0, 1.0), (1.0, 3.0), (0.0, 0.0)}
    assert tuple(subgame_perfect(u, game).payoffs) == (3.0, 1.0)
