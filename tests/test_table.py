"""Payoff tables: trade states solved once, other talks at their interim, and what a prototype of this model found."""

import dataclasses

import numpy as np
import pytest

from agents.strategies.time_based import TimeBased
from sim.assess import assess
from sim.deals import Issue, make_grid
from sim.economy import Economy
from sim.model import TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.sticks import Stick
from sim.table import Agenda
from sim.trade import solve
from tests.talk_worlds import april, play
from tests.trade_worlds import on_imports

WELFARE = TypeSpace(Types(np.eye(1, len(COMPONENTS)), np.ones(1), np.array([0.05]), np.ones(1)))


def tariff_talk(stick, *, partner="JPN", levels=(0.0, 0.1), name="talk"):
    """A talk of the US with a partner over its tariff, on top of the status quo."""
    grid = make_grid((Issue("us_tariff", "tariff", 0, levels, on_top=True),))
    return Agenda(name, "USA", partner, grid, stick)


@pytest.fixture(scope="module")
def five():
    """Five economies with zero baseline tariffs."""
    return Economy.shipped("flows_5")


@pytest.mark.parametrize(
    "rate, answer, us, japan",
    [
        (0.10, "none", 3.3, -6.9),
        (0.15, "none", 2.9, -9.3),
        (0.24, "none", 0.6, -12.4),
        (0.25, "none", 0.3, -12.6),
        (0.24, "mirror", -5.2, -12.0),
    ],
)
def test_a_tariff_on_japan_is_worth_what_a_prototype_found(five, rate, answer, us, japan):
    """Welfare alone, five economies without baseline tariffs, elasticity 4: to a tenth of a billion."""
    (stakes,), _ = assess(five, (tariff_talk(Stick(threat=rate, answer=answer)),))
    assert stakes.carried[0][0] == pytest.approx(us, abs=0.051)
    assert stakes.carried[1][0] == pytest.approx(japan, abs=0.051)


@pytest.mark.parametrize(
    "rate, answer, more, us, china",
    [
        (0.54, "none", {}, -28, -67),
        (0.54, "mirror", {}, -42, -69),
        (1.45, "list", {"answer_rate": 1.25, "answer_share": 1.0}, -83, -86),
    ],
)
def test_tariffs_on_china_are_worth_what_a_prototype_found(five, rate, answer, more, us, china):
    talk = tariff_talk(Stick(threat=rate, answer=answer, **more), partner="CHN")
    (stakes,), _ = assess(five, (talk,))
    assert [stakes.carried[s][0] for s in (0, 1)] == pytest.approx([us, china], abs=0.51)


def test_at_the_deadline_leaving_ten_percent_in_place_pays_more_than_the_stick(five):
    """The stick hurts Japan more than the US but the US too: on welfare alone it is not credible by itself."""
    (stakes,), _ = assess(five, (tariff_talk(Stick(interim=0.10, threat=0.24)),))
    table = stakes.table(WELFARE.types, WELFARE.types)
    stay, fall = ([int(v[s][0]) for s in (0, 1)] for v in (table.impasse, table.carried))
    assert stay[0] > fall[0] > 0 > stay[1] > fall[1]
    assert stay[0] - fall[0] == pytest.approx(2.7e6, abs=0.1e6)  # 3.3 against 0.6 bn USD a year
    assert stay[1] - fall[1] == pytest.approx(5.5e6, abs=0.1e6)
    taste = Types(np.array([[1.0, 0.9, 0, 0, 0, 0]]), np.ones(1), np.array([0.05]), np.ones(1))
    fond = stakes.table(taste, WELFARE.types)
    assert fond.carried[0][0] > fond.impasse[0][0]  # unless tariffs are liked for their own sake


def test_the_optimal_tariff_on_one_partner_is_about_ten_percent(five):
    levels = tuple(v / 100 for v in range(0, 26))
    (stakes,), states = assess(five, (tariff_talk(Stick(), levels=levels),))
    assert states == 26
    assert 0.08 <= levels[int(np.argmax(stakes.packages[0][:, 0]))] <= 0.12


def test_a_believed_stick_buys_a_better_deal_for_the_demander(five):
    """Talks over the US tariff and a payment: belief lowers Japan's no-deal value and moves the deal, in play."""

    def payment(belief):
        issues = (
            Issue("us_tariff", "tariff", 0, (0.0, 0.1), on_top=True),
            Issue("security", "security", 1, tuple(v / 4 for v in range(49))),
        )
        stick = Stick(interim=0.10, threat=0.24, resolve=belief, belief=belief)
        (stakes,), _ = assess(five, (Agenda("talk", "USA", "JPN", make_grid(issues), stick),))
        weights = np.zeros((1, len(COMPONENTS)))
        weights[0, [0, 3]] = 1.0
        both = TypeSpace(Types(weights, np.ones(1), np.array([0.05]), np.ones(1)))
        players = {code: (TimeBased(exponent=1.0), both) for code in ("USA", "JPN")}
        talk = play([stakes], AlternatingOffers(), players, seed=1, worlds=500).talks[0]
        assert (talk.row >= 0).all()
        worth = [talk.final(side) for side in (0, 1)]
        for side in (0, 1):
            assert (worth[side] >= talk.seats[side].no_deal / 1e6).all()
        return worth[0].mean(), worth[1].mean()

    (us_bluff, japan_bluff), (us_sure, japan_sure) = payment(0.0), payment(1.0)
    assert japan_sure < japan_bluff - 1 and us_sure > us_bluff


def test_a_package_is_worth_what_its_own_equilibrium_says():
    """April 2025: pick packages, set their tariffs and access by hand, solve alone, compare all three components."""
    lab = april()
    economy, stakes = lab.economy, lab.stakes[0]
    assert stakes.agenda.pair == ("USA", "JPN")
    us, jp = (economy.index(code) for code in stakes.agenda.pair)
    world = economy.tariffs[0].copy()
    for other in lab.stakes[1:]:
        partner, rates = economy.index(other.agenda.partner), other.agenda.stick.rates(False)
        world[partner, us] += rates[0]
        world[us, partner] += rates[1]
    alone = solve(economy, world[None, None])
    for row in (0, 777, 1979):
        tariff, access = stakes.agenda.grid.levels[row, :2]
        with_deal, iceberg = world.copy(), np.ones_like(world)
        with_deal[jp, us], iceberg[us, jp] = tariff, 1 - access
        found = solve(economy, with_deal[None, None], iceberg[None, None])
        for side, who in enumerate((us, jp)):
            parts = stakes.packages[side][row]
            assert parts[0] == pytest.approx(float(found.ev[0, who] - alone.ev[0, who]), abs=1e-6)
            revenue = [float(r.revenue[0, who] / r.price[0, who]) for r in (found, alone)]
            assert parts[1] == pytest.approx(revenue[0] - revenue[1], abs=1e-6)
            balance = [float((r.flows[0, 0, who, us + jp - who] - r.flows[0, 0, us + jp - who, who]) / r.price[0, who])
                       for r in (found, alone)]  # fmt: skip
            assert parts[2] == pytest.approx(balance[0] - balance[1], abs=1e-6)


def test_a_stick_never_raised_and_an_interim_never_set_are_worth_nothing(five):
    (stakes,), states = assess(five, (tariff_talk(Stick(), levels=(0.0, 0.1)),))
    assert states == 2
    for parts in (*stakes.interim, *stakes.carried):
        assert np.abs(parts).max() < 1e-9
    assert all(np.abs(rows[0]).max() < 1e-9 for rows in stakes.packages)


def test_what_equals_the_interim_in_force_is_worth_the_interim(five):
    """A deal at 10 % on top is, before transfers, the interim of 10 % made permanent."""
    (stakes,), _ = assess(five, (tariff_talk(Stick(interim=0.10, threat=0.24), levels=(0.0, 0.10, 0.24)),))
    for side in (0, 1):
        assert (stakes.packages[side][1] == stakes.interim[side]).all()
        assert (stakes.packages[side][2] == stakes.carried[side]).all()


def test_the_other_talks_stay_at_their_interim(five):
    """The same talk beside another in force is worth something else; beside one without tariffs the same."""
    talk = tariff_talk(Stick(interim=0.10, threat=0.24))
    (alone,), _ = assess(five, (talk,))
    (beside, _), _ = assess(five, (talk, tariff_talk(Stick(interim=0.3), partner="CHN", name="china")))
    (quiet, _), _ = assess(five, (talk, tariff_talk(Stick(), partner="CHN", name="china")))
    assert abs(beside.interim[0][0] - alone.interim[0][0]) > 0.1
    for side in (0, 1):
        assert quiet.interim[side] == pytest.approx(alone.interim[side], abs=1e-9)
    world = on_imports(five, "USA", JPN=0.10, CHN=0.3)
    without = on_imports(five, "USA", CHN=0.3)
    both = solve(five, np.stack([world, without])[:, None])
    expected = both.ev[0] - both.ev[1]
    assert beside.interim[0][0] == pytest.approx(expected[five.index("USA")], abs=1e-6)
    assert beside.interim[1][0] == pytest.approx(expected[five.index("JPN")], abs=1e-6)


def test_withdrawn_protection_counts_only_when_the_stick_falls(five):
    plain, costly = (
        assess(five, (tariff_talk(Stick(interim=0.1, threat=0.24, withdrawal=w)),))[0][0] for w in ((0, 0), (2, 10))
    )
    at = COMPONENTS.index("security")
    for side, cost in ((0, 2), (1, 10)):
        assert plain.carried[side][at] - costly.carried[side][at] == cost
        assert (plain.interim[side] == costly.interim[side]).all()
        assert (plain.packages[side] == costly.packages[side]).all()


def test_no_deal_is_the_mean_over_belief_of_stick_and_interim(five):
    (stakes,), _ = assess(five, (tariff_talk(Stick(interim=0.10, threat=0.24)),))
    table = stakes.table(WELFARE.types, WELFARE.types)
    for side in (0, 1):
        stay, fall = int(table.impasse[side][0]), int(table.carried[side][0])
        assert table.no_deal(side, 0.0)[0] == stay and table.no_deal(side, 1.0)[0] == fall
        assert table.no_deal(side, 0.6)[0] == pytest.approx(0.6 * fall + 0.4 * stay, abs=1)


def test_the_same_types_share_one_table(five):
    (stakes,), _ = assess(five, (tariff_talk(Stick()),))
    one = stakes.table(WELFARE.types, WELFARE.types)
    assert stakes.table(WELFARE.types, WELFARE.types) is one
    assert stakes.table(WELFARE.types, WELFARE.types, keep=False) is one
    other = Types(np.ones((1, len(COMPONENTS))), np.ones(1), np.ones(1), np.ones(1))
    assert stakes.table(other, WELFARE.types) is not one


def test_without_an_economy_tariffs_are_refused_by_name():
    with pytest.raises(ValueError, match="talk japan: tariffs and barriers need an economy"):
        assess(None, (tariff_talk(Stick(), name="japan"),))


def test_a_state_without_equilibrium_is_named(five, monkeypatch):
    """The solver is made to say that the worst state failed; the message says which talk, and at what tariff."""

    def fails(economy, tariffs, iceberg):
        found = solve(economy, tariffs, iceberg)
        worst = tariffs[:, 0, economy.index("JPN"), economy.index("USA")] < 0.5
        return dataclasses.replace(found, converged=worst, residual=np.where(worst, 0.0, 0.25))

    monkeypatch.setattr("sim.states.solve", fails)
    with pytest.raises(ValueError) as told:
        assess(five, (tariff_talk(Stick(threat=0.6), name="japan"),))
    text = str(told.value)
    assert "talk japan" in text and "USA on JPN, 60 %" in text and "2.5e-01" in text and len(text.splitlines()) <= 6
