"""Private information: the best demand when the other side's type is unknown, and a sealed-bid double auction."""

from typing import NamedTuple

import numpy as np

from sim.solutions.checked import PAYOFF_TOLERANCE, PROBABILITY_TOLERANCE, finite, probabilities, within


class Screening(NamedTuple):
    """The sender's best demand (...), chance of no deal, the sender's expected payoff."""

    demand: np.ndarray
    no_deal: np.ndarray
    value: np.ndarray


class PackageScreening(NamedTuple):
    """Best take-it-or-leave-it row (...) (-1: none worth making), chance of a deal, who accepts (..., K), payoffs.

    value (...): proposer's expected payoff; value1 (..., K): what each type of responder gets.
    """

    row: np.ndarray
    deal: np.ndarray
    accepts: np.ndarray
    value: np.ndarray
    value1: np.ndarray


class DoubleAuction(NamedTuple):
    """Linear equilibrium: bid = slope·value + intercept for buyer and seller; chance and gains of trade.

    exists: False, and NaN elsewhere, where the bounds leave no linear equilibrium; efficient: gains if every
    worthwhile trade took place.
    """

    buyer: np.ndarray
    seller: np.ndarray
    trade: np.ndarray
    gains: np.ndarray
    efficient: np.ndarray
    exists: np.ndarray


def screen_uniform(share, cost, bound):
    """Fearon's demand when the target's cost of no deal is uniform on [0, bound] (Fearon 1995).

    share (...): what the sender expects without a deal, before costs; cost (...): the sender's own cost. A target
    of cost t accepts share + t at most. Demand share + (bound − cost)/2, P(no deal) = (bound − cost)/(2·bound);
    a sender with cost ≥ bound asks for no more than share, and is never refused.

    >>> found = screen_uniform(0.5, 0.1, 0.3)
    >>> round(float(found.demand), 6), round(float(found.no_deal), 6)
    (0.6, 0.333333)
    """
    share, cost = finite("share", share), within("cost", cost, 0, np.inf)
    bound = within("bound", bound, 0, np.inf, open_low=True)
    extra = np.maximum(bound - cost, 0) / 2
    no_deal = extra / bound
    return Screening(share + extra, no_deal, share - cost + (extra + cost) * (1 - no_deal))


def screen_types(costs, probs, share, cost):
    """The same with finitely many types: costs (K,) of no deal with probabilities (..., K).

    The best demand leaves some type just willing. Ties go to the smaller demand, which is refused less often.

    >>> found = screen_types([0.1, 0.4], [0.5, 0.5], share=0.5, cost=0.1)
    >>> float(found.demand), float(found.no_deal)
    (0.9, 0.5)
    """
    probs = probabilities("probs", probs)
    costs = finite("costs", costs)
    if costs.ndim != 1 or costs.shape != probs.shape[-1:]:
        raise ValueError(f"costs has shape {costs.shape}: one cost for each of the {probs.shape[-1]} types")
    share, cost = finite("share", share), finite("cost", cost)
    order = np.argsort(costs, kind="stable")
    costs, probs = costs[order], np.take(probs, order, axis=-1)  # take keeps the bits of sums whatever the batch
    refuse = np.where(costs < costs[:, None], probs[..., None, :], 0.0).sum(axis=-1)
    gain = (costs + cost[..., None]) * (1 - refuse)
    best = (gain >= gain.max(axis=-1, keepdims=True) - PAYOFF_TOLERANCE).argmax(axis=-1)
    return Screening(share + costs[best], _at(refuse, best), share - cost + _at(gain, best))


def screen_cdf(grid, cdf, share, cost):
    """The same for any distribution given on a grid: costs (G,) rising, cdf (..., G) rising to 1, straight between.

    On each piece the sender's gain (t + cost)(1 − F(t)) is a parabola, so its top is exact. Mass at the first
    cost (cdf > 0 there) accepts that cost. Ties go to the smaller demand.

    >>> found = screen_cdf([0.0, 0.1, 0.3], [0.0, 1 / 3, 1.0], share=0.5, cost=0.1)
    >>> round(float(found.demand), 6), round(float(found.no_deal), 6)
    (0.6, 0.333333)
    """
    grid, cdf = _distribution(grid, cdf)
    share, cost = finite("share", share), finite("cost", cost)
    slope = np.diff(cdf, axis=-1) / np.diff(grid)
    flat = slope <= PROBABILITY_TOLERANCE
    own = cost[..., None]
    top = ((1 - cdf[..., :-1]) / np.where(flat, 1.0, slope) + grid[:-1] - own) / 2
    top = np.where(flat, grid[1:], np.clip(top, grid[:-1], grid[1:]))
    refuse = cdf[..., :-1] + slope * (top - grid[:-1])
    sure = np.zeros_like(top[..., :1])
    top = np.concatenate([grid[0] + sure, top], axis=-1)
    refuse = np.concatenate([sure, np.broadcast_to(refuse, (*top.shape[:-1], grid.size - 1))], axis=-1)
    gain = (top + own) * (1 - refuse)
    best = (gain >= gain.max(axis=-1, keepdims=True) - PAYOFF_TOLERANCE).argmax(axis=-1)
    top, refuse, gain = (_at(a, best) for a in (top, refuse, gain))
    return Screening(share + top, refuse, share - cost + gain)


def _distribution(grid, cdf):
    grid, cdf = finite("grid", grid), within("cdf", cdf, 0, 1)
    if grid.ndim != 1 or grid.size < 2 or cdf.shape[-1:] != grid.shape:
        raise ValueError(f"grid has shape {grid.shape}, cdf {cdf.shape}: two costs or more, one cdf value each")
    if (np.diff(grid) <= 0).any():
        raise ValueError("grid must rise strictly: sort it and drop repeated costs")
    if (np.diff(cdf, axis=-1) < 0).any():
        raise ValueError("cdf falls somewhere: it must rise along the grid")
    if (np.abs(cdf[..., -1] - 1) > PROBABILITY_TOLERANCE).any():
        raise ValueError(f"cdf ends at {cdf[..., -1].min():.9g}, not 1: extend the grid to the largest cost")
    return grid, cdf


def screen_packages(u0, u1, no_deal0, no_deal1, probs):
    """The proposer's best take-it-or-leave-it row of a package table against unknown types of responder.

    u0 (..., P), u1 (..., K, P) payoffs; no_deal0 (...), no_deal1 (..., K) payoffs without a deal; probs (..., K).
    A type accepts at its no-deal payoff. Ties by what the responder expects, then the lowest row; row -1, and
    no deal, where no row that anyone accepts is worth making.

    >>> found = screen_packages([9, 5], [[1, 4], [3, 6]], 0, [2, 2], [0.5, 0.5])
    >>> int(found.row), float(found.deal), float(found.value)
    (1, 1.0, 5.0)
    """
    probs = probabilities("probs", probs)
    u0, u1 = finite("u0", u0), finite("u1", u1)
    no_deal0, no_deal1 = finite("no_deal0", no_deal0), finite("no_deal1", no_deal1)
    types = probs.shape[-1]
    if u0.ndim < 1 or u1.ndim < 2 or u0.shape[-1] == 0 or u1.shape[-2:] != (types, u0.shape[-1]):
        raise ValueError(
            f"u0 has shape {u0.shape}, u1 {u1.shape}, probs {probs.shape}: "
            "u0 is (..., P), u1 (..., K, P) and probs (..., K) with at least one package"
        )
    accepts = u1 >= no_deal1[..., None] - PAYOFF_TOLERANCE
    deal = np.einsum("...k,...kp->...p", probs, accepts.astype(float))  # einsum: same bits whatever the batch
    value = no_deal0[..., None] + deal * (u0 - no_deal0[..., None])
    each = np.where(accepts, u1, no_deal1[..., None])
    other = np.einsum("...k,...kp->...p", probs, each)
    worth = (deal > 0) & (value >= no_deal0[..., None] - PAYOFF_TOLERANCE)
    row = _best_row(np.where(worth, value, -np.inf), other)
    made = row >= 0
    at = np.where(made, row, 0)
    return PackageScreening(
        row,
        np.where(made, _at(deal, at), 0.0),
        made[..., None] & _at(accepts, at[..., None]),
        np.where(made, _at(value, at), no_deal0),
        np.where(made[..., None], _at(each, at[..., None]), no_deal1),
    )


def _at(table, index):
    """Entry of the last axis of table (..., P) at index (...), leading axes broadcast."""
    lead = np.broadcast_shapes(table.shape[:-1], index.shape)
    index = np.broadcast_to(index, lead)[..., None]
    return np.take_along_axis(np.broadcast_to(table, (*lead, table.shape[-1])), index, axis=-1)[..., 0]


def _best_row(value, other):
    """Largest value; ties by `other`, then the lowest row; -1 where every value is minus infinity."""
    top = value.max(axis=-1, keepdims=True)
    ties = (value >= top - PAYOFF_TOLERANCE) & (value > -np.inf)
    other = np.where(ties, other, -np.inf)
    first = (ties & (other >= other.max(axis=-1, keepdims=True) - PAYOFF_TOLERANCE)).argmax(axis=-1)
    return np.where(ties.any(axis=-1), first, -1)


def double_auction(values=(0.0, 1.0), costs=(0.0, 1.0), k=0.5):
    """Linear equilibrium of the sealed-bid k-double auction (Chatterjee & Samuelson 1983).

    values, costs (..., 2): bounds of the uniform draws of buyer's value and seller's cost; price
    k·(buyer's bid) + (1−k)·(seller's). Buyer bids (v + k·S)/(1+k), S = ((1−k)·v_max + (1+k)·c_min)/2 the lowest
    offer; seller (c + (1−k)·B)/(2−k), B = ((2−k)·v_max + k·c_min)/2 the highest bid. It holds while the highest
    bid is within the offers and the lowest offer within the bids.

    >>> found = double_auction()
    >>> found.buyer.round(6).tolist(), found.seller.round(6).tolist(), round(float(found.trade), 6)
    ([0.666667, 0.083333], [0.666667, 0.25], 0.28125)
    """
    values, costs = _bounds("values", values), _bounds("costs", costs)
    k = within("k", k, 0, 1)
    values, costs, k = np.broadcast_arrays(values, costs, k[..., None])
    (v0, v1), (c0, c1), k = (values[..., 0], values[..., 1]), (costs[..., 0], costs[..., 1]), k[..., 0]
    low_offer, high_bid = ((1 - k) * v1 + (1 + k) * c0) / 2, ((2 - k) * v1 + k * c0) / 2
    buyer = np.stack([1 / (1 + k), k * low_offer / (1 + k)], axis=-1)
    seller = np.stack([1 / (2 - k), (1 - k) * high_bid / (2 - k)], axis=-1)
    low_bid, high_offer = buyer[..., 0] * v0 + buyer[..., 1], seller[..., 0] * c1 + seller[..., 1]
    exists = (high_bid <= high_offer + PAYOFF_TOLERANCE) & (low_bid <= low_offer + PAYOFF_TOLERANCE)
    trade, gains = _trade(values, costs, buyer[..., 0] / seller[..., 0], (buyer - seller)[..., 1] / seller[..., 0])
    efficient = _trade(values, costs, np.ones_like(k), np.zeros_like(k))[1]
    lines = (np.where(exists[..., None], line, np.nan) for line in (buyer, seller))
    figures = (np.where(exists, figure, np.nan) for figure in (trade, gains))
    return DoubleAuction(*lines, *figures, efficient, exists)


def _bounds(name, values):
    array = finite(name, values)
    if array.ndim == 0 or array.shape[-1] != 2 or (array[..., 0] >= array[..., 1]).any():
        raise ValueError(f"{name} must be (lowest, highest) with lowest < highest; got {array.tolist()}")
    return array


def _trade(values, costs, slope, intercept):
    """Chance and expected gains of trade where cost ≤ slope·value + intercept: exact, by Gauss points on pieces."""
    (v0, v1), (c0, c1) = (values[..., 0], values[..., 1]), (costs[..., 0], costs[..., 1])
    kinks = [np.clip((c - intercept) / slope, v0, v1) for c in (c0, c1)]
    edges = np.stack([v0, *kinks, v1], axis=-1)
    nodes, weights = np.polynomial.legendre.leggauss(3)
    half = np.diff(edges, axis=-1)[..., None] / 2
    v = edges[..., :-1, None] + half * (1 + nodes)
    wide = [a[..., None, None] for a in (slope, intercept, c0, c1)]
    cut = np.clip(wide[0] * v + wide[1], wide[2], wide[3])
    density = half * weights / ((v1 - v0) * (c1 - c0))[..., None, None]
    chance = density * (cut - wide[2])
    gains = density * (v * (cut - wide[2]) - (cut**2 - wide[2] ** 2) / 2)
    flat = chance.shape[:-2] + (-1,)
    return chance.reshape(flat).sum(axis=-1), gains.reshape(flat).sum(axis=-1)
