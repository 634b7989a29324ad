"""Strikes and burnt money: print, and the largest sets of equilibrium values found by shrinking."""

import numpy as np
import pytest

from sim.solutions.strikes import burning_range, strike_range


def test_strike_oracle():
    """Oracle 7; with the other side proposing first the top is (w0 + d)/(1 + d)."""
    found = strike_range(0.5, (0.9, 0.9))
    assert (found.low, found.high) == pytest.approx((0.5, 0.763158), abs=1e-6)
    assert found.always == pytest.approx(0.526316, abs=1e-6)
    assert strike_range(0.5, (0.9, 0.9), first=False).high == pytest.approx(1.4 / 1.9)
    edge = strike_range([0.80, 0.82], (0.9, 0.9))
    assert edge.credible.tolist() == [True, False]  # d² = .81
    assert edge.high[1] == edge.low[1]


def strike_by_iteration(w0, d0, d1, s0, s1):
    """Largest share of a striker by shrinking the sets of equilibrium values, each side's waiting included."""
    odd, even, other_even = (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)  # striker's values; the other's while proposing
    for _ in range(3000):
        peace = ((1 - d0) * w0 + d0 * even[0], (1 - d0) * w0 + d0 * even[1])
        credible = (1 - d0) * s0 + d0 * even[1] >= peace[0] - 1e-12
        calm = (1 - d1) * (1 - w0) + d1 * other_even[1]
        refuse = (1 - d1) * s1 + d1 * other_even[0] if credible else (1 - d1) * (1 - w0) + d1 * other_even[0]
        accept = ((1 - d0) * w0 + d0 * odd[0], (1 - d0) * w0 + d0 * odd[1])
        sit_out = (1 - d1) * (1 - w0) + d1 * (1 - odd[1])
        new_odd = (1 - calm, 1 - refuse)
        other_even = (max(1 - accept[1], sit_out), 1 - accept[0])
        odd, even = new_odd, accept
    return odd


@pytest.mark.parametrize("w0, d0, d1, s0, s1", [
    (0.5, 0.9, 0.9, 0, 0), (0.3, 0.8, 0.95, 0, 0), (0.7, 0.8, 0.8, 0, 0), (0.4, 0.85, 0.9, 0.2, 0.1),
    (0.2, 0.6, 0.7, -0.3, 0.0),
])  # fmt: skip
def test_strike_range_is_the_largest_set_that_supports_itself(w0, d0, d1, s0, s1):
    found = strike_range(w0, (d0, d1), (s0, s1))
    assert (found.low, found.high) == pytest.approx(strike_by_iteration(w0, d0, d1, s0, s1), abs=1e-6)


def test_more_patient_striker_is_not_claimed():
    """There the other side gains by sitting out a round: 1 − y < (1−d1)(1−w0) + d1(1−x)."""
    found = strike_range(0.3, (0.95, 0.8))
    assert not found.known and np.isnan(found.high) and found.low == pytest.approx(0.3)
    assert strike_range(0.3, [(0.95, 0.8), (0.8, 0.95)]).credible.tolist() == [False, True]  # nor that it is credible
    high = strike_by_iteration(0.3, 0.95, 0.8, 0, 0)[1]
    assert high < (1 - 0.8 + 0.8 * 0.05 * 0.3) / (1 - 0.95 * 0.8)  # the equal-patience formula is too high


def burning_by_iteration(d, most):
    """Shares of a side that may burn: values as proposer and as responder, sets shrunk till they stand."""
    own, reply = (0.0, 1.0), (0.0, 1.0)
    for _ in range(4000):
        kept = max(reply[0] / reply[1] if reply[1] > 0 else 1.0, 1 - most)
        own = (1 - d * (1 - reply[0]), 1 - d * min(kept, 1.0) * (1 - reply[1]))
        reply = (d * own[0], d * own[1])
    return own


@pytest.mark.parametrize("d, most", [(0.9, 1.0), (0.9, 0.2), (0.7, 1.0), (0.55, 1.0), (0.95, 0.05)])
def test_burning_range_is_the_largest_set_that_supports_itself(d, most):
    found = burning_range(d, most)
    assert (found.low, found.high) == pytest.approx(burning_by_iteration(d, most), abs=1e-6)
    assert bool(found.credible) == (d + d * d > 1)


@pytest.mark.parametrize("call, says", [
    (lambda: strike_range(1.2, (0.9, 0.9)), "status_quo = 1.2"),
    (lambda: strike_range(0.5, (0.9, 1.0)), "patience = 1.0"),
    (lambda: strike_range(0.5, (0.9, 0.9), (0.6, 0)), "must cost both"),
    (lambda: burning_range(0.9, most=2), "most = 2"),
])  # fmt: skip
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_chunks_give_the_same_bytes(chunk):
    rng = np.random.default_rng(3)
    quo, patience = rng.uniform(0.2, 0.8, 12), rng.uniform(0.6, 0.9, (12, 2))
    for solve in (lambda c: strike_range(quo[c], patience[c]), lambda c: burning_range(quo[c])):
        whole = solve(slice(None))
        for at in range(0, 12, chunk):
            for batch, part in zip(whole, solve(slice(at, at + chunk)), strict=True):
                assert np.array_equal(batch[at : at + chunk], part, equal_nan=True)
