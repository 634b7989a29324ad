"""What an economy is made of before it is one: checking arrays, reading tariffs, folding economies together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.trade_parameters import TradeParameters

Array = NDArray[np.float64]
Tariffs = ArrayLike | Mapping[tuple[str, str], float]
REST = "ROW"


def nearest(name: object, allowed: Iterable[str]) -> str:
    """Hint for a misspelt name: the nearest allowed one, or the list of them.

    >>> nearest("JAP", ["USA", "JPN"])
    "did you mean 'JPN'?"
    """
    allowed = list(allowed)
    near = difflib.get_close_matches(str(name), allowed, 1, 0.6) or difflib.get_close_matches(
        str(name).upper(), allowed, 1, 0.5
    )
    more = f" and {len(allowed) - 15} more" if len(allowed) > 15 else ""
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(allowed[:15])}{more}"


def place(name: str, names: Sequence[str]) -> int:
    """Row of an economy; a ValueError with the nearest name when there is none.

    >>> place("JPN", ["USA", "JPN"])
    1
    """
    try:
        return list(names).index(name)
    except ValueError:
        raise ValueError(f"economy {name!r} is not in this calibration; {nearest(name, names)}") from None


def check_arrays(names: Sequence[str], sectors: Sequence[str], flows: Array, tariffs: Array, gdp: Array) -> None:
    """Names, shapes and signs of flows and tariffs (S,N,N) and GDP (N,); domestic sales are not looked at."""
    s, n = len(sectors), len(names)
    if n < 2 or len(set(names)) < n:
        twice = next((x for x in names if list(names).count(x) > 1), None)
        raise ValueError(f"economies: {n} names, {'at least 2 needed' if twice is None else f'{twice!r} comes twice'}")
    for key, array, shape in (("flows", flows, (s, n, n)), ("tariffs", tariffs, (s, n, n)), ("gdp", gdp, (n,))):
        if array.shape != shape:
            raise ValueError(f"{key}: shape {array.shape}, must be {shape} for {s} sector(s) and {n} economies")
    for i, j in zip(*np.nonzero(~(np.isfinite(flows) & (flows >= 0)).all(0) & ~np.eye(n, dtype=bool)), strict=True):
        raise ValueError(f"flow {names[i]} -> {names[j]} = {flows[:, i, j]}: must be finite and 0 or more (bn USD)")
    for i, j in zip(*np.nonzero(~(np.isfinite(tariffs) & (tariffs > -1)).all(0)), strict=True):
        raise ValueError(
            f"tariff of {names[j]} on {names[i]} = {tariffs[:, i, j]}: must be finite and above -1 (share)"
        )
    if np.any(np.diagonal(tariffs, axis1=1, axis2=2)):
        raise ValueError("tariffs: an economy has no tariff on itself; set the diagonal to 0")
    for i in np.flatnonzero(~(np.isfinite(gdp) & (gdp > 0))):
        raise ValueError(f"GDP of {names[i]} = {gdp[i]}: must be finite and above 0 (bn USD a year)")


def check_domestic(names: Sequence[str], sectors: Sequence[str], flows: Array, gdp: Array) -> None:
    """Domestic sales must not be negative: the error names the economy, its value and what to do."""
    diagonal = np.diagonal(flows, axis1=1, axis2=2)
    for s, i in zip(*np.nonzero(~(np.isfinite(diagonal) & (diagonal >= 0))), strict=True):
        cross = (~np.eye(len(names), dtype=bool)) * flows.sum(0)
        raise ValueError(
            f"economy {names[i]}: domestic sales of {sectors[s]} would be {diagonal[s, i]:.6g} bn USD, "
            f"must be 0 or more.\n"
            f"Its exports are {cross[i].sum():.6g}, imports {cross[:, i].sum():.6g} and GDP {gdp[i]:.6g} bn USD.\n"
            "Remove re-exports from its flows, give domestic=..., or fold it into another economy."
        )


def check_parameters(names: Sequence[str], sectors: Sequence[str], parameters: TradeParameters) -> None:
    """Lists among the parameters must have one entry per economy, or per sector."""
    for key, size, what in (
        ("trade_elasticity", len(sectors), "sectors"),
        ("scale_elasticity", len(sectors), "sectors"),
        ("foreign_share", len(names), "economies"),
        ("pass_through", len(names), "economies"),
    ):
        value = getattr(parameters, key)
        if isinstance(value, tuple) and len(value) != size:
            raise ValueError(f"{key}: {len(value)} numbers for {size} {what}; give one number, or {size}")


def tariff_array(names: Sequence[str], sectors: int, tariffs: Tariffs) -> Array:
    """Tariffs (S,N,N) from one share for all borders, (N,N), (S,N,N), or {(exporter, importer): share}.

    >>> tariff_array(["A", "B"], 1, {("B", "A"): 0.1}).tolist()
    [[[0.0, 0.0], [0.1, 0.0]]]
    """
    n = len(names)
    rates = np.zeros((sectors, n, n))
    if isinstance(tariffs, Mapping):
        for (exporter, importer), rate in tariffs.items():
            try:
                rates[:, place(exporter, names), place(importer, names)] = rate
            except ValueError as error:
                raise ValueError(f"tariff of {importer} on {exporter}: {error}") from None
        return rates
    given = np.asarray(tariffs, dtype=float)
    if given.ndim == 0:
        return rates + given * (1 - np.eye(n))
    if given.shape not in ((n, n), (sectors, n, n)):
        raise ValueError(f"tariffs: shape {given.shape}; must be one share, ({n}, {n}) or ({sectors}, {n}, {n})")
    return rates + given


def membership(names: Sequence[str], keep: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """Names after folding and the 0/1 matrix (new, old): kept economies in order, all others in ROW, the last."""
    kept = [k for k in dict.fromkeys(keep) if k != REST]
    rows = [place(k, names) for k in kept]
    rest = [i for i in range(len(names)) if i not in rows]
    member = np.zeros((len(kept) + bool(rest), len(names)))
    member[np.arange(len(rows)), rows] = 1.0
    if rest:
        member[-1, rest] = 1.0
    return (*kept, REST) if rest else tuple(kept), member


def fold_arrays(member: Array, flows: Array, tariffs: Array, gdp: Array) -> tuple[Array, Array, Array]:
    """Flows, tariffs (S,M,M) and GDP (M,) of grouped economies: sums, and tariffs weighted by the flows they hit.

    What a group's members buy from each other, tariffs included, becomes its domestic sales.
    """
    gather = lambda a: member @ a @ member.T  # noqa: E731
    folded, revenue = gather(flows), gather(tariffs * flows)
    plain = gather(tariffs) / gather(np.ones_like(flows))  # where nothing is traded
    rates = np.divide(revenue, folded, out=plain, where=folded > 0)
    each = np.arange(len(member))
    folded[:, each, each] += revenue[:, each, each]
    rates[:, each, each] = 0.0
    return folded, rates, member @ gdp
