"""Two settings swept over a grid of cells, worked out a slice at a time so that a page can show how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from experiments.app.base import Base
from experiments.app.engine import Kept, exclusively
from experiments.app.recipe import NAME, for_command
from experiments.app.settings import Knob, Settings, knobs, overlay
from experiments.app.setup import Choice, setup, uploaded
from experiments.build import Lab
from experiments.herd import Stable
from experiments.meeting import meeting
from experiments.messages import UserError, told
from sim.results import talks_table
from sim.solutions.bargaining import nash
from sim.solutions.frontier import frontier

MOST_CELLS, MOST_WORLDS, MOST_VALUES = 400, 200, 20
HUB_WORLDS = 50  # where each deal changes what the other talks are about, and cells are played one by one
TURNS = 4_000_000  # cells times worlds times rounds at the most
SLICE = 80_000  # worlds times rounds played in one go: others wait no longer than that
SWEEPS = 12  # kept: visitors of one class look at the same ones
DEALS, SHARE = "deal", "demander_surplus_share"
PAYOFFS = ("demander_payoff", "partner_payoff")
HOW_MUCH = {"answer_factor_pct": "proportional", "answer_pct": "list"}  # slider: the answer for which it counts
FIRST = ("threat_pct", "belief_pct", "demander_rate", "partner_rate")  # what is swept unless chosen otherwise


@dataclass(frozen=True)
class Axis:
    """A setting and the values it takes, from low to high."""

    key: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """What is swept: settings, two axes, worlds in each cell."""

    choice: Choice
    x: Axis
    y: Axis
    worlds: int

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.x.values) * len(self.y.values)

    def at(self, cell: int) -> Choice:
        """Return the settings of a cell; x runs fastest."""
        y, x = divmod(cell, len(self.x.values))
        own = {self.x.key: self.x.values[x], self.y.key: self.y.values[y]}
        return replace(self.choice, settings=replace(self.choice.settings, **own))


@dataclass(eq=False)
class Swept:
    """A sweep as far as it is: mean of each measure by cell (Y, X), NaN undefined or not yet played; Nash's beside.

    `errors`: what went wrong by cell; `zone` (Y, X): whether some package is no worse than no deal for both average
    sides, NaN where not yet known.
    """

    plan: Plan
    worlds: int
    means: dict[str, np.ndarray] = field(default_factory=dict)
    nash: dict[str, np.ndarray] = field(default_factory=dict)
    zone: np.ndarray = field(default_factory=lambda: np.zeros(0))
    errors: dict[int, str] = field(default_factory=dict)
    done: int = 0
    stable: Stable | None = field(default_factory=Stable)

    @property
    def over(self) -> bool:
        """Whether all cells were played."""
        return self.done >= self.plan.cells


_sweeps = Kept(SWEEPS)


def axis(knob: Knob, low: float, high: float, count: int) -> Axis:
    """Return `count` values of a setting evenly spread from low to high, whole where its slider's steps are.

    >>> axis(Knob("rounds", "", 1.0, 52.0, 1.0, 13.0, "", ""), 1.0, 4.0, 3).values
    (1.0, 2.0, 4.0)
    """
    values = np.linspace(low, high, count)
    if knob.key == "rounds":
        values = knob.step * np.rint(values / knob.step)
    return Axis(knob.key, tuple(dict.fromkeys(float(round(v, 6)) for v in values)))


def sweepable(choice: Choice, names: tuple[str, str]) -> dict[str, Knob]:
    """Return the sliders of a talk that move something as it is set."""
    data = uploaded(choice.experiment, choice.upload)
    answer = choice.settings.answer or data["talks"][choice.talk]["stick"]["answer"]
    found = knobs(data, choice.talk, names)
    return {key: knob for key, knob in found.items() if HOW_MUCH.get(key, answer) == answer}


def first_axes(found: Mapping[str, Knob]) -> tuple[str, str]:
    """Return the two settings that are swept unless others are chosen."""
    keys = [key for key in FIRST if key in found] + [key for key in found if key not in FIRST]
    return keys[0], keys[1]


def sweep(plan: Plan) -> Swept:
    """Return a sweep as far as anybody has brought it; UserError where it is too large or does not fit."""
    if plan.cells > MOST_CELLS:
        raise UserError(f"{plan.cells} cells; on this page at most {MOST_CELLS}", "bargain run -m takes more")
    if plan.x.key == plan.y.key:
        raise UserError(f"{plan.x.key}: on both axes", "choose two different settings")
    return exclusively(lambda: _sweeps.get(plan, lambda: _begun(plan)))


def _begun(plan: Plan) -> Swept:
    ends = [setup(plan.at(cell)).config for cell in (0, plan.cells - 1)]
    rounds = max(config.protocol.rounds for config in ends)
    most = HUB_WORLDS if ends[0].hub else MOST_WORLDS
    worlds = max(1, min(plan.worlds, most, TURNS // (plan.cells * rounds)))
    return Swept(plan, worlds, zone=_empty(plan))


def _empty(plan: Plan) -> np.ndarray:
    return np.full((len(plan.y.values), len(plan.x.values)), np.nan)


def go_on(own: Swept) -> None:
    """Play the next cells of a sweep."""
    exclusively(lambda: None if own.over else _slice(own))


def _slice(own: Swept) -> None:
    first = setup(own.plan.at(own.done)).config
    count = 1 if first.hub else max(1, SLICE // (own.worlds * first.protocol.rounds))
    cells = range(own.done, min(own.done + count, own.plan.cells))
    configs: dict[int, Any] = {}
    for cell in cells:
        try:
            configs[cell] = setup(own.plan.at(cell)).config
        except UserError as error:
            own.errors[cell] = str(error)
    labs: dict[int, Lab] = {}
    for (cell, config), lab in zip(configs.items(), own.stable.labs(list(configs.values()))):
        if isinstance(lab, Exception):
            own.errors[cell] = told(lab)
        else:
            labs[cell] = lab if config.hub else alone(lab, own.plan.choice.talk)
    for herd in _herds(own.stable, labs):
        _note(own, herd, labs)
    own.stable.ranks.clear()
    own.done = cells.stop
    if own.over:
        own.stable = None


def alone(lab: Lab, talk: str) -> Lab:
    """Return a lab of one talk, the others at their interim."""
    stakes = next(stakes for stakes in lab.stakes if stakes.agenda.name == talk)
    seated = {code: lab.config.countries[code] for code in stakes.agenda.pair}
    config = lab.config.model_copy(update={"countries": seated, "talks": {talk: lab.config.talks[talk]}})
    return Lab(config, lab.economy, (stakes,), {code: lab.types[code] for code in seated}, lab.assessor)


def _herds(stable: Stable, labs: Mapping[int, Lab]) -> list[list[int]]:
    """Return cells that can be played side by side."""
    alike: dict[tuple, list[int]] = {}
    for cell, lab in labs.items():
        alike.setdefault(stable.mark(lab), []).append(cell)
    return list(alike.values())


def _note(own: Swept, herd: Sequence[int], labs: Mapping[int, Lab]) -> None:
    """Play cells side by side and note their means and Nash's."""
    try:
        table = talks_table(own.stable.play([labs[cell] for cell in herd], 0, own.worlds)).to_pandas()
    except ValueError as error:
        own.errors |= dict.fromkeys(herd, told(error))
        return
    table = table[table["talk"] == own.plan.choice.talk]
    issues = [i.column for i in _stakes(labs[herd[0]], own.plan.choice.talk).agenda.grid.issues]
    for name in (DEALS, SHARE, *PAYOFFS, *issues):
        values = table[name].to_numpy(dtype=float, na_value=np.nan).reshape(len(herd), own.worlds)
        known = np.isfinite(values)
        sums, counts = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
        place = own.means.setdefault(name, _empty(own.plan)).reshape(-1)
        place[list(herd)] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    for cell in herd:
        _note_nash(own, cell, labs[cell])


def _stakes(lab: Lab, talk: str):
    return next(stakes for stakes in lab.stakes if stakes.agenda.name == talk)


def _note_nash(own: Swept, cell: int, lab: Lab) -> None:
    """Note Nash's package of a cell's average types: its levels, and what it gives the demander of the joint gain."""
    table = next(t for t in lab.tables() if t.stakes.agenda.name == own.plan.choice.talk)
    met = meeting(table, lab.config.protocol)
    floor = met.no_deal()
    found = nash(frontier(met.within), floor)
    own.zone.reshape(-1)[cell] = float(bool(found.zone))
    if not found.zone:
        return
    grid, row = table.grid, int(found.row)
    values = {issue.column: float(issue.shown[grid.index[row, k]]) for k, issue in enumerate(grid.issues)}
    gain = np.array(found.payoffs) - floor
    if gain.sum() > 1e-6:
        values[SHARE] = float(gain[0] / gain.sum())
    for name, value in values.items():
        own.nash.setdefault(name, _empty(own.plan)).reshape(-1)[cell] = value


def command(plan: Plan, worlds: int) -> tuple[str, str]:
    """Return the command that does the same, and the file it needs as mine/experiment/screen.yaml (empty: none)."""
    own = setup(plan.choice)
    base: Base = own.base
    data = uploaded(plan.choice.experiment, plan.choice.upload)
    changed = {key: value for key, value in own.changed.items() if key != "worlds"}
    text = for_command(base, changed, own.data) if changed else ""
    begin = f"--config-dir mine experiment={NAME}" if changed else f"experiment={base.name}"
    axes = [_swept(data, plan.choice.talk, a) for a in (plan.x, plan.y)]
    return " \\\n  ".join([f"bargain run -m {begin}", f"worlds={worlds}", *axes]), text


def _swept(data: Mapping[str, Any], talk: str, own: Axis) -> str:
    """Return an axis as the command line takes it."""
    found = [_flat(overlay(Settings(**{own.key: value}), data, talk)) for value in own.values]
    key = next(iter(found[0]))
    return f"'{key}={','.join(_text(one[key]) for one in found)}'"


def _flat(data: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(data, Mapping):
        return {path: data}
    out: dict[str, Any] = {}
    for key, value in data.items():
        out |= _flat(value, f"{path}.{key}" if path else str(key))
    return out


def _text(value: Any) -> str:
    return "[" + ",".join(map(_text, value)) + "]" if isinstance(value, list) else repr(value)
