"""Small frames with the columns of a run's tables, by hand: what the tests of the figures draw."""

import itertools
import json

import numpy as np
import pandas as pd

from sim.columns import PACKAGES, POINTS, ROUNDS, TALKS
from sim.payoffs import COMPONENTS

PARTNERS = ("JPN", "EU27", "CHN", "KOR", "GBR", "CAN", "MEX", "IND", "VNM", "CHE", "BRA")
TARIFFS, PAID = (0.0, 5.0, 10.0, 15.0), (0.0, 2.0, 4.0)  # %, bn USD a year
FLOOR = {"status_quo": (0.0, 0.0), "impasse": (-1.0, -9.0), "stick": (-4.0, -16.0), "no_deal": (-3.0, -13.0)}
QUANTILES = ("q10", "q25", "q50", "q75", "q90")


def packages(talks=("japan",)) -> pd.DataFrame:
    """Twelve packages a talk: a point of tariff costs the partner 0.8 and brings the demander 0.5, a dollar one."""
    rows = []
    for talk in talks:
        for row, (tariff, paid) in enumerate(itertools.product(TARIFFS, PAID)):
            parts = {"demander": (0.5 * tariff - 6.0, paid), "partner": (-0.8 * tariff, -paid)}
            cells = {"talk": talk, "package": row, "us_tariff_pct": tariff, "security_busd": paid}
            for side, (welfare, security) in parts.items():
                cells[f"{side}_utility"] = welfare + security
                cells |= {f"{side}_{part}": 0.0 for part in COMPONENTS}
                cells |= {f"{side}_welfare": welfare, f"{side}_security": security}
            rows.append(cells)
    return pd.DataFrame(rows)


def points(talks=("japan",)) -> pd.DataFrame:
    """The named points of each talk; Nash and Kalai-Smorodinsky at package 5."""
    at = packages(talks[:1]).iloc[5]
    both = (at.demander_utility, at.partner_utility)
    named = FLOOR | {"nash": both, "kalai_smorodinsky": both}
    rows = [(talk, name, 5.0 if name in ("nash",) else np.nan, *xy) for talk in talks for name, xy in named.items()]
    return pd.DataFrame(rows, columns=[c.name for c in POINTS])


def talks(names=("japan",), worlds=10, deals=8) -> pd.DataFrame:
    """`worlds` rows a talk of which the first `deals` agreed, on packages 5 and 6 in turn, in rounds 2 and 3."""
    table, rows = packages(names[:1]).set_index("package"), []
    for talk, partner in zip(names, PARTNERS):
        for world in range(worlds):
            row = {c.name: np.nan for c in TALKS} | {"us_tariff_pct": np.nan, "security_busd": np.nan}
            row |= {"world": world, "talk": talk, "demander": "USA", "partner": partner, "deal": world < deals}
            row |= {"ended_by": "deadline", "rounds_talked": 4}
            if world < deals:
                package = 5 + world % 2
                row |= {
                    "ended_by": "deal",
                    "round": 2.0 + world % 2,
                    "rounds_talked": 1 + world % 2,
                    "package": package,
                }
                row |= table.drop(columns="talk").loc[package].to_dict()
            rows.append(row)
    return pd.DataFrame(rows)


def rounds(names=("japan",), last=4) -> pd.DataFrame:
    """Offers on both issues that approach each other over the rounds."""
    rows = []
    for talk, partner in zip(names, PARTNERS):
        for when, (speaker, start, slope) in itertools.product(
            range(1, last + 1), (("USA", 15.0, -2.0), (partner, 0.0, 2.0))
        ):
            for issue, scale in (("us_tariff_pct", 1.0), ("security_busd", 0.25)):
                middle = scale * (start + slope * when)
                spread = dict(zip(QUANTILES, (middle - 2, middle - 1, middle, middle + 1, middle + 2)))
                rows.append(
                    {"talk": talk, "round": when, "speaker": speaker, "issue": issue, "offers": 5, "mean": middle}
                    | spread
                )
    return pd.DataFrame(rows, columns=[c.name for c in ROUNDS])


def config(names=("japan",)) -> dict:
    """The part of a run's configuration that figures look at: the first talk all-in, the rest on top."""
    stick = {"interim_pct": 10.0, "threat_pct": 24.0, "sector_pct": 25.0, "sector_share_pct": 36.0, "answer": "none"}
    stick |= dict.fromkeys(("interim_answer_pct", "answer_pct", "answer_share_pct"), 0.0) | {"answer_factor": 1.0}
    found = {"protocol": {"days_per_round": 7.0}, "talks": {}, "economy": {"tariffs_pct": {"USA": {}}}}
    found["countries"] = {"USA": {"name": "United States"}}
    for k, (talk, partner) in enumerate(zip(names, PARTNERS)):
        tariff = {"kind": "tariff", "giver": "USA", "receiver": partner, "levels_pct": TARIFFS}
        paid = {"kind": "security", "giver": partner, "receiver": "USA", "levels_busd": PAID}
        issues = {"us_tariff": tariff | {"basis": "on_top" if k else "all_in"}, "security": paid}
        found["talks"][talk] = {"demander": "USA", "partner": partner, "issues": issues, "stick": stick}
        found["countries"][partner] = {"name": f"Land of {partner}"}
        found["economy"]["tariffs_pct"]["USA"][partner] = 1.5 + k
    return found


def run_folder(folder, names=("japan",), **options):
    """Write a run folder of these frames and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = {"talks": talks(names, **options), "rounds": rounds(names)}
    frames |= {"packages": packages(names), "points": points(names)}
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    (folder / "manifest.json").write_text(json.dumps({"config": config(names)}), encoding="utf-8")
    return folder


assert {c.name for c in PACKAGES} <= set(packages().columns)
