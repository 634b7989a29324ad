"""Repeated take-it-or-leave-it: who makes every offer gets all above the other side's continuation."""

import numpy as np
import pytest

from agents.strategies.rational import Rational
from experiments.compose import load
from experiments.concepts import concepts
from experiments.meeting import meetings
from sim.deals import Issue, make_grid
from sim.model import TypeSpace
from sim.payoffs import COMPONENTS, Types
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL
from sim.results import talks_table
from sim.solutions.subgame import ByRound, Game, subgame_perfect
from sim.sticks import Stick
from sim.table import Agenda, Stakes
from tests.talk_worlds import april, play, random_players, random_protocol, random_stakes, random_types
from tests.test_extension import play_known

STEP = 0.01  # of a pie of 100 in 10,000 steps
SIDES = ("demander", "partner")


def pie(interim, no_deal, step=STEP):
    """A pie of 100 in steps; what a year of talking and no deal are worth to both sides."""
    grid = make_grid((Issue("share", "pie", 0, tuple(np.linspace(0.0, 100.0, round(100 / step) + 1)), size=100.0),))
    agenda = Agenda("pie", "A", "B", grid, Stick())
    pledge = COMPONENTS.index("pledge")

    def parts(values):
        out = np.zeros((*np.shape(values), len(COMPONENTS)))
        out[..., pledge] = values
        return out

    given = grid.levels[:, 0]  # the demander gives, the partner receives
    whole = (parts(100.0 - given), parts(given)), tuple(map(parts, interim)), tuple(map(parts, no_deal))
    return Stakes(agenda, *whole, (np.zeros(len(grid)), np.zeros(len(grid))))


def patient(rate):
    """One type with this discount rate a year."""
    return TypeSpace(Types(np.ones((1, len(COMPONENTS))), np.ones(1), np.array([rate]), np.ones(1)))


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("seed", range(8))
def test_one_side_that_always_proposes_is_a_draw_that_always_falls_to_it(seed, side):
    rng = np.random.default_rng(seed)
    stakes, players, rules = random_stakes(rng), random_players(rng), random_protocol(rng)
    settings = {name: getattr(rules, name) for name in ("rounds", "days_per_round", "hazard_pct")}
    always = AlternatingOffers(proposer=f"{SIDES[side]}_always", **settings)
    drawn = AlternatingOffers(proposer="drawn", demander_proposes_pct=100.0 * (side == 0), **settings)
    one, two = (play([stakes], r, players, seed=seed, worlds=30).talks[0] for r in (always, drawn))
    for name in ("row", "ending", "closed", "walked"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert (one.history.speaker == two.history.speaker).all() and (one.history.offers == two.history.offers).all()
    assert set(one.history.speaker[one.history.speaker >= 0].tolist()) == {side}


@pytest.mark.parametrize("hazard", [0.0, 10.0])
@pytest.mark.parametrize("rounds", [1, 2, 13])
@pytest.mark.parametrize("side", [0, 1])
def test_the_responder_gets_its_continuation_and_the_proposer_all_the_rest(side, rounds, hazard):
    """By hand: w_T = no deal, w_r = (1 - d) flow + d (h no deal + (1 - h) w_r+1); a step of the grid a round above."""
    stakes = pie(interim=(8.0, 5.0), no_deal=(20.0, 11.0))
    rules = AlternatingOffers(rounds=rounds, days_per_round=365.0, proposer=f"{SIDES[side]}_always", hazard_pct=hazard)
    rates = (0.1, 0.2)
    players = {code: (Rational(), patient(rate)) for code, rate in zip("AB", rates)}
    talk = play_known(stakes, rules, players, 1, 5)
    other, h = 1 - side, hazard / 100
    d, end, flow = np.exp(-rates[other]), (20.0, 11.0)[other], (8.0, 5.0)[other]
    value = end
    for _ in range(rounds):
        value = (1 - d) * flow + d * (h * end + (1 - h) * value)
    if not hazard:
        assert value == pytest.approx((1 - d**rounds) * flow + d**rounds * end, abs=1e-12)
    assert (talk.ending == DEAL).all() and (talk.closed == 0).all()
    assert (talk.final(other) >= value - 1e-9).all() and (talk.final(other) < value + rounds * STEP).all()
    assert talk.final(side) == pytest.approx(100.0 - talk.final(other), abs=1e-9)


def test_how_patient_the_proposer_is_does_not_matter():
    stakes, rules = pie((8.0, 5.0), (20.0, 11.0)), AlternatingOffers(days_per_round=90.0, proposer="demander_always")
    got = {
        play_known(stakes, rules, {"A": (Rational(), patient(rate)), "B": (Rational(), patient(0.3))}, 1, 1).row[0]
        for rate in (0.01, 0.5, 5.0)
    }
    assert len(got) == 1


@pytest.mark.parametrize("seed", range(20))
def test_agents_play_the_equilibrium_of_the_game_with_one_proposer(seed):
    rng = np.random.default_rng(seed)
    stakes, side, hazard = random_stakes(rng, outside=0.0), int(rng.integers(2)), float(rng.choice([0.0, 20.0]))
    rounds = int(rng.integers(1, 9))
    rules = AlternatingOffers(rounds=rounds, days_per_round=90.0, proposer=f"{SIDES[side]}_always", hazard_pct=hazard)
    players = {code: (Rational(), random_types(rng)) for code in "AB"}
    talk = play_known(stakes, rules, players, seed, 12)
    for world in range(12):
        seats = talk.seats
        u = np.stack([talk.table.utility(s)[seats[s].types[world]] for s in (0, 1)], axis=-1)
        floor, flow = ([getattr(s, name)[world] / 1e6 for s in seats] for name in ("no_deal", "impasse"))
        game = Game(
            rounds, [s.discount[world] for s in seats], floor, flow, ByRound(np.full(rounds, 1.0 - side)), hazard / 100
        )
        plan = subgame_perfect(u, game)
        closed = int(talk.closed[world])
        said = talk.history.offers[world, : closed + (talk.ending[world] == DEAL)]
        assert said.tolist() == plan.offer[: len(said), side].tolist()
        deal = plan.offer[:, side][plan.offer[:, side] >= 0]
        assert (talk.ending[world] == DEAL) == (said[-1] >= 0) and (
            talk.ending[world] != DEAL or talk.row[world] == deal[0]
        )


def test_on_a_pie_the_power_to_propose_pays_more_the_more_of_it_there_is():
    stakes = pie((8.0, 5.0), (20.0, 11.0))
    got = []
    for proposer in ("partner_always", "partner_first", "drawn", "demander_first", "demander_always"):
        rules = AlternatingOffers(rounds=7, days_per_round=365.0, proposer=proposer)
        players = {code: (Rational(), patient(0.2)) for code in "AB"}
        got.append(play_known(stakes, rules, players, 3, 400).discounted(0).mean())
    assert got == sorted(got) and got[0] < got[2] < got[-1]


def test_the_shipped_protocol_is_drawn_at_100_percent_in_the_shipped_talks():
    one, two = (
        talks_table(april("us_japan", word).play(0, 100))
        for word in ("protocol=take_it_or_leave_it", "protocol.demander_proposes_pct=100")
    )
    assert one.equals(two) and load(["protocol=take_it_or_leave_it"]).config.protocol.rounds == 13


def test_theory_beside_the_agents_says_who_makes_every_offer():
    for side, word in enumerate(("demander", "partner")):
        met = meetings(april("pie", "experiment=classroom", f"protocol.proposer={word}_always"))[0]
        found = {c.key: c for c in concepts(met)}["subgame_perfect"]
        assert f"10 rounds, the {word} makes every offer" in found.assumes
        assert met.short_rounds().weight == pytest.approx(1.0 - side, abs=1e-3)
