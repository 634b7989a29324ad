"""A sweeper and a launcher for Hydra that run a whole multirun as arrays: thin, the work is experiments.sweep's.

Nothing heavy is imported before a sweep starts: Hydra reads this file whenever it looks for plug-ins.
"""

from __future__ import annotations

from typing import Any

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

HERE = "hydra_plugins.bargain_vector.plugin"


store = ConfigStore.instance().store  # plain mappings: Hydra runs this file before it is a module that can be found
for group, name, held in (("sweeper", "BargainSweeper", {"params": {}}), ("launcher", "BargainLauncher", {})):
    store(group=f"hydra/{group}", name="bargain", node={"_target_": f"{HERE}.{name}", **held}, provider="bargain")


class BargainSweeper(Sweeper):
    """Checks every combination before anything starts; hands our launcher all of them at once, any other its jobs."""

    def __init__(self, params: dict[str, Any] | None = None):
        self.params = params

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over and make the launcher."""
        self.task = task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the arguments and the chosen files ask for."""
        plan = self.task.plan(arguments)
        if isinstance(self.launcher, BargainLauncher):
            return self.launcher.play(plan)
        jobs = [plan.cells.overrides(number) for number in range(len(plan.cells))]
        return [done.return_value for done in self.launcher.launch(jobs, initial_job_idx=0)]


class BargainLauncher(BasicLauncher):
    """Plays a checked sweep as arrays; jobs of another sweeper run one after the other, as with Hydra's own."""

    def play(self, plan: Any) -> Any:
        """Play all cells of a plan and return the folder of the results."""
        return self.task_function.play(plan)
