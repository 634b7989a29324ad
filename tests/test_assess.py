"""The assessor against fresh solves of the joint state, and what must not matter to it."""

from dataclasses import replace

import numpy as np
import pytest

import sim.states
from sim.assess import Assessor, assess
from sim.deals import Issue, make_grid
from sim.payoffs import COMPONENTS
from sim.sticks import Stick
from sim.table import Agenda
from sim.trade import solve
from tests.theory_worlds import lab

STANDING = {"eu": 1234, "china": 777}


def agendas():
    return tuple(s.agenda for s in lab().stakes)


def fresh():
    return Assessor(lab().economy, agendas())


def state(economy, agenda, tariffs, iceberg, row):
    """Put a package's tariffs and barriers into force, issue by issue."""
    index = [economy.index(code) for code in agenda.pair]
    for k, issue in enumerate(agenda.grid.issues):
        importer, exporter = index[issue.giver], index[1 - issue.giver]
        level = agenda.grid.levels[row, k]
        if issue.kind == "tariff":
            tariffs[:, exporter, importer] = level + (economy.tariffs[:, exporter, importer] if issue.on_top else 0.0)
        elif issue.kind == "barrier":
            iceberg[:, exporter, importer] *= 1.0 - level


def added(economy, agenda, tariffs, rates):
    one, two = (economy.index(code) for code in agenda.pair)
    tariffs[:, two, one] = economy.tariffs[:, two, one] + rates[0]
    tariffs[:, one, two] = economy.tariffs[:, one, two] + rates[1]


def traded(economy, tariffs, iceberg, who, other):
    """Welfare, own revenue and bilateral balance of one state, revenue and balance at baseline prices."""
    found = solve(economy, tariffs, iceberg)
    flows = found.flows
    balance = flows[:, who, other].sum() - flows[:, other, who].sum()
    return np.array([found.ev[who], found.revenue[who] / found.price[who], balance / found.price[who]])


@pytest.mark.parametrize("standing", [{}, STANDING], ids=["interim", "deals"])
def test_stakes_are_fresh_solves_of_the_joint_state(standing):
    economy, (japan, *others) = lab().economy, agendas()
    tariffs, iceberg = economy.tariffs.copy(), np.ones_like(economy.tariffs)
    for other in others:
        if other.name in standing:
            state(economy, other, tariffs, iceberg, standing[other.name])
        else:
            hit = (1 - other.stick.sector_share) * other.stick.interim + other.stick.sector_share * other.stick.sector
            added(economy, other, tariffs, (hit, other.stick.interim_answer))
    stakes = fresh().stakes(("japan",), standing)[0]
    share = 0.361
    interim, stick = ((1 - share) * rate + share * 0.25 for rate in (0.10, 0.24))
    cases = [(interim, stakes.interim), (stick, stakes.carried), *((row, None) for row in (0, 815, 1979))]
    for what, parts in cases:
        mine, change = tariffs.copy(), iceberg.copy()
        if parts is None:
            state(economy, japan, mine, change, what)
            parts = [stakes.packages[side][what] for side in (0, 1)]
        else:
            added(economy, japan, mine, (what, 0.0))
        for side in (0, 1):
            pair = economy.index(japan.pair[side]), economy.index(japan.pair[1 - side])
            gain = traded(economy, mine, change, *pair) - traded(economy, tariffs, iceberg, *pair)
            assert parts[side][:3] == pytest.approx(gain, abs=1e-7)


def test_each_trade_state_is_solved_once(monkeypatch):
    seen = []

    def counted(economy, tariffs, iceberg):
        seen.extend(t.tobytes() + d.tobytes() for t, d in zip(tariffs, iceberg))
        return solve(economy, tariffs, iceberg)

    monkeypatch.setattr(sim.states, "solve", counted)
    assessor = fresh()
    for _ in range(2):
        assessor.stakes()
        assessor.stakes(("japan",), STANDING)
        assessor.sticks("japan", [(0.24, 0.0), (0.24, 0.24)])
    assert len(seen) == len(set(seen)) == assessor.count > 500
    assert assess(lab().economy, agendas())[1] == fresh_count()


def fresh_count():
    assessor = fresh()
    assessor.stakes()
    return assessor.count


def equal(one, two):
    parts = ("packages", "interim", "carried", "opening")
    return all((a == b).all() for part in parts for a, b in zip(getattr(one, part), getattr(two, part)))


def test_the_order_of_talks_and_of_questions_does_not_matter():
    once, back = fresh(), Assessor(lab().economy, agendas()[::-1])
    back.stakes(("eu",), {"japan": 3})
    assert all(equal(a, b) for a, b in zip(once.stakes(), back.stakes()[::-1]))
    for name in ("japan", "eu", "china"):
        assert equal(once.stakes((name,), STANDING)[0], back.stakes((name,), STANDING)[0])


def test_a_standing_cut_for_all_exporters_reaches_open_talks_in_any_order():
    """Japan's deal at 0 % for every exporter: China's 30 % falls with it, the EU's own interim stands."""
    economy, (japan, eu, china) = lab().economy, agendas()
    issues = tuple(replace(i, mfn=True) if i.kind == "tariff" else i for i in japan.grid.issues)
    japan = replace(japan, grid=make_grid(issues))
    talks = (japan, eu, china)
    found = [Assessor(economy, order).stakes(("eu",), {"japan": 0})[0] for order in (talks, talks[::-1])]
    assert equal(*found)
    us, europe = economy.index("USA"), economy.index("EU27")
    tariffs, iceberg = economy.tariffs.copy(), np.ones_like(economy.tariffs)
    tariffs[:, [k for k in range(len(economy.names)) if k != us], us] = 0.0
    states = [tariffs.copy(), tariffs.copy()]
    added(economy, eu, states[0], (0.891 * 0.10 + 0.109 * 0.25, 0.0))
    added(economy, eu, states[1], (0.0, 0.0))
    interim, cleared = (traded(economy, t, iceberg, us, europe) for t in states)
    assert found[0].interim[0][:3] == pytest.approx(interim - cleared, abs=1e-7)


def test_a_talks_own_standing_row_is_ignored():
    assessor = fresh()
    assert equal(assessor.stakes(("japan",), {"japan": 5})[0], assessor.stakes(("japan",))[0])
    assert not equal(assessor.stakes(("japan",), {"eu": 5})[0], assessor.stakes(("japan",))[0])


@pytest.mark.parametrize("name", ["japan", "eu", "china"])
def test_sticks_at_the_configured_rates_are_the_stakes(name):
    assessor = fresh()
    stakes = assessor.stakes((name,))[0]
    stick = stakes.agenda.stick
    parts = assessor.sticks(name, [stick.rates(False), stick.rates(True), (0.0, 0.0)])
    for side in (0, 1):
        assert (parts[side][0] == stakes.interim[side]).all()
        assert (parts[side][1] == stakes.carried[side]).all()  # none of the three withdraws protection
        assert (parts[side][2] == 0.0).all()


def test_transfers_need_no_economy_and_trade_does():
    pay = Issue("p", "security", 1, (0.0, 2.0))
    stick = Stick(withdrawal=(1.0, 3.0))
    stakes, count = assess(None, (Agenda("talk", "A", "B", make_grid((pay,)), stick),))
    column = COMPONENTS.index("security")
    assert count == 0
    assert [p[:, column].tolist() for p in stakes[0].packages] == [[0.0, 2.0], [0.0, -2.0]]
    assert [c[column] for c in stakes[0].carried] == [-1.0, -3.0]
    assert all((c == 0).all() for c in stakes[0].interim)
    for kind in ("tariff", "barrier"):
        grid = make_grid((Issue("t", kind, 0, (0.0, 0.1)),))
        with pytest.raises(ValueError, match=r"talk talk: .* need an economy"):
            assess(None, (Agenda("talk", "A", "B", grid, Stick()),))
    parts = Assessor(None, (stakes[0].agenda,)).sticks("talk", [(0.1, 0.0)])
    assert [p.tolist() for p in parts] == [[[0.0] * len(COMPONENTS)]] * 2


def test_pairs_outside_the_economy_do_not_disturb_those_inside():
    grid = make_grid((Issue("p", "security", 1, (0.0, 2.0)),))
    far = Agenda("far", "A", "B", grid, Stick(interim=0.5, threat=0.9))
    with_far = Assessor(lab().economy, (far, *agendas()))
    assert equal(with_far.stakes(("japan",))[0], fresh().stakes(("japan",))[0])


def test_a_state_without_an_equilibrium_is_named(monkeypatch):
    def fails(economy, tariffs, iceberg):
        found = solve(economy, tariffs, iceberg)
        found.converged[-1] = False
        return found

    monkeypatch.setattr(sim.states, "solve", fails)
    with pytest.raises(ValueError, match="talk japan: the trade model finds no equilibrium") as told:
        fresh().sticks("japan", [(0.5, 0.0)])
    assert "try" in str(told.value) and len(str(told.value).splitlines()) <= 6
