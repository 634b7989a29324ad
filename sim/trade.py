"""What a change of tariffs does: equilibria of the trade model, batched over worlds, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.economy import Economy, TradeParameters
from sim.trade_baseline import MAX_ITERATIONS, TOLERANCE, build_system
from sim.trade_newton import chunk_size, follow, newton
from sim.trade_system import Shock, State, System, add_up, evaluate

__all__ = ["TradeParameters", "TradeResult", "solve"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TradeResult:
    """Equilibria of a batch of worlds: fields (..., N), masks and residuals (...).

    wage, labour, price          new over baseline; the mean price, weighted by baseline spending, does not change
    expenditure, revenue, income bn USD a year: spending E', tariff revenue R', factor income wLY
    ev                           equivalent variation, bn USD a year: the welfare measure
    welfare_published            the published measure (a ratio): only to match published tables
    residual                     largest residual of the equations, relative to baseline income
    walras                       residual of the redundant income equation, the same way
    converged, iterations        residual <= tolerance; Newton steps taken
    Where `converged` is False the fields are those of the best point found: finite, but not an equilibrium.
    """

    economy: Economy
    tariffs: Array = field(repr=False)
    iceberg: Array | None = field(repr=False)
    wage: Array
    labour: Array
    price: Array
    expenditure: Array
    revenue: Array
    income: Array
    ev: Array
    welfare_published: Array
    residual: Array
    walras: Array
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]

    @property
    def employment(self) -> Array:
        """Change of employment (..., N) as a share: labour - 1."""
        return self.labour - 1

    @cached_property
    def flows(self) -> Array:
        """Flows before tariffs (..., S, N, N), bn USD a year at new prices; domestic sales on the diagonal."""
        system = build_system(self.economy, self.economy.parameters)
        n, batch = system.size, self.residual.shape
        x = np.log(np.concatenate([self.labour, self.wage], -1)).reshape(-1, 2 * n)
        rates = self.tariffs.reshape(-1, *self.economy.flows.shape)
        icebergs = None if self.iceberg is None else self.iceberg.reshape(rates.shape)
        out = np.empty(rates.shape)
        for worlds in _chunks(system, len(x)):
            shock = _shock(system, self.economy, rates, icebergs, worlds)
            state = evaluate(system, shock, np.ascontiguousarray(x[worlds].T))
            out[worlds] = np.moveaxis(state.market * state.disposable, -1, 0)
        return out.reshape(*batch, *out.shape[1:])


def solve(
    economy: Economy,
    tariffs: ArrayLike,
    iceberg: ArrayLike = 1.0,
    *,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> TradeResult:
    """Equilibria under tariffs (..., S, N, N), shares, exporter by importer; or one matrix (N, N) for all sectors.

    `iceberg` (..., S, N, N) multiplies the real cost of selling in a market (1: no change; lower: easier access).
    Exact hat algebra (Dekle, Eaton & Kortum 2008) with labour supply, scale, tax relief and foreign ownership
    (Ignatenko et al. 2025), by Newton's method. A world that does not converge is False in `converged`.

    >>> rigid = TradeParameters(labour_supply=0, scale_elasticity=0)
    >>> pair = Economy.from_arrays(["A", "B"], [[0, 20], [20, 0]], [100, 100], parameters=rigid)
    >>> solve(pair, [[0, 0.25], [0.25, 0]]).ev.round(2).tolist()  # by hand in docs/theory/economy.md
    [-1.26, -1.26]
    """
    rates, icebergs, batch = _inputs(economy, tariffs, iceberg)
    system = build_system(economy, economy.parameters)
    parts = [
        _solve_chunk(system, economy, _shock(system, economy, rates, icebergs, worlds), tolerance, max_iterations)
        for worlds in _chunks(system, len(rates))
    ]
    whole = {key: _join([part[key] for part in parts], batch, (system.size,)) for key in _FIELDS}
    whole |= {key: _join([part[key] for part in parts], batch, ()) for key in ("residual", "walras", "iterations")}
    shape = (*batch, *economy.flows.shape)
    icebergs = None if icebergs is None else icebergs.reshape(shape)
    return TradeResult(
        economy, rates.reshape(shape), icebergs, **whole, converged=np.asarray(whole["residual"] <= tolerance)
    )


_FIELDS = ("wage", "labour", "price", "expenditure", "revenue", "income", "ev", "welfare_published")


def _solve_chunk(
    system: System, economy: Economy, shock: Shock, tolerance: float, max_iterations: int
) -> dict[str, Array]:
    """Fields (b, N) and evidence (b,) of the worlds of one shock."""
    x, used = _search(system, economy, shock, tolerance, max_iterations)
    with np.errstate(invalid="ignore"):
        state = evaluate(system, shock, x)
    worst = np.abs(state.error).max(0)
    evidence = {
        "residual": np.where(np.isfinite(worst), worst, np.inf),
        "walras": state.error[system.size + system.base],
        "iterations": used,
    }
    return {key: value.T for key, value in _fields(system, state, x).items()} | evidence


def _join(parts: list[Array], batch: tuple[int, ...], cell: tuple[int, ...]) -> Array:
    """Chunks one after the other, in the shape of the batch."""
    joined = np.concatenate(parts) if parts else np.zeros((0, *cell))
    return np.ascontiguousarray(joined).reshape((*batch, *cell))


def _chunks(system: System, count: int) -> list[slice]:
    size = chunk_size(system)
    return [slice(k, min(k + size, count)) for k in range(0, count, size)]


def _search(
    system: System, economy: Economy, shock: Shock, tolerance: float, max_iterations: int
) -> tuple[Array, NDArray[np.int64]]:
    """Log labour and wages (2N, B), Newton steps (B,): straight from the baseline, else along a path to the shock."""
    start = np.zeros((2 * system.size, shock.keep.shape[-1]))
    x, record, used = newton(system, shock, start, tolerance, max_iterations)
    hard = np.flatnonzero(record > tolerance)
    if hard.size:
        today = _shock(system, economy, economy.tariffs[None], None, slice(None))
        with np.errstate(all="ignore"):
            again, error, steps = follow(system, today, shock.take(hard), tolerance, max_iterations)
        used[hard] += steps
        nearer = error < record[hard]
        x[:, hard[nearer]] = again[:, nearer]
    return x, used


def _inputs(economy: Economy, tariffs: ArrayLike, iceberg: ArrayLike) -> tuple[Array, Array | None, tuple[int, ...]]:
    """Flat tariffs and iceberg changes (B, S, N, N), and the shape of the batch; checked."""
    cell = economy.flows.shape
    given = []
    for key, value, low in (("tariffs", tariffs, -1.0), ("iceberg", iceberg, 0.0)):
        array = np.asarray(value, dtype=float)
        if array.ndim in (0, 2):
            array = np.broadcast_to(array, cell if array.ndim == 0 or array.shape == cell[1:] else array.shape)
        if array.shape[-3:] != cell or (key == "tariffs" and np.ndim(value) == 0):
            raise ValueError(
                f"{key}: shape {np.shape(value)}; must end in {cell} (sectors, exporters, importers)\n"
                f"or be one matrix {cell[1:]}. The economies are {', '.join(economy.names[:12])}."
            )
        if not (array.size == 0 or (array.min() > low and array.max() < np.inf)):
            raise ValueError(f"{key}: every entry must be finite and above {low:g} (a share, 0.24 for 24 %)")
        given.append(array)
    rates, icebergs = given
    batch = np.broadcast_shapes(rates.shape[:-3], icebergs.shape[:-3])
    flat = lambda a: np.broadcast_to(a, (*batch, *cell)).reshape(-1, *cell)  # noqa: E731
    plain = np.ndim(iceberg) == 0 and abs(float(np.asarray(iceberg)) - 1.0) <= 0.0
    return flat(rates), None if plain else flat(icebergs), batch


def _shock(system: System, economy: Economy, rates: Array, icebergs: Array | None, worlds: slice) -> Shock:
    """The shock of some worlds: attraction = lambda d^-eps ((1+t)/(1+t0))^(-eps phi), keep = alpha/(1+t)."""
    gross = 1.0 + np.ascontiguousarray(np.moveaxis(rates[worlds], 0, -1))
    power = np.log(gross / (1.0 + economy.tariffs[..., None]))
    power *= -system.elasticity * system.pass_through
    if icebergs is not None:
        power -= system.elasticity * np.log(np.ascontiguousarray(np.moveaxis(icebergs[worlds], 0, -1)))
    attraction = np.exp(power, out=power)
    attraction *= system.shares
    return Shock(attraction, np.divide(system.alpha, gross, out=gross))


def _fields(system: System, state: State, x: Array) -> dict[str, Array]:
    """Fields (N, B) of a solved state, in the numeraire: the mean price weighted by baseline spending is 1."""
    n = system.size
    price = np.exp(state.log_price)
    mean = add_up(price * system.spending, 0) / system.spending.sum()
    labour, wage, price = np.exp(x[:n]), np.exp(x[n:]) / mean, price / mean
    nominal = {
        "expenditure": state.spending / mean,
        "revenue": state.revenue / mean,
        "income": state.wages / mean,
    }
    ev = equivalent_variation(system, nominal["expenditure"], price, labour)
    published = published_welfare(system, nominal, price, wage * labour)
    return {"wage": wage, "labour": labour, "price": price, **nominal, "ev": ev, "welfare_published": published}


def equivalent_variation(system: System, expenditure: Array, price: Array, labour: Array) -> Array:
    """EV = E(E'/(E P) - 1) - V(L^(1+1/kappa) - 1), V = kappa/(1+kappa) Y/(1-tau0); fields (N, B), bn USD a year."""
    gain = expenditure / price - system.spending
    kappa = system.labour_supply
    if kappa <= 0:
        return gain
    effort = kappa / (1 + kappa) * system.income / (1 - system.tax0)
    return gain - effort * np.expm1((1 + 1 / kappa) * np.log(labour))


def published_welfare(system: System, nominal: dict[str, Array], price: Array, value: Array) -> Array:
    """Ratio delta E/P + (1-delta) wL/P, delta = E/(E - kappa/(1+kappa) (1-tau) Y), tau = R'/(wLY); fields (N, B)."""
    share = system.labour_supply / (1 + system.labour_supply)
    tau = nominal["revenue"] / nominal["income"] if system.income_tax else 0.0
    delta = system.spending / (system.spending - share * (1 - tau) * system.income)
    return (delta * nominal["expenditure"] / system.spending + (1 - delta) * value) / price
