"""How long the commands take that everybody types first; BENCH lines count how often each fits its allowance."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELP_SECONDS, RUN_SECONDS = 2.0, 15.0  # what a user is asked to wait at most
REPEATS = 3
ENVIRONMENT = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def seconds(*words: str) -> float:
    """Wall-clock time of one command of `bargain`, as a process of its own."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "experiments.cli", *words], check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - start


def default_run(*words: str) -> float:
    """Seconds of the default run into a new folder; it must leave its tables, and figures unless told otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        took = seconds("run", *words, "--out", str(place))
        assert (place / "talks.parquet").is_file()
        assert ("figures=false" in words) != any(place.glob("figures/*.png"))
    return took


def main() -> None:
    """Print the figures."""
    times = {
        "help": min(seconds("--help") for _ in range(REPEATS)),
        "check": min(seconds("check") for _ in range(REPEATS)),
        "run": min(default_run() for _ in range(REPEATS)),
        "run, no figures": min(default_run("figures=false") for _ in range(REPEATS)),
    }
    for name, took in times.items():
        print(f"bargain {name}: {took:.2f} s")
    print(f"BENCH runs_in_15_s {RUN_SECONDS / times['run']:.2f} 1")
    print(f"BENCH helps_in_2_s {HELP_SECONDS / times['help']:.2f} 1")


if __name__ == "__main__":
    main()
