"""Packages by rank against plain scans, ties and ends included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.ranking import Ranked, from_micro, to_micro

tables = st.tuples(st.integers(1, 4), st.integers(1, 40)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(-6, 6))
)


@given(tables, st.integers(-7, 7))
def test_look_ups_are_what_a_scan_finds(table, target):
    ranked = Ranked(table / 2.0)
    for kind, values in enumerate((table * 500_000).tolist()):
        wanted, one = target * 500_000 + 1, np.array([kind])
        for value in (wanted, wanted - 1):
            below = sum(v < value for v in values)
            assert ranked.below(one, np.array([value]))[0] == below
            position = ranked.at_least(one, np.array([value]))
            order = sorted((v, row) for row, v in enumerate(values))
            expected = order[min(below, len(order) - 1)]
            assert (ranked.worth(one, position)[0], ranked.row(one, position)[0]) == expected
        assert ranked.best[kind] == max(values)
        rows = np.arange(len(values))
        assert ranked.of(np.full(len(rows), kind), rows).tolist() == values


@given(tables, st.data())
def test_rows_between_positions_are_ascending_and_those_of_the_order(table, data):
    ranked = Ranked(table.astype(float))
    kind = data.draw(st.integers(0, len(table) - 1))
    first = data.draw(st.integers(0, table.shape[1]))
    last = data.draw(st.integers(first, table.shape[1]))
    order = sorted(range(table.shape[1]), key=lambda row: (table[kind, row], row))
    assert ranked.rows(kind, first, last).tolist() == sorted(order[first:last])


@pytest.mark.parametrize("packages", [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1980])
def test_every_size_of_grid_is_searched_to_its_ends(packages):
    """Powers of two and their neighbours; targets below, at, between and above all packages."""
    values = np.arange(packages, dtype=float)
    ranked = Ranked(values[::-1][None])
    wanted = np.concatenate([[-1, packages * 10**6 + 1], np.arange(packages) * 10**6, np.arange(packages) * 10**6 + 1])
    kinds = np.zeros(len(wanted), dtype=int)
    by_numpy = np.searchsorted(values * 1e6, wanted, side="left")
    assert (ranked.below(kinds, wanted) == by_numpy).all()
    assert (ranked.below(kinds, np.full(len(kinds), np.iinfo(np.int64).min >> 20)) == 0).all()


def test_millionths_are_the_nearest_and_come_back():
    assert to_micro(np.array([1.0000004, 1.0000006, -2.5e-7, 0.1 + 0.2])).tolist() == [1_000_000, 1_000_001, 0, 300_000]
    whole = np.array([0, 1, -7, 123_456_789_012])
    assert (to_micro(from_micro(whole)) == whole).all()


def test_utilities_too_large_to_rank_exactly_are_refused():
    Ranked(np.array([[1e11, -1e11]]))
    with pytest.raises(ValueError, match="too large to rank"):
        Ranked(np.array([[1e13, 0.0]]))
    with pytest.raises(ValueError, match="too large to rank"):
        Ranked(np.array([[np.nan, 0.0]]))


def test_rounding_differences_do_not_break_ties():
    """0.1 + 0.2 and 0.3 are the same utility: the lower row comes first."""
    ranked = Ranked(np.array([[0.3, 0.1 + 0.2, 0.3 - 1e-12]]))
    zero = np.array([0])
    assert ranked.row(zero, ranked.at_least(zero, to_micro(np.array([0.3])))).tolist() == [0]
    assert ranked.below(zero, to_micro(np.array([0.3]))).tolist() == [0]


def test_a_strategy_cannot_change_what_packages_are_worth():
    ranked = Ranked(np.array([[1.0, 2.0]]))
    for array in (ranked.micro, ranked._keys):
        with pytest.raises(ValueError):
            array[0, 0] = 5
