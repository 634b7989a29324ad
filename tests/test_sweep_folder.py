"""A sweep's folder: whose it is, what is kept in it, who holds it."""

# ruff: noqa: F811
from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import replace

import pytest

from experiments.messages import UserError
from experiments.sweep import lock, missing, outcome, store
from tests.sweep_plans import SIZE, tables
from tests.test_sweep_store import WORLDS, flawed, fresh, part_of, played, small  # noqa: F401


@pytest.mark.parametrize(
    "make", [lambda p: p.write_text("x"), lambda p: (p.mkdir(), (p / "notes.txt").write_text("x"))]
)
def test_a_folder_of_something_else_is_left_alone(small, make, tmp_path):
    make(tmp_path / "s")
    with pytest.raises(UserError, match="--out DIR; nothing was written"):
        store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)
    assert not (tmp_path / "s" / "work" / store.SIGN).exists()


def test_finished_work_may_be_removed(small, fresh, tmp_path, played):
    place = store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)
    shutil.rmtree(place / "work")
    played.clear()
    assert tables(store.run_sweep(replace(small, place=place), silent=True)) == tables(fresh)
    assert len(played) == 6 * WORLDS


def test_results_are_not_dropped_in_silence(small, fresh):
    before = tables(fresh)
    with pytest.raises(UserError, match=r"drop: 3 of 6 cells"):
        store.run_sweep(part_of(small, lambda c: c.values["seed"] == 1, fresh), silent=True)
    with pytest.raises(UserError, match=r"drop: some of 40 worlds"):
        store.run_sweep(part_of(small, lambda c: True, fresh, worlds=10), silent=True)
    assert tables(fresh) == before


@pytest.mark.parametrize("name", [outcome.MANIFEST, outcome.CELLS])
@pytest.mark.parametrize("harm", [b"", b"[]", b"\xff{", b'{"kind": "sweep"}'])
def test_a_finished_sweep_with_a_damaged_table_is_made_again(small, fresh, name, harm, played, tmp_path, capsys):
    place = shutil.copytree(fresh, tmp_path / "s")
    (place / name).write_bytes(harm)
    store.run_sweep(replace(small, place=place), silent=False)
    assert "is damaged" in capsys.readouterr().err
    assert tables(place) == tables(fresh) and not played


def test_tables_that_a_sweep_does_not_make_are_not_left_from_an_earlier_one(small, fresh, tmp_path):
    place = shutil.copytree(fresh, tmp_path / "s")
    (place / "theory.parquet").write_bytes(b"of the cells there were when figures=true")
    assert tables(store.run_sweep(replace(small, place=place), silent=True)) == tables(fresh)


def _held_by(place, **who):
    (place / "work").mkdir(parents=True, exist_ok=True)
    (place / "work" / store.SIGN).write_text(store.SAYS)
    path = place / "work" / lock.NAME
    path.write_text(json.dumps({"started": "2026-01-01T00:00:00+00:00", "host": socket.gethostname()} | who))
    return path


GONE = 2**22 + 1  # above any process number Linux gives out


@pytest.mark.parametrize(
    "who, told",
    [
        ({"pid": os.getpid(), "born": lock.born(os.getpid())}, "on this machine"),
        ({"pid": GONE, "host": "another"}, "on another"),
        ({"pid": os.getppid()}, "on this machine"),
    ],
)
def test_two_sweeps_into_one_folder_refuse(small, who, told, tmp_path):
    path = _held_by(tmp_path / "s", **who)
    with pytest.raises(UserError, match=told) as error:
        store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)
    assert str(who["pid"]) in str(error.value) and "--out DIR" in str(error.value)
    assert json.loads(path.read_text())["pid"] == who["pid"]


@pytest.mark.parametrize(
    "who", [{"pid": GONE}, {"pid": 10**30}, {"pid": os.getpid(), "born": "an earlier process of this number"}]
)
def test_the_lock_of_a_dead_process_is_taken_over(small, fresh, who, tmp_path, capsys):
    path = _held_by(tmp_path / "s", **who)
    store.run_sweep(replace(small, place=tmp_path / "s"), silent=False)
    assert f"taken over from process {who['pid']}" in capsys.readouterr().err
    assert not path.exists() and tables(tmp_path / "s") == tables(fresh)


@pytest.mark.parametrize("text", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_lock_that_cannot_be_read_names_its_file(small, text, tmp_path):
    path = _held_by(tmp_path / "s")
    path.write_bytes(text)
    with pytest.raises(UserError, match=r"lock\.json"):
        store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)


def test_a_swept_key_named_like_a_column_is_refused(small):
    bad = replace(small, columns=("world", SIZE))
    tasks = [missing.Task(cell.number, "", 1, 1) for cell in bad.cells]
    with pytest.raises(UserError, match="'world' cannot be swept"):
        outcome.Outcome(bad, bad.cells, tasks, {}).talks()


def test_unfinished_work_of_another_sweep_is_not_dropped(small, fresh, monkeypatch, tmp_path, played):
    one = replace(small, place=tmp_path / "s")

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.Run, "_finish", cut)
        with pytest.raises(KeyboardInterrupt):
            store.run_sweep(one, silent=True)
    other = part_of(small, lambda c: c.values["seed"] == 1, one.place)
    with pytest.raises(UserError, match="unfinished work of another sweep: 3 of 6 cells"):
        store.run_sweep(other, silent=True)
    played.clear()
    assert tables(store.run_sweep(one, silent=True)) == tables(fresh) and not played
