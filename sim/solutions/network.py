"""Networks of talks: what each deal is worth given the others, and what their order is worth.

A hub talks with partners j = 0 … J−1. Worths are tables over sets of concluded deals, last axis of length 2^J:
entry Σ 2^j over the deals in the set (entry 0: no deal, the last: all).
"""

from itertools import permutations
from math import factorial
from typing import NamedTuple

import numpy as np

from sim.solutions.checked import PAYOFF_TOLERANCE, finite, within

MOST_ORDERED = 7  # partners: 7! = 5,040 orders are worked through one by one


class NashInNash(NamedTuple):
    """Payments to the hub (..., J), hub's payoff (...), partners' (..., J), joint gain (..., J), zone mask."""

    transfers: np.ndarray
    hub: np.ndarray
    partners: np.ndarray
    surplus: np.ndarray
    zone: np.ndarray


class StoleZwiebel(NamedTuple):
    """Payoffs when every deal is struck anew after a failure: hub (...), partners (..., J)."""

    hub: np.ndarray
    partners: np.ndarray


class Order(NamedTuple):
    """Every order of talks: orders (Q, J), hub (..., Q), partners (..., Q, J), deals concluded (..., Q, J).

    by_position (..., J, J): what partner j gets on average in position k; first, last (..., J): its ends.
    """

    orders: np.ndarray
    hub: np.ndarray
    partners: np.ndarray
    concluded: np.ndarray
    by_position: np.ndarray
    first: np.ndarray
    last: np.ndarray


def _worth(hub, partners):
    """Hub's worth (..., 2^J) and partners' worths (..., J, 2^J), checked; (..., J) means: only its own deal counts."""
    hub, partners = finite("hub", hub), finite("partners", partners)
    sets = hub.shape[-1] if hub.ndim else 0
    talks = sets.bit_length() - 1
    if sets < 2 or sets != 1 << talks:
        raise ValueError(f"hub has {sets} entries: give one for each set of deals, 2, 4, 8 …, starting with no deal")
    if partners.ndim and partners.shape[-1] == talks:
        agreed = (np.arange(sets) >> np.arange(talks)[:, None] & 1).astype(bool)
        partners = np.where(agreed, partners[..., None], 0.0)
    if partners.shape[-2:] != (talks, sets):
        raise ValueError(
            f"partners has shape {partners.shape}: with {talks} talks give (..., {talks}), what each deal is "
            f"worth to its partner, or (..., {talks}, {sets}), by the set of deals"
        )
    lead = np.broadcast_shapes(hub.shape[:-1], partners.shape[:-2])
    return np.broadcast_to(hub, (*lead, sets)), np.broadcast_to(partners, (*lead, talks, sets)), talks


def _weight(weight, talks):
    weight = within("weight", weight, 0, 1, open_low=True, open_high=True)
    return np.broadcast_to(weight, (*weight.shape[:-1], talks)) if weight.ndim else np.full(talks, weight)


def nash_in_nash_transfers(hub, partners, weight=0.5):
    """Nash-in-Nash with side payments: each talk splits its gain, the other deals given (Horn & Wolinsky 1988).

    hub (..., 2^J): V over sets of deals; partners (..., J): g_j, or (..., J, 2^J) where deals spill over; weight
    b of the hub, one or (..., J). T_j = b·g_j − (1−b)·[V(all) − V(all but j)], paid to the hub. `zone` is False
    for a talk whose joint gain is negative: with side payments it would not be concluded next to the others.

    >>> found = nash_in_nash_transfers([0, 6, 6, 10], [8, 5])
    >>> found.transfers.tolist(), float(found.hub), found.partners.tolist()
    ([2.0, 0.5], 12.5, [6.0, 4.5])
    """
    hub, partners, talks = _worth(hub, partners)
    weight = _weight(weight, talks)
    everything = hub.shape[-1] - 1
    without = everything - (1 << np.arange(talks))
    lost = hub[..., -1:] - np.take(hub, without, axis=-1)  # take: the same bits in sums whatever the batch
    gain = partners[..., -1] - np.stack([partners[..., j, s] for j, s in enumerate(without)], axis=-1)
    transfers = weight * gain - (1 - weight) * lost
    surplus = gain + lost
    return NashInNash(
        transfers,
        hub[..., -1] + transfers.sum(axis=-1),
        partners[..., -1] - transfers,
        surplus,
        surplus >= -PAYOFF_TOLERANCE,
    )


def shapley(worth):
    """Shapley value (..., n) of a game with worth (..., 2^n) over coalitions, entry Σ 2^i (Shapley 1953).

    φ_i = Σ_S |S|!(n−|S|−1)!/n! · [w(S ∪ i) − w(S)] over coalitions S without i.

    >>> shapley([0, 0, 0, 1]).tolist()
    [0.5, 0.5]
    """
    worth = finite("worth", worth)
    sets = worth.shape[-1] if worth.ndim else 0
    players = sets.bit_length() - 1
    if sets < 2 or sets != 1 << players:
        raise ValueError(f"worth has {sets} entries: give one for each coalition, 2, 4, 8 …, the empty one first")
    coalition = np.arange(sets)
    size = np.bitwise_count(coalition).astype(int)
    chance = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    value = []
    for player in range(players):
        without = coalition[(coalition >> player & 1) == 0]
        added = np.take(worth, without + (1 << player), axis=-1) - np.take(worth, without, axis=-1)
        value.append((chance[size[without]] * added).sum(axis=-1))
    return np.stack(value, axis=-1)


def hub_coalitions(hub, partners):
    """Coalition game (..., 2^(J+1)) of hub (player 0) and partners (players 1 … J): nothing is won without the hub.

    With the hub, a coalition S gets V(S) + Σ_{j in S} g_j(S); without it, what S has with no deal.

    >>> hub_coalitions([0, 6], [8]).tolist()
    [0.0, 0.0, 0.0, 14.0]
    """
    hub, partners, talks = _worth(hub, partners)
    sets = np.arange(hub.shape[-1])
    member = (sets >> np.arange(talks)[:, None] & 1).astype(bool)
    together = hub + np.einsum("...js->...s", np.where(member, partners, 0.0))
    alone = np.einsum("...js->...s", np.where(member, partners[..., :1], 0.0))
    return np.stack([alone, together], axis=-1).reshape(*hub.shape[:-1], -1)


def stole_zwiebel(hub, partners, weight=0.5):
    """Contrast: all remaining deals are struck anew after a failure (Stole & Zwiebel 1996).

    For every set S of deals and j in S: hub(S) − hub(S∖j) = b_j/(1−b_j)·[partner_j(S) − g_j(S∖j)], and payoffs
    add up to V(S) + Σ g_j(S). With b = 1/2 and no spill-over this is the Shapley value of hub_coalitions.

    >>> found = stole_zwiebel([0, 6, 6, 10], [8, 5])
    >>> round(float(found.hub), 6), found.partners.round(6).tolist()
    (11.833333, [6.333333, 4.833333])
    """
    hub, partners, talks = _worth(hub, partners)
    ratio = (1 - _weight(weight, talks)) / _weight(weight, talks)
    lead = np.broadcast_shapes(hub.shape[:-1], ratio.shape[:-1])
    own = np.empty((*lead, hub.shape[-1]))
    own[..., 0] = hub[..., 0]
    for s in range(1, hub.shape[-1]):
        deals = [j for j in range(talks) if s >> j & 1]
        outside = sum(partners[..., j, s] - partners[..., j, s - (1 << j)] for j in deals)
        held = sum(ratio[..., j] * own[..., s - (1 << j)] for j in deals)
        own[..., s] = (hub[..., s] + outside + held) / (1 + sum(ratio[..., j] for j in deals))
    full = hub.shape[-1] - 1
    rest = [partners[..., j, full - (1 << j)] for j in range(talks)]
    got = [rest[j] + ratio[..., j] * (own[..., full] - own[..., full - (1 << j)]) for j in range(talks)]
    return StoleZwiebel(own[..., full], np.stack(got, axis=-1))


def order_of_talks(hub, partners, weight=0.5):
    """What being first or last is worth: the hub talks with its partners once each, one after the other.

    Subgame logic: a deal once struck, and its payment, stand; a talk that fails is over. Talk k splits what it
    adds given the deals before it and foreseeing those after it: with ΔU, ΔX the changes it makes to the hub's
    and the partner's final payoffs, T = b·ΔX − (1−b)·ΔU; there is no deal if ΔU + ΔX < 0. Backward induction
    over sets of deals, in each of the J! orders (J at most 7).

    >>> found = order_of_talks([0, 6, 6, 10], [8, 5])
    >>> found.orders.tolist(), found.partners.tolist()
    ([[0, 1], [1, 0]], [[6.5, 4.5], [6.0, 5.0]])
    """
    hub, partners, talks = _worth(hub, partners)
    if talks > MOST_ORDERED:
        raise ValueError(f"{talks} partners have {factorial(talks)} orders: give at most {MOST_ORDERED} partners")
    weight = _weight(weight, talks)
    lead = np.broadcast_shapes(hub.shape[:-1], weight.shape[:-1])
    hub = np.broadcast_to(hub, (*lead, hub.shape[-1]))
    partners = np.broadcast_to(partners, (*lead, *partners.shape[-2:]))
    orders = np.array(list(permutations(range(talks))))
    found = [_one_order(hub, partners, np.broadcast_to(weight, (*lead, talks)), order) for order in orders]
    own, others, deals = (np.stack(part, axis=len(lead)) for part in zip(*found, strict=True))
    position = np.argsort(orders, axis=-1)
    mean = [
        np.take(others[..., j], np.flatnonzero(position[:, j] == k), axis=-1).mean(axis=-1)
        for j in range(talks)
        for k in range(talks)
    ]
    by_position = np.stack(mean, axis=-1).reshape(*lead, talks, talks)
    return Order(orders, own, others, deals, by_position, by_position[..., 0], by_position[..., -1])


def _one_order(hub, partners, weight, order):
    """Payoffs of hub (...) and partners (..., J), and which deals are struck (..., J), in one order of talks."""
    talks = len(order)
    own, others = hub, np.swapaxes(partners, -1, -2)  # by set of deals at the end: (..., 2^J), (..., 2^J, J)
    struck = np.zeros(others.shape, dtype=bool)
    for step in range(talks - 1, -1, -1):
        j, bit = int(order[step]), 1 << int(order[step])
        before = sum(1 << int(i) for i in order[:step])
        sets = np.arange(hub.shape[-1])
        sets = np.where((sets & ~before) == 0, sets, 0)  # only deals of earlier talks can stand here
        b = weight[..., j, None]
        hub_gain = own[..., sets | bit] - own[..., sets]
        gain = others[..., sets | bit, j] - others[..., sets, j]
        deal = hub_gain + gain >= -PAYOFF_TOLERANCE
        payment = np.where(deal, b * gain - (1 - b) * hub_gain, 0.0)
        own = np.where(deal, own[..., sets | bit], own[..., sets]) + payment
        here = np.where(deal[..., None], others[..., sets | bit, :], others[..., sets, :])
        struck = np.where(deal[..., None], struck[..., sets | bit, :], struck[..., sets, :])
        here[..., j] -= payment
        struck[..., j] = deal
        others = here
    return own[..., 0], others[..., 0, :], struck[..., 0, :]
