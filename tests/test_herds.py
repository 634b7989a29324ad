"""Many cells in one model against each cell on its own: the same bytes."""

from types import SimpleNamespace

import numpy as np
import pytest

from agents.strategies.hardliner import Hardliner
from experiments.compose import load
from experiments.herd import Stable
from experiments.sweep import herds
from experiments.sweep.work import Block, play_blocks, play_blocks_naive
from sim.grouping import grouped

SMALL = ("talks=us_japan", "economy=five", "protocol.rounds=5", "figures=false")
CELLS = (
    (),
    ("talks.japan.stick.threat_pct=40",),
    ("talks.japan.stick.belief_pct=0",),
    ("talks.japan.stick.resolve_pct=100", "talks.japan.stick.belief_pct=5"),
    ("talks.japan.stick.answer=mirror",),
    ("countries.JPN.weights.security=2.5",),
    ("countries.USA.types.discount_rate_per_year.values=[0.1,3]",),
    ("countries.JPN.types.red_line_pct={values:[20,60,100],probabilities:[.2,.3,.5]}",),
    ("countries.JPN.audience_cost_busd=50",),
    ("talks.japan.stick.interim_pct=25",),
    ("talks.japan.stick.outside_option_partner_busd=-3",),
    ("talks.japan.stick.outside_option_partner_busd=-1",),
    ("economy.trade_elasticity=6",),
    ("strategy@countries.JPN.strategy=conceder",),
    ("talks.japan.issues.security.levels_busd=[0,10]",),
    ("protocol.rounds=3",),
    ("protocol.hazard_pct=30",),
    ("countries.JPN.weight_spread_pct=20",),
    ("seed=7",),
)
OTHERS = (
    ("talks=us_three", "economy=five", "protocol.rounds=4"),
    ("talks=us_three", "economy=five", "protocol.rounds=4", "talks.eu.stick.belief_pct=11"),
    ("talks=us_three", "economy=five", "protocol.rounds=4", "talks.eu.stick.interim_pct=17"),
    ("experiment=escalation_china", "economy=five"),
    ("experiment=escalation_china", "economy=five", "talks.china.stick.belief_pct=80"),
    (*SMALL, "information=types", "strategy@countries.JPN.strategy=bayesian"),
    (*SMALL, "information=types", "strategy@countries.JPN.strategy=bayesian", "talks.japan.stick.belief_pct=5"),
)


def cell(number, overrides):
    return SimpleNamespace(number=number, values={}, config=load(overrides).config, key=f"{number:064x}")


@pytest.fixture(scope="module")
def blocks():
    """Blocks of every cell: all of it in one go, in two, and in another order."""
    cells = [cell(n, words) for n, words in enumerate([*((*SMALL, *more) for more in CELLS), *OTHERS])]
    return [Block(c, *span) for span in ((0, 9), (3, 4), (7, 20)) for c in cells[:: -1 if span[0] else 1]]


@pytest.fixture(scope="module")
def naive(blocks):
    return play_blocks_naive(blocks)


def same(one, two):
    assert one[1:] == two[1:]
    assert one[0].schema.equals(two[0].schema) and one[0].equals(two[0])


def test_side_by_side_is_one_by_one(blocks, naive):
    assert not naive[2]
    same(play_blocks(blocks), naive)


def test_whatever_is_put_together(blocks, naive, monkeypatch):
    monkeypatch.setattr(herds, "SLICE", 5)
    monkeypatch.setattr(herds, "NUMBERS", 6000)
    monkeypatch.setattr(herds, "KEPT", 3)
    monkeypatch.setattr("experiments.build.OFFERS", 40)
    same(play_blocks(blocks), naive)


def test_cells_that_differ_in_worth_share_a_model_and_solve_no_state_twice():
    stable = Stable()
    labs = stable.labs([load((*SMALL, *more)).config for more in CELLS[:9]])
    marks = [stable.mark(lab) for lab in labs]
    assert len(set(marks)) == 1
    alone = Stable()
    alone.labs([load(SMALL).config])
    assert stable.solved == alone.solved + 2  # another threat, and an answer to the first


@pytest.mark.parametrize("more", CELLS[13:17] + CELLS[18:])
def test_cells_that_bargain_otherwise_do_not(more):
    stable = Stable()
    one, two = stable.labs([load(SMALL).config, load((*SMALL, *more)).config])
    assert stable.mark(one) != stable.mark(two)


def test_a_cell_that_fails_takes_no_other_with_it(monkeypatch):
    good, bad = cell(0, SMALL), cell(1, (*SMALL, "countries.JPN.weights.security=3"))
    wrong = cell(2, (*SMALL, "information=complete", "strategy@countries.JPN.strategy=rational"))
    wrong.config = wrong.config.model_copy(update={"information": "private"})
    blocks = [Block(c, 0, 6) for c in (wrong, good, bad)]
    heavy = bad.config.countries["JPN"].weights.security
    whole = Stable.play

    def fails(self, labs, first, worlds):
        if any(lab.config.countries["JPN"].weights.security >= heavy for lab in labs):
            raise ZeroDivisionError("no")
        return whole(self, labs, first, worlds)

    monkeypatch.setattr(Stable, "play", fails)
    table, spans, errors = play_blocks(blocks)
    assert spans == [(0, 0), (0, 6), (6, 0)] and table.num_rows == 6
    assert errors[2] == "ZeroDivisionError: no" and "set information=" in errors[0] and len(errors) == 2
    assert table.equals(play_blocks_naive([blocks[1]])[0])


def test_a_strategy_of_other_numbers_is_told_apart():
    stable = Stable()
    configs = [load((*SMALL, "strategy@countries.JPN.strategy=hardliner")).config for _ in range(2)]
    own = configs[1].countries["JPN"].model_copy(update={"strategy": Hardliner(demand_pct=33.0)})
    configs[1] = configs[1].model_copy(update={"countries": configs[1].countries | {"JPN": own}})
    one, two = stable.labs(configs)
    assert stable.mark(one) != stable.mark(two)
    assert stable.mark(one) == stable.mark(
        stable.labs([load((*SMALL, "strategy@countries.JPN.strategy=hardliner")).config])[0]
    )


@pytest.mark.parametrize("slots", [4, 20])
def test_groups_are_the_distinct_rows(slots, monkeypatch):
    monkeypatch.setattr("sim.grouping.SLOTS", slots)
    monkeypatch.setattr("sim.grouping.FEW", 0)
    rng = np.random.default_rng(1)
    columns = [rng.integers(-3, 4, 3000), rng.integers(0, 2, 3000) * 10**13]
    first, group = grouped(*columns)
    rows = np.stack(columns, axis=1)
    assert (rows[first][group] == rows).all() and len(first) == len(np.unique(rows, axis=0)) == len(set(group.tolist()))
