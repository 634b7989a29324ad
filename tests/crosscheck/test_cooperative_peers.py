"""Frontier and cooperative solutions against NegMAS, where its conventions are the usual ones.

Where they are not (0.16, read from its source; the last test shows each):
- a disagreement payoff below a side's worst outcome is replaced by that worst outcome;
- Kalai-Smorodinsky minimises the difference of the shares, over ideals of all outcomes rather than the rational ones;
  it agrees where some efficient outcome gives equal shares and the ideals are rational;
- ties are all returned: its egalitarian point is not leximin.
"""

import numpy as np
import pytest

from sim.solutions.bargaining import egalitarian, kalai_smorodinsky, nash, utilitarian
from sim.solutions.frontier import frontier, pareto_mask

negmas = pytest.importorskip("negmas", reason="negmas is not installed; see constraints-peers.txt")
pytestmark = pytest.mark.peers


def ufuns(u, d):
    """The table as two NegMAS utility functions over outcomes (0,), (1,), … with reserved values d."""
    outcomes = [(k,) for k in range(len(u))]
    issue = negmas.outcomes.make_issue(len(u))
    functions = [
        negmas.preferences.MappingUtilityFunction(
            dict(zip(outcomes, u[:, side].tolist())), issues=[issue], reserved_value=float(d[side])
        )
        for side in (0, 1)
    ]
    return functions, outcomes


def peer(u, d, name):
    """Payoffs of NegMAS's solution `name`, every tie kept."""
    functions, outcomes = ufuns(u, d)
    points, _ = negmas.preferences.pareto_frontier(functions, outcomes)
    found = getattr(negmas.preferences, name)(functions, points, outcomes=outcomes)
    return [tuple(np.round(point, 9)) for point, _ in found]


def draw(seed):
    """A table of whole numbers with a threat point inside it, so that some package is strictly better for both."""
    rng = np.random.default_rng(seed)
    u = rng.integers(0, 60, (rng.integers(2, 80), 2)).astype(float)
    best = u[rng.integers(len(u))]
    d = np.maximum(u.min(axis=0), best - rng.integers(1, 20, 2))
    return (u, d) if (d < best).all() else (u, u.min(axis=0) + 0.0)


@pytest.mark.parametrize("seed", range(25))
def test_frontier(seed):
    u, _ = draw(seed)
    functions, outcomes = ufuns(u, (0, 0))
    points, _ = negmas.preferences.pareto_frontier(functions, outcomes)
    assert (
        {tuple(p) for p in points} == {tuple(p) for p in frontier(u).of()[1]} == {tuple(p) for p in u[pareto_mask(u)]}
    )


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    ("solution", "name"), [(nash, "nash_points"), (egalitarian, "kalai_points"), (utilitarian, "max_welfare_points")]
)
def test_solutions_inside_a_zone(seed, solution, name):
    u, d = draw(seed)
    ours = solution(u, d)
    assert ours.zone and tuple(ours.payoffs) in peer(u, d, name)


@pytest.mark.parametrize("seed", range(25))
def test_kalai_smorodinsky_where_an_equal_share_exists(seed):
    """Ideals (a, b) at the ends of the frontier, threat point at its corner, and one package at equal shares."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(10, 100, 2).astype(float)
    x = rng.uniform(0, 1, 40)
    cloud = np.stack([a * x, b * (1 - x) * rng.uniform(0.3, 1, 40)], -1)
    u = np.concatenate([[[a, 0.0], [0.0, b], [0.75 * a, 0.75 * b]], cloud])
    assert tuple(np.round(kalai_smorodinsky(u, (0, 0)).payoffs, 9)) in peer(u, (0, 0), "ks_points")


def test_where_conventions_part():
    """The differences of the head of this page, one table each; ours is what the papers say."""
    u = np.array([[0.0, 10.0], [4.0, 9.0], [6.0, 4.0], [10.0, 0.0]])
    below = (0.0, -30.0)
    assert tuple(nash(u, below).payoffs) == (10, 0) and peer(u, below, "nash_points") == [(4, 9)]
    tied = peer(u, (0, 0), "kalai_points")
    assert sorted(tied) == [(4, 9), (6, 4)] and tuple(egalitarian(u, (0, 0)).payoffs) == (4, 9)
    assert peer(u, (0, 0), "ks_points") == [(6, 4)]  # shares .6 and .4 are nearer each other than .4 and .9
    assert tuple(kalai_smorodinsky(u, (0, 0)).payoffs) == (4, 9)  # but nobody's share may be worse; a tie, by the other
    assert peer(u, (9.0, 9.5), "nash_points") == [] and not nash(u, (9.0, 9.5)).zone
