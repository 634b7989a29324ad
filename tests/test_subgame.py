"""Subgame-perfect equilibrium: a plain one-world loop, closed forms, accounting, and deviations that must not pay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.solutions.bargaining import nash
from sim.solutions.frontier import TOLERANCE, Pairs, frontier
from sim.solutions.limits import drawn_proposer, nash_split, rubinstein, short_rounds, stahl
from sim.solutions.subgame import ByRound, Game, alternating, subgame_perfect

few = settings(max_examples=60, deadline=None)


def pie(n):
    x = np.arange(n + 1)
    return np.stack([x, n - x], -1) / n


# --- a second road: one world, one node at a time, every package looked at ------------------------------------------


def plain(u, rounds, delta, deadline, flow, q, hazard, collapse, outside):
    """Values and offers by recursion over nodes; leaving is outside[leaver] or None."""
    offers = {}

    def node(r):
        if r == rounds:
            return list(deadline)
        after = node(r + 1)
        stay = [(1 - delta[i]) * flow[i] + delta[i] * (hazard * collapse[i] + (1 - hazard) * after[i]) for i in (0, 1)]
        ends = [propose(r, p, stay) for p in (0, 1)]
        return [q[r] * ends[0][i] + (1 - q[r]) * ends[1][i] for i in (0, 1)]

    def propose(r, p, stay):
        responder = 1 - p
        refused, floor = stay, stay[responder]
        if outside is not None and outside[responder] is not None:
            floor = max(floor, outside[responder][responder])
            if outside[responder][responder] > stay[responder] + TOLERANCE:
                refused = outside[responder]
        best = None
        for row, pay in enumerate(u):
            if pay[responder] < floor - TOLERANCE:
                continue
            if best is None or (pay[p], pay[responder], -row) > best[:3]:
                best = (pay[p], pay[responder], -row)
        if best is None or best[0] < refused[p] - TOLERANCE:
            offers[r, p] = -1
            return list(refused)
        offers[r, p] = -best[2]
        return [u[-best[2]][0], u[-best[2]][1]]

    return node(0), offers


payoff = st.integers(-3, 4).map(float)
pairs = st.tuples(payoff, payoff)
chance = st.sampled_from([0.0, 0.25, 0.5, 1.0])
games = st.fixed_dictionaries(
    {
        "rounds": st.integers(1, 4),
        "delta": st.tuples(*[st.sampled_from([0.5, 0.9, 1.0])] * 2),
        "deadline": pairs,
        "flow": pairs,
        "q": st.lists(chance, min_size=4, max_size=4),
        "hazard": chance,
        "collapse": pairs,
        "outside": st.one_of(st.none(), st.tuples(st.one_of(st.none(), pairs), st.one_of(st.none(), pairs))),
    }
)
tables = st.integers(1, 9).flatmap(lambda p: arrays(float, (p, 2), elements=payoff))


def to_game(g):
    outside = None
    if g["outside"] is not None:
        outside = [list(x) if x is not None else [0.0, 0.0] for x in g["outside"]]
        for i in (0, 1):
            outside[i][i] = outside[i][i] if g["outside"][i] is not None else -np.inf
    return Game(
        rounds=g["rounds"],
        patience=g["delta"],
        deadline=g["deadline"],
        interim=g["flow"],
        proposer=ByRound(g["q"][: g["rounds"]]),
        hazard=g["hazard"],
        collapse=g["collapse"],
        outside=outside,
    )


@few
@given(tables, games)
def test_matches_the_plain_loop(u, g):
    got = subgame_perfect(u, to_game(g))
    value, offers = plain(u.tolist(), **g)
    assert got.payoffs == pytest.approx(value, abs=1e-12)
    for (r, p), row in offers.items():
        assert got.offer[r, p] == row


@few
@given(tables, games)
def test_payoffs_add_up_along_the_path(u, g):
    """Σ(1-δ)δ^r flow + δ^τ final over what happens, at the probabilities reported, is the value reported."""
    game = to_game(g)
    e = subgame_perfect(u, game)
    ends = e.agreed.sum() + e.left.sum() + e.collapsed.sum() + e.expired
    assert ends == pytest.approx(1, abs=1e-12)
    delta, flow = np.array(g["delta"]), np.array(g["flow"])
    total, open_ = np.zeros(2), 1.0
    for r in range(g["rounds"]):
        for p in (0, 1):
            if e.agreed[r, p] > 0:
                total += delta**r * e.agreed[r, p] * u[e.offer[r, p]]
            if e.left[r, p] > 0:
                total += delta**r * e.left[r, p] * np.array(g["outside"][p])
        open_ -= e.agreed[r].sum() + e.left[r].sum()
        total += open_ * (1 - delta) * delta**r * flow
        total += e.collapsed[r] * delta ** (r + 1) * np.array(g["collapse"])
        open_ -= e.collapsed[r]
    total += e.expired * delta ** g["rounds"] * np.array(g["deadline"])
    assert total == pytest.approx(e.payoffs, abs=1e-12)


@few
@given(tables, games)
def test_nobody_gains_by_deviating_once(u, g):
    """One-shot deviations at every node: any other offer or pass, any other answer, any other choice to leave."""
    game = to_game(g)
    e = subgame_perfect(u, game)
    delta = np.array(g["delta"])
    for r in range(g["rounds"]):
        stay = (1 - delta) * g["flow"] + delta * (
            g["hazard"] * np.array(g["collapse"]) + (1 - g["hazard"]) * e.value[r + 1]
        )
        for p in (0, 1):
            i = 1 - p
            exit_ = np.array(game.outside[i]) if game.outside is not None else np.full(2, -np.inf)
            refused = exit_ if e.leaves[r, i] else stay
            assert max(exit_[i], stay[i]) <= refused[i] + 2 * TOLERANCE  # leaving or staying is a best reply
            assert e.accept[r, i] == pytest.approx(refused[i], abs=2 * TOLERANCE)  # and so is answering at the bar
            accepted = u[u[:, i] >= e.accept[r, i] - TOLERANCE]
            other_offers = [*accepted[:, p], refused[p]]  # an offer below the bar brings what a pass brings
            assert e.by_proposer[r, p, p] >= max(other_offers) - 2 * TOLERANCE


# --- closed forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rounds", "share"), [(1, 1), (2, 0.2), (3, 0.92), (4, 0.344), (5, 0.8624)])
def test_finite_alternation(rounds, share):
    """Ståhl (1972) at (.9, .8), on a pie whose grid holds every continuation."""
    game = Game(rounds, (0.9, 0.8), (0, 0), proposer=alternating(rounds))
    e = subgame_perfect(pie(10_000), game)
    assert e.payoffs == pytest.approx((share, 1 - share), abs=1e-9)
    assert e.round == 0 and e.row == round(share * 10_000) and e.agreed[0, 0] == 1
    swapped = subgame_perfect(pie(10_000), game._replace(proposer=alternating(rounds, first=1), patience=(0.8, 0.9)))
    assert swapped.payoffs == pytest.approx((1 - share, share), abs=1e-9)


@pytest.mark.parametrize(("patience", "share"), [((0.9, 0.9), 0.526316), ((0.9, 0.8), 0.714286)])
def test_long_alternation_is_rubinstein(patience, share):
    e = subgame_perfect(pie(200_000), Game(120, patience, (0, 0), proposer=alternating(120)))
    assert e.payoffs[0] == pytest.approx(share, abs=2e-4)
    assert e.payoffs[0] == pytest.approx(rubinstein(patience)[0], abs=2e-4)


@pytest.mark.parametrize("q", [0.5, 0.2, 0.9])
def test_long_drawn_proposer(q):
    e = subgame_perfect(pie(200_000), Game(150, (0.9, 0.8), (0, 0), proposer=q))
    assert e.payoffs == pytest.approx(drawn_proposer((0.9, 0.8), q), abs=2e-4)
    assert e.agreed[0] == pytest.approx((q, 1 - q)) and e.row == -1


@pytest.mark.parametrize("outside", [0.3, 0.6])
def test_outside_option_principle(outside):
    """δ = .9: an option of .3 leaves .473684, one of .6 gives .6 (Shaked & Sutton 1984)."""
    options = [[-np.inf, 0.0], [0.0, outside]]
    game = Game(201, (0.9, 0.9), (0, 0), proposer=alternating(201), outside=options)
    e = subgame_perfect(pie(100_000), game)
    assert e.payoffs[1] == pytest.approx(max(0.473684, outside), abs=2e-4)
    assert e.left.sum() == 0 and e.leaves[0, 1] == (outside > 0.5)


def test_short_rounds_with_flows_and_breakdown():
    """r = (.05, .10), λ = .2, flows (.1, .05), breakdown (.2, .1): .5818 as rounds get short (Muthoo 1999)."""
    rates, hazard, flow, ruin = np.array([0.05, 0.10]), 0.2, (0.1, 0.05), (0.2, 0.1)
    got = []
    for days in (2 * 91.25, 91.25):
        years = days / 365
        rounds = int(60 / years)
        game = Game(rounds, np.exp(-rates * years), ruin, flow, hazard=-np.expm1(-hazard * years))
        got.append(subgame_perfect(pie(100_000), game).payoffs[0])
    limit = short_rounds(rates, hazard, flow, ruin)
    assert nash_split(1.0, limit.point, limit.weight)[0] == pytest.approx(0.5818, abs=5e-5)
    assert 2 * got[1] - got[0] == pytest.approx(0.5818, abs=5e-4)  # the error is linear in the round's length
    assert abs(got[1] - 0.5818) < abs(got[0] - 0.5818) < 0.02


def test_short_rounds_on_a_curved_frontier_reach_the_weighted_nash_point():
    """Binmore, Rubinstein & Wolinsky (1986), where utility is not transferable: u2 = 2(1-u1²)."""
    x = np.linspace(0, 1, 200_001)
    u = frontier(np.stack([x, 2 * (1 - x**2)], -1))
    rates = np.array([0.1, 0.3])
    e = subgame_perfect(u, Game(800, np.exp(-rates * 0.05), (0, 0)))
    limit = short_rounds(rates)
    assert e.payoffs == pytest.approx(nash(u, limit.point, limit.weight).payoffs, abs=0.01)


@pytest.mark.parametrize("rounds", [13, 2001])
def test_a_grid_gives_the_last_proposer_nearly_all_and_a_draw_cures_it(rounds):
    """Pie in steps of .01, δ = .999 (van Damme, Selten & Winter 1990)."""
    last_is_first = Game(rounds, (0.999, 0.999), (0, 0), proposer=alternating(rounds))
    assert subgame_perfect(pie(100), last_is_first).payoffs[0] >= 0.97
    other = last_is_first._replace(proposer=alternating(rounds, first=1))
    assert subgame_perfect(pie(100), other).payoffs[0] <= 0.03
    drawn = subgame_perfect(pie(100), last_is_first._replace(proposer=0.5))
    assert drawn.payoffs == pytest.approx((0.5, 0.5), abs=0.02)
    assert stahl((0.999, 0.999), 2001)[0] < 0.6  # a fine grid would share


# --- rules of the round, one at a time --------------------------------------------------------------------------------


def test_tie_goes_to_the_other_side_then_to_the_lowest_row():
    u = np.array([[5.0, 1.0], [5.0, 2.0], [5.0, 2.0], [4.0, 9.0]])
    assert subgame_perfect(u, Game(1, (1, 1), (0, 0), proposer=1.0)).row == 1


def test_indifferent_sides_agree_and_rounding_does_not_undo_it():
    u = np.array([[0.1 + 0.2, 0.7]])
    e = subgame_perfect(u, Game(3, (1, 1), (0.3, 0.7 + 1e-13), proposer=0.5))
    assert e.agreed[0].sum() == pytest.approx(1)
    assert subgame_perfect(u, Game(3, (1, 1), (0.3, 0.7001), proposer=0.5)).expired == 1


def test_a_pass_is_no_deal_and_the_deadline_comes():
    e = subgame_perfect([[-1.0, 5.0]], Game(2, (0.9, 0.9), (1.0, 1.0), interim=(2.0, 0.0), proposer=alternating(2)))
    assert (e.offer == -1).all() and e.expired == 1 and e.round == -1
    assert e.payoffs == pytest.approx((0.1 * 2 + 0.09 * 2 + 0.81, 0.81))


def test_responder_leaves_when_that_is_best_and_no_package_holds_it():
    options = [[-np.inf, 0.0], [-4.0, 3.0]]  # side 1 may leave for 3; no package gives it that
    e = subgame_perfect([[1.0, 1.0]], Game(2, (0.9, 0.9), (0, 0), proposer=alternating(2), outside=options))
    assert e.left[0].tolist() == [0, 1] and e.payoffs.tolist() == [-4, 3]
    assert e.offer[1].tolist() == [-1, 0]  # when side 1 proposes nobody can leave, and both like the package


def test_an_indifferent_responder_stays():
    """Leaving pays side 1 exactly what waiting does (.9 times 1); side 0 would lose by it, and does not."""
    options = [[-np.inf, 0.0], [-4.0, 0.9 * 1.0]]
    e = subgame_perfect([[-9.0, -9.0]], Game(1, (0.9, 0.9), (1.0, 1.0), proposer=1.0, outside=options))
    assert not e.leaves[0, 1] and e.payoffs == pytest.approx((0.9, 0.9))


def test_each_side_acts_on_its_own_belief():
    """Both expect the deadline to be good for them: no package is enough for both, and talks run out."""
    e = subgame_perfect(pie(10), Game(4, (0.99, 0.99), deadline=(0.8, 0.8)))
    assert e.expired == 1
    assert subgame_perfect(pie(10), Game(4, (0.99, 0.99), deadline=(0.8, 0.1))).agreed.sum() == pytest.approx(1)


def test_an_extension_is_a_hazard_of_its_own():
    """Chance e of a further round after the deadline = a last round that collapses with 1-e, by hand."""
    u, delta, flow, end = pie(1000), 0.9, np.array([0.1, 0.05]), np.array([0.2, 0.1])
    hazard = ByRound([0.0, 0.7, 0.0])
    e = subgame_perfect(u, Game(3, (delta, delta), end, flow, alternating(3), hazard))
    last = subgame_perfect(u, Game(1, (delta, delta), end, flow, 1.0)).payoffs
    second = subgame_perfect(u, Game(1, (delta, delta), 0.7 * end + 0.3 * last, flow, 0.0)).payoffs
    first = subgame_perfect(u, Game(1, (delta, delta), second, flow, 1.0)).payoffs
    assert e.payoffs == pytest.approx(first, abs=1e-9)


def test_flows_that_change_by_round_count_in_their_round():
    flow = ByRound([[1.0, 0.0], [5.0, 0.0]])
    e = subgame_perfect([[-9.0, -9.0]], Game(2, (0.5, 0.5), (0, 0), interim=flow))
    assert e.payoffs[0] == pytest.approx(0.5 * 1 + 0.25 * 5)


# --- what should not matter -------------------------------------------------------------------------------------------


def test_single_world_has_the_same_bytes_as_the_batch():
    rng = np.random.default_rng(3)
    u0, u1 = rng.normal(size=(6, 50)).round(6), rng.normal(size=(4, 50)).round(6)
    a, b = rng.integers(0, 6, 90), rng.integers(0, 4, 90)
    game = Game(
        rounds=7,
        patience=rng.uniform(0.7, 1, (90, 2)),
        deadline=rng.normal(size=(90, 2)) - 1,
        interim=rng.normal(size=(90, 2)),
        proposer=rng.uniform(size=90),
        hazard=rng.uniform(size=90) / 4,
        outside=rng.normal(size=(90, 2, 2)) - 1,
    )
    whole = subgame_perfect(Pairs(u0, u1, a, b), game)
    for m in (0, 41, 89):
        one = subgame_perfect(
            np.stack([u0[a[m]], u1[b[m]]], -1), Game(7, *(x[m] for x in game[1:6]), outside=game.outside[m])
        )
        for x, y in zip(whole, one):
            np.testing.assert_array_equal(x[m], y)


def test_lead_axes_broadcast():
    deltas = np.stack(np.meshgrid([0.5, 0.9], [0.6, 0.7, 0.8], indexing="ij"), -1)
    e = subgame_perfect(pie(100), Game(4, deltas, (0, 0)))
    assert e.payoffs.shape == (2, 3, 2) and e.offer.shape == (2, 3, 4, 2)
    np.testing.assert_array_equal(e.payoffs[1, 2], subgame_perfect(pie(100), Game(4, (0.9, 0.8), (0, 0))).payoffs)


# --- bad input --------------------------------------------------------------------------------------------------------

fine = Game(2, (0.9, 0.9), (0.0, 0.0))


@pytest.mark.parametrize(
    ("game", "says"),
    [
        (fine._replace(rounds=0), "rounds: 0"),
        (fine._replace(rounds=2.0), "rounds: 2.0"),
        (fine._replace(rounds=True), "rounds: True"),
        (fine._replace(patience=(0.0, 0.9)), r"patience: 0.0 is out of range; every value must be in \(0, 1\]"),
        (fine._replace(patience=(0.9, 1.1)), "patience: 1.1"),
        (fine._replace(patience=(0.9, np.nan)), "patience: nan"),
        (fine._replace(patience=0.9), "patience: shape"),
        (fine._replace(hazard=-0.1), "hazard: -0.1"),
        (fine._replace(proposer=1.5), "proposer: 1.5"),
        (fine._replace(deadline=(np.nan, 0.0)), "deadline: nan"),
        (fine._replace(interim=(np.inf, 0.0)), "interim: inf"),
        (fine._replace(outside=[[0.0, -np.inf], [0.0, 0.0]]), "the side that is left"),
        (fine._replace(outside=(0.0, 0.0)), "outside: shape"),
        (fine._replace(proposer=alternating(3)), "proposer: shape"),
        (fine._replace(patience=ByRound([[0.9, 0.9]] * 2)), "patience: cannot change"),
        (fine._replace(hazard=np.zeros(4), proposer=np.ones(3)), "do not fit"),
    ],
)
def test_bad_rules_are_named(game, says):
    with pytest.raises(ValueError, match=says) as caught:
        subgame_perfect(pie(4), game)
    assert len(str(caught.value).splitlines()) <= 6


def test_bad_tables_are_named():
    with pytest.raises(ValueError, match="empty"):
        subgame_perfect(np.empty((0, 2)), fine)
    with pytest.raises(ValueError, match="not a payoff"):
        subgame_perfect([[0.0, np.nan]], fine)
