"""From played talks to tidy tables: one row a world and talk; parquet; nulls where a thing is undefined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.columns import HUB, SIDE_NAMES, TALKS
from sim.grounds import Grounds
from sim.hub import ENDS
from sim.joint import joint
from sim.landmarks import landmarks
from sim.payoffs import COMPONENTS, SAME_OPENING
from sim.protocols.base import DEAL
from sim.ranking import from_micro
from sim.rare import RARE, endings, rare_columns
from sim.table import SIDES

ROW_GROUP = 1 << 17
COMPRESSION = "zstd"
OF_EVERY_RUN = frozenset(column.name for column in (*TALKS, *HUB))
NOTHING_GAINED = 5e-7  # bn USD a year: utilities come in steps of 1e-6, what is less than half a step is a last bit


def talks_table(model) -> pa.Table:
    """Return one row a world and talk of a finished model, world by world (columns: docs/results.md).

    With several cells, cell after cell.
    """
    names = issue_columns([t.agenda.grid for t in model.talks])
    table = pa.concat_tables([_talk_rows(talk, names) for talk in model.talks]).unify_dictionaries()
    if len(model.talks) == 1:
        return table
    order = np.arange(table.num_rows).reshape(len(model.talks), -1).T.reshape(-1)
    return table.take(pa.array(order))


def issue_columns(grids) -> list[str]:
    """Return the issue columns of several grids, in order of first appearance.

    >>> from sim.deals import Issue, make_grid
    >>> issue_columns([make_grid((Issue("us_tariff", "tariff", 0, (0.0, 0.1)),))])
    ['us_tariff_pct']
    """
    found = list(dict.fromkeys(issue.column for grid in grids for issue in grid.issues))
    taken = [name for name in found if name in OF_EVERY_RUN | RARE]
    if taken:
        raise ValueError(
            f"an issue would fill the column {taken[0]}, which every table has; give the issue another name"
        )
    return found


def _text(value: str, count: int) -> pa.Array:
    """Return a column of one repeated text (dictionary encoded)."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))


def _talk_rows(talk, issue_names: list[str]) -> pa.Table:
    count = talk.model.worlds
    none = talk.ending != DEAL
    columns: dict[str, pa.Array | np.ndarray] = {
        "world": talk.model.world,
        "talk": _text(talk.name, count),
        "demander": _text(talk.agenda.demander, count),
        "partner": _text(talk.agenda.partner, count),
    }
    columns |= _drawn(talk)
    columns |= {
        "deal": ~none,
        "ended_by": endings(talk),
        "round": pa.array(talk.closed + 1, mask=none),
        "rounds_talked": talk.closed,
        "package": pa.array(talk.row, mask=none),
    }
    columns |= _levels(talk, issue_names, none)
    final = [talk.final(side) for side in SIDES]
    columns |= _values(talk, none, final)
    columns |= _against_theory(talk, none, final)
    columns |= _components(talk, none)
    columns |= rare_columns(talk)
    columns |= {} if talk.model.hub is None else _at_the_hub(talk)
    return pa.table({k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in columns.items()})


def _drawn(talk) -> dict:
    """Return what was drawn for each world: types, patience, red lines; and the stick's resolve and belief."""
    out = {}
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_type"] = talk.countries[side].type_drawn
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_discount_rate"] = talk.countries[side].discount_rate
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_red_line_pct"] = talk.countries[side].red_line * 100.0
    for side, name in zip(SIDES, ("resolve_pct", "belief_pct")):
        out[name] = 100.0 * talk.board.chance[side][talk.variant]
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_tariff_in_force_pct"] = 100.0 * talk.tariff_in_force(side)
    return out


def _levels(talk, issue_names: list[str], none: np.ndarray) -> dict:
    """Return the agreed level of each issue, as shown; null without a deal or where the talk lacks the issue."""
    grid, count = talk.agenda.grid, len(none)
    own = {issue.column: k for k, issue in enumerate(grid.issues)}
    rows = np.maximum(talk.row, 0)
    out = {}
    for name in issue_names:
        if name not in own:
            out[name] = pa.nulls(count, pa.float64())
            continue
        shown = grid.issues[own[name]].shown[grid.index[:, own[name]]]
        out[name] = pa.array(shown[rows], mask=none)
    return out


def _values(talk, none: np.ndarray, final: list[np.ndarray]) -> dict:
    """Return utilities, final utilities, discounted payoffs and no-deal payoffs of both sides."""
    out = {}
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_utility"] = pa.array(final[side], mask=none)
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_final_utility"] = final[side]
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_payoff"] = talk.discounted(side)
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_no_deal_expected"] = from_micro(talk.seats[side].no_deal)
    for side, name in zip(SIDES, SIDE_NAMES):
        out[f"{name}_no_deal_drawn"] = talk.drawn_no_deal(side)
    return out


def _against_theory(talk, none: np.ndarray, final: list[np.ndarray]) -> dict:
    """Return Nash and Kalai-Smorodinsky packages, distances to them, and the demander's share of the surplus."""
    marks = landmarks(talk)
    zone = marks.nash_row >= 0
    gain = [agreed - from_micro(seat.no_deal) for agreed, seat in zip(final, talk.seats)]
    total = gain[0] + gain[1]
    out = {
        "zone_of_agreement": zone,
        "nash_package": pa.array(marks.nash_row, mask=~zone),
        "ks_package": pa.array(marks.ks_row, mask=~zone),
    }
    for name, payoff in (("distance_nash", marks.nash), ("distance_ks", marks.ks)):
        away = np.sqrt((final[0] - payoff[:, 0]) ** 2 + (final[1] - payoff[:, 1]) ** 2)
        out[name] = pa.array(np.where(zone, away, 0.0), mask=none | ~zone)
    undefined = none | (total < NOTHING_GAINED)
    share = gain[0] / np.where(undefined, 1.0, total)
    out["demander_surplus_share"] = pa.array(share, mask=undefined)
    return out


def _components(talk, none: np.ndarray) -> dict:
    """Return the components of the agreed package for both sides, before weights; the audience cost included."""
    rows = np.maximum(talk.row, 0)
    out = {}
    for side, name in zip(SIDES, SIDE_NAMES):
        parts, country = talk.board.parts(side, talk.variant, rows), talk.countries[side]
        for c, part in enumerate(COMPONENTS):
            value = parts[:, c]
            if part == "concession":
                crossed = talk.board.opening(side)[rows] > country.red_line + SAME_OPENING
                value = value - country.audience_cost * crossed
            out[f"{name}_{part}"] = pa.array(value, mask=none)
    return out


def _at_the_hub(talk) -> dict:
    """Return how often and when the demander sat down to a talk, and the deals that stood when it ended."""
    hub = talk.model.hub
    number = hub.talks.index(talk)
    count, first = talk.model.worlds, hub.first[number]
    ends = pa.nulls(count, pa.string()).dictionary_encode()
    if hub.ends is not None:
        ends = pa.DictionaryArray.from_arrays(pa.array(hub.ends.astype(np.int32)), pa.array(ENDS))
    values = (hub.sat[number], pa.array(first + 1, mask=first < 0), hub.deals_elsewhere(number), ends)
    return {column.name: value for column, value in zip(HUB, values)}


def joint_table(model, grounds: Grounds) -> pa.Table:
    """Return one row a world and country of a finished model: what all its talks come to together (columns: JOINT)."""
    found, worlds = joint(model, grounds), model.worlds
    codes = [own.code for own in found]
    talks = [sum(own.code in talk.agenda.pair for talk in model.talks) for own in found]
    spread = lambda name: np.stack([getattr(own, name) for own in found], axis=1).reshape(-1)  # noqa: E731
    country = np.tile(np.arange(len(codes), dtype=np.int32), worlds)
    return pa.table(
        {
            "world": np.repeat(model.world, len(codes)),
            "country": pa.DictionaryArray.from_arrays(pa.array(country), pa.array(codes)),
            "talks": np.tile(np.array(talks), worlds),
            "deals": spread("deals"),
            "joint_utility": spread("utility"),
            "joint_payoff": spread("payoff"),
        }
    )


def offers_table(model) -> pa.Table:
    """Return one row a world, talk and round in which somebody spoke; a pass has no package."""
    parts = []
    for talk in model.talks:
        world, turn = np.nonzero(talk.history.speaker >= 0)
        rows = talk.history.offers[world, turn]
        speaker = talk.history.speaker[world, turn].astype(np.int32)
        parts.append(
            pa.table(
                {
                    "world": pa.array(model.world[world]),
                    "talk": _text(talk.name, len(world)),
                    "round": pa.array(turn + 1),
                    "speaker": pa.DictionaryArray.from_arrays(pa.array(speaker), pa.array(talk.agenda.pair)),
                    "package": pa.array(rows, mask=rows < 0),
                }
            )
        )
    return pa.concat_tables(parts).unify_dictionaries()


def write(table: pa.Table, path: Path) -> None:
    """Write a table as parquet: zstd, fixed row groups, so that the same rows are the same bytes."""
    pq.write_table(table.unify_dictionaries(), path, compression=COMPRESSION, row_group_size=ROW_GROUP)
