"""War of attrition with obstinate types: two sides wait for the other to give in (Abreu & Gul 2000)."""

from typing import NamedTuple

import numpy as np

from sim.solutions.checked import finite, within


class Attrition(NamedTuple):
    """War of attrition, last axis the two sides: hazards, times to run out, atom at 0, payoffs; end; deadlock.

    hazard (..., 2): rate at which each side's rational type concedes; exhausted (..., 2): T_i, when i would be
    known to be obstinate; end (...): T0, the smaller of the two; at_once (..., 2): chance of conceding at time 0;
    payoffs (..., 2) of the rational types; deadlock (...): both obstinate.
    """

    hazard: np.ndarray
    exhausted: np.ndarray
    end: np.ndarray
    at_once: np.ndarray
    payoffs: np.ndarray
    deadlock: np.ndarray


class Rounds(NamedTuple):
    """Chance of agreement within each round (..., T), by who gives in (..., T, 2), and of none by its end (...)."""

    agreement: np.ndarray
    concession: np.ndarray
    later: np.ndarray


def _two(name, values):
    array = finite(name, values, hint="the last axis is the two sides")
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"{name} has shape {array.shape}: the last axis is the two sides, 2 long")
    return array


def war_of_attrition(demands, rates, priors):
    """War of attrition over a pie of 1 between demands a1 + a2 > 1 (Abreu & Gul 2000, proposition 1).

    demands (..., 2): the share each side's obstinate type insists on; rates (..., 2): discounting a year;
    priors (..., 2): z, how likely each side is obstinate. Hazard λ_i = r_j(1−a_i)/(a1+a2−1), T_i = −ln z_i/λ_i.

    >>> found = war_of_attrition([0.7, 0.6], [0.05, 0.10], [0.1, 0.1])
    >>> found.hazard.round(6).tolist(), found.at_once.round(6).tolist(), found.payoffs.round(6).tolist()
    ([0.1, 0.066667], [0.0, 0.535841], [0.560752, 0.3])
    """
    demands = within("demands", _two("demands", demands), 0, 1, open_low=True, open_high=True)
    total = demands.sum(axis=-1)
    if (total <= 1).any():
        bad = demands[total <= 1].reshape(-1, 2)[0]
        raise ValueError(
            f"demands {bad.tolist()} sum to {bad.sum():.6g}: at most the whole pie, so there is nothing to fight "
            "over; raise one until they sum to more than 1"
        )
    return attrition_of_payoffs(demands, 1 - demands[..., ::-1], rates, priors)


def attrition_of_payoffs(win, concede, rates, priors):
    """The same war in payoffs: `win` if the other gives in, `concede` if one gives in oneself, 0 while waiting.

    win, concede (..., 2): above what waiting for ever is worth, 0 < concede < win; λ_i = r_j·c_j/(w_j − c_j).

    >>> attrition_of_payoffs([7, 6], [4, 3], [0.05, 0.10], [0.1, 0.1]).hazard.round(6).tolist()
    [0.1, 0.066667]
    """
    win, concede = _two("win", win), _two("concede", concede)
    if ((concede <= 0) | (win <= concede)).any():
        raise ValueError(
            "a war of attrition needs 0 < concede < win for both sides, measured above waiting for ever; "
            f"got win {win.reshape(-1, 2)[0].tolist()}, concede {concede.reshape(-1, 2)[0].tolist()}"
        )
    rates = within("rates", _two("rates", rates), 0, np.inf, open_low=True)
    priors = within("priors", _two("priors", priors), 0, 1, open_low=True, open_high=True)
    hazard = (rates * concede / (win - concede))[..., ::-1]
    hazard, priors = np.broadcast_arrays(hazard, priors)
    exhausted = -np.log(priors) / hazard
    end = exhausted.min(axis=-1)
    # the side that would last longer gives in at once just often enough that both run out together
    at_once = -np.expm1(np.minimum(np.log(priors) + hazard * end[..., None], 0.0))
    at_once = np.where(exhausted <= end[..., None], 0.0, at_once)
    payoffs = concede + at_once[..., ::-1] * (win - concede)
    return Attrition(hazard, exhausted, end, at_once, payoffs, priors.prod(axis=-1))


def concession_cdf(war, times):
    """F_i(t) (..., M, 2): chance that side i has given in by times (M,), obstinate types counted as never.

    F_i(t) = 1 − (1 − F_i(0))·e^{−λ_i t} up to T0, then 1 − z_i for good.

    >>> war = war_of_attrition([0.7, 0.6], [0.05, 0.10], [0.1, 0.1])
    >>> concession_cdf(war, [0.0, 100.0]).round(6).tolist()
    [[0.0, 0.535841], [0.9, 0.9]]
    """
    times = within("times", times, 0, np.inf)
    clock = np.minimum(times, war.end[..., None])[..., None]
    return 1 - (1 - war.at_once[..., None, :]) * np.exp(-war.hazard[..., None, :] * clock)


def agreement_by_round(war, round_length, rounds):
    """Chance that talks end in agreement within each of `rounds` rounds of `round_length` years.

    The first round holds what is conceded at once. Both waiting, side i is the one that moves with share
    λ_i/(λ_1+λ_2). Sums to 1 with `later`, which holds the deadlock.

    >>> war = war_of_attrition([0.7, 0.6], [0.05, 0.10], [0.1, 0.1])
    >>> found = agreement_by_round(war, 10, 3)
    >>> found.agreement.round(4).tolist(), round(float(found.later), 4)
    ([0.9123, 0.0711, 0.0066], 0.01)
    """
    if isinstance(rounds, bool) or not isinstance(rounds, int | np.integer) or rounds < 1:
        raise ValueError(f"rounds = {rounds!r}: a whole number of at least 1")
    within("round_length", round_length, 0, np.inf, open_low=True)
    edges = np.arange(rounds + 1) * float(round_length)
    waiting = (1 - concession_cdf(war, edges)).prod(axis=-1)
    moving = (waiting[..., :-1] - waiting[..., 1:])[..., None]
    concession = moving * (war.hazard / war.hazard.sum(axis=-1, keepdims=True))[..., None, :]
    concession[..., 0, :] += war.at_once
    return Rounds(concession.sum(axis=-1), concession, waiting[..., -1])
