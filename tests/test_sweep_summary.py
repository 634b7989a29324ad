"""The summary of a sweep: statistics by another road, intervals that cover, equal bytes however the rows are cut."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.messages import UserError
from experiments.sweep import summary
from experiments.sweep.summary import ALWAYS, QUANTILES, of_rows, pieces, summarise, wilson
from sim.rare import RARE
from sim.results import OF_EVERY_RUN
from tests.sweep_frames import RATE, THREAT, WHO, cells, talks, write_folder

AXES = {THREAT: [10.0, 24.0, 50.0], WHO: ["linear", "boulware"]}
MEASURES = ("us_tariff_pct", *ALWAYS)


def summarised(folder) -> pd.DataFrame:
    return pd.read_parquet(summarise(folder))


def test_one_row_a_cell_and_talk_with_the_statistics_pandas_and_scipy_give(tmp_path):
    found = summarised(write_folder(tmp_path, AXES, names=("japan", "eu")))
    rows = talks(cells(AXES), names=("japan", "eu"))
    assert found[["cell", "talk"]].to_numpy().tolist() == [[c, t] for c in range(6) for t in ("japan", "eu")]
    for _, own in found.iterrows():
        raw = rows[(rows["cell"] == own["cell"]) & (rows["talk"] == own["talk"])]
        assert (own[THREAT], own[WHO]) == (raw[THREAT].iloc[0], raw[WHO].iloc[0])
        assert (own["demander"], own["partner"]) == (raw["demander"].iloc[0], raw["partner"].iloc[0])
        assert (own["worlds"], own["deals"]) == (len(raw), raw["deal"].sum())
        interval = stats.binomtest(int(raw["deal"].sum()), len(raw)).proportion_ci(method="wilson")
        assert [own["deal_rate_low"], own["deal_rate_high"]] == pytest.approx(list(interval), abs=1e-12)
        assert own["zone_rate"] == pytest.approx(raw["zone_of_agreement"].mean())
        for name in MEASURES:
            values = raw[name].dropna()
            assert own[f"{name}_n"] == len(values)
            low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
            assert own[[f"{name}_mean", f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(
                [values.mean(), low, high], rel=1e-12
            )
            wanted = values.quantile(list(QUANTILES.values())).tolist()
            assert own[[f"{name}_{q}" for q in QUANTILES]].tolist() == pytest.approx(wanted, rel=1e-12)


def test_the_csv_says_the_same(tmp_path):
    found = summarised(write_folder(tmp_path, AXES))
    again = pd.read_csv(tmp_path / "summary.csv")
    pd.testing.assert_frame_equal(found, again, check_dtype=False, rtol=0, atol=0)


@pytest.mark.parametrize("shards, group, piece", [(1, 7, 1), (3, 64, 50), (6, 20, 40), (2, 1000, 1 << 20)])
def test_equal_bytes_however_the_rows_are_cut(tmp_path, monkeypatch, shards, group, piece):
    names = {"names": ("japan", "eu")}
    whole = summarise(write_folder(tmp_path / "whole", AXES, shards=1, group=10_000, **names)).read_bytes()
    folder = write_folder(tmp_path / "cut", AXES, shards=shards, group=group, **names)
    monkeypatch.setattr(summary, "pieces", lambda files, columns: pieces(files, columns, piece))
    assert summarise(folder).read_bytes() == whole
    assert (folder / "summary.csv").read_bytes() == (tmp_path / "whole" / "summary.csv").read_bytes()


def test_pieces_hold_whole_cells_and_all_rows(tmp_path):
    folder = write_folder(tmp_path, AXES, shards=3, group=7)
    files = sorted(folder.glob("talks-*.parquet"))
    found = [piece.column("cell").to_pylist() for piece in pieces(files, ["cell"], 30)]
    assert np.concatenate(found).tolist() == np.repeat(range(6), 20).tolist()
    assert len(found) > 2
    assert all(one[-1] < two[0] for one, two in pairwise(found))


def test_cells_of_different_sizes_and_a_failed_cell(tmp_path):
    axes = {"worlds": [1, 2, 7, 3]}
    rows = pd.concat([talks(cells(axes).iloc[[k]], worlds=w) for k, w in ((0, 1), (1, 2), (3, 3))], ignore_index=True)
    found = summarised(write_folder(tmp_path, axes, rows=rows))
    assert found["cell"].tolist() == [0, 1, 3]
    assert found["worlds"].tolist() == [1, 2, 3]
    assert found["demander_payoff_low"].isna().tolist() == [True, False, False]
    assert found["demander_payoff_q50"].iloc[2] == pytest.approx(rows["demander_payoff"].iloc[3:].median())


def test_nothing_agreed_is_null_not_zero(tmp_path):
    rows = talks(cells({THREAT: [10.0, 20.0]}))
    rows.loc[rows["cell"] == 1, ["us_tariff_pct", "demander_surplus_share"]] = np.nan
    rows.loc[rows["cell"] == 1, "deal"] = False
    summarise(write_folder(tmp_path, {THREAT: [10.0, 20.0]}, rows=rows))
    table = pq.read_table(tmp_path / "summary.parquet")
    assert table.column("us_tariff_pct_mean").to_pylist()[1] is None
    assert table.column("us_tariff_pct_q50").to_pylist()[1] is None
    assert table.column("us_tariff_pct_n").to_pylist()[1] == 0
    assert table.column("deal_rate").to_pylist()[1] == 0.0


def test_a_folder_without_talks_is_named(tmp_path):
    with pytest.raises(UserError, match=r"holds no talks"):
        summarise(tmp_path)


def test_wilson_against_the_formula_of_the_paper():
    """Brown, Cai & DasGupta (2001), table 5 and their equation (4): 0 of 10 and 3 of 10 at 95 %."""
    low, high = wilson(np.array([0, 3, 10]), np.array([10, 10, 10]))
    assert low.round(4).tolist() == [0.0, 0.1078, 0.7225]
    assert high.round(4).tolist() == [0.2775, 0.6032, 1.0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1, max_size=30), st.integers(0, 2**31))
def test_statistics_do_not_depend_on_the_order_of_worlds_or_on_the_batch(values, seed):
    row = np.array(values)
    mixed = np.random.default_rng(seed).permutation(row)
    alone, batch = of_rows(row[None]), of_rows(np.stack([mixed, np.zeros_like(row), row]))
    for one, many in zip(alone, batch):
        assert one[..., 0].tobytes() == many[..., 0].tobytes() == many[..., 2].tobytes()


def test_the_interval_of_the_mean_covers_as_often_as_it_says():
    rng = np.random.default_rng(7)
    found = of_rows(rng.normal(size=(20_000, 5)))
    covered = ((found.low <= 0.0) & (found.high >= 0.0)).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 20_000))


def test_swept_keys_and_columns_of_some_runs_are_no_measures():
    rare = sorted(RARE | OF_EVERY_RUN)
    assert summary.issues_of([*rare, "us_tariff_pct"], []) == ["us_tariff_pct"]
    assert RATE not in summary.issues_of(["cell", RATE, "us_tariff_pct"], [RATE])
