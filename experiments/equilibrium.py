"""`bargain equilibrium`: what theory says of the configured talks, as a table, files and figures."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from experiments.build import Lab
from experiments.compose import Loaded, load
from experiments.concepts import Concept, concepts, frame
from experiments.curves import curves
from experiments.equilibrium_text import READING, network_text, talk_text
from experiments.folder import RunFolder, circumstances, data_sources, now, versions, write_json
from experiments.ladder import ANSWERS, Ladder, belief_rows, ladder, rational_threats
from experiments.made import made
from experiments.meeting import meetings
from experiments.messages import UserError
from experiments.network import Tables, nash_in_nash, orders
from experiments.options import Options, parse
from experiments.war import duels, tariff_war, war_table, war_text
from sim.digest import packages_table, points_table
from sim.results import issue_columns, write


def main(argv: list[str]) -> int:
    """Work out the equilibria of one configuration and return the exit code."""
    options = parse(argv)
    if options.multirun:
        raise UserError("bargain equilibrium: -m is for run", "give one configuration: leave -m out")
    loaded = load(options.overrides, plugins=options.plugins, config_dir=options.config_dir)
    place = equilibrium(loaded, options)
    if not options.silent:
        print(f"\nresults: {place}")
    return 0


def equilibrium(loaded: Loaded, options: Options) -> Path:
    """Write table, files and figures of one configuration's equilibria; return the folder."""
    started, clock = now(), time.perf_counter()
    place = options.out if options.out is not None else Path(loaded.run_dir + "-equilibrium")
    with RunFolder(place) as folder:
        lab = made(loaded)
        text = _work(lab, folder.work)
        (folder.work / "equilibrium.md").write_text(text, encoding="utf-8")
        manifest = {
            "config": loaded.resolved,
            "choices": loaded.choices,
            "overrides": list(loaded.overrides),
            "seed": loaded.config.seed,
            "versions": versions(),
            "data": data_sources(loaded.config),
            "trade_states_solved": lab.assessor.count,
        }
        write_json(folder.work / "manifest.json", manifest)
        if loaded.config.figures:
            from experiments.plot_equilibrium import draw

            draw(folder.work)
        write_json(folder.work / "run.json", circumstances(started, time.perf_counter() - clock))
        place = folder.finish()
    if not options.silent:
        print(text)
    return place


def _work(lab: Lab, folder: Path) -> str:
    """Compute everything, write the tables, and return the text."""
    found, lines, beliefs, rungs = [], [], [], []
    tables = {m.name: m.table for m in meetings(lab)}
    network = nash_in_nash(Tables(lab)) if len(tables) > 1 else None
    for met in meetings(lab):
        steps = ladder(lab.assessor, met)
        rows = concepts(met) + rational_threats(met, steps) + _in_network(network, met.name)
        found += rows
        beliefs += [(met.name, 100 * b, *n, *s) for b, n, s in belief_rows(met)]
        rungs += _rung_rows(met.name, steps)
        lines += talk_text(lab, met, rows, steps)
    columns = issue_columns([t.grid for t in tables.values()])
    write(packages_table(list(tables.values()), columns), folder / "packages.parquet")
    write(points_table(list(tables.values())), folder / "points.parquet")
    parts = {
        "concepts": frame(found, tables),
        "beliefs": pd.DataFrame(beliefs, columns=["talk", "belief_pct", *_pairs("nash"), *_pairs("subgame_perfect")]),
        "ladder": pd.DataFrame(rungs, columns=RUNG_COLUMNS),
        "curves": curves(lab),
    }
    if network is not None:
        order = orders(Tables(lab))
        if not order.empty:
            parts["orders"] = order
        lines += network_text(network, order)
    war = tariff_war(lab.economy)
    if war is not None:
        parts["war"] = duels(lab.economy, [t.stakes.agenda.pair for t in tables.values()])
        parts["war_economies"] = war_table(war)
        lines += war_text(war)
    for name, part in parts.items():
        part.to_csv(folder / f"{name}.csv", index=False, float_format="%.6f", lineterminator="\n")
    head = [f"# Equilibria: {lab.config.title or 'a run'}", "", READING, ""]
    return "\n".join(head + lines).rstrip() + "\n"


RUNG_COLUMNS = ["talk", "rung_pct", "answer", "demander_utility", "partner_utility", "best_answer", "credible"]
RUNG_COLUMNS += ["withheld_demander", "withheld_partner"]


def _pairs(name: str) -> list[str]:
    return [f"{name}_demander", f"{name}_partner"]


def _in_network(network, name: str) -> list[Concept]:
    if network is None:
        return []
    lost = f"no fixed point was found ({network.status}): where the search ended"
    note = "" if network.status == "converged" else lost
    note = f"{len(network.found)} fixed points were found: one of them" if network.several else note
    assumes = f"every talk at its Nash package given the others' deals, in force; residual {network.residual:.1e}"
    rest = network.payoffs[name], network.rows[name], assumes, note, network.floors[name]
    return [Concept(name, "nash_in_nash", "Nash-in-Nash", *rest)]


def _rung_rows(name: str, steps: Ladder | None) -> list[tuple]:
    if steps is None:
        return []
    rows = []
    for m, rung in enumerate(steps.rungs):
        for a, (answer, _) in enumerate(ANSWERS):
            one, two = (float(steps.payoffs[side][m, a]) for side in (0, 1))
            credible = one >= steps.withheld[0] - 1e-9
            best = bool(steps.found.answer[m] == a)
            rows.append((name, 100 * rung, answer, one, two, best, credible, *map(float, steps.withheld)))
    return rows
