"""Random draws: the generator by a plain road, independence of chunks, streams that do not meet."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import PER_BLOCK, _key, pick, raw, to_uniform, uniform

WORD = 2**64 - 1
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)


def philox(counter, key):
    """Philox 4x64 with ten rounds in plain integers (Salmon, Moraes, Dror & Shaw 2011, section 3.3)."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        low, high = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (high >> 64) ^ b ^ k, high & WORD, (low >> 64) ^ d ^ m, low & WORD
        k, m = (k + WEYL[0]) & WORD, (m + WEYL[1]) & WORD
    return [a, b, c, d]


def test_plain_philox_gives_the_published_words():
    """Known answers of Random123: all zeros, and all ones."""
    zeros = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    ones = [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0]
    assert philox((0, 0, 0, 0), (0, 0)) == zeros
    assert philox((WORD,) * 4, (WORD,) * 2) == ones


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**4), st.integers(0, 10**7), st.integers(1, 3))
def test_words_are_philox_of_world_and_turn(seed, turn, world, blocks):
    """The counter is the block of the world (the generator steps before it speaks) and the turn."""
    words = raw(seed, "types", turn, world, 1, blocks=blocks)[0].tolist()
    key = _key(seed, "types")
    expected = [w for b in range(blocks) for w in philox((world * blocks + b + 1, turn, 0, 0), key)]
    assert words == expected


@given(st.integers(0, 50), st.integers(1, 30), st.integers(1, 3))
def test_any_chunk_in_any_order_holds_the_same_words(first, count, blocks):
    whole = raw(11, "x", 3, 0, first + count, blocks=blocks)
    assert (whole[first:] == raw(11, "x", 3, first, count, blocks=blocks)).all()
    assert whole.shape == (first + count, PER_BLOCK * blocks)


def test_seeds_streams_turns_and_worlds_share_no_words():
    """4,800 blocks of neighbours: every word another."""
    cases = itertools.product(range(3), ("a", "b", "ab", ""), range(4))
    words = np.concatenate([raw(*case, 0, 100).reshape(-1) for case in cases])
    assert len(np.unique(words)) == len(words)


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_ends_of_the_range_of_seeds_work(seed):
    assert raw(seed, "types", 0, 0, 2).shape == (2, PER_BLOCK)


def test_uniforms_are_open_at_both_ends_and_even():
    ends = to_uniform(np.array([0, WORD], dtype=np.uint64))  # 53 bits and a half would round up to 1
    assert 0 < ends[0] < 1e-15 and 1 - 1e-15 < ends[1] < 1
    u = uniform(3, "x", 0, 0, 50_000)
    assert u.mean() == pytest.approx(0.5, abs=0.004) and u.var() == pytest.approx(1 / 12, abs=0.002)
    assert np.abs(np.corrcoef(u.T) - np.eye(4)).max() < 0.015
    assert abs(np.corrcoef(u[:-1, 0], u[1:, 0])[0, 1]) < 0.015  # from world to world
    next_turn = uniform(3, "x", 1, 0, 50_000)
    assert abs(np.corrcoef(u[:, 0], next_turn[:, 0])[0, 1]) < 0.015


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_pick_inverts_the_distribution(weights, seed):
    """The first kind whose cumulative probability exceeds the draw, by a loop."""
    chances = np.array(weights) / sum(weights)
    draws = np.random.default_rng(seed).uniform(size=50)
    for u, kind in zip(draws.tolist(), pick(chances, draws).tolist()):
        total = 0.0
        expected = len(weights) - 1
        for k, p in enumerate(chances.tolist()):
            total += p
            if u * np.cumsum(chances)[-1] < total:
                expected = k
                break
        assert kind == expected
    assert pick(chances, np.array([1 - 2**-53]))[0] == len(weights) - 1
    assert pick(chances, np.array([2.0**-54]))[0] == 0


def test_pick_never_gives_what_has_no_chance():
    draws = np.concatenate([np.linspace(0.001, 0.999, 999), [0.5]])
    assert pick(np.array([0.25, 0.75]), np.array([0.25])).tolist() == [1]  # an edge belongs to the next
    assert set(pick(np.array([0.0, 0.5, 0.0, 0.5, 0.0]), draws).tolist()) == {1, 3}
