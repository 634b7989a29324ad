"""`bargain app`: serve the page on this machine, or on an address of the teacher's choice."""

from __future__ import annotations

import errno
import gc
import importlib
import ipaddress
import os
import runpy
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from experiments.app import house
from experiments.app.house import House, set_house
from experiments.extras import need
from experiments.messages import UserError, suggest

USE = "usage: bargain app [--port N] [--address HOST] [--config-dir DIR] [--plugins DIR] [--no-browser]"
HERE, PORT, TRIES = "localhost", 8501, 20
SCRIPT = Path(__file__).resolve().parent / "script.py"
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
VALUED = ("--port", "--address", "--config-dir", "--plugins")


@dataclass(frozen=True)
class Wanted:
    """What stood on the command line; port 0: the first free one from 8501 on."""

    address: str = HERE
    port: int = 0
    config_dir: Path | None = None
    plugins: Path | None = None
    browser: bool = True


def main(argv: list[str]) -> int:
    """Serve the page until interrupted; UserError where it cannot be served."""
    wanted = parse(argv)
    for name in ONE_THREAD:  # arrays here are small: threads of one visitor's would keep another's waiting
        os.environ.setdefault(name, "1")
    need("streamlit", "app")
    need("altair", "app")
    public = not is_here(wanted.address)
    if public and wanted.plugins:
        raise UserError(
            f"app: --plugins runs code of {wanted.plugins}; it cannot be combined with --address {wanted.address}",
            "Leave one of the two out: other machines may only use what is shipped.",
        )
    port = free_port(wanted.address, *([wanted.port] if wanted.port else range(PORT, PORT + TRIES)))
    set_house(House(wanted.config_dir, wanted.plugins, public))
    warm()
    print("\n".join(greeting(wanted, port)), flush=True)
    _serve(wanted, port)
    return 0


def parse(argv: list[str]) -> Wanted:
    """Return what the command line asks for.

    >>> parse(["--port", "8600"]).port
    8600
    """
    found: dict = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if word == "--no-browser":
            found["browser"] = False
        elif flag not in VALUED:
            raise UserError(f"app: no option '{word}'; {suggest(flag, [*VALUED, '--no-browser'])}", USE)
        elif not equals and not rest:
            raise UserError(f"app: {flag} needs a value after it", USE)
        else:
            found[flag.strip("-").replace("-", "_")] = value if equals else rest.pop(0)
    for key in ("config_dir", "plugins"):
        if key in found:
            found[key] = Path(found[key])
            if not found[key].is_dir():
                raise UserError(f"app: --{key.replace('_', '-')}: no folder '{found[key]}'")
    if "port" in found:
        found["port"] = _port(found["port"])
    return Wanted(**found)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise UserError(f"app: --port {text}: a port is a whole number from 1024 to 65535", USE)
    return int(text)


def is_here(address: str) -> bool:
    """Say whether an address can be reached from this machine alone.

    >>> is_here("localhost"), is_here("127.0.0.1"), is_here("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == HERE


def free_port(address: str, *ports: int) -> int:
    """Return the first of the ports that is free; UserError where none is, or the address is not of this machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in ports:
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address.strip("[]"), port))
            return port
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                lines = f"app: --address {address}: not an address of this machine", "0.0.0.0 stands for all it has."
                raise UserError(*lines) from None
    taken = f"port {ports[0]} is" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]} are"
    raise UserError(f"app: {taken} taken; choose another with --port")


def greeting(wanted: Wanted, port: int) -> list[str]:
    """Return where the page is and who can reach it."""
    if is_here(wanted.address):
        lines = [f"The page: http://{wanted.address}:{port}", "Only this machine can reach it. Ctrl-C ends it."]
        return lines
    shown = own_address() if wanted.address in ("0.0.0.0", "::") else wanted.address
    return [
        f"The page: http://{shown}:{port}",
        f"Everybody who can reach {shown} on the network can use it, without a password. Ctrl-C ends it.",
        f"Visitors use what is shipped; a screen plays at most {house.WORLDS:,} worlds.",
    ]


def own_address() -> str:
    """Return this machine's address in its network, found without sending anything; its name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: connecting a datagram socket sends nothing
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def warm() -> None:
    """Load and work out what every first visitor needs, and keep it out of the way of collecting garbage.

    Streamlit collects all garbage after every run of a script: with the libraries' objects among what it goes
    through, that takes three times as long as a screen.
    """
    import streamlit.web.bootstrap  # noqa: F401

    from experiments.app import engine, pages
    from experiments.app.base import base, experiments
    from experiments.app.chart import payoff_chart
    from experiments.app.setup import Choice

    for _, _, module in pages.PAGES:
        importlib.import_module(module)
    first = experiments()[0]
    payoff_chart(engine.explore(Choice(first, base(first).talks[0])))
    gc.collect()
    gc.freeze()


def _serve(wanted: Wanted, port: int) -> None:
    """Run Streamlit in this process with settings that files elsewhere cannot change."""
    from streamlit import net_util

    from sim.plots.style import COUNTRY_COLOURS, INK

    net_util.get_external_ip = lambda: None  # would ask a server on the internet for this machine's address
    flags = {
        "server.address": wanted.address,
        "server.port": port,
        "server.headless": not wanted.browser,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.showEmailPrompt": False,  # would wait for an answer at the first start, and send it away
        "server.maxUploadSize": 1,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,  # they lead to search engines
        "logger.hideWelcomeMessage": True,
        "theme.base": "light",
        "theme.primaryColor": COUNTRY_COLOURS["USA"],
        "theme.textColor": INK,
    }
    words = [f"--{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in flags.items()]
    sys.argv = ["streamlit", "run", str(SCRIPT), *words]
    try:
        runpy.run_module("streamlit", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
