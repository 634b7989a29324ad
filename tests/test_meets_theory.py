"""Agents that play a theory end where the theory says: equilibrium, screening, attrition, Rubinstein, Nash."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from agents.country import Country
from agents.sticks.policies import Climb
from agents.strategies.hardliner import Hardliner
from agents.strategies.obstinate import Obstinate
from agents.strategies.rational import Rational
from agents.strategies.screener import Screener
from sim.board import NEVER
from sim.deals import Issue, make_grid
from sim.model import Talks, TypeSpace
from sim.moves import Moves
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import COLLAPSE, DEADLINE, DEAL, OUTSIDE
from sim.ranking import from_micro
from sim.solutions.attrition import agreement_by_round, concession_cdf, war_of_attrition
from sim.solutions.limits import drawn_proposer, rubinstein
from sim.solutions.private import screen_types
from sim.solutions.subgame import Game, alternating, subgame_perfect
from sim.sticks import Stick
from sim.table import Agenda, Stakes
from tests.talk_worlds import april, random_protocol, random_stakes, random_types

SECURITY, PIE = COMPONENTS.index("security"), COMPONENTS.index("pledge")


def play(stakes, protocol, players, *, seed=1, worlds=8, information="complete"):
    """Play one talk between A and B (or the codes given) in a batch; the finished talk."""
    model = Talks(protocol, seed=seed, worlds=worlds, information=information)
    for code, (strategy, space) in players.items():
        Country(model, code, strategy, space)
    return model.open((stakes,)).run_model().talks[0]


def pie(levels, stick=None):
    """A pie of 100 in `levels` steps: side 0 gets the level, side 1 the rest; without a deal both get nothing."""
    share = np.linspace(0.0, 100.0, levels + 1)
    grid = make_grid((Issue("share", "pie", 1, tuple(share), size=100.0),))
    parts = np.zeros((2, levels + 1, len(COMPONENTS)))
    parts[0, :, PIE], parts[1, :, PIE] = share, 100.0 - share
    none, open_ = np.zeros(len(COMPONENTS)), np.zeros(levels + 1)
    agenda = Agenda("pie", "A", "B", grid, stick or Stick())
    return Stakes(agenda, tuple(parts), (none, none), (none, none), (open_, open_))


def types(rates, chances=None, weights=None):
    """Private types with these discount rates, all weights one unless given (K, C)."""
    count = len(rates)
    weights = np.ones((count, len(COMPONENTS))) if weights is None else weights
    chances = np.full(count, 1.0 / count) if chances is None else np.asarray(chances)
    return TypeSpace(Types(weights, np.ones(count), np.asarray(rates, float), chances, 0.0))


def equilibrium(talk, world):
    """The equilibrium of one world by itself, from the seats' own numbers."""
    protocol, seats = talk.model.protocol, talk.seats
    u = np.stack([talk.table.utility(side)[seats[side].types[world]] for side in (0, 1)], axis=-1)
    floor, flow = ([from_micro(getattr(seat, name)[world]) for seat in seats] for name in ("no_deal", "impasse"))
    options = [[-np.inf, floor[1]], [floor[0], -np.inf]]
    for side in (0, 1):
        if seats[side].outside[world] != NEVER:
            options[side][side] = from_micro(seats[side].outside[world])
    chance = protocol.demander_proposes_pct / 100.0
    first = {"demander_first": 0, "partner_first": 1}
    turns = chance if protocol.proposer == "drawn" else alternating(protocol.rounds, first[protocol.proposer])
    patience = [seat.discount[world] for seat in seats]
    hazard = protocol.hazard_pct / 100.0
    return subgame_perfect(u, Game(protocol.rounds, patience, floor, flow, turns, hazard, None, options))


def follows(talk, world, plan):
    """Whether one world went as its equilibrium says, round by round, given who was drawn to speak."""
    for turn in range(talk.model.protocol.rounds):
        side = talk.history.speaker[world, turn]
        due = plan.offer[turn, side]
        if talk.history.offers[world, turn] != due:
            return False
        if due >= 0:
            return talk.ending[world] == DEAL and talk.row[world] == due and talk.closed[world] == turn
        if plan.leaves[turn, 1 - side]:
            return talk.ending[world] == OUTSIDE and talk.walked[world] == 1 - side
        if talk.ending[world] == COLLAPSE and talk.closed[world] == turn + 1:
            return True
    return talk.ending[world] == DEADLINE


def test_rational_sides_play_the_equilibrium_of_random_talks():
    ends = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        stakes, protocol = random_stakes(rng, coarse=bool(seed % 2)), random_protocol(rng)
        spread = 0.3 if seed % 7 == 0 else 0.0
        players = {code: (Rational(), random_types(rng, spread=spread)) for code in "AB"}
        talk = play(stakes, protocol, players, seed=seed)
        ends += talk.ending.tolist()
        assert all(follows(talk, world, equilibrium(talk, world)) for world in range(8)), seed
    counts = np.bincount(ends, minlength=4)
    assert (counts > 5).all(), "every ending is met"


def test_rational_sides_play_the_equilibrium_of_april_2025():
    lab = april()
    for stakes in lab.stakes:
        players = {code: (Rational(), lab.types[code]) for code in stakes.agenda.pair}
        talk = play(stakes, lab.config.protocol, players, seed=2025, worlds=400)
        pairs = talk.seats[0].types * 64 + talk.seats[1].types
        plans = {pair: equilibrium(talk, int(np.argmax(pairs == pair))) for pair in np.unique(pairs)}
        assert all(follows(talk, world, plans[pairs[world]]) for world in range(400))


def test_a_rational_side_answers_any_offer_by_what_going_on_is_worth():
    """Off the path too: against a side that offers at random, yes exactly where the equilibrium's bar is met."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        stakes, protocol = random_stakes(rng), random_protocol(rng)
        players = {code: (Rational(), random_types(rng)) for code in "AB"}
        model = Talks(protocol, seed=seed, worlds=5, information="complete")
        seats = [Country(model, code, *player) for code, player in players.items()]
        talk = model.open((stakes,)).talks[0]
        rows = rng.integers(len(stakes.agenda.grid), size=5)
        for side in (0, 1):
            said = seats[side].respond(talk.view(side, np.arange(5)), rows)
            worth = from_micro(talk.seats[side].ranked.of(talk.seats[side].types, rows))
            bars = np.array([equilibrium(talk, world).accept[0, side] for world in range(5)])
            assert (said == (worth >= bars - 1e-9)).all()


@pytest.mark.parametrize("rates", [(0.5, 1.0), (1.0, 1.0), (2.0, 0.7)])
def test_rational_sides_on_a_fine_pie_with_a_drawn_proposer_meet_the_closed_form(rates):
    """400 weeks, steps of 0.005: far below (1 - d) of the pie, or the grid gives the last word a weight (Ståhl)."""
    protocol = AlternatingOffers(rounds=400, days_per_round=7.0)
    talk = play(pie(20_000), protocol, {"A": (Rational(), types(rates[:1])), "B": (Rational(), types(rates[1:]))})
    patience = np.exp(-np.array(rates) * 7 / 365)
    said = [talk.agenda.grid.levels[talk.row[talk.history.speaker[:, 0] == side], 0] / 100 for side in (0, 1)]
    assert (talk.closed == 0).all() and all(len(np.unique(shares)) == 1 for shares in said)
    middle = (said[0][0] + said[1][0]) / 2
    assert middle == pytest.approx(drawn_proposer(patience)[0], abs=2e-3)
    assert middle == pytest.approx(rates[1] / sum(rates), abs=0.01)  # rounds are short (Binmore et al. 1986)
    assert said[0][0] > middle > said[1][0]


@pytest.mark.parametrize("first", [0, 1])
def test_rational_sides_in_turn_meet_rubinstein(first):
    """d = (.9, .8), yearly rounds, far deadline: the first to propose gets (1 - d2) / (1 - d1 d2) at once."""
    rates = -np.log([0.9, 0.8])
    protocol = AlternatingOffers(rounds=121, days_per_round=365.0, proposer=("demander_first", "partner_first")[first])
    talk = play(pie(20_000), protocol, {"A": (Rational(), types(rates[:1])), "B": (Rational(), types(rates[1:]))})
    share = talk.agenda.grid.levels[talk.row, 0] / 100
    due = (0.714286, 1.0 - rubinstein([0.8, 0.9])[0])[first]
    assert (talk.closed == 0).all() and share == pytest.approx(np.full(8, due), abs=3e-4)


def test_a_coarse_pie_gives_the_last_word_everything_unless_the_proposer_is_drawn():
    """Steps of .01, d = .999: in turn the last proposer takes nearly all; drawn, the middle is near a half."""
    rate = [-np.log(0.999)]
    meet = partial(play, pie(100), players={"A": (Rational(), types(rate)), "B": (Rational(), types(rate))})
    for rounds in (13, 201):
        turns = meet(AlternatingOffers(rounds=rounds, days_per_round=365.0, proposer="demander_first"))
        assert turns.agenda.grid.levels[turns.row, 0].min() >= 98
    drawn = meet(AlternatingOffers(rounds=201, days_per_round=365.0), worlds=400)
    share = drawn.agenda.grid.levels[drawn.row, 0]
    assert share.mean() == pytest.approx(50, abs=3) and share.max() - share.min() <= 4


ULTIMATUM = AlternatingOffers(rounds=1, proposer="demander_first")


def costly_pie(costs, chances, own_cost):
    """A pie of 100 whose end without a deal is half and half, less what it costs: own, and by the partner's type."""
    stakes = pie(100)
    sender, target = np.zeros((2, len(COMPONENTS)))
    sender[PIE], target[PIE], target[SECURITY] = 50.0 - own_cost, 50.0, -1.0
    weights = np.ones((len(costs), len(COMPONENTS)))
    weights[:, SECURITY] = costs
    stakes = Stakes(stakes.agenda, stakes.packages, (sender, target), (sender, target), stakes.opening)
    return stakes, types([0.05] * len(costs), chances, weights)


@pytest.mark.parametrize("responder", [Rational(), Hardliner(demand_pct=0.0)])
@pytest.mark.parametrize("costs, chances, own", [
    ([4.0, 10.0, 20.0, 35.0], [0.1, 0.3, 0.4, 0.2], 2.0), ([5.0, 30.0], [0.5, 0.5], 0.0),
    ([1.0, 2.0], [0.5, 0.5], 30.0),
])  # fmt: skip
def test_a_screener_is_refused_as_often_as_fearon_says(responder, costs, chances, own):
    """40,000 worlds: within three standard errors; and world by world exactly the types that cost less refuse."""
    worlds, (stakes, space) = 40_000, costly_pie(costs, chances, own)
    players = {"A": (Screener(), types([0.05])), "B": (responder, space)}
    talk = play(stakes, ULTIMATUM, players, worlds=worlds)
    due = screen_types(costs, chances, share=50.0, cost=own)
    asked = talk.agenda.grid.levels[talk.history.offers[:, 0], 0]
    assert (asked == due.demand).all()
    refused, chance = talk.ending == DEADLINE, float(due.no_deal)
    assert abs(refused.mean() - chance) <= 3 * np.sqrt(chance * (1 - chance) / worlds)
    assert (refused == (np.array(costs)[talk.countries[1].type_index] < due.demand - 50.0)).all()


def test_no_other_demand_would_have_brought_a_screener_more():
    """On random talks of one round, by trying every package against every type."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        stakes = random_stakes(rng, outside=0.0, coarse=bool(seed % 2))
        players = {"A": (Screener(), random_types(rng)), "B": (Hardliner(demand_pct=0.0), random_types(rng))}
        talk = play(stakes, ULTIMATUM, players, information="types")
        other = talk.common[0].prior
        yes = other.ranked.micro >= other.no_deal[:, None]
        chance = (other.probability[:, None] * yes).sum(axis=0)
        for world in range(8):
            kind, floor = talk.seats[0].types[world], talk.seats[0].no_deal[world]
            value = chance * (talk.seats[0].ranked.micro[kind] - floor)
            said = talk.history.offers[world, 0]
            got = value[said] if said >= 0 else 0.0
            assert got >= max(value.max(), 0.0) - 1e-3  # millionths


WEEK = 7.0 / 365.0


@pytest.mark.parametrize("demands, rates, priors, rounds", [
    ((0.7, 0.6), (0.5, 1.0), (0.1, 0.1), 130), ((0.6, 0.7), (1.0, 0.4), (0.05, 0.3), 130),
    ((0.9, 0.5), (2.0, 2.0), (0.2, 0.2), 60),
])  # fmt: skip
def test_obstinate_types_agree_and_deadlock_as_abreu_and_gul_say(demands, rates, priors, rounds):
    """12,000 worlds, a week a round: each round's share of agreements within 4.5 standard errors of the law's.

    The law's time is continuous: a round holds what it says of (k, k + 1], the first also the atom at 0. Talks last
    longer than the war, so that those still open at the deadline are the deadlock z1 z2.
    """
    worlds = 12_000
    names = ("demand_pct", "obstinate_pct", "other_demand_pct", "other_obstinate_pct")
    percent = [[100 * x for x in (demands[i], priors[i], demands[1 - i], priors[1 - i])] for i in (0, 1)]
    sides = [Obstinate(**dict(zip(names, numbers))) for numbers in percent]
    players = {code: (sides[i], types(rates[i : i + 1])) for i, code in enumerate("AB")}
    talk = play(pie(100), AlternatingOffers(rounds=rounds, days_per_round=7.0), players, seed=5, worlds=worlds)
    war = war_of_attrition(demands, rates, priors)
    assert war.end < rounds * WEEK
    law = agreement_by_round(war, WEEK, rounds)
    made = talk.ending == DEAL
    share = np.bincount(talk.closed[made], minlength=rounds) / worlds
    within = 4.5 * np.sqrt(law.agreement * (1 - law.agreement) / worlds) + 2.0 / worlds
    assert (np.abs(share - law.agreement) <= within).all()
    z = priors[0] * priors[1]
    assert law.later == pytest.approx(z) and abs((~made).mean() - z) < 4 * np.sqrt(z * (1 - z) / worlds)
    shares = talk.agenda.grid.levels[talk.row[made], 0] / 100
    assert set(np.round(np.unique(shares), 9)) <= {demands[0], round(1 - demands[1], 9)}
    given_in = concession_cdf(war, np.arange(rounds + 1) * WEEK)
    in_round = np.diff(given_in, axis=0)
    in_round[0] += given_in[0]
    one = (in_round[:, 0] * (1 - given_in[1:, 1] + in_round[:, 1] / 2)).sum()  # of both in one round, who speaks
    assert abs((shares < demands[0]).mean() * made.mean() - one) < 4 * np.sqrt(one * (1 - one) / worlds)


def test_obstinate_sides_whose_demands_can_both_be_met_agree_at_once():
    sides = [Obstinate(demand_pct=40.0, other_demand_pct=50.0), Obstinate(demand_pct=50.0, other_demand_pct=40.0)]
    players = {code: (side, types([0.5])) for code, side in zip("AB", sides)}
    talk = play(pie(100), AlternatingOffers(rounds=20), players, worlds=200)
    assert (talk.closed == 0).all() and set(talk.row) == {40, 50}


def test_obstinate_sides_hold_out_where_one_demand_is_worse_than_no_deal_for_the_other():
    """The partner has 50 without a deal: the demander's 70 of 100 leaves it 30, so nobody waits for anybody."""
    stakes, own, theirs = pie(100), *np.zeros((2, len(COMPONENTS)))
    theirs[PIE] = 50.0
    stakes = Stakes(stakes.agenda, stakes.packages, (own, theirs), (own, theirs), stakes.opening)
    players = {code: (Obstinate(), types([1.0])) for code in "AB"}
    talk = play(stakes, AlternatingOffers(rounds=200, days_per_round=30.0), players, worlds=200)
    assert (talk.ending == DEADLINE).all() and set(np.unique(talk.history.offers)) == {15, 70}


def test_where_tariffs_move_a_rational_side_weighs_those_its_own_world_lives_with():
    """The demander's tariff climbs when its offer is refused: worlds of one type stand on several rungs at once.

    Each of its offers is the equilibrium's under the flows then in force in its world, taken to stay.
    """
    flows = np.zeros((2, 3, 1, len(COMPONENTS)))
    flows[0, :, 0, PIE], flows[1, :, 0, PIE] = (0.0, 5.0, 10.0), (0.0, -10.0, -30.0)
    moves = Moves(((0.0, 0.1, 0.2), (0.0,)), (0, 0), (Climb(1), None))
    stakes = pie(100)
    stakes = replace(stakes, agenda=replace(stakes.agenda, moves=moves), rungs=tuple(flows))
    model = Talks(AlternatingOffers(rounds=8, days_per_round=60.0), seed=3, worlds=30, information="complete")
    for code, strategy in (("A", Rational()), ("B", Hardliner(demand_pct=99.0))):
        Country(model, code, strategy, types([0.5]))
    talk, seen = model.open((stakes,)).talks[0], []
    for turn in range(8):
        model.step()
        for world in np.flatnonzero(talk.history.speaker[:, turn] == 0):
            plan = equilibrium(talk, world)
            assert talk.history.offers[world, turn] == plan.offer[turn, 0]
            seen.append((turn, talk.sticks.rung[world, 0], plan.offer[turn, 0]))
    rungs = {turn: {rung for when, rung, _ in seen if when == turn} for turn in range(8)}
    assert max(map(len, rungs.values())) == 3 and len({offer for *_, offer in seen}) > 5
