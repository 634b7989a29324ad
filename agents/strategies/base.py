"""The contract of a strategy: the utility it insists on, which package to offer, whether to accept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import ConfigDict

from sim.deals import apart, distances
from sim.grouping import grouped
from sim.view import NONE, View

PLUGIN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
ONE_STRATEGY = {  # how a parameter that is itself a strategy is told to `bargain check`
    "type": "object",
    "plug_in": "strategy",
    "properties": {"_target_": {"type": "string", "description": "class of the strategy"}},
    "required": ["_target_"],
}
HELD = 1 << 18  # packages compared at once
MOST_KEPT = 1 << 22  # answers kept of one question
KNOWN = ("private", "types", "complete")  # settings of `information`, from nothing to everything
CHECKED, THEORY, LIGHT = "checked against print", "checked against theory", "lightly tested"


class Strategy(ABC):
    """A way to bargain: a frozen dataclass of parameters, checked at birth, that answers for all worlds at once.

    A strategy keeps nothing between calls. Utilities are whole millionths of a bn USD a year (int64). Write
    `target`; override `offer`, `accept` or `walk` where the behaviour differs.
    """

    status: ClassVar[str] = LIGHT
    source: ClassVar[str] = ""
    needs: ClassVar[str] = KNOWN[0]  # the least it must know of the other side
    protocols: ClassVar[tuple[str, ...]] = ()  # classes of the protocols it is made for; empty: any

    @abstractmethod
    def target(self, view: View) -> np.ndarray:
        """Return the utility (n,) the side insists on this round, millionths."""

    def offer(self, view: View, target: np.ndarray) -> np.ndarray:
        """Return the package rows (n,) to offer, -1 to pass: least own surplus, then nearest the other's last offer."""
        return package_at(view, target)

    def accept(self, view: View, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Say (n,) whether to accept the packages `rows` (n,): those worth the target or more."""
        return view.utility(rows) >= target

    def walk(self, view: View, target: np.ndarray) -> np.ndarray:
        """Say (n,) whether to take the outside option: worth the target or, in the last round, more than no deal."""
        last = view.round + 1 >= view.rounds
        return (view.outside >= target) | (last & (view.outside > view.no_deal))


def misfit(strategy: Strategy, protocol: object, information: str) -> str:
    """Return why a strategy cannot play under these rules and what to set instead; empty where it can."""
    name, needed = type(strategy).__name__, strategy.needs
    if KNOWN.index(information) < KNOWN.index(needed):
        what = {"types": "the other side's possible types", "complete": "the other side's payoffs"}[needed]
        return f"strategy {name} must know {what}, and information is {information}: set information={needed}"
    played = {base.__name__ for base in type(protocol).__mro__}
    if strategy.protocols and played.isdisjoint(strategy.protocols):
        made_for = " or ".join(strategy.protocols)
        return f"strategy {name} is made for the protocol {made_for}, not for {type(protocol).__name__}: choose another"
    return ""


def nested(strategies: tuple[Strategy, ...]) -> int:
    """Return how deep strategies made of others are nested; each depth has a stream of draws of its own.

    >>> nested(())
    1
    """
    return 1 + max((nested(getattr(s, "strategies", ())) for s in strategies), default=0)


def most_needed(strategies: tuple[Strategy, ...]) -> str:
    """Return the least setting of `information` that serves all of these strategies."""
    return max((s.needs for s in strategies), key=KNOWN.index, default=KNOWN[0])


def common_protocols(strategies: tuple[Strategy, ...]) -> tuple[str, ...]:
    """Return the protocols all of these strategies can play; empty: any."""
    wanted = [set(s.protocols) for s in strategies if s.protocols]
    return tuple(sorted(set.intersection(*wanted))) if wanted else ()


def between(low: np.ndarray, high: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Return high - share * (high - low), rounded to whole millionths (n,), and never below low.

    >>> between(np.array([0]), np.array([1000]), 0.25).tolist()
    [750]
    """
    return np.maximum(high - np.rint((high - low) * share).astype(np.int64), low)


def package_at(view: View, target: np.ndarray, width: np.ndarray | int = 0) -> np.ndarray:
    """Return the rows (n,) to offer at `target` (n,): least own utility at or above it.

    Packages worth up to `width` (millionths) more than the target count as equally good; among those the one nearest
    the other side's last offer (sum of issue distances, each over its range), then the lowest row. Where every
    package is worth less than no deal or the outside option, the side passes (-1).
    """
    (kinds, wanted, band), case = _cases(view, target, width)
    ranked = view.ranked
    first = ranked.at_least(kinds, wanted)
    rows = ranked.row(kinds, first)[case]
    last = ranked.below(kinds, np.maximum(ranked.worth(kinds, first), wanted + band) + 1)
    worlds = np.flatnonzero((last - first > 1)[case] & (view.other_last != NONE))
    if len(worlds):
        rows[worlds] = _nearest(view, (kinds, first, last), case[worlds], view.other_last[worlds])
    rows[view.best < view.floor] = NONE
    return rows


def _cases(view: View, target: np.ndarray, width: np.ndarray | int):
    """Return the distinct (type, target, width) (3 arrays (c,)) among worlds and each world's case (n,)."""
    types, count = view.types, view.ranked.types
    width = np.broadcast_to(np.asarray(width, dtype=np.int64), target.shape)
    if count >= len(types):  # few worlds, or each a type of its own: each world is a case
        return (types, target, width), np.arange(len(types))
    wanted = np.full(count, np.iinfo(np.int64).min >> 20)
    band = np.zeros(count, dtype=np.int64)
    wanted[types], band[types] = target, width  # worlds of one type often share one target: each type is then one case
    if (wanted[types] == target).all() and (band[types] == width).all():
        return (np.arange(count), wanted, band), types
    first, case = grouped(types, target, width)
    return (types[first], target[first], width[first]), case


def _nearest(view: View, cases: tuple[np.ndarray, ...], case: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return the rows (m,) nearest to `said` (m,) at the positions of each case: (types, first, last), each (c,).

    What is asked again in the next chunk of worlds is kept with the ranking.
    """
    packages = view.ranked.packages
    pair, size = case * packages + said, len(cases[0]) * packages
    if len(pair) < packages or size > MOST_KEPT:
        distinct, which = np.unique(pair, return_inverse=True)
        return _work_out(view, cases, distinct)[which]
    kept = view.ranked.kept(b"".join(part.tobytes() for part in cases), size)
    rows = kept[pair]
    unknown = rows == NONE
    if unknown.any():
        missing = np.zeros(size, dtype=bool)
        missing[pair[unknown]] = True
        new = np.flatnonzero(missing)
        kept[new] = _work_out(view, cases, new)
        rows = kept[pair]
    return rows


def _work_out(view: View, cases: tuple[np.ndarray, ...], pair: np.ndarray) -> np.ndarray:
    """Return the nearest rows (m,) for distinct pairs (m,) of case and package heard: case * packages + heard."""
    case, heard = np.divmod(pair, view.ranked.packages)
    start = np.flatnonzero(np.diff(case, prepend=-1))
    if len(pair) < 4 * len(start):
        return _pair_by_pair(view, tuple(part[case] for part in cases), heard)
    out = np.empty(len(pair), dtype=np.int64)
    for begin, end in zip(start.tolist(), [*start[1:].tolist(), len(pair)]):
        rows = view.ranked.rows(*(int(part[case[begin]]) for part in cases))
        out[begin:end] = rows[np.argmin(distances(view.grid, heard[begin:end], rows), axis=1)]
    return out


def _pair_by_pair(view: View, places: tuple[np.ndarray, ...], heard: np.ndarray) -> np.ndarray:
    """Return the nearest row (m,) to each `heard` (m,) among positions first ... last - 1 of its type's order."""
    kinds, first, last = places
    size = last - first
    upto, out = np.cumsum(size), np.empty(len(size), dtype=np.int64)
    begin = 0
    while begin < len(size):
        done = upto[begin] - size[begin]
        end = max(begin + 1, int(np.searchsorted(upto, done + HELD, side="right")))
        cut, lead = slice(begin, end), upto[begin:end] - size[begin:end] - done
        owner = np.repeat(np.arange(begin, end), size[cut])
        rows = view.ranked.row(kinds[owner], first[owner] + np.arange(len(owner)) - lead[owner - begin])
        key = (apart(view.grid, rows, heard[owner]).astype(np.int64) << 32) + rows
        out[cut] = np.minimum.reduceat(key, lead) & 0xFFFFFFFF
        begin = end
    return out
