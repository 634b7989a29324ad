"""Small sweeps built by hand, without the command line: every combination of values, each cell loaded by itself.

`python -m tests.sweep_plans FOLDER JSON` runs one in a process of its own, for tests that stop or kill it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import sys
from pathlib import Path

from configs.sweeps import SweepSettings
from experiments import cli
from experiments.compose import load
from experiments.sweep import backends, store
from experiments.sweep.axes import Axis
from experiments.sweep.cells import Cell, Plan

PIE = ("experiment=classroom", "figures=false")
FLOOR, PATIENCE, WHO = "countries.A.weights.pledge", "countries.A.types.discount_rate_per_year.values", "strategy"
NOT_OF_KEY = ("worlds", "title", "question", "figures", "offers", "sweep", "dry_run")
SIZE = "talks.pie.issues.share.home_cost_busd"


def plan(place: Path, values: dict, base=PIE, *, plugins: Path | None = None, **settings) -> Plan:
    """Return the plan of all combinations of `values` (key: list)."""
    cells, first = [], None
    for number, point in enumerate(itertools.product(*values.values())):
        own = dict(zip(values, point))
        loaded = load([*base, *(f"{key}={value}" for key, value in own.items())], plugins=plugins)
        first = loaded if first is None else first
        kept = {name: node for name, node in loaded.resolved.items() if name not in NOT_OF_KEY}
        key = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
        cells.append(Cell(number, own, loaded.config, key))
    axes = tuple(Axis(key, tuple(found), "strategy" in key) for key, found in values.items())
    return Plan(axes, cells, first, tuple(values), Path(place), SweepSettings(**settings))


def tables(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every table and of the manifest of a sweep's folder."""
    return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir()) if p.is_file() and p.name != store.RUN}


def main() -> int:
    """Run a sweep described in JSON; `limit` bounds the size of files, `die_after` kills it after so many pieces."""
    words = json.loads(sys.argv[2])
    limit, die_after, rows = (words.pop(name, None) for name in ("limit", "die_after", "rows"))
    if limit:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if die_after is not None:
        _die(die_after)
    made = plan(Path(sys.argv[1]), words.pop("values"), words.pop("base", PIE), **words)
    print("ready", flush=True)
    try:
        store.run_sweep(made, silent=False, rows=rows or store.PIECE_ROWS)
    except cli.UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _die(after: int) -> None:
    """Have this process killed when so many pieces have been played here."""
    played = itertools.count(1)
    play = backends.play

    def counted(*words):
        if next(played) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return play(*words)

    backends.play = counted


if __name__ == "__main__":
    sys.exit(main())
