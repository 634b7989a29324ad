"""How much each setting matters: effects along its range, and Sobol indices with bootstrap intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import sobol_indices

from sim.draws import uniform

RESAMPLES = 1000
LEVEL = 0.95
STILL = 1e-12  # relative variance below which an outcome is the same everywhere
STREAM = "sensitivity"
MOST_LOST = 0.1  # share of samples that may be undefined


class Effects(NamedTuple):
    """What one setting does alone (...,): outcome at both ends of its range, least and most along it."""

    at_low: np.ndarray
    at_high: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def swing(self) -> np.ndarray:
        """Most less least."""
        return self.most - self.least


class Indices(NamedTuple):
    """Sobol indices (d,) of an outcome: first order and total, each with both ends of its 95 % interval; a caveat."""

    first: np.ndarray
    first_low: np.ndarray
    first_high: np.ndarray
    total: np.ndarray
    total_low: np.ndarray
    total_high: np.ndarray
    note: str = ""


def effects(values: np.ndarray) -> Effects:
    """Return the effects of a setting from an outcome along its range (steps,); values that are undefined left out.

    Extended one factor at a time: ten Broeke, van Voorn & Ligtenberg (2016).

    >>> effects(np.array([1.0, 4.0, 2.0])).swing.item()
    3.0
    """
    known = values[np.isfinite(values)]
    least, most = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    return Effects(*(np.asarray(v) for v in (values[0], values[-1], least, most)))


def saltelli(f_A, f_B, f_AB) -> tuple[np.ndarray, np.ndarray]:
    """Return first-order and total indices from an outcome at samples A, B (..., N) and AB (d, ..., N): (d, ...).

    S_k = mean(B (AB_k − A)) / V, T_k = mean((A − AB_k)²) / 2V, outcomes less their mean, V over A and B. Saltelli et
    al. (2010), table 2 (b) and (f).
    """
    both = np.concatenate([f_A, f_B], axis=-1)
    variance = both.var(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.mean(f_B * (f_AB - f_A), axis=-1) / variance
        total = 0.5 * np.mean((f_A - f_AB) ** 2, axis=-1) / variance
    return first, total


def indices(a: np.ndarray, b: np.ndarray, ab: np.ndarray, seed: int, resamples: int = RESAMPLES) -> Indices | None:
    """Return the Sobol indices of an outcome at samples A, B (N,) and AB (d, N); None where it never changes.

    Estimates are scipy.stats.sobol_indices'; intervals are percentiles of the bootstrap over the N points (Archer,
    Saltelli & Sobol 1997), whose draws depend on the seed alone. Samples with an undefined outcome are left out and
    counted in the note; where these are more than MOST_LOST of all, ValueError.
    """
    known = np.isfinite(a) & np.isfinite(b) & np.isfinite(ab).all(axis=0)
    lost, note = int((~known).sum()), ""
    if lost > MOST_LOST * len(a):
        raise ValueError(f"the outcome is undefined in {lost} of {len(a)} samples (no deal in any world)")
    if lost:
        note = f"{lost} of {len(a)} samples are left out: no deal in any world at one of their points"
    a, b, ab = a[known], b[known], ab[:, known]
    both = np.concatenate([a, b])
    mean = both.mean()
    if both.var() <= STILL * max(mean * mean, STILL):
        return None
    parts = a - mean, b - mean, ab - mean
    if lost:  # scipy takes powers of 2 alone
        first, total = saltelli(*parts)
    else:
        found = sobol_indices(func={"f_A": a[None], "f_B": b[None], "f_AB": ab[:, None]}, n=len(a))
        first, total = (np.reshape(x, len(ab)) for x in (found.first_order, found.total_order))
    return Indices(first, *_interval(*parts, 0, seed, resamples), total, *_interval(*parts, 1, seed, resamples), note)


def _interval(a, b, ab, which: int, seed: int, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the bootstrap interval of first-order (0) or total (1) indices."""
    n = len(a)
    draws = uniform(seed, STREAM, 0, 0, resamples, blocks=-(-n // 4))[:, :n]
    pick = np.minimum((draws * n).astype(int), n - 1)
    again = saltelli(a[pick], b[pick], ab[:, pick])[which]
    low, high = np.nanquantile(again, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=-1)
    return low, high
