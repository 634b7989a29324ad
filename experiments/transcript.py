"""A talk of one world in words: every round's offer, what it is worth to both, the tariffs that moved, the end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.markdown import number
from sim.story import Rounds, Story, follow
from sim.table import SIDES

UNITS = {"pct": " %", "busd": " bn"}
ACRONYMS = {"us": "US", "eu": "EU", "uk": "UK"}
SAME_WORTH = 5e-7  # bn USD a year: half a step of utility
SAME_RATE = 1e-9  # percent: a tariff that changed by less did not change
ENDS = {
    "deadline": "The deadline passes without a deal.",
    "collapse": "Talks collapse.",
    "not_ratified": "What was signed is refused at home, and the talks are over.",
    "outside_option": "Talks end: one side takes its outside option.",
}


def transcript(talk, world: int, names: Mapping[str, str] | None = None, rounds: Rounds | None = None) -> list[str]:
    """Return the talk of one world, by its position in the chunk, as lines of text.

    `names` of countries by code; `rounds` watched the talk as it was played (see sim.story.follow).
    """
    return words(follow(talk, world, rounds), names)


def words(story: Story, names: Mapping[str, str] | None = None) -> list[str]:
    """Return a story as lines of text."""
    who = tuple((names or {}).get(code) or code for code in story.pair)
    lines = [*_opening(story, who), ""]
    for turn in range(len(story)):
        lines += [*_moved(story, who, turn), _round(story, who, turn)]
    return [*lines, "", *ending(story, who)]


def package(story: Story, row: int) -> str:
    """Return a package's levels in words: "US tariff 15 %, access 2 %, security 6 bn"."""
    return ", ".join(f"{_issue(c)} {level:g}{_unit(c)}" for c, level in zip(story.issues, story.shown[row]))


def ending(story: Story, who: tuple[str, str]) -> list[str]:
    """Say how a talk ended and what that is worth to both, beside no deal and Nash's package."""
    last = story.no_deal[-1]
    if story.deal < 0:
        lines = [ENDS.get(story.ending, f"Talks end: {story.ending.replace('_', ' ')}.")]
    else:
        said = f"Round {story.closed + 1}: {who[1 - story.speaker[story.accepted]]} accepts"
        lines = [f"{said}. The deal: {package(story, story.deal)}."]
    lines += [_worth("The end is worth", who, story.final), _worth("No deal was expected to be worth", who, last)]
    if story.nash < 0:
        lines += ["There was no zone of agreement: no package was as good as no deal for both."]
    else:
        moved = bool(np.abs(story.no_deal[-1] - story.nash_point).max() > SAME_WORTH)
        begin = "Nash's package" + (", reckoned before tariffs moved," if moved else "")
        lines += [_worth(f"{begin} would have been worth", who, story.packages[story.nash])]
        lines += [f"  it is {package(story, story.nash)}"]
    return [*lines, _worth("From the first round on, waiting included, the talks are worth", who, story.payoff)]


def _opening(story: Story, who: tuple[str, str]) -> list[str]:
    clock = f"{story.rounds} rounds of {story.days:g} days" if story.rounds > 1 else "one round"
    lines = [
        f"{who[0]} and {who[1]}, world {story.world}: {clock} at most.",
        f"Amounts are bn USD a year against the status quo, for {who[0]} and for {who[1]}.",
        _worth("A year of talking is worth", who, story.flow[0]),
        _worth("No deal is expected to be worth", who, story.no_deal[0]),
    ]
    if np.abs(story.tariffs[0]).max() > SAME_RATE:
        lines += [f"Tariffs on top while they talk: {_rates(who, story.tariffs[0])}."]
    return lines


def _moved(story: Story, who: tuple[str, str], turn: int) -> list[str]:
    """Return the line on tariffs that changed at the beginning of a round."""
    if turn == 0 or np.abs(story.tariffs[turn] - story.tariffs[turn - 1]).max() <= SAME_RATE:
        return []
    moves = [
        f"{who[side]} {'raises' if new > old else 'lowers'} its tariff from {_rate(old)} to {_rate(new)} %"
        for side, old, new in zip(SIDES, story.tariffs[turn - 1], story.tariffs[turn])
        if abs(new - old) > SAME_RATE
    ]
    year = _worth("a year of this is worth", who, story.flow[turn]).rstrip(".")
    return [f"    {'; '.join(moves)}; {year}."]


def _round(story: Story, who: tuple[str, str], turn: int) -> str:
    speaker, row = int(story.speaker[turn]), int(story.row[turn])
    if speaker < 0:
        return f"{turn + 1:3d} Nobody speaks."
    if row < 0:
        return f"{turn + 1:3d} {who[speaker]} makes no offer."
    worth = " and ".join(number(value, 1, sign=True) for value in story.worth[turn])
    answer = f" {who[1 - speaker]} accepts." if turn == story.accepted else ""
    against = [name for name, refused in zip(who, story.refused[turn]) if refused]
    if against:
        answer = f" {who[1 - speaker]} accepts; refused at home in {' and in '.join(against)}."
    return f"{turn + 1:3d} {who[speaker]} offers {package(story, row)}: worth {worth}.{answer}"


def _worth(begin: str, who: tuple[str, str], values: np.ndarray) -> str:
    one, two = (number(float(value), 1, sign=True) for value in values)
    return f"{begin} {one} to {who[0]} and {two} to {who[1]}."


def _rates(who: tuple[str, str], rates: np.ndarray) -> str:
    return ", ".join(f"{name} {_rate(rate)} %" for name, rate in zip(who, rates))


def _rate(rate: float) -> str:
    return f"{round(float(rate), 1):g}"


def _issue(column: str) -> str:
    """Return an issue's name for the middle of a sentence.

    >>> _issue("us_tariff_pct"), _issue("pledge_busd")
    ('US tariff', 'pledge')
    """
    return " ".join(ACRONYMS.get(word, word) for word in column.rsplit("_", 1)[0].split("_"))


def _unit(column: str) -> str:
    return UNITS[column.rsplit("_", 1)[1]]
