"""What every shipped strategy must hold to, whatever it is; and what the shipped ones do by their definitions."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.country import Country, StrategyError
from agents.strategies.base import Strategy, between, package_at
from agents.strategies.hardliner import Hardliner
from agents.strategies.rational import Rational
from agents.strategies.time_based import TimeBased
from agents.strategies.tit_for_tat import TitForTat
from experiments.cli import main
from experiments.plugins import build
from sim.board import NEVER
from sim.deals import Issue, make_grid
from sim.model import Talks
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL
from sim.protocols.monotonic import MonotonicConcession
from sim.ranking import Ranked
from sim.view import Common, History, Seat, View
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes, random_types

GROUP = Path(__file__).resolve().parent.parent / "configs" / "strategy"
SHIPPED = {p.stem: build(yaml.safe_load(p.read_text()), "strategy", p.name) for p in sorted(GROUP.glob("*.yaml"))}


WEIGHS_WAITING = {"Rational"}  # may take less than no deal is worth where talking on is worse still
ERRS = {"Trembling"}  # may by mistake take anything


@pytest.fixture(params=sorted(SHIPPED))
def strategy(request):
    return SHIPPED[request.param]


def against(strategy, seed, worlds=8, first=0, swap=False, coarse=True):
    """A random talk in which `strategy` holds one seat; the talk, and the side it sits on."""
    rng = np.random.default_rng(seed)
    stakes, protocol = random_stakes(rng, coarse=coarse), random_protocol(rng)
    if "MonotonicConcession" in strategy.protocols:
        protocol = MonotonicConcession(rounds=20, standstill_ends=False)
    players = random_players(rng)
    code = "B" if swap else "A"
    players[code] = (strategy, random_types(rng))
    model = Talks(protocol, seed=seed, worlds=worlds, first=first, information=strategy.needs)
    for seat, player in players.items():
        Country(model, seat, *player)
    return model.open((stakes,)).run_model().talks[0], int(swap)


def least(strategy, seat):
    """The least (offered, agreed) utility (R,) a strategy may stand for, millionths."""
    if type(strategy).__name__ in ERRS:
        return np.full(len(seat.types), NEVER), np.full(len(seat.types), NEVER)
    if type(strategy).__name__ in WEIGHS_WAITING:
        return (np.minimum(seat.no_deal, seat.impasse),) * 2
    return seat.no_deal, np.maximum(seat.no_deal, seat.outside)


def state(talk):
    """Everything that happened in a talk, by world."""
    return np.concatenate(
        [talk.row[:, None], talk.ending[:, None], talk.closed[:, None], talk.history.offers, talk.history.speaker],
        axis=1,
    )


@pytest.mark.parametrize("swap", [False, True])
def test_offers_are_packages_and_a_world_alone_is_the_same_world(strategy, swap):
    for seed in range(12):
        talk, side = against(strategy, seed, swap=swap)
        own = talk.history.offers[talk.history.speaker == side]
        assert ((own >= -1) & (own < len(talk.agenda.grid))).all()
        for world in (0, 5):
            alone, _ = against(strategy, seed, worlds=1, first=world, swap=swap)
            assert (state(alone)[0] == state(talk)[world]).all()


def test_the_same_seed_gives_the_same_talks(strategy):
    for seed in (3, 4):
        assert (state(against(strategy, seed)[0]) == state(against(strategy, seed)[0])).all()


@pytest.mark.parametrize("swap", [False, True])
def test_never_agrees_to_less_than_its_own_no_deal_value(strategy, swap):
    """Neither by accepting nor by being taken at its word; nor below the outside option it could have had."""
    deals = 0
    for seed in range(60):
        talk, side = against(strategy, seed, swap=swap, coarse=bool(seed % 2))
        seat, made = talk.seats[side], talk.ending == DEAL
        offering, agreeing = least(strategy, seat)
        worth = seat.ranked.of(seat.types, np.maximum(talk.row, 0))
        assert (worth >= agreeing)[made].all()
        said = talk.history.offers >= 0
        worlds = np.nonzero(said & (talk.history.speaker == side))[0]
        offered = talk.history.offers[said & (talk.history.speaker == side)]
        assert (seat.ranked.of(seat.types[worlds], offered) >= offering[worlds]).all()
        deals += int(made.sum())
    assert deals > 20


def test_parameters_out_of_range_or_of_another_kind_are_refused(strategy):
    numbers = [n for n, info in type(strategy).__pydantic_fields__.items() if info.annotation in (int, float)]
    for field in (f for f in dataclasses.fields(strategy) if f.name in numbers):
        limits = {type(m).__name__: m for m in type(strategy).__pydantic_fields__[field.name].metadata}
        assert limits, f"{field.name} of {type(strategy).__name__} has no range"
        beyond = [m.ge - 1 if n == "Ge" else m.gt for n, m in limits.items() if n in ("Ge", "Gt")]
        beyond += [m.le + 1 if n == "Le" else m.lt for n, m in limits.items() if n in ("Le", "Lt")]
        assert len(beyond) == 2, f"{field.name} of {type(strategy).__name__} needs both ends of a range"
        for bad in (*beyond, float("nan"), float("inf"), "1", None, True):
            with pytest.raises(ValidationError):
                type(strategy)(**{field.name: bad})
    with pytest.raises(ValidationError):
        type(strategy)(firmness=1.0)
    for field in dataclasses.fields(strategy):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(strategy, field.name, 1.0)


def test_says_where_it_comes_from_and_what_its_parameters_mean(strategy):
    assert strategy.source and strategy.status
    for name, info in type(strategy).__pydantic_fields__.items():
        assert info.description, name


@pytest.mark.parametrize("given, words", [
    ({}, ("countries.B.strategy: strategy Rational", "information is private: set information=complete")),
    ({"information": "types"}, ("information is types: set information=complete",)),
])  # fmt: skip
def test_rules_a_strategy_is_not_made_for_are_told_before_anything_is_played(given, words):
    with pytest.raises(ValueError) as told:
        Country(Talks(AlternatingOffers(), seed=1, worlds=2, **given), "B", Rational(), None)
    assert all(word in str(told.value) for word in words) and len(str(told.value).splitlines()) == 1


def test_the_command_tells_what_to_set_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["experiment=classroom", "strategy@countries.A.strategy=rational", "figures=false"]) == 2
    told = capsys.readouterr().err
    assert "countries.A.strategy" in told and "information=complete" in told and len(told.splitlines()) <= 6
    assert not list(tmp_path.rglob("*.parquet"))


class _Spy(Strategy):
    """Walks all that a view reaches, in the seat of a strategy."""

    found: list = []

    def target(self, view):
        self.found += list(reached(view))
        return np.maximum(view.best, view.floor)


def reached(thing, seen=None):
    """Every object that can be reached from a thing: attributes, properties, items, closures of functions."""
    seen = {} if seen is None else seen
    if id(thing) in seen or isinstance(thing, (str, bytes, int, float, type(None), type)):
        return
    seen[id(thing)] = thing
    yield thing
    inner = []
    if isinstance(thing, dict):
        inner += list(thing.values())
    elif isinstance(thing, (list, tuple, set)):
        inner += list(thing)
    elif isinstance(thing, np.ndarray):
        inner += [thing.base]
    elif hasattr(thing, "__code__"):
        inner += [cell.cell_contents for cell in thing.__closure__ or ()]
        inner += [getattr(thing, "__self__", None)]
    else:
        inner += list(vars(thing).values()) if hasattr(thing, "__dict__") else []
        slots = [getattr(type(thing), n, None) for n in dir(type(thing)) if not n.startswith("__")]
        if type(thing).__module__.startswith(("sim", "agents")):
            names = [n for n in dir(type(thing)) if not n.startswith("__")]
            inner += [getattr(thing, n) for n, s in zip(names, slots) if isinstance(s, property) or hasattr(s, "func")]
    for value in inner:
        yield from reached(value, seen)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_a_view_does_not_lead_to_what_the_other_side_alone_knows(spread):
    """Walk attributes, properties and closures: no drawn type, value or seat; with own weights no utilities either."""
    rng = np.random.default_rng(5)
    stakes = random_stakes(rng, coarse=False)
    players = {code: (_Spy(), random_types(rng, spread=spread)) for code in "AB"}
    model = Talks(AlternatingOffers(rounds=1, proposer="demander_first"), seed=1, worlds=3)
    for code, (strategy, space) in players.items():
        Country(model, code, strategy, space)
    talk = model.open((stakes,)).talks[0]
    own, other = talk.seats
    _Spy.found.clear()
    talk.countries[0].propose(talk.view(0, np.arange(3)))
    secrets = [other, other.types, other.no_deal, other.impasse, other.outside, other.discount]
    secrets += [talk, talk.table, stakes, model, *talk.countries, *stakes.packages, *stakes.interim, *stakes.carried]
    if spread:
        secrets += [other.ranked, other.ranked.micro, other.ranked._keys]
    met = {id(thing) for thing in _Spy.found}
    assert id(own.ranked) in met  # the walk does reach what is its own
    leaked = [type(secret).__name__ for secret in secrets if id(secret) in met]
    assert not leaked


def line(values):
    """A grid of one issue whose packages are the levels 0, 1, 2 ... and a side's ranking of them."""
    grid = make_grid((Issue("issue", "security", 1, tuple(float(v) for v in range(len(values)))),))
    return grid, Ranked(np.array([values], dtype=float))


def view_of(values, *, turn=0, rounds=10, no_deal=0.0, outside=None, heard=(), grid=None):
    """A view of one world by hand: own utilities in bn USD, and the rows heard from the other side, one a round."""
    plain, ranked = line(values)
    one = lambda value: np.array([value], dtype=np.int64)  # noqa: E731
    floor = NEVER if outside is None else int(outside * 1e6)
    seat = Seat("A", ranked, one(0), one(no_deal * 1e6), one(0), one(floor), np.array([0.99]))
    offers = np.full((1, rounds), -1)
    offers[0, : len(heard)] = heard
    speaker = np.where(offers >= 0, 1, -1)
    last = np.array([[-1, heard[-1] if heard else -1]])
    common = Common(grid or plain, rules=None)
    return View(seat, History(last, offers, speaker), 0, (turn, rounds), np.array([0]), common=common)


@pytest.mark.parametrize(
    "exponent, turn, expected",
    [(1.0, 5, 5.0), (0.2, 5, 9.6875), (5.0, 5, 1.294494), (2.0, 4, 3.675445), (0.2, 0, 10.0), (5.0, 10, 0.0)],
)
def test_time_based_targets_follow_the_printed_curve(exponent, turn, expected):
    """Faratin et al. 1998: best - t^(1/e) (best - no deal), from 10 down to 0 over ten rounds."""
    view = view_of([0.0, 3.0, 10.0], turn=turn)
    assert TimeBased(exponent=exponent).target(view)[0] / 1e6 == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.05, 20), st.floats(1.01, 4), st.integers(0, 13), st.integers(-5, 12))
@settings(max_examples=60, deadline=None)
def test_the_firmer_asks_for_more_and_everybody_ends_at_no_deal(exponent, ratio, turn, no_deal):
    firm, soft = TimeBased(exponent=exponent), TimeBased(exponent=exponent * ratio)
    view, later = (view_of([0.0, 3.0, 10.0], turn=t, rounds=14, no_deal=no_deal) for t in (turn, turn + 1))
    assert firm.target(view)[0] >= soft.target(view)[0] >= view.floor[0]
    assert firm.target(later)[0] <= firm.target(view)[0]
    last = view_of([0.0, 3.0, 10.0], turn=13, rounds=14, no_deal=no_deal)
    rows = np.array([1])
    assert firm.accept(last, firm.target(last), rows)[0] == (no_deal <= 3.0)


def test_time_based_takes_what_it_would_ask_for_next():
    """Linear over ten rounds from 10 to 0: in round 6 (t = 5) it asks for 5 and says yes to 4, not to 3."""
    view = view_of([0.0, 3.0, 4.0, 5.0, 10.0], turn=5)
    rule = TimeBased(exponent=1.0)
    asked = rule.target(view)
    assert rule.offer(view, asked).tolist() == [3]
    assert [bool(rule.accept(view, asked, np.array([row]))[0]) for row in range(5)] == [False, False, True, True, True]


@pytest.mark.parametrize("demand, expected", [(100.0, 10.0), (0.0, 2.0), (80.0, 8.4), (25.0, 4.0)])
def test_hardliner_asks_for_the_same_in_every_round(demand, expected):
    for turn in (0, 9):
        view = view_of([0.0, 5.0, 10.0], turn=turn, no_deal=2.0, heard=(0, 1))
        assert Hardliner(demand_pct=demand).target(view)[0] / 1e6 == pytest.approx(expected)


@pytest.mark.parametrize(
    "factor, heard, expected", [(1.0, (), 10.0), (1.0, (0,), 10.0), (1.0, (0, 1), 7.0), (0.5, (0, 1), 8.5),
                                (1.0, (1, 0), 10.0), (2.0, (0, 2), 1.0), (1.0, (0, 1, 0), 10.0)]
)  # fmt: skip
def test_tit_for_tat_gives_what_it_was_given(factor, heard, expected):
    """From 10, less the factor times what the other's offers have gained in one's own eyes; never below 1."""
    view = view_of([0.0, 3.0, 6.0, 10.0], turn=len(heard), no_deal=1.0, heard=heard)
    assert TitForTat(factor=factor).target(view)[0] / 1e6 == pytest.approx(expected)


@pytest.mark.parametrize("kind, heard, expected", [
    ("relative", (), 10.0), ("relative", (0, 1), 7.3), ("relative", (1, 2), 6.142857), ("relative", (0, 3), 1.0),
    ("relative", (2, 1), 10.0), ("averaged", (0,), 10.0), ("averaged", (0, 1), 8.5), ("averaged", (0, 1, 2), 5.5),
    ("averaged", (1, 0), 10.0), ("averaged", (0, 2, 3), 2.0), ("averaged", (0, -1, 1), 8.5),
])  # fmt: skip
def test_tit_for_tat_measures_what_it_was_given_in_three_ways(kind, heard, expected):
    """Own utilities 0, 3, 6, 10, floor 1. Relative: the other has come 3/10 of the way to 10, so give 3/10 of 9."""
    view = view_of([0.0, 3.0, 6.0, 10.0], turn=len(heard), no_deal=1.0, heard=heard)
    assert TitForTat(kind=kind, window=2).target(view)[0] / 1e6 == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(-3, 8))
def test_tit_for_tat_averaged_over_one_offer_is_absolute(heard, no_deal):
    view = view_of([float(v) for v in range(10)], turn=len(heard), no_deal=no_deal, heard=heard)
    one = TitForTat(kind="averaged", window=1)
    assert one.target(view) == TitForTat().target(view)


def test_offers_are_the_least_sufficient_then_the_nearest_then_the_lowest():
    values = [4.0, 6.0, 6.0, 5.0, 6.0, 9.0]
    ask = lambda heard, wanted, **more: package_at(view_of(values, heard=heard, **more), np.array([wanted]))[0]  # noqa: E731
    assert ask((), 5_500_000) == 1
    assert ask((4,), 5_500_000) == 4
    assert ask((3,), 5_500_000) == 2  # rows 2 and 4 are equally near: the lowest
    assert ask((0,), 5_500_000) == 1
    assert ask((5,), 9_000_001) == 5  # out of reach: the best
    assert ask((5,), 9_000_001, no_deal=9.5) == -1  # nothing is worth agreeing to: a pass


def test_flexible_sides_look_further_for_what_the_other_wants():
    values = [4.0, 6.0, 6.2, 5.0, 6.5, 9.0]
    view = view_of(values, heard=(5,))
    wanted = np.array([5_500_000])
    assert [int(package_at(view, wanted, width)[0]) for width in (0, 600_000, 1_000_000, 4_000_000)] == [1, 1, 4, 5]
    assert TimeBased(flexibility_pct=100.0).offer(view, wanted)[0] == 5


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9), st.floats(0, 1), st.floats(0, 1))
def test_between_stays_between_and_falls_with_the_share(low, span, one, two):
    a, b = (int(between(np.array([low]), np.array([low + span]), s)[0]) for s in sorted((one, two)))
    assert low <= b <= a <= low + span


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=20), st.integers(-6, 6))
def test_walks_once_the_outside_option_is_worth_the_target(values, outside):
    view = view_of([float(v) for v in values], outside=outside, no_deal=-3.0)
    rule = Hardliner(demand_pct=0.0)
    target = rule.target(view)
    assert target[0] == max(outside, -3.0) * 1e6
    assert rule.walk(view, target)[0] == (outside >= -3.0)
    assert not rule.walk(view_of([1.0]), np.array([1]))[0]


class _Wrong(Strategy):
    """Errs in one way at a time."""

    def __init__(self, way):
        self.way = way

    def target(self, view):
        if self.way == "raises":
            raise KeyError("patience")
        wanted = np.maximum(view.best, view.floor)
        return {"floats": wanted / 2.0, "short": wanted[:-1]}.get(self.way, wanted)

    def offer(self, view, target):
        rows = np.zeros(len(view), dtype=int)
        if self.way == "row":
            rows[2] = len(view.grid)
        return rows.astype(float) if self.way == "float rows" else rows

    def accept(self, view, target, rows):
        return np.ones(len(view), dtype=int) if self.way == "ones" else np.zeros(len(view), dtype=bool)


@pytest.mark.parametrize(
    "way, words",
    [
        ("raises", ("target returned KeyError: 'patience'", "world 40")),
        ("floats", ("target returned values of type float64", "millionths")),
        ("short", ("target returned shape (3,)", "expected (4,)")),
        ("row", ("offer returned row 101", "expected -1 to 100", "world 42")),
        ("float rows", ("offer returned rows of type float64", "whole numbers")),
        ("ones", ("accept returned values of type int64", "True or False")),
    ],
)
def test_a_strategy_that_errs_is_told_who_where_and_what_was_due(way, words):
    lab = april("pie", "economy=none")
    players = {code: (_Wrong(way), space) for code, space in lab.types.items()}
    with pytest.raises(StrategyError) as told:
        play(lab.stakes, AlternatingOffers(proposer="demander_first"), players, seed=1, worlds=4, first=40)
    text = str(told.value)
    assert "_Wrong" in text and "round 1" in text and len(text.splitlines()) <= 6
    assert all(word in text for word in words), text
