"""Rational threats and credibility: Nash 1953 by hand, enumeration against programme, deviations."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.solutions.bargaining import nash
from sim.solutions.credibility import best_answer, climb, leverage, rungs, yield_by_belief
from sim.solutions.threats import frontier_threats, pure_threats, rational_threats, zero_sum

A = np.array([[0.0, -2.0], [3.0, -1.0]])  # US {none, tariff} x partner {none, retaliate}
B = np.array([[0.0, 1.0], [-6.0, -4.0]])
CURVE = np.linspace(0, 1, 1001)
CURVE = np.stack([CURVE, 2 * (1 - CURVE**2)], axis=-1)
payoffs = st.integers(-4, 4).map(float)


def games(entries=payoffs):
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 4))
    return shapes.flatmap(lambda shape: arrays(float, shape, elements=entries))


def pairs_of_games():
    shapes = st.tuples(st.integers(1, 3), st.integers(1, 3))
    return shapes.flatmap(lambda s: st.tuples(*[arrays(float, s, elements=st.floats(-2, 0, width=16))] * 2))


def kernel_value(matrix):
    """Value by Shapley & Snow 1950: some square kernel's equalising mixes hold against every pure strategy."""
    m, n = matrix.shape
    for size in range(1, min(m, n) + 1):
        for rows in combinations(range(m), size):
            for columns in combinations(range(n), size):
                value = _kernel(matrix, rows, columns)
                if value is not None:
                    return value
    raise AssertionError("no kernel")


def _kernel(matrix, rows, columns):
    square = matrix[np.ix_(rows, columns)]
    size = len(rows)
    system = np.block([[square, -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    if abs(np.linalg.det(system)) < 1e-9:
        return None
    right = np.append(np.zeros(size), 1.0)
    y, x = np.linalg.solve(system, right), np.linalg.solve(_flipped(system), right)
    full_x, full_y = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
    full_x[list(rows)], full_y[list(columns)] = x[:-1], y[:-1]
    if min(full_x.min(), full_y.min()) < -1e-9:
        return None
    holds = (full_x @ matrix).min() >= y[-1] - 1e-9 and (matrix @ full_y).max() <= y[-1] + 1e-9
    return y[-1] if holds else None


def _flipped(system):
    flipped = system.copy()
    flipped[:-1, :-1] = system[:-1, :-1].T
    return flipped


@settings(max_examples=80, deadline=None)
@given(games())
def test_programme_and_enumeration_give_one_value(matrix):
    found = zero_sum(matrix)
    assert found.value == pytest.approx(kernel_value(matrix), abs=1e-8)
    assert found.residual <= 1e-8
    assert (found.row >= 0).all() and (found.column >= 0).all()
    assert found.row.sum() == pytest.approx(1) and found.column.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "matrix, value",
    [
        ([[2, 2], [2, 2]], 2),  # all equal
        ([[1, -1], [1, -1], [-1, 1]], 0),  # duplicate rows
        ([[3, 0, 3], [0, 3, 3], [-9, -9, -9]], 1.5),  # dominated row and column
        ([[5]], 5),
        ([[0, 0, 0]], 0),
        ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], 0),  # stone, paper, scissors
    ],
)
def test_degenerate_games(matrix, value):
    found = zero_sum(matrix)
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.residual <= 1e-9


def test_nash_1953_by_hand():
    """Oracle 5: both carry out; the status quo as threat point would give (2, 2)."""
    found = rational_threats(A, B, 4)
    assert found.value == pytest.approx(3)
    assert found.payoffs == pytest.approx([3.5, 0.5])
    assert found.threat0 == pytest.approx([0, 1]) and found.threat1 == pytest.approx([0, 1])
    assert found.point == pytest.approx([-1, -4])
    pure = pure_threats(A, B, 4)
    assert pure.saddle and pure.payoffs == pytest.approx([3.5, 0.5])


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_chunks_give_the_same_bytes(chunk):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 12, 3, 4))
    packages, sigma, two = rng.uniform(0, 9, (12, 30, 2)), rng.uniform(3, 5, 12), rng.normal(size=(12, 2))
    solves = [
        lambda c: rational_threats(a[c], b[c], sigma[c]),
        lambda c: pure_threats(a[c], b[c], sigma[c]),
        lambda c: frontier_threats(a[c], b[c], packages[c]),
        lambda c: leverage(two[c], a[c, 0, :2]),
        lambda c: rungs(two[c], a[c], b[c])[:-1],
        lambda c: climb(two[c], a[c], b[c]),
    ]
    for solve in solves:
        whole = solve(slice(None))
        for at in range(0, 12, chunk):
            for batch, part in zip(whole, solve(slice(at, at + chunk)), strict=True):
                nan = batch.dtype.kind == "f"
                assert np.array_equal(batch[at : at + chunk], part, equal_nan=nan)


def test_pure_threats_flag_games_without_a_saddle():
    a, b = np.array([[2.0, 0.0], [0.0, 2.0]]), np.zeros((2, 2))
    pure, mixed = pure_threats(a, b, 6), rational_threats(a, b, 6)
    assert not pure.saddle and not mixed.pure
    assert (pure.lower, pure.upper) == (0, 2) and mixed.value == pytest.approx(1)
    assert pure.payoffs == pytest.approx([3, 2])  # sure of 3 and 2: one dollar is left open
    assert (mixed.payoffs >= pure.payoffs - 1e-9).all()


def test_weight_tilts_the_threat_game():
    """With weight α, u0 = d0 + α(σ − d0 − d1) at the threat point, whatever α."""
    for weight in (0.2, 0.5, 0.9):
        found = rational_threats(A, B, 4, weight)
        gain = 4 - found.point.sum()
        assert found.payoffs == pytest.approx([found.point[0] + weight * gain, found.point[1] + (1 - weight) * gain])


def test_no_zone_is_a_mask():
    found = rational_threats(A, B, [4, -9, -4.9, -5.1])  # the threats carried out leave -1 - 4 = -5
    assert found.zone.tolist() == [True, False, True, False]
    assert np.isnan(found.payoffs).all(axis=-1).tolist() == [False, True, False, True]
    assert rational_threats([[3.0]], [[2.0]], [4.9, 5.1]).zone.tolist() == [False, True]


@settings(max_examples=25, deadline=None)
@given(pairs_of_games())
def test_straight_frontier_is_side_payments(pair):
    """Two roads: on the line u0 + u1 = 4, the frontier search must find the linear programme's answer."""
    a, b = pair
    line = frontier_threats(a, b, [[-20, 24], [24, -20]])
    assert line.converged
    assert line.payoffs == pytest.approx(rational_threats(a, b, 4).payoffs, abs=1e-7)


def nash_on(packages, point):
    """Nash payoffs for one threat point, by golden search along every edge of the frontier (brute force)."""
    first, last = packages[:-1, None], packages[1:, None]
    dense = (first + np.linspace(0, 1, 21)[:, None] * (last - first)).reshape(-1, 2)
    gains = np.maximum(dense - point, 0)
    return dense[np.argmax(gains.prod(axis=-1))]


@settings(max_examples=25, deadline=None)
@given(pairs_of_games())
def test_no_threat_beats_the_rational_one_on_a_curve(pair):
    """The definition: against the other's threat, no threat of one's own leads to a better Nash solution."""
    a, b = pair
    found = frontier_threats(a, b, CURVE)
    assert found.converged and found.zone
    u = found.payoffs
    assert nash_on(CURVE, found.point) == pytest.approx(u, abs=2e-3)
    for row in range(a.shape[0]):
        assert nash_on(CURVE, [a[row] @ found.threat1, b[row] @ found.threat1])[0] <= u[0] + 2e-3
    for column in range(a.shape[1]):
        assert nash_on(CURVE, [found.threat0 @ a[:, column], found.threat0 @ b[:, column]])[1] <= u[1] + 4e-3


def test_frontier_solution_on_the_oracle_curve():
    """No threats to choose (1 x 1 at 0): oracle 6's Nash point of u2 = 2(1 − u1²)."""
    found = frontier_threats([[0.0]], [[0.0]], CURVE)
    assert found.payoffs == pytest.approx([0.577350, 1.333333], abs=2e-3)
    assert found.slope == pytest.approx(4 * 0.57735, abs=1e-2)


def test_frontier_corner_and_no_zone():
    corner = frontier_threats([[0.0]], [[0.0]], [[1.0, 1.0]])
    assert corner.zone and corner.payoffs == pytest.approx([1, 1])
    own = np.array([0.0, 5.0, 0.0, 5.0])[:, None, None]  # the last three threats leave a side more than any package
    outside = frontier_threats(own, own[[0, 1, 3, 2]], [[1.0, 2.0], [2.0, 1.0]])
    assert outside.zone.tolist() == [True, False, False, False]
    assert np.isnan(outside.payoffs[1:]).all()


def test_leverage_rules():
    withheld = np.zeros((4, 2))
    carried = np.array([[-5.2, -12.0], [1.0, -3.0], [-1.0, 0.5], [0.0, -2.0]])
    found = leverage(withheld, carried)
    assert found.ratio == pytest.approx([12 / 5.2, np.inf, 0, np.inf])
    assert found.threat.tolist() == [True, True, False, True]
    assert found.credible.tolist() == [False, True, False, True]
    assert found.target_loss == pytest.approx([12, 3, -0.5, 2])
    assert found.holder_loss == pytest.approx([5.2, -1, 1, 0])


def test_prototype_ladder_is_not_credible_against_leaving_ten_percent():
    """Model page, section 8: 10 % gives (3.3, −6.9), 24 % (0.6, −12.4), mirrored (−5.2, −12.0)."""
    found = rungs([3.3, -6.9], [[2.9, 2.9], [0.6, -5.2]], [[-9.3, -9.3], [-12.4, -12.0]])
    assert found.answer.tolist() == [0, 1]  # the partner is a little better off mirroring 24 %
    assert found.credible.tolist() == [False, False] and found.best == -1
    assert found.leverage.holder_loss == pytest.approx([0.4, 8.5])
    assert found.leverage.target_loss == pytest.approx([2.4, 5.1])
    against_nothing = rungs([0, 0], [[3.3], [2.9], [0.6]], [[-6.9], [-9.3], [-12.4]])
    assert against_nothing.credible.all() and against_nothing.best == 0


def test_answers_mechanical_or_best():
    carried0, carried1 = [[5.0, -1.0]], [[-3.0, -4.0]]
    assert rungs([0, 0], carried0, carried1).credible.tolist() == [True]  # answering would cost the target
    assert rungs([0, 0], carried0, carried1, answers=[1]).credible.tolist() == [False]
    assert best_answer([[1.0, 2.0]], [[0.0, 0.0]]).tolist() == [1]  # tie: what suits the holder


def test_best_reply_is_the_best_of_the_rungs_that_can_be_carried_out():
    """Holder's payoffs 1, 3, 3, 5 against 0: two tie once the fourth is ruled out; none is a reply to leaving 6."""
    own, other = [[1.0], [3.0], [3.0], [5.0]], [[-1.0], [-2.0], [-9.0], [-4.0]]
    free, ruled = rungs([0, 0], own, other), rungs([0, 0], own, other, available=[True, True, True, False])
    assert free.best_reply.tolist() == [False, False, False, True] and free.best == 3
    assert ruled.best_reply.tolist() == [False, True, True, False] and ruled.best == 1
    assert ruled.credible.tolist() == [True, True, True, False]
    left = rungs([6, 0], own, other)
    assert not left.credible.any() and not left.best_reply.any() and left.best == -1


def play(withheld, carried0, carried1):
    """The ladder as a plain tree, walked from the root."""

    def target(rung):
        options = [(holder(rung, answer), answer) for answer in range(len(carried0[rung]))]
        return max(options, key=lambda o: (o[0][1], o[0][0], -o[1]))[0]

    def holder(rung, answer):
        stop = (carried0[rung][answer], carried1[rung][answer])
        if rung + 1 == len(carried0):
            return stop
        on = target(rung + 1)
        return on if on[0] > stop[0] else stop

    up = target(0)
    return up if up[0] > withheld[0] else tuple(withheld)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_climbing_is_the_tree_walked(data):
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 3)))
    a, b = (data.draw(arrays(float, shape, elements=payoffs)) for _ in "ab")
    withheld = data.draw(arrays(float, 2, elements=payoffs))
    assert climb(withheld, a, b).payoffs.tolist() == list(play(withheld, a.tolist(), b.tolist()))


def test_a_ladder_is_climbed_through_a_bad_rung():
    found = climb([0, 0], [[-1.0], [4.0]], [[-1.0], [-6.0]])
    assert found.climbs.tolist() == [True, True] and found.reached == 1
    assert rungs([0, 0], [[-1.0], [4.0]], [[-1.0], [-6.0]]).credible.tolist() == [False, True]
    both = climb(np.zeros((2, 2)), [[-1.0], [4.0]], [[-1.0], [-6.0]], answers=[0, 0])
    assert both.payoffs.tolist() == [[4, -6], [4, -6]]


def test_belief_moves_the_split_in_proportion():
    """Oracle 5's stick: threat (0, 0) if not believed gives (2, 2), the carried-out point (3.5, 0.5)."""

    def half(d):
        return np.stack([(4 + d[..., 0] - d[..., 1]) / 2, (4 - d[..., 0] + d[..., 1]) / 2], axis=-1)

    found = yield_by_belief(half, np.zeros((3, 2)), np.array([-1.0, -4.0]))
    assert found.shape == (3, 3, 2)
    assert found[:, 0, 0] == pytest.approx([2, 2.75, 3.5])
    table = np.array([[0.0, 4.0], [1.0, 3.0], [2.0, 2.0], [3.0, 1.0], [4.0, 0.0]])
    talks = yield_by_belief(lambda d: nash(table, d), [0, 0], [0.0, -2.0])
    assert talks.tolist() == [[2, 2], [2, 2], [3, 1]]  # an object holding payoffs; half: 2·3 = 3·2, lowest row


@pytest.mark.parametrize("call, says", [
    (lambda: rational_threats(np.zeros((0, 2)), np.zeros((0, 2)), 1), "nobody can carry out"),
    (lambda: rational_threats([[np.nan]], [[0]], 1), r"payoff0\[0, 0\] is nan"),
    (lambda: rational_threats([[0]], [[0, 1]], 1), "threats and answers"),
    (lambda: rational_threats(A, B, 4, weight=1), "weight = 1.0"),
    (lambda: frontier_threats(A, B, np.zeros((0, 2))), "at least one package"),
    (lambda: rungs([0, 0], A, B, available=[False, False]), "nobody can carry out"),
    (lambda: rungs([0, 0], A, B, answers=[0, 7]), "answers = 7"),
    (lambda: leverage([0, 0], [np.nan, 1]), "nobody can carry out"),
    (lambda: leverage([0, 0, 0], [1, 1, 1]), "holder, target"),
    (lambda: yield_by_belief(lambda d: d, [0, 0], [1, 1], [1.5]), "beliefs = 1.5"),
])  # fmt: skip
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
