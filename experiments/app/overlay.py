"""A partial configuration laid over an experiment: values replace values, names of options stand for what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.app.base import option
from experiments.complain import origin
from experiments.messages import UserError

OPTION = "option"  # {option: hardliner, demand_pct: 60}: an option with some values of one's own
PLACES = {  # dotted place, `*` for any name: group whose options can be named there
    "protocol": "protocol",
    "countries.*.strategy": "strategy",
    "talks.*.stick": "stick",
    "talks.*.moves.demander": "policy",
    "talks.*.moves.partner": "policy",
}
INNER = "strategies"  # strategies made of others list them under this key


def laid_over(data: Mapping[str, Any], partial: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration `data` with a partial one laid over it; neither is changed.

    At the places above a text is the name of an option. `origins`: dotted key -> "file:line", for messages.
    """
    return _merged(data, partial, (), origins)


def _merged(below: Any, above: Any, path: tuple[str, ...], origins: Mapping[str, str]) -> Any:
    group = _group(path)
    if group is not None:
        below, above = _chosen(below, above, group, path, origins)
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return above
    out = dict(below)
    for name, value in above.items():
        out[name] = _merged(below.get(name), value, (*path, str(name)), origins)
    return out


def _group(path: tuple[str, ...]) -> str | None:
    """Return the group whose options can be named at a path."""
    for place, group in PLACES.items():
        parts = place.split(".")
        if len(parts) == len(path) and all(p in ("*", name) for p, name in zip(parts, path)):
            return group
    return None


def _chosen(below: Any, above: Any, group: str, path: tuple[str, ...], origins: Mapping[str, str]) -> tuple[Any, Any]:
    """Return what to merge at a place of options: the named option in place of `below`, and the values above it.

    A stick's option leaves standing what it does not say: the rates belong to the talk.
    """
    where = origin(path, origins)
    name = above if isinstance(above, str) else above.get(OPTION) if isinstance(above, Mapping) else None
    if name is not None:
        if not isinstance(name, str):
            raise UserError(f"{where}{'.'.join(path)}.{OPTION}: {name!r} is not the name of a {group}")
        held = option(group, name, f"{where}{'.'.join(path)}: ")
        below = {**below, **held} if group == "stick" and isinstance(below, Mapping) else held
    own = {k: v for k, v in above.items() if k != OPTION} if isinstance(above, Mapping) else {}
    if not isinstance(above, Mapping) and name is None:
        return None, above
    if isinstance(own.get(INNER), list):
        own[INNER] = [_inner(item, group, (*path, INNER, str(k)), origins) for k, item in enumerate(own[INNER])]
    return below, own


def _inner(item: Any, group: str, path: tuple[str, ...], origins: Mapping[str, str]) -> Any:
    """Return a strategy named inside another as its option's values."""
    below, own = _chosen({}, item, group, path, origins)
    return {**below, **own} if isinstance(own, Mapping) else item
