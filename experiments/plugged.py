"""Where a configuration holds plug-ins, and how their mappings become built classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments import plugins
from experiments.complain import complain, origin

PLACES = {  # dotted place, `*` for any name: group of the plug-in
    "protocol": "protocol",
    "countries.*.strategy": "strategy",
    "talks.*.moves.demander": "policy",
    "talks.*.moves.partner": "policy",
}
OPTIONAL = ("policy",)  # null is allowed: nobody moves


def with_plug_ins(data: Mapping[str, Any], origins: Mapping[str, str], folder: Path | None) -> dict[str, Any]:
    """Return the configuration with every plug-in's mapping replaced by its built class; mistakes are a UserError."""
    ready = dict(data)
    for place, group in PLACES.items():

        def build(path: tuple[str, ...], node: Any, group: str = group) -> Any:
            if node is None and group in OPTIONAL:
                return None
            where = f"{origin((*path, '_target_'), origins)}{'.'.join(path)}"
            try:
                return plugins.build(node, group, where, folder)
            except ValidationError as error:
                raise complain(error.errors(include_url=False), data, origins, above=path) from None

        ready = _replaced(ready, tuple(place.split(".")), (), build)
    return ready


def _replaced(node: Any, left: tuple[str, ...], path: tuple[str, ...], build) -> Any:
    """Return `node` with what stands at the place `left` (`*`: every key) replaced by `build(path, value)`."""
    if not left:
        return build(path, node)
    if not isinstance(node, Mapping):
        return node
    keys = list(node) if left[0] == "*" else [left[0]] if left[0] in node else []
    return {**node, **{key: _replaced(node[key], left[1:], (*path, str(key)), build) for key in keys}}
