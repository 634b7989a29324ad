"""Many talks at once: fixed points worked out again from scratch, cycles, several ends, orders by hand."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from experiments import network
from experiments.build import build
from experiments.meeting import meeting
from experiments.network import Tables, nash_in_nash, orders, worth_of_place
from sim.assess import Assessor
from tests.theory_worlds import lab, nash_row

PIES = ("experiment=classroom", "worlds=5")


def again(name, rows):
    """A talk's table with the others' rows in force, from an assessor that has seen nothing else."""
    april = lab()
    assessor = Assessor(april.economy, tuple(s.agenda for s in april.stakes))
    stakes = assessor.stakes((name,), {n: r for n, r in rows.items() if n != name and r >= 0})[0]
    return meeting(stakes.table(*(april.types[c].types for c in stakes.agenda.pair)), april.config.protocol)


def test_nash_in_nash_is_a_fixed_point_worked_out_again_from_scratch():
    found = nash_in_nash(Tables(lab()))
    assert found.status == "converged" and found.residual == pytest.approx(0.0, abs=1e-9) and not found.several
    assert found.found == (found.rows,)
    for name, row in found.rows.items():
        met = again(name, found.rows)
        assert nash_row(met.u, met.no_deal()) == row
        assert found.payoffs[name] == pytest.approx(tuple(met.u[row])) and found.floors[name] == tuple(met.no_deal())


def test_the_order_in_which_talks_are_named_does_not_move_the_fixed_point():
    april = lab()
    talks = dict(reversed(april.config.talks.items()))
    back = nash_in_nash(Tables(build(april.config.model_copy(update={"talks": talks}))))
    assert back.rows == nash_in_nash(Tables(april)).rows


class Made:
    """Tables made up: `best` gives a talk's row from the other's row; a row is worth itself to both."""

    def __init__(self, best):
        self.best, self.names = best, ("one", "two")

    def nash(self, name, standing):
        row = self.best[name][standing["two" if name == "one" else "one"]]
        return row, (float(row), float(row))

    def worth(self, name, standing):
        return np.full(2, float(standing[name]))

    def meeting(self, name, standing):
        class Met:
            def no_deal(self):
                return np.full(2, -1.0)

        return Met()


def fixed_points(best):
    return [(r, s) for r, s in product(range(3), repeat=2) if best["one"][s] == r and best["two"][r] == s]


def test_a_cycle_is_called_a_cycle_and_its_residual_is_what_would_move():
    best = {"one": {-1: 0, 0: 0, 1: 1, 2: 0}, "two": {-1: 1, 0: 1, 1: 0, 2: 0}}  # one copies, two does the other
    assert fixed_points(best) == []
    found = nash_in_nash(Made(best))
    assert found.status == "cycle" and found.residual == pytest.approx(1.0) and found.found == ()
    assert set(found.rows.values()) <= {0, 1}


def test_several_fixed_points_are_told():
    """One and two copy each other; from no deal anywhere one moves first and leads, else each takes its own."""
    best = {"one": {-1: 0, 0: 0, 1: 1, 2: 2}, "two": {-1: 1, 0: 0, 1: 1, 2: 2}}
    assert len(fixed_points(best)) == 3
    found = nash_in_nash(Made(best))
    assert found.status == "converged" and found.several and len(found.found) == 2
    for rows in found.found:
        assert (rows["one"], rows["two"]) in fixed_points(best)
    assert found.residual == pytest.approx(0.0)


def test_sweeps_that_never_repeat_run_out():
    class Counting(Made):
        def nash(self, name, standing):
            row = standing[name] + 1
            return row, (float(row), float(row))

    found = nash_in_nash(Counting({}))
    assert (found.status, found.sweeps, found.found) == ("none", network.MAX_SWEEPS, ())


def test_orders_of_two_talks_by_hand():
    april = lab()
    names = ("japan", "eu")
    two = build(april.config.model_copy(update={"talks": {n: april.config.talks[n] for n in names}}))
    table = orders(Tables(two)).set_index(["order", "talk"])
    assert len(table) == 4
    agendas = tuple(s.agenda for s in two.stakes)
    for first, second in (names, names[::-1]):

        def met(name, standing):
            stakes = Assessor(two.economy, agendas).stakes((name,), standing)[0]
            return meeting(stakes.table(*(two.types[c].types for c in stakes.agenda.pair)), two.config.protocol)

        opening = met(first, {})
        one = nash_row(opening.u, opening.no_deal())
        answer = met(second, {first: one})
        other = nash_row(answer.u, answer.no_deal())
        end = {first: (one, 1, met(first, {second: other}).u[one]), second: (other, 2, answer.u[other])}
        for name, (row, place, worth) in end.items():
            shown = table.loc[(f"{first} > {second}", name)]
            assert (shown["package"], shown["place"]) == (row, place)
            assert (shown["demander_utility"], shown["partner_utility"]) == pytest.approx(tuple(worth))
    place = worth_of_place(orders(Tables(two)))
    assert place.loc["japan", 1] == pytest.approx(table.loc[("japan > eu", "japan"), "partner_utility"])
    assert place.loc["japan", 2] == pytest.approx(table.loc[("eu > japan", "japan"), "partner_utility"])


@pytest.fixture(scope="module")
def pies():
    """Three talks over pies of their own: nothing that one agrees touches another."""
    config = lab(*PIES).config
    return build(config.model_copy(update={"talks": dict.fromkeys(("a", "b", "c"), config.talks["pie"])}))


def test_talks_that_do_not_touch_are_worth_the_same_in_any_order(pies):
    table = orders(Tables(pies))
    assert len(table) == 18 and table["order"].nunique() == 6
    assert (table["package"] == 50).all()
    place = worth_of_place(table)
    assert place.to_numpy() == pytest.approx(50.0) and list(place.columns) == [1, 2, 3]
    found = nash_in_nash(Tables(pies))
    assert set(found.rows.values()) == {50} and found.status == "converged" and not found.several


def test_a_talk_that_agrees_on_nothing_is_worth_its_expected_no_deal():
    """A stick of (210, -20) at even odds, nothing otherwise: (105, -10), and no pie of 100 gives 105."""

    class Tempted(Tables):
        def meeting(self, name, standing):
            return replace(super().meeting(name, standing), stick=np.array([210.0, -20.0]), chance=np.full(2, 0.5))

    found = Tempted(lab(*PIES))
    assert found.meeting("pie", {}).impasse == pytest.approx(0.0)
    assert found.nash("pie", {}) == (-1, pytest.approx((105.0, -10.0)))
    assert found.worth("pie", {}) == pytest.approx([105.0, -10.0])
    assert nash_in_nash(found).payoffs["pie"] == pytest.approx((105.0, -10.0))


def test_one_talk_or_six_have_no_orders(pies):
    assert orders(Tables(lab(*PIES))).empty
    many = pies.config.model_copy(update={"talks": dict.fromkeys("abcdef", pies.config.talks["a"])})
    assert orders(Tables(build(many))).empty
