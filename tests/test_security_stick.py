"""Protection withdrawn rung by rung: flows by the stick's prices, both sides pay, once; nothing where not set."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from agents.sticks.policies import Climb, Salami
from agents.strategies.hardliner import Hardliner
from experiments import run as running
from experiments.build import build
from experiments.compose import load
from experiments.messages import UserError
from experiments.options import Options
from sim.moves import Moves
from sim.payoffs import COMPONENTS
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL
from sim.results import talks_table
from sim.sticks import Stick
from tests.talk_worlds import april, play

SECURITY = COMPONENTS.index("security")
PRICE = {"japan": (2.0, 10.0), "eu": (6.4, 32.0)}  # demander, partner: bn USD a year, as shipped
WORDS = ("experiment=security_stick", "economy=five")
KEY = "talks.japan.moves"
NONE = (f"{KEY}.demander_withdrawal_pct=null", f"{KEY}.demander_rungs_pct=[10.0,24.0]")
SHARES = (f"{KEY}.demander_rungs_pct=[10.0,17.0,24.0]", f"{KEY}.demander_withdrawal_pct=[0.0,30.0,100.0]")


def allies(*overrides):
    """The shipped experiment on five economies."""
    return april("us_allies", *WORDS, *overrides)


def test_every_rung_costs_both_sides_their_share_of_the_price_and_nothing_else():
    bare = allies(SHARES[0], f"{KEY}.demander_withdrawal_pct=null").stakes[0]
    with_it = allies(*SHARES).stakes[0]
    for side, price in enumerate(PRICE["japan"]):
        gap = with_it.rungs[side] - bare.rungs[side]
        assert pytest.approx(np.array([[0.0, -0.3 * price, -price]]), abs=1e-12) == gap[..., SECURITY].T
        gap[..., SECURITY] = 0.0
        assert (gap == 0.0).all()


@pytest.mark.parametrize("name", ["japan", "eu"])
def test_the_shipped_steps_cost_what_they_say_while_the_tariff_waits(name):
    talk = next(t for t in allies().play(0, 2).talks if t.name == name)
    assert talk.agenda.moves.withdrawn == (0.0, 0.25, 0.5, 1.0) and talk.agenda.moves.start == (0, 0)
    for side, price in enumerate(PRICE[name]):
        weight = talk.table.types[side].weights[:, SECURITY]
        fall = (talk.sticks.flow[side][:, :3, 0] - talk.sticks.flow[side][:, :1, 0]) / 1e6
        assert fall == pytest.approx(-weight[:, None] * price * np.array([0.0, 0.25, 0.5]), abs=2e-6)


def paths(policy, withdrawn, rounds=5):
    """A pie nobody agrees on whose demander withdraws protection by a policy; the tariff stays."""
    lab = april("pie", "economy=none")
    bare = lab.stakes[0]
    stick = Stick(resolve=0.5, belief=0.5, withdrawal=(3.0, 20.0))
    rungs = tuple(np.zeros((len(withdrawn), 1, len(COMPONENTS))) for _ in range(2))
    for part, price in zip(rungs, stick.withdrawal):
        part[..., SECURITY] = -np.array(withdrawn)[:, None] * price
    moves = Moves(((0.0,) * len(withdrawn), (0.0,)), (0, 0), (policy, None), withdrawn)
    fallen = [part.copy() for part in bare.carried]
    for part, price in zip(fallen, stick.withdrawal):
        part[SECURITY] = -price
    stakes = replace(bare, agenda=replace(bare.agenda, moves=moves, stick=stick), rungs=rungs, carried=tuple(fallen))
    rules = AlternatingOffers(rounds=rounds, days_per_round=90.0, proposer="demander_first")
    firm = {code: (Hardliner(demand_pct=100.0), lab.types[code]) for code in "AB"}
    return play([stakes], rules, firm, seed=1, worlds=40).talks[0]


def test_both_sides_live_with_each_step_and_the_deadline_counts_protection_once():
    shares = (0.0, 0.25, 0.5, 1.0)
    talk = paths(Salami(1), shares)
    assert talk.sticks.record[:, 0, 0].tolist() == [0, 1, 2, 3, 3]
    for side, price in enumerate((3.0, 20.0)):
        weight = talk.table.types[side].weights[0, SECURITY]
        for k in range(40):
            d = float(talk.seats[side].discount[k])
            lived = [(1 - d) * d**r * -price * weight * shares[min(r, 3)] for r in range(5)]
            end = d**5 * -price * weight  # fallen or not: all of it is withdrawn by then, and no more than all
            assert talk.discounted(side)[k] == pytest.approx(math.fsum(lived) + end, abs=1e-5)
        assert talk.seats[side].no_deal / 1e6 == pytest.approx(-price * weight, abs=1e-5)


def test_where_it_is_half_withdrawn_no_deal_is_all_of_it_with_the_threats_chance_and_half_otherwise():
    talk = paths(Climb(1), (0.0, 0.5), rounds=3)
    for side, price in enumerate((3.0, 20.0)):
        weight = talk.table.types[side].weights[0, SECURITY]
        assert talk.seats[side].no_deal / 1e6 == pytest.approx(-weight * price * (0.5 * 1 + 0.5 * 0.5), abs=1e-5)
        fell = np.where(talk.stick_falls, 1.0, 0.5)
        assert talk.final(side) == pytest.approx(-weight * price * fell, abs=1e-5)


def test_a_deal_restores_protection_at_once():
    talk = allies().play(0, 100).talks[0]
    done, side = talk.ending == DEAL, 1
    agreed = talk.table.utility(side)[talk.countries[side].type_index, np.maximum(talk.row, 0)]
    assert done.any() and talk.sticks.rung[done, 0].max() > 0 and (talk.final(side)[done] == agreed[done]).all()


def test_zero_withdrawn_everywhere_is_tariffs_alone():
    zero = (f"{KEY}.demander_rungs_pct=[10.0,24.0]", f"{KEY}.demander_withdrawal_pct=[0.0,0.0]")
    one, two = (talks_table(allies(*words).play(0, 60)).to_pandas() for words in (zero, NONE))
    shares = one.pop("protection_withdrawn_pct"), two.pop("protection_withdrawn_pct")
    assert one.equals(two)
    japan = one["talk"] == "japan"
    assert (shares[0][japan] == 0.0).all() and shares[1][japan].isna().all() and shares[1][~japan].notna().all()


def test_a_run_without_it_has_no_such_column():
    found = talks_table(april("us_china", "experiment=escalation_china", "economy=five").play(0, 5))
    assert "protection_withdrawn_pct" not in found.column_names


def test_the_interims_rung_is_put_in_where_it_is_not_listed_with_nothing_withdrawn():
    words = (f"{KEY}.demander_rungs_pct=[17.0,24.0]", f"{KEY}.demander_withdrawal_pct=[30.0,100.0]")
    moves = allies(*words).stakes[0].agenda.moves
    assert moves.rates[0] == (0.1, 0.17, 0.24) and moves.withdrawn == (0.0, 0.3, 1.0) and moves.start == (0, 0)


def test_climbing_buys_more_the_more_it_withdraws():
    """Paired worlds: the demander's deals are worth more to it, the partner's less, step by step."""
    wait = "policy@talks.japan.moves.demander=wait"
    tables = [talks_table(allies(*words).play(0, 300)).to_pandas() for words in ((wait,), NONE, ())]
    japan = [t[t["talk"] == "japan"] for t in tables]
    gains = [(t["demander_payoff"].mean(), t["partner_payoff"].mean()) for t in japan]
    assert gains[0][0] < gains[1][0] < gains[2][0] and gains[0][1] > gains[1][1] > gains[2][1]


def test_a_run_tells_how_much_was_withdrawn(tmp_path):
    loaded = load([*WORDS, "worlds=30", "figures=false", "protocol.rounds=6"])
    place = running.run(loaded, Options(out=tmp_path / "run", silent=True))
    rows = pd.read_parquet(place / "talks.parquet")
    share = rows.loc[rows["talk"] == "japan", "protection_withdrawn_pct"]
    talk = build(loaded.config).play(0, 30).talks[0]
    assert share.tolist() == [100.0 * talk.agenda.moves.withdrawn[rung] for rung in talk.sticks.rung[:, 0]]
    assert share.min() < share.max() and not np.isclose(round(share.mean()), share.max())
    assert f"Protection last withdrawn: {share.mean():.0f} % on average" in (place / "summary.md").read_text()


@pytest.mark.parametrize(
    "words, said",
    [
        (["demander_withdrawal_pct=[0.0,50.0]"], "2 shares for 4 rungs in demander_rungs_pct; give one for each"),
        (
            ["demander_withdrawal_pct=[0.0,50.0,25.0,100.0]"],
            "10 is followed by 10; rungs must be strictly increasing, or",
        ),
        (
            ["demander_withdrawal_pct=[10.0,25.0,50.0,100.0]"],
            "the first rung at the interim's 10 % has 10; talks begin",
        ),
        (["demander_withdrawal_pct=[0.0,25.0,50.0,101.0]"], "101.0 is out of range; allowed: 0 to 100"),
        (["demander_withdrawal_pct=null"], "10 is followed by 10; rungs must be strictly increasing"),
        (["demander_withdrawl_pct=[0.0]"], "no such key; did you mean 'demander_withdrawal_pct'?"),
    ],
)
def test_what_a_student_can_get_wrong_is_told(words, said):
    with pytest.raises(UserError) as told:
        build(load([*WORDS, *(f"{KEY}.{word}" for word in words)]).config)
    assert said in str(told.value) and len(str(told.value).splitlines()) <= 6
