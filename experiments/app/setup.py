"""From what a visitor chose to a checked configuration: experiment, an upload over it, the sliders over both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agents.strategies.base import KNOWN, misfit, most_needed
from configs.schema import Config
from experiments.app import house as limits
from experiments.app.base import Base, base, options, strategy
from experiments.app.overlay import laid_over
from experiments.app.recipe import EXPERIMENT, difference
from experiments.app.settings import Settings, overlay, talk_of
from experiments.compose import validate
from experiments.messages import UserError
from experiments.safe_yaml import read
from sim.deals import TRADE_KINDS

NOTHING = Settings()
SEVERAL = 24  # settings kept at once


@dataclass(frozen=True)
class Choice:
    """What a visitor chose: experiment, talk, sliders, and the text of an uploaded file (empty: none)."""

    experiment: str
    talk: str
    settings: Settings = NOTHING
    upload: str = ""


@dataclass(frozen=True, eq=False)
class Setup:
    """A choice, checked: its experiment, the whole configuration, what differs from it, what was settled."""

    choice: Choice
    base: Base
    data: Mapping[str, Any]
    config: Config
    changed: Mapping[str, Any]
    notes: tuple[str, ...]


def setup(choice: Choice) -> Setup:
    """Return the checked configuration of a choice; UserError tells what does not fit, with the upload's line."""
    below, data, origins = _below(choice.experiment, choice.upload)
    talk_of(data, choice.talk)
    data = laid_over(data, overlay(choice.settings, data, choice.talk), {})
    config = validate(data, origins, plugins=limits.house().plugins)
    config, data, notes = _informed(config, data, choice.talk)
    check_size(config)
    data = {**data, "worlds": limits.worlds(config.protocol.rounds, config.hub is not None)}
    return Setup(choice, below, data, config, difference(below.data, data) or {}, notes)


def uploaded(experiment: str, upload: str) -> Mapping[str, Any]:
    """Return an experiment with an upload laid over it, as plain data, before any slider moves."""
    return _below(experiment, upload)[1]


def experiment_of(upload: str) -> str | None:
    """Return the experiment that an upload names, None where it names none; UserError where there is no such."""
    name = read(upload)[0].get(EXPERIMENT)
    return None if name is None else base(str(name)).name


@lru_cache(maxsize=SEVERAL)
def _below(experiment: str, upload: str) -> tuple[Base, Mapping[str, Any], Mapping[str, str]]:
    """Return the experiment, its data with the upload over it, checked, and where the upload's keys stand."""
    chosen = base(experiment)
    if not upload.strip():
        return chosen, chosen.data, {}
    partial, origins = read(upload)
    partial = {key: value for key, value in partial.items() if key != EXPERIMENT}
    data = laid_over(chosen.data, partial, origins)
    check_size(validate(data, origins, plugins=limits.house().plugins))
    return chosen, data, origins


def _informed(config: Config, data: Mapping[str, Any], talk: str) -> tuple[Config, Mapping[str, Any], tuple[str, ...]]:
    """Give the sides the information their strategies need; UserError where a strategy is made for other talks."""
    node = config.talks[talk]
    sides = [config.countries[code] for code in (node.demander, node.partner)]
    needed = most_needed(tuple(side.strategy for side in sides))
    notes = ()
    if KNOWN.index(needed) > KNOWN.index(config.information):
        who = " and ".join(s.name for s in sides if KNOWN.index(s.strategy.needs) > KNOWN.index(config.information))
        notes = (f"Information is set to {needed}: the strategy of {who} needs it.",)
        config = config.model_copy(update={"information": needed})
        data = {**data, "information": needed}
    for side in sides:
        why = misfit(side.strategy, config.protocol, config.information)
        if why:
            raise UserError(f"{side.name}: {why}")
    return config, data, notes


def strategies(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the strategies that can play under an experiment's protocol."""
    name = data["protocol"]["_target_"].rsplit(".", 1)[-1]
    built = {option: strategy(option, limits.house()) for option in options("strategy")}
    return tuple(option for option, own in built.items() if not own.protocols or name in own.protocols)


def check_size(config: Config) -> None:
    """Refuse what would keep the page busy for long; the command line has no such limits."""
    cases = [("protocol.rounds", config.protocol.rounds, limits.MOST_ROUNDS, "rounds")]
    for name, talk in config.talks.items():
        states = 1
        for issue in talk.issues.values():
            states *= len(issue.levels) if issue.kind in TRADE_KINDS else 1
        cases.append((f"talks.{name}.issues", talk.packages, limits.MOST_PACKAGES, "packages"))
        cases.append((f"talks.{name}.issues", states, limits.MOST_STATES, "combinations of tariffs and market access"))
    for code, country in config.countries.items():
        cases.append((f"countries.{code}.types", country.types.count, limits.MOST_TYPES, "types"))
    for key, count, most, what in cases:
        if count > most:
            raise UserError(
                f"{key}: {count} {what}; on this page at most {most}", "The command line takes more: bargain run"
            )
