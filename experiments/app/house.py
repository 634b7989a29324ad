"""What the whole page has in common: folders of the teacher's own, who can reach it, how much it plays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WORLDS = 1000  # worlds played for one screen
HUB_WORLDS = 200  # where each deal changes what the other talks are about
TURNS = 60_000  # worlds times rounds at the most, so that a screen stays quick
MOST_PACKAGES = 6000
MOST_ROUNDS = 400
MOST_TYPES = 16  # private types of a side
MOST_STATES = 400  # trade states, each solved once


@dataclass(frozen=True)
class House:
    """Folders as given on the command line; `public`: the page can be reached from other machines."""

    config_dir: Path | None = None
    plugins: Path | None = None
    public: bool = False


_house = House()


def set_house(house: House) -> None:
    """Settle what every visitor of this server has in common; before the first page is shown."""
    global _house
    _house = house


def house() -> House:
    """Return what was settled; by default only what is shipped."""
    return _house


def worlds(rounds: int, hub: bool = False) -> int:
    """Return how many worlds a screen plays: fewer where there are many rounds, or a hub whose talks go together.

    >>> worlds(13), worlds(400), worlds(13, hub=True)
    (1000, 150, 200)
    """
    return max(1, min(HUB_WORLDS if hub else WORLDS, TURNS // max(1, rounds)))
