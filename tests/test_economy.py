"""Calibration: domestic sales, folding, files, parameters, and errors that say what to do."""

from pathlib import Path

import numpy as np
import pytest

from sim.economy import Economy, TradeParameters, headline_pass_through
from tests.trade_worlds import random_economy

DATA = Path(__file__).parent / "data"
NAMES = ("A", "B", "C")
FLOWS = np.array([[0, 10, 5], [20, 0, 5], [1, 2, 0]], float)
GDP = np.array([100.0, 200.0, 50.0])


def regions(size, column):
    lines = (DATA / f"regions_{size}.csv").read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index(column)
    return {line.split(",")[0]: float(line.split(",")[at]) for line in lines[1:]}


def test_domestic_sales_are_gdp_less_exports_without_tariffs():
    economy = Economy.from_arrays(NAMES, FLOWS, GDP)
    assert economy.flows[0].diagonal() == pytest.approx(GDP - FLOWS.sum(1))
    assert economy.income == pytest.approx(GDP)
    assert economy.transfers == pytest.approx(FLOWS.sum(0) - FLOWS.sum(1))


def test_baseline_with_tariffs_and_foreign_owners():
    """Income and revenue make up GDP, transfers sum to zero, shares to one; two economies by hand."""
    economy = Economy.from_arrays(
        ("A", "B"),
        [[0, 10], [20, 0]],
        (100, 200),
        tariffs={("B", "A"): 0.1},
        parameters=TradeParameters(foreign_share=0.5),
    )
    # D_A = .5 x 20 - .5 x 10 = 5; X_AA = 100 + 5 - 1.1 x 20 = 83; Y_A = .5 (83 + 10) + .5 (83 + 20) = 98; R_A = 2
    assert economy.transfers == pytest.approx([5, -5])
    assert economy.flows[0, 0, 0] == pytest.approx(83)
    assert economy.income[0] == pytest.approx(98) and economy.revenue == pytest.approx([2, 0])
    for seed in range(5):
        world = random_economy(seed, 4, 3)
        assert world.income + world.revenue == pytest.approx(world.gdp)
        assert abs(world.transfers.sum()) < 1e-9 * world.gdp.sum()
        assert world.shares.sum(1) == pytest.approx(np.ones((3, 4)))
        assert world.sector_shares.sum(0) == pytest.approx(np.ones(4))


def test_domestic_sales_can_be_given():
    economy = Economy.from_arrays(NAMES, FLOWS, GDP, domestic=[1, 2, 3])
    assert economy.flows[0].diagonal().tolist() == [1, 2, 3]
    assert economy.spending == pytest.approx(FLOWS.sum(0) + [1, 2, 3])


def test_folding_keeps_flows_gdp_and_rates():
    """12 economies folded to 5 are the 5 of the other file; ROW's rate is the import-weighted one, to 1e-4."""
    rates = regions(12, "liberation_day_tariff_import_weighted")
    twelve = Economy.shipped("flows_12", keep=None, tariffs={(k, "USA"): v for k, v in rates.items() if v})
    folded = twelve.fold(("USA", "JPN", "EU27", "CHN"))
    five = Economy.shipped("flows_5", keep=None)
    assert folded.names == five.names
    cross = ~np.eye(5, dtype=bool)
    assert folded.flows[0][cross] == pytest.approx(five.flows[0][cross], abs=1e-5)  # files print 1e-6 bn USD
    assert folded.gdp == pytest.approx(five.gdp, abs=2e-4)  # GDP is printed to 1e-4 bn USD
    assert folded.flows.sum() + folded.revenue.sum() == pytest.approx(twelve.flows.sum() + twelve.revenue.sum())
    assert folded.revenue[0] == pytest.approx(twelve.revenue[0], rel=1e-12)
    expected = regions(5, "liberation_day_tariff_import_weighted")
    for name in five.names:
        assert abs(folded.tariffs[0, folded.index(name), 0] - expected[name]) < 1e-4
    short = Economy.shipped("flows_12", tariffs={(k, "USA"): v for k, v in rates.items() if v})
    assert short.tariffs == pytest.approx(folded.tariffs) and short.gdp == pytest.approx(folded.gdp)
    assert short.flows[0][cross] == pytest.approx(folded.flows[0][cross])


def test_folding_keeps_spending_when_a_group_taxes_itself():
    """Tariffs among economies that become one turn into sales at home: spending and GDP add up exactly."""
    whole = Economy.shipped("flows_12", keep=None, tariffs=0.03)
    folded = whole.fold(("USA", "JPN"))
    assert folded.spending == pytest.approx([*whole.spending[:2], whole.spending[2:].sum()], rel=1e-12)
    assert folded.income + folded.revenue == pytest.approx(folded.gdp, rel=1e-12)
    assert folded.transfers == pytest.approx([*whole.transfers[:2], whole.transfers[2:].sum()], rel=1e-9)


def test_folding_reorders_and_averages_parameters():
    nu = tuple(np.linspace(0, 0.3, 12))
    whole = Economy.shipped("flows_12", keep=None, parameters=TradeParameters(foreign_share=nu))
    folded = whole.fold(("CHN", "USA"))
    assert folded.names == ("CHN", "USA", "ROW")
    assert folded.parameters.foreign_share[:2] == pytest.approx((nu[3], nu[0]))
    assert min(nu) < folded.parameters.foreign_share[2] < max(nu)
    assert whole.fold(whole.names).names == whole.names


def test_shipped_takes_tariffs_of_the_folded_size():
    rates = np.where(np.eye(5) > 0, 0, 0.05)
    assert Economy.shipped("flows_12", tariffs=rates).tariffs[0] == pytest.approx(rates)
    assert Economy.shipped("flows_12", keep=None, tariffs=0.05).tariffs[0].sum() == pytest.approx(12 * 11 * 0.05)


def test_sectors_ship_and_scale_to_gdp():
    economy = Economy.shipped("flows_by_sector", keep=None)
    assert economy.flows.shape == (7, 5, 5)
    assert economy.income == pytest.approx(economy.gdp)


def test_arrays_are_read_only_and_inputs_are_copied():
    flows = FLOWS.copy()
    economy = Economy.from_arrays(NAMES, flows, GDP)
    flows[0, 1] = 99
    assert economy.flows[0, 0, 1] == pytest.approx(10)
    with pytest.raises(ValueError, match="read-only"):
        economy.flows[0, 0, 1] = 1


def test_headline_pass_through():
    """By hand: nu = .5, epsilon = .67 (theta = 1): p + 2/.5 - 1 - 1 = p + 2."""
    assert headline_pass_through([0.0, 0.5], 0.67, 0.25) == pytest.approx((0.25, 2.25))


def error_of(call):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).count("\n") < 6
    return str(caught.value)


def test_negative_domestic_sales_name_the_economy():
    text = error_of(lambda: Economy.from_arrays(NAMES, FLOWS * 8, GDP))
    assert "economy A" in text and "-20" in text and "GDP 100" in text and "domestic=" in text


def test_index_names_the_nearest():
    assert "did you mean 'JPN'" in error_of(lambda: Economy.shipped("flows_5").index("JAP"))
    assert "did you mean 'USA'" in error_of(lambda: Economy.shipped("flows_5", tariffs={("US", "JPN"): 0.1}))
    assert "'flows_12'" in error_of(lambda: Economy.shipped("flow_12"))


def test_wrong_arrays_are_named():
    for flows, gdp, tariffs, words in (
        (-FLOWS, GDP, 0, "flow A -> B"),
        (FLOWS, [1, 0, 3], 0, "GDP of B = 0"),
        (FLOWS, [1, 2], 0, "gdp: shape (2,)"),
        (FLOWS, GDP, np.full((3, 3), 0.1), "diagonal"),
        (FLOWS, GDP, np.full((2, 3), 0.1), "tariffs: shape (2, 3)"),
        (FLOWS, GDP, {("A", "B"): -2}, "tariff of B on A"),
        (np.stack([FLOWS, FLOWS]), GDP, 0, "several sectors"),
    ):
        assert words in error_of(lambda f=flows, g=gdp, t=tariffs: Economy.from_arrays(NAMES, f, g, tariffs=t))
    assert "'A' comes twice" in error_of(lambda: Economy.from_arrays(("A", "A", "B"), FLOWS, GDP))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"trade_elasticity": 0}, "trade_elasticity = 0"),
        ({"trade_elasticity": "four"}, "'four'"),
        ({"trade_elasticity": True}, "True"),
        ({"labour_supply": -1}, "labour_supply = -1"),
        ({"labour_supply": (0.5, 0.5)}, "one number for all"),
        ({"foreign_share": 12}, "a share, not percent"),
        ({"foreign_share": (0.1, float("nan"))}, "foreign_share = nan"),
        ({"scale_elasticity": 0.5}, "at most 1"),
        ({"rebate": "income tax"}, "did you mean 'income_tax'"),
        ({"closure": "balance"}, "did you mean 'balanced'"),
    ],
)
def test_wrong_parameters_are_named(parameters, words):
    assert words in error_of(lambda: TradeParameters(**parameters))


def test_parameters_per_economy_must_fit():
    text = error_of(lambda: Economy.shipped("flows_5", parameters=TradeParameters(foreign_share=(0.1, 0.2))))
    assert "foreign_share: 2 numbers for 5 economies" in text
    assert TradeParameters(trade_elasticity=[4, 8]).scale() == pytest.approx((0.67 / 4, 0.67 / 8))


REGIONS = "region,gdp_musd\nA,100000\nB,200000\n"


@pytest.mark.parametrize(
    ("flows", "table", "words"),
    [
        ("exporter,importer,value_musd\nA,B,1000\nC,A,5\n", REGIONS, "flows.csv:3: exporter 'C' has no GDP"),
        ("exporter,importer,value_musd\nA,B,1000\n", REGIONS + "C,5\n", "economy C has GDP but no flows"),
        ("exporter,importer,value\nA,B,1000\n", REGIONS, "no column 'value_musd'"),
        ('exporter,importer,value_musd\nA,B,"1,000"\n', REGIONS, "flows.csv:2: value_musd = '1,000'"),
        ("exporter,importer,value_musd\nA,B,1\nA,B,2\n", REGIONS, "flow A -> B (goods) comes twice"),
        ("exporter,importer,value_musd\nA,B,1\n", REGIONS + "A,7\n", "regions.csv:4: economy A comes twice"),
        ("exporter,importer,value_musd\nA,B,1\n", "region,gdp_musd\nA,1\n", "at least two"),
    ],
)
def test_wrong_files_name_file_line_and_value(tmp_path, flows, table, words):
    (tmp_path / "flows.csv").write_text(flows, encoding="utf-8")
    (tmp_path / "regions.csv").write_text(table, encoding="utf-8")
    assert words in error_of(lambda: Economy.from_csv(tmp_path / "flows.csv", tmp_path / "regions.csv"))


def test_a_file_that_is_none_is_named(tmp_path):
    (tmp_path / "regions.csv").write_text(REGIONS, encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "noise.csv").write_bytes(b"\xbf\xff\n")
    (tmp_path / "long.csv").write_text("a" * 200_000, encoding="utf-8")
    for name, why in (("none", "No such file"), ("folder", "Is a directory"), ("noise", "UTF-8"), ("long", "CSV")):
        told = error_of(lambda name=name: Economy.from_csv(tmp_path / f"{name}.csv", tmp_path / "regions.csv"))
        assert f"{name}.csv: cannot be read" in told and why in told


def test_a_decimal_comma_is_a_cell_too_many_and_a_spreadsheet_s_mark_is_none(tmp_path):
    (tmp_path / "r.csv").write_text(REGIONS, encoding="utf-8-sig")
    (tmp_path / "f.csv").write_text("exporter,importer,value_musd\nA,B,5,5\n", encoding="utf-8-sig")
    told = error_of(lambda: Economy.from_csv(tmp_path / "f.csv", tmp_path / "r.csv"))
    assert told.startswith("f.csv:2: 4 cells for 3 columns")


def test_own_files_in_million_dollars(tmp_path):
    (tmp_path / "f.csv").write_text("exporter,importer,value_musd\nA,B,10000\nB,A,20000\n", encoding="utf-8")
    (tmp_path / "r.csv").write_text(REGIONS, encoding="utf-8")
    economy = Economy.from_csv(tmp_path / "f.csv", tmp_path / "r.csv")
    assert economy.flows[0].tolist() == [[90.0, 10.0], [20.0, 180.0]]
