"""What a protocol may do to a talk, checked as it is done: one that errs is named, with the round and the world."""

from __future__ import annotations

import numpy as np

from sim.protocols.base import DEAL, ENDINGS, Protocol
from sim.view import PluginError

WHOLE = {"rounds": (1, 10_000), "extension_rounds": (1, 10_000), "max_extensions": (0, 10)}
REAL = {"days_per_round": (0.0, 3650.0), "reopen_rate_per_year": (0.0, 100.0), "extension_chance_pct": (0.0, 100.0)}


def check_rules(protocol: Protocol) -> None:
    """Refuse a protocol whose clock cannot be played: PluginError names the setting, its value and what is allowed."""
    for name, (low, high) in (WHOLE | REAL).items():
        value = getattr(protocol, name, None)
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        real = isinstance(value, float) and name in REAL
        if not (whole or real) or not low <= value <= high or (name == "days_per_round" and value <= 0):
            kind = "a whole number" if name in WHOLE else "a number"
            said = f"protocol {type(protocol).__name__}: {name} is {value!r}"
            above = "above " if name == "days_per_round" else ""
            raise PluginError(f"{said}\nexpected {kind}, {above}{low:g} to {high:g}")


def play_round(protocol: Protocol, talk) -> None:
    """Play one round; what a protocol raises is told with its name and round, what others raised passes through."""
    try:
        protocol.play(talk)
    except PluginError:
        raise
    except (Exception, SystemExit) as error:
        at = _where(talk, talk.open_worlds())
        raise PluginError(
            f"protocol {type(protocol).__name__} {at}:\nplay raised {type(error).__name__}: {error}\n"
            "expected play(talk) to ask the sides of every open world and to close the worlds that end"
        ) from error


def check_close(talk, worlds: np.ndarray, ending: int, rows: np.ndarray | None) -> None:
    """Refuse worlds that are not open, or rows that are no packages: PluginError names protocol, round and world."""
    count, packages = talk.model.worlds, len(talk.agenda.grid)
    at, size = np.asarray(worlds), len(ENDINGS)
    if at.ndim != 1 or not np.issubdtype(at.dtype, np.integer):
        _refuse(talk, at[:0], f"worlds of type {at.dtype}, shape {at.shape}", "positions of open worlds (n,)")
    outside = (at < 0) | (at >= count)
    if outside.any():
        _refuse(talk, at[:0], f"world at position {at[outside][0]}", f"positions 0 to {count - 1}")
    if not isinstance(ending, int | np.integer) or not 0 <= ending < size:
        _refuse(talk, at, f"ending {ending!r}", f"one of {', '.join(ENDINGS)} (0 to {size - 1})")
    over = talk.ending[at] >= 0
    if over.any():
        _refuse(talk, at[over], f"a world that ended before: {ENDINGS[min(talk.ending[at][over][0], size - 1)]}",
                "open worlds only")  # fmt: skip
    _check_once(talk, at)
    if ending == DEAL:
        _check_rows(talk, at, rows, packages)


def _check_once(talk, worlds: np.ndarray) -> None:
    """Refuse worlds that a hub left waiting this round, or that are named twice."""
    if talk.present is not None:
        absent = worlds[~talk.present[worlds]]
        if len(absent):
            _refuse(talk, absent, "a world where the hub did not sit down to this talk", "worlds of open_worlds() only")
    if len(worlds) > 1 and not (worlds[1:] > worlds[:-1]).all():
        ordered = np.sort(worlds)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if len(twice):
            _refuse(talk, twice, "a world twice", "each world once")


def _check_rows(talk, worlds: np.ndarray, rows, packages: int) -> None:
    """Refuse a deal on anything but one package a world."""
    given = np.asarray(rows)
    if given.shape != worlds.shape or not np.issubdtype(given.dtype, np.integer):
        got = "no packages" if rows is None else f"packages of type {given.dtype}, shape {given.shape}"
        _refuse(talk, worlds, got, f"one whole number a world {worlds.shape}")
    bad = (given < 0) | (given >= packages)
    if bad.any():
        _refuse(talk, worlds[bad], f"a deal on package {given[bad][0]}", f"0 to {packages - 1}")


def _refuse(talk, worlds: np.ndarray, got: str, due: str) -> None:
    """Raise PluginError naming protocol, talk, round, the first world, what came and what was due."""
    name = type(talk.model.protocol).__name__
    raise PluginError(f"protocol {name} {_where(talk, worlds)}:\nclose was given {got}\nexpected {due}")


def _where(talk, worlds: np.ndarray) -> str:
    """Return talk, round and the first of some worlds in words."""
    world = f", world {int(talk.model.world[worlds[0]])}" if len(worlds) else ""
    return f"in talk {talk.name}, round {talk.round + 1}{world}"
