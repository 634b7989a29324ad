"""Parameters of the trade model: elasticities, foreign ownership, pass-through, rebate and closure."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

REBATES = ("income_tax", "lump_sum")
CLOSURES = ("world_gdp", "balanced")
SCALE_SHARE = 0.67  # scale elasticity x trade elasticity (Kucheryavyy, Lyn & Rodriguez-Clare 2023)

Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class TradeParameters:
    """Behavioural parameters of the trade model; shares and elasticities, no units.

    trade_elasticity  epsilon, one number or one per sector; trade falls by epsilon % when its cost rises 1 %
    labour_supply     kappa >= 0, elasticity of labour to the real after-tax wage (0: labour is fixed)
    scale_elasticity  psi, one number or one per sector; None means 0.67 / epsilon
    pass_through      phi, share of a tariff that reaches the buyer, one number or one per economy
    foreign_share     nu in [0, 1), share of each sale in j that is earned in j by foreign-owned and distribution
                      activity, one number or one per economy
    rebate            'income_tax': tariff revenue replaces income tax; 'lump_sum': it is handed back per head
    closure           'world_gdp': transfers are a fixed share of world income; 'balanced': no transfers

    Source: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025).

    >>> TradeParameters(trade_elasticity=8).scale()
    0.08375
    """

    trade_elasticity: Numbers = 4.0
    labour_supply: float = 0.5
    scale_elasticity: Numbers | None = None
    pass_through: Numbers = 1.0
    foreign_share: Numbers = 0.0
    rebate: str = "income_tax"
    closure: str = "world_gdp"

    def __post_init__(self) -> None:
        for key, low, high, open_low in _RANGES:
            value = getattr(self, key)
            if value is None and key == "scale_elasticity":
                continue
            object.__setattr__(self, key, _numbers(key, value, low, high, open_low))
        _one_of("rebate", self.rebate, REBATES)
        _one_of("closure", self.closure, CLOSURES)
        if isinstance(self.labour_supply, tuple):
            raise ValueError(f"labour_supply = {self.labour_supply!r}: one number for all economies, for example 0.5")
        product = np.max(np.asarray(self.scale()) * np.asarray(self.trade_elasticity))
        if product > 1.0:
            raise ValueError(
                f"scale_elasticity x trade_elasticity = {product:.6g}: must be at most 1, else equilibria are many.\n"
                f"Leave it out (null): it is then {SCALE_SHARE} / trade_elasticity."
            )

    def scale(self) -> Numbers:
        """Scale elasticity psi, one number or one per sector; 0.67 / epsilon unless given."""
        if self.scale_elasticity is not None:
            return self.scale_elasticity
        if isinstance(self.trade_elasticity, tuple):
            return tuple(SCALE_SHARE / e for e in self.trade_elasticity)
        return SCALE_SHARE / self.trade_elasticity


_RANGES: tuple[tuple[str, float, float, bool], ...] = (
    ("trade_elasticity", 0.0, math.inf, True),
    ("labour_supply", 0.0, math.inf, False),
    ("scale_elasticity", 0.0, math.inf, False),
    ("pass_through", 0.0, math.inf, False),
    ("foreign_share", 0.0, 1.0, False),
)


def headline_pass_through(
    foreign_share: Iterable[float] | float, trade_elasticity: float = 4.0, pass_through: float = 1.0
) -> tuple[float, ...]:
    """Pass-through phi_j of the headline structure: p + (1+h)/((1-nu_j) h) - 1/h - 1 with h = epsilon/0.67.

    Source: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025).

    >>> headline_pass_through([0.0], pass_through=0.25)
    (0.25,)
    """
    theta = trade_elasticity / SCALE_SHARE
    nu = np.atleast_1d(np.asarray(foreign_share, float))
    extra = (1 + theta) / theta * nu / (1 - nu)
    return tuple(float(pass_through + e) for e in extra)


def _numbers(key: str, value: Any, low: float, high: float, open_low: bool) -> Numbers:
    """One float or a tuple of floats within [low, high); a ValueError naming key and value otherwise."""
    allowed = f"{'above' if open_low else 'at least'} {low:g}" + (f" and below {high:g}" if high < math.inf else "")
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{key} = {value!r}: must be a number or a list of numbers, {allowed}") from None
    if isinstance(value, bool) or array.ndim > 1 or array.size == 0:
        raise ValueError(f"{key} = {value!r}: must be one number or a flat list of numbers, {allowed}")
    for x in array.ravel():
        if not (math.isfinite(x) and low <= x < high) or (open_low and x <= low):
            raise ValueError(f"{key} = {x:g}: must be finite, {allowed} (a share, not percent)")
    return float(array) if array.ndim == 0 else tuple(float(x) for x in array)


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, 1, 0.3)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ValueError(f"{key} = {value!r}: must be one of {', '.join(allowed)}{hint}")
