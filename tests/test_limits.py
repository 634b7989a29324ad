"""Closed forms of bargaining on a pie against printed numbers and against iteration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.solutions.limits import drawn_proposer, nash_split, outside_option, rubinstein, short_rounds, stahl

few = settings(max_examples=50, deadline=None)
delta = st.floats(0.05, 0.98)


def iterate(patience, rounds, q=None, option=0.0):
    """What side 0 gets with `rounds` rounds to go, by stepping back one round at a time on a divisible pie."""
    v = np.zeros(2)
    for left in range(rounds):
        give0, give1 = patience[0] * v[0], max(patience[1] * v[1], option)
        first, second = np.array([1 - give1, give1]), np.array([give0, 1 - give0])
        if q is None:
            v = first if (rounds - left) % 2 == 1 else second  # side 0 proposes in round 1
        else:
            v = q * first + (1 - q) * second
    return v


@pytest.mark.parametrize(("patience", "share"), [((0.9, 0.9), 0.526316), ((0.9, 0.8), 0.714286)])
def test_rubinstein_printed(patience, share):
    assert rubinstein(patience) == pytest.approx((share, 1 - share), abs=5e-7)


@few
@given(delta, delta)
def test_rubinstein_is_the_fixed_point_of_alternation(d0, d1):
    assert rubinstein([d0, d1]) == pytest.approx(iterate((d0, d1), 2001), abs=1e-9)
    x, y = rubinstein([d0, d1])[0], rubinstein([d1, d0])[0]  # each responder is left just indifferent
    assert 1 - x == pytest.approx(d1 * y) and 1 - y == pytest.approx(d0 * x)


@few
@given(delta, delta, st.integers(1, 12))
def test_stahl_is_backward_induction(d0, d1, rounds):
    assert stahl([d0, d1], rounds) == pytest.approx(iterate((d0, d1), rounds), abs=1e-12)


def test_stahl_printed_and_its_limit():
    assert stahl([0.9, 0.8], np.arange(1, 6))[:, 0] == pytest.approx([1, 0.2, 0.92, 0.344, 0.8624], abs=1e-12)
    assert stahl([0.9, 0.8], 400) == pytest.approx(rubinstein([0.9, 0.8]), abs=1e-12)
    assert stahl([1.0, 1.0], [7, 8])[:, 0].tolist() == [1, 0]  # without impatience the last proposer has it all


@few
@given(delta, delta, st.floats(0, 1))
def test_drawn_proposer_is_the_fixed_point(d0, d1, q):
    assert drawn_proposer([d0, d1], q) == pytest.approx(iterate((d0, d1), 2000, q), abs=1e-9)


def test_breakdown_and_patience_limits_printed():
    """Binmore, Rubinstein & Wolinsky (1986): 2/3 by patience (.683188 at rounds of a year), (1+b1-b2)/2 by risk."""
    rates = np.array([0.05, 0.10])
    assert short_rounds(rates).weight == pytest.approx(2 / 3)
    assert rubinstein(np.exp(-rates))[0] == pytest.approx(0.683188, abs=5e-7)
    risk = short_rounds([0.0, 0.0], 0.3, breakdown=[0.3, 0.1])
    assert nash_split(1.0, risk.point, risk.weight)[0] == pytest.approx(0.6)
    both = short_rounds(rates, 0.2, flow=[0.1, 0.05], breakdown=[0.2, 0.1])
    assert nash_split(1.0, both.point, both.weight)[0] == pytest.approx(0.5818, abs=5e-5)


@few
@given(st.floats(0.02, 2), st.floats(0.02, 2), st.floats(0.1, 0.9))
def test_discrete_games_come_to_the_limit(r0, r1, q):
    years = 1e-6
    patience = np.exp(-years * np.array([r0, r1]))
    assert rubinstein(patience)[0] == pytest.approx(short_rounds([r0, r1]).weight, abs=1e-5)
    limit = short_rounds([r0, r1], proposer=q)
    assert drawn_proposer(patience, q)[0] == pytest.approx(limit.weight, abs=1e-5)


def test_flow_and_breakdown_limit_by_iteration():
    """A divisible pie, round of a thousandth of a year, stepped back for 80 years."""
    years, r, lam = 1e-3, np.array([0.05, 0.10]), 0.2
    g, b = np.array([0.1, 0.05]), np.array([0.2, 0.1])
    d, h = np.exp(-r * years), -np.expm1(-lam * years)
    v = b.copy()
    for _ in range(80_000):
        stay = (1 - d) * g + d * (h * b + (1 - h) * v)
        v = 0.5 * np.array([1 - stay[1] + stay[0], stay[1] + 1 - stay[0]])
    limit = short_rounds(r, lam, g, b)
    assert v == pytest.approx(nash_split(1.0, limit.point, limit.weight), abs=1e-4)


@pytest.mark.parametrize(("option", "share"), [(0.3, 0.473684), (0.6, 0.6)])
def test_outside_option_printed_and_iterated(option, share):
    assert outside_option([0.9, 0.9], option)[1] == pytest.approx(share, abs=5e-7)
    assert iterate((0.9, 0.9), 2001, option=option)[1] == pytest.approx(share, abs=5e-7)


@pytest.mark.parametrize(("weight", "share"), [(0.5, 0.4), (0.6, 0.46)])
def test_nash_split_printed(weight, share):
    assert nash_split(1.0, [0.1, 0.3], weight) == pytest.approx((share, 1 - share))
    assert np.isnan(nash_split(1.0, [0.8, 0.3], weight)).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rubinstein([0.0, 0.5]), "patience: 0.0"),
        (lambda: rubinstein([0.9, 1.2]), "patience: 1.2"),
        (lambda: rubinstein([1.0, 1.0]), "every split"),
        (lambda: rubinstein(0.9), "shape"),
        (lambda: stahl([0.9, 0.8], 0), "rounds: 0"),
        (lambda: stahl([0.9, 0.8], 2.5), "rounds: 2.5"),
        (lambda: drawn_proposer([0.9, 0.8], 1.5), "q: 1.5"),
        (lambda: drawn_proposer([1.0, 1.0]), "every split"),
        (lambda: outside_option([0.9, 0.9], 1.4), "outside option: 1.4"),
        (lambda: short_rounds([0.0, 0.1]), "never needs to agree"),
        (lambda: short_rounds([-0.1, 0.1]), "rates: -0.1"),
        (lambda: short_rounds([0.1, np.nan]), "rates: nan"),
        (lambda: nash_split(1.0, [0.0, 0.0], 1.2), "weight: 1.2"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
