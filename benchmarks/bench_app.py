"""Thirty visitors of the page on this machine: how long the first load takes, and a move of a slider under load.

Each visitor is a connection that talks to the server as a browser does and moves a slider every two seconds on
average; nothing is drawn, so times are the server's and the network's.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

VISITORS, SECONDS, PAUSE = 30, 60.0, 2.0
BAR_LOAD, BAR_MOVE = 8.0, 2.0  # seconds: all have the first page; 95 % of moves
SLIDERS = ("Belief", "Resolve", "Threat")


class Visitor:
    """One connection: opens the page, remembers its sliders, moves one, waits until the page has followed."""

    def __init__(self, url: str, number: int) -> None:
        self.url, self.draw = url, random.Random(number)
        self.sliders: dict[str, tuple] = {}
        self.fragment = self.script = ""

    async def open(self) -> float:
        """Connect and wait for the first page; return the seconds."""
        begin = time.perf_counter()
        self.line = await connect(self.url, subprotocols=["streamlit"], max_size=None)
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        await self.line.send(asked.SerializeToString())
        await self._until_done()
        return time.perf_counter() - begin

    async def move(self) -> float:
        """Move a slider to a place of its own and wait for the page; return the seconds."""
        asked = BackMsg()
        asked.rerun_script.fragment_id, asked.rerun_script.page_script_hash = self.fragment, self.script
        name = self.draw.choice(SLIDERS)
        self.sliders[name] = (self.sliders[name][0], float(self.draw.randrange(0, 100)))
        for key, value in self.sliders.values():
            state = asked.rerun_script.widget_states.widgets.add()
            state.id = key
            state.double_array_value.data.append(value)
        begin = time.perf_counter()
        await self.line.send(asked.SerializeToString())
        await self._until_done()
        return time.perf_counter() - begin

    async def _until_done(self) -> None:
        while True:
            said = ForwardMsg.FromString(await self.line.recv())
            kind = said.WhichOneof("type")
            if kind == "new_session":
                self.script = said.new_session.page_script_hash
            if kind == "delta" and said.delta.WhichOneof("type") == "new_element":
                self._remember(said.delta)
            if kind == "script_finished":
                return

    def _remember(self, delta) -> None:
        element = delta.new_element
        if element.WhichOneof("type") == "slider":
            for name in SLIDERS:
                if name in element.slider.label:
                    self.fragment = delta.fragment_id
                    self.sliders[name] = (element.slider.id, element.slider.default[0])

    async def stay(self, until: float) -> list[float]:
        """Move sliders now and then until the time is up; return the seconds that moves took."""
        times = []
        while time.perf_counter() < until:
            await asyncio.sleep(self.draw.expovariate(1.0 / PAUSE))
            times.append(await self.move())
        return times


async def visit(port: int, pid: int) -> tuple[float, list[float], float]:
    """Return how long it took until all had the first page, the seconds of all moves, the server's CPU for those."""
    visitors = [Visitor(f"ws://localhost:{port}/_stcore/stream", k) for k in range(VISITORS)]
    first = max(await asyncio.gather(*(v.open() for v in visitors)))
    assert all(len(v.sliders) == len(SLIDERS) and v.fragment for v in visitors), "sliders were not found"
    until, used = time.perf_counter() + SECONDS, cpu_of(pid)
    moves = await asyncio.gather(*(v.stay(until) for v in visitors))
    return first, [seconds for own in moves for seconds in own], cpu_of(pid) - used


def main() -> None:
    """Serve the page, let the visitors in, say how long they waited."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "experiments.cli", "app", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        first, moves, used = asyncio.run(visit(port, server.pid))
    finally:
        server.terminate()
        server.wait()
    median, late = np.quantile(moves, [0.5, 0.95])
    print(f"{VISITORS} visitors: all had the first page after {first:.1f} s; {len(moves)} moves in {SECONDS:.0f} s")
    print(f"a move took {median:.2f} s (median), {late:.2f} s (95 %), and {1000 * used / len(moves):.0f} ms of CPU")
    print(f"BENCH app_first_load_within_8s {BAR_LOAD / first:.1f} 1")
    print(f"BENCH app_moves_within_2s {BAR_MOVE / late:.1f} 1")


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used, NaN where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the page did not start")


if __name__ == "__main__":
    main()
