"""Cooperative tariffs and the patience they need: Mayer's ratios, sums of payments, other searches."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.solutions.cooperation import (
    SLOPE_TOLERANCE,
    cooperative_tariffs,
    longest_lag_days,
    patience_needed,
    self_enforcement,
)
from sim.solutions.tariff_choices import choices
from sim.solutions.tariff_war import nash_tariffs
from sim.trade import solve
from tests.war_worlds import plain, war_of_five, war_of_three, world


@pytest.fixture
def five():
    return war_of_five()


@pytest.fixture
def three():
    return war_of_three()


def test_war_costs_everybody_and_peace_does_not(five):
    """All five lose in the war, all gain from the agreement; the sum of payoffs is largest at free trade."""
    _, welfare, war = five
    assert war.certified and war.agree == 5 and not war.at_bound and (war.ev < 0).all()
    deal = cooperative_tariffs(welfare, choices(5), war.tariffs)
    assert deal.converged and deal.agree == deal.starts and (deal.gain > 0).all()
    most = cooperative_tariffs(welfare, choices(5), war.tariffs, objective="utilitarian")
    assert most.tariffs.max() < 1e-5 and np.abs(most.ev).max() < 0.01
    assert most.ev.sum() > deal.ev.sum() > war.ev.sum()
    product = np.log(deal.gain).sum()
    rng = np.random.default_rng(3)
    near = np.clip(deal.tariffs + rng.normal(0, 0.02, (200, 1, 5, 5)) * (deal.tariffs >= 0), 0, 2)
    near = np.concatenate([near, rng.uniform(0, 0.3, (200, 1, 1, 1)) * rng.uniform(0, 1, (200, 1, 5, 5))])
    near[..., range(5), range(5)] = 0
    gains = welfare(near)[0] - war.ev
    inside = (gains > 0).all(1)
    assert inside.sum() > 50 and np.log(gains[inside]).sum(1).max() <= product + 1e-9


def test_efficient_agreements_are_ratios(three):
    """Mayer (1981): subsidies allowed, 1 + t_ij = r_i/r_j at the Nash product, so products round any circle are 1."""
    _, welfare, war = three
    wide = choices(3, low=-0.5)
    deal = cooperative_tariffs(welfare, wide, war.tariffs, weights=[1.0, 1.0, 4.0])
    gross = 1 + deal.tariffs[0]
    assert deal.converged and deal.inside == 6 and np.abs(np.log(gross)).max() > 0.02
    for i, j, k in permutations(range(3)):
        assert abs(gross[i, j] * gross[j, i] - 1) < 1e-3
        assert abs(gross[i, j] * gross[j, k] * gross[k, i] - 1) < 1e-3
    held = cooperative_tariffs(welfare, choices(3), war.tariffs, weights=[1.0, 1.0, 4.0])
    assert held.converged and held.tariffs.min() >= 0
    assert np.log(held.gain) @ [1, 1, 4] < np.log(deal.gain) @ [1, 1, 4]


def test_a_tax_on_all_sales_changes_nothing():
    """Fixed labour: (1+t) times any number on all an importer buys, home goods too, is a lump sum handed back."""
    economy, _ = world([900, 500, 300], [[0, 60, 40], [50, 0, 30], [45, 35, 0]], labour_supply=0.0)
    tariffs = np.random.default_rng(5).uniform(0, 0.4, (1, 3, 3)) * ~np.eye(3, dtype=bool)
    taxed = tariffs.copy()
    taxed[0, :, 1] = 1.3 * (1 + taxed[0, :, 1]) - 1
    assert np.abs(solve(economy, taxed).ev - solve(economy, tariffs).ev).max() < 1e-7


def test_where_one_gains_what_the_other_loses_nothing_was_agreed():
    """EV = (-1 + a, -1 - a): the top of the Nash product is the war, a = .2, a gain for neither; sums are equal."""

    def welfare(tariffs):
        a = tariffs[..., 0, 1, 0]
        return np.stack([a - 1, -a - 1], -1), np.ones(a.shape, bool)

    war = plain(2)
    war[0, 1, 0] = 0.2
    deal = cooperative_tariffs(welfare, choices(2), war)
    assert deal.slope <= SLOPE_TOLERANCE and deal.gain == pytest.approx([0, 0], abs=1e-6) and not deal.converged
    assert cooperative_tariffs(welfare, choices(2), war, objective="utilitarian").converged


def test_equals_agree_on_free_trade():
    _, welfare = world([100, 100], [[0, 25], [25, 0]])
    war = nash_tariffs(welfare, choices(2), plain(2), starts=2)
    deal = cooperative_tariffs(welfare, choices(2), war.tariffs)
    assert deal.converged and np.abs(deal.tariffs).max() < 1e-4
    assert np.abs(deal.gain + war.ev).max() < 1e-6  # back to the baseline, which is free trade


def test_patience_is_where_a_stream_of_payments_breaks_even(three):
    """Oracle 12 against summed payoffs: a round of deviation, then the war, against cooperation for ever."""
    _, welfare, war = three
    deal = cooperative_tariffs(welfare, choices(3), war.tariffs)
    held = self_enforcement(welfare, choices(3), deal.tariffs, war.tariffs)
    assert held.converged.all() and (held.deviation >= held.cooperation).all()
    rounds = np.arange(3000)
    for j in range(3):
        for delta, keeps in ((held.patience[0, j] + 0.01, True), (held.patience[0, j] - 0.01, False)):
            weight = (1 - delta) * delta**rounds
            stay = (weight * held.cooperation[0, j]).sum()
            leave = (weight * np.where(rounds == 0, held.deviation[0, j], held.war[j])).sum()
            assert (stay > leave) == keeps
    assert held.needed[0] == held.patience[0].max()
    assert (held.war == war.ev).all()


def test_shallower_agreements_need_less_patience(five):
    """From free trade to the war: temptation is of second order near the war, the loss of first (Bagwell & Staiger)."""
    _, welfare, war = five
    path = np.linspace(0, 0.9, 4)[:, None, None, None] * war.tariffs
    held = self_enforcement(welfare, choices(5), path, war.tariffs)
    assert held.converged.all() and (np.diff(held.patience, axis=0) < 0).all()
    assert 0.4 < held.needed[0] < 0.5 and held.needed[-1] < 0.08
    at_war = self_enforcement(welfare, choices(5), war.tariffs, war.tariffs)
    assert np.abs(at_war.patience).max() == 0


@given(st.floats(-50, 50), st.floats(0.01, 50), st.floats(0.01, 50))
@settings(max_examples=50, deadline=None)
def test_patience_lies_between_nought_and_one(war, peace, temptation):
    delta = patience_needed(war + peace + temptation, war + peace, war)
    assert 0 < delta < 1
    assert abs((1 - delta) * (war + peace + temptation) + delta * war - war - peace) < 1e-9


def test_patience_at_the_edges():
    assert patience_needed(1.0, 2.0, 0.0) == 0 and np.isinf(patience_needed(3.0, 1.0, 1.0))
    assert longest_lag_days(0.0, 0.1) == np.inf and longest_lag_days(np.inf, 0.1) == 0
    days = longest_lag_days(0.4, 0.2)
    assert abs(np.exp(-0.2 * days / 365) - 0.4) < 1e-12
