"""Talks in which a stick may be used while talking: not one equilibrium but a range of them, returned as a range."""

from typing import NamedTuple

import numpy as np

from sim.solutions.checked import PAYOFF_TOLERANCE, finite, within


class EquilibriumRange(NamedTuple):
    """Every share in [low, high] of the holder of the stick is an equilibrium; no theory here picks one.

    credible: using the stick can be part of an equilibrium; elsewhere low = high, one equilibrium.
    always: the holder's share if it were bound to use the stick after every rejection: not an end of the range.
    known: False, and high NaN, where the striker is the more patient side: see strike_range.
    """

    low: np.ndarray
    high: np.ndarray
    credible: np.ndarray
    always: np.ndarray
    known: np.ndarray


class BurningRange(NamedTuple):
    """Every share in [low, high] of the side that may burn is an equilibrium; kept: what is left after a burn."""

    low: np.ndarray
    high: np.ndarray
    credible: np.ndarray
    kept: np.ndarray


def _patience(patience):
    both = within("patience", patience, 0, 1, open_low=True, open_high=True)
    if both.ndim == 0 or both.shape[-1] != 2:
        raise ValueError(f"patience has shape {both.shape}: the last axis is (holder, other), 2 long")
    return both[..., 0], both[..., 1]


def strike_range(status_quo, patience, strike_flow=(0.0, 0.0), first=True):
    """Shares of the side that may strike, in alternating offers over a flow of 1 (Haller & Holden 1990).

    status_quo (...): the striker's flow w0 while talks go on in peace (the other side has 1 − w0); patience
    (..., 2): discount factors per round of striker and other; strike_flow (..., 2): what each earns in a round of
    strike; first: the striker proposes in the first round. After each rejection the striker alone chooses.

    Worst for the striker: never strikes, w0. Best: strikes when its own offer is refused, not when it refuses:
    1 − x = (1−d1)·s1 + d1(1−y), y = (1−d0)·w0 + d0·x, kept up by a fall back to w0 if a due strike does not come:
    credible iff (1−d0)·s0 + d0·y ≥ w0. With equal patience d and strikes worth (0, 0) the range is
    [w0, (1 + d·w0)/(1 + d)] and credible means w0 ≤ d² (Fernandez & Glazer 1991). A striker more patient than
    the other (d0 > d1) breaks the argument: that side would rather sit out a round at the status quo than offer
    y. Such worlds come back with `known` False and no upper end.

    >>> found = strike_range(0.5, (0.9, 0.9))
    >>> float(found.low), round(float(found.high), 6), round(float(found.always), 6)
    (0.5, 0.763158, 0.526316)
    """
    quo = within("status_quo", status_quo, 0, 1)
    d0, d1 = _patience(patience)
    s0, s1 = _strike_flow(strike_flow, quo)
    x = (1 - (1 - d1) * s1 - d1 * (1 - (1 - d0) * quo)) / (1 - d0 * d1)
    y = (1 - d0) * quo + d0 * x
    credible = (1 - d0) * s0 + d0 * y >= quo - PAYOFF_TOLERANCE
    fixed_x = (1 - (1 - d1) * s1 - d1 * (1 - (1 - d0) * s0)) / (1 - d0 * d1)
    fixed = fixed_x if first else (1 - d0) * s0 + d0 * fixed_x
    known = d0 <= d1
    high = np.where(known, np.where(credible, x if first else y, quo), np.nan)
    return EquilibriumRange(*np.broadcast_arrays(quo, high, credible & known, fixed, known))


def _strike_flow(flow, quo):
    flow = finite("strike_flow", flow)
    if flow.ndim == 0 or flow.shape[-1] != 2:
        raise ValueError(f"strike_flow has shape {flow.shape}: the last axis is (striker, other), 2 long")
    own, other = flow[..., 0], flow[..., 1]
    if (own > quo).any() or (other > 1 - quo).any():
        raise ValueError(
            f"strike_flow {flow.reshape(-1, 2)[0].tolist()}: a strike must cost both sides; it may give at most "
            "the status quo (status_quo, 1 - status_quo)"
        )
    return own, other


def burning_range(patience, most=1.0, first=True):
    """Shares of the one side that may burn money after its own offer is refused (idea: Avery & Zemsky 1994).

    patience (...): discount factor d of both per round; most (...): largest share of the pie that may be burnt.
    Pie 1, alternating offers, nothing earned while talking; the side may leave a share b ≥ 1 − most of the pie.
    Best for it: 1 − x = d·b·(1 − d·x), so x = (1 − d·b)/(1 − d²·b); burning beats falling back to the worst
    equilibrium, Rubinstein's 1/(1+d), iff b ≥ 1/(d + d²). So burning is credible iff d + d² > 1 (d > .618), and
    with any amount allowed the range is [1/(1+d), d]. This one-sided form is worked out from that argument: the
    paper treats a wider class.

    >>> found = burning_range(0.9)
    >>> round(float(found.low), 6), round(float(found.high), 6), round(float(found.kept), 6)
    (0.526316, 0.9, 0.584795)
    """
    d = within("patience", patience, 0, 1, open_low=True, open_high=True)
    most = within("most", most, 0, 1)
    kept = np.maximum(1 / (d + d**2), 1 - most)
    credible = kept < 1 - PAYOFF_TOLERANCE
    kept = np.where(credible, kept, 1.0)
    low = 1 / (1 + d)
    high = np.where(credible, (1 - d * kept) / (1 - d**2 * kept), low)
    low = np.broadcast_to(low, high.shape)
    if not first:
        low, high = d * low, d * high
    return BurningRange(low, high, credible, kept)
