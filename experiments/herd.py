"""Many cells in one model: cells that differ only in what things are worth are played side by side.

What talks are about, who bargains how and by which rules must be alike; weights, types, patience, sticks, beliefs and
the economy may differ. Where a cell cannot share a model with others it is a herd of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

from agents.country import Country
from agents.strategies.base import misfit
from configs.schema import Config
from experiments.build import Lab, economy_of, make_agenda, make_issues, make_types
from sim.assess import Assessor
from sim.deals import Grid, make_grid
from sim.model import Talks
from sim.states import States
from sim.table import Agenda

APART = frozenset({"title", "question", "figures", "offers", "worlds", "countries", "talks", "economy", "design",
                   "sweep", "dry_run"})  # fmt: skip
VALUED = frozenset({"name", "weights", "weight_spread_pct", "audience_cost_busd", "types"})  # a country's, by its types


class Nodes:
    """What is made of the nodes of configurations, once a node: cells share those that do not differ."""

    def __init__(self) -> None:
        self._made: dict = {}

    def made(self, make, *nodes):
        """Return make(*nodes), the same object for the same nodes."""
        key = make, *(node if isinstance(node, str) else id(node) for node in nodes)
        if key not in self._made:
            self._made[key] = make(*nodes), nodes  # the nodes are kept, so that no other takes their identity
        return self._made[key][0]

    def __len__(self) -> int:
        return len(self._made)


class Stable:
    """Builds labs of cells on shared trade states, stakes and rankings, and plays them herd by herd."""

    def __init__(self) -> None:
        self.nodes = Nodes()
        self.ranks: dict = {}
        self._stakes: dict = {}
        self._grids: dict = {}
        self._economies: dict[object, States] = {}

    @property
    def solved(self) -> int:
        """How many distinct trade states were solved so far."""
        return sum(map(len, self._economies.values()))

    def labs(self, configs: Sequence[Config]) -> list[Lab | Exception]:
        """Return the lab of each configuration, or the error it fails with; trade states are solved in one batch."""
        begun = [self._begin(config) for config in configs]
        for states in {id(b.assessor.states): b.assessor.states for b in begun if isinstance(b, _Begun)}.values():
            states.solve()
        return [self._finish(b) if isinstance(b, _Begun) else b for b in begun]

    def _begin(self, config: Config) -> _Begun | Exception:
        """Plan what a configuration's stakes need; what cannot be put together is returned as its error."""
        try:
            for code, country in config.countries.items():
                why = misfit(country.strategy, config.protocol, config.information)
                if why:
                    raise ValueError(f"countries.{code}.strategy: {why}")
            states = self.nodes.made(self._states_of, config.economy)
            agendas = tuple(self.nodes.made(self._agenda, name, talk) for name, talk in config.talks.items())
            assessor = Assessor(states.economy, agendas, states)
            keys = {a.name: self._key(states, a, agendas) for a in agendas}
            new = tuple(name for name, key in keys.items() if key not in self._stakes)
            return _Begun(config, assessor, keys, assessor.plans(new) if new else {})
        except ValueError as error:
            return error

    def _states_of(self, economy) -> States:
        """Return the trade states of an economy: nodes that say the same share them."""
        key = comparable(economy)
        if key not in self._economies:
            self._economies[key] = States(economy_of(economy))
        return self._economies[key]

    def _agenda(self, name: str, talk) -> Agenda:
        """Return a talk's agenda; talks about the same share one grid of packages."""
        issues = make_issues(talk)
        if issues not in self._grids:
            self._grids[issues] = make_grid(issues)
        return make_agenda(name, talk, self._grids[issues])

    def _key(self, states: States, agenda: Agenda, agendas: tuple[Agenda, ...]) -> tuple:
        """Return what a talk's stakes follow from: its own rates and packages, and the tariffs of the other talks."""
        others = (self.nodes.made(_ground, other) for other in agendas if other is not agenda)
        return id(states), self.nodes.made(_terms, agenda), *others

    def _finish(self, begun: _Begun) -> Lab | Exception:
        """Assemble a lab from solved states."""
        try:
            stakes = []
            for name, agenda in begun.assessor.agendas.items():
                key = begun.keys[name]
                if key not in self._stakes:
                    self._stakes[key] = begun.assessor.finish({name: begun.plans[name]})[0]
                own = key, id(agenda)
                if own not in self._stakes:
                    shared = self._stakes[key]
                    self._stakes[own] = shared if shared.agenda is agenda else replace(shared, agenda=agenda)
                stakes.append(self._stakes[own])
            config = begun.config
            types = {code: self.nodes.made(make_types, country) for code, country in config.countries.items()}
            return Lab(config, begun.assessor.economy, tuple(stakes), types, begun.assessor)
        except ValueError as error:
            return error

    def mark(self, lab: Lab) -> tuple:
        """Return what the labs of a herd have in common; a lab that must play alone has a mark of its own."""
        config = lab.config
        spread = any(space.weight_spread > 0 for space in lab.types.values())
        alone = id(lab) if spread or config.information != "private" or getattr(config, "hub", None) else None
        rules = tuple((name, getattr(config, name)) for name in type(config).model_fields if name not in APART)
        people = tuple((code, *self.nodes.made(_manner, country)) for code, country in config.countries.items())
        talks = tuple(self.nodes.made(_matter, stakes.agenda) for stakes in lab.stakes)
        return alone, rules, people, talks

    def play(self, labs: Sequence[Lab], first: int, worlds: int) -> Talks:
        """Play worlds first ... first + worlds - 1 of labs with one mark in one model, lab after lab."""
        config = labs[0].config
        if len(labs) == 1:
            return labs[0].play(first, worlds)
        rules = {"seed": config.seed, "worlds": worlds, "first": first, "information": config.information}
        model = Talks(config.protocol, **rules, cells=len(labs))
        for code, country in config.countries.items():
            Country(model, code, country.strategy, tuple(lab.types[code] for lab in labs))
        return model.open(tuple(zip(*(lab.stakes for lab in labs))), ranks=self.ranks).run_model()


@dataclass(frozen=True, eq=False)
class _Begun:
    """A lab half put together: its trade states wait to be solved."""

    config: Config
    assessor: Assessor
    keys: dict[str, tuple]
    plans: dict


def _ground(agenda: Agenda) -> tuple:
    """Return what a talk's interim puts under the others: the pair and its two tariffs."""
    return agenda.name, agenda.pair, agenda.stick.rates(False)


def _terms(agenda: Agenda) -> tuple:
    """Return what a talk's own stakes follow from: all of its agenda but how likely the stick and what lies outside."""
    return _others(agenda), replace(agenda.stick, resolve=1.0, belief=1.0, outside=(None, None))


def _others(agenda: Agenda) -> tuple:
    return tuple(comparable(getattr(agenda, f.name)) for f in fields(agenda) if f.name != "stick")


def _matter(agenda: Agenda) -> tuple:
    """Return what a talk is about: all of its agenda but the stick's numbers."""
    moving = agenda.moves and (agenda.stick.sector, agenda.stick.sector_share)
    return _others(agenda), tuple(option is None for option in agenda.stick.outside), moving


def _manner(country) -> tuple:
    """Return how a country bargains: all of its node but what its types hold."""
    return tuple((n, comparable(getattr(country, n))) for n in type(country).model_fields if n not in VALUED)


def comparable(value) -> object:
    """Return something hashable that is equal for equal parts of a configuration."""
    if isinstance(value, Grid):
        return value.issues
    if isinstance(value, tuple | list):
        return tuple(map(comparable, value))
    if isinstance(value, dict):
        return tuple((key, comparable(item)) for key, item in value.items())
    if hasattr(type(value), "model_fields"):
        return type(value), *(comparable(getattr(value, name)) for name in type(value).model_fields)
    if is_dataclass(value) and type(value).__eq__ is object.__eq__:
        return type(value), *(comparable(getattr(value, f.name)) for f in fields(value))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value
