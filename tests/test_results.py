"""Result tables: columns as defined, nulls where undefined, and numbers that add up by another road."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agents.strategies.base import Strategy
from agents.strategies.hardliner import Hardliner
from sim import columns
from sim.deals import Issue, make_grid
from sim.digest import level_quantiles, offer_counts, packages_table, points_table, rounds_table
from sim.model import TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import ENDINGS
from sim.results import issue_columns, offers_table, talks_table, write
from sim.sticks import Stick
from sim.table import Agenda, Stakes
from tests.talk_worlds import april, play, random_grid, random_players, random_protocol, random_stakes

KINDS = {
    "text": lambda t: pa.types.is_string(t) or (pa.types.is_dictionary(t) and pa.types.is_string(t.value_type)),
    "whole": pa.types.is_integer,
    "yes/no": pa.types.is_boolean,
    "number": pa.types.is_floating,
}
SIDES = columns.SIDE_NAMES


@pytest.fixture(scope="module")
def lab():
    """Three talks that end in every way but walking out."""
    return april("us_three", "protocol.hazard_pct=5", "strategy@countries.CHN.strategy=hardliner")


@pytest.fixture(scope="module")
def model(lab):
    return lab.play(0, 300)


@pytest.fixture(scope="module")
def frame(model):
    return talks_table(model).to_pandas()


@pytest.fixture(scope="module")
def tables(lab, model):
    """Every table a run can write, by the name of its definition."""
    agendas = [s.agenda for s in lab.stakes]
    return {
        "TALKS": talks_table(model),
        "OFFERS": offers_table(model),
        "ROUNDS": rounds_table(agendas, [offer_counts(talk) for talk in model.talks]),
        "PACKAGES": packages_table(lab.tables(), issue_columns([a.grid for a in agendas])),
        "POINTS": points_table(lab.tables()),
    }


@pytest.mark.parametrize("name", ["TALKS", "OFFERS", "ROUNDS", "PACKAGES", "POINTS"])
def test_columns_are_those_defined_in_order_and_kind(name, tables, lab):
    """Issue columns stand beside the defined ones in the tables that have them."""
    table, defined = tables[name], getattr(columns, name)
    issues = issue_columns([s.agenda.grid for s in lab.stakes])
    extra = [c for c in table.column_names if c in issues]
    assert extra == (issues if name in ("TALKS", "PACKAGES") else [])
    assert [c for c in table.column_names if c not in issues] == [c.name for c in defined]
    for column in defined:
        assert KINDS[column.kind](table.schema.field(column.name).type), column.name
        assert column.meaning
        if column.null == "never":
            assert table[column.name].null_count == 0, column.name
    assert all(pa.types.is_floating(table.schema.field(c).type) for c in extra)
    for column in table.column_names:
        if pa.types.is_floating(table.schema.field(column).type):
            assert np.isfinite(table[column].drop_null().to_numpy()).all(), column


def test_an_issue_may_not_take_the_place_of_another_column():
    """An issue called `resolve` once overwrote the chance that the stick is carried out."""
    with pytest.raises(ValueError, match="the column resolve_pct, which every table has"):
        issue_columns([make_grid((Issue("resolve", "tariff", 1, (0.01, 0.02)),))])


def test_units_in_names_are_the_units_told():
    for table in ("TALKS", "OFFERS", "ROUNDS", "PACKAGES", "POINTS"):
        for column in getattr(columns, table):
            assert column.name.endswith("_pct") == (column.unit == "%"), column.name


def test_without_a_deal_what_is_undefined_is_null_and_never_0(frame, lab):
    issues = issue_columns([s.agenda.grid for s in lab.stakes])
    undefined = [c.name for c in columns.TALKS if "no deal" in c.null] + issues
    lost, made = frame[~frame["deal"]], frame[frame["deal"]]
    assert len(lost) > 20 and len(made) > 20
    assert lost[undefined].isna().all(axis=None)
    always = [c.name for c in columns.TALKS if c.null == "no deal"]
    assert made[always].notna().all(axis=None)
    assert lost["demander_surplus_share"].isna().all()
    assert (frame["deal"] == (frame["ended_by"] == "deal")).all()


def test_an_issue_a_talk_does_not_have_is_null(frame, lab):
    for stakes in lab.stakes:
        own = {issue.column for issue in stakes.agenda.grid.issues}
        part = frame[(frame["talk"] == stakes.agenda.name) & frame["deal"]]
        for name in issue_columns([s.agenda.grid for s in lab.stakes]):
            assert (part[name].notna() if name in own else part[name].isna()).all()


def test_rounds_are_counted_from_one_and_time_from_nought(frame):
    made = frame[frame["deal"]]
    assert (made["round"] == made["rounds_talked"] + 1).all()
    assert made["round"].between(1, 13).all()
    late = frame[frame["ended_by"] == "deadline"]
    assert (late["rounds_talked"] == 13).all()
    fallen = frame[frame["ended_by"] == "collapse"]
    assert len(fallen) > 5 and fallen["rounds_talked"].between(1, 13).all()


def test_the_agreed_levels_are_those_of_the_package_row(frame, lab):
    for stakes in lab.stakes:
        part = frame[(frame["talk"] == stakes.agenda.name) & frame["deal"]]
        grid = stakes.agenda.grid
        for k, issue in enumerate(grid.issues):
            factor = 100 if issue.column.endswith("_pct") else 1
            expected = grid.levels[part["package"].astype(int), k] * factor
            assert part[issue.column].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_components_times_weights_are_the_utility(frame, lab):
    """The audience cost is in the concession; to a millionth, the unit of utilities."""
    for stakes in lab.stakes:
        part = frame[(frame["talk"] == stakes.agenda.name) & frame["deal"]]
        for side, code in zip(SIDES, stakes.agenda.pair):
            weights = lab.types[code].types.weights[part[f"{side}_type"]]
            parts = np.stack([part[f"{side}_{c}"] for c in COMPONENTS], axis=-1)
            assert part[f"{side}_utility"].to_numpy() == pytest.approx((weights * parts).sum(axis=-1), abs=1e-6)
            assert (part[f"{side}_utility"] == part[f"{side}_final_utility"]).all()


def test_drawn_types_are_told_as_they_were_drawn(frame, lab):
    for stakes in lab.stakes:
        part = frame[frame["talk"] == stakes.agenda.name]
        for side, code in zip(SIDES, stakes.agenda.pair):
            types = lab.types[code].types
            assert (part[f"{side}_discount_rate"] == types.discount_rate[part[f"{side}_type"]]).all()
            assert part[f"{side}_red_line_pct"].to_numpy() == pytest.approx(100 * types.red_line[part[f"{side}_type"]])
            share = np.bincount(part[f"{side}_type"], minlength=len(types)) / len(part)
            assert share == pytest.approx(types.probability, abs=0.12)


def test_without_a_deal_the_final_state_is_the_drawn_one_and_expected_is_its_mean(frame):
    lost = frame[~frame["deal"]]
    for side in SIDES:
        assert (lost[f"{side}_final_utility"] == lost[f"{side}_no_deal_drawn"]).all()
        ends = frame.groupby(["talk", f"{side}_type"])[f"{side}_no_deal_drawn"].agg(["min", "max"])
        told = frame.groupby(["talk", f"{side}_type"])[f"{side}_no_deal_expected"].agg(["min", "max"])
        assert (told["min"] == told["max"]).all()
        for now, mean in zip(ends.to_numpy(), told["min"]):
            assert min(abs(mean - (p * now[0] + (1 - p) * now[1])) for p in (0.4, 0.6)) < 2e-6


def scanned(table, a, b, floor):
    """Zone and Nash package of two types by a scan: the largest product, ties by row."""
    pairs = list(zip(table.utility(0)[a].tolist(), table.utility(1)[b].tolist()))
    best, found = -1.0, None
    for row, (u, v) in enumerate(pairs):
        if u >= floor[0] - 1e-9 and v >= floor[1] - 1e-9:
            product = (u - floor[0]) * (v - floor[1])
            if product > best + 1e-9:
                best, found = product, row
    return found, pairs


@pytest.mark.parametrize("seed", range(25))
def test_zone_distances_and_shares_by_a_scan(seed):
    """Random talks, many without a zone: nulls there, and what is told elsewhere holds by hand."""
    rng = np.random.default_rng(seed)
    stakes = random_stakes(rng, outside=0.0, coarse=False)
    model = play([stakes], random_protocol(rng), random_players(rng), seed=seed, worlds=12)
    talk = model.talks[0]
    for row in talks_table(model).to_pandas().to_dict("records"):
        floor = [row[f"{side}_no_deal_expected"] for side in SIDES]
        found, pairs = scanned(talk.table, row["demander_type"], row["partner_type"], floor)
        assert row["zone_of_agreement"] == (found is not None)
        if found is None:
            assert all(pd.isna(row[c]) for c in ("nash_package", "ks_package", "distance_nash", "distance_ks"))
            assert not row["deal"]
            continue
        assert pairs[int(row["nash_package"])] == pairs[found]
        if not row["deal"]:
            assert pd.isna(row["distance_nash"]) and pd.isna(row["demander_surplus_share"])
            continue
        agreed = pairs[int(row["package"])]
        for name in ("nash", "ks"):
            assert row[f"distance_{name}"] == pytest.approx(math.dist(agreed, pairs[int(row[f"{name}_package"])]))
        gains = [u - f for u, f in zip(agreed, floor)]
        if sum(gains) > 1e-6:
            assert row["demander_surplus_share"] == pytest.approx(gains[0] / sum(gains), abs=1e-6)


class _Gives(Strategy):
    """Offers and takes anything."""

    def target(self, view):
        return np.full(len(view), -(10**9))

    def offer(self, view, target):
        return np.zeros(len(view), dtype=int)


def one_package(worth, stick):
    """A talk over a single package worth (u, v), with a stick carried out for certain worth `stick`."""
    part = lambda value: np.array([value, 0, 0, 0, 0, 0], dtype=float)  # noqa: E731
    grid = random_grid(np.random.default_rng(0))
    grid = dataclasses.replace(grid, index=grid.index[:1], levels=grid.levels[:1], place=grid.place[:, :1])
    packages = tuple(part(value)[None] for value in worth)
    ends = tuple(part(value) for value in stick)
    return Stakes(Agenda("talk", "A", "B", grid, Stick()), packages, ends, ends, (np.zeros(1), np.zeros(1)))


def told(stakes, strategy=_Gives):
    space = TypeSpace(Types(np.ones((1, 6)), np.ones(1), np.ones(1), np.ones(1)))
    model = play([stakes], AlternatingOffers(), {c: (strategy(), space) for c in "AB"}, seed=1, worlds=1)
    return talks_table(model).to_pylist()[0]


def test_a_deal_that_gains_nothing_has_no_shares():
    """The joint gain is nothing, with and without the last bits of decimals: 1.1 - 0.8 and 0.4 - 0.7."""
    for worth, floor in (((1.0, 2.0), (1.0, 2.0)), ((1.1, 0.4), (0.8, 0.7)), ((0.7, 0.1), (0.4, 0.4))):
        row = told(one_package(worth, floor))
        assert row["deal"] and row["demander_surplus_share"] is None


def test_without_a_zone_nothing_is_measured_even_for_a_deal():
    """Sides that take anything agree where no package beats no deal; sides that do not, end at the deadline."""
    undefined = ("nash_package", "ks_package", "distance_nash", "distance_ks")
    foolish, wise = (told(one_package((1.0, 1.0), (2.0, 0.0)), strategy) for strategy in (_Gives, Hardliner))
    for row in (foolish, wise):
        assert row["zone_of_agreement"] is False and all(row[name] is None for name in undefined)
    assert foolish["deal"] and foolish["demander_utility"] == 1.0
    assert not wise["deal"] and wise["round"] is None and wise["package"] is None
    assert wise["demander_final_utility"] == 2.0 and wise["ended_by"] == "deadline"


def test_offers_are_one_row_for_each_turn_taken(tables, frame, model):
    offers = tables["OFFERS"].to_pandas()
    turns = offers.groupby(["world", "talk"], observed=True)["round"]
    by_talk = frame.set_index(["world", "talk"])
    played = by_talk["round"].fillna(by_talk["rounds_talked"]).astype(int)
    assert (turns.count().sort_index() == played.sort_index()).all()
    assert (turns.max().sort_index() == played.sort_index()).all()
    last = offers.sort_values("round").groupby(["world", "talk"], observed=True)["package"].last()
    made = by_talk[by_talk["deal"]]["package"]
    assert (last.loc[made.index] == made).all()
    for talk in model.talks:
        assert set(offers[offers["talk"] == talk.name]["speaker"]) == set(talk.agenda.pair)


def test_quantiles_of_a_round_are_those_of_its_offers(tables, lab):
    """Against numpy's inverse cdf on the single offers."""
    rounds, offers = tables["ROUNDS"].to_pandas(), tables["OFFERS"].to_pandas().dropna(subset=["package"])
    grids = {s.agenda.name: s.agenda.grid for s in lab.stakes}
    assert rounds["offers"].groupby([rounds["talk"], rounds["issue"]]).sum().max() <= len(offers)
    for row in rounds.sample(60, random_state=1).to_dict("records"):
        same = [offers[key] == row[key] for key in ("talk", "round", "speaker")]
        part = offers[same[0] & same[1] & same[2]]
        k = [i.column for i in grids[row["talk"]].issues].index(row["issue"])
        issue = grids[row["talk"]].issues[k]
        levels = issue.shown[grids[row["talk"]].index[part["package"].astype(int), k]]
        assert row["offers"] == len(levels)
        for q in (10, 25, 50, 75, 90):
            assert row[f"q{q}"] == np.quantile(levels, q / 100, method="inverted_cdf")
        assert row["mean"] == pytest.approx(levels.mean())


def test_quantiles_of_one_offer_are_that_offer():
    assert level_quantiles(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0])) == [2.0] * 5


def test_points_are_of_the_average_types(tables, lab):
    points = tables["POINTS"].to_pandas().set_index(["talk", "point"])
    for table in lab.tables():
        name, stick = table.stakes.agenda.name, table.stakes.agenda.stick
        for side, chance in ((0, stick.resolve), (1, stick.belief)):
            shares = table.types[side].probability
            ends = [float((v[side] / 1e6 * shares).sum()) for v in (table.impasse, table.carried)]
            column = points[f"{SIDES[side]}_utility"]
            assert [column[name, p] for p in ("impasse", "stick")] == pytest.approx(ends)
            assert column[name, "no_deal"] == pytest.approx(chance * ends[1] + (1 - chance) * ends[0], abs=1e-6)
            assert column[name, "status_quo"] == 0
    assert points.loc[(slice(None), ["nash", "kalai_smorodinsky"]), "package"].notna().all()
    assert points.loc[(slice(None), ["status_quo", "impasse", "stick", "no_deal"]), "package"].isna().all()


def test_tables_come_back_from_parquet_as_they_were(tables, tmp_path):
    for name, table in tables.items():
        path = tmp_path / f"{name}.parquet"
        write(table, path)
        assert pq.read_table(path).equals(table.unify_dictionaries())
        frame = pd.read_parquet(path)
        assert list(frame.columns) == table.column_names and len(frame) == table.num_rows


def test_the_endings_are_spelt_as_in_the_code(frame):
    assert set(frame["ended_by"]) == set(ENDINGS) - {"outside_option"}
