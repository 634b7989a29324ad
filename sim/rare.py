"""Columns of the table of talks that only some runs have: ratification at home, protection withdrawn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sim.columns import HOME, SIDE_NAMES, WITHDRAWN
from sim.protocols.base import ENDINGS, ENDINGS_AT_HOME
from sim.ranking import from_micro
from sim.ratification import zone_at_home

RARE = frozenset(column.name for column in (*HOME, *WITHDRAWN))


def rare_columns(talk) -> dict[str, pa.Array]:
    """Return the columns (R,) that this run has beside those of every run; null where this talk lacks the thing."""
    out, talks = {}, talk.model.talks
    if any(other.home is not None for other in talks):
        out |= _at_home(talk)
    if any(other.sticks is not None and other.sticks.moves.withdrawn for other in talks):
        out |= _withdrawn(talk)
    return out


def endings(talk) -> pa.Array:
    """Return how a talk ended in each world (R,); only a run with ratification knows the ending `not_ratified`."""
    words = ENDINGS if all(other.home is None for other in talk.model.talks) else ENDINGS_AT_HOME
    return pa.DictionaryArray.from_arrays(pa.array(talk.ending.astype(np.int32)), pa.array(words))


def _at_home(talk) -> dict[str, pa.Array]:
    """Return thresholds and refusals of both legislatures, and whether anything could pass at all."""
    count, home, out = talk.model.worlds, talk.home, {}
    for kind in (0, 1):
        for side, name in enumerate(SIDE_NAMES):
            chamber = None if home is None else home.chambers[side]
            column = f"{name}_{('threshold', 'refused_at_home')[kind]}"
            if chamber is None:
                out[column] = pa.nulls(count, (pa.float64(), pa.int64())[kind])
                continue
            values = from_micro(chamber.asks) if kind == 0 else home.refused[:, side].astype(np.int64)
            out[column] = pa.array(values, mask=~chamber.has)
    out["zone_at_home"] = pa.nulls(count, pa.bool_()) if home is None else pa.array(zone_at_home(talk))
    return out


def _withdrawn(talk) -> dict[str, pa.Array]:
    """Return the share of its protection (%) that the demander had withdrawn when the talks ended."""
    sticks = talk.sticks
    if sticks is None or not sticks.moves.withdrawn:
        return {WITHDRAWN[0].name: pa.nulls(talk.model.worlds, pa.float64())}
    return {WITHDRAWN[0].name: pa.array(100.0 * np.array(sticks.moves.withdrawn)[sticks.rung[:, 0]])}
