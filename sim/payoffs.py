"""What an outcome is worth to a side: one function a component, and the weights that add them up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.deals import Grid
from sim.ranking import blocks

COMPONENTS = ("welfare", "revenue", "balance", "security", "pledge", "concession")
SAME_OPENING = 1e-9  # openings closer than this to a red line do not cross it


@dataclass(frozen=True, eq=False)
class Types:
    """Private types of a side (K): weights on the components, red line, impatience, and how likely each is.

    `weights` (K, C) order COMPONENTS; `red_line` (K,) share of the full range of each own concession beyond which
    `audience_cost` (bn USD a year) falls due; `discount_rate` (K,) a year; `probability` (K,) sums to one.
    """

    weights: np.ndarray
    red_line: np.ndarray
    discount_rate: np.ndarray
    probability: np.ndarray
    audience_cost: float = 0.0

    def __len__(self) -> int:
        return len(self.probability)

    @cached_property
    def mark(self) -> bytes:
        """What tells types that value packages alike: weights, red lines and audience cost, byte by byte."""
        return self.weights.tobytes() + self.red_line.tobytes() + float(self.audience_cost).hex().encode()


def trade_components(result, economy, who: int, other: int) -> np.ndarray:
    """Return welfare, revenue and balance (..., 3) of economy `who` at solved trade states, against the status quo.

    Welfare is the equivalent variation; revenue is own tariff revenue and balance the bilateral goods balance with
    `other`, both in bn USD a year at the economy's baseline consumer prices.
    """
    price = result.price[..., who]
    flows = result.flows
    outward = flows[..., :, who, other].sum(axis=-1) - flows[..., :, other, who].sum(axis=-1)
    before = economy.flows[:, who, other].sum() - economy.flows[:, other, who].sum()
    revenue = result.revenue[..., who] / price - economy.revenue[who]
    return np.stack([result.ev[..., who], revenue, outward / price - before], axis=-1)


def security(grid: Grid, side: int) -> np.ndarray:
    """Return net yearly payments (P,) received by a side towards its forces, bn USD."""
    return _transfers(grid, side, "security", lambda issue: (1.0, 1.0))


def pledge(grid: Grid, side: int) -> np.ndarray:
    """Return the net worth (P,) of pledges to a side, bn USD a year: realised dollars times cost or value.

    A stylised pie is counted here too: its receiver gets the level, its giver the rest.
    """
    out = _transfers(grid, side, "pledge", lambda i: (i.cost * i.realised / i.years, i.value * i.realised / i.years))
    for k, issue in enumerate(grid.issues):
        if issue.kind == "pie":
            out = out + (issue.size - grid.levels[:, k] if issue.giver == side else grid.levels[:, k])
    return out


def _transfers(grid: Grid, side: int, kind: str, per_dollar) -> np.ndarray:
    """Sum one kind of transfer (P,): minus cost where the side gives, plus value where it receives."""
    out = np.zeros(len(grid))
    for k, issue in enumerate(grid.issues):
        if issue.kind == kind:
            cost, value = per_dollar(issue)
            out = out + grid.levels[:, k] * (-cost if issue.giver == side else value)
    return out


def concession(grid: Grid, side: int) -> np.ndarray:
    """Return minus the home political cost (P,) of a side's own concessions, convex in each opening, bn USD a year."""
    out = np.zeros(len(grid))
    for k, issue in enumerate(grid.issues):
        if issue.giver == side:
            out = out - issue.home_cost * issue.opening[grid.index[:, k]] ** 2
    return out


def largest_opening(grid: Grid, side: int) -> np.ndarray:
    """Return the largest share (P,) of its full range that a side gives on any of its own issues."""
    out = np.zeros(len(grid))
    for k, issue in enumerate(grid.issues):
        if issue.giver == side:
            out = np.maximum(out, issue.opening[grid.index[:, k]])
    return out


def utility(types: Types, components: np.ndarray, opening: np.ndarray | None = None) -> np.ndarray:
    """Return utilities (K, P): weights times components (P, C), less the audience cost past a red line (Fearon 1994).

    Summed component by component, so that a table of one type has the same bits as one of many.
    """
    out = np.zeros((len(types), len(components)))
    columns = np.ascontiguousarray(components.T)
    price = types.weights[:, COMPONENTS.index("concession")] * types.audience_cost
    for some in blocks(*out.shape):
        part = out[some]
        for c, column in enumerate(columns):
            part += types.weights[some, c, None] * column
        if opening is not None and types.audience_cost > 0:
            part -= price[some, None] * (opening > types.red_line[some, None] + SAME_OPENING)
    return out
