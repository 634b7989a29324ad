"""Frontier and cooperative solutions: theorems, printed numbers, and brute force over every package."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.solutions import frontier as frontier_module
from sim.solutions import lotteries
from sim.solutions.bargaining import (
    cooperative,
    egalitarian,
    ideal_point,
    kalai_smorodinsky,
    nash,
    utilitarian,
)
from sim.solutions.frontier import Pairs, frontier, hull, pareto_mask

SOLUTIONS = [nash, kalai_smorodinsky, egalitarian, utilitarian]
LOTTERIES = [lotteries.nash, lotteries.kalai_smorodinsky, lotteries.egalitarian, lotteries.utilitarian]

# Small whole numbers make ties and duplicates common, and sums and products exact.
tables = st.integers(1, 12).flatmap(lambda p: arrays(float, (p, 2), elements=st.integers(-4, 5)))
few = settings(max_examples=40, deadline=None)
points = arrays(float, (2,), elements=st.integers(-6, 5))


def pie(n):
    x = np.linspace(0, 1, n + 1)
    return np.stack([x, 1 - x], -1)


def parabola(n=20_000):
    """u2 = 2(1 - u1^2), the curve of the printed solution points."""
    x = np.linspace(0, 1, n + 1)
    return np.stack([x, 2 * (1 - x**2)], -1)


def dominated(p, u):
    return any((q >= p).all() and (q > p).any() for q in u)


# --- frontier -------------------------------------------------------------------------------------------------


@few
@given(tables)
def test_frontier_is_what_dominance_leaves(u):
    efficient = [not dominated(p, u) for p in u]
    assert pareto_mask(u).tolist() == efficient
    lowest = [i for i, ok in enumerate(efficient) if ok and not (u[:i] == u[i]).all(axis=1).any()]
    rows, payoffs = frontier(u).of()
    assert sorted(rows.tolist()) == lowest
    assert (payoffs == u[rows]).all() and (np.diff(payoffs[:, 0]) < 0).all() and (np.diff(payoffs[:, 1]) > 0).all()


@few
@given(tables, st.floats(0.02, 0.98))
def test_hull_loses_no_weighted_sum(u, w):
    """Support function: the hull's corners reach the best weighted sum of all packages, for every weight."""
    corners = hull(u).of()[1]
    assert (corners @ [w, 1 - w]).max() == pytest.approx((u @ [w, 1 - w]).max(), abs=1e-12)


@few
@given(tables)
def test_every_hull_corner_is_the_only_best_for_some_weight(u):
    corners = hull(u).of()[1]
    slopes = -np.diff(corners[:, 0]) / np.diff(corners[:, 1])  # each edge ties at one ratio of weights
    edges = np.concatenate([[0.0], slopes, [np.inf]])
    assert (np.diff(edges) > 0).all()


def test_hull_of_a_curve_keeps_every_point_and_of_a_line_its_ends():
    assert len(hull(parabola(500)).of()[0]) == 501
    assert hull(pie(1000)).of()[0].tolist() == [1000, 0]


# --- printed numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        (nash, (0.577350, 1.333333)),
        (kalai_smorodinsky, (0.618034, 1.236068)),
        (egalitarian, (0.780776, 0.780776)),
        (utilitarian, (0.25, 1.875)),
    ],
)
def test_solution_points_on_the_parabola(solution, expected):
    """u2 = 2(1-u1²), d = 0: 1/√3; golden section; (√17-1)/4; first-order condition 4u1 = 1."""
    assert solution(parabola(), [0, 0]).payoffs == pytest.approx(expected, abs=3e-4)
    mixed = getattr(lotteries, solution.__name__)(parabola(2000), [0, 0])
    assert mixed.payoffs == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("d", "weight", "share"), [((0.1, 0.3), 0.5, 0.4), ((0.1, 0.3), 0.6, 0.46), ((0, -0.5), 0.5, 0.75)]
)
def test_nash_on_a_pie(d, weight, share):
    """Nash (1950): u1 = d1 + a(S-d1-d2); the last threat point lies below every package."""
    assert nash(pie(100), d, weight).payoffs == pytest.approx((share, 1 - share), abs=1e-12)
    assert lotteries.nash(pie(7), d, weight).payoffs == pytest.approx((share, 1 - share), abs=1e-12)


@pytest.mark.parametrize("gamma", [0.3, 0.5, 0.8])
def test_nash_with_risk_aversion(gamma):
    """u1 = x^g, u2 = 1-x: x = g/(1+g)."""
    u = pie(20_000)
    u[:, 0] **= gamma
    assert nash(u, [0, 0]).row / 20_000 == pytest.approx(gamma / (1 + gamma), abs=1e-4)


def test_ideal_point_counts_rational_packages_only():
    """On the parabola with d = (.5, 0) side 1's ideal is 2(1-.25), not 2: the two ideals give other solutions."""
    d = np.array([0.5, 0.0])
    assert ideal_point(parabola(), d) == pytest.approx((1, 1.5), abs=1e-9)
    got = kalai_smorodinsky(parabola(), d).payoffs
    x = (-1.5 + np.sqrt(1.5**2 + 4 * 1.75)) / 2  # (x-.5)/.5 = 2(1-x²)/1.5, that is x² + 1.5x - 1.75 = 0
    assert got == pytest.approx((x, 2 * (1 - x**2)), abs=3e-4)
    over_all = np.sqrt(3) - 1  # (x-.5)/.5 = 2(1-x²)/2, that is x² + 2x - 2 = 0
    assert abs(got[0] - over_all) > 0.01


# --- brute force -----------------------------------------------------------------------------------------------


def best_row(u, d, key):
    """Lexicographically best individually rational package by plain search, or -1."""
    rational = [(key(p - d), -i) for i, p in enumerate(u) if (p >= d).all()]
    return -max(rational)[1] if rational else -1


@few
@given(tables, points)
def test_solutions_match_plain_search_ties_included(u, d):
    rational = u[(u >= d).all(axis=1)]
    ideal = rational.max(axis=0) - d if len(rational) else np.ones(2)

    def shares(g):
        return tuple(sorted(g[i] / ideal[i] if ideal[i] > 0 else 1.0 for i in (0, 1)))

    keys = [
        lambda g: (g[0] * g[1], g.sum()),
        shares,
        lambda g: (g.min(), g.max()),
        lambda g: (g.sum(), g.min()),
    ]
    for solution, key, same in zip(SOLUTIONS, keys, cooperative(u, d)):
        got = solution(u, d)
        row = best_row(u, d, key)
        assert got.row == row == same.row and got.zone == (row >= 0)
        assert (got.payoffs == u[row]).all() if row >= 0 else np.isnan(got.payoffs).all()


def test_ties_that_rounding_would_break():
    """0.1·0.3 and 0.3·0.1 shifted by a threat point differ in the last bit; the lowest row must still win."""
    base = np.array([[0.3, 0.1], [0.1, 0.3]])
    for d in ([0.7, 0.7], [1e3, 1e3], [0.1 + 0.2, 0.3]):
        for order in ([0, 1], [1, 0]):
            u = (base + d)[order]
            assert nash(u, d).row == 0 and kalai_smorodinsky(u, d).row == 0
            assert egalitarian(u, d).row == 0 and utilitarian(u, d).row == 0


def test_equal_sums_go_to_the_more_equal_package():
    u = np.array([[0.0, 4.0], [1.0, 3.0], [2.0, 2.0], [4.0, 0.0]])
    assert utilitarian(u, [0, 0]).row == 2 and nash(u, [0, 0]).row == 2
    assert lotteries.utilitarian(u, [0, 1]).payoffs == pytest.approx((1.5, 2.5))


def test_a_sure_package_is_drawn_with_certainty():
    """A corner in the middle of the hull: whichever edge finds it, it is one package with weight 1."""
    u = np.array([[1.0, 9.0], [7.0, 7.0], [9.0, 1.0]])
    for solution in LOTTERIES:
        got = solution(u, [0, 0])
        assert got.rows.tolist() == [1, 1] and got.weight == 1 and got.payoffs.tolist() == [7, 7]
    mixed = lotteries.nash(u, [0, 8])  # u0 (u1-8) on u1 = 7 + (7-u0)/3 is largest at u0 = 2
    assert mixed.rows.tolist() == [1, 0] and mixed.weight == pytest.approx(1 / 6)


def test_a_side_with_nothing_to_gain_does_not_bind():
    u = np.array([[0.0, 1e-10], [5.0, 0.0]])
    assert kalai_smorodinsky(u, [0, 0]).row == 1 and kalai_smorodinsky(u[:, ::-1], [0, 0]).row == 1
    assert lotteries.kalai_smorodinsky(u, [0, 0]).payoffs == pytest.approx((5, 0), abs=1e-9)
    assert lotteries.kalai_smorodinsky(u[:, ::-1], [0, 0]).payoffs == pytest.approx((0, 5), abs=1e-9)


@few
@given(tables, points, st.sampled_from([0.5, 0.3, 0.8]))
def test_lotteries_beat_every_mixture_of_two_packages(u, d, weight):
    t = np.linspace(0, 1, 13)[:, None]
    mixed = np.concatenate([t * p + (1 - t) * q for p in u for q in u])
    gains = (mixed - d)[((mixed - d) >= 0).all(axis=1)]
    got = lotteries.nash(u, d, weight)
    if not got.zone:
        assert len(gains) == 0 and (got.rows == -1).all()
        return
    g = np.maximum(got.payoffs - d, 0)
    p = got.weight
    assert got.payoffs == pytest.approx(p * u[got.rows[0]] + (1 - p) * u[got.rows[1]], abs=1e-12)
    if len(gains):
        best = (gains[:, 0] ** weight * gains[:, 1] ** (1 - weight)).max()
        assert g[0] ** weight * g[1] ** (1 - weight) >= best - 1e-9
        assert np.maximum(lotteries.egalitarian(u, d).payoffs - d, 0).min() >= gains.min(axis=1).max() - 1e-9
        assert (lotteries.utilitarian(u, d).payoffs - d).sum() >= gains.sum(axis=1).max() - 1e-9


@few
@given(tables, points)
def test_lottery_kalai_smorodinsky_is_on_the_line_to_its_ideal_point(u, d):
    got = lotteries.kalai_smorodinsky(u, d)
    if not got.zone:
        return
    ends = [lotteries.utilitarian(u * scale, d * scale).payoffs / scale for scale in ([1e6, 1], [1, 1e6])]
    ideal = np.array([ends[0][0], ends[1][1]]) - d  # a huge weight on one side finds that side's best lottery
    if (ideal > 1e-6).all():
        share = (got.payoffs - d) / ideal
        assert share[0] == pytest.approx(share[1], abs=1e-5)


# --- axioms -----------------------------------------------------------------------------------------------------


@few
@given(tables, points, st.tuples(*[st.sampled_from([0.5, 2.0, 8.0])] * 2), points)
def test_scale_invariance(u, d, scale, shift):
    """Nash and Kalai-Smorodinsky do not care how each side measures utility (axiom of both papers)."""
    for solution in (nash, kalai_smorodinsky):
        if solution is nash and scale[0] != scale[1]:
            same_product = nash(u * scale + shift, d * scale + shift)
            first = nash(u, d)
            g, h = u[first.row] - d, u[same_product.row] - d
            assert not first.zone or g[0] * g[1] == h[0] * h[1]  # its tie rule alone compares sums
        else:
            assert solution(u * scale + shift, d * scale + shift).row == solution(u, d).row


@few
@given(tables, points)
def test_side_swap_swaps_payoffs_up_to_ties(u, d):
    for solution in SOLUTIONS:
        a, b = solution(u, d), solution(u[:, ::-1], d[::-1])
        assert a.zone == b.zone
        if a.zone:
            assert sorted(a.payoffs - d) == sorted(b.payoffs[::-1] - d) or solution is kalai_smorodinsky


@few
@given(tables, points, st.randoms(use_true_random=False))
def test_nash_ignores_irrelevant_packages(u, d, random):
    chosen = int(nash(u, d).row)
    if chosen >= 0:
        keep = sorted({chosen, *random.sample(range(len(u)), random.randint(0, len(u) - 1))})
        assert keep[int(nash(u[keep], d).row)] == chosen


@few
@given(tables, points)
def test_more_packages_never_hurt_the_poorer_side(u, d):
    """Egalitarian monotonicity (Kalai 1977)."""
    part = egalitarian(u[: max(1, len(u) // 2)], d)
    if part.zone:
        assert (egalitarian(u, d).payoffs - d).min() >= (part.payoffs - d).min() - 1e-9


def test_weight_moves_nash_from_one_end_to_the_other():
    shares = nash(pie(1000), [0, 0], np.linspace(0.001, 0.999, 50)).payoffs[:, 0]
    assert (np.diff(shares) >= 0).all() and shares[0] < 0.01 and shares[-1] > 0.99


# --- what should not matter ---------------------------------------------------------------------------------------


def results(u, d, w):
    found = [nash(u, d, w), *cooperative(u, d)[1:], *(s(u, d) for s in LOTTERIES)]
    return [x for point in found for x in point]


@pytest.mark.parametrize("block", [1, 7, 300, 10**9])
def test_same_bytes_whatever_the_batch(monkeypatch, block):
    rng = np.random.default_rng(0)
    u, d, w = rng.normal(size=(40, 30, 2)), rng.normal(size=(40, 2)) - 0.5, rng.uniform(0.1, 0.9, 40)
    w[::2] = 0.5
    whole = results(u, d, w)
    monkeypatch.setattr(frontier_module, "BLOCK", block)
    for a, b in zip(whole, results(u, d, w)):
        np.testing.assert_array_equal(a, b)
    for m in (0, 17, 38):
        for a, b in zip(whole, results(u[m], d[m], w[m])):
            np.testing.assert_array_equal(a[m], b)


def test_pairs_are_tables_of_types():
    rng = np.random.default_rng(1)
    u0, u1 = rng.integers(-3, 9, (5, 40)).astype(float), rng.integers(-3, 9, (7, 40)).astype(float)
    a, b, d = rng.integers(0, 5, 200), rng.integers(0, 7, 200), rng.normal(size=(200, 2))
    u = np.stack([u0[a], u1[b]], -1)
    for x, y in zip(results(Pairs(u0, u1, a, b), d, 0.4), results(u, d, 0.4)):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(pareto_mask(Pairs(u0, u1, a, b)), pareto_mask(u))
    assert len(frontier(Pairs(u0, u1, a, b)).start) <= 36  # a pair of types is reduced once, not once a world


def test_one_table_many_threat_points():
    d = np.random.default_rng(2).uniform(0, 0.5, (6, 4, 2))
    got = nash(pie(50), d)
    assert got.row.shape == (6, 4) and got.payoffs.shape == (6, 4, 2)
    assert got.row[3, 2] == nash(pie(50), d[3, 2]).row


def test_no_zone_is_named_not_guessed():
    got = nash(pie(10), [[0.6, 0.6], [0.2, 0.2], [1.0, 0.0]])
    assert got.row.tolist() == [-1, 5, 10] and got.zone.tolist() == [False, True, True]
    assert np.isnan(got.payoffs[0]).all() and np.isnan(ideal_point(pie(10), [0.6, 0.6])).all()


def test_a_lottery_can_find_a_zone_that_packages_do_not():
    u = np.array([[0.0, 4.0], [4.0, 0.0]])
    assert not nash(u, [1, 1]).zone
    assert lotteries.nash(u, [1, 1]).payoffs.tolist() == [2, 2]


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: frontier(np.empty((0, 2))), "empty"),
        (lambda: frontier(np.empty((0, 3, 2))), "empty"),
        (lambda: frontier(np.ones((3, 3))), "packages, 2"),
        (lambda: nash([[1.0, np.nan]], [0, 0]), "not a payoff"),
        (lambda: frontier([[np.inf, 0.0]]), "not a payoff"),
        (lambda: nash([[1.0, 1.0]], [0, np.nan]), "threat point"),
        (lambda: nash([[1.0, 1.0]], [0.0]), "threat point"),
        (lambda: nash([[1.0, 1.0]], [0, 0], 1.0), "weight: 1.0 is outside"),
        (lambda: lotteries.nash([[1.0, 1.0]], [0, 0], 0.0), "weight: 0.0 is outside"),
        (lambda: nash([[1.0, 1.0]], [0, 0], np.nan), "weight"),
        (lambda: nash(np.ones((3, 2, 2)), np.zeros((4, 2))), "do not fit"),
        (lambda: frontier(Pairs(np.ones((2, 3)), np.ones((2, 3)), [0, 2], [0, 0])), "pairs.a"),
        (lambda: frontier(Pairs(np.ones((2, 3)), np.ones((2, 4)), [0], [0])), "packages alike"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says) as caught:
        call()
    assert len(str(caught.value).splitlines()) <= 6
