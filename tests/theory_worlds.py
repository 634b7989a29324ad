"""Configured talks that the tests of theory share, and solution concepts written plainly: scans over all packages."""

import functools

import numpy as np

from experiments.build import build
from experiments.compose import load
from experiments.meeting import meetings

SAME = 1e-9  # payoffs that close are equal to the concepts


@functools.cache
def lab(*overrides):
    """Return the lab of the defaults with these overrides."""
    return build(load(overrides).config)


@functools.cache
def talk(*overrides, name="japan"):
    """Return one talk of such a lab between average types."""
    return {met.name: met for met in meetings(lab(*overrides))}[name]


def zone(u, floor):
    """Rows (n,) that give neither side less than no deal."""
    return np.flatnonzero((u[:, 0] >= floor[0] - SAME) & (u[:, 1] >= floor[1] - SAME))


def best(rows, scores):
    """Row with the largest score; -1 without any."""
    return int(rows[np.argmax(scores)]) if len(rows) else -1


def nash_row(u, floor, weight=0.5):
    """Largest weighted product of gains over all packages."""
    rows = zone(u, floor)
    gain = np.maximum(u[rows] - floor, 0.0)
    return best(rows, gain[:, 0] ** weight * gain[:, 1] ** (1.0 - weight))


def nash_lottery(u, floor):
    """Largest product of gains over all lotteries of two packages, among those that no package dominates."""
    order = u[np.lexsort((-u[:, 1], -u[:, 0]))]  # from the demander's best down: kept where the partner gains
    a = order[np.diff(np.maximum.accumulate(order[:, 1]), prepend=-np.inf) > 0] - floor
    one, two = a[:, None, :], a[None, :, :]
    step = two - one
    curve = step[..., 0] * step[..., 1]
    slope = one[..., 0] * step[..., 1] + one[..., 1] * step[..., 0]
    top = np.where(curve < -1e-15, -slope / np.where(curve < -1e-15, 2.0 * curve, 1.0), 0.0)
    mixed = one + np.clip(top, 0.0, 1.0)[..., None] * step
    score = np.where(mixed.min(axis=-1) >= 0, mixed[..., 0] * mixed[..., 1], -1.0)
    return mixed[np.unravel_index(np.argmax(score), score.shape)] + floor


def backwards(met, *, demander_speaks, chance=None, hazard=0.0, outside=(None, None)):
    """Value (2,) of the talks by plain backward induction; `demander_speaks` (T,): its chance to propose."""
    u, d = met.u, np.exp(-met.rates * met.protocol.days_per_round / 365.0)
    chance = met.chance if chance is None else np.full(2, chance)
    floor = chance * met.stick + (1.0 - chance) * met.impasse
    value = floor
    for share in reversed(demander_speaks):
        stay = (1.0 - d) * met.impasse + d * (hazard * floor + (1.0 - hazard) * value)
        ends = []
        for speaker in (0, 1):
            other, refused, bar = 1 - speaker, stay.copy(), stay[1 - speaker]
            own = outside[other]
            if own is not None and own > stay[other] + SAME:  # it walks out: its option, and no deal for the speaker
                refused, bar = floor.copy(), own
                refused[other] = own
            fine = np.flatnonzero(u[:, other] >= bar - SAME)
            pick = max(fine, key=lambda p: (u[p, speaker], u[p, other])) if len(fine) else None
            ends.append(u[pick] if pick is not None and u[pick, speaker] >= refused[speaker] - SAME else refused)
        value = share * ends[0] + (1.0 - share) * ends[1]
    return value
