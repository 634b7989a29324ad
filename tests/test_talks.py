"""The batch of worlds against a plain loop over one world; chunks, patience and sticks in finished talks."""

import numpy as np
import pytest

from sim.protocols.base import ENDINGS
from tests.reference_loop import play_world
from tests.talk_worlds import (
    play,
    random_players,
    random_protocol,
    random_stakes,
)

WORLDS = 6


def differences(model, talk, protocol, players, seed):
    """What the batch says otherwise than the plain loop, world by world; empty if they agree."""
    pair = [(code, *players[code]) for code in talk.agenda.pair]
    found = []
    values = {
        name: [getattr(talk, name)(side) for side in (0, 1)]
        for name in ("final", "discounted", "drawn_no_deal")
    }
    for k in range(model.worlds):
        alone = play_world(talk.stakes, protocol, pair, seed, model.first + k)
        rows = [(int(s), int(r)) for s, r in zip(talk.history.speaker[k], talk.history.offers[k]) if s >= 0]
        batch = {
            "ending": ENDINGS[talk.ending[k]],
            "row": int(talk.row[k]),
            "interim_rounds": int(talk.closed[k]),
            "offers": rows,
            "final": tuple(float(v[k]) for v in values["final"]),
            "payoff": tuple(float(v[k]) for v in values["discounted"]),
            "drawn": tuple(float(v[k]) for v in values["drawn_no_deal"]),
        }
        if players[talk.agenda.demander][1].weight_spread <= 0:
            batch["kinds"] = tuple(int(c.type_index[k]) for c in talk.countries)
        found += [
            (model.first + k, n, v, getattr(alone, n)) for n, v in batch.items() if v != getattr(alone, n)
        ]
    return found


@pytest.mark.parametrize("seed", range(200))
def test_batch_is_the_plain_loop_on_random_tables(seed):
    rng = np.random.default_rng(seed)
    stakes, protocol = random_stakes(rng, coarse=seed % 3 > 0), random_protocol(rng)
    players = random_players(rng, spread=0.4 if seed % 5 == 0 else 0.0)
    model = play([stakes], protocol, players, seed=seed, worlds=WORLDS, first=int(rng.integers(1000)))
    assert not differences(model, model.talks[0], protocol, players, seed)
