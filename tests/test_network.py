"""Networks of talks: print, fixed points by brute force, Shapley by orders, order of talks by a plain tree."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.solutions.network import hub_coalitions, nash_in_nash_transfers, order_of_talks, shapley, stole_zwiebel
from sim.solutions.network_packages import nash_in_nash_dense, nash_in_nash_value

V, G = [0, 6, 6, 10], [8, 5]  # oracle 9: hub's worth by deals {}, {J}, {E}, {J, E}; partners' gains


def test_horn_and_wolinsky():
    found = nash_in_nash_transfers(V, G)
    assert found.transfers == pytest.approx([2, 0.5])
    assert found.hub == pytest.approx(12.5) and found.partners == pytest.approx([6, 4.5])
    assert found.surplus == pytest.approx([12, 9]) and found.zone.all()


worlds = st.tuples(st.integers(1, 4), st.integers(0, 10_000))


def random_network(talks, seed, spill=True):
    rng = np.random.default_rng(seed)
    hub = rng.uniform(0, 10, 1 << talks)
    partners = rng.uniform(0, 10, (talks, 1 << talks) if spill else talks)
    return hub, partners, rng.uniform(0.1, 0.9, talks)


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_each_payment_is_the_nash_split_of_its_own_talk(world):
    """Second road: the payments are a fixed point; each maximises (hub's gain)^b (partner's gain)^(1−b) alone."""
    talks, seed = world
    hub, partners, weight = random_network(talks, seed)
    found = nash_in_nash_transfers(hub, partners, weight)
    full = (1 << talks) - 1
    for j in range(talks):
        if found.surplus[j] <= 1e-6:
            assert found.zone[j] == (found.surplus[j] >= 0)
            continue
        lost, gain = hub[full] - hub[full ^ (1 << j)], partners[j, full] - partners[j, full ^ (1 << j)]
        tries = np.linspace(-lost, gain, 4001)
        product_ = (tries + lost) ** weight[j] * (gain - tries) ** (1 - weight[j])
        assert found.transfers[j] == pytest.approx(tries[product_.argmax()], abs=2e-2)
    assert found.hub + found.partners.sum() == pytest.approx(hub[full] + partners[:, full].sum())


def test_networks_in_a_batch_are_the_single_ones():
    hub = np.array([V, [0, 1, 2, 9]], dtype=float)
    partners = np.array([G, [1, 2]], dtype=float)
    for solve in (nash_in_nash_transfers, stole_zwiebel, order_of_talks):
        together = solve(hub, partners)
        for world in range(2):
            assert np.array_equal(together.partners[world], solve(hub[world], partners[world]).partners)


@pytest.mark.parametrize("chunk", [1, 2, 7])
@pytest.mark.parametrize("talks", [1, 3])
def test_chunks_give_the_same_bytes(chunk, talks):
    rng = np.random.default_rng(6)
    hub, partners = rng.normal(size=(30, 1 << talks)), rng.normal(size=(30, talks, 1 << talks))
    for solve in (nash_in_nash_transfers, stole_zwiebel, order_of_talks):
        whole = solve(hub, partners)
        for at in range(0, 30, chunk):
            part = solve(hub[at : at + chunk], partners[at : at + chunk])
            assert np.array_equal(whole.partners[at : at + chunk], part.partners)
            assert np.array_equal(whole.hub[at : at + chunk], part.hub)
    games = hub_coalitions(hub, partners)
    for at in range(0, 30, chunk):
        assert np.array_equal(games[at : at + chunk], hub_coalitions(hub[at : at + chunk], partners[at : at + chunk]))
        assert np.array_equal(shapley(games)[at : at + chunk], shapley(games[at : at + chunk]))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(0, 10_000))
def test_shapley_is_the_mean_over_orders_of_arrival(players, seed):
    worth = np.random.default_rng(seed).normal(size=1 << players)
    worth[0] = 0
    mean = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        here = 0
        for player in order:
            mean[player] += worth[here | 1 << player] - worth[here]
            here |= 1 << player
    found = shapley(worth)
    assert found == pytest.approx(mean / len(orders))
    assert found.sum() == pytest.approx(worth[-1])


@settings(max_examples=40, deadline=None)
@given(worlds)
def test_stole_zwiebel_is_the_shapley_value(world):
    """Two roads to one number: their recursion and the value of the coalition game (their theorem)."""
    talks, seed = world
    hub, partners, _ = random_network(talks, seed, spill=False)
    found = stole_zwiebel(hub, partners)
    value = shapley(hub_coalitions(hub - hub[0], partners))
    assert found.hub - hub[0] == pytest.approx(value[0])
    assert found.partners == pytest.approx(value[1:])


@settings(max_examples=30, deadline=None)
@given(worlds)
def test_stole_zwiebel_with_spill_over_and_weights(world):
    """The defining condition: what the last deal adds is shared by weight, the rest struck anew without it."""
    talks, seed = world
    hub, partners, weight = random_network(talks, seed)
    found = stole_zwiebel(hub, partners, weight)
    full = (1 << talks) - 1
    assert found.hub + found.partners.sum() == pytest.approx(hub[full] + partners[:, full].sum())
    for j in range(talks):
        others = [i for i in range(talks) if i != j]
        keep = [s for s in range(full + 1) if not s >> j & 1]  # in this order they number the sets of the others
        left = stole_zwiebel(hub[keep], partners[others][:, keep], weight[others]).hub if others else hub[0]
        added = weight[j] * (found.partners[j] - partners[j, full ^ (1 << j)])
        assert (1 - weight[j]) * (found.hub - left) == pytest.approx(added, abs=1e-9)


def test_one_talk_is_the_same_everywhere():
    talks = nash_in_nash_transfers([1, 4], [5], 0.3), stole_zwiebel([1, 4], [5], 0.3), order_of_talks([1, 4], [5], 0.3)
    assert [float(t.hub if np.ndim(t.hub) == 0 else t.hub[0]) for t in talks] == pytest.approx([3.4] * 3)
    assert [float(np.ravel(t.partners)[0]) for t in talks] == pytest.approx([5.6] * 3)


def tree(hub, partners, weight, order, step=0, deals=0):
    """Final payoffs (hub, partners, deals) of the talks still to come, told as a tree of talks."""
    if step == len(order):
        return hub[deals], list(partners[:, deals]), deals
    j = order[step]
    yes = tree(hub, partners, weight, order, step + 1, deals | 1 << j)
    no = tree(hub, partners, weight, order, step + 1, deals)
    gain = yes[0] - no[0] + yes[1][j] - no[1][j]
    if gain < 0:
        return no
    pay = no[0] + weight[j] * gain - yes[0]
    others = list(yes[1])
    others[j] -= pay
    return yes[0] + pay, others, yes[2]


@settings(max_examples=30, deadline=None)
@given(worlds)
def test_order_of_talks_is_the_tree_walked(world):
    talks, seed = world
    hub, partners, weight = random_network(talks, seed)
    found = order_of_talks(hub, partners, weight)
    for at, order in enumerate(found.orders.tolist()):
        own, others, deals = tree(hub, partners, weight, order)
        assert found.hub[at] == pytest.approx(own)
        assert found.partners[at] == pytest.approx(others)
        assert [bool(deals >> j & 1) for j in range(talks)] == found.concluded[at].tolist()


def test_being_first_pays_where_deals_are_substitutes():
    """By hand: J first 6.5, last 6; E first 5, last 4.5; the hub gets 12 either way."""
    found = order_of_talks(V, G)
    assert found.hub == pytest.approx([12, 12])
    assert found.first == pytest.approx([6.5, 5]) and found.last == pytest.approx([6, 4.5])
    assert found.by_position == pytest.approx(np.array([[6.5, 6.0], [5.0, 4.5]]))
    complements = order_of_talks([0, 2, 2, 10], G)
    assert (complements.first < complements.last).all()


def random_joint(seed, sizes, sides, integers=False):
    rng = np.random.default_rng(seed)
    shape = (*[s + 1 for s in sizes], sides)
    return rng.integers(-2, 6, shape).astype(float) if integers else rng.uniform(-2, 6, shape)


def best_row(table, none, weight):
    """One talk's Nash row told plainly: product, then sum, then lowest row; -1 if nothing suits both."""
    best, key = -1, None
    for row, (mine, theirs) in enumerate(table):
        gains = mine - none[0], theirs - none[1]
        if min(gains) < 0:
            continue
        this = (round(gains[0] ** weight * gains[1] ** (1 - weight), 9), round(sum(gains), 9))
        if key is None or this > key:
            best, key = row, this
    return best


def all_fixed_points(joint, talks, weight):
    sizes = [s - 1 for s in joint.shape[:-1]]
    found = []
    for rows in product(*[[*range(s), -1] for s in sizes]):
        for j, pair in enumerate(talks):
            cut = (*rows[:j], slice(None), *rows[j + 1 :])
            table = joint[cut][:, list(pair)]
            if best_row(table[:-1], table[-1], weight) != rows[j]:
                break
        else:
            found.append(rows)
    return found


CASES = [((3, 2), [(0, 1), (0, 2)]), ((2, 2, 2), [(0, 1), (0, 2), (1, 2)]), ((4,), [(1, 0)])]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(CASES), st.sampled_from([0.5, 0.3]))
def test_every_fixed_point_is_found(seed, case, weight):
    """Brute force over all joint rows; and the function's road reaches only points of that set."""
    sizes, talks = case
    joint = random_joint(seed, sizes, 3)
    found, exact = nash_in_nash_dense(joint, talks, weight), all_fixed_points(joint, talks, weight)
    assert {tuple(map(int, rows)) for rows in found.fixed_points[0]} == set(exact)
    assert bool(found.several) == (len(exact) > 1)
    assert str(found.status) == ("converged" if exact else "cycle")
    assert (found.residual <= 1e-12) == bool(exact)
    told = nash_in_nash_value(lambda rows: joint[tuple(rows)], sizes, talks, weight)
    assert {tuple(map(int, rows)) for rows in told.fixed_points[0]} <= set(exact)
    assert (str(told.status) == "converged") == (len(told.fixed_points[0]) > 0)


def chase():
    """Talk 0 wants to match talk 1's package, talk 1 to differ from talk 0's: no fixed point."""
    joint = np.zeros((3, 3, 3))
    for first, second in product(range(2), repeat=2):
        joint[first, second] = (1, 3 if first == second else 1, 1 if first == second else 3)
    joint[2, :2, 2] = joint[:2, 2, 1] = 1
    return joint


def test_a_cycle_names_its_members():
    found = nash_in_nash_dense(chase(), [(0, 1), (0, 2)])
    assert found.status == "cycle" and found.fixed_points[0].shape == (0, 2)
    assert found.residual == pytest.approx(2)
    members = {tuple(map(int, rows)) for rows in found.cycle[0]}
    assert len(members) == 2 and members <= set(product(range(2), repeat=2))


def test_several_fixed_points_are_flagged():
    """Two talks that want to match: both on 0 and both on 1 are fixed points, and the start decides."""
    joint = np.zeros((3, 3, 3))
    for row in range(2):
        joint[row, row] = 2
    found = nash_in_nash_dense(joint, [(0, 1), (0, 2)])
    assert found.several and {(0, 0), (1, 1)} <= {tuple(map(int, r)) for r in found.fixed_points[0]}
    reached = nash_in_nash_value(lambda rows: joint[tuple(rows)], [2, 2], [(0, 1), (0, 2)], starts=[(1, 1), (0, 0)])
    assert reached.several and reached.rows.tolist() == [1, 1]


def test_worlds_of_joint_tables_in_a_batch():
    joint = np.stack([random_joint(4, (3, 2), 3), chase_like(), random_joint(9, (3, 2), 3)])
    talks = [(0, 1), (0, 2)]
    together = nash_in_nash_dense(joint, talks)
    for world in range(3):
        alone = nash_in_nash_dense(joint[world], talks)
        assert together.rows[world].tolist() == alone.rows.tolist()
        assert str(together.status[world]) == str(alone.status)
        assert np.array_equal(together.fixed_points[world], alone.fixed_points[0])


def chase_like():
    """The chase with a third package nobody wants in talk 0."""
    joint = np.zeros((4, 3, 3))
    joint[[0, 1, 3]] = chase()
    joint[2] = -1
    return joint


def test_packages_with_payments_come_close_to_the_side_payment_formula():
    """Two roads: talks over a fine ladder of payments give oracle 9's T = (2, .5)."""
    step = 0.25
    pay = np.arange(-8, 9) * step + 1  # -1 … 3
    sets = np.array([[V[3], V[1]], [V[2], V[0]]], dtype=float)  # by no deal in talk 0, no deal in talk 1
    joint = np.zeros((18, 18, 3))
    for first, second in product(range(18), repeat=2):
        deals = first < 17, second < 17
        paid = [pay[r] if d else 0.0 for r, d in zip((first, second), deals, strict=True)]
        joint[first, second, 0] = sets[int(not deals[0]), int(not deals[1])] + sum(paid)
        joint[first, second, 1:] = [g - p if d else 0.0 for g, p, d in zip(G, paid, deals, strict=True)]
    found = nash_in_nash_dense(joint, [(0, 1), (0, 2)])
    assert found.status == "converged" and not found.several
    assert found.payoffs == pytest.approx([12.5, 6, 4.5], abs=1e-9)


@pytest.mark.parametrize("call, says", [
    (lambda: nash_in_nash_transfers([0, 1, 2], [1, 1]), "2, 4, 8"),
    (lambda: nash_in_nash_transfers([0, 1, 2, np.nan], [1, 1]), r"hub\[3\] is nan"),
    (lambda: nash_in_nash_transfers(V, [1, 1, 1]), "with 2 talks"),
    (lambda: nash_in_nash_transfers(V, G, 1.0), "weight = 1.0"),
    (lambda: order_of_talks(np.zeros(256), np.zeros(8)), "at most 7"),
    (lambda: shapley([1.0]), "each coalition"),
    (lambda: nash_in_nash_dense(np.zeros((3, 3)), [(0, 3)]), "talks = 3"),
    (lambda: nash_in_nash_dense(np.zeros((3, 3)), [(1, 1)]), "with itself"),
    (lambda: nash_in_nash_dense(np.zeros((0, 3)), [(0, 1)]), "none empty"),
    (lambda: nash_in_nash_dense(np.full((3, 2), np.nan), [(0, 1)]), "is nan"),
    (lambda: nash_in_nash_dense(np.zeros((3, 2)), [(0, 1)], starts=[[5]]), "starts of talk 0 = 5"),
    (lambda: nash_in_nash_value(lambda rows: (0, 0), [0], [(0, 1)]), "at least 1"),
    (lambda: nash_in_nash_value(lambda rows: (0, np.nan), [1], [(0, 1)]), "is nan"),
])  # fmt: skip
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
