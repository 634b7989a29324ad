"""Take a seat: one world of one talk, in which one side or both are played by persons.

Draws belong to the world and the round, so a game is its settings and the list of moves made: it is played again from
the start at every move, in a few milliseconds, and can be saved, sent and rewound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.country import Country
from agents.sticks.policies import Wait
from experiments.build import Lab
from experiments.messages import UserError
from experiments.seat.script import Due, Hand, Move, Person, Script
from sim.model import Talks
from sim.moves import Moves
from sim.protocols.alternating import AlternatingOffers
from sim.ranking import from_micro
from sim.story import Story, follow
from sim.table import SIDES, Stakes

PERSONS = ((0,), (1,), (0, 1))


@dataclass(frozen=True, eq=False)
class Game:
    """One talk of a lab, the world it is played in, the sides that are persons; `sticks`: persons can move tariffs."""

    lab: Lab
    talk: str
    persons: tuple[int, ...]
    world: int = 0
    sticks: bool = False

    def __post_init__(self) -> None:
        names = [stakes.agenda.name for stakes in self.lab.stakes]
        if self.talk not in names:
            raise UserError(f"talk '{self.talk}': no such talk; there are {', '.join(names)}")
        if self.persons not in PERSONS:
            raise UserError(f"persons {self.persons}: (0,) the demander, (1,) the partner, or (0, 1) both")
        if not isinstance(self.lab.config.protocol, AlternatingOffers):
            name = type(self.lab.config.protocol).__name__
            raise UserError(f"protocol {name}: a person can sit where offers are made in turn", "choose another")
        if self.lab.config.information != "private" and len(self.persons) < 2:
            raise UserError("information: the other side would know a person's mind", "set information=private")

    def stakes(self, script: Script) -> Stakes:
        """Return the talk's stakes with the persons' hands on their sticks, where they may move them."""
        own = next(stakes for stakes in self.lab.stakes if stakes.agenda.name == self.talk)
        moves = own.agenda.moves or (rungs(own.agenda.stick) if self.sticks else None)
        if moves is None:
            return own
        policies = tuple(
            Hand(script, side) if side in self.persons and len(moves.rates[side]) > 1 else moves.policies[side]
            for side in SIDES
        )
        agenda = replace(own.agenda, moves=replace(moves, policies=policies))
        if own.rungs is not None:
            return replace(own, agenda=agenda)
        return replace(own, agenda=agenda, rungs=self._rungs(agenda))

    def _rungs(self, agenda) -> tuple[np.ndarray, np.ndarray]:
        """Return components (rungs, rungs, C) of both sides at the rates a person may choose."""
        one, two = agenda.moves.rates
        parts = self.lab.assessor.sticks(agenda.name, [(agenda.stick.effective(a), b) for a in one for b in two])
        return tuple(part.reshape(len(one), len(two), -1) for part in parts)


def rungs(stick) -> Moves | None:
    """Return rates that persons may put in force where a talk names none: none, interim, threat, and the like back."""
    hit = {0.0, stick.interim, stick.threat}
    own = [sorted(hit), sorted(hit | {stick.interim_answer, round(stick.rates(True)[1], 9)})]  # the partner can mirror
    start = (own[0].index(stick.interim), own[1].index(stick.interim_answer))
    return Moves(tuple(map(tuple, own)), start, (Wait(), Wait()))


@dataclass(frozen=True, eq=False)
class State:
    """How a game stands after the moves made so far.

    `due` is the move that is asked for next, None at the end; `round` is the round being played, 0 first, of
    `rounds`; `packages` (P, 2) what every package is worth to both, `no_deal` and `flow` (2,) what no deal and a year
    of talking are worth as things stand, bn USD a year against the status quo; `tariffs` (2,) in force, percent on
    top; `patience` discount rates a year, `drawn` the types of this world; `rungs` (2,) where the sticks stand and
    `rates` what each side may choose, percent on top, None where nothing moves. `said` lists (round, side, package or
    -1) of every offer. `story`: all of it, once the game has ended.
    """

    game: Game
    due: Due | None
    round: int
    rounds: int
    packages: np.ndarray
    no_deal: np.ndarray
    flow: np.ndarray
    outside: tuple[float | None, float | None]
    tariffs: np.ndarray
    rungs: tuple[int, int] | None
    rates: tuple[np.ndarray, np.ndarray] | None
    said: tuple[tuple[int, int, int], ...]
    story: Story | None
    patience: tuple[float, float]
    drawn: tuple[int, int]

    @property
    def over(self) -> bool:
        """Whether the game has ended."""
        return self.due is None


def play(game: Game, moves: Sequence[Move] = ()) -> State:
    """Play the moves made so far and return how the game stands; ValueError names a move that does not fit."""
    script, config = Script(moves), game.lab.config
    model = Talks(config.protocol, seed=config.seed, worlds=1, first=game.world, information=config.information)
    stakes = game.stakes(script)
    pair, due = stakes.agenda.pair, None
    for code in config.countries:
        strategy = config.countries[code].strategy
        if code in pair and pair.index(code) in game.persons:
            strategy = Person(script, pair.index(code))
        Country(model, code, strategy, game.lab.types[code])
    model.open((stakes,))
    try:
        model.run_model()
    except Due as asked:
        due = asked
    if due is None and script.used < len(script.moves):
        raise ValueError(f"move {script.used + 1}: the game had ended before it")
    return _state(game, model.talks[0], due)


def _state(game: Game, talk, due: Due | None) -> State:
    """Read the state off a talk that was stopped where a move is due, or has ended."""
    seats, turn = talk.seats, min(talk.round, talk.history.offers.shape[1] - 1)
    packages = [from_micro(seat.ranked.micro[int(seat.types[0])]) for seat in seats]
    value = lambda name: np.array([float(from_micro(getattr(seat, name)[0])) for seat in seats])  # noqa: E731
    spoken = [(t, int(talk.history.speaker[0, t])) for t in range(turn + 1) if talk.history.speaker[0, t] >= 0]
    sticks, stick = talk.sticks, talk.agenda.stick
    rates = None
    if sticks is not None:
        own = tuple(np.array(r) for r in sticks.rates)
        rates = tuple(np.round(100.0 * r, 9) for r in (stick.effective(own[0]), own[1]))
    return State(
        game=game,
        due=due,
        round=turn,
        rounds=talk.model.protocol.deadline(turn),
        packages=np.stack(packages, axis=-1),
        no_deal=value("no_deal"),
        flow=value("impasse"),
        outside=stick.outside,
        tariffs=np.array([100.0 * float(talk.tariff_in_force(side)[0]) for side in SIDES]),
        rungs=None if sticks is None else tuple(int(r) for r in sticks.rung[0]),
        rates=rates,
        said=tuple((t, side, int(talk.history.offers[0, t])) for t, side in spoken),
        story=follow(talk, 0) if due is None else None,
        patience=tuple(float(c.discount_rate[0]) for c in talk.countries),
        drawn=tuple(int(c.type_drawn[0]) for c in talk.countries),
    )
