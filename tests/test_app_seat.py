"""The page Take a seat: a game is its link; what is played is what the engine plays; names are text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

pytest.importorskip("streamlit")

from experiments.app import house
from experiments.app.engine import explore
from experiments.app.house import House
from experiments.app.seat_board import class_table
from experiments.app.seat_chart import ladder, space
from experiments.app.seat_end import beside_history, headline, rows
from experiments.app.seat_game import Seat, coded, decoded, opponents, row_of, sit, to_the_end
from experiments.app.seat_table import COLUMNS, MOST, MOST_EACH, ClassTable, as_csv, named, record, safe
from experiments.app.seat_words import instructions, worths
from experiments.app.settings import Settings
from experiments.app.setup import Choice, uploaded
from experiments.messages import UserError
from experiments.seat.script import Move
from tests.app_pages import html, opened, press

JAPAN = Seat(Choice("april_2025", "japan"))
RATE = 1e-6  # bn USD a year: utilities come in such steps
LINK = "o252.o396.a0.o612.a0.o613.a0.a0.a0.a0.a0.o615"  # ends with a deal in round 12
DEAL = replace(JAPAN, moves=decoded(LINK))


def seat_page():
    """What the page's script runs."""
    from experiments.app import seat_page

    seat_page.page()


def one(value) -> str:
    """Return a link's parameter."""
    return value[0] if isinstance(value, list) else value


@given(some.lists(some.tuples(some.sampled_from(["offer", "answer", "walk", "rung"]), some.integers(-1, 99_999))))
def test_moves_survive_the_link(moves):
    moves = tuple(Move(*m) for m in moves)
    assert decoded(coded(moves)) == moves


@pytest.mark.parametrize("text", ["x1", "o1..a0", "a", "o123456", "o1.<b>", ".".join(["a0"] * 5000)])
def test_a_link_that_holds_no_moves_is_told(text):
    with pytest.raises(UserError, match="moves:"):
        decoded(text)


def test_a_newcomer_plays_japan_to_a_deal_and_learns_how_it_did():
    at = opened(seat_page)
    said = " ".join(m.value for m in at.markdown)
    assert "You are **Japan**" in said and "billion dollars a year" in said and "Round 1 of 13" in html(at)
    before = html(at)
    at.select_slider[0].set_value(3).run()
    assert html(at) != before and "7.5 %" in str(at.select_slider[0].options)
    for _ in range(40):
        labels = [b.label for b in at.button]
        if "Put it there" in labels:
            break
        press(at, "Accept" if "Accept" in labels else "Offer this")
    end = html(at)
    assert "Ishiba&#x27;s government" in end and "What history gave" in end and "Nash" in end
    assert len(at.dataframe[0].value) == 1


def test_moves_stand_in_the_link_and_can_be_taken_back():
    at = opened(seat_page)
    first = html(at)
    press(at, "Offer nothing")
    assert one(at.query_params["moves"]) == "o-"
    again = opened(seat_page, moves="o-")
    assert "Round 2 of 13" in html(again) and "no offer" in html(again)
    assert html(press(at, "Take back")) == first and "moves" not in at.query_params


def test_a_link_opens_a_finished_game_and_play_again_begins_it():
    at = opened(seat_page, moves=LINK, seat="partner", world="0")
    assert "Better than Ishiba" in html(at)
    press(at, "Take back the last move")
    assert "Round 12 of 13" in html(at)
    at = press(opened(seat_page, moves=LINK), "Another world")
    assert one(at.query_params["world"]) == "1" and "moves" not in at.query_params


def test_a_link_that_does_not_fit_is_told_and_the_game_begins_anew():
    at = opened(seat_page, moves="a1", seat="king", world="99999")
    told = " ".join(w.value for w in at.warning)
    assert "no 'king'" in told and "from 0 to 999" in told and "begins anew" in told
    assert "move 1: answer 1, but asked for was offer" in at.code[0].value and "Round 1 of 13" in html(at)


def test_two_persons_and_tariffs_that_move():
    at = opened(seat_page, seat="both", sticks="1", moves="o36.a0")
    assert "The United States: your move" in html(at)
    assert "Keep it" in [b.label for b in at.button]
    at.button_group[0].set_value(2).run()
    press(at, "Raise it")
    assert one(at.query_params["moves"]) == "o36.a0.r2" and "Japan: your move" in html(at)
    own = sit(Seat(JAPAN.choice, "both", 0, True, decoded("o36.a0")))
    assert own.state.due.kind == "rung" and own.state.due.side == 0
    hit = sit(own.seat.after(Move("rung", 2)))
    assert hit.state.due.side == 1
    assert hit.state.tariffs[0] > own.state.tariffs[0]


def test_the_other_side_is_hidden_unless_asked_for():
    own = sit(JAPAN)
    assert "United States" not in worths(own, 36, 1, False) and "United States" in worths(own, 36, 1, True)
    assert "Worth to the United States" not in html(opened(seat_page))
    at = opened(seat_page, shown="1")
    assert "Worth to the United States" in html(at) and one(at.query_params["shown"]) == "1"


@pytest.mark.parametrize("talk", ["japan", "eu", "china"])
@pytest.mark.parametrize("side", ["partner", "demander", "both"])
def test_every_seat_of_every_talk_can_be_taken(talk, side):
    own = sit(Seat(Choice("april_2025", talk), side))
    assert own.state.due.side in own.seat.persons and own.names[own.side] in instructions(own)[0]
    end = sit(to_the_end(own.seat))
    assert end.end.story.deal == -1
    for person in own.seat.persons:
        begin, lines = headline(end, person)
        assert begin and len(lines) >= 2


@pytest.mark.parametrize("name", ["classroom", "escalation_china", "security_stick", "ratification_japan",
                                  "three_tables", "bluff"])  # fmt: skip
def test_every_experiment_has_a_seat(name):
    at = opened(seat_page, experiment=name)
    html(at)
    assert not at.error and "Let time run out" in [b.label for b in at.button]
    assert "No deal" in html(press(at, "Let time run out"))


def test_all_strategies_offered_can_play_against_a_person():
    data = uploaded("april_2025", "")
    names = opponents(data)
    assert {"boulware", "hardliner", "tit_for_tat"} <= set(names) and "rational" not in names
    for name in names:
        own = sit(replace(JAPAN, choice=Choice("april_2025", "japan", Settings(demander=name, information="complete"))))
        assert own.state.due is not None and own.opponent() == name


def test_the_other_plays_as_on_the_page_explore():
    """Two roads: who does what the configured strategy does lives the world that Explore plays."""
    from experiments.app.watching import watch

    world = next(w for w in range(1, 30) if watch(JAPAN.choice, w).story.deal >= 0)
    story = watch(JAPAN.choice, world).story
    moves = []
    for turn in range(len(story)):
        if story.speaker[turn] == 1:
            moves.append(Move("offer", int(story.row[turn])))
        elif story.row[turn] >= 0:
            moves.append(Move("answer", int(turn == story.accepted)))
    own = sit(replace(JAPAN, world=world, moves=tuple(moves)))
    assert own.end.story.deal == story.deal and own.end.final.tolist() == story.final.tolist()


def test_another_seat_opponent_or_world_begins_the_game_anew():
    at = opened(seat_page, moves="o-")
    box = {s.label: s for s in at.selectbox}
    box["United States plays"].select("hardliner").run()
    assert "moves" not in at.query_params and one(at.query_params["demander"]) == "hardliner"
    press(at, "Offer nothing")
    box = {s.label: s for s in at.selectbox}
    box["You play"].select("demander").run()
    assert one(at.query_params["seat"]) == "demander" and "moves" not in at.query_params
    assert "You are **United States**" in " ".join(m.value for m in at.markdown)
    at.number_input[0].set_value(7).run()
    assert one(at.query_params["world"]) == "7" and "partner" not in at.query_params
    next(t for t in at.toggle if "tariffs" in t.label).set_value(True).run()
    assert one(at.query_params["sticks"]) == "1"


def test_letting_time_run_out_refuses_everything():
    own = sit(to_the_end(JAPAN))
    assert own.end.story.ending == "deadline" and {m.value for m in own.seat.moves} == {-1, 0}


def test_the_draft_is_the_package_of_its_levels():
    own = sit(JAPAN)
    grid = own.agenda.grid
    for row in (0, 36, 613, len(grid) - 1):
        assert row_of(own.agenda, tuple(grid.index[row])) == row


def test_the_end_is_set_beside_theory_and_history():
    own = sit(DEAL)
    found = {row.look.label: row for row in rows(own)}
    yours = found["Your deal"]
    assert yours.worth == pytest.approx(tuple(own.state.packages[615]), abs=RATE)
    assert {"What history gave", "Subgame-perfect", "No deal (expected)"} <= set(found)
    record_ = own.end.history
    low, high = own.state.packages[record_.rows, 1].min(), own.state.packages[record_.rows, 1].max()
    assert low <= found["What history gave"].worth[1] <= high < yours.worth[1]
    assert beside_history(own, 1) == 1 and beside_history(own, 0) == -1
    assert "tariff 15 %" in found["What history gave"].terms and "pledge 550" in found["What history gave"].terms
    begin, _ = headline(own, 1)
    assert begin == "Better than Ishiba's government."
    screen = explore(JAPAN.choice)  # the page Explore speaks of average types: the same packages, other payoffs
    assert len(screen.meeting.u) == len(own.state.packages)


def test_charts_show_the_end_within_their_frame():
    own = sit(DEAL)
    data = space(own, -1, 400)["datasets"]
    corner = {k: np.array(data["corners"][k]) for k in "xy"}
    for name in ("points", "past", "offers"):
        for k in "xy":
            at = np.array(data[name][k])
            assert len(at) and (at >= corner[k][0]).all() and (at <= corner[k][1]).all()
    assert [t.as_py() for t in data["texts"]["text"]] == ["You", "History"]
    assert len(data["past"]) == len(own.end.history.rows)
    play = sit(DEAL.back())
    steps = ladder(play, 1, 36)["datasets"]
    assert steps["draft"]["y"][0].as_py() == pytest.approx(play.state.packages[36, 1])
    assert len(steps["offers"]) == len(play.state.said)


def test_rounds_are_told_in_the_class_table():
    row = record(sit(DEAL), 1, "Aiko")
    own = sit(DEAL)
    floor = own.end.floor[1]
    inside = own.state.packages[(own.state.packages >= own.end.floor).all(axis=1), 1]
    share = 100 * (own.end.final[1] - floor) / (inside.max() - floor)
    assert row["share_pct"] == pytest.approx(share, abs=0.1) and row["history"] == "better"
    assert (row["name"], row["side"], row["talk"], row["world"], row["against"]) == (
        "Aiko", "Japan", "japan", 0, "boulware")  # fmt: skip
    assert row["other_busd"] == pytest.approx(own.state.packages[615, 0], abs=1e-3)
    assert row["own_busd"] == pytest.approx(own.state.packages[615, 1], abs=1e-3) and row["moves"] == LINK
    read = list(csv.DictReader(io.StringIO(as_csv([row]))))
    assert set(read[0]) == set(COLUMNS) and read[0]["deal"] == row["deal"]


@pytest.mark.parametrize(
    "name",
    ["=HYPERLINK(1)", "＝1", "+1", "@x", "-2+3", "<script>alert(1)</script>", "a\nb", "a\u202eb\x00", "", "x" * 99],
)
def test_a_name_is_text_and_nothing_else(name):
    clean = named(name)
    assert 0 < len(clean) <= 40 and clean.isprintable()
    text = as_csv([record(sit(DEAL), 1, name)])
    cell = next(csv.reader(io.StringIO(text.split("\n", 1)[1])))[0]
    assert not cell.startswith(("=", "+", "-", "@", "＝")) and cell.lstrip("'") == clean.lstrip("'")
    at = opened(seat_page, moves=LINK)
    at.text_input[0].set_value(name[:40])
    press(at, "Put it there")
    assert "<script>" not in html(at) and at.dataframe[0].value["Name"][0] == safe(named(name[:40]))


def test_a_class_sees_all_rounds_and_a_teacher_clears_them():
    class_table().clear("")
    for name in ("Aiko", "Ben"):
        at = opened(seat_page, moves=LINK)
        at.text_input[0].set_value(name)
        press(at, "Put it there")
        press(at, "Put it there")
    assert [row["name"] for row in class_table().rows()] == ["Ben", "Aiko"]
    assert class_table().clear("") and class_table().rows() == []


def test_the_class_table_is_bounded_and_cleared_by_code_where_others_reach_it(monkeypatch):
    table = ClassTable()
    kept = [table.add({"n": k}, "one") for k in range(MOST_EACH + 1)]
    assert kept[-2:] == [True, False]
    for k in range(MOST + 5):
        table.add({"n": k}, str(k))
    assert len(table.rows()) == MOST
    monkeypatch.setattr(house, "_house", House(public=True))
    assert not table.clear("") and not table.clear("000000x") and len(table.rows()) == MOST
    assert table.clear(f" {table.code} ") and table.rows() == []


def test_the_headline_owns_up_to_a_deal_that_is_worse_than_none():
    start = sit(replace(JAPAN, moves=()))
    state = start.state
    low = state.no_deal[1]
    rows = np.flatnonzero(state.packages[:, 1] < low - 5)
    best = int(rows[np.argmax(state.packages[rows, 0])])
    moves, own = (), start
    while not own.state.over:
        due = own.state.due
        moves = (*moves, Move(due.kind, {"offer": best, "answer": 1}.get(due.kind, 0)))
        own = sit(replace(JAPAN, moves=moves))
    begin, _ = headline(own, 1)
    assert own.state.story.deal >= 0 and begin.endswith("worse than no deal.")
