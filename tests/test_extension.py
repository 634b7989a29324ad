"""Deadlines that are put off: the batch against a plain loop, what must not change, shares by the binomial law."""

import numpy as np
import pandas as pd
import pytest
from pydantic.dataclasses import dataclass

from agents.country import Country
from agents.strategies.base import PLUGIN
from agents.strategies.hardliner import Hardliner
from agents.strategies.rational import Rational
from agents.strategies.tit_for_tat import TitForTat
from experiments.build import build
from experiments.cli import main
from experiments.compose import load
from experiments.meeting import meetings
from experiments.messages import UserError
from sim.model import Talks
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEADLINE, ENDINGS
from sim.results import talks_table
from sim.solutions.subgame import subgame_perfect
from tests import reference_loop as plain
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes, random_types

WORLDS = 6
FIRM = Hardliner(demand_pct=100.0)
CLASS = "experiment=classroom"
DEAF = [f"strategy@countries.{code}.strategy=hardliner" for code in ("USA", "CHN")]
DEAF += [f"countries.{code}.strategy.demand_pct=100" for code in ("USA", "CHN")]


def extended(rng, **known):
    """A random protocol whose deadline may be put off."""
    rules = random_protocol(rng)
    settings = {name: getattr(rules, name) for name in ("rounds", "days_per_round", "proposer", "hazard_pct")}
    settings |= {"demander_proposes_pct": rules.demander_proposes_pct}
    own = {
        "extension_chance_pct": float(rng.choice([30.0, 60.0, 100.0])),
        "extension_rounds": int(rng.integers(1, 5)),
        "max_extensions": int(rng.integers(1, 4)),
    }
    return AlternatingOffers(**(settings | own | known))


def play_prolonged(stakes, rules, players, seed, world):
    """One talk in one world, the clock in plain words: (ending, row, closed, offers, final, payoff)."""
    talk = stakes.agenda
    sides = [plain._seat(stakes, rules, players[s], s, seed, world) for s in (0, 1)]
    falls = plain._uniform(seed, f"stick:{talk.name}", 0, world, 0) < talk.stick.resolve
    drawn = tuple((side.carried if falls else side.impasse) / 1e6 for side in sides)
    offers, announced, granted, turn = [], rules.rounds, 0, 0

    def over(ending, row, closed, final=drawn):
        done = plain._ended(ending, row, closed, final, sides, drawn, offers)
        return ending, row, closed, offers, done.final, done.payoff

    while True:
        if turn == announced:
            if granted == rules.max_extensions:
                return over("deadline", -1, turn)
            if plain._uniform(seed, f"extension:{talk.name}", granted, world, 0) * 100 >= rules.extension_chance_pct:
                return over("deadline", -1, turn)
            granted, announced = granted + 1, announced + rules.extension_rounds
        speaker = plain._speaker(rules, talk.name, turn, seed, world)
        me, other = sides[speaker], sides[1 - speaker]
        row = plain._offer(me, other, talk.grid, turn, announced)
        offers.append((speaker, row))
        if row >= 0:
            me.said.append(row)
            if other.worth[row] >= plain._acceptable(other, me, turn, announced):
                return over("deal", row, turn, tuple(side.worth[row] / 1e6 for side in sides))
        if other.outside is not None and plain._walks(other, me, turn, announced):
            final = tuple(other.outside if side is other else drawn[side.number] for side in sides)
            return over("outside_option", -1, turn, final)
        hazard = plain._uniform(seed, f"hazard:{talk.name}", turn // 4, world, turn % 4)
        turn += 1
        if hazard * 100.0 < rules.hazard_pct:
            return over("collapse", -1, turn)


def as_tuples(talk):
    """What the batch says of each world, in the plain loop's words."""
    final, payoff = ([getattr(talk, name)(side) for side in (0, 1)] for name in ("final", "discounted"))
    for k in range(talk.model.worlds):
        said = [(int(s), int(r)) for s, r in zip(talk.history.speaker[k], talk.history.offers[k]) if s >= 0]
        ends = (tuple(float(values[k]) for values in pair) for pair in (final, payoff))
        yield ENDINGS[talk.ending[k]], int(talk.row[k]), int(talk.closed[k]), said, *ends


@pytest.mark.parametrize("seed", range(80))
def test_batch_is_the_plain_loop_on_random_tables(seed):
    rng = np.random.default_rng(seed)
    stakes, rules, players = random_stakes(rng, coarse=seed % 3 > 0), extended(rng), random_players(rng)
    first = int(rng.integers(1000))
    model = play([stakes], rules, players, seed=seed, worlds=WORLDS, first=first)
    seats = [(code, *players[code]) for code in stakes.agenda.pair]
    alone = [play_prolonged(stakes, rules, seats, seed, first + k) for k in range(WORLDS)]
    assert list(as_tuples(model.talks[0])) == alone


def tables(*overrides, talks="us_japan"):
    """The table of talks of a shipped run."""
    return talks_table(april(talks, *overrides).play(3, 120))


@pytest.mark.parametrize(
    "off", [("extension_chance_pct=0", "max_extensions=10"), ("extension_chance_pct=70", "max_extensions=0")]
)
def test_without_a_chance_or_a_number_of_extensions_nothing_changes(off):
    assert tables(*(f"protocol.{word}" for word in off), "protocol.extension_rounds=5").equals(tables())


def test_a_world_that_is_not_prolonged_goes_as_it_would_without_extensions():
    one, two = (
        tables(*more, "protocol.hazard_pct=4").to_pandas() for more in ((), ("protocol.extension_chance_pct=50",))
    )
    later = two["rounds_talked"] >= 13
    same = ~later | ((two["rounds_talked"] == 13) & ~two["deal"])
    assert one[same].equals(two[same]) and 5 < (~same).sum() < 30
    assert (one[~same]["ended_by"] == "deadline").all()


def firm(rules, worlds, seed=1):
    """A pie that nobody agrees on."""
    lab = april("pie", "economy=none")
    players = {code: (FIRM, lab.types[code]) for code in "AB"}
    return play(lab.stakes, rules, players, seed=seed, worlds=worlds).talks[0]


def test_as_many_worlds_are_prolonged_as_chance_has_it_each_time_anew():
    count, p = 20_000, 0.4
    rules = AlternatingOffers(rounds=5, extension_chance_pct=100 * p, extension_rounds=3, max_extensions=2)
    closed = firm(rules, count).closed
    assert set(closed.tolist()) == {5, 8, 11}
    for upto, chance in ((5, p), (8, p * p)):
        share, error = (closed > upto).mean(), np.sqrt(chance * (1 - chance) / count)
        assert abs(share - chance) < 4 * error


def test_sides_that_never_agree_end_when_the_last_extension_does_and_earn_the_interim_till_then():
    rules = AlternatingOffers(
        rounds=4, days_per_round=90.0, extension_chance_pct=100.0, extension_rounds=3, max_extensions=10
    )
    talk = firm(rules, 5)
    assert (talk.closed == 34).all() and (talk.ending == DEADLINE).all()
    for side in (0, 1):
        d = talk.seats[side].discount
        flow, end = talk.seats[side].impasse / 1e6, talk.drawn_no_deal(side)
        by_hand = sum((1 - d) * d**r * flow for r in range(34)) + d**34 * end
        assert talk.discounted(side) == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_to_sides_that_do_not_watch_the_clock_a_sure_extension_is_a_later_deadline(seed):
    rng = np.random.default_rng(seed)
    stakes, rules = random_stakes(rng, outside=0.0), extended(rng, extension_chance_pct=100.0)
    blind = (Hardliner(demand_pct=80.0), Hardliner(demand_pct=40.0), TitForTat(factor=1.0))
    players = {code: (blind[rng.integers(3)], random_types(rng)) for code in "AB"}
    settings = {n: getattr(rules, n) for n in ("days_per_round", "proposer", "hazard_pct", "demander_proposes_pct")}
    late = AlternatingOffers(rounds=rules.longest, **settings)
    one, two = (play([stakes], r, players, seed=seed, worlds=20).talks[0] for r in (rules, late))
    assert list(as_tuples(one)) == list(as_tuples(two))


@dataclass(frozen=True, config=PLUGIN)
class Clock(Hardliner):
    """A side that never agrees and writes down the deadline it is told."""

    def offer(self, view, target):
        SEEN[view.round] = view.rounds
        return super().offer(view, target)


SEEN: dict = {}


def test_the_deadline_a_side_sees_is_the_one_announced_and_moves_only_when_it_has_passed():
    SEEN.clear()
    lab = april("pie", "economy=none")
    rules = AlternatingOffers(rounds=3, extension_chance_pct=50.0, extension_rounds=2, max_extensions=2)
    play(lab.stakes, rules, {c: (Clock(demand_pct=100.0), lab.types[c]) for c in "AB"}, seed=1, worlds=200)
    assert SEEN == {0: 3, 1: 3, 2: 3, 3: 5, 4: 5, 5: 7, 6: 7}


def worth(u, floor, flow, d, left):
    """Value (2,) before a round, backwards; `left` holds (chance to propose, chance that refusal ends it) a round."""
    value = floor
    for share, ends in reversed(left):
        stay = (1 - d) * flow + d * (ends * floor + (1 - ends) * value)
        sides = []
        for speaker in (0, 1):
            fine = [p for p in range(len(u)) if u[p, 1 - speaker] >= stay[1 - speaker] - 1e-9]
            pick = max(fine, key=lambda p: (u[p, speaker], u[p, 1 - speaker]), default=None)
            sides.append(u[pick] if pick is not None and u[pick, speaker] >= stay[speaker] - 1e-9 else stay)
        value = share * sides[0] + (1 - share) * sides[1]
    return value


def test_a_deadline_that_may_be_put_off_ends_what_neither_hazard_nor_an_extension_keeps_going():
    """By hand: half survive the hazard, 40 % of them are prolonged."""
    rules = AlternatingOffers(
        rounds=2, hazard_pct=50.0, extension_chance_pct=40.0, extension_rounds=1, max_extensions=2
    )
    assert rules.ends() == pytest.approx([0.5, 0.8, 0.8, 0.5], abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_rational_sides_reckon_with_the_chance_of_an_extension(seed):
    """A deadline that is put off with chance p is a round whose refusal ends the talks with chance 1 - p."""
    rng = np.random.default_rng(seed)
    stakes, rules = random_stakes(rng, outside=0.0), extended(rng, proposer="drawn", days_per_round=90.0)
    players = {code: (Rational(), random_types(rng, most=1)) for code in "AB"}
    talk = play_known(stakes, rules, players, seed, 3000)
    u = np.stack([talk.table.utility(side)[0] for side in (0, 1)], axis=-1)
    floor, flow = (np.array([getattr(s, n)[0] / 1e6 for s in talk.seats]) for n in ("no_deal", "impasse"))
    d = np.array([s.discount[0] for s in talk.seats])
    p, h = rules.extension_chance_pct / 100, rules.hazard_pct / 100
    left = [(rules.demander_proposes_pct / 100, h)] * rules.longest
    for k in range(rules.max_extensions):
        at = rules.rounds + k * rules.extension_rounds - 1
        left[at] = (left[at][0], 1 - (1 - h) * p)
    expected = worth(u, floor, flow, d, left)
    lived = talk.discounted(0)  # worlds draw the stick by the demander's own chance
    error = lived.std() / np.sqrt(len(lived)) + 1e-6
    assert abs(lived.mean() - expected[0]) < 4.5 * error


def play_known(stakes, rules, players, seed, worlds):
    """A talk between sides that know each other."""
    model = Talks(rules, seed=seed, worlds=worlds, information="complete")
    for code, (strategy, space) in players.items():
        Country(model, code, strategy, space)
    return model.open((stakes,)).run_model().talks[0]


def test_theory_beside_the_agents_is_the_same_game_with_a_chance_of_ending():
    odds = {"drawn": 50, "sure": 100, "never": 0}
    settings = ("protocol.extension_rounds=4", "protocol.max_extensions=2")
    labs = {name: april("pie", CLASS, f"protocol.extension_chance_pct={p}", *settings) for name, p in odds.items()}
    labs |= {"late": april("pie", CLASS, "protocol.rounds=18"), "bare": april("pie", CLASS)}
    met = {name: meetings(lab)[0] for name, lab in labs.items()}
    value = {name: subgame_perfect(m.u, m.game()) for name, m in met.items()}
    assert value["sure"].payoffs == pytest.approx(value["late"].payoffs, abs=1e-12)
    assert value["never"].payoffs == pytest.approx(value["bare"].payoffs, abs=1e-12)
    left = [(0.5, 0.5 if turn in (9, 13) else 0.0) for turn in range(18)]
    one = met["drawn"]
    by_hand = worth(one.u, one.no_deal(), one.impasse, one.patience(), left)
    assert value["drawn"].payoffs == pytest.approx(by_hand, abs=1e-9)


def test_tariffs_that_move_go_on_moving_in_an_extension():
    lab = april(
        "us_china",
        "experiment=escalation_china",
        *DEAF,
        "protocol.extension_chance_pct=60",
        "protocol.max_extensions=2",
    )
    talk = lab.play(0, 60).talks[0]
    assert len(set(talk.closed.tolist())) == 3
    assert talk.sticks.record.shape[0] == 19
    for k, closed in enumerate(talk.closed):
        assert (talk.sticks.record[:closed, k] >= 0).all() and (talk.sticks.record[closed:, k] < 0).all()


def test_a_world_does_not_depend_on_those_played_beside_it():
    lab = april("us_japan", "protocol=prolonged_pause")
    whole = talks_table(lab.play(0, 50)).to_pandas()
    for first, count in ((0, 1), (1, 7), (20, 30)):
        part = talks_table(lab.play(first, count)).to_pandas()
        assert part.equals(whole.iloc[first : first + count].reset_index(drop=True))


def test_the_shipped_pause_is_prolonged_from_the_command_line(tmp_path):
    words = [CLASS, "protocol=prolonged_pause", "worlds=60", "figures=false"]
    words += [f"strategy@countries.{code}.strategy=hardliner" for code in "AB"]
    assert main(["run", *words, "--out", str(tmp_path / "run")]) == 0
    talked = pd.read_parquet(tmp_path / "run" / "talks.parquet")["rounds_talked"]
    assert 13 < talked.max() <= 19


@pytest.mark.parametrize(
    "word, said",
    [
        ("protocol.max_extensions=11", "11 is out of range; allowed: 0 to 10"),
        ("protocol.extension_rounds=0", "0 is out of range; allowed: 1 to 10000"),
        ("protocol.extension_chance_pct=101", "101 is out of range; allowed: 0 to 100 %"),
        ("protocol.extention_rounds=2", "no such key; did you mean 'extension_rounds'?"),
    ],
)
def test_what_a_student_can_get_wrong_is_told(word, said):
    with pytest.raises(UserError) as told:
        build(load(["talks=us_japan", word]).config)
    assert said in str(told.value) and len(str(told.value).splitlines()) <= 6
