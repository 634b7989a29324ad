"""What tells configurations apart: sha256 over canonical JSON, node by node, so that equal nodes are hashed once.

The tree is cut at the same places whatever is swept: a configuration has one mark in every sweep.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from configs.schema import Config
from experiments.compose import plain

IDLE = ("title", "question", "worlds", "offers", "figures", "dry_run", "design", "sweep")  # decide no row of a world

Known = Mapping[int, bytes]


def key_of(config: Config, known: Known | None = None) -> str:
    """Return the key of a cell (hex): everything that decides the rows of its worlds, seed included, worlds not.

    `known`: id of a node -> its mark, where it was computed before.
    """
    known = {} if known is None else known
    fields = type(config).model_fields
    return _digest({name: _part(getattr(config, name), known) for name in fields if name not in IDLE}).hex()


def mark_of(node: Any, known: Known) -> bytes:
    """Return the mark of a node (sha256): of its fields, nodes below it by their own marks."""
    found = known.get(id(node))
    if found is None:
        if isinstance(node, BaseModel):
            found = _digest({name: _part(getattr(node, name), known) for name in type(node).model_fields})
        else:
            found = _digest(plain(node))
    return found


def _part(value: Any, known: Known) -> Any:
    if isinstance(value, BaseModel) or dataclasses.is_dataclass(value):
        return {"#": mark_of(value, known).hex()}
    if isinstance(value, Mapping) and any(isinstance(inside, BaseModel) for inside in value.values()):
        return [[name, _part(inside, known)] for name, inside in value.items()]  # order decides rows: packages, talks
    return value if value is None or isinstance(value, str | int | float) else plain(value)


def _digest(content: Any) -> bytes:
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).digest()
