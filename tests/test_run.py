"""Run folders: whole or not at all, the same bytes twice, and what they hold."""

import errno
import json
import os

import pandas as pd
import pytest

from experiments import build as assembling
from experiments import run as running
from experiments.compose import load
from experiments.folder import RunFolder, data_sources, write_json
from experiments.messages import UserError
from experiments.options import Options

CLASSROOM = ("experiment=classroom", "worlds=30", "figures=false")
APRIL = ("worlds=40", "figures=false", "offers=true")
TABLES = {"talks.parquet", "rounds.parquet", "packages.parquet", "points.parquet"}
FILES = TABLES | {"summary.md", "manifest.json", "run.json"}
MANIFEST = ["config", "choices", "overrides", "seed", "worlds", "versions", "data", "trade_states_solved", "rows"]
CIRCUMSTANCES = {"started", "seconds", "host", "machine", "system", "command", "git"}


def run(place, *overrides):
    return running.run(load(overrides), Options(out=place))


def contents(folder):
    """Bytes of every file of a folder by its name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def april(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "april"
    assert run(place, *APRIL) == place
    return place


def test_a_run_leaves_its_tables_summary_and_manifest(april, tmp_path):
    assert set(contents(april)) == FILES | {"offers.parquet"}
    assert set(contents(run(tmp_path / "plain", *CLASSROOM))) == FILES
    assert list(april.parent.iterdir()) == [april]
    assert len(pd.read_parquet(april / "talks.parquet")) == 40 * 3


def test_two_runs_give_the_same_bytes_of_all_but_the_circumstances(april, tmp_path):
    again = contents(run(tmp_path / "again", *APRIL))
    once = contents(april)
    assert set(again) == set(once)
    assert [name for name in once if once[name] != again[name]] in ([], ["run.json"])


def test_chunks_leave_no_trace_in_any_file(april, tmp_path, monkeypatch):
    """Thirteen worlds at a time instead of all: the same tables, summary and manifest; offers the same rows."""
    monkeypatch.setattr(assembling, "CHUNK", 13)
    pieces, whole = contents(run(tmp_path / "pieces", *APRIL)), contents(april)
    assert {n for n in whole if whole[n] != pieces[n]} <= {"offers.parquet", "run.json"}
    rows = [pd.read_parquet(p / "offers.parquet") for p in (april, tmp_path / "pieces")]
    order = ["world", "talk", "round"]
    a, b = (r.astype({"talk": str, "speaker": str}).sort_values(order, ignore_index=True) for r in rows)
    pd.testing.assert_frame_equal(a, b)


def test_another_seed_is_another_sample(tmp_path):
    one, two = (run(tmp_path / s, "talks=us_japan", "worlds=30", "figures=false", f"seed={s}") for s in ("1", "2"))
    assert (one / "talks.parquet").read_bytes() != (two / "talks.parquet").read_bytes()
    assert (one / "packages.parquet").read_bytes() == (two / "packages.parquet").read_bytes()


def test_the_manifest_is_enough_to_run_again(april):
    manifest = json.loads((april / "manifest.json").read_text())
    assert list(manifest) == MANIFEST
    assert manifest["overrides"] == list(APRIL) and manifest["worlds"] == manifest["config"]["worlds"] == 40
    assert manifest["seed"] == 2025 and manifest["rows"] == {"talks": 120}
    assert manifest["trade_states_solved"] > 3
    assert {"python", "numpy", "sticks-and-carrots", "pyarrow"} <= set(manifest["versions"])
    names = [entry["file"] for entry in manifest["data"]]
    assert names == ["sim/data/flows_12.csv", "sim/data/regions_12.csv"]
    assert all(len(entry["sha256"]) == 64 for entry in manifest["data"])
    assert manifest["choices"]["talks"] == "us_three"
    assert set(manifest["config"]["countries"]) == {"USA", "JPN", "EU27", "CHN"}


def test_what_may_differ_is_in_run_json_alone(april):
    told = json.loads((april / "run.json").read_text())
    assert set(told) == CIRCUMSTANCES
    assert told["seconds"] > 0 and told["started"][:2] == "20"
    kept = (april / "manifest.json").read_text() + (april / "summary.md").read_text()
    assert told["host"] not in kept.split() and told["started"] not in kept and str(april) not in kept


def test_without_an_economy_there_are_no_data_files(tmp_path):
    place = run(tmp_path / "pie", *CLASSROOM)
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["data"] == [] and manifest["trade_states_solved"] == 0


def test_checksums_of_own_data_are_those_of_the_files(tmp_path):
    class Node:
        source, flows_csv, regions_csv = None, str(tmp_path / "f.csv"), str(tmp_path / "r.csv")

    class Config:
        economy = Node

    (tmp_path / "f.csv").write_bytes(b"abc")
    (tmp_path / "r.csv").write_bytes(b"")
    sums = [entry["sha256"] for entry in data_sources(Config)]
    assert sums[0] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert sums[1] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_summary_is_what_the_screen_showed(tmp_path, capsys):
    place = run(tmp_path / "pie", *CLASSROOM)
    assert (place / "summary.md").read_text() in capsys.readouterr().out + "\n"


@pytest.mark.parametrize("step", ["made", "play", "_write_tables", "summary", "versions", "circumstances"])
def test_an_error_in_the_middle_leaves_nothing_behind(step, tmp_path, monkeypatch):
    """Not the folder, not the work beside it, not the folders above it that were made for it."""

    def breaks(*args, **more):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(running, step, breaks)
    with pytest.raises(RuntimeError):
        run(tmp_path / "a" / "b" / "run", *CLASSROOM)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args, **more):
        raise OSError(errno.ENOSPC, "some library's words")

    monkeypatch.setattr(running, "_write_tables", full)
    with pytest.raises(UserError, match=r"cannot be written: No space left on device"):
        run(tmp_path / "a" / "run", *CLASSROOM)
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_place_is_that_place(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "far")
    run(tmp_path / "link", *CLASSROOM)
    assert (tmp_path / "far" / "talks.parquet").is_file() and (tmp_path / "link").is_symlink()


def test_an_error_leaves_folders_that_were_there(tmp_path, monkeypatch):
    (tmp_path / "a" / "run").mkdir(parents=True)
    monkeypatch.setattr(running, "play", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "a" / "run", *CLASSROOM)
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["run"]


def _used(place):
    place.mkdir()
    (place / "notes.txt").write_text("mine")


def _file(place):
    place.write_text("mine")


def _below_a_file(place):
    place.parent.joinpath("file").write_text("mine")
    return place.parent / "file" / "run"


def _too_long(place):
    return place.parent / ("x" * 300)


@pytest.mark.parametrize("occupy", [_used, _file, _below_a_file, _too_long])
def test_a_place_that_cannot_be_had_is_said_and_left_alone(occupy, tmp_path):
    place = occupy(tmp_path / "run") or tmp_path / "run"
    before = contents(tmp_path)
    with pytest.raises(UserError) as told:
        run(place, *CLASSROOM)
    assert "--out DIR" in str(told.value) and str(place)[:80] in str(told.value)
    assert contents(tmp_path) == before and not list(tmp_path.glob("*partial*"))


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_the_folder_one_stands_in_cannot_be_replaced(name, tmp_path, monkeypatch):
    inside = tmp_path / "empty"
    inside.mkdir()
    monkeypatch.chdir(inside)
    with pytest.raises(UserError, match="--out DIR"):
        RunFolder(name)
    assert list(tmp_path.iterdir()) == [inside]


def test_a_place_taken_while_the_run_was_going_on_is_left_alone(tmp_path):
    place = tmp_path / "run"
    with pytest.raises(UserError, match="already used"), RunFolder(place) as folder:
        _used(place)
        folder.finish()
    assert contents(tmp_path) == {"run/notes.txt": b"mine"} and os.listdir(tmp_path) == ["run"]


def test_an_empty_folder_and_new_parents_are_fine(tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "a" / "b"):
        with RunFolder(place) as folder:
            (folder.work / "x").write_text("1")
            assert folder.finish() == place
        assert contents(place) == {"x": b"1"}
    assert sorted(os.listdir(tmp_path)) == ["a", "empty"]


def test_json_is_the_same_bytes_and_refuses_what_is_not_a_number(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5, "ü"]})
    assert (tmp_path / "a.json").read_bytes() == '{\n  "b": 1,\n  "a": [\n    1.5,\n    "ü"\n  ]\n}\n'.encode()
    with pytest.raises(ValueError):
        write_json(tmp_path / "b.json", {"a": float("nan")})
