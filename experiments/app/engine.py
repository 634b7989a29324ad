"""One screen of the page, worked out without the page: a choice -> packages, theory's points, 1,000 played worlds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.app import house
from experiments.app.setup import Choice, Setup, setup
from experiments.build import Lab, make_agenda, make_economy, make_types
from experiments.meeting import Meeting, meeting
from experiments.messages import UserError
from sim.assess import Assessor
from sim.plots.payoff_space import staircase
from sim.plots.style import colours
from sim.protocols.base import DEAL, NOT_RATIFIED, OUTSIDE
from sim.solutions import bargaining, subgame
from sim.solutions.frontier import frontier
from sim.table import SIDES

SCREENS = 128  # kept: visitors of one class look at the same ones
ECONOMIES = 8
GRAIN = 0.05  # bn USD a year: packages closer than this are one dot on the screen


@dataclass(frozen=True)
class Point:
    """A point of payoff space: payoffs (demander, partner), bn USD a year, and its package (-1: none, or a mixture)."""

    key: str
    payoffs: tuple[float, float]
    row: int = -1


@dataclass(frozen=True, eq=False)
class Played:
    """What 1,000 worlds did: deals by package, how many ended without one and where, round, mean payoffs (2,)."""

    worlds: int
    rows: np.ndarray  # (D,) packages agreed in some world
    counts: np.ndarray  # (D,) worlds that agreed on each
    failed: tuple[int, int]  # worlds without a deal that end in the interim, with the stick carried out
    left: int  # worlds where a side walked out to its outside option
    unratified: int  # worlds without a deal because a signed one was turned down at home
    round: float  # by which half of the deals were made; NaN without any
    mean: np.ndarray  # (2,) mean payoff of the final state, bn USD a year

    @property
    def deals(self) -> int:
        """Worlds that agreed."""
        return int(self.counts.sum())


@dataclass(frozen=True, eq=False)
class Screen:
    """All that the page Explore shows. Utilities are bn USD a year against the status quo, of average types."""

    setup: Setup
    meeting: Meeting
    names: tuple[str, str]
    colours: tuple[str, str]
    packages: np.ndarray  # (D, 2) distinct dots
    stairs: tuple[np.ndarray, np.ndarray]
    points: tuple[Point, ...]
    zone: bool
    weight: float  # the demander's, in talks of short rounds without a deadline
    played: Played

    @property
    def pair(self) -> tuple[str, str]:
        """Codes of (demander, partner)."""
        return self.meeting.pair

    def point(self, key: str) -> Point | None:
        """Return a point by its key, None where it is not defined."""
        return next((point for point in self.points if point.key == key), None)


class Kept:
    """The answers to the last `most` different questions."""

    def __init__(self, most: int) -> None:
        self._most, self._kept = most, OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` gave for a key, made now if it is not kept.

        >>> kept = Kept(1)
        >>> kept.get("a", lambda: 1), kept.get("a", lambda: 2), kept.get("b", lambda: 3), kept.get("a", lambda: 4)
        (1, 1, 3, 4)
        """
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


_screens, _economies = Kept(SCREENS), Kept(ECONOMIES)
_turn = threading.Lock()  # arrays that visitors share are filled by one at a time


def explore(choice: Choice) -> Screen:
    """Return the screen of a choice; UserError tells what does not fit. Equal choices are worked out once."""
    return exclusively(lambda: _screens.get(choice, lambda: _screen(setup(choice))))


def exclusively(work: Callable[[], Any]) -> Any:
    """Return what `work` gives, done while no other visitor's is."""
    with _turn:
        return work()


def _screen(own: Setup) -> Screen:
    lab = lab_of(own)
    table = next(table for table in lab.tables() if table.stakes.agenda.name == own.choice.talk)
    met = meeting(table, own.config.protocol)
    points, zone, weight = theory(met)
    names = tuple(own.config.countries[code].name for code in met.pair)
    paint = colours(own.config.countries)
    drawn = tuple(paint[code] for code in met.pair)
    return Screen(
        own, met, names, drawn, dots(met.u), staircase(*met.u.T), points, zone, weight, play(lab, own.choice.talk)
    )


def lab_of(own: Setup) -> Lab:
    """Return the lab of one talk, the others at their interim; of all talks where a hub deals with them together."""
    config, talk = own.config, own.choice.talk
    try:
        agendas = tuple(make_agenda(name, node) for name, node in config.talks.items())
        key = config.economy.model_dump_json() if config.economy else ""
        economy = _economies.get(key, lambda: make_economy(config))
        assessor = Assessor(economy, agendas)
        stakes = assessor.stakes(tuple(config.talks) if config.hub else (talk,))
    except UserError:
        raise
    except ValueError as error:
        raise UserError(str(error)) from error
    seated = {code: config.countries[code] for own in stakes for code in own.agenda.pair}
    talks = {own.agenda.name: config.talks[own.agenda.name] for own in stakes}
    one = config.model_copy(update={"countries": seated, "talks": talks})
    types = {code: make_types(country) for code, country in one.countries.items()}
    return Lab(one, economy, stakes, types, assessor)


def dots(u: np.ndarray) -> np.ndarray:
    """Return the distinct dots (D, 2) of packages (P, 2) on a grid too fine to be seen.

    >>> dots(np.array([[1.0, 2.0], [1.001, 2.001], [3.0, 0.0]])).tolist()
    [[1.0, 2.0], [3.0, 0.0]]
    """
    whole = np.rint(u / GRAIN).astype(np.int64)
    packed = np.unique((whole[:, 0] << 32) + (whole[:, 1] + (1 << 31)))
    return np.stack([packed >> 32, (packed & 0xFFFFFFFF) - (1 << 31)], axis=-1) * GRAIN


def theory(met: Meeting) -> tuple[tuple[Point, ...], bool, float]:
    """Return the points of a talk in payoff space that are quickly found, whether there is a zone, and a weight."""
    efficient, floor = frontier(met.within), met.no_deal()
    limit = met.short_rounds()
    found = bargaining.cooperative(efficient, floor)
    named = {**found._asdict(), "nash_patience": bargaining.nash(efficient, limit.point, limit.weight)}
    order = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian", "nash_patience")
    points = [Point(key, _pair(named[key].payoffs), int(named[key].row)) for key in order if bool(named[key].zone)]
    game = subgame.subgame_perfect(met.u, met.game())
    offers = {int(game.row)} if int(game.row) >= 0 else {int(row) for row in game.offer[0]}
    points.append(Point("subgame_perfect", _pair(game.payoffs), offers.pop() if len(offers) == 1 else -1))
    points.append(Point("no_deal", _pair(floor)))
    if met.has_stick:
        points.append(Point("stick", _pair(met.stick)))
        points.append(Point("impasse", _pair(met.impasse)))
    return (*points, Point("status_quo", (0.0, 0.0))), bool(found.nash.zone), float(limit.weight)


def _pair(values) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def played_talk(lab: Lab, name: str, first: int, worlds: int) -> Any:
    """Play worlds of a lab and return the talk of this name."""
    return next(talk for talk in lab.play(first, worlds).talks if talk.name == name)


def play(lab: Lab, name: str) -> Played:
    """Play the worlds of a screen and count how they ended."""
    worlds = house.worlds(lab.config.protocol.rounds, lab.config.hub is not None)
    talk = played_talk(lab, name, 0, worlds)
    agreed = talk.ending == DEAL
    rows, counts = np.unique(talk.row[agreed], return_counts=True)
    left = talk.ending == OUTSIDE
    falls = talk.stick_falls & ~agreed & ~left
    failed = int((~agreed & ~left & ~talk.stick_falls).sum()), int(falls.sum())
    middle = float(np.sort(talk.closed[agreed])[(agreed.sum() - 1) // 2]) + 1.0 if agreed.any() else np.nan
    mean = np.array([float(np.mean(talk.final(side))) for side in SIDES])
    unratified = int((talk.ending == NOT_RATIFIED).sum())
    return Played(worlds, rows, counts, failed, int(left.sum()), unratified, middle, mean)
