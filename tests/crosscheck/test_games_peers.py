"""Threat games against software nobody here wrote: Nashpy, QuantEcon and pygambit. Run with make crosscheck."""

import numpy as np
import pytest

from sim.solutions.threats import pure_threats, rational_threats, zero_sum

pytestmark = pytest.mark.peers

US = np.array([[0.0, -2.0], [3.0, -1.0]])
PARTNER = np.array([[0.0, 1.0], [-6.0, -4.0]])
DEGENERATE = [
    [[2, 2], [2, 2]],
    [[1, -1], [1, -1], [-1, 1]],
    [[3, 0, 3], [0, 3, 3], [-9, -9, -9]],
    [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
    [[0, 0, 0]],
]


def random_games(count=25):
    rng = np.random.default_rng(5)
    for _ in range(count):
        yield rng.integers(-20, 21, rng.integers(1, 6, 2)).astype(float)


def peer(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: it lives in .venv-peers")


@pytest.mark.parametrize("matrix", [*DEGENERATE, *random_games()])
def test_value_against_quantecon(matrix):
    """QuantEcon's minmax programme, its own simplex."""
    value, _, _ = peer("quantecon.optimize.minmax").minmax(np.array(matrix, dtype=float))
    assert zero_sum(matrix).value == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("matrix", [*DEGENERATE, *random_games()])
def test_value_against_nashpy(matrix):
    """Nashpy's zero-sum linear programme; its dual side is solved on its own."""
    nash = peer("nashpy")
    matrix = np.array(matrix, dtype=float)
    x, y = nash.Game(matrix).linear_program()
    assert zero_sum(matrix).value == pytest.approx(x @ matrix @ y, abs=1e-7)


@pytest.mark.parametrize("matrix", [*DEGENERATE, *random_games(12)])
def test_mixes_are_equilibria_for_pygambit(matrix):
    """pygambit's rational linear programme gives the same value; our mixes have no regret in its game."""
    gbt = peer("pygambit")
    matrix = np.array(matrix, dtype=float)
    game = gbt.Game.from_arrays(matrix, -matrix)
    first = next(iter(game.players))
    theirs = gbt.nash.lp_solve(game, rational=True).equilibria[0]
    ours = zero_sum(matrix)
    assert float(theirs.payoff(first)) == pytest.approx(float(ours.value), abs=1e-8)
    profile = game.mixed_strategy_profile(data=[ours.row.tolist(), ours.column.tolist()])
    assert float(profile.max_regret()) <= 1e-8


def test_the_rational_threat_is_pygambits_equilibrium():
    gbt = peer("pygambit")
    game = gbt.Game.from_arrays(US - PARTNER, PARTNER - US)
    (only,) = gbt.nash.enumpure_solve(game).equilibria
    players = list(game.players)
    found, pure = rational_threats(US, PARTNER, 4), pure_threats(US, PARTNER, 4)
    value = float(only.payoff(players[0]))
    assert found.payoffs == pytest.approx([(4 + value) / 2, (4 - value) / 2])
    played = [[float(only[player][s]) for s in player.strategies] for player in players]
    assert played == [found.threat0.tolist(), found.threat1.tolist()]
    assert (int(pure.row), int(pure.column)) == (1, 1)
