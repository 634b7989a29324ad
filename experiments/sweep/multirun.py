"""`bargain run -m` through Hydra: its sweepers and launchers are chosen, made and called as Hydra does it.

Only the composition is ours: Hydra would merge files unread and accept what the schema refuses, so each job is
composed and checked by experiments.compose, whichever launcher runs it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from experiments.compose import load
from experiments.messages import UserError, suggest
from experiments.options import Options
from experiments.run import run
from experiments.sweep.axes import params_of
from experiments.sweep.cells import Plan
from experiments.sweep.planning import Asked, is_plug_in_key, plan
from experiments.sweep.store import run_sweep

SWEEPER, LAUNCHER = "hydra/sweeper", "hydra/launcher"
OURS = "bargain"
SWEEPERS = (OURS, "basic")
COMMON = ("hydra.output_subdir=null", "hydra/job_logging=none", "hydra.job.name=bargain")


@dataclass(frozen=True)
class Task:
    """What a launcher is given to do: one job by itself, or a whole plan. Small, since launchers send it to others."""

    options: Options

    def __call__(self, config: DictConfig) -> str:
        """Run one job of a stock launcher as an ordinary run, in the folder Hydra gives it."""
        hydra = HydraConfig.get()
        mine = replace(self.options, overrides=tuple(hydra.overrides.task), out=Path(hydra.runtime.output_dir))
        loaded = load(mine.overrides, plugins=mine.plugins, config_dir=mine.config_dir)
        return str(run(loaded, mine))

    def plan(self, arguments: Sequence[str]) -> Plan:
        """Return the checked plan of a sweep."""
        hydra = [text for text in self.options.overrides if text.lstrip("+~").startswith("hydra")]
        return plan(replace(self.options, overrides=(*arguments, *hydra), multirun=True))

    def play(self, plan: Plan) -> str:
        """Play a plan as arrays and return the folder of the results."""
        if not self.options.silent:
            for note in plan.notes:
                print(f"note: {note}")
        place = run_sweep(plan, silent=self.options.silent)
        if plan.base.config.figures:
            from experiments.sweep.draw import draw

            draw(place)
        return str(place)


class CheckedLoader(ConfigLoaderImpl):
    """Hydra's loader, with jobs composed and checked by us."""

    def __init__(self, search_path: Any, options: Options):
        super().__init__(search_path)
        self.options = options

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the checked configuration of one job with Hydra's own part of the sweep."""
        loaded = load(sweep_overrides, plugins=self.options.plugins, config_dir=self.options.config_dir)
        config = OmegaConf.create(loaded.resolved)
        with open_dict(config):
            config.hydra = copy.deepcopy(master_config.hydra)
            config.hydra.overrides.task = list(sweep_overrides)
        OmegaConf.copy_cache(from_config=master_config, to_config=config)
        return config


def multirun(asked: Asked) -> Any:
    """Run the sweep with the sweeper and launcher that were asked for; ours where none were."""
    options = asked.options
    given = [o for o in asked.line if is_plug_in_key(o)]
    chosen = {o.key_or_group: str(o.value()) for o in given if o.key_or_group in (SWEEPER, LAUNCHER)}
    sweeper = chosen.setdefault(SWEEPER, OURS)
    chosen.setdefault(LAUNCHER, OURS if sweeper == OURS else "basic")
    if sweeper not in SWEEPERS:
        raise UserError(f"command line: {SWEEPER}: no option '{sweeper}'; {suggest(sweeper, SWEEPERS)}")
    if sweeper != OURS:
        _check_stock(asked, sweeper)
    loader = CheckedLoader(asked.library.loader.config_search_path, options)
    config = _hydra_config(loader, asked, chosen, [o.input_line for o in given if o.key_or_group not in chosen])
    context = HydraContext(config_loader=loader, callbacks=Callbacks(config))
    made = Plugins.instance().instantiate_sweeper(config=config, hydra_context=context, task_function=Task(options))
    fixed = [override.input_line for override, _ in params_of(asked.composed, asked.origins)] if sweeper != OURS else []
    task = [o.input_line for o in asked.line if not o.key_or_group.startswith("hydra")]
    return made.sweep(arguments=[*fixed, *task])


def _check_stock(asked: Asked, sweeper: str) -> None:
    """Check all jobs before Hydra's own sweeper makes a folder."""
    if asked.plain_design()["design"] is not None:
        raise UserError(
            f"design: {SWEEPER}={sweeper} knows grids only", f"Leave {SWEEPER} out; {LAUNCHER}=... works with a design."
        )
    plan(asked.options, asked=asked)


def _hydra_config(loader: CheckedLoader, asked: Asked, chosen: dict[str, str], others: list[str]) -> DictConfig:
    """Return Hydra's own part of the configuration, the user's files left out of it."""
    place = asked.place
    logging = ["hydra/hydra_logging=none"] if asked.options.silent else []
    overrides = [*COMMON, *logging, *(f"{group}={name}" for group, name in chosen.items()), *others]
    try:
        config = loader.load_configuration(None, overrides, run_mode=RunMode.MULTIRUN)
    except HydraException as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise UserError(f"command line: {' '.join(lines[:1])}", *_installed(loader, chosen)) from None
    config.hydra.sweep.dir = str(place)
    return config


def _installed(loader: CheckedLoader, chosen: dict[str, str]) -> list[str]:
    return [f"Options of {group}: {', '.join(loader.get_group_options(group))}" for group in chosen]
