"""Sweeps that are really stopped: killed, interrupted, out of disk. The same command again completes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from experiments.sweep import lock, shards, store
from tests.house import ROOT
from tests.sweep_plans import OWN, PIE, SIZE, plan, tables, with_patient

pytestmark = pytest.mark.slow
WORLDS, ROWS = 300, 300  # a piece a cell
VALUES = {"seed": [1, 2, 3], SIZE: [0.0, 2.0, 4.0, 6.0]}
BASE = [*PIE, f"worlds={WORLDS}", *OWN]
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same sweep, never interrupted: its plan and its tables."""
    folder = tmp_path_factory.mktemp("whole")
    made = plan(folder / "s", VALUES, BASE, plugins=with_patient(folder / "mine"))
    return made, tables(store.run_sweep(made, silent=True))


def started(place, whole, slow=0.0, **words):
    """Start the sweep in a process of its own, at the head of a group of its own; `slow`: seconds a target."""
    mine = str(whole[0].base.plugins)
    said = json.dumps({"values": VALUES, "base": BASE, "rows": ROWS, "plugins": mine} | words)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sweep_plans", "sweep", str(place), said],
        cwd=ROOT,
        env=os.environ | {"SECONDS_A_TARGET": str(slow)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(place, count, process):
    """Wait until so many shards are finished."""
    stop = time.monotonic() + PATIENCE
    while len(list((place / "work").glob(f"?*{shards.ROWS}"))) < count:
        assert process.poll() is None and time.monotonic() < stop, process.stderr.read()
        time.sleep(0.002)


def goes_on(place, whole, least):
    """Complete the sweep here; it must find `least` shards and end with the very tables of an uninterrupted one."""
    made, expected = whole
    found = len(list((place / "work").glob(f"*{shards.SIDECAR}"))) - (place / "work" / lock.NAME).exists()
    assert found >= least and not (place / "manifest.json").exists()
    store.run_sweep(replace(made, place=place), silent=True)
    assert tables(place) == expected
    told = json.loads((place / store.RUN).read_text(encoding="utf-8"))
    assert told["worlds_played"] <= (12 - least) * WORLDS


@pytest.mark.parametrize("after", [0, 1, 7, 12])
def test_a_sweep_killed_between_pieces(whole, after, tmp_path):
    process = started(tmp_path / "s", whole, die_after=after)
    process.communicate(timeout=PATIENCE)
    if after == 12:  # all played: it is not killed at all
        assert process.returncode == 0 and tables(tmp_path / "s") == whole[1]
        return
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "s" / "work" / lock.NAME).exists()
    goes_on(tmp_path / "s", whole, after)


@pytest.mark.parametrize("backend", ["serial", "loky"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_sweep_stopped_at_any_moment(whole, backend, how, tmp_path):
    place = tmp_path / "s"
    process = started(place, whole, slow=0.03, backend=backend, cores=2)
    wait_for(place, 3, process)
    os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)  # Ctrl-C reaches all
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[how]
    assert "Traceback" not in told
    if how != signal.SIGKILL:
        assert not (place / "work" / lock.NAME).exists() and "the same command goes on" in told
    goes_on(place, whole, 2)


def test_a_sweep_killed_while_it_merges(whole, tmp_path):
    place = tmp_path / "s"
    process = started(place, whole, die_merging=True)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    goes_on(place, whole, 12)


@pytest.mark.parametrize("limit", [2_000, 8_000, 20_000])
def test_a_full_disk(whole, limit, tmp_path):
    place = tmp_path / "s"
    process = started(place, whole, limit=limit)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2 and "Traceback" not in told
    assert "File too large" in told and "the same command goes on" in told and len(told.strip().splitlines()) <= 6
    goes_on(place, whole, 0)


def test_a_second_sweep_into_the_folder_waits_for_nobody(whole, tmp_path):
    place = tmp_path / "s"
    process = started(place, whole, slow=0.005)
    wait_for(place, 1, process)
    process.send_signal(signal.SIGSTOP)
    other = started(place, whole)
    _, told = other.communicate(timeout=PATIENCE)
    process.send_signal(signal.SIGCONT)
    assert other.returncode == 2 and f"process {process.pid} on this machine" in told
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    assert tables(place) == whole[1]


@pytest.mark.parametrize("name", ["a worker", "every worker"])
def test_workers_that_are_killed_lose_nothing(whole, name, tmp_path):
    place = tmp_path / "s"
    process = started(place, whole, slow=0.01, backend="loky", cores=2)
    wait_for(place, 2, process)
    found = workers_of(process.pid)
    assert len(found) >= 2
    for pid in found[: 1 if name == "a worker" else None]:
        os.kill(pid, signal.SIGKILL)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    assert tables(place) == whole[1]


def workers_of(parent: int) -> list[int]:
    """Return the processes of loky workers of a process."""
    import psutil

    return [c.pid for c in psutil.Process(parent).children() if "LokyProcess" in " ".join(c.cmdline())]
