"""`bargain run`: play the talks in all worlds, leave tables, a summary and figures in one folder."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from experiments.build import Lab
from experiments.compose import Loaded, load
from experiments.folder import RunFolder, circumstances, data_sources, now, versions, write_json
from experiments.made import made
from experiments.notes import tell
from experiments.options import Options, parse
from experiments.summary import summary
from sim.digest import (
    StickCounts,
    offer_counts,
    packages_table,
    points_table,
    rounds_table,
    stick_counts,
    sticks_table,
)
from sim.digest_beliefs import BeliefCounts, Beliefs, add, beliefs_table, learns
from sim.results import COMPRESSION, ROW_GROUP, issue_columns, joint_table, offers_table, talks_table, write

SILENT_SECONDS = 2.0  # a run this short shows no progress bar


@dataclass
class Played:
    """What a run leaves behind: the talks' rows; offers of each package and rungs stood on, by talk; beliefs."""

    talks: pa.Table
    counts: list[np.ndarray]
    sticks: list[StickCounts | None] = field(default_factory=list)
    joint: pa.Table | None = None
    beliefs: dict[tuple[str, int], BeliefCounts] = field(default_factory=dict)


def main(argv: list[str]) -> int:
    """Run one configuration and return the exit code; UserError and ValueError are printed by cli.py."""
    options = parse(argv)
    loaded = load(options.overrides, plugins=options.plugins, config_dir=options.config_dir)
    if not options.silent:
        tell(loaded)
    place = run(loaded, options)
    if not options.silent:
        print(f"\nresults: {place}")
    return 0


def run(loaded: Loaded, options: Options | None = None) -> Path:
    """Play a checked configuration and return its run folder, which appears only when all of it is there."""
    started, clock = now(), time.perf_counter()
    config = loaded.config
    place = options.out if options is not None and options.out is not None else Path(loaded.run_dir)
    silent = options is not None and options.silent
    with RunFolder(place) as folder:
        lab = made(loaded)
        played = play(lab, folder.work, silent=silent)
        _write_tables(lab, played, folder.work)
        text = summary(lab, played.talks, played.joint)
        (folder.work / "summary.md").write_text(text, encoding="utf-8")
        manifest = {
            "config": loaded.resolved,
            "choices": loaded.choices,
            "overrides": list(loaded.overrides),
            "seed": config.seed,
            "worlds": config.worlds,
            "versions": versions(),
            "data": data_sources(config),
            "trade_states_solved": lab.assessor.count,
            "rows": {"talks": played.talks.num_rows},
        }
        write_json(folder.work / "manifest.json", manifest)
        if config.figures:
            from experiments.plot import draw

            draw(folder.work)
        write_json(folder.work / "run.json", circumstances(started, time.perf_counter() - clock))
        place = folder.finish()
    if not silent:
        print(text)
    return place


def play(lab: Lab, folder: Path | None = None, *, silent: bool = False) -> Played:
    """Play all worlds in chunks; with a folder and `offers: true`, every offer goes to offers.parquet there."""
    parts, together, counts, sticks, beliefs = [], [], None, None, {}
    watch = (Beliefs,) if any(learns(c.strategy) for c in lab.config.countries.values()) else ()
    writer = None
    bar = tqdm(total=lab.config.worlds, unit=" worlds", delay=SILENT_SECONDS, disable=silent, leave=False)
    try:
        for first, worlds in lab.chunks():
            model = lab.play(first, worlds, watch=watch)
            parts.append(talks_table(model))
            if lab.hub is not None:
                together.append(joint_table(model, lab.hub[1]))
            found = [offer_counts(talk) for talk in model.talks]
            counts = found if counts is None else [a + b for a, b in zip(counts, found)]
            stood = [stick_counts(talk) for talk in model.talks]
            sticks = stood if sticks is None else [a and a + b for a, b in zip(sticks, stood)]
            for seen in model.watch:
                beliefs = add(beliefs, seen.counts)
            if lab.config.offers and folder is not None:
                rows = offers_table(model)
                writer = writer or pq.ParquetWriter(folder / "offers.parquet", rows.schema, compression=COMPRESSION)
                writer.write_table(rows, row_group_size=ROW_GROUP)
            bar.update(worlds)
            del model  # its tables make room for the next
    finally:
        bar.close()
        if writer is not None:
            writer.close()
    joint = pa.concat_tables(together).unify_dictionaries() if together else None
    return Played(pa.concat_tables(parts).unify_dictionaries(), counts, sticks, joint, beliefs)


def _write_tables(lab: Lab, played: Played, folder: Path) -> None:
    agendas = [s.agenda for s in lab.stakes]
    names = issue_columns([a.grid for a in agendas])
    write(played.talks, folder / "talks.parquet")
    write(rounds_table(agendas, played.counts), folder / "rounds.parquet")
    write(packages_table(lab.tables(), names), folder / "packages.parquet")
    write(points_table(lab.tables()), folder / "points.parquet")
    if any(counted is not None for counted in played.sticks):
        write(sticks_table(agendas, played.sticks), folder / "sticks.parquet")
    if played.beliefs:
        write(beliefs_table(agendas, played.beliefs), folder / "beliefs.parquet")
    if played.joint is not None:
        write(played.joint, folder / "joint.parquet")
