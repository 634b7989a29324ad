"""The same sweep on several processes and on a Dask cluster of separate workers: the same bytes, whatever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType

import joblib
import pytest

from configs.sweeps import SweepSettings
from experiments.messages import UserError
from experiments.sweep import shards, store
from tests.house import ROOT
from tests.sweep_plans import OWN, PIE, SIZE, plan, tables, with_patient

pytestmark = pytest.mark.slow
WORLDS, ROWS = 200, 200
VALUES = {"seed": [1, 2], SIZE: [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]}
PATIENCE = 90.0  # seconds


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """A main module without a file: spawned workers import it, and a test of the page leaves one of its own."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A plan with a strategy of the user's own, and its tables when played in one process."""
    folder = tmp_path_factory.mktemp("whole")
    base = (*PIE, f"worlds={WORLDS}", *OWN)
    made = plan(folder / "s", VALUES, base, plugins=with_patient(folder / "mine"))
    return made, tables(store.run_sweep(made, silent=True))


def on(whole, place, **settings):
    """The same plan at another place, on another backend."""
    return replace(whole[0], place=place, settings=SweepSettings(**settings))


@contextmanager
def cluster(folder, workers, slow=0.0):
    """A Dask scheduler and workers, each a process of its own, started in another folder than the sweep is."""
    folder.mkdir(exist_ok=True)
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(file)]
    dask += ["--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    work += ["--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    how = {"cwd": folder, "env": os.environ | {"SECONDS_A_TARGET": str(slow), "PYTHONPATH": path}}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(words, **how, **quiet) for words in (dask, *[work] * workers)]
    try:
        stop = time.monotonic() + PATIENCE
        while not file.exists() and time.monotonic() < stop:
            time.sleep(0.05)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        _wait_for_workers(address, workers)
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _wait_for_workers(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=PATIENCE)


@pytest.mark.parametrize("rows", [50, 900, store.PIECE_ROWS])
def test_processes_leave_no_trace(whole, rows, tmp_path):
    store.run_sweep(on(whole, tmp_path / "s", backend="loky", cores=2), silent=True, rows=rows)
    assert tables(tmp_path / "s") == whole[1]


def test_a_backend_of_the_callers_leaves_no_trace(whole, tmp_path):
    with joblib.parallel_config("threading", n_jobs=2):
        store.run_sweep(on(whole, tmp_path / "s"), silent=True, rows=ROWS, backend="outer")
    assert tables(tmp_path / "s") == whole[1]


def test_one_blas_thread_a_worker(tmp_path):
    from experiments.sweep.backends import Backend

    with Backend("loky", 2)._door():
        found = joblib.Parallel()(joblib.delayed(os.getenv)("OPENBLAS_NUM_THREADS") for _ in range(4))
    assert set(found) == {"1"}


def test_a_cluster_leaves_no_trace(whole, tmp_path):
    with cluster(tmp_path / "c", 2) as (address, _):
        found = on(whole, tmp_path / "s", backend="dask", scheduler=address)
        store.run_sweep(found, silent=True, rows=ROWS)
    assert tables(tmp_path / "s") == whole[1]


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(whole, tmp_path):
    place = tmp_path / "s"
    with cluster(tmp_path / "c", 2, slow=0.02) as (address, workers):
        killed = threading.Thread(target=_kill_after, args=(place, 3, workers[0]))
        killed.start()
        store.run_sweep(on(whole, place, backend="dask", scheduler=address), silent=True, rows=ROWS)
        killed.join()
        assert workers[0].returncode == -signal.SIGKILL and workers[1].poll() is None
    assert tables(place) == whole[1]


def _kill_after(place, count, process):
    """Kill a worker once so many shards are finished."""
    stop = time.monotonic() + PATIENCE
    while len(list((place / "work").glob(f"?*{shards.ROWS}"))) < count and time.monotonic() < stop:
        time.sleep(0.01)
    assert not (place / "manifest.json").exists()
    process.kill()
    process.wait()


def test_workers_started_by_the_sweep_itself(whole, tmp_path):
    store.run_sweep(on(whole, tmp_path / "s", backend="dask", cores=2), silent=True, rows=ROWS)
    assert tables(tmp_path / "s") == whole[1]


def test_workers_with_other_code_are_refused(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "code_fingerprint", lambda plugins: "other")
    with pytest.raises(UserError, match="runs other code than this sweep was started with"):
        store.run_sweep(on(whole, tmp_path / "s", backend="loky", cores=2), silent=True)


def test_no_scheduler_answers(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.sweep.backends.ANSWERS_AFTER", 1.0)
    with pytest.raises(UserError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        store.run_sweep(on(whole, tmp_path / "s", backend="dask", scheduler="tcp://127.0.0.1:9"), silent=True)


def test_a_folder_that_workers_see_and_we_do_not(whole, tmp_path, monkeypatch):
    from experiments.sweep import backends

    monkeypatch.setattr(backends, "SEEN_AFTER", 0.2)
    done = backends.Done(shards.Shard("nowhere", "", 0, ()), {}, 1, 0, "far")
    site = backends.Site(tmp_path, "", None, tmp_path)
    with pytest.raises(UserError, match=r"the worker on far wrote to (?s:.*)shared file system"):
        backends._wait_for(site, done)
