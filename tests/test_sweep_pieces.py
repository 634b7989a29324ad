"""What is missing of a sweep, in which pieces it is played and how shards become one table: properties."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweep import fingerprint, missing, shards
from experiments.sweep.merge import Loader, Shape, Source, merge
from tests.house import reaches


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


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=8), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_offers_are_taken_in_whole_blocks(blocks, worlds):
    task = missing.Task(0, "cell", worlds, 13, offers=True)
    held = [(shards.Held("cell", f, n, 1000 * k, 7 * n), str(k)) for k, (f, n) in enumerate(blocks)]
    spans, gaps = missing.Ledger.cover(SimpleNamespace(blocks={"cell": held}), task)
    assert all((s.start, s.rows) == (1000 * int(s.shard), 7 * blocks[int(s.shard)][1]) for s in spans)
    tiles = sorted([blocks[int(s.shard)] for s in spans] + [(g.first, g.worlds) for g in gaps])
    assert [w for first, count in tiles for w in range(first, first + count)] == list(range(worlds))


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
@settings(max_examples=15, deadline=None)
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
