"""Checks of what comes in, and the tolerances, shared by threats, strikes, private information and networks."""

import numpy as np

from sim.solutions.frontier import TOLERANCE

PAYOFF_TOLERANCE = TOLERANCE  # bn USD: two payoffs closer than this are the same payoff
PROBABILITY_TOLERANCE = 1e-9  # how far probabilities may be from summing to one


def finite(name, values, hint="check the payoff table it came from"):
    """Array of floats without NaN or infinity, else a ValueError naming the array and the first bad place.

    >>> finite("payoff0", [[1, 2]])
    array([[1., 2.]])
    """
    array = np.asarray(values, dtype=float)
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name}{list(place)} is {array[place]}: payoffs must be finite numbers; {hint}")
    return array


def within(name, values, low, high, *, open_low=False, open_high=False):
    """Array of floats inside [low, high] (ends excluded where open), else a ValueError naming the value.

    >>> within("patience", 0.9, 0, 1)
    array(0.9)
    """
    array = np.asarray(values, dtype=float)
    above = array > low if open_low else array >= low
    below = array < high if open_high else array <= high
    bad = ~(above & below)
    if bad.any():
        span = f"{'(' if open_low else '['}{low}, {high}{')' if open_high else ']'}"
        raise ValueError(f"{name} = {array[bad].flat[0]} is outside {span}")
    return array


def probabilities(name, values):
    """Array (..., K) of probabilities summing to one over the last axis, else a ValueError with the sum.

    >>> probabilities("types", [0.25, 0.75])
    array([0.25, 0.75])
    """
    array = np.asarray(values, dtype=float)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"{name} is empty: give one probability for each type")
    within(name, array, 0, 1)
    total = array.sum(axis=-1)
    bad = np.abs(total - 1) > PROBABILITY_TOLERANCE
    if bad.any():
        raise ValueError(f"{name} sum to {total[bad].flat[0]:.9g}, not 1: divide them by their sum")
    return array


def game(name0, name1, payoff0, payoff1):
    """The two payoff arrays (..., m, n) of a game, broadcast together; empty or one-sided games are refused.

    >>> [a.shape for a in game("A", "B", [[0, 1]], [[2, 3]])]
    [(1, 2), (1, 2)]
    """
    first, second = np.asarray(payoff0, dtype=float), np.asarray(payoff1, dtype=float)
    for name, array in ((name0, first), (name1, second)):
        if array.ndim < 2 or 0 in array.shape[-2:]:
            raise ValueError(
                f"{name} has shape {array.shape}: a threat nobody can carry out; "
                "a game needs at least one row (side 0) and one column (side 1)"
            )
    if first.shape[-2:] != second.shape[-2:]:
        raise ValueError(f"{name0} has {first.shape[-2:]} threats and answers, {name1} {second.shape[-2:]}")
    return np.broadcast_arrays(finite(name0, first), finite(name1, second))
