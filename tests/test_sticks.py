"""Sticks: sector-weighted rates, answers; impasse, deadline and outside option kept apart."""

import numpy as np
import pytest

from agents.strategies.hardliner import Hardliner
from agents.strategies.time_based import TimeBased
from sim.deals import Issue, make_grid
from sim.model import TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEADLINE, DEAL, OUTSIDE
from sim.solutions.bargaining import nash
from sim.solutions.limits import outside_option, rubinstein
from sim.sticks import Stick, with_rates
from sim.table import Agenda, Stakes
from tests.talk_worlds import play

APRIL = {"interim": 0.10, "threat": 0.24, "sector": 0.25, "sector_share": 0.36}


def test_cars_at_a_quarter_make_ten_percent_fifteen():
    """10 % and 25 % on the 36 % of imports that are cars: 15.4 %; the threat of 24 % is then 24.36 %."""
    assert Stick(**APRIL).effective(0.10) == pytest.approx(0.154)
    assert Stick(**APRIL).rates(False) == pytest.approx((0.154, 0.0))
    assert Stick(**APRIL).rates(True) == pytest.approx((0.2436, 0.0))


@pytest.mark.parametrize(
    "more, hit, answered",
    [
        ({"answer": "none"}, 0.2436, 0.0),
        ({"answer": "none", "interim_answer": 0.05}, 0.2436, 0.05),
        ({"answer": "mirror"}, 0.2436, 0.2436),
        ({"answer": "proportional", "answer_factor": 0.5}, 0.2436, 0.1218),
        ({"answer": "list", "answer_rate": 0.25, "answer_share": 0.272}, 0.2436, 0.068),
        ({"answer": "list", "answer_rate": 0.25, "answer_share": 0.2, "interim_answer": 0.01}, 0.2436, 0.06),
    ],
)
def test_answers_to_a_threat_carried_out(more, hit, answered):
    stick = Stick(**APRIL, **more)
    assert stick.rates(True) == pytest.approx((hit, answered))
    assert stick.rates(False) == pytest.approx((0.154, more.get("interim_answer", 0.0)))


def test_rates_are_added_to_the_status_quo_of_the_pair_alone():
    before = np.full((1, 3, 3), 0.02)
    world = before.copy()
    world[0, 2, 0] = 0.5  # another talk's tariff, in force
    out = with_rates(world, before, (0, 1), (0.10, 0.05))
    assert out[0, 1, 0] == pytest.approx(0.12) and out[0, 0, 1] == pytest.approx(0.07)
    out[0, 1, 0] = out[0, 0, 1] = 0.02
    assert (out == world).all()


@pytest.mark.parametrize("name", ["sector_share", "answer_share", "resolve", "belief"])
@pytest.mark.parametrize("value", [-0.1, 1.1, 60.0])
def test_shares_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a share from 0 to 1"):
        Stick(**{name: value})


def test_an_unknown_answer_is_named():
    with pytest.raises(ValueError, match="'mirrored' is not one of none, mirror, proportional, list"):
        Stick(answer="mirrored")


# Three things that no deal means, on a pie of 10 that the demander asks of the partner.

PIE = make_grid((Issue("share", "pie", 1, tuple(float(v) for v in range(11)), size=10.0),))
ONE_TYPE = TypeSpace(Types(np.ones((1, len(COMPONENTS))), np.ones(1), np.array([1.0]), np.ones(1)))


def pie(impasse=(0.0, 0.0), deadline=(0.0, 0.0), outside=(None, None)):
    """Stakes of the pie with a flow while talking, a payoff at the deadline (for certain), outside options."""
    part = lambda value: np.array([value, 0, 0, 0, 0, 0], dtype=float)  # noqa: E731
    rows = []
    for side in (0, 1):
        level = PIE.levels[:, 0] if side == 0 else 10.0 - PIE.levels[:, 0]
        rows.append(level[:, None] * part(1.0))
    agenda = Agenda("pie", "A", "B", PIE, Stick(outside=outside))
    nothing = np.zeros(len(PIE))
    return Stakes(agenda, tuple(rows), tuple(map(part, impasse)), tuple(map(part, deadline)), (nothing, nothing))


def talk_of(stakes, one, two, rounds=10):
    protocol = AlternatingOffers(rounds=rounds, days_per_round=30.0, proposer="demander_first")
    players = {"A": (one, ONE_TYPE), "B": (two, ONE_TYPE)}
    return play([stakes], protocol, players, seed=1, worlds=1).talks[0]


def outcome(stakes, one=None, two=None):
    """(ending, round, the demander's share or None, payoffs) of two linear sides unless told otherwise."""
    talk = talk_of(stakes, one or TimeBased(exponent=1.0), two or TimeBased(exponent=1.0))
    share = float(PIE.levels[talk.row[0], 0]) if talk.row[0] >= 0 else None
    return int(talk.ending[0]), int(talk.closed[0]), share, [float(talk.discounted(s)[0]) for s in (0, 1)]


def test_a_better_deadline_payoff_moves_the_deal_the_impasse_flow_does_not():
    """Concession goes towards the deadline payoff; the flow while talking moves payoffs and nothing else."""
    plain, flowing = outcome(pie()), outcome(pie(impasse=(2.0, -2.0)))
    assert plain[:3] == flowing[:3] and plain[0] == DEAL and plain[1] > 0
    delta = np.exp(-30.0 / 365.0)
    for side, flow in ((0, 2.0), (1, -2.0)):
        assert flowing[3][side] - plain[3][side] == pytest.approx((1 - delta ** plain[1]) * flow)
    strong, weak = outcome(pie(deadline=(4.0, 0.0))), outcome(pie(deadline=(0.0, 4.0)))
    assert strong[2] > plain[2] > weak[2]
    assert outcome(pie(deadline=(0.0, -4.0)))[2] > plain[2]  # the stick: hurting the partner helps the demander


def test_the_deadline_payoff_is_reached_by_the_clock_and_the_impasse_flow_until_then():
    hard = Hardliner(demand_pct=100.0)
    ending, rounds, share, payoff = outcome(pie(impasse=(1.0, -1.0), deadline=(-2.0, -6.0)), hard, hard)
    assert (ending, rounds, share) == (DEADLINE, 10, None)
    left = np.exp(-10 * 30.0 / 365.0)
    assert payoff == pytest.approx([(1 - left) * 1.0 - left * 2.0, -(1 - left) * 1.0 - left * 6.0])


def test_an_outside_option_below_the_deadline_payoff_changes_nothing():
    plain = outcome(pie(deadline=(1.0, 1.0)))
    assert outcome(pie(deadline=(1.0, 1.0), outside=(None, 1.0))) == plain
    assert outcome(pie(deadline=(1.0, 1.0), outside=(0.5, -3.0))) == plain
    assert outcome(pie(deadline=(1.0, 1.0), outside=(None, 4.0)))[2] < plain[2]


def test_only_a_responder_walks_out_and_only_after_refusing():
    """Against one who never gives, the partner walks at once if it responds first; the other is left with no deal."""
    hard = Hardliner(demand_pct=100.0)
    easy = Hardliner(demand_pct=0.0)
    ending, rounds, _, payoff = outcome(pie(deadline=(-2.0, -6.0), outside=(None, 1.0)), hard, easy)
    assert (ending, rounds) == (OUTSIDE, 0) and payoff == pytest.approx([-2.0, 1.0])
    ending, rounds, _, payoff = outcome(pie(deadline=(-2.0, -6.0), outside=(1.0, None)), easy, hard)
    assert (ending, rounds) == (OUTSIDE, 1)  # the demander proposes first: it can walk in round 2
    waited = np.exp(-30.0 / 365.0)
    assert payoff == pytest.approx([waited * 1.0, waited * -6.0])


def test_the_three_in_theory_each_alone_changes_what_it_should():
    """Nash's split moves with the no-deal point; an outside option moves Rubinstein's only where it binds."""
    table = np.stack([PIE.levels[:, 0], 10.0 - PIE.levels[:, 0]], axis=-1)
    share = lambda point: float(nash(table, np.array(point)).payoffs[0])  # noqa: E731
    assert (share([0.0, 0.0]), share([4.0, 0.0]), share([0.0, -4.0])) == (5.0, 7.0, 7.0)
    free, bound = rubinstein([0.9, 0.9]), outside_option([0.9, 0.9], [0.3, 0.6])
    assert bound[0] == pytest.approx(free) and free[0] == pytest.approx(0.526316, abs=1e-6)
    assert bound[1] == pytest.approx([0.4, 0.6])
