"""What the figures need to know about talks: who is in them, how many worlds agreed, how to name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sim.plots.style import colours, country_name, percent


class Pair(NamedTuple):
    """A talk and its two sides, by name and colour."""

    talk: str
    demander: str
    partner: str
    demander_colour: str
    partner_colour: str

    @property
    def title(self) -> str:
        """Both names, for a title."""
        return f"{self.demander} and {self.partner}"

    @property
    def tick(self) -> str:
        """Both names on two lines, for a tick."""
        return f"{self.demander}\nand {self.partner}"


class Count(NamedTuple):
    """How many worlds of a talk there are, and how many agreed."""

    worlds: int
    deals: int

    @property
    def share(self) -> float:
        """Share of worlds with a deal."""
        return self.deals / self.worlds if self.worlds else 0.0

    @property
    def sentence(self) -> str:
        """What became of the worlds, in words.

        >>> Count(1000, 1000).sentence, Count(200, 1).sentence, Count(1, 0).sentence
        ('all 1,000 worlds agree', '1 of 200 worlds agrees (under 1 %)', 'the one world does not agree')
        """
        if self.worlds == 1:
            return "the one world agrees" if self.deals else "the one world does not agree"
        if self.deals in (0, self.worlds):
            return f"{'all' if self.deals else 'none of'} {worlds(self.worlds)} agree"
        verb = "agrees" if self.deals == 1 else "agree"
        return f"{self.deals:,} of {worlds(self.worlds)} {verb} ({percent(self.share)})"


def worlds(count: int) -> str:
    """Return a number of worlds in words.

    >>> worlds(1), worlds(1000)
    ('1 world', '1,000 worlds')
    """
    return f"{count:,} world" + ("" if count == 1 else "s")


def pairs(talks, names: Mapping[str, str] | None = None) -> list[Pair]:
    """Return the talks of a run in order of appearance with their sides' names and colours."""
    seen = talks[["talk", "demander", "partner"]].drop_duplicates("talk").astype(str)
    rows = list(seen.itertuples(index=False, name=None))
    paint = colours([code for row in rows for code in row[1:]] + list(names or ()))
    return [Pair(talk, *(country_name(c, names) for c in codes), *map(paint.get, codes)) for talk, *codes in rows]


def pair_of(talks, talk: str, names: Mapping[str, str] | None = None) -> Pair:
    """Return one talk's pair; ValueError names the talks there are."""
    known = pairs(talks, names)
    for pair in known:
        if pair.talk == talk:
            return pair
    raise ValueError(f"no talk {talk!r} in these results; there are {', '.join(p.talk for p in known) or 'none'}")


def rows_of(data, talk: str):
    """Return the rows of one talk."""
    return data[data["talk"].astype(str) == talk]


def agreed(talks):
    """Return the rows of the worlds that made a deal."""
    return talks[talks["deal"].astype(bool)]


def count(talks, talk: str | None = None) -> Count:
    """Return how many worlds there are in a talk (or in these rows) and how many agreed."""
    rows = talks if talk is None else rows_of(talks, talk)
    return Count(len(rows), int(rows["deal"].astype(bool).sum()))
