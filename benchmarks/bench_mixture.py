"""How fast talks are played where every world meets a pair of its own, drawn from two populations; a BENCH line closes.

The talk of the US with Japan of April 2025: 1,980 packages, 13 rounds, 64 private types a side. Each side is a mixed
strategy over eight ways to bargain: 64 pairings, each world its own. Chunks after the first are timed, the Mesa model
and the table of results included; what a run does once is told beside it.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_key] = "1"

import dataclasses

import numpy as np
from bench_talks import CHUNK, CHUNKS, KINDS, lab_of, seconds, sixty_four

from agents.strategies.hardliner import Hardliner
from agents.strategies.mixture import Mixture
from agents.strategies.time_based import TimeBased
from agents.strategies.tit_for_tat import TitForTat
from agents.strategies.trembling import Trembling

POPULATION = (
    TimeBased(exponent=0.2),
    TimeBased(exponent=0.5),
    TimeBased(exponent=1.0),
    TimeBased(exponent=5.0),
    Hardliner(demand_pct=50.0),
    TitForTat(),
    TitForTat(kind="relative"),
    Trembling(strategies=(TimeBased(exponent=1.0),)),
)


def main() -> None:
    """Print the figures."""
    lab = lab_of(CHUNKS * CHUNK)
    mixed = Mixture(strategies=POPULATION, probabilities=(1.0 / len(POPULATION),) * len(POPULATION))
    types = {code: sixty_four(lab.types[code], k) for k, code in enumerate(("USA", "JPN"))}
    countries = {code: node.model_copy(update={"strategy": mixed}) for code, node in lab.config.countries.items()}
    lab = dataclasses.replace(lab, types=types, config=lab.config.model_copy(update={"countries": countries}))
    start, rest, tables = seconds(lab)
    worlds = lab.config.worlds - CHUNK
    deals = np.mean([np.mean(table["deal"].to_numpy()) for table in tables])
    once = start - rest / (CHUNKS - 1)
    print(f"{worlds:,} worlds, {len(lab.stakes[0].agenda.grid):,} packages, {lab.config.protocol.rounds} rounds, "
          f"{KINDS} types a side, {len(POPULATION)} ways to bargain a side, {100 * deals:.0f} % deals")  # fmt: skip
    print(f"before that, once a run: {once:.2f} s for payoff tables and landmarks")
    print(f"BENCH mixture_world_talks_per_second {worlds / rest:.0f} 50000")


if __name__ == "__main__":
    main()
