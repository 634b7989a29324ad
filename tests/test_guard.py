"""Plug-ins that err: a protocol, a policy or a strategy that does what it may not stops the run and is named."""

import numpy as np
import pytest
from pydantic.dataclasses import dataclass

from agents.strategies.base import PLUGIN
from agents.strategies.hardliner import Hardliner
from experiments.cli import main
from experiments.compose import CONFIGS
from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import DEAL
from sim.view import PluginError
from tests.talk_worlds import april, play

BAD = {  # what close is given in round 2: what it is, what is told
    "a row beyond the grid": (
        lambda w: (w, DEAL, np.full(len(w), 10_000)),
        "a deal on package 10000\nexpected 0 to 100",
    ),
    "a pass": (lambda w: (w, DEAL, np.full(len(w), -1)), "a deal on package -1\nexpected 0 to 100"),
    "NaN": (lambda w: (w, DEAL, np.full(len(w), np.nan)), "packages of type float64, shape (3,)\nexpected one whole"),
    "too few": (lambda w: (w, DEAL, np.zeros(1, int)), "packages of type int64, shape (1,)\nexpected one whole number"),
    "no packages": (lambda w: (w, DEAL), "no packages\nexpected one whole number a world (3,)"),
    "an unknown ending": (lambda w: (w, 7), "ending 7\nexpected one of deal, deadline, collapse, outside_option"),
    "worlds that are not there": (lambda w: (w + 5, DEAL), "world at position 5\nexpected positions 0 to 2"),
    "worlds of which one is named twice": (
        lambda w: (np.array([2, 0, 2]), DEAL, np.array([3, 4, 5])),
        "a world twice\nexpected each world once",
    ),
    "worlds as a mask": (
        lambda w: (w == 1, DEAL),
        "worlds of type bool, shape (3,)\nexpected positions of open worlds",
    ),
}


@dataclass(frozen=True, config=PLUGIN)
class Broken(AlternatingOffers):
    """A protocol that errs in its second round, in the way named."""

    way: str = ""

    def play(self, talk):
        if talk.round == 0:
            return super().play(talk)
        if self.way == "raises":
            raise KeyError("nobody")
        if self.way == "leaves":
            raise SystemExit(0)
        if self.way == "closes twice":
            talk.close(talk.open_worlds(), 2)
        given = BAD[self.way][0](np.arange(3)) if self.way in BAD else (np.arange(3), 2)
        talk.close(*given)


def played(rules, strategy=None):
    """A pie nobody agrees on, three worlds from world 40."""
    lab = april("pie", "economy=none")
    firm = {code: (strategy or Hardliner(demand_pct=100.0), lab.types[code]) for code in "AB"}
    return play(lab.stakes, rules, firm, seed=1, worlds=3, first=40)


@pytest.mark.parametrize("way", BAD)
def test_what_a_protocol_may_not_do_to_a_talk_is_told_with_protocol_round_and_world(way):
    with pytest.raises(PluginError) as told:
        played(Broken(way=way))
    text = str(told.value)
    assert text.startswith("protocol Broken in talk pie, round 2") and "close was given" in text and BAD[way][1] in text
    assert ("world 40" in text) == (not way.startswith("worlds")) and len(text.splitlines()) <= 6


def test_a_protocol_that_raises_or_closes_a_world_twice_is_told():
    with pytest.raises(PluginError, match=r"round 2, world 40:\nplay raised KeyError: 'nobody'\nexpected play\(talk\)"):
        played(Broken(way="raises"))
    with pytest.raises(PluginError, match=r"round 2, world 40:\nplay raised SystemExit: 0"):
        played(Broken(way="leaves"))
    with pytest.raises(
        PluginError, match=r"world 40:\nclose was given a world that ended before: collapse\nexpected open"
    ):
        played(Broken(way="closes twice"))


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("rounds", 2.5, "rounds is 2.5\nexpected a whole number, 1 to 10000"),
        ("rounds", 0, "rounds is 0\nexpected a whole number, 1 to 10000"),
        ("days_per_round", float("nan"), "days_per_round is nan\nexpected a number, above 0 to 3650"),
        ("days_per_round", 0.0, "days_per_round is 0.0\nexpected a number, above 0 to 3650"),
        ("reopen_rate_per_year", None, "reopen_rate_per_year is None\nexpected a number, 0 to 100"),
        ("max_extensions", 11, "max_extensions is 11\nexpected a whole number, 0 to 10"),
    ],
)
def test_a_protocol_whose_clock_cannot_be_played_is_refused(name, value, said):
    rules = AlternatingOffers()
    object.__setattr__(rules, name, value)
    with pytest.raises(PluginError) as told:
        played(rules)
    assert str(told.value) == f"protocol AlternatingOffers: {said}"


@dataclass(frozen=True, config=PLUGIN)
class Nan(Hardliner):
    """A strategy whose method of this name answers NaN."""

    way: str = ""

    def _answer(self, name, view, *given):
        if self.way == "leaves":
            raise SystemExit(0)
        return np.full(len(view), np.nan) if self.way == name else getattr(super(), name)(view, *given)

    def target(self, view):
        return self._answer("target", view)

    def offer(self, view, target):
        return self._answer("offer", view, target)

    def accept(self, view, target, rows):
        return self._answer("accept", view, target, rows)


@pytest.mark.parametrize(
    "way, due", [("target", "whole millionths"), ("offer", "whole numbers"), ("accept", "True or False")]
)
def test_a_strategy_that_answers_nan_is_told(way, due):
    with pytest.raises(
        PluginError, match=rf"strategy Nan of [AB], round 1, world 40:\n{way} returned .*float64\nexpected {due}"
    ):
        played(AlternatingOffers(), Nan(demand_pct=100.0, way=way))


def test_a_strategy_that_ends_the_program_does_not_end_it_as_a_success():
    with pytest.raises(PluginError, match=r"strategy Nan of [AB], round 1, world 40:\ntarget returned SystemExit: 0"):
        played(AlternatingOffers(), Nan(demand_pct=100.0, way="leaves"))


def test_a_wrong_protocol_of_ones_own_stops_the_run_and_nothing_is_written(tmp_path, capsys):
    (own := tmp_path / "own").mkdir()
    text = (CONFIGS.parent / "sim" / "protocols" / "alternating.py").read_text(encoding="utf-8")
    (own / "bad.py").write_text(text.replace("DEAL, rows[accepted])", "DEAL, rows[accepted] + 0.5)"), encoding="utf-8")
    words = ["experiment=classroom", "worlds=20", "protocol._target_=bad.AlternatingOffers", "--plugins", str(own)]
    assert main(["run", *words, "--out", str(tmp_path / "a" / "run")]) == 2
    told = capsys.readouterr().err
    assert "protocol AlternatingOffers in talk pie, round" in told and "float64" in told and "Traceback" not in told
    assert not (tmp_path / "a").exists() and len(told.splitlines()) <= 6
