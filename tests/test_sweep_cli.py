"""`bargain run -m`, sweep files and dry runs from the command line: what runs, what is refused before anything is."""

import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from experiments import cli
from experiments.compose import CONFIGS, load
from experiments.menu import first_comment
from experiments.options import Options
from experiments.sweep import dry_run
from experiments.sweep.planning import Asked, plan

PIE = ["experiment=classroom", "worlds=5", "figures=false", "hydra/job_logging=none"]
SWEEPS = sorted(path.stem for path in (CONFIGS / "sweep").glob("*.yaml"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bargain(*words):
    return cli.main(list(words))


def talks_of(folder) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in sorted(Path(folder).glob("talks-*.parquet"))])


def test_a_sweep_is_one_table_with_its_parameters(here):
    assert bargain("run", "-m", *PIE, "protocol.rounds=1,3", "seed=1,2,3", "--out", "s") == 0
    table = talks_of("s")
    assert len(table) == 6 * 5
    assert table.groupby("cell")[["protocol.rounds", "seed"]].first().to_numpy().tolist() == [
        [rounds, seed] for rounds in (1, 3) for seed in (1, 2, 3)
    ]
    assert [p.name for p in here.iterdir()] == ["s"]


def test_the_rows_of_a_cell_are_those_of_the_single_run(here):
    assert bargain("-m", *PIE, "protocol.rounds=2,4", "countries.A.weights.pledge=1,2", "--out", "s") == 0
    table = talks_of("s")
    for cell, rows in table.groupby("cell"):
        rounds, weight = rows[["protocol.rounds", "countries.A.weights.pledge"]].iloc[0]
        alone = [*PIE, f"protocol.rounds={rounds:.0f}", f"countries.A.weights.pledge={weight}", "--out", f"r{cell}"]
        assert bargain(*alone) == 0
        single = pd.read_parquet(f"r{cell}/talks.parquet")
        _same(single, rows)


def _same(single: pd.DataFrame, rows: pd.DataFrame) -> None:
    for column in single.columns:
        assert single[column].astype(str).tolist() == rows[column].astype(str).tolist(), column


@pytest.mark.parametrize("words", [
    ["-m", "protocol.rounds=1,0"],
    ["-m", "countries.A.strategy.exponent=1,2,-1", "seed=1,2,3"],
    ["-m", "strategy@countries.A.strategy=linear,hardlinr"],
    ["-m", "wrlds=1,2"],
    ["-m", "seed=1,2", "hydra/sweeper=optuna"],
    ["-m", "seed=1,2", "hydra/launcher=nope"],
    ["-m", "seed=1,0.5", "hydra/sweeper=basic"],
    ["-m", "seed=1,2", "hydra.sweep.dir=elsewhere"],
    ["-m", "seed=1,2", "hydra.launcher._target_=os.system"],
    ["seed=1,2"],
    ["seed=1", "hydra/launcher=basic"],
    ["design={kind: sobol, points: 3, ranges: {seed: [1, 9]}}"],
    ["-m", "hydra/sweeper=basic", "design={kind: zip, values: {seed: [1, 9]}}"],
], ids=" ".join)  # fmt: skip
def test_a_mistake_stops_before_anything_is_written(here, capsys, words):
    assert bargain("run", *PIE, *words) == 2
    streams = capsys.readouterr()
    assert streams.out == "" and 1 <= len(streams.err.splitlines()) <= 6
    assert list(here.iterdir()) == []


def test_what_is_told_of_several_values_without_m(here, capsys):
    assert bargain("worlds=10,20") == 2
    assert "a comma lists the values of a sweep" in capsys.readouterr().err
    assert bargain("worlds=10,20,30") == 2
    assert "several values are a sweep, which needs -m" in capsys.readouterr().err


def test_an_option_that_does_not_exist_is_told_with_those_that_do(here, capsys):
    assert bargain("-m", *PIE, "seed=1,2", "hydra/launcher=nope") == 2
    told = capsys.readouterr().err
    assert "nope" in told and "Options of hydra/launcher: bargain, basic" in told
    assert bargain("-m", *PIE, "seed=1,2", "hydra/sweeper=basik") == 2
    assert "hydra/sweeper: no option 'basik'; did you mean 'basic'?" in capsys.readouterr().err


def test_a_used_folder_that_is_no_sweeps_is_refused(here, capsys):
    (here / "s").mkdir()
    (here / "s" / "thesis.txt").write_text("mine", encoding="utf-8")
    assert bargain("-m", *PIE, "seed=1,2", "--out", "s") == 2
    assert "sweep folder 's'" in capsys.readouterr().err
    assert [p.name for p in (here / "s").iterdir()] == ["thesis.txt"]


def test_a_sweep_goes_on_and_is_widened_in_its_folder(here):
    assert bargain("-m", *PIE, "seed=1,2", "--out", "s") == 0
    assert bargain("-m", *PIE, "seed=1,2,3", "--out", "s") == 0
    assert bargain("-m", *PIE, "seed=1,2,3", "--out", "fresh") == 0
    assert talks_of("s").equals(talks_of("fresh")) and talks_of("s")["cell"].nunique() == 3


@pytest.mark.parametrize("name", SWEEPS)
def test_shipped_sweeps_are_plans_of_the_size_they_say(name):
    asked = Asked(Options(overrides=(f"sweep={name}",)))
    assert asked.is_sweep
    made = plan(asked.options, asked=asked)
    said = re.search(r"\((\d+) cells\)", first_comment(CONFIGS / "sweep" / f"{name}.yaml"))
    assert len(made.cells) == int(said.group(1))
    assert made.notes == () and made.base.config.title and made.base.config.question
    assert str(made.place).startswith("outputs") and str(made.place).endswith("-sweep")


def test_an_experiment_may_carry_its_sweep():
    asked = Asked(Options(overrides=("experiment=bluff",)))
    made = plan(asked.options, asked=asked)
    assert asked.is_sweep and len(made.cells) == 36
    assert load(["experiment=bluff"]).config.title == made.base.config.title  # and is a single run to check
    narrow = plan(Options(overrides=("experiment=bluff", "talks.japan.stick.belief_pct=60")))
    assert len(narrow.cells) == 6 and {c.config.talks["japan"].stick.belief_pct for c in narrow.cells} == {60.0}


def test_a_dry_run_says_what_it_would_be_and_writes_nothing(here, capsys):
    assert bargain("sweep=threat_patience", "worlds=50", "dry_run=true") == 0
    told = capsys.readouterr().out
    assert re.search(r"cells +91 = 13 x 7: talks\.japan\.stick\.threat_pct x countries\.JPN", told)
    assert re.search(r"worlds +4,550 = 91 x 50\n +rows +4,550", told)
    assert re.search(r"time +about \d+ s on one core, from 16 cells", told) and re.search(r"disk +about \d", told)
    assert bargain(*PIE, "dry_run=true") == 0
    assert re.search(r"cells +1\n +worlds +5 = 1 x 5\n", capsys.readouterr().out)
    assert list(here.iterdir()) == []


def test_a_dry_run_names_cells_that_fail():
    words = ("talks=us_japan", "worlds=3", "strategy@countries.JPN.strategy=linear,zeuthen", "information=complete")
    told = dry_run.report(plan(Options(overrides=words, multirun=True)))
    assert re.search(r"1 of the 2 cells tried failed: .*MonotonicConcession", told)


@pytest.mark.parametrize(("cells", "worlds"), [(1, 1), (3, 7), (40, 200), (2000, 5000)])
def test_the_estimate_is_exact_where_time_is_linear(monkeypatch, cells, worlds):
    """With a clock that only moves by 2 s a cell and 0.001 s a world, the estimate is the sum over all of them."""
    clock = [0.0]

    def play(blocks):
        clock[0] += sum(2.0 + 0.001 * block.worlds for block in blocks)
        return pa.table({"world": list(range(sum(block.worlds for block in blocks)))}), [], {}

    monkeypatch.setattr(dry_run, "play_blocks", play)
    monkeypatch.setattr(dry_run.time, "perf_counter", lambda: clock[0])
    seeds = f"seed=range({cells})" if cells > 1 else "seed=1"
    made = plan(Options(overrides=("experiment=classroom", seeds, f"worlds={worlds}"), multirun=True, silent=True))
    assert dry_run.measure(made.cells).seconds == pytest.approx(cells * (2.0 + 0.001 * worlds), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("words", [
    ["hydra/sweeper=basic"],
    ["hydra/sweeper=basic", "hydra/launcher=bargain"],
    ["hydra/sweeper=basic", "hydra.sweeper.max_batch_size=1"],
    ["hydra/launcher=basic"],
], ids=" ".join)  # fmt: skip
def test_stock_sweepers_and_launchers_make_ordinary_runs(here, words):
    """With Hydra's own parts each job is a run of its own; its rows are those of the sweep's cell."""
    swept = [*PIE, "seed=1,2", "strategy@countries.A.strategy=linear,boulware"]
    assert bargain("-m", *swept, *words, "--out", "jobs") == 0
    assert bargain("-m", *swept, "--out", "s") == 0
    assert sorted(p.name for p in Path("jobs").iterdir() if p.is_dir()) == ["0", "1", "2", "3"]
    for cell, rows in talks_of("s").groupby("cell"):
        manifest = json.loads((here / "jobs" / str(cell) / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["seed"] == rows["seed"].iloc[0]
        assert manifest["choices"]["strategy@countries.A.strategy"] == rows["strategy@countries.A.strategy"].iloc[0]
        single = pd.read_parquet(here / "jobs" / str(cell) / "talks.parquet")
        _same(single, rows)


@pytest.mark.slow
def test_stock_jobs_run_a_design_and_a_sweep_file(here):
    text = "design={kind: zip, values: {seed: [3, 4], protocol.rounds: [2, 3]}}"
    assert bargain(*PIE, text, "hydra/launcher=basic", "--out", "jobs") == 0
    found = [json.loads(Path(f"jobs/{n}/manifest.json").read_text(encoding="utf-8"))["config"] for n in (0, 1)]
    assert [(c["seed"], c["protocol"]["rounds"]) for c in found] == [(3, 2), (4, 3)]
    few = ["talks.japan.stick.belief_pct=60", "talks.japan.stick.resolve_pct=0,100", "worlds=3", "figures=false"]
    assert bargain("experiment=bluff", *few, "hydra/sweeper=basic", "hydra/job_logging=none", "--out", "bluff") == 0
    found = [json.loads(Path(f"bluff/{n}/manifest.json").read_text(encoding="utf-8")) for n in (0, 1)]
    assert [m["config"]["talks"]["japan"]["stick"]["resolve_pct"] for m in found] == [0.0, 100.0]


@pytest.mark.slow
@pytest.mark.parametrize("name", SWEEPS)
def test_shipped_sweeps_run_without_a_failure(here, name):
    assert bargain(f"sweep={name}", "worlds=5", "hydra/job_logging=none", "--out", "s") == 0
    assert set(pd.read_parquet("s/cells.parquet")["status"]) == {"done"}


@pytest.mark.parametrize(
    "text", ["sweep:\n  scheduler: tcp://x:1\n", "hydra:\n  sweeper:\n    params:\n      sweep.scheduler: tcp://x:1\n"]
)
def test_a_file_cannot_name_a_machine_to_connect_to(here, text, capsys):
    (here / "mine" / "sweep").mkdir(parents=True)
    (here / "mine" / "sweep" / "far.yaml").write_text(f"# @package _global_\n# x\n{text}", encoding="utf-8")
    words = ("-m", "experiment=classroom", "sweep=far", "seed=1,2", "--config-dir", str(here / "mine"), "--out", "s")
    assert bargain("run", *words) == 2
    assert "far.yaml" in capsys.readouterr().err and not (here / "s").exists()
