"""One world of a talk with what both sides think in every round: the story, and what their strategies insist on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.app.engine import Kept, exclusively, lab_of, played_talk
from experiments.app.setup import Choice, Setup, setup
from experiments.transcript import words
from sim.payoffs import COMPONENTS
from sim.plots.style import colours
from sim.ranking import from_micro
from sim.story import Story, follow
from sim.table import SIDES

WORLDS_KEPT = 256


@dataclass(frozen=True, eq=False)
class Watched:
    """A world to be watched: its story; what each side insisted on (t, 2), bn USD a year, NaN where it was not asked.

    `belief`: what a side that learns thought of the other's types, an array (t, K) by side; `kinds`: those types in
    words; `chance` (2,): that the threat is carried out, as each side reckons.
    """

    setup: Setup
    story: Story
    names: tuple[str, str]
    colours: tuple[str, str]
    target: np.ndarray
    belief: dict[int, np.ndarray]
    kinds: tuple[tuple[str, ...], tuple[str, ...]]
    drawn: tuple[int, int]
    chance: tuple[float, float]

    @property
    def lines(self) -> list[str]:
        """The transcript."""
        return words(self.story, dict(zip(self.story.pair, self.names)))


class Recorder:
    """Plays a strategy and writes down what it insists on and believes when it is asked; all else is the strategy's."""

    def __init__(self, inner: Any, book: dict, grid: Any) -> None:
        """Take the strategy, what is written into, and the packages of the talk that is watched."""
        self._inner, self._book, self._grid = inner, book, grid

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def target(self, view: Any) -> np.ndarray:
        """Return what the strategy insists on (n,); the first answer in a round is written down."""
        wanted = self._inner.target(view)
        key = view.round, view.side
        if key not in self._book and view.grid is self._grid:  # a demander may be asked about other talks too
            learns = hasattr(self._inner, "belief")
            self._book[key] = float(from_micro(wanted[0])), self._inner.belief(view)[0] if learns else None
        return wanted


_worlds = Kept(WORLDS_KEPT)


def watch(choice: Choice, world: int) -> Watched:
    """Return a world of a choice to be watched; UserError tells what does not fit."""
    return exclusively(lambda: _worlds.get((choice, world), lambda: _watched(setup(choice), world)))


def _watched(own: Setup, world: int) -> Watched:
    lab, book = lab_of(own), {}
    countries = lab.config.countries
    grid = next(s.agenda.grid for s in lab.stakes if s.agenda.name == own.choice.talk)
    recorded = {c: n.model_copy(update={"strategy": Recorder(n.strategy, book, grid)}) for c, n in countries.items()}
    recording = replace(lab, config=lab.config.model_copy(update={"countries": recorded}))
    talk = played_talk(recording, own.choice.talk, world, 1)
    story, stick = follow(talk, 0), talk.agenda.stick
    types = [talk.countries[side].type_space.types for side in SIDES]
    paint = colours(own.config.countries)
    return Watched(
        setup=own,
        story=story,
        names=tuple(countries[code].name for code in story.pair),
        colours=tuple(paint[code] for code in story.pair),
        target=np.array([[book.get((turn, side), (np.nan,))[0] for side in SIDES] for turn in range(len(story))]),
        belief=_beliefs(book, len(story)),
        kinds=tuple(kinds(one) for one in types),
        drawn=tuple(int(talk.countries[side].type_drawn[0]) for side in SIDES),
        chance=(stick.resolve, stick.belief),
    )


def _beliefs(book: dict, rounds: int) -> dict[int, np.ndarray]:
    """Return, for each side that learns, what it believed (t, K); what it was not asked stays as before."""
    out = {}
    for side in SIDES:
        said = {turn: book[turn, side][1] for turn in range(rounds) if (turn, side) in book}
        if any(belief is not None for belief in said.values()):
            first = next(belief for belief in said.values() if belief is not None)
            rows = [first]
            for turn in range(rounds):
                rows.append(said[turn] if said.get(turn) is not None else rows[-1])
            out[side] = np.array(rows[1:])
    return out


def kinds(types: Any) -> tuple[str, ...]:
    """Return a side's private types in words: what differs between them."""
    said: list[list[str]] = [[] for _ in range(len(types))]
    rates, lines = 100 * types.discount_rate, 100 * types.red_line
    parts = [(rates, "discount rate {:g} % a year"), (lines, "red line {:g} %")]
    parts += [(types.weights[:, k], f"weight of {name} {{:g}}") for k, name in enumerate(COMPONENTS)]
    for values, text in parts:
        if np.ptp(values) > 0:
            for own, value in zip(said, values):
                own.append(text.format(round(float(value), 6)))
    return tuple(", ".join(own) or "the only type" for own in said)
