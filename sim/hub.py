"""Hub and spoke: a demander with several talks attends to few of them a round, deals change what others face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.attention import Attention, attended, places, trade_volume
from sim.grounds import INTERIM, Grounds, distinct
from sim.protocols.base import DEAL

UNKNOWN = -1
MOST_SWEEPS = 20
ENDS = ("converged", "cycle", "unsettled")  # how expectations of the other talks' deals came out


class Hub:
    """The talks of a model as one: who is sat down to this round, which deals stand, on which table each is played."""

    def __init__(self, model, rules: Attention, grounds: Grounds) -> None:
        """Take the model's talks; `grounds` works out tables and keeps them for the next chunk of worlds."""
        self.talks, self.rules, self.grounds, self.protocol = model.talks, rules, grounds, model.protocol
        _refuse(self.talks, model.cells, rules)
        grounds.make_room()
        count, worlds = len(self.talks), model.worlds
        self.level = np.full((count, worlds), INTERIM, dtype=np.int64)  # trade level of the deals struck
        self.sat = np.zeros((count, worlds), dtype=np.int64)  # rounds each talk was sat down to
        self.first = np.full((count, worlds), UNKNOWN, dtype=np.int64)  # the first of them
        self._standing = np.full((count, worlds), UNKNOWN, dtype=np.int64)  # deals elsewhere where it ended before
        self.ends: np.ndarray | None = None  # how expectations of the other deals came out, by world
        self._seen: list[dict[tuple, int]] = [{} for _ in self.talks]  # variant of each standing met
        self._stakes: list[list] = [[talk.stakes] for talk in self.talks]  # of each variant
        self._groups = _by_demander(self.talks)
        self._place = self._fixed_places(worlds)
        if rules.others == "struck":
            for talk in self.talks:
                talk.earned = np.zeros((worlds, 2))

    def _fixed_places(self, worlds: int) -> np.ndarray | None:
        """Return the place (J, R) of each talk in the order, None where it changes by round."""
        order, names = self.rules.order, [talk.name for talk in self.talks]
        if order == "list":
            value = [-self.rules.listed.index(n) if n in self.rules.listed else -len(self.rules.listed) for n in names]
        elif order == "trade":
            value = [trade_volume(self.grounds.assessor.economy, talk.agenda.pair) for talk in self.talks]
        else:
            return None
        return np.repeat(places(np.array(value, dtype=float)[:, None]), worlds, axis=1)

    def _places(self) -> np.ndarray:
        """Return the place (J, R) of each talk in this round's order."""
        if self._place is not None:
            return self._place
        if self.rules.order == "random":
            return places(np.stack([talk.chance_of("attention") for talk in self.talks]))
        return places(np.stack([self._gain(number) for number in range(len(self.talks))]))

    def _gain(self, number: int) -> np.ndarray:
        """Return what the demander can expect to gain in a talk (R,) on the tables in force."""
        talk = self.talks[number]
        spaces = [country.type_space.types for country in talk.countries]
        rows = [self.grounds.gain(own, spaces) for own in self._stakes[number]]
        return np.stack(rows)[talk.variant, talk.countries[0].type_drawn]

    def begin(self) -> None:
        """Choose which talks each demander sits down to this round; an exchange of offers is not torn apart."""
        turn = self.talks[0].round
        if turn % self.protocol.exchange == 0:
            place = None
            for group in self._groups:
                is_open = np.stack([self.talks[j].ending < 0 for j in group])
                chosen = is_open
                if self.rules.attends < len(group):
                    place = self._places() if place is None else place
                    count = self.sat[group] if self.rules.turns else 0
                    chosen = attended(is_open, place[group], count, self.rules.attends)
                for j, here in zip(group, chosen):
                    self.talks[j].present = here.copy()
        for j, talk in enumerate(self.talks):
            here = talk.present & (talk.ending < 0)
            self.first[j, here & (self.sat[j] == 0)] = turn
            self.sat[j] += here

    def end(self) -> None:
        """Book the round's flows, put new deals on the ground, and let open talks face it from the next round on."""
        for talk in self.talks:
            if talk.earned is not None:
                talk.book()
        for j, talk in enumerate(self.talks):
            over = (talk.ending >= 0) & (self._standing[j] == UNKNOWN)
            self._standing[j, over] = self.deals_elsewhere(j)[over]
        new = np.zeros(self.level.shape[1], dtype=bool)
        for j, talk in enumerate(self.talks):
            struck = np.flatnonzero((talk.ending == DEAL) & (self.level[j] == INTERIM))
            self.level[j, struck] = self.grounds.level[j][talk.row[struck]]
            new[struck] = True
        if self.rules.others == "struck" and new.any():
            self._face(self.level, new)

    def expect(self, level: np.ndarray) -> None:
        """Play all talks with the others at these trade levels (J, R), INTERIM where no deal is expected."""
        self._face(level, np.ones(level.shape[1], dtype=bool))

    def deals_elsewhere(self, number: int) -> np.ndarray:
        """Return how many deals of other talks (R,) were in force when a talk (its number) ended."""
        before = self._standing[number]  # where it is not yet known the talk itself has made no deal
        return np.where(before == UNKNOWN, np.add.reduce(self.level != INTERIM, axis=0), before)

    def _face(self, level: np.ndarray, where: np.ndarray) -> None:
        """Turn the open talks to the tables of the other talks' levels (J, R) in some worlds (R,)."""
        for number, talk in enumerate(self.talks):
            worlds = np.flatnonzero(where & (talk.ending < 0))
            others = level[:, worlds].copy()
            others[number] = INTERIM
            first, which = distinct(others)
            variant = self._variants(number, [tuple(others[:, at].tolist()) for at in first])[which]
            moved = variant != talk.variant[worlds]
            if moved.any():
                talk.face(worlds[moved], variant[moved])

    def _variants(self, number: int, standing: list[tuple[int, ...]]) -> np.ndarray:
        """Return the variants (M,) of a talk's board on which it is played next to these standing levels (M tuples)."""
        talk, seen, stakes = self.talks[number], self._seen[number], self._stakes[number]
        new = [levels for levels in standing if levels not in seen]
        known, added = {id(own): v for v, own in enumerate(stakes)}, []
        for levels, own in zip(new, self.grounds.stakes(number, new)):
            if id(own) not in known:
                known[id(own)] = len(stakes)
                stakes.append(own)
                added.append(own)
            seen[levels] = known[id(own)]
        if added:
            keep = all(country.weight_spread <= 0 for country in talk.countries)
            types = [country.types for country in talk.countries]
            talk.board.add([self.grounds.table(own, types, keep=keep) for own in added])
        return np.array([seen[levels] for levels in standing], dtype=np.int64)


def _by_demander(talks) -> list[np.ndarray]:
    """Return the numbers of the talks of each demander."""
    codes = [talk.agenda.demander for talk in talks]
    return [np.array([j for j, own in enumerate(codes) if own == code]) for code in dict.fromkeys(codes)]


def _refuse(talks, cells: int, rules: Attention) -> None:
    """Refuse what does not go together with a hub."""
    if cells > 1:
        raise ValueError("a hub plays one cell of a sweep at a time")
    for talk in talks:
        if talk.sticks is not None:
            raise ValueError(
                f"talks.{talk.name}.moves: tariffs that move while talks go on and a hub do not go together\n"
                "set moves to null, or leave the hub out: hub=none"
            )
        if talk.home is not None and rules.others != "interim":
            raise ValueError(
                f"talks.{talk.name}.ratification: what a legislature passes is weighed on one table, and with\n"
                f"hub.others={rules.others} the table changes: set hub.others=interim, or leave ratification out"
            )


def foreseen(seated: Callable):
    """Return a model whose talks were played next to the deals that the other talks do end in, world by world.

    `seated` gives the same model anew, its talks open and not yet played. Each sweep plays all talks next to the trade
    levels they reached in the sweep before (first: the interim), until those repeat: Nash-in-Nash, by play. A world
    whose levels come back to earlier ones is stopped there and called a cycle. Source: Horn & Wolinsky (1988).
    """
    ends, expected, past = None, None, []
    for _ in range(MOST_SWEEPS):
        model = seated()
        if ends is None:
            ends, expected = np.full(model.worlds, -1, dtype=np.int8), np.full_like(model.hub.level, INTERIM)
        model.hub.expect(expected)
        found = model.run_model().hub.level
        past.append(expected)
        ends[(ends < 0) & (found == expected).all(axis=0)] = ENDS.index("converged")
        back = np.logical_or.reduce([(found == before).all(axis=0) for before in past])
        ends[(ends < 0) & back] = ENDS.index("cycle")
        if (ends >= 0).all():
            break
        expected = np.where(ends < 0, found, expected)
        if len(past) < MOST_SWEEPS:
            model.talks, model.hub = (), None  # its tables are not held until a garbage collection
    ends[ends < 0] = ENDS.index("unsettled")
    model.hub.ends = ends
    return model
