"""Calibration: trade flows and GDP -> one frozen Economy of arrays, checked, with its baseline derived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim import economy_csv
from sim.economy_arrays import (
    Tariffs,
    check_arrays,
    check_domestic,
    check_parameters,
    fold_arrays,
    membership,
    nearest,
    place,
    tariff_array,
)
from sim.trade_baseline import balanced_flows, derive, domestic_total
from sim.trade_parameters import TradeParameters, headline_pass_through

__all__ = ["Economy", "TradeParameters", "headline_pass_through"]

Array = NDArray[np.float64]
KEPT = ("USA", "JPN", "EU27", "CHN")
SHIPPED = {"flows_12": "regions_12", "flows_5": "regions_5", "flows_by_sector": "regions_5"}
DEFAULTS = TradeParameters()
BALANCED_TO = 1e-9  # transfers below this part of world spending count as balanced trade


@dataclass(frozen=True, eq=False)
class Economy:
    """N economies and S sectors at the status quo: read-only arrays, bn USD a year; tariffs are shares.

    flows[s,i,j]    sales of exporter i to importer j before tariffs, domestic sales on the diagonal
    tariffs[s,i,j]  status quo tariff of j on goods from i
    gdp[i]          GDP as reported
    Derived: spending E_j, shares lambda[s,i,j], sector_shares alpha[s,j], income Y_i, revenue R_j, transfers D_j.
    With closure 'balanced' flows and GDP are those of the equilibrium without transfers at the status quo tariffs.
    """

    names: tuple[str, ...]
    sectors: tuple[str, ...]
    flows: Array
    tariffs: Array
    gdp: Array
    parameters: TradeParameters = DEFAULTS
    spending: Array = field(init=False)
    shares: Array = field(init=False)
    sector_shares: Array = field(init=False)
    income: Array = field(init=False)
    revenue: Array = field(init=False)
    transfers: Array = field(init=False)

    def __post_init__(self) -> None:
        """Check the arrays, balance trade if the closure says so, derive the baseline."""
        flows, tariffs, gdp = (np.array(a, dtype=float) for a in (self.flows, self.tariffs, self.gdp))
        names, sectors = tuple(map(str, self.names)), tuple(map(str, self.sectors))
        check_arrays(names, sectors, flows, tariffs, gdp)
        check_domestic(names, sectors, flows, gdp)
        check_parameters(names, sectors, self.parameters)
        nu = self.parameters.foreign_share
        base = derive(flows, tariffs, nu)
        if self.parameters.closure == "balanced":
            if np.abs(base.transfers).max() > BALANCED_TO * base.spending.sum():
                flows = balanced_flows(flows, tariffs, self.parameters)
                base = derive(flows, tariffs, nu)
                gdp = base.income + base.revenue
            base = base._replace(transfers=np.zeros_like(base.transfers))
        arrays = {"flows": flows, "tariffs": tariffs, "gdp": gdp, **base._asdict()}
        for array in arrays.values():
            array.setflags(write=False)
        for key, value in {"names": names, "sectors": sectors, **arrays}.items():
            object.__setattr__(self, key, value)

    @classmethod
    def from_arrays(
        cls,
        names: Sequence[str],
        flows: ArrayLike,
        gdp: ArrayLike,
        *,
        tariffs: Tariffs = 0.0,
        parameters: TradeParameters = DEFAULTS,
        domestic: ArrayLike | None = None,
        sectors: Sequence[str] | None = None,
    ) -> Economy:
        """Economy from cross-border flows (N,N) or (S,N,N) and GDP (N,), bn USD a year; tariffs are shares.

        Domestic sales make income plus revenue equal GDP: with one sector the diagonal is ignored, with several it
        says how domestic sales divide among sectors. `domestic`, (N,) or (S,N), sets them instead.

        >>> e = Economy.from_arrays(["A", "B"], [[0, 10], [20, 0]], [100, 200])
        >>> e.flows[0].diagonal().tolist(), e.transfers.tolist()
        ([90.0, 180.0], [10.0, -10.0])
        """
        flows, gdp = np.array(flows, dtype=float), np.asarray(gdp, dtype=float)
        flows = flows[None] if flows.ndim == 2 else flows
        if sectors is None:
            many = [f"sector_{k + 1}" for k in range(len(flows))]
            sectors = many if len(flows) > 1 else [economy_csv.ONE_SECTOR]
        rates = tariff_array(names, len(sectors), tariffs)
        check_arrays(names, sectors, flows, rates, gdp)
        check_parameters(names, sectors, parameters)
        if domestic is None:
            domestic = _domestic(flows, domestic_total(flows, rates, gdp, parameters.foreign_share))
        each = np.arange(len(names))
        flows[:, each, each] = domestic
        return cls(tuple(names), tuple(sectors), flows, rates, gdp, parameters)

    @classmethod
    def from_csv(
        cls,
        flows_csv: Path | str,
        regions_csv: Path | str,
        *,
        keep: Sequence[str] | None = None,
        tariffs: Tariffs = 0.0,
        parameters: TradeParameters = DEFAULTS,
    ) -> Economy:
        """Economy from files in million USD: exporter, importer, value_musd[, sector] and region, gdp_musd.

        `keep` folds all other economies into ROW. Tariffs are those of the file's economies and are averaged by
        trade as economies are folded; an array of the folded size is taken as it is. Lists among the parameters
        are for the economies that are left.
        """
        gdp = economy_csv.read_regions(regions_csv)
        sectors, flows = economy_csv.read_flows(flows_csv, list(gdp))
        names, member = membership(list(gdp), list(gdp) if keep is None else keep)
        late = not hasattr(tariffs, "keys") and np.shape(tariffs)[-1:] == (len(names),)
        rates = tariff_array(list(gdp), len(sectors), 0.0 if late and len(names) < len(gdp) else tariffs)
        flows, rates, totals = fold_arrays(member, flows, rates, np.array(list(gdp.values())))
        if late and len(names) < len(gdp):
            rates = tariff_array(names, len(sectors), tariffs)
        return cls.from_arrays(names, flows, totals, tariffs=rates, parameters=parameters, sectors=sectors)

    @classmethod
    def shipped(
        cls,
        name: str = "flows_12",
        keep: Sequence[str] | None = KEPT,
        *,
        tariffs: Tariffs = 0.0,
        parameters: TradeParameters = DEFAULTS,
    ) -> Economy:
        """A calibration of sim/data ('flows_12', 'flows_5', 'flows_by_sector') with all but `keep` folded into ROW.

        None keeps every economy of the file; tariffs and parameters as in `from_csv`.

        >>> Economy.shipped("flows_12").names
        ('USA', 'JPN', 'EU27', 'CHN', 'ROW')
        """
        if name not in SHIPPED:
            raise ValueError(f"calibration {name!r} is not shipped; {nearest(name, SHIPPED)}")
        folder = files("sim") / "data"
        return cls.from_csv(
            str(folder / f"{name}.csv"),
            str(folder / f"{SHIPPED[name]}.csv"),
            keep=keep,
            tariffs=tariffs,
            parameters=parameters,
        )

    def fold(self, keep: Sequence[str]) -> Economy:
        """The same world with all economies but `keep` folded into ROW, the last; flows and GDP add up exactly.

        Tariffs are averaged by trade, foreign shares and pass-through by purchases.
        """
        names, member = membership(self.names, keep)
        flows, tariffs, gdp = fold_arrays(member, self.flows, self.tariffs, self.gdp)
        weight = member * self.flows.sum((0, 1))
        weight /= weight.sum(1, keepdims=True)
        averages = {
            key: tuple(float(x) for x in (weight * np.asarray(value)).sum(1))
            for key in ("foreign_share", "pass_through")
            if isinstance(value := getattr(self.parameters, key), tuple)
        }
        return Economy(names, self.sectors, flows, tariffs, gdp, replace(self.parameters, **averages))

    def with_parameters(self, parameters: TradeParameters) -> Economy:
        """The same flows, domestic sales, tariffs and GDP under other parameters (incomes are derived anew)."""
        return replace(self, parameters=parameters)

    def index(self, name: str) -> int:
        """Row of an economy by name.

        >>> Economy.shipped("flows_5").index("JPN")
        1
        """
        return place(name, self.names)


def _domestic(flows: Array, total: Array) -> Array:
    """Divide total domestic sales (N,) among sectors as the diagonal of flows does: (S, N)."""
    if len(flows) == 1:
        return total[None]
    pattern = np.diagonal(flows, axis1=1, axis2=2)
    if not (np.isfinite(pattern).all() and (pattern >= 0).all() and (pattern.sum(0) > 0).all()):
        raise ValueError(
            "flows: with several sectors the diagonal must say how domestic sales divide among sectors.\n"
            "Fill it, or give domestic=... of shape (sectors, economies)."
        )
    return pattern / pattern.sum(0) * total
