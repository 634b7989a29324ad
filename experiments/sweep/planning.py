"""From a command line to a plan: which sweep the chosen files and the overrides ask for, every cell of it checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from experiments import describe
from experiments import overrides as command
from experiments.compose import Library, Loaded, inside_outputs, plain, to_plain, validate
from experiments.messages import UserError
from experiments.options import Options
from experiments.sweep.axes import Axes, add_points, collect, params_of, root_of, told_at
from experiments.sweep.bases import own_sweep
from experiments.sweep.cells import Cells, Plan
from experiments.sweep.design import points_of, read_design

OF_THE_WHOLE = ("design", "sweep", "dry_run")  # nodes that say how a sweep is run, not what a cell is
MULTIRUN = "MULTIRUN"


class Asked:
    """What a command line asks for, before any cell is made: the chosen files' own sweep and the overrides."""

    def __init__(self, options: Options):
        """Read the overrides and compose once without what is swept; UserError where something cannot be read."""
        self.options = options
        self.library = Library(options.config_dir)
        self.line = command.parse(list(options.overrides), sweeps=True)
        command.check_choices(self.line, self.library.groups)
        self.composed, self.origins = self._compose()

    def _compose(self) -> tuple[DictConfig, dict[str, str]]:
        groups = self.library.groups
        still = [o for o in self.line if not o.is_sweep_override()]
        still = [o for o in still if not is_plug_in_key(o)]
        chosen = [o for o in still if command.is_choice(o, groups) or root_of(o) == "hydra"]
        config, origins, _ = self.library.compose([o.input_line for o in chosen])
        self.carried = own_sweep(config)
        for override in still:
            if override not in chosen and root_of(override) in OF_THE_WHOLE:
                command.apply(config, override, origins)
        return config, origins

    @property
    def swept(self) -> list[Override]:
        """The overrides of the command line that list several values."""
        return [o for o in self.line if o.is_sweep_override()]

    @property
    def is_sweep(self) -> bool:
        """Whether this is a sweep: by -m, by the mode of a chosen file, or by a design."""
        mode = OmegaConf.select(self.composed, "hydra.mode", throw_on_resolution_failure=False)
        design = OmegaConf.select(self.composed, "design", throw_on_resolution_failure=False)
        return self.options.multirun or design is not None or str(mode).rpartition(".")[2] == MULTIRUN

    @property
    def place(self) -> Path:
        """The folder of the sweep."""
        if self.options.out is not None:
            return self.options.out
        return Path(inside_outputs(self.composed.hydra.sweep.dir, "hydra.sweep.dir"))

    def plain_design(self) -> Mapping[str, Any]:
        """Return the `design` node as plain data below its key."""
        node = OmegaConf.select(self.composed, "design", throw_on_resolution_failure=False)
        return {"design": OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else node}


def plan(options: Options, *, points: Sequence[Mapping[str, Any]] | None = None, asked: Asked | None = None) -> Plan:
    """Return the checked plan of a sweep; UserError of the first cell with a mistake, and nothing is written.

    `points`: one more axis, key -> value at each point, as a caller's own design has them.
    """
    asked = asked or Asked(options)
    axes = axes_of(asked)
    if points is not None:
        add_points(axes, points, "points", "points")
    cells = Cells(axes, asked.library, options.plugins, asked.carried)
    cells.check(silent=options.silent)
    base = first_cell(cells, asked.place, options)
    check_scheduler(base)
    public = cells.public_axes(base.resolved)
    columns = tuple(axis.key for axis in public)
    return Plan(public, cells, base, columns, asked.place, base.config.sweep, cells.notes)


def axes_of(asked: Asked) -> Axes:
    """Return the axes of the chosen files' sweep and of the command line, a design's keys last."""
    params = params_of(asked.composed, asked.origins)
    for override, where in params:
        told_at(where, lambda override=override: command.check_choices([override], asked.library.groups))
    axes = collect(params, asked.line, asked.library.groups)
    data = asked.plain_design()
    design = read_design(data, asked.origins)
    if design is not None:
        where = asked.origins.get("design", command.COMMAND_LINE)
        add_points(axes, points_of(design, where, _whole_numbers(asked)), design.kind, where)
    return axes


def first_cell(cells: Cells, place: Path, options: Options) -> Loaded:
    """Return the first cell as a single run would have it loaded."""
    picks = cells.picks(0)
    base = cells.base_of(picks)
    config, origins = base.slow(cells.settings_of(picks))
    rest = (base.choices, tuple(options.overrides), str(place), options.plugins, options.config_dir)
    return Loaded(config, plain(config), origins, *rest)


def check_scheduler(base: Loaded) -> None:
    """Refuse a scheduler that a file names: what a machine elsewhere sends is run here, and a file only configures."""
    where = base.origins.get("sweep.scheduler", command.COMMAND_LINE)
    if base.config.sweep.scheduler is not None and where != command.COMMAND_LINE:
        told = f"{where}: sweep.scheduler: a configuration file may not name a machine to connect to"
        raise UserError(told, f"give it on the command line: sweep.scheduler={base.config.sweep.scheduler}")


def _whole_numbers(asked: Asked):
    """Return a function that says of a key whether it takes whole numbers only."""
    try:
        data = to_plain(asked.composed, asked.origins)
        validate(data, asked.origins, plugins=asked.options.plugins)  # so that the keys of its classes are known
    except UserError:
        data = {}

    def is_whole(key: str) -> bool:
        field = describe.at(tuple(key.split(".")), data)
        return field is not None and field.wanted == "a whole number"

    return is_whole


def is_plug_in_key(override: Override) -> bool:
    """Say whether an override is about Hydra's sweeper or launcher."""
    return any(override.key_or_group == k or override.key_or_group.startswith(f"{k}.") for k in command.PLUG_IN_KEYS)
