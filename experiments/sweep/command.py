"""`bargain run`: one run, or with -m, a sweep's file or a design, many cells of one sweep."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from experiments import run
from experiments.options import parse
from experiments.overrides import swept_without_m
from experiments.sweep.dry_run import report
from experiments.sweep.multirun import multirun
from experiments.sweep.planning import Asked, plan


def main(argv: list[str]) -> int:
    """Run what the arguments ask for and return the exit code."""
    options = parse(argv)
    asked = Asked(options)
    if not asked.is_sweep and asked.swept:
        raise swept_without_m(asked.swept[0])
    if OmegaConf.select(asked.composed, "dry_run", throw_on_resolution_failure=False) is True:
        print(report(plan(options, asked=asked)))
        return 0
    if not asked.is_sweep:
        return run.main(argv)
    done = multirun(asked)
    if not options.silent:
        print(f"\nresults: {done if isinstance(done, str) else asked.place}")
    failed = isinstance(done, str) and not any(Path(done).glob("talks-*.parquet"))
    return int(failed)  # a queue should see that no cell gave anything
