"""Is a stick worth carrying out? Leverage, best replies at the node, ladders of rungs, and what talks then yield."""

from typing import NamedTuple

import numpy as np

from sim.solutions.checked import PAYOFF_TOLERANCE, finite, game, within

HOLDER, TARGET = 0, 1  # last axis of payoffs: who holds the stick, whom it is meant to hurt


class Leverage(NamedTuple):
    """Leverage (...): ratio, what the target loses, what the holder loses, is it a threat, is it credible."""

    ratio: np.ndarray
    target_loss: np.ndarray
    holder_loss: np.ndarray
    threat: np.ndarray
    credible: np.ndarray


class Rungs(NamedTuple):
    """Each rung as a last step: answer (..., m), payoffs (..., m, 2), credible and best-reply masks, best rung.

    `best` is -1 where leaving the stick alone is better than every rung.
    """

    answer: np.ndarray
    payoffs: np.ndarray
    credible: np.ndarray
    best_reply: np.ndarray
    best: np.ndarray
    leverage: Leverage


class Climb(NamedTuple):
    """A ladder climbed rung by rung: does the holder step onto rung k (..., m), where it ends, payoffs (..., 2).

    `reached` is -1 where the first step is not taken; answer (..., m) is the target's reply at each rung.
    """

    climbs: np.ndarray
    answer: np.ndarray
    reached: np.ndarray
    payoffs: np.ndarray


def leverage(withheld, carried):
    """Leverage of the holder (index 0) over the target (index 1), payoffs (..., 2), answer included.

    [u_B(withheld) − u_B(carried out)] / [u_A(withheld) − u_A(carried out)]. Holder loses nothing: infinite, and
    credible by itself. Target loses nothing: no threat, ratio 0. Read the two losses, not the ratio alone.

    >>> found = leverage([0, 0], [-5.2, -12.0])
    >>> round(float(found.ratio), 3), bool(found.credible)
    (2.308, False)
    """
    withheld, carried = _sides("withheld", withheld), _sides("carried", carried)
    loss = withheld - carried
    holder, target = loss[..., HOLDER], loss[..., TARGET]
    free, threat = holder <= PAYOFF_TOLERANCE, target > PAYOFF_TOLERANCE
    ratio = target / np.where(free, 1.0, holder)
    ratio = np.where(threat, np.where(free, np.inf, ratio), 0.0)
    return Leverage(ratio, target, holder, threat, free & threat)


def _sides(name, values):
    array = finite(name, values, hint="a threat whose outcome is not known is one nobody can carry out")
    if array.ndim == 0 or array.shape[-1] != 2:
        raise ValueError(f"{name} has shape {array.shape}: the last axis is (holder, target), 2 long")
    return array


def best_answer(carried0, carried1):
    """Answer (..., m) that is best for the target at each rung; ties by the holder's payoff, then the lowest.

    carried0, carried1 (..., m, n): payoffs of holder and target when rung m is met by answer n.

    >>> best_answer([[-2.0, 0.6]], [[-10.0, -12.4]]).tolist()
    [0]
    """
    carried0, carried1 = game("carried0", "carried1", carried0, carried1)
    ties = carried1 >= carried1.max(axis=-1, keepdims=True) - PAYOFF_TOLERANCE
    return np.where(ties, carried0, -np.inf).argmax(axis=-1)


def rungs(withheld, carried0, carried1, answers=None, available=None):
    """Which rungs of a ladder would be carried out at the node where talks have failed.

    withheld (..., 2): payoffs if the stick is left alone; carried0, carried1 (..., m, n): payoffs at rung m under
    answer n. The target answers best (default) or mechanically: answers (m,) gives its answer to each rung.
    available (m,): rungs that can be carried out at all (law, votes). A rung is `credible` if no worse for the
    holder than leaving it; `best_reply` if, besides, no other available rung is better.

    >>> found = rungs([3.3, -6.9], [[2.9], [0.6]], [[-9.3], [-12.4]])
    >>> found.credible.tolist(), int(found.best)
    ([False, False], -1)
    """
    withheld = _sides("withheld", withheld)
    carried0, carried1 = game("carried0", "carried1", carried0, carried1)
    m, n = carried0.shape[-2:]
    able = _available(available, m)
    answer = best_answer(carried0, carried1) if answers is None else _mechanical(answers, m, n)
    answer = np.broadcast_to(answer, carried0.shape[:-1])
    payoffs = np.stack([_pick(c, answer) for c in (carried0, carried1)], axis=-1)
    own, stay = payoffs[..., HOLDER], withheld[..., None, HOLDER]
    top = np.where(able, own, -np.inf).max(axis=-1, keepdims=True)
    credible = able & (own >= stay - PAYOFF_TOLERANCE)
    best_reply = credible & (own >= top - PAYOFF_TOLERANCE)
    best = np.where(best_reply.any(axis=-1), best_reply.argmax(axis=-1), -1)
    return Rungs(answer, payoffs, credible, best_reply, best, leverage(withheld[..., None, :], payoffs))


def _available(available, m):
    able = np.ones(m, dtype=bool) if available is None else np.asarray(available, dtype=bool)
    if able.shape != (m,):
        raise ValueError(f"available has shape {able.shape}: one True or False for each of the {m} rungs")
    if not able.any():
        raise ValueError(
            "a threat nobody can carry out: none of the rungs is available; make one available, or leave the stick out"
        )
    return able


def _mechanical(answers, m, n):
    answers = np.asarray(answers)
    if answers.shape[-1:] != (m,) or not np.issubdtype(answers.dtype, np.integer):
        raise ValueError(f"answers must be {m} whole numbers, one for each rung; got {answers.tolist()}")
    within("answers", answers, 0, n - 1)
    return answers


def _pick(table, index):
    return np.take_along_axis(table, index[..., None], axis=-1)[..., 0]


def climb(withheld, carried0, carried1, answers=None):
    """Backward induction on a ladder that can only be climbed one rung at a time.

    Shapes as in rungs. At each rung the target answers, knowing whether its answer ends the climb; then the
    holder stops there or climbs on. Indifferent, the holder stops, and the target answers as suits the holder,
    then with the lowest answer. What is earned is what the last rung and answer give.

    >>> climb([3.3, -6.9], [[2.9], [5.0]], [[-9.3], [-12.4]]).reached.tolist()   # 2.9 is a step to 5.0
    1
    """
    withheld = _sides("withheld", withheld)
    carried0, carried1 = game("carried0", "carried1", carried0, carried1)
    m, n = carried0.shape[-2:]
    forced = None if answers is None else _mechanical(answers, m, n)
    worlds = np.broadcast_shapes(withheld.shape[:-1], carried0.shape[:-2])
    ahead = np.full((*worlds, 2), -np.inf)
    end = np.full(worlds, -1)
    climbs, answer = np.zeros((*worlds, m), bool), np.zeros((*worlds, m), int)
    for rung in range(m - 1, -1, -1):
        here = np.stack(np.broadcast_arrays(carried0[..., rung, :], carried1[..., rung, :]), axis=-1)
        on = ahead[..., None, HOLDER] > here[..., HOLDER] + PAYOFF_TOLERANCE
        here = np.where(on[..., None], ahead[..., None, :], here)
        if forced is None:
            chosen = best_answer(here[..., None, :, HOLDER], here[..., None, :, TARGET])[..., 0]
        else:
            chosen = np.broadcast_to(forced[..., rung], worlds)
        if rung + 1 < m:
            climbs[..., rung + 1] = _pick(on, chosen)
        answer[..., rung] = chosen
        end = np.where(_pick(on, chosen), end, rung)
        ahead = np.stack([_pick(here[..., side], chosen) for side in (HOLDER, TARGET)], axis=-1)
    climbs[..., 0] = ahead[..., HOLDER] > withheld[..., HOLDER] + PAYOFF_TOLERANCE
    payoffs = np.where(climbs[..., :1], ahead, withheld)
    return Climb(climbs, answer, np.where(climbs[..., 0], end, -1), payoffs)


def yield_by_belief(solution, withheld, carried, beliefs=(0.0, 0.5, 1.0)):
    """What talks yield, payoffs (B, ..., 2), when the partner believes the stick with each of B probabilities.

    solution: threat points (..., 2) -> payoffs (..., 2), or an object holding `payoffs`. The threat point at
    belief b is (1−b)·withheld + b·carried (model: no-deal point at `belief`).

    >>> half = lambda d: np.stack([(4 + d[..., 0] - d[..., 1]) / 2, (4 - d[..., 0] + d[..., 1]) / 2], axis=-1)
    >>> yield_by_belief(half, [0, 0], [-1, -4]).tolist()
    [[2.0, 2.0], [2.75, 1.25], [3.5, 0.5]]
    """
    withheld, carried = _sides("withheld", withheld), _sides("carried", carried)
    shares = within("beliefs", beliefs, 0, 1)
    if shares.ndim != 1 or shares.size == 0:
        raise ValueError("beliefs is empty or not a list: give one probability or more, such as 0, 0.5, 1")
    found = []
    for share in shares:
        talks = solution((1 - share) * withheld + share * carried)
        found.append(np.asarray(getattr(talks, "payoffs", talks), dtype=float))
    return np.stack(found)
