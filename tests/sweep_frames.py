"""Folders of sweeps by hand: the files a sweep leaves behind, with few columns and numbers that can be checked."""

import itertools
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

THREAT, RATE, WHO = "talks.japan.stick.threat_pct", "countries.JPN.rate", "strategy@countries.JPN.strategy"


def cells(axes: dict) -> pd.DataFrame:
    """Every combination of the axes' values, one row a cell."""
    rows = list(itertools.product(*axes.values()))
    frame = pd.DataFrame(rows, columns=list(axes))
    frame.insert(0, "cell", np.arange(len(rows)))
    frame.insert(1, "key", [f"{k:064x}" for k in range(len(rows))])
    return frame.assign(status="done")


def talks(frame: pd.DataFrame, worlds: int = 20, names=("japan",), seed: int = 1) -> pd.DataFrame:
    """Rows of every cell, world and talk; deals get likelier and dearer along the first numeric axis."""
    rng = np.random.default_rng(seed)
    keys = [c for c in frame if c not in ("cell", "key", "status")]
    numeric = [k for k in keys if pd.api.types.is_numeric_dtype(frame[k])]
    scaled = sum(((frame[k] - frame[k].min()) / max(np.ptp(frame[k]), 1e-9) for k in numeric), np.zeros(len(frame)))
    parts = []
    for (_, row), push in zip(frame.iterrows(), np.asarray(scaled, dtype=float)):
        count = worlds * len(names)
        deal = rng.random(count) < 0.3 + 0.3 * push
        level = np.round(2.0 * (2.0 + 3.0 * push + rng.normal(size=count))) / 2.0
        part = pd.DataFrame({"cell": row["cell"], **{k: [row[k]] * count for k in keys}})
        part["world"] = np.repeat(np.arange(worlds), len(names))
        part["talk"] = list(names) * worlds
        part["demander"], part["partner"] = "USA", ["JPN" if t == "japan" else "EU27" for t in part["talk"]]
        part["deal"], part["zone_of_agreement"] = deal, deal | (rng.random(count) < 0.5)
        part["rounds_talked"] = rng.integers(0, 13, count)
        part["us_tariff_pct"] = np.where(deal, level, np.nan)
        part["demander_payoff"] = 5.0 + 4.0 * push + rng.normal(size=count)
        part["partner_payoff"] = -4.0 - 5.0 * push + rng.normal(size=count)
        part["demander_surplus_share"] = np.where(deal, 0.5 + 0.1 * push + 0.05 * rng.normal(size=count), np.nan)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def write_folder(folder, axes: dict, *, rows=None, shards: int = 2, group: int = 64, **options):
    """Write a sweep's folder of these axes and return it; `rows` replaces the talks."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = cells(axes)
    rows = talks(frame, **options) if rows is None else rows
    frame.to_parquet(folder / "cells.parquet", index=False)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for name in ("talk", "demander", "partner"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table.column(name).dictionary_encode())
    for k, part in enumerate(np.array_split(np.arange(table.num_rows), shards)):
        own = table.slice(part[0], len(part)) if len(part) else table.slice(0, 0)
        pq.write_table(own, folder / f"talks-{k:05d}.parquet", row_group_size=group)
    manifest = {
        "axes": [{"key": k, "values": list(v), "unit": "%" if k.endswith("_pct") else ""} for k, v in axes.items()],
        "worlds": int(options.get("worlds", 20)),
        "seed": 1,
        "choices": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def theory(axes: dict, names=("japan",)) -> pd.DataFrame:
    """Theory of every cell and talk: no zone in cell 0, no threat in cell 1, a stick credible by itself in the last."""
    frame = cells(axes)
    count = len(frame)
    out = pd.DataFrame({"cell": np.repeat(frame["cell"], len(names)), "talk": list(names) * count})
    number = out["cell"].to_numpy()
    out["zone"] = number > 0
    out["leverage"] = np.where(number == 1, 0.0, np.where(number == count - 1, np.inf, 1.0 + number))
    for concept, push in (("nash", 1.0), ("subgame_perfect", 2.0)):
        out[f"{concept}_us_tariff_pct"] = np.where(out["zone"], 5.0 + push, np.nan)
        out[f"{concept}_demander_surplus_share"] = 0.5 + 0.01 * push * number / max(count, 1)
        out[f"{concept}_demander_utility"], out[f"{concept}_partner_utility"] = 6.0 + push, -6.0 - push
    return out.assign(subgame_perfect_deal_rate=1.0)
