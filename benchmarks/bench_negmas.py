"""Talks against NegMAS: Boulware and Conceder on one domain of three issues and 2,000 outcomes, up to 100 steps.

Rules are matched like this. NegMAS plays alternating offers, one offer a step, on relative time (step + 1) / (steps +
1); a side answers an offer by its aspiration of the next step, and the offer of the last step is not answered. So the
talks here have 99 rounds, the demander opens, and both sides run on that clock; TimeBased accepts what it would ask
for in the next round anyway. NegMAS's tolerance of 1e-4 below an aspiration is set to nought. Its exponents 4 and 1/4
are ours of 1/4 and 4. Payoffs have no ties to speak of; where some come within 1e-6, NegMAS takes turns among them
and we take the lowest row. Each world draws private weights of the issues from 64 a side; NegMAS gets the same.
Here worlds whose sides drew the same weights share look-ups; a talk played alone takes longer than NegMAS's: the batch
is what makes the difference.

The peer runs in .venv-peers with its sorted outcomes made beforehand and kept, which is the faster way to use it.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import json
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

LEVELS = (20, 10, 10)
KINDS, STEPS, WORLDS, PEER_TALKS = 64, 100, 65_536, 150
POWERS = (4.0, 0.25)  # of time: Boulware, Conceder
UNIT = 1000.0  # bn USD that NegMAS's utility of one stands for
PEER_PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"


def domain() -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
    """Values of each level by side and issue, from 0 to 1, and the weights (KINDS, 3) of each side's types."""
    rng = np.random.default_rng(3)
    values = []
    for side in (0, 1):
        rows = [np.concatenate([[0.0, 1.0], rng.uniform(size=count - 2)]) for count in LEVELS]
        values.append([np.sort(row) if side else np.sort(row)[::-1] for row in rows])
    return values, [rng.dirichlet((2.0, 2.0, 2.0), KINDS) for _ in (0, 1)]


def negmas_talks(pairs: list[list[int]]) -> dict:
    """Run inside .venv-peers: agreements of the pairs of types, and seconds a talk, with and without its set-up."""
    from negmas import SAOMechanism, make_issue
    from negmas.preferences import LinearAdditiveUtilityFunction, TableFun
    from negmas.preferences.inv_ufun import PresortingInverseUtilityFunction
    from negmas.sao.negotiators import TimeBasedConcedingNegotiator

    values, weights = domain()
    issues = [make_issue(count, f"issue{k}") for k, count in enumerate(LEVELS)]
    known: dict[tuple[int, int], tuple] = {}

    def ufun(side: int, kind: int):
        if (side, kind) not in known:
            tables = [TableFun(dict(enumerate(row.tolist()))) for row in values[side]]
            own = LinearAdditiveUtilityFunction(
                tables, weights=weights[side][kind].tolist(), issues=issues, reserved_value=0.0
            )
            inverse = PresortingInverseUtilityFunction(own)
            inverse.init()
            known[side, kind] = own, inverse
        return known[side, kind]

    for a, b in pairs:
        ufun(0, a), ufun(1, b)
    found, whole, play = [], 0.0, 0.0
    for pair in pairs:
        start = time.perf_counter()
        talk = SAOMechanism(issues=issues, n_steps=STEPS, one_offer_per_step=True, extra_callbacks=False)
        for side, (kind, power) in enumerate(zip(pair, POWERS)):
            own, inverse = ufun(side, kind)
            seat = TimeBasedConcedingNegotiator(offering_curve=power, eps=0.0, ufun_inverter=lambda _, i=inverse: i)
            talk.add(seat, ufun=own)
        middle = time.perf_counter()
        state = talk.run()
        end = time.perf_counter()
        whole, play = whole + end - start, play + end - middle
        found.append(None if state.agreement is None else [int(level) for level in state.agreement])
    return {"found": found, "whole": whole / len(pairs), "play": play / len(pairs)}


def stakes_and_types():
    """The domain of both programs as stakes of a talk, and the types of both sides."""
    from sim.deals import Issue, make_grid
    from sim.model import TypeSpace
    from sim.payoffs import COMPONENTS, Types
    from sim.sticks import Stick
    from sim.table import Agenda, Stakes

    values, weights = domain()
    grid = make_grid(
        tuple(Issue(f"issue{k}", "security", 1, tuple(map(float, range(n)))) for k, n in enumerate(LEVELS))
    )
    nothing = np.zeros(len(COMPONENTS))
    parts, spaces = [], []
    for side in (0, 1):
        rows = np.zeros((len(grid), len(COMPONENTS)))
        for k, row in enumerate(values[side]):
            rows[:, k] = UNIT * row[grid.index[:, k]]
        parts.append(rows)
        wide = np.zeros((KINDS, len(COMPONENTS)))
        wide[:, : len(LEVELS)] = weights[side]
        spaces.append(TypeSpace(Types(wide, np.ones(KINDS), np.zeros(KINDS), np.full(KINDS, 1 / KINDS))))
    stakes = Stakes(Agenda("talk", "A", "B", grid, Stick()), tuple(parts), *[(nothing, nothing)] * 2, (None, None))
    return stakes, spaces


def ours():
    """The same talks here: a function that plays them in a batch."""
    from pydantic.dataclasses import dataclass

    from agents.country import Country
    from agents.strategies.base import PLUGIN, between
    from agents.strategies.time_based import TimeBased
    from sim.model import Talks
    from sim.protocols.alternating import AlternatingOffers

    @dataclass(frozen=True, config=PLUGIN)
    class OnTheirClock(TimeBased):
        def _at(self, view, turn):
            share = ((turn + 1) / (STEPS + 1)) ** (1.0 / self.exponent)
            return between(view.floor, np.maximum(view.best, view.floor), share)

    stakes, spaces = stakes_and_types()
    protocol = AlternatingOffers(rounds=STEPS - 1, proposer="demander_first")
    seats = [OnTheirClock(exponent=1.0 / power, flexibility_pct=0.0) for power in POWERS]

    def play():
        model = Talks(protocol, seed=1, worlds=WORLDS)
        for code, seat, space in zip("AB", seats, spaces):
            Country(model, code, seat, space)
        return model.open((stakes,)).run_model().talks[0]

    return play


def main() -> None:
    """Print the figures, after the agreements were compared."""
    play = ours()
    talk = play()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        talk = play()
        times.append(time.perf_counter() - start)
    speed = WORLDS / min(times)
    agreed, rounds = 100 * (talk.row >= 0).mean(), talk.closed.mean() + 1
    print(f"here: {speed:,.0f} talks a second in a batch of {WORLDS:,}, {agreed:.0f} % agree, in round {rounds:.0f}")
    if not PEER_PYTHON.exists():
        print("NegMAS is not installed in .venv-peers, so nothing is compared: make crosscheck sets it up")
        return
    pairs = np.stack([country.type_index for country in talk.countries], axis=-1)[:PEER_TALKS].tolist()
    done = subprocess.run(
        [PEER_PYTHON, __file__, "--peer"], input=json.dumps(pairs), capture_output=True, text=True, check=True
    )
    theirs = json.loads(done.stdout.splitlines()[-1])
    outcomes = [list(levels) for levels in product(*map(range, LEVELS))]
    mine = [outcomes[row] if row >= 0 else None for row in talk.row[:PEER_TALKS].tolist()]
    same = np.mean([a == b for a, b in zip(mine, theirs["found"])])
    print(
        f"NegMAS: {1 / theirs['play']:,.0f} talks a second, {1 / theirs['whole']:,.0f} with setting up its mechanism; "
        f"{100 * same:.1f} % of {PEER_TALKS} agreements are the same outcome"
    )
    print(f"BENCH talks_vs_negmas {speed * theirs['play']:.0f} 1000")
    print(f"BENCH talks_same_as_negmas_pct {100 * same:.1f} 95")


if __name__ == "__main__":
    if "--peer" in sys.argv:
        print(json.dumps(negmas_talks(json.loads(sys.stdin.read()))))
    else:
        main()
