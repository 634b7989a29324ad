"""What two known sides can work out together, once for each pair of their types: only under information=complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sim.solutions.frontier import Pairs
from sim.view import View

MICRO = 1e6  # millionths in a bn USD: views hold whole millionths, solutions bn USD
NONE_YET = np.iinfo(np.int64).min  # a view's mark of an outside option that does not exist
VALUES = ("no_deal", "impasse", "outside", "discount")
MOVING = ("no_deal", "impasse")  # these change with the tariffs in force, world by world
ODD, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)  # a mix of 64 bits: two cases in one are next to impossible


class Known(NamedTuple):
    """D pairs of types, sides (demander, partner) in the last axis: packages, values in bn USD a year, patience."""

    u: Pairs
    no_deal: np.ndarray  # (D, 2)
    impasse: np.ndarray  # (D, 2)
    outside: np.ndarray  # (D, 2), -inf where there is none
    discount: np.ndarray  # (D, 2) factor a round

    @property
    def floor(self) -> np.ndarray:
        """The least worth agreeing to (D, 2): the better of no deal and the outside option."""
        return np.maximum(self.no_deal, self.outside)


def by_pair(view: View, key: tuple, work: Callable[[Known], Any]) -> tuple[Any, np.ndarray]:
    """Return `work` of the distinct pairs of types met so far, and each world's place (n,) among them.

    Worked out once a talk and kept under `key`, which must name all that `work` depends on beside the two seats. Where
    tariffs move during the talks, a pair is a case of its own under each no-deal value and flow it meets.
    """
    code = _code(view)
    codes, values, found = view.kept.get(key, (np.empty(0, dtype=np.uint64), None, None))
    at = np.searchsorted(codes, code)
    new = np.ones(len(code), dtype=bool)
    if len(codes):
        new = codes[np.minimum(at, len(codes) - 1)] != code
    if new.any():
        added, first = np.unique(code[new], return_index=True)
        more = _values(view.at(np.flatnonzero(new)[first]))
        codes = np.concatenate([codes, added])
        values = more if values is None else {name: np.concatenate([values[name], more[name]]) for name in more}
        order = np.argsort(codes)
        codes, values = codes[order], {name: value[order] for name, value in values.items()}
        found = work(_known(view, values))
        view.kept[key] = codes, values, found
        at = np.searchsorted(codes, code)
    return found, at


def _code(view: View) -> np.ndarray:
    """Return a number (n,) for each world that tells its pair of types, and what they face now, from all others."""
    code = (view.types * view.rival_ranked().types + view.rival("types")).astype(np.uint64)
    for name in MOVING:
        for value in (getattr(view, name), view.rival(name)):
            code = (code ^ value.astype(np.uint64)) * ODD
            code ^= code >> SHIFT
    return code


def _values(view: View) -> dict[str, np.ndarray]:
    """Return types and values (n, 2) of both seats, demander first."""
    names = ("types", *VALUES)
    sides = [(getattr(view, name), view.rival(name)) for name in names]
    return {name: np.stack(two if view.side == 0 else two[::-1], axis=-1) for name, two in zip(names, sides)}


def _known(view: View, values: dict[str, np.ndarray]) -> Known:
    ranked = (view.ranked, view.rival_ranked())
    u0, u1 = (side.micro / MICRO for side in (ranked if view.side == 0 else ranked[::-1]))
    types, outside = values["types"], values["outside"]
    return Known(
        Pairs(u0, u1, types[:, 0], types[:, 1]),
        values["no_deal"] / MICRO,
        values["impasse"] / MICRO,
        np.where(outside == NONE_YET, -np.inf, outside / MICRO),
        values["discount"],
    )
