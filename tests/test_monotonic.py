"""Monotonic concession: the rules of an exchange, and Zeuthen's rule on it, which reaches Nash's package."""

from typing import ClassVar

import numpy as np
import pytest

from agents.country import Country
from agents.strategies.base import Strategy
from agents.strategies.hardliner import Hardliner
from agents.strategies.time_based import TimeBased
from agents.strategies.zeuthen import Zeuthen
from experiments.cli import main
from sim.model import Talks
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, OUTSIDE
from sim.protocols.monotonic import MonotonicConcession
from sim.ranking import from_micro
from sim.solutions.bargaining import nash
from sim.sticks import Stick
from sim.table import Agenda, Stakes
from tests.talk_worlds import april, random_stakes, random_types
from tests.test_meets_theory import pie, play, types

BOTH = {code: (Zeuthen(), types([0.5])) for code in "AB"}


class Scripted(Strategy):
    """Offers rows in turn, accepts none or what its list says; what each view showed is kept."""

    shown: ClassVar[list] = []

    def __init__(self, rows, yes=()):
        self.rows, self.yes = rows, yes

    def target(self, view):
        return np.zeros(len(view), dtype=np.int64)

    def offer(self, view, target):
        self.shown.append((view.round, view.side, int(view.other_last[0]), view.other_offers[0].tolist()))
        return np.full(len(view), self.rows[view.round // 2])

    def accept(self, view, target, rows):
        return np.isin(rows, self.yes)


def scripted(first, second, worlds=4, yes=((), ()), **rules):
    """A pie of 100 played by two scripts."""
    Scripted.shown.clear()
    protocol = MonotonicConcession(**{"rounds": 2 * len(first), "standstill_ends": False} | rules)
    rows = zip("AB", (first, second), yes)
    return play(pie(100), protocol, {c: (Scripted(r, y), types([0.5])) for c, r, y in rows}, worlds=worlds)


def test_neither_side_sees_the_others_offer_of_the_same_exchange():
    talk = scripted([90, 80], [10, 20])
    assert Scripted.shown == [
        (0, 0, -1, [-1]), (0, 1, -1, [-1]), (2, 0, 10, [-1, 10, -1]), (2, 1, 90, [90, -1, -1]),
    ]  # fmt: skip
    assert talk.history.offers[0].tolist() == [90, 10, 80, 20] and talk.history.speaker[0].tolist() == [0, 1, 0, 1]
    assert (talk.ending == DEADLINE).all() and (talk.closed == 4).all()


def test_offers_never_retreat():
    talk = scripted([90, 95, -1, 85], [10, 5, 15, 30])
    assert talk.history.offers[0].tolist() == [90, 10, 90, 10, 90, 15, 85, 30]


def test_one_yes_is_a_deal_and_two_are_settled_by_a_fair_draw():
    one = scripted([60, 50], [40, 45], yes=((), (50,)))
    assert (one.ending == DEAL).all() and (one.row == 50).all() and (one.closed == 3).all()
    two = scripted([60, 50], [40, 45], worlds=4000, yes=((45,), (50,)))
    assert set(two.row) == {45, 50} and abs((two.row == 50).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


def test_a_standstill_ends_the_talks_only_where_the_rules_say_so():
    for ends, ending, closed in ((True, COLLAPSE, 4), (False, DEADLINE, 8)):
        talk = scripted([70] * 4, [20] * 4, standstill_ends=ends)
        assert (talk.ending == ending).all() and (talk.closed == closed).all()
    moving = scripted([70, 70, 69, 69], [20, 21, 21, 21], standstill_ends=True)
    assert (moving.closed == 8).all() and (moving.ending == COLLAPSE).all()


@pytest.mark.parametrize("outside, walked", [((60.0, 60.0), 0), ((None, 60.0), 1), ((60.0, None), 0)])
def test_sides_that_agree_on_nothing_may_leave_the_demander_asked_first(outside, walked):
    """Each takes no less than its option of 60 of 100: no offer suits both."""
    hard = {code: (Hardliner(demand_pct=0.0 if outside["AB".index(code)] else 50.0), types([0.5])) for code in "AB"}
    talk = play(pie(100, Stick(outside=outside)), MonotonicConcession(rounds=4), hard)
    assert (talk.ending == OUTSIDE).all() and (talk.walked == walked).all() and (talk.closed == 1).all()


def test_rounds_must_be_even():
    with pytest.raises(ValueError, match="multiple of 2"):
        MonotonicConcession(rounds=13)


def test_the_steps_of_two_zeuthen_sides_on_a_table_of_four_are_those_worked_out_by_hand():
    """Gains (6,0), (5,2), (3,4), (0,5): products 0, 10, 12, 0. Both start at 0: both concede, to (5,2) and (3,4).

    The demander's product is the smaller: nothing beats 12, so it takes the partner's offer.
    """
    stakes = pie(3)
    parts = np.zeros((2, 4, stakes.packages[0].shape[1]))
    parts[:, :, 5] = np.array([[6.0, 5.0, 3.0, 0.0], [0.0, 2.0, 4.0, 5.0]])
    talk = play(Stakes(stakes.agenda, tuple(parts), *[stakes.interim] * 2, stakes.opening), MonotonicConcession(), BOTH)
    assert talk.history.offers[0, :6].tolist() == [0, 3, 1, 2, 2, 2]
    assert (talk.ending == DEAL).all() and (talk.row == 2).all() and (talk.closed == 5).all()


def products(talk, world):
    """Products of gains (P,) of one world's packages, 0 where a side loses; and its floors."""
    u = np.stack([talk.table.utility(s)[talk.seats[s].types[world]] for s in (0, 1)], axis=-1)
    floor = np.array([from_micro(talk.seats[s].no_deal[world]) for s in (0, 1)])
    gain = u - floor
    return u, floor, np.where((gain >= -1e-9).all(axis=-1), gain.clip(0).prod(axis=-1), 0.0)


def concave(rng, count=40):
    """A random concave frontier: the demander's gain rises as the partner's falls faster and faster."""
    x, y = np.cumsum(rng.uniform(0.2, 2.0, count)), np.cumsum(np.sort(rng.uniform(0.2, 3.0, count)))
    stakes, parts = pie(count - 1), None
    parts = np.zeros((2, count, stakes.packages[0].shape[1]))
    parts[0, :, 5], parts[1, :, 5] = x, y[-1] - y
    order = rng.permutation(count)
    agenda = Agenda("pie", "A", "B", stakes.agenda.grid, stakes.agenda.stick)
    return Stakes(agenda, tuple(parts[:, order]), stakes.interim, stakes.carried, stakes.opening)


def test_two_zeuthen_sides_reach_the_nash_package_of_random_concave_tables():
    for seed in range(40):
        talk = play(concave(np.random.default_rng(seed)), MonotonicConcession(), BOTH, worlds=1)
        u, floor, product = products(talk, 0)
        best = nash(u, floor)
        assert talk.ending[0] == DEAL and product[talk.row[0]] == pytest.approx(product.max(), rel=1e-12)
        if np.sum(product >= product.max() * (1 - 1e-12)) == 1:
            assert talk.row[0] == best.row


@pytest.mark.parametrize("coarse", [False, True])
def test_two_zeuthen_sides_reach_the_largest_product_of_any_table(coarse):
    """Frontiers with gaps and dents too: no concavity is needed. Coarse tables tie: then one of the largest."""
    ended = np.zeros(2, dtype=int)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        stakes = random_stakes(rng, outside=0.0, coarse=coarse)
        players = {code: (Zeuthen(), random_types(rng)) for code in "AB"}
        talk = play(stakes, MonotonicConcession(), players, seed=seed)
        for world in range(8):
            _, _, product = products(talk, world)
            made = talk.ending[world] == DEAL
            ended[int(made)] += 1
            if product.max() > 1e-6:
                assert made and product[talk.row[world]] == pytest.approx(product.max(), rel=1e-9)
    assert (ended > 20).all()


def test_the_talks_of_april_2025_end_at_nash_within_the_shipped_rounds():
    lab = april()
    for stakes in lab.stakes:
        players = {code: (Zeuthen(), lab.types[code]) for code in stakes.agenda.pair}
        talk = play(stakes, MonotonicConcession(), players, worlds=100)
        for world in range(0, 100, 7):
            _, _, product = products(talk, world)
            if product.max() > 1e-6:
                assert talk.ending[world] == DEAL
                assert product[talk.row[world]] == pytest.approx(product.max(), rel=1e-9)


def test_a_zeuthen_side_meets_others_and_needs_its_protocol():
    soft = {"A": (Zeuthen(), types([0.5])), "B": (TimeBased(exponent=5.0), types([0.5]))}
    talk = play(pie(100), MonotonicConcession(standstill_ends=False), soft)
    assert (talk.ending == DEAL).all() and (talk.row >= 50).all() and (talk.row > 50).any()
    with pytest.raises(ValueError, match="made for the protocol MonotonicConcession, not for AlternatingOffers"):
        Country(Talks(AlternatingOffers(), seed=1, worlds=1, information="complete"), "A", Zeuthen(), None)


def test_a_run_by_this_protocol_is_told_beside_theory_of_offers_in_turn(tmp_path, capsys):
    both = [f"strategy@countries.{code}.strategy=zeuthen" for code in "AB"]
    words = ["experiment=classroom", "protocol=monotonic", "information=complete", "worlds=20", "figures=false", *both]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    assert "Nearest concept to the average deal: Nash, 0.0 bn USD" in capsys.readouterr().out
