"""The batch of worlds against a plain loop over one world; chunks, patience and sticks in finished talks."""

import math

import mesa
import numpy as np
import pyarrow as pa
import pytest

from sim.protocols.alternating import AlternatingOffers
from sim.protocols.base import ENDINGS
from sim.results import talks_table, write
from tests.reference_loop import play_world
from tests.talk_worlds import STRATEGIES, april, play, random_players, random_protocol, random_stakes

WORLDS = 6


def differences(model, talk, protocol, players, seed):
    """What the batch says otherwise than the plain loop, world by world; empty if they agree."""
    pair = [(code, *players[code]) for code in talk.agenda.pair]
    found = []
    values = {name: [getattr(talk, name)(side) for side in (0, 1)] for name in ("final", "discounted", "drawn_no_deal")}
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
        found += [(model.first + k, n, v, getattr(alone, n)) for n, v in batch.items() if v != getattr(alone, n)]
    return found


@pytest.mark.parametrize("seed", range(200))
def test_batch_is_the_plain_loop_on_random_tables(seed):
    rng = np.random.default_rng(seed)
    stakes, protocol = random_stakes(rng, coarse=seed % 3 > 0), random_protocol(rng)
    players = random_players(rng, spread=0.4 if seed % 5 == 0 else 0.0)
    model = play([stakes], protocol, players, seed=seed, worlds=WORLDS, first=int(rng.integers(1000)))
    assert not differences(model, model.talks[0], protocol, players, seed)


@pytest.mark.parametrize("first, second", [(0, 1), (2, 5), (3, 2), (6, 0)])
def test_batch_is_the_plain_loop_on_the_talks_of_april_2025(first, second):
    lab = april()
    players = {code: (STRATEGIES[second], space) for code, space in lab.types.items()}
    players["USA"] = (STRATEGIES[first], lab.types["USA"])
    protocol = lab.config.protocol
    model = play(lab.stakes, protocol, players, seed=lab.config.seed, worlds=3, first=10 * first)
    for talk in model.talks:
        assert not differences(model, talk, protocol, players, lab.config.seed)


def chunked(lab, worlds, size):
    """The talks table of a run played in chunks of `size` worlds."""
    cuts = [(first, min(size, worlds - first)) for first in range(0, worlds, size)]
    return pa.concat_tables([talks_table(lab.play(*cut)) for cut in cuts]).unify_dictionaries()


def stored(table, path):
    """The bytes of a table as the project writes it."""
    write(table, path)
    return path.read_bytes()


CONFIGS = {
    "default": ("us_three",),
    "hazard, fixed proposer": ("us_china", "protocol.hazard_pct=10", "protocol.proposer=partner_first"),
    "own weights": ("us_japan", "countries.USA.weight_spread_pct=20", "countries.JPN.weight_spread_pct=20"),
    "outside option": ("us_eu", "talks.eu.stick.outside_option_partner_busd=-5.0"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_tables_are_the_same_bytes_whatever_the_chunks(case, tmp_path):
    lab = april(*CONFIGS[case])
    whole = chunked(lab, 16, 16)
    bytes_of_whole = stored(whole, tmp_path / "whole.parquet")
    for size in (1, 2, 7):
        parts = chunked(lab, 16, size)
        assert parts.equals(whole)
        assert stored(parts, tmp_path / "parts.parquet") == bytes_of_whole


@pytest.mark.parametrize("case", ["default", "hazard, fixed proposer"])
def test_more_worlds_extend_the_sample(case, tmp_path):
    lab = april(*CONFIGS[case])
    rows = len(lab.stakes)
    long = chunked(lab, 4_100, 4_100)
    pieces = chunked(lab, 4_100, 4_096)
    assert pieces.equals(long)
    assert stored(pieces, tmp_path / "pieces.parquet") == stored(long, tmp_path / "long.parquet")
    assert long.slice(0, 9 * rows).equals(chunked(lab, 9, 2))


def test_a_world_does_not_hear_of_the_others():
    """World 5 alone is world 5 among any others, whatever its neighbours' talks do."""
    lab = april()
    rows = len(lab.stakes)
    alone = talks_table(lab.play(5, 1))
    assert talks_table(lab.play(0, 40)).slice(5 * rows, rows).equals(alone)
    assert talks_table(lab.play(4, 3)).slice(rows, rows).equals(alone)


def test_payoffs_are_the_sum_of_discounted_flows():
    """Sum over rounds of (1 - d) d^r u by hand, for the interim and then the final state for ever."""
    lab = april("us_japan", "protocol.hazard_pct=15", "strategy@countries.JPN.strategy=tit_for_tat")
    model = lab.play(0, 60)
    talk, days = model.talks[0], lab.config.protocol.days_per_round
    assert len(set(talk.ending.tolist())) > 1
    for side in (0, 1):
        country = talk.countries[side]
        for k in range(model.worlds):
            kind = country.type_index[k]
            delta = math.exp(-float(country.types.discount_rate[kind]) * days / 365.0)
            interim = talk.table.impasse[side][kind] / 1e6
            talked, last = int(talk.closed[k]), float(talk.final(side)[k])
            total = sum((1 - delta) * delta**r * interim for r in range(talked))
            forever = 30_000  # rounds after which nothing is left at the slowest rate here
            r = np.arange(talked, forever)
            total += float(((1 - delta) * delta**r * last).sum())
            assert total == pytest.approx(float(talk.discounted(side)[k]), abs=1e-7)


def test_impatience_is_measured_in_days():
    """exp(-0.5 * 7 / 365) a week; a deal that is reopened at 0.2 a year is worth that much less."""
    assert AlternatingOffers().discount(np.array([0.5]))[0] == pytest.approx(0.990456893)
    reopened = AlternatingOffers(reopen_rate_per_year=0.2).discount(np.array([0.3]))[0]
    assert reopened == pytest.approx(0.990456893)


def test_the_stick_falls_as_often_as_resolved_and_leaves_the_interim_otherwise():
    lab = april("us_japan", "strategy@countries.JPN.strategy=hardliner", "strategy@countries.USA.strategy=hardliner",
                "countries.JPN.strategy.demand_pct=100", "countries.USA.strategy.demand_pct=100")  # fmt: skip
    talk = lab.play(0, 4_000).talks[0]
    assert set(talk.ending.tolist()) == {ENDINGS.index("deadline")}
    falls = talk.stick_falls
    assert falls.mean() == pytest.approx(0.6, abs=0.03)
    for side in (0, 1):
        kinds, final = talk.countries[side].type_index, talk.final(side)
        assert (final[falls] == talk.table.carried[side][kinds[falls]] / 1e6).all()
        assert (final[~falls] == talk.table.impasse[side][kinds[~falls]] / 1e6).all()
        expected = 0.6 * talk.table.carried[side] / 1e6 + 0.4 * talk.table.impasse[side] / 1e6
        assert talk.seats[side].no_deal / 1e6 == pytest.approx(expected[kinds], abs=1e-6)


def test_collapse_comes_as_often_as_the_hazard_and_only_after_a_refusal():
    """Two hardliners who never agree: the talks that live through T rounds are (1 - h)^T."""
    lab = april("pie", "economy=none", "protocol.hazard_pct=20", "protocol.rounds=5",
                "strategy@countries.A.strategy=hardliner", "strategy@countries.B.strategy=hardliner")  # fmt: skip
    talk = lab.play(0, 20_000).talks[0]
    collapsed = talk.ending == ENDINGS.index("collapse")
    assert collapsed.mean() == pytest.approx(1 - 0.8**5, abs=0.012)
    for r in range(1, 6):
        ended = collapsed & (talk.closed == r)
        assert ended.mean() == pytest.approx(0.2 * 0.8 ** (r - 1), abs=0.01)


def test_no_model_is_kept_alive_by_mesa():
    lab = april("pie", "economy=none")
    before = len(mesa.Agent._ids)
    for _ in range(3):
        lab.play(0, 2)
    assert len(mesa.Agent._ids) == before
