"""A seat at the table without the page: who sits where, the moves made so far, and how the game then stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from agents.strategies.base import KNOWN
from experiments.app import house
from experiments.app.base import strategy
from experiments.app.engine import Kept, exclusively, lab_of
from experiments.app.recipe import OPTION, named
from experiments.app.setup import Choice, Setup, setup, strategies, uploaded
from experiments.build import Lab
from experiments.messages import UserError
from experiments.seat.game import Game, State, play
from experiments.seat.script import Move
from experiments.seat.verdict import Verdict, verdict
from sim.plots.style import colours
from sim.table import SIDES, Agenda

SEATS = {"partner": (1,), "demander": (0,), "both": (0, 1)}  # who sits there: the persons among the sides
LETTERS = {"o": "offer", "a": "answer", "w": "walk", "r": "rung"}
CODED = re.compile(r"([oawr])(\d{1,5}|-)")
MOST_MOVES = 4 * house.MOST_ROUNDS  # of two persons who also move tariffs
LABS, SITTINGS = 32, 256
_labs, _sittings = Kept(LABS), Kept(SITTINGS)


@dataclass(frozen=True)
class Seat:
    """A game as a link holds it: settings, who is a person, the world, whether persons move tariffs, the moves."""

    choice: Choice
    side: str = "partner"
    world: int = 0
    sticks: bool = False
    moves: tuple[Move, ...] = ()

    @property
    def persons(self) -> tuple[int, ...]:
        """Sides that are persons."""
        return SEATS[self.side]

    def after(self, *moves: Move) -> Seat:
        """Return the game after more moves."""
        return replace(self, moves=(*self.moves, *moves))

    def back(self) -> Seat:
        """Return the game before its last move."""
        return replace(self, moves=self.moves[:-1])


@dataclass(frozen=True, eq=False)
class Sitting:
    """How a game stands, with what the page tells about it; `end` once it is over. Money is bn USD a year."""

    seat: Seat
    setup: Setup
    state: State
    agenda: Agenda
    names: tuple[str, str]
    colours: tuple[str, str]
    end: Verdict | None

    @property
    def side(self) -> int:
        """The side whose move is due; at the end the first that is a person."""
        return self.state.due.side if self.state.due else self.seat.persons[0]

    def opponent(self) -> str:
        """Return the strategy that plays against a person, in words; "person" at a hot seat."""
        if len(self.seat.persons) > 1:
            return "person"
        code = self.agenda.pair[1 - self.seat.persons[0]]
        given = getattr(self.setup.choice.settings, ("partner", "demander")[self.seat.persons[0]])
        if given:
            return given
        held = named(self.setup.data["countries"][code]["strategy"], "strategy")
        return held if isinstance(held, str) else f"{held.get(OPTION, 'own')}, own values"


def sit(seat: Seat) -> Sitting:
    """Return how a game stands; UserError where the settings do not fit, ValueError where a move does not."""
    return exclusively(lambda: _sittings.get(seat, lambda: _sitting(seat)))


def _sitting(seat: Seat) -> Sitting:
    own, lab = _labs.get(seated(seat), lambda: _made(seated(seat)))
    talk = own.choice.talk
    agenda = next(stakes.agenda for stakes in lab.stakes if stakes.agenda.name == talk)
    state = play(Game(lab, talk, seat.persons, seat.world, seat.sticks), seat.moves)
    paint, end = colours(own.config.countries), verdict(state) if state.over else None
    names = tuple(own.config.countries[code].name for code in agenda.pair)
    return Sitting(seat, own, state, agenda, names, tuple(paint[code] for code in agenda.pair), end)


def _made(choice: Choice) -> tuple[Setup, Lab]:
    own = setup(choice)
    return own, lab_of(own)


def seated(seat: Seat) -> Choice:
    """Return the settings a game is played with: nobody reads a person's mind, and a person plays no strategy."""
    quiet = opponents(uploaded(seat.choice.experiment, seat.choice.upload))
    if not quiet:
        raise UserError("protocol: no strategy plays it without knowing the other side", "choose another experiment")
    settings = replace(seat.choice.settings, information=KNOWN[0])
    for number, side in zip(SIDES, ("demander", "partner")):
        if number in seat.persons:
            settings = replace(settings, **{side: quiet[0]})
        elif getattr(settings, side) not in quiet:
            settings = replace(settings, **{side: None})
    return replace(seat.choice, settings=settings)


def opponents(data: Mapping) -> tuple[str, ...]:
    """Return the strategies that can play against a person: those that need not know the other side."""
    own = house.house()
    return tuple(name for name in strategies(data) if strategy(name, own).needs == KNOWN[0])


def coded(moves: tuple[Move, ...]) -> str:
    """Return moves as a link holds them.

    >>> coded((Move("offer", 584), Move("answer", 0), Move("offer", -1)))
    'o584.a0.o-'
    """
    letter = {kind: key for key, kind in LETTERS.items()}
    return ".".join(f"{letter[m.kind]}{m.value if m.value >= 0 else '-'}" for m in moves)


def decoded(text: str) -> tuple[Move, ...]:
    """Return the moves a link holds; UserError where it holds something else.

    >>> decoded("o584.a0.o-")[2], decoded("")
    (Move(kind='offer', value=-1), ())
    """
    parts = text.split(".") if text else []
    if len(parts) > MOST_MOVES:
        raise UserError(f"moves: {len(parts)}; at most {MOST_MOVES}")
    moves = []
    for number, part in enumerate(parts, start=1):
        found = CODED.fullmatch(part)
        if not found:
            raise UserError(f"moves: move {number}, '{part[:20]}', is not o, a, w or r and a number")
        moves.append(Move(LETTERS[found[1]], -1 if found[2] == "-" else int(found[2])))
    return tuple(moves)


def row_of(agenda: Agenda, places: tuple[int, ...]) -> int:
    """Return the package with each issue on the level at a place."""
    return int(np.flatnonzero((agenda.grid.index == np.array(places)).all(axis=1))[0])


def to_the_end(seat: Seat) -> Seat:
    """Return the game after its persons have refused and offered nothing until time ran out."""
    while (due := sit(seat).state.due) is not None:
        still = sit(seat).state.rungs[due.side] if due.kind == "rung" else -1 if due.kind == "offer" else 0
        seat = seat.after(Move(due.kind, still))
    return seat
