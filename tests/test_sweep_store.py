"""One result of a sweep: the rows are those of the cells' own runs, and how they came about leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.build import build
from experiments.messages import UserError
from experiments.sweep import backends, fingerprint, lock, missing, outcome, shards, store, work
from experiments.sweep.merge import Loader, Shape, Source, merge
from sim.results import offers_table, talks_table
from tests.house import reaches
from tests.sweep_plans import PIE, SIZE, plan, tables

WORLDS = 40
BASE = (*PIE, f"worlds={WORLDS}")
COSTS = [0.0, 5.0, 10.0]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A plan of six cells."""
    return plan(tmp_path_factory.mktemp("plans") / "small", {"seed": [1, 2], SIZE: COSTS}, BASE)


@pytest.fixture(scope="module")
def fresh(small):
    """The folder of that plan, run in one go."""
    return store.run_sweep(small, silent=True)


@pytest.fixture
def played(monkeypatch):
    """What is played from here on: worlds by (cell key, world)."""
    found = Counter()

    def counted(blocks):
        for block in blocks:
            found.update((block.cell.key, world) for world in range(block.first, block.first + block.worlds))
        return work.play_blocks_naive(blocks)

    monkeypatch.setattr(backends, "play_blocks", counted)
    return found


def part_of(whole, keep, place, *, worlds=None):
    """The plan of those cells of another for which `keep(cell)`, perhaps with other worlds."""
    cells = [replace(cell, number=n) for n, cell in enumerate(cell for cell in whole.cells if keep(cell))]
    if worlds is not None:
        cells = [replace(c, config=c.config.model_copy(update={"worlds": worlds})) for c in cells]
    return replace(whole, cells=cells, place=place)


def test_rows_are_those_of_each_cells_own_run(small, fresh):
    found = pd.read_parquet(fresh / "talks-00000.parquet")
    assert found["cell"].tolist() == np.repeat(np.arange(6), WORLDS).tolist()
    for cell in small.cells:
        own = talks_table(build(cell.config).play(0, WORLDS)).to_pandas()
        rows = found[found["cell"] == cell.number].reset_index(drop=True)
        assert (rows[list(cell.values)] == list(cell.values.values())).all(axis=None)
        pd.testing.assert_frame_equal(rows[own.columns], own, check_categorical=False, check_exact=True)


def test_columns_are_those_of_the_talks_table(fresh):
    schema = pq.read_schema(fresh / "talks-00000.parquet")
    assert schema.names[:3] == ["cell", "seed", SIZE]
    assert schema.names[3:] == work.in_order([*work.FIELDS, "share_busd"])


def test_fields_are_the_types_of_the_talks_table(small):
    table = talks_table(build(small.cells[0].config).play(0, 2))
    assert {f.name: f.type for f in table.schema if f.name != "share_busd"} == {
        name: field.type for name, field in work.FIELDS.items()
    }


@pytest.mark.parametrize("rows", [7, 64, 1000])
def test_size_of_pieces_leaves_no_trace(small, fresh, rows, tmp_path):
    store.run_sweep(replace(small, place=tmp_path / "s"), silent=True, rows=rows)
    assert tables(tmp_path / "s") == tables(fresh)


def test_the_same_command_again_plays_nothing(small, fresh, played):
    before = tables(fresh)
    store.run_sweep(small, silent=True)
    assert not played and tables(fresh) == before


@pytest.mark.parametrize("first", [lambda c: c.values[SIZE] == 5.0, lambda c: c.values["seed"] == 2])
def test_more_values_play_only_the_new_cells_and_equal_a_fresh_sweep(small, fresh, first, played, tmp_path):
    store.run_sweep(part_of(small, first, tmp_path / "s"), silent=True)
    store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)
    assert tables(tmp_path / "s") == tables(fresh)
    assert len(played) == 6 * WORLDS and set(played.values()) == {1}


def test_more_worlds_play_only_the_new_worlds_and_equal_a_fresh_sweep(small, fresh, played, tmp_path):
    for worlds in (9, 25):
        store.run_sweep(part_of(small, lambda c: True, tmp_path / "s", worlds=worlds), silent=True, rows=16)
    store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)
    assert tables(tmp_path / "s") == tables(fresh)
    assert len(played) == 6 * WORLDS and set(played.values()) == {1}


def test_cells_that_differ_in_worlds_alone_share_them(small, played, tmp_path):
    cell = small.cells[0]
    few = replace(cell, number=0, config=cell.config.model_copy(update={"worlds": 5}))
    store.run_sweep(replace(small, cells=[few, replace(cell, number=1)], place=tmp_path / "s"), silent=True)
    found = pd.read_parquet(tmp_path / "s" / "talks-00000.parquet")
    assert found.groupby("cell").size().tolist() == [5, WORLDS] and sum(played.values()) == WORLDS
    assert found.loc[:4, "package":].equals(found.loc[5:9, "package":].reset_index(drop=True))


def _cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("ending", [shards.ROWS, shards.SIDECAR])
@pytest.mark.parametrize("harm", [_cut_short, _flip, lambda path: path.unlink()])
def test_a_damaged_file_is_played_again(small, fresh, ending, harm, played, tmp_path):
    one = replace(small, place=tmp_path / "s")
    store.run_sweep(one, silent=True, rows=2 * WORLDS)
    assert tables(one.place) == tables(fresh)
    played.clear()
    harm(sorted((one.place / "work").glob(f"*{ending}"))[1])
    store.run_sweep(one, silent=True)
    assert len(played) == 2 * WORLDS and tables(one.place) == tables(fresh)


def test_what_was_left_half_written_is_cleared_away(small, tmp_path):
    one = replace(small, place=tmp_path / "s")
    store.run_sweep(one, silent=True)
    litter = [one.place / "work" / name for name in (f"{'a' * 32}.arrow.1.b{shards.ASIDE}", f"{'b' * 32}.arrow")]
    for path in litter:
        path.write_bytes(b"half")
    store.run_sweep(one, silent=True)
    assert not any(path.exists() for path in litter)


def test_changed_code_plays_everything_again_and_keeps_nothing_old(small, played, monkeypatch, tmp_path):
    one = replace(small, place=tmp_path / "s")
    store.run_sweep(one, silent=True)
    monkeypatch.setattr(store, "code_fingerprint", lambda plugins: "other")
    store.run_sweep(one, silent=True)
    assert set(played.values()) == {2}
    assert sum(1 for _ in (one.place / "work").glob("*.arrow")) == 1


def test_everything_that_decides_rows_counts_as_code():
    covered = {path for _, root, files in fingerprint._sources(None) for path in files}
    playing = {name for name in reaches("experiments.sweep.work") if not name.startswith("experiments.sweep.cells")}
    paths = {fingerprint.HOUSE.joinpath(*name.split(".")).with_suffix(".py") for name in playing}
    assert {p for p in paths if p.is_file()} - covered - _only_typed() == set()


def _only_typed() -> set:
    """Modules that work.py and its like import for the sake of type checkers, and what only those reach."""
    typed = reaches("experiments.sweep.cells") | {"experiments.sweep.cells"}
    return {fingerprint.HOUSE.joinpath(*name.split(".")).with_suffix(".py") for name in typed}


def test_plug_ins_and_their_changes_count_as_code(tmp_path):
    (tmp_path / "mine.py").write_text("x = 1\n", encoding="utf-8")
    one = fingerprint.code_fingerprint(tmp_path)
    assert fingerprint.code_fingerprint(tmp_path) == one != fingerprint.code_fingerprint(None)
    (tmp_path / "mine.py").write_text("x = 2\n", encoding="utf-8")
    assert fingerprint.code_fingerprint(tmp_path) != one


def test_changed_data_files_change_identities(tmp_path):
    names = [tmp_path / "flows.csv", tmp_path / "regions.csv"]
    for path in names:
        path.write_text("a\n", encoding="utf-8")
    economy = SimpleNamespace(source=None, flows_csv=str(names[0]), regions_csv=str(names[1]))
    config = SimpleNamespace(economy=economy)
    one = fingerprint.Identities("code").of("key", config)
    assert fingerprint.Identities("code").of("key", config) == one
    names[1].write_text("b\n", encoding="utf-8")
    assert fingerprint.Identities("code").of("key", config) != one


def test_the_manifest_says_what_the_result_rests_on(small, fresh):
    found = json.loads((fresh / "manifest.json").read_text(encoding="utf-8"))
    assert [axis["values"] for axis in found["axes"]] == [[1, 2], COSTS]
    assert (found["worlds"], found["cells"], found["failed"], found["rows"]) == (WORLDS, 6, 0, {"talks": 6 * WORLDS})
    assert found["code"] == fingerprint.code_fingerprint() and found["versions"]["numpy"] == np.__version__
    assert "sweep" not in found["config"] and "talks-00000.parquet" in found["files"]
    assert found["choices"]["talks"] == "pie" and "host" not in found
    assert json.loads((fresh / "run.json").read_text(encoding="utf-8"))["worlds_played"] in (0, 6 * WORLDS)
    cells = pd.read_parquet(fresh / "cells.parquet")
    assert list(cells) == ["cell", "key", "seed", SIZE, "status"] and (cells["status"] == "done").all()
    assert cells["key"].tolist() == [cell.key for cell in small.cells]


def test_opens_in_one_line(fresh, small):
    import duckdb
    import polars

    own = pd.concat(map(pd.read_parquet, sorted(fresh.glob("talks-*.parquet"))))
    assert len(own) == 6 * WORLDS
    assert polars.read_parquet(fresh / "talks-*.parquet")["deal"].sum() == own["deal"].sum()
    assert duckdb.sql(f"select sum(deal::int) from '{fresh}/talks-*.parquet'").fetchall()[0][0] == own["deal"].sum()
    assert duckdb.sql(f"select count(*) from '{fresh}/failures.csv'").fetchall()[0][0] == 0


def test_cells_with_other_issues_share_a_table(small, tmp_path):
    other = plan(tmp_path / "o", {"seed": [1]}, ("economy=five", "talks=us_japan", "worlds=3", "figures=false"))
    cells = [small.cells[0], replace(other.cells[0], number=1)]
    mixed = replace(small, cells=cells, place=tmp_path / "s")
    found = pd.read_parquet(store.run_sweep(mixed, silent=True) / "talks-00000.parquet")
    grids = build(other.cells[0].config).stakes[0].agenda.grid
    issues = ["share_busd", *(issue.column for issue in grids.issues)]
    assert [name for name in found if name not in work.FIELDS][3:] == issues
    assert found.loc[found["cell"] == 0, issues[1:]].isna().all(axis=None)
    assert found.loc[found["cell"] == 1, "share_busd"].isna().all()
    assert list(found["partner"].cat.categories) == sorted(found["partner"].cat.categories)


def test_offers_on_request_are_those_of_each_cells_own_run(tmp_path):
    asked = (*PIE, "worlds=30", "offers=true")
    made = plan(tmp_path / "s", {"seed": [1, 2]}, asked)
    store.run_sweep(part_of(made, lambda c: c.number == 1, tmp_path / "w", worlds=12), silent=True, rows=70)
    place = store.run_sweep(made, silent=True)
    found = pd.read_parquet(place / "offers-00000.parquet")
    for cell in made.cells:
        own = offers_table(build(cell.config).play(0, 30)).to_pandas()
        rows = found[found["cell"] == cell.number].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows[own.columns], own, check_categorical=False)
    store.run_sweep(replace(made, place=tmp_path / "w"), silent=True)
    assert tables(tmp_path / "w") == tables(place)
    assert json.loads((place / "manifest.json").read_text(encoding="utf-8"))["rows"]["offers"] == len(found)
    cells = [replace(c, config=c.config.model_copy(update={"offers": False})) for c in made.cells]
    with pytest.raises(UserError, match="would drop: offers"):
        store.run_sweep(replace(made, cells=cells), silent=True)


def test_offers_of_several_talks_stand_world_by_world(tmp_path):
    made = plan(tmp_path / "s", {"seed": [1]}, ("talks=us_three", "worlds=4", "offers=true", "figures=false"))
    found = pd.read_parquet(store.run_sweep(made, silent=True) / "offers-00000.parquet")
    own = offers_table(build(made.cells[0].config).play(0, 4)).to_pandas()
    assert found["world"].is_monotonic_increasing and found.loc[found["world"] == 0, "talk"].nunique() == 3
    key = ["talk", "world", "round"]
    left, right = (f[own.columns].astype({"talk": str, "speaker": str}).sort_values(key) for f in (found, own))
    pd.testing.assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True))


BAD = '''
from pydantic.dataclasses import dataclass
from agents.strategies.hardliner import Hardliner

@dataclass(frozen=True)
class Flawed(Hardliner):
    """Firm, and broken above a price."""
    break_at: float = 0.5

    def target(self, view):
        if self.break_at > {limit}:
            raise RuntimeError("no more")
        return super().target(view)
'''


@pytest.fixture
def flawed(tmp_path):
    """A plan of three cells with a strategy of the user's; the last fails."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "flawed.py").write_text(BAD.format(limit=0.8), encoding="utf-8")
    (folder / "strategy").mkdir()
    target = "countries.A.strategy._target_=flawed.Flawed"
    values = {"countries.A.strategy.break_at": [0.1, 0.5, 0.9]}
    base = (*BASE, "strategy@countries.A.strategy=hardliner", target, "+countries.A.strategy.break_at=0")
    yield plan(tmp_path / "s", values, base, plugins=folder)
    import sys

    sys.modules.pop("flawed", None)


def test_a_cell_that_fails_is_listed_and_the_others_complete(flawed):
    place = store.run_sweep(flawed, silent=True)
    assert pd.read_parquet(place / "cells.parquet")["status"].tolist() == ["done", "done", "failed"]
    found = pd.read_csv(place / "failures.csv")
    assert found["cell"].tolist() == [2] and found["countries.A.strategy.break_at"].tolist() == [0.9]
    assert "no more" in found["error"][0]
    assert pd.read_parquet(place / "failures.parquet")["error"].tolist() == found["error"].tolist()
    assert set(pd.read_parquet(place / "talks-00000.parquet")["cell"]) == {0, 1}
    before = tables(place)
    store.run_sweep(flawed, silent=True, rows=10)
    assert tables(place) == before


def test_a_sweep_can_stop_at_the_first_failure(flawed):
    stop = replace(flawed, settings=flawed.settings.model_copy(update={"on_error": "stop"}))
    with pytest.raises(UserError, match=r"cell 2 \(countries.A.strategy.break_at=0.9\) failed: (?s:.*)no more"):
        store.run_sweep(stop, silent=True, rows=WORLDS)
    assert not (stop.place / "manifest.json").exists()
    place = store.run_sweep(flawed, silent=True)
    assert pd.read_parquet(place / "cells.parquet")["status"].tolist() == ["done", "done", "failed"]


def test_a_sweep_whose_every_cell_fails_has_no_talks(flawed):
    place = store.run_sweep(part_of(flawed, lambda c: c.number == 2, flawed.place), silent=True)
    assert not list(place.glob("talks-*")) and len(pd.read_csv(place / "failures.csv")) == 1
    assert json.loads((place / "manifest.json").read_text(encoding="utf-8"))["rows"] == {"talks": 0}


def test_a_full_disk_is_told_and_nothing_finished_is_lost(small, fresh, monkeypatch, tmp_path, played):
    one = replace(small, place=tmp_path / "s")
    real = shards._put

    def full(path, content):
        if len(played) > 3 * WORLDS:
            raise OSError(28, "No space left on device")
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_put", full)
        with pytest.raises(UserError, match="No space left on device") as told:
            store.run_sweep(one, silent=True, rows=WORLDS)
    assert "the same command goes on" in str(told.value)
    store.run_sweep(one, silent=True)
    assert tables(one.place) == tables(fresh)
    assert len(played) == 6 * WORLDS and sum(played.values()) == 7 * WORLDS  # only the piece that could not be kept


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


@pytest.mark.parametrize("who", [{"pid": GONE}, {"pid": os.getpid(), "born": "an earlier process of this number"}])
def test_the_lock_of_a_dead_process_is_taken_over(small, fresh, who, tmp_path, capsys):
    path = _held_by(tmp_path / "s", **who)
    store.run_sweep(replace(small, place=tmp_path / "s"), silent=False)
    assert f"taken over from process {who['pid']}" in capsys.readouterr().err
    assert not path.exists() and tables(tmp_path / "s") == tables(fresh)


def test_a_lock_that_cannot_be_read_names_its_file(small, tmp_path):
    path = _held_by(tmp_path / "s")
    path.write_text("{")
    with pytest.raises(UserError, match=r"lock\.json"):
        store.run_sweep(replace(small, place=tmp_path / "s"), silent=True)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=6), st.integers(1, 40), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_held_blocks_and_gaps_make_up_the_worlds(blocks, worlds, talks):
    task = missing.Task(0, "cell", worlds, talks)
    held = [(shards.Held("cell", f, n, 1000 * k, n * talks), str(k)) for k, (f, n) in enumerate(blocks)]
    ledger = SimpleNamespace(blocks={"cell": held})
    spans, gaps = missing.Ledger.cover(ledger, task)
    covered = []
    for span in spans:
        first, _ = blocks[int(span.shard)]
        rows = span.start - 1000 * int(span.shard) + np.arange(span.rows)
        assert rows[0] >= 0 and rows[-1] < blocks[int(span.shard)][1] * talks
        covered += (first * talks + rows).tolist()
    there = {w for f, n in blocks for w in range(f, min(f + n, worlds))}
    assert covered == [w * talks + k for w in sorted(there) for k in range(talks)]
    assert [w for g in gaps for w in range(g.first, g.first + g.worlds)] == sorted(set(range(worlds)) - there)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 50), st.integers(1, 3)), max_size=12), st.integers(1, 40),
       st.sampled_from([1, 2, 5]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_pieces_hold_every_world_once_and_are_not_too_large(found, rows, workers):
    gaps = [missing.Gap(missing.Task(k, str(k), f + n, t), f, n) for k, (f, n, t) in enumerate(found)]
    made = list(missing.pieces(gaps, rows, workers))
    worlds = lambda gaps: [(g.task.cell, w) for g in gaps for w in range(g.first, g.first + g.worlds)]  # noqa: E731
    assert [w for piece in made for w in worlds(piece)] == worlds(gaps)
    for piece in made:
        assert len(piece) == 1 or sum(g.worlds * g.task.size for g in piece) <= rows


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_merging_puts_spans_side_by_side_whatever_shard_they_stand_in(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("merge")
    sizes = data.draw(st.lists(st.integers(1, 40_000), min_size=1, max_size=3))
    names, content = [], []
    for number, size in enumerate(sizes):
        values = 1000 * number + np.arange(size) % 997
        words = pa.array(np.where(values % 2 == 0, f"even{number}", "odd"))
        table = pa.table({"x": values, "word": words.dictionary_encode()})
        names.append(shards.write(folder, table, [shards.Held(str(number), 0, size, 0, size)]).name)
        content.append((values, words.to_numpy(zero_copy_only=False)))
    spans = [
        (n, start, data.draw(st.integers(1, min(sizes[n] - start, 20_000))))
        for n in data.draw(st.lists(st.integers(0, len(sizes) - 1), min_size=1, max_size=12))
        for start in [data.draw(st.integers(0, sizes[n] - 1))]
    ]
    columns = [np.array(part, dtype=np.int64) for part in zip(*spans)]
    words = {"word": ("even0", "even1", "even2", "odd")}
    fields = [
        pa.field("word", pa.dictionary(pa.int32(), pa.string())),
        pa.field("x", pa.int64()),
        pa.field("y", pa.int8()),
    ]
    shape = Shape({"cell": pa.array(range(len(spans)))}, fields, words)
    source = Source(folder, names, np.arange(len(spans)), *columns)
    merge(source, shape, folder, "t", lambda rows: None)
    found = pq.read_table(sorted(folder.glob("t-*.parquet"))).to_pandas()
    assert found["x"].tolist() == [v for n, s, r in spans for v in content[n][0][s : s + r]]
    assert found["word"].tolist() == [v for n, s, r in spans for v in content[n][1][s : s + r]]
    assert found["cell"].tolist() == np.repeat(np.arange(len(spans)), columns[2]).tolist()
    assert found["y"].isna().all()


def test_a_swept_key_named_like_a_column_is_refused(small):
    bad = replace(small, columns=("world", SIZE))
    tasks = [missing.Task(cell.number, "", 1, 1) for cell in bad.cells]
    with pytest.raises(UserError, match="'world' cannot be swept"):
        outcome.Outcome(bad, bad.cells, tasks, {}).talks()


def test_few_batches_are_held_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.sweep.merge.KEPT", 2)
    size = 5 * shards.BATCH
    table = pa.table({"x": np.arange(size)})
    shard = shards.write(tmp_path, table, [shards.Held("a", 0, size, 0, size)])
    one = np.array([0])
    loader = Loader(Source(tmp_path, [shard.name], one, one, one, one), Shape({}, [pa.field("x", pa.int64())], {}))
    rows = np.arange(size)[::-1]
    assert loader.rows(np.zeros(size, np.int64), rows).column("x").to_numpy().tolist() == rows.tolist()
    assert len(loader.batches) == 2


def test_one_worker_takes_larger_pieces_while_they_are_quick(monkeypatch):
    clock = iter(np.arange(0, 1e6, 0.5))  # each look at the clock half a second after the last
    monkeypatch.setattr(missing.time, "monotonic", lambda: next(clock))
    gaps = [missing.Gap(missing.Task(k, str(k), 1, 1), 0, 1) for k in range(1000)]
    sizes = [len(piece) for piece in missing.pieces(gaps, 10**6, 1)]
    assert sizes == [64, 128, 256, 512, 40]
    clock = iter(np.arange(0, 1e6, 5.0))
    assert [len(piece) for piece in missing.pieces(gaps[:130], 10**6, 1)] == [64, 32, 16, 8, 4, 2, 1, 1, 1, 1]
