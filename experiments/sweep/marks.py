"""What tells configurations apart: sha256 over canonical JSON, node by node, so that equal nodes are hashed once.

The tree is cut at the same places whatever is swept: a configuration has one mark in every sweep.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import BaseModel

from configs.schema import Config
from experiments.compose import plain

IDLE = ("title", "question", "worlds", "offers", "figures", "dry_run", "design", "sweep")  # decide no row of a world
BARE = {float, int, str, bool, type(None)}
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Known(NamedTuple):
    """Marks computed before, by the id of the node: of nodes made just now, and of nodes that never change."""

    fresh: dict[int, bytes]
    lasting: dict[int, bytes]

    def of(self, node: Any) -> bytes | None:
        """Return the mark of a node, None where it is not known."""
        return self.fresh.get(id(node)) or self.lasting.get(id(node))


NOTHING = Known({}, {})


def key_of(config: Config, known: Known = NOTHING) -> str:
    """Return the key of a cell (hex): everything that decides the rows of its worlds, seed included, worlds not."""
    return _digest({name: _part(v, known) for name, v in config.__dict__.items() if name not in IDLE}).hex()


def mark_of(node: Any, known: Known = NOTHING) -> bytes:
    """Return the mark of a node (sha256): of its fields, nodes below it by their own marks."""
    found = known.of(node)
    if found is None:
        if isinstance(node, BaseModel):
            found = _digest({name: _part(value, known) for name, value in node.__dict__.items()})
        else:
            found = _digest(plain(node))
    return found


def _part(value: Any, known: Known) -> Any:
    """Return what stands for a field in the JSON of its node; a node below by its mark."""
    kind = type(value)
    if kind in BARE:
        return value
    if kind is tuple:
        return list(value) if all(type(inside) in BARE for inside in value) else plain(value)
    if kind is dict:
        if not any(isinstance(inside, BaseModel) for inside in value.values()):
            return plain(value)
        return [[name, _part(inside, known)] for name, inside in value.items()]  # order decides rows: packages, talks
    return {"#": mark_of(value, known).hex()}


def _digest(content: Any) -> bytes:
    return sha256(_encode(content).encode()).digest()
