"""A person at the table: the same talks as a strategy's, stopped where a move is due; the verdict at the end."""

from functools import cache

import numpy as np
import pytest

from experiments.build import build
from experiments.compose import load
from experiments.messages import UserError
from experiments.seat.game import Game, play
from experiments.seat.history import on_record
from experiments.seat.script import Move
from experiments.seat.verdict import verdict
from sim.protocols.base import DEAL


@cache
def lab(*words):
    return build(load(("economy=five", "figures=false", *(words or ("talks=us_japan",)))).config)


def as_strategies(talk, side):
    """The moves a person on `side` makes to do what the strategy did in world 0 of a played talk."""
    moves, agreed = [], talk.ending[0] == DEAL
    for turn in np.flatnonzero(talk.history.speaker[0] >= 0).tolist():
        speaker, row = int(talk.history.speaker[0, turn]), int(talk.history.offers[0, turn])
        last = agreed and turn == int(talk.closed[0])
        if speaker == side:
            moves.append(Move("offer", row))
        elif row >= 0:
            moves.append(Move("answer", int(last)))
    return moves


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("world", [0, 3, 8, 41])
def test_who_does_what_the_strategy_does_lives_its_world(side, world):
    talk = lab().play(world, 1).talks[0]
    state = play(Game(lab(), "japan", (side,), world), as_strategies(talk, side))
    assert state.over and state.story.world == world
    assert state.story.deal == (talk.row[0] if talk.ending[0] == DEAL else -1)
    for s in (0, 1):
        assert state.story.final[s] == talk.final(s)[0] and state.story.payoff[s] == talk.discounted(s)[0]


def test_the_game_stops_where_a_move_is_due_and_moves_can_be_taken_back():
    game, moves, seen = Game(lab(), "japan", (1,), 2), [], []
    while not (state := play(game, moves)).over:
        seen.append((state.due.kind, state.due.side, state.round))
        moves.append(Move(state.due.kind, -1 if state.due.kind == "offer" else 0))
    assert {side for _, side, _ in seen} == {1} and [t for *_, t in seen] == list(range(13))
    assert state.story.ending == "deadline" and state.story.deal == -1
    for k, (kind, side, turn) in enumerate(seen):
        again = play(game, moves[:k])
        assert (again.due.kind, again.due.side, again.round) == (kind, side, turn)


def test_two_persons_can_agree_on_anything_that_is_on_the_table():
    game, moves = Game(lab(), "japan", (0, 1), 5), []
    state = play(game, moves)
    state = play(game, [Move("offer", 100)])
    assert state.due.kind == "answer" and state.due.row == 100
    state = play(game, [Move("offer", 100), Move("answer", 1)])
    assert state.over and state.story.deal == 100 and state.story.closed == 0
    assert state.story.final.tolist() == state.packages[100].tolist()


def test_a_person_feels_the_stick_it_raises_and_the_answer():
    game = Game(lab(), "japan", (0, 1), 5, sticks=True)
    calm = [Move("offer", -1)]
    rest = play(game, calm)
    assert rest.due.kind == "rung" and rest.round == 1 and rest.rates[1].tolist() == [0.0, 10.0, 24.0]
    now = play(game, [*calm, Move("rung", 2)])
    assert now.due.side == 1 and now.due.kind == "rung"
    hit = play(game, [*calm, Move("rung", 2), Move("rung", 0)])
    back = play(game, [*calm, Move("rung", 2), Move("rung", 2)])
    quiet = play(game, [*calm, Move("rung", 1), Move("rung", 0)])
    assert quiet.tariffs[0] < hit.tariffs[0] and hit.flow[1] < quiet.flow[1] and back.flow[0] < hit.flow[0]
    assert hit.no_deal[1] < quiet.no_deal[1]


@pytest.mark.parametrize("moves, words", [
    ([Move("walk", 0)], "move 1: walk 0, but asked for was"),
    ([Move("answer", 5), Move("offer", 99_999)], "move 1: answer 5"),
    ([Move("offer", 99_999)], "offer from -1 to 1979"),
])  # fmt: skip
def test_a_move_that_does_not_fit_is_named(moves, words):
    with pytest.raises(ValueError, match=words):
        play(Game(lab(), "japan", (0, 1), 5), moves)


@pytest.mark.parametrize("change, words", [
    ({"talk": "japn"}, "no such talk; there are japan"),
    ({"persons": ()}, "both"),
    ({"lab": lambda: lab("talks=us_japan", "protocol=monotonic", "strategy@countries.USA.strategy=zeuthen",
                         "strategy@countries.JPN.strategy=zeuthen", "information=complete")}, "are made in turn"),
])  # fmt: skip
def test_a_seat_that_cannot_be_taken_is_refused(change, words):
    settings = {"lab": lab, "talk": "japan", "persons": (1,)} | change
    with pytest.raises(UserError, match=words):
        Game(settings["lab"](), settings["talk"], settings["persons"])


def test_the_verdict_counts_what_was_to_be_gained():
    game = Game(lab(), "japan", (0, 1), 5)
    start = play(game)
    floor = start.no_deal
    inside = (start.packages >= floor).all(axis=1)
    best = int(np.where(inside, start.packages[:, 1], -np.inf).argmax())
    first = start.due.side
    end = verdict(play(game, [Move("offer", best), Move("answer", 1)]))
    assert end.share[1] == pytest.approx(1.0) and 0.0 <= end.share[0] < 1.0
    named = {mark.name: mark for mark in end.marks}
    assert {"Nash", "Kalai-Smorodinsky", "Subgame-perfect equilibrium"} <= set(named)
    product = np.prod(np.maximum(start.packages - floor, 0.0)[inside], axis=1)
    assert np.prod(np.array(named["Nash"].worth) - floor) == pytest.approx(product.max())
    assert first in (0, 1) and any("100 %" in line for line in end.lines(1, ("the US", "Japan")))
    with pytest.raises(ValueError, match="not ended"):
        verdict(start)


def test_history_is_the_record_read_on_the_table():
    talks = lab("talks=us_three")
    found = {s.agenda.name: (s.agenda, on_record(s.agenda)) for s in talks.stakes}
    agenda, japan = found["japan"]
    levels = {i.name: i.shown[agenda.grid.index[japan.rows, k]] for k, i in enumerate(agenda.grid.issues)}
    assert set(levels["us_tariff"]) == {15.0} and set(levels["pledge"]) == {550.0} and set(levels["security"]) == {0.0}
    assert japan.free == ("access",) and len(japan.rows) == 5 and japan.date == "2025-07-22"
    assert found["eu"][1] is not None
    assert on_record(lab("talks=pie", "economy=none").stakes[0].agenda) is None


def test_better_or_worse_than_history_is_said():
    game = Game(lab(), "japan", (0, 1), 5)
    record = on_record(lab().stakes[0].agenda)
    packages = play(game).packages
    high = int(packages[:, 1].argmax())
    better = verdict(play(game, [Move("offer", high), Move("answer", 1)]))
    assert better.against_history(1).endswith("better than it.") and better.against_history(0).endswith(
        "worse than it."
    )
    same = verdict(play(game, [Move("offer", int(record.rows[1])), Move("answer", 1)]))
    assert same.against_history(1).endswith("within it.")


def test_a_share_outside_what_could_be_gained_is_told_in_words():
    game = Game(lab(), "japan", (0, 1), 5)
    gift = int(play(game).packages[:, 1].argmax())
    end = verdict(play(game, [Move("offer", gift), Move("answer", 1)]))
    assert end.share[1] > 1 and end.share[0] < 0
    japan, us = (" ".join(end.lines(side, ("the US", "Japan"))) for side in (1, 0))
    assert "should have signed" in japan and "below what no deal" in us and "-" not in us.partition("Of all")[2]
