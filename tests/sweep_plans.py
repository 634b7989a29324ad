"""Small sweeps built by hand, without the command line: every combination of values, each cell loaded by itself.

`python -m tests.sweep_plans sweep FOLDER JSON` runs one in a process of its own, for tests that stop or kill it.
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
from experiments.sweep import backends, outcome, store
from experiments.sweep.axes import Axis
from experiments.sweep.cells import Cell, Plan

PIE = ("experiment=classroom", "figures=false")
FLOOR, PATIENCE, WHO = "countries.A.weights.pledge", "countries.A.types.discount_rate_per_year.values", "strategy"
NOT_OF_KEY = ("worlds", "title", "question", "figures", "offers", "sweep", "dry_run")
SIZE = "talks.pie.issues.share.home_cost_busd"


def plan(place: Path, values: dict, base=PIE, *, plugins: str | Path | None = None, **settings) -> Plan:
    """Return the plan of all combinations of `values` (key: list)."""
    cells, first, plugins = [], None, plugins and Path(plugins)
    for number, point in enumerate(itertools.product(*values.values())):
        own = dict(zip(values, point))
        loaded = load([*base, *(f"{key}={value}" for key, value in own.items())], plugins=plugins)
        first = loaded if first is None else first
        kept = {name: node for name, node in loaded.resolved.items() if name not in NOT_OF_KEY}
        key = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
        cells.append(Cell(number, own, loaded.config, key))
    axes = tuple(Axis(key, tuple(found), "strategy" in key) for key, found in values.items())
    return Plan(axes, cells, first, tuple(values), Path(place), SweepSettings(**settings))


PATIENT = """
import os, time
from pydantic.dataclasses import dataclass
from agents.strategies.time_based import TimeBased

@dataclass(frozen=True)
class Patient(TimeBased):
    def target(self, view):
        time.sleep(float(os.environ.get("SECONDS_A_TARGET", 0)))
        return super().target(view)
"""  # a strategy of a user's own that takes as long as a test needs
OWN = ("strategy@countries.A.strategy=linear", "countries.A.strategy._target_=patient.Patient")


def with_patient(folder: Path) -> Path:
    """Put a strategy of a user's own into a folder for --plugins, and return the folder."""
    folder.mkdir(exist_ok=True)
    sys.modules.pop("patient", None)  # that of another test's folder
    (folder / "patient.py").write_text(PATIENT, encoding="utf-8")
    return folder


def tables(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every table and of the manifest of a sweep's folder."""
    return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir()) if p.is_file() and p.name != store.RUN}


def main(argv: list[str]) -> int:
    """Run a sweep described in JSON: what `plan` takes, and what is to go wrong on purpose (FAULTS)."""
    words = json.loads(argv[1])
    for name, arrange in FAULTS.items():
        if name in words:
            arrange(words.pop(name))
    rows = words.pop("rows", store.PIECE_ROWS)
    made = plan(Path(argv[0]), words.pop("values"), words.pop("base", PIE), **words)
    store.run_sweep(made, silent=False, rows=rows)
    return 0


def _limit(size: int) -> None:
    """No file may grow above a size, as on a full disk."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _die_after(count: int) -> None:
    """Have this process killed when so many pieces have been played here."""
    played = itertools.count(1)
    play = backends.play

    def counted(*words):
        if next(played) > count:
            os.kill(os.getpid(), signal.SIGKILL)
        return play(*words)

    backends.play = counted


def _die_merging(_) -> None:
    """Have this process killed when all is merged but not in place."""
    outcome.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {"limit": _limit, "die_after": _die_after, "die_merging": _die_merging}

if __name__ == "__main__":
    cli.COMMANDS["sweep"] = ("tests.sweep_plans", "")
    sys.exit(cli.main())
