"""The tables talks at a hub are played on: those of the deals that stand, shared, forgotten and found again."""

from itertools import product

import numpy as np
import pytest

from agents.country import Country
from experiments.build import build
from sim import grounds
from sim.assess import Assessor
from sim.grounds import INTERIM
from sim.protocols.base import DEAL
from sim.ranking import Ranked
from tests.hub_worlds import lab, rows


def test_a_deal_elsewhere_is_the_ground_whatever_was_asked_before():
    """Tables that open talks ended on, against an assessor that is asked for these deals alone."""
    own = lab("hub=side_by_side")
    model = own.play(0, 60)
    checked = 0
    for world, talk in product(range(0, 60, 6), model.talks):
        before = [t for t in model.talks if t is not talk and t.ending[world] == DEAL and (
            t.closed[world] < talk.closed[world])]  # fmt: skip
        standing = {t.name: int(t.row[world]) for t in before}
        fresh = Assessor(own.economy, tuple(s.agenda for s in own.stakes)).stakes((talk.name,), standing)[0]
        table = fresh.table(*(own.types[code].types for code in talk.agenda.pair))
        for side, seat in enumerate(talk.seats):
            kind = talk.countries[side].type_index[world]
            assert (seat.ranked.micro[seat.types[world]] == table.ranked[side].micro[kind]).all()
            assert seat.impasse[world] == table.impasse[side][kind]
            assert seat.best[world] == table.ranked[side].best[kind] and seat.floor[world] >= seat.no_deal[world]
            chance = (talk.agenda.stick.resolve, talk.agenda.stick.belief)[side]
            assert seat.no_deal[world] == table.no_deal(side, chance)[kind]
        checked += bool(standing)
    assert checked > 5


def test_deals_that_move_the_same_tariffs_share_a_table():
    own = lab("hub=side_by_side")
    ground = own.hub[1]
    level, first = ground.level[1], ground.first[1]
    assert len(first) == 3 * 2 * 2 and len(level) == len(own.stakes[1].agenda.grid) == 72
    index = own.stakes[1].agenda.grid.index[:, :3]
    assert all((index[level == k] == index[row]).all() for k, row in enumerate(first))
    assert ground.stakes(0, [(INTERIM,) * 3])[0] is own.stakes[0]
    own.play(0, 200)
    count = own.assessor.count
    model = own.play(200, 200)
    assert own.assessor.count - count < 60, "tables are kept for the next worlds"
    for number, talk in enumerate(model.talks):
        met = {tuple(model.hub.level[:, world]) for world in range(200)}
        assert len(talk.board.tables) <= 1 + len({v[:number] + v[number + 1 :] for v in met}) * 4
        assert len({id(t.stakes) for t in talk.board.tables}) == len(talk.board.tables)


def test_tables_that_take_too_much_room_are_forgotten_and_come_back_the_same(monkeypatch):
    own = lab("hub=side_by_side")
    whole, again = rows(own, 60), build(own.config)
    monkeypatch.setattr(grounds, "MOST_HELD", 0)
    monkeypatch.setattr(grounds, "LARGE", 0)
    held = []
    monkeypatch.setattr(grounds.gc, "collect", lambda: held.append(len(again.hub[1]._stakes)))
    assert rows(again, 60, 20) == whole
    assert (
        len(held) == 2 and min(held) > 3 and again.hub[1]._stakes[next(iter(again.hub[1]._stakes))] is again.stakes[0]
    )


@pytest.mark.parametrize("information", ["types", "complete"])
def test_what_is_known_of_the_other_side_is_the_table_in_force(information, monkeypatch):
    own, seen = lab("hub=side_by_side", f"information={information}"), []

    def spy(country, view, ask=Country.propose):
        talk = next(t for t in country.model.talks if t.agenda.grid is view.grid)
        (variant,) = set(talk.variant[view.worlds].tolist())
        table, other = talk.board.tables[variant], 1 - view.side
        chance = (talk.agenda.stick.resolve, talk.agenda.stick.belief)[other]
        assert view.ranked is table.ranked[view.side] and view.prior.ranked is table.ranked[other]
        assert (view.prior.no_deal == table.no_deal(other, chance)).all()
        assert (view.prior.impasse == table.impasse[other]).all()
        if information == "complete":
            assert view.rival_ranked() is table.ranked[other]
            assert (view.rival("no_deal") == view.prior.no_deal[view.rival("types")]).all()
        seen.append(variant)
        return ask(country, view)

    monkeypatch.setattr(Country, "propose", spy)
    model = own.play(0, 40)
    assert len(set(seen)) > 3
    for talk in model.talks:
        met = [(w, view) for w, view in talk.views(1, np.arange(40))]
        assert sorted(np.concatenate([w for w, _ in met])) == list(range(40))
        for worlds, view in met:
            assert all(view.prior.ranked is talk.board.tables[v].ranked[0] for v in talk.variant[worlds])


def test_stacks_that_grow_from_one_stack_do_not_touch_each_other():
    rng = np.random.default_rng(1)
    parts = [Ranked(rng.normal(size=(kinds, 9))) for kinds in (6, 3, 1, 2, 2)]
    base = Ranked.stacked(parts[:2])
    one, two = Ranked.stacked([base, parts[2]]), Ranked.stacked([base, parts[3]])
    more = Ranked.stacked([two, parts[4]]), Ranked.stacked([Ranked.stacked([two, parts[2]]), parts[4]])
    for stack, own in (
        (base, [0, 1]),
        (one, [0, 1, 2]),
        (two, [0, 1, 3]),
        (more[0], [0, 1, 3, 4]),
        (more[1], [0, 1, 3, 2, 4]),
    ):
        assert (stack.micro == np.concatenate([parts[k].micro for k in own])).all()
        assert (stack.best == np.concatenate([parts[k].best for k in own])).all()
    with pytest.raises(ValueError, match="read-only"):
        more[0].micro[0, 0] = 1
