"""The only assembler: from a checked configuration to an economy, the talks' stakes and models that can be run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from agents.country import Country
from agents.strategies.base import misfit
from configs.schema import Config
from sim.assess import Assessor
from sim.attention import Attention
from sim.deals import Grid, Issue, make_grid
from sim.economy import Economy, TradeParameters
from sim.economy_arrays import REST
from sim.grounds import Grounds
from sim.hub import foreseen
from sim.model import Talks, TypeSpace
from sim.moves import Moves
from sim.payoffs import COMPONENTS, Types
from sim.ratification import Legislature
from sim.sticks import Stick
from sim.table import Agenda, PayoffTable, Stakes

CHUNK = 65_536  # worlds played at once
OFFERS = 1 << 23  # offers of a talk held at once
OWN_NUMBERS = 1 << 19  # utilities of a side held at once when every world has weights of its own


@dataclass(frozen=True)
class Lab:
    """All that a run needs and that no world changes: the economy, the stakes of each talk, the countries' types."""

    config: Config
    economy: Economy | None
    stakes: tuple[Stakes, ...]
    types: dict[str, TypeSpace]
    assessor: Assessor

    def play(self, first: int, worlds: int, *, watch: tuple = ()) -> Talks:
        """Play all talks in worlds first ... first + worlds - 1 and return the finished model.

        `watch` holds what makes a watcher, called with every talk after each round; the model keeps those made.
        """
        config = self.config
        rules = {"seed": config.seed, "worlds": worlds, "first": first, "information": config.information}

        def seated() -> Talks:
            model = Talks(config.protocol, **rules)
            model.watch = tuple(made() for made in watch)
            for code, country in config.countries.items():
                Country(model, code, country.strategy, self.types[code])
            return model.open(self.stakes, hub=self.hub)

        if self.hub is not None and self.hub[0].others == "expected":
            return foreseen(seated)
        return seated().run_model()

    @cached_property
    def hub(self) -> tuple[Attention, Grounds] | None:
        """How a demander deals with its talks, and the tables they are played on, kept for all worlds; None: no hub."""
        if self.config.hub is None:
            return None
        return Attention(**self.config.hub.model_dump()), Grounds(self.assessor, self.stakes)

    @property
    def most(self) -> int:
        """How many worlds are played at once."""
        size = max(1, min(CHUNK, OFFERS // self.config.protocol.longest))
        laws = [law for stakes in self.stakes for law in stakes.agenda.ratification if law is not None]
        own = any(space.weight_spread > 0 for space in self.types.values())
        if own or any(law.known and law.spread > 0 for law in laws):
            size = max(1, min(size, OWN_NUMBERS // max(len(s.agenda.grid) for s in self.stakes)))
        return size

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Yield (first, worlds) of the pieces a run is played in."""
        size = self.most
        for first in range(0, self.config.worlds, size):
            yield first, min(size, self.config.worlds - first)

    def tables(self) -> list[PayoffTable]:
        """Return the payoff table of each talk for the countries' finite types."""
        return [s.table(*(self.types[code].types for code in s.agenda.pair)) for s in self.stakes]


def build(config: Config) -> Lab:
    """Assemble a run; ValueError where a strategy needs other rules, the calibration or a trade state fails."""
    check_fit(config)
    economy = make_economy(config)
    agendas = tuple(make_agenda(name, talk) for name, talk in config.talks.items())
    types = {code: make_types(country) for code, country in config.countries.items()}
    assessor = Assessor(economy, agendas)
    return Lab(config, economy, assessor.stakes(), types, assessor)


def check_fit(config: Config) -> None:
    """Refuse strategies that cannot play under the run's protocol and information; ValueError says what to set."""
    for code, country in config.countries.items():
        why = misfit(country.strategy, config.protocol, config.information)
        if why:
            raise ValueError(f"countries.{code}.strategy: {why}")


def make_economy(config: Config) -> Economy | None:
    """Return the run's economy, economies it does not name folded into ROW, or None for stylised talks."""
    return economy_of(config.economy)


def economy_of(node) -> Economy | None:
    """Return the economy of a configuration's `economy` node."""
    if node is None:
        return None
    parameters = TradeParameters(
        trade_elasticity=node.trade_elasticity,
        labour_supply=node.labour_supply,
        scale_elasticity=node.scale_elasticity,
        pass_through=_each(node.pass_through, node.keep, 1.0),
        foreign_share=_each(node.foreign_share, node.keep, 0.0),
        rebate=node.rebate,
        closure=node.closure,
    )
    tariffs = {(e, i): rate / 100.0 for i, row in node.tariffs_pct.items() for e, rate in row.items()}
    options = {"keep": node.keep, "tariffs": tariffs, "parameters": parameters}
    if node.source is not None:
        return Economy.shipped(node.source, **options)
    return Economy.from_csv(Path(node.flows_csv), Path(node.regions_csv), **options)


def _each(value, keep: tuple[str, ...], otherwise: float):
    """Return one number for all economies, or one each in the economy's order: those kept, then ROW."""
    if not isinstance(value, dict):
        return value
    names = [*(code for code in keep if code != REST), REST]
    return tuple(value.get(code, otherwise) for code in names)


def make_issues(talk) -> tuple[Issue, ...]:
    """Return what is on the table of a talk, percent turned into shares."""
    pair = (talk.demander, talk.partner)
    return tuple(_issue(key, node, pair) for key, node in talk.issues.items())


def make_agenda(name: str, talk, grid: Grid | None = None) -> Agenda:
    """Return a talk's agenda: its package grid (made here by default) and stick, percent turned into shares."""
    grid = make_grid(make_issues(talk)) if grid is None else grid
    return Agenda(name, talk.demander, talk.partner, grid, _stick(talk.stick), _moves(talk), _ratification(talk))


def _moves(talk) -> Moves | None:
    """Return the rungs of both tariffs, the interim's among them, and their policies; None where nothing moves."""
    node = talk.moves
    if node is None:
        return None
    begin, answer = (talk.stick.interim_pct, 0.0), talk.stick.interim_answer_pct  # no protection is withdrawn as yet
    one, two = sorted({*node.demander_rungs, begin}), sorted({*node.partner_rungs_pct, answer})
    start = one.index(begin), two.index(answer)
    rates = tuple(rate / 100.0 for rate, _ in one), tuple(rate / 100.0 for rate in two)
    withdrawn = tuple(share / 100.0 for _, share in one) if node.demander_withdrawal_pct else ()
    return Moves(rates, start, (node.demander, node.partner), withdrawn)


def _ratification(talk) -> tuple[Legislature | None, Legislature | None]:
    """Return the legislatures of demander and partner, None for a side whose signature is enough."""
    node = talk.ratification
    return (None, None) if node is None else (_legislature(node.demander), _legislature(node.partner))


def _legislature(node) -> Legislature | None:
    if node is None:
        return None
    chances, values = zip(*_listed(node.threshold_busd))
    return Legislature(
        weights=tuple(getattr(node.weights, name) for name in COMPONENTS),
        thresholds=tuple(values),
        probabilities=tuple(chances),
        spread=node.threshold_busd.spread,
        known=node.known,
        ends=node.on_rejection == "no_deal",
    )


def _issue(name: str, node, pair: tuple[str, str]) -> Issue:
    percent = hasattr(node, "levels_pct")
    extra = {"giver": pair.index(node.giver), "home_cost": node.home_cost_busd}
    if node.kind == "tariff":
        extra |= {"on_top": node.basis == "on_top", "mfn": node.mfn}
    elif node.kind == "pledge":
        extra |= {"years": node.years, "realised": node.realised_pct / 100.0, "cost": node.cost, "value": node.value}
    elif node.kind == "pie":
        extra |= {"size": node.size_busd}
    levels = tuple(v / 100.0 for v in node.levels_pct) if percent else node.levels_busd
    return Issue(name, node.kind, levels=levels, **extra)


def _stick(node) -> Stick:
    return Stick(
        interim=node.interim_pct / 100.0,
        threat=node.threat_pct / 100.0,
        sector=node.sector_pct / 100.0,
        sector_share=node.sector_share_pct / 100.0,
        interim_answer=node.interim_answer_pct / 100.0,
        answer=node.answer,
        answer_factor=node.answer_factor,
        answer_rate=node.answer_pct / 100.0,
        answer_share=node.answer_share_pct / 100.0,
        resolve=node.resolve_pct / 100.0,
        belief=node.belief_pct / 100.0,
        withdrawal=(node.withdrawal_demander_busd, node.withdrawal_partner_busd),
        outside=(node.outside_option_demander_busd, node.outside_option_partner_busd),
    )


def make_types(country) -> TypeSpace:
    """Return a country's private types: every combination of discount rate, red line and set of weights."""
    space = country.types
    own = {name: getattr(country.weights, name) for name in COMPONENTS}
    sets = [(1.0, own)]
    if space.weights:
        sets = [
            (w.probability, {n: own[n] if getattr(w, n) is None else getattr(w, n) for n in COMPONENTS})
            for w in space.weights
        ]
    rates, lines = _listed(space.discount_rate_per_year), _listed(space.red_line_pct)
    rows = [
        (p * q * r, [weights[n] for n in COMPONENTS], line / 100.0, rate)
        for (p, weights), (q, line), (r, rate) in product(sets, lines, rates)
    ]
    types = Types(
        weights=np.array([row[1] for row in rows], dtype=float),
        red_line=np.array([row[2] for row in rows], dtype=float),
        discount_rate=np.array([row[3] for row in rows], dtype=float),
        probability=np.array([row[0] for row in rows], dtype=float),
        audience_cost=country.audience_cost_busd,
    )
    return TypeSpace(types, country.weight_spread_pct / 100.0)


def _listed(node) -> list[tuple[float, float]]:
    """Return (probability, value) pairs of a list of values; equal chances where none are given."""
    chances = node.probabilities or (1.0 / len(node.values),) * len(node.values)
    return list(zip(chances, node.values))
