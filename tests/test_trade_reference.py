"""The published model, 510 rows: every field of every economy in every scenario and parameter set."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from sim.economy import Economy, TradeParameters, headline_pass_through
from sim.trade import solve

DATA = Path(__file__).parent / "data"
PERCENT_TOLERANCE, EV_TOLERANCE = 1e-7, 2e-6
PLAIN = {
    "baseline_eps4_kappa0.5_scale0.67": TradeParameters(),
    "eps8": TradeParameters(trade_elasticity=8),
    "lump_sum": TradeParameters(rebate="lump_sum"),
    "inelastic_labour_no_scale": TradeParameters(labour_supply=0, scale_elasticity=0),
}
HEADLINE = {"headline_nu.26us_.12abroad_phi": 1.0, "headline_passthrough.25": 0.25}


def rows(name):
    with open(DATA / name, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def parameters(key, names):
    if key in PLAIN:
        return PLAIN[key]
    nu = [0.26 if name == "USA" else 0.12 for name in names]
    return TradeParameters(foreign_share=nu, pass_through=headline_pass_through(nu, 4.0, HEADLINE[key]))


def scenario(key, economy):
    us, n = economy.index("USA"), len(economy.names)
    tariffs = np.zeros((n, n))
    if key.startswith("random"):
        return np.array([[float(r[name]) for name in economy.names] for r in rows(f"random_tariffs_{n}.csv")])
    if key.startswith("us_2apr2025"):
        floor = {r["region"]: float(r["same_with_10pct_floor"]) for r in rows(f"regions_{n}.csv")}
        tariffs[:, us] = [floor[name] for name in economy.names]
        if key.endswith("mirrored"):
            tariffs[us] = tariffs[:, us]
        return tariffs
    partner, ours, theirs = {
        "us_on_jpn_25_jpn_on_us_10": ("JPN", 0.25, 0.10),
        "us_on_chn_145_chn_on_us_125": ("CHN", 1.45, 1.25),
    }[key]
    tariffs[economy.index(partner), us], tariffs[us, economy.index(partner)] = ours, theirs
    return tariffs


def cases():
    groups = defaultdict(list)
    for row in rows("trade_reference.csv"):
        groups[int(row["economies"]), row["parameters"]].append(row)
    return groups


CASES = cases()


def test_the_reference_has_all_its_rows():
    assert sum(map(len, CASES.values())) == 510


@pytest.mark.parametrize(("size", "key"), CASES)
def test_reference_rows(size, key):
    plain = Economy.shipped(f"flows_{size}", keep=None)
    economy = plain.with_parameters(parameters(key, plain.names))  # the headline rows keep the plain flow matrix
    group = CASES[size, key]
    names = list(dict.fromkeys(r["scenario"] for r in group))
    result = solve(economy, np.stack([scenario(name, economy) for name in names])[:, None])
    assert result.converged.all() and result.residual.max() < 1e-11
    for row in group:
        at = names.index(row["scenario"]), economy.index(row["economy"])
        expected = {
            "welfare_published_pct": 100 * (result.welfare_published[at] - 1),
            "consumer_price_pct": 100 * (result.price[at] - 1),
            "employment_pct": 100 * result.employment[at],
            "revenue_share_of_baseline_expenditure_pct": 100 * result.revenue[at] / economy.spending[at[1]],
        }
        for column, value in expected.items():
            assert abs(value - float(row[column])) < PERCENT_TOLERANCE, (row, column, value)
        if row["ev_busd"]:
            assert abs(result.ev[at] - float(row["ev_busd"])) < EV_TOLERANCE, (row, result.ev[at])
