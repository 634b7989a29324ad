"""Rational talks at a hub end where theory says: Nash-in-Nash with money to share, equilibria of changing tables."""

from functools import cache

import numpy as np
import pytest

from experiments.build import build
from experiments.compose import load
from experiments.meetings.hub import DAYS, INTERIM, SPOKES, STEP, economy, hub_and_spokes, played, worths
from sim.hub import ENDS
from sim.joint import joint
from sim.protocols.base import DEAL
from sim.ranking import from_micro
from sim.solutions.network import nash_in_nash_transfers
from sim.solutions.subgame import Game, subgame_perfect
from sim.trade import solve


@cache
def talks(others="expected"):
    return played(others)


def payments(model):
    """Payment of each talk, the mean of what is agreed where either side speaks first; every talk lifts the tariff."""
    out = []
    for talk in model.talks:
        levels = talk.agenda.grid.levels[talk.row]
        assert (talk.ending == DEAL).all() and np.abs(levels[:, 0]).max() < 1e-12
        first = talk.history.speaker[np.arange(len(levels)), talk.closed]
        paid = [levels[first == side, 1] for side in (0, 1)]
        assert max(map(np.ptp, paid)) < STEP / 2, "one price for each who speaks first"
        assert 0 <= paid[0][0] - paid[1][0] < 0.3, "in short rounds it hardly matters who"
        out.append((paid[0][0] + paid[1][0]) / 2)
    return np.array(out)


def alone_and_together():
    """Welfare (hub, spokes) with all tariffs lifted, and with one of them kept: four states, solved one by one here."""
    world = economy()
    us, others = world.names.index("USA"), [world.names.index(code) for code in SPOKES]
    out = []
    for kept in (None, *others):
        tariffs = world.tariffs.copy()
        if kept is not None:
            tariffs[:, kept, us] = tariffs[:, kept, us] + INTERIM
        found = solve(world, tariffs, np.ones_like(tariffs))
        out.append((found.ev[us], found.ev[others]))
    return out


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.5, 1.5)])
def test_money_to_share_leads_to_nash_in_nash(rates):
    """T_j = b g_j - (1 - b) [V(all) - V(all but j)]; b = (1 - d_j) / (2 - d - d_j) is what patience gives the hub."""
    model = played("expected", rates=rates, rounds=10 if rates[0] == rates[1] else 300)
    assert (model.hub.ends == ENDS.index("converged")).all()
    wait = 1 - np.exp(-np.array(rates) * DAYS / 365)
    weight = wait[1] / wait.sum()
    assert weight == pytest.approx(rates[1] / sum(rates), abs=0.005), "the limit of short rounds"
    (hub, spokes), *without = alone_and_together()
    due = [weight * (spokes[j] - left[j]) - (1 - weight) * (hub - less) for j, (less, left) in enumerate(without)]
    near = {"abs": STEP} if rates[0] == rates[1] else {"rel": 0.03}  # round by round the steps add up for the patient
    assert payments(model) == pytest.approx(np.array(due), **near)
    assert nash_in_nash_transfers(*worths(), weight).transfers == pytest.approx(np.array(due), abs=1e-9)


def test_the_hub_and_its_spokes_have_what_nash_in_nash_gives_them():
    """One utility an economy, of the joint state: welfare with all deals and all payments."""
    model = talks()
    closed = nash_in_nash_transfers(*worths())
    found = {own.code: own for own in joint(model, model.hub.grounds)}
    assert found["USA"].utility == pytest.approx(float(closed.hub), abs=0.2)
    for code, due in zip(SPOKES, closed.partners):
        assert found[code].utility == pytest.approx(float(due), abs=0.2)
        assert found[code].payoff == pytest.approx(found[code].utility, abs=1e-9), "settled at once"
    paid = sum(payments(model))
    opened = [talk.history.speaker[:, 0] for talk in model.talks]
    same = [np.flatnonzero(np.all([o == side for o in opened], axis=0)) for side in (0, 1)]
    mean = np.mean([found["USA"].utility[worlds[0]] for worlds in same])
    assert mean == pytest.approx(float(worths()[0][-1]) + paid) == pytest.approx(float(closed.hub), abs=3 * STEP)


def test_talks_that_do_not_reckon_with_each_other_pay_otherwise():
    apart = payments(talks("interim")) - nash_in_nash_transfers(*worths()).transfers
    assert (apart > 50 * STEP).all(), "deals are substitutes: each is worth less beside the others"
    met = hub_and_spokes()
    assert met.passed and set(met.data["others"]) == {"interim", "expected"} and len(met.data) == 6
    assert set(met.data["expectations"]) == {"converged", "none expected"}


def test_a_deal_struck_first_changes_what_the_next_partner_pays():
    """One talk a round, deals struck counted: the first pays as if alone, the last the price of Nash-in-Nash."""
    both = payments(talks("interim")), nash_in_nash_transfers(*worths()).transfers
    model = played("struck", attends=1)
    order = np.stack([talk.closed for talk in model.talks])
    assert (order == np.array([[0], [1], [2]])).all()
    paid = payments(model)
    assert paid[0] == pytest.approx(both[0][0], abs=STEP)
    assert both[1][1] + 10 * STEP < paid[1] < both[0][1] - 10 * STEP
    assert paid[2] == pytest.approx(both[1][2], abs=0.01 * both[1][2]), "two rounds nearer to the deadline"


FOUR = ("USA", "JPN", "EU27", "CHN")
SHORT = ("protocol.rounds=6", "protocol.hazard_pct=10", "information=complete", "hub=at_random")


def test_rational_sides_play_the_equilibrium_of_the_table_in_force():
    """After the last deal elsewhere every offer is the one that backward induction on the new table makes."""
    rational = [f"strategy@countries.{code}.strategy=rational" for code in FOUR]
    own = build(load(["experiment=three_tables", "figures=false", *SHORT, *rational]).config)
    model, checked = own.play(0, 40), 0
    for world in range(40):
        for talk in model.talks:
            others = [t.closed[world] for t in model.talks if t is not talk and t.ending[world] == DEAL]
            began = max((turn for turn in others if turn < talk.closed[world]), default=-1) + 1
            said = [t for t in range(began, 6) if talk.history.speaker[world, t] >= 0]
            plan = equilibrium(talk, world, own.config.protocol) if said else None
            for turn in said:
                assert talk.history.offers[world, turn] == plan.offer[turn, talk.history.speaker[world, turn]]
            checked += bool(said and began)
    assert checked > 10


def equilibrium(talk, world, rules):
    """The equilibrium on the table a talk ended on, from that table's numbers."""
    kinds = [country.type_index[world] for country in talk.countries]
    table = talk.board.tables[talk.variant[world]]
    u = np.stack([from_micro(table.ranked[side].micro[kinds[side]]) for side in (0, 1)], axis=-1)
    stick = talk.agenda.stick
    floor = [float(from_micro(table.no_deal(s, (stick.resolve, stick.belief)[s])[kinds[s]])) for s in (0, 1)]
    flow = [float(from_micro(table.impasse[side][kinds[side]])) for side in (0, 1)]
    patience = [seat.discount[world] for seat in talk.seats]
    game = Game(rules.rounds, patience, floor, flow, rules.demander_proposes_pct / 100, rules.hazard_pct / 100)
    return subgame_perfect(u, game)
