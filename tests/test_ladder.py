"""Ladders of tariffs: credible flags by hand, the stick that is not credible by itself, threats and strikes."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.ladder import ANSWERS, belief_rows, ladder, rational_threats, strike_range
from sim.assess import Assessor
from sim.deals import Issue, make_grid
from sim.economy import Economy
from sim.payoffs import COMPONENTS
from sim.sticks import Stick
from sim.table import Agenda
from tests.theory_worlds import backwards, lab, nash_lottery, nash_row, talk

TALKS = ("japan", "eu", "china")
WELFARE = COMPONENTS.index("welfare")


def steps(*overrides, name="japan"):
    return ladder(lab(*overrides).assessor, talk(*overrides, name=name))


@pytest.mark.parametrize("name", TALKS)
def test_flags_of_the_ladder_by_hand(name):
    found = steps(name=name)
    us, them = found.payoffs
    for m in range(len(found.rungs)):
        answer = max(range(len(ANSWERS)), key=lambda a: them[m, a])
        assert found.found.answer[m] == answer
        assert bool(found.found.credible[m]) == (us[m, answer] >= found.withheld[0] - 1e-9)
        assert bool(found.unanswered.credible[m]) == (us[m, 0] >= found.withheld[0] - 1e-9)


def test_the_announced_rung_is_the_configured_stick():
    """Two roads: rungs come from tariff rates, the stick from the talk's stakes; Japan answers nothing."""
    met, found = talk(), steps()
    at = int(np.flatnonzero(np.isclose(found.rungs, 0.24))[0])
    for side in (0, 1):
        assert found.payoffs[side][at, 0] == pytest.approx(met.stick[side], abs=1e-6)
    assert found.withheld.tolist() == met.impasse.tolist()
    assert found.rungs.tolist() == pytest.approx([0.12, 0.18, 0.24, 0.30, 0.36])  # 6 % is below the 10 % in force


def test_without_an_answer_the_interim_answer_stays():
    more = ("talks=us_japan", "talks.japan.stick.interim_answer_pct=5")
    met, found = talk(*more), steps(*more)
    at = int(np.flatnonzero(np.isclose(found.rungs, 0.24))[0])
    assert found.payoffs[0][at, 0] == pytest.approx(met.stick[0], abs=1e-6)
    assert found.payoffs[1][at, 0] == pytest.approx(met.stick[1], abs=1e-6)


def test_ten_percent_in_place_pays_more_than_24_carried_out():
    """The prototype of the design: +3.3 and -6.9 at 10 %, +0.6 and -12.4 at 24 %; mirrored -5.2, -12.0."""
    economy = Economy.shipped("flows_5", keep=("USA", "JPN", "EU27", "CHN"), tariffs={})
    grid = make_grid((Issue("t", "tariff", 0, (0.0, 0.1)),))
    assessor = Assessor(economy, (Agenda("japan", "USA", "JPN", grid, Stick()),))
    us, japan = (part[:, WELFARE] for part in assessor.sticks("japan", [(0.10, 0.0), (0.24, 0.0), (0.24, 0.24)]))
    assert us == pytest.approx([3.3, 0.6, -5.2], abs=0.15) and us[0] > us[1]
    assert japan == pytest.approx([-6.9, -12.4, -12.0], abs=0.15)
    more = ("talks=us_japan", "countries.USA.weights.revenue=0", "countries.USA.weights.balance=0")
    found = steps(*more, "talks.japan.stick.sector_share_pct=0")
    assert not found.unanswered.credible[np.isclose(found.rungs, 0.24)].any()


@pytest.mark.parametrize("name", TALKS)
def test_rational_threats_leave_nobody_a_better_threat(name):
    """Nash (1953): the split is the Nash lottery at the threats, and no other threat of one side alone betters it."""
    met, found = talk(name=name), steps(name=name)
    (concept,) = rational_threats(met, found)
    assert concept.note == "threats: to leave the interim in place"
    assert concept.payoffs == pytest.approx(nash_lottery(met.u, met.impasse), abs=1e-6)
    for m in range(len(found.rungs)):
        replies = [nash_lottery(met.u, [p[m, a] for p in found.payoffs])[0] for a in range(len(ANSWERS))]
        assert min(replies) <= concept.payoffs[0] + 1e-6


def test_a_rational_threat_that_is_worth_its_cost_is_named():
    """Made up: a rung costs the US 0.1 and Japan 1.0, an answer 0.3 and 0.05; so the top rung against the mirror."""
    met, real = talk(), steps()
    m, a = np.meshgrid(range(1, 4), range(3), indexing="ij")
    payoffs = (met.impasse[0] - 0.1 * m - 0.3 * a, met.impasse[1] - 1.0 * m - 0.05 * a)
    made = replace(real, rungs=real.rungs[:3], payoffs=payoffs)
    (concept,) = rational_threats(met, made)
    assert concept.note == "threats: 24 % against mirrored"
    assert concept.payoffs == pytest.approx(nash_lottery(met.u, [p[2, 2] for p in payoffs]), abs=1e-6)


@pytest.mark.parametrize("name", TALKS)
def test_belief_rows_by_scan_and_recursion(name):
    met = talk(name=name)
    for belief, nash, played in belief_rows(met):
        floor = belief * met.stick + (1 - belief) * met.impasse
        assert nash == pytest.approx(tuple(met.u[nash_row(met.u, floor)]), abs=1e-6)
        assert played == pytest.approx(backwards(met, demander_speaks=[0.5] * 13, chance=belief), abs=1e-6)


@pytest.mark.parametrize("name", TALKS)
def test_strikes_support_a_range_that_round_by_round_play_reaches(name):
    """Long talks by plain recursion, strikes never or after every refusal of the demander's own offer."""
    met = talk(name=name)
    pie, (d0, d1) = met.u.sum(axis=1).max(), met.patience()
    ends = []
    for theirs in (met.impasse[1], met.stick[1]):  # what the partner earns in a round after refusing
        mine = met.impasse[0]
        for _ in range(20_000):
            refused = (1 - d0) * met.impasse[0] + d0 * mine  # the demander refuses and never strikes for that
            mine = pie - ((1 - d1) * theirs + d1 * (pie - refused))
        ends.append((mine, refused))
    (low, fall_back), (high, refused) = ends
    strikes = (1 - d0) * met.stick[0] + d0 * refused >= (1 - d0) * met.impasse[0] + d0 * fall_back
    assert strike_range(met) == pytest.approx((low, high if strikes else low), abs=1e-6)
    assert strikes and met.impasse[0] < low < high


@pytest.mark.parametrize("more", [("experiment=classroom",), ("talks=us_japan", "stick@talks.japan.stick=no_stick")])
def test_without_a_stick_there_are_no_strikes_no_ladder_and_no_threats(more):
    """A range from 0 to 52 of 100 stood here for a pie without any stick."""
    name = "pie" if len(more) == 1 else "japan"
    met = talk(*more, name=name)
    assert strike_range(met) is None and not met.has_stick
    assert ladder(lab(*more).assessor, met) is None and rational_threats(met, None) == []


def test_a_striker_more_patient_than_its_target_has_no_known_range():
    met = talk("talks=us_japan", "countries.USA.types.discount_rate_per_year.values=[0.01]")
    assert strike_range(met) is None
    met = talk("talks=us_japan", "countries.USA.types.discount_rate_per_year.values=[0]")
    assert strike_range(met) is None
