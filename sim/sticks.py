"""What no deal means: the tariffs of the interim, of the threat and of its answer.

Impasse flow, deadline payoff and outside option are three things (Binmore, Rubinstein & Wolinsky 1986): the first
is earned while talks go on, the second follows when they fail, the third is a bound the responder may take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ANSWERS = ("none", "mirror", "proportional", "list")


@dataclass(frozen=True)
class Stick:
    """A threat and its surroundings; rates are shares on top of the status quo, money is bn USD a year.

    `sector` replaces the general rate on `sector_share` of the demander's imports (cars in April 2025). `resolve` is
    the probability that the threat is carried out at the deadline, else the interim stays for good; `belief` is the
    partner's probability of it. `withdrawal` is what withdrawn protection costs each side (demander, partner) when
    the stick falls; `outside` each side's outside option against the status quo, None for none.
    """

    interim: float = 0.0
    threat: float = 0.0
    sector: float = 0.0
    sector_share: float = 0.0
    interim_answer: float = 0.0
    answer: str = "none"
    answer_factor: float = 1.0
    answer_rate: float = 0.0
    answer_share: float = 0.0
    resolve: float = 1.0
    belief: float = 1.0
    withdrawal: tuple[float, float] = (0.0, 0.0)
    outside: tuple[float | None, float | None] = (None, None)

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise ValueError(f"answer {self.answer!r} is not one of {', '.join(ANSWERS)}")
        for name in ("sector_share", "answer_share", "resolve", "belief"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be a share from 0 to 1, not {value!r}")

    def effective(self, rate: float) -> float:
        """Return a general rate's import-weighted effect with the sector tariff in its place.

        >>> round(Stick(sector=0.25, sector_share=0.36).effective(0.10), 4)
        0.154
        """
        return (1.0 - self.sector_share) * rate + self.sector_share * self.sector

    def rates(self, carried_out: bool) -> tuple[float, float]:
        """Return added tariffs (demander on partner, partner on demander): the threat with its answer, or the interim.

        >>> Stick(interim=0.1, threat=0.24, answer="mirror").rates(True)
        (0.24, 0.24)
        """
        if not carried_out:
            return self.effective(self.interim), self.interim_answer
        hit = self.effective(self.threat)
        answers = {
            "none": self.interim_answer,
            "mirror": hit,
            "proportional": self.answer_factor * hit,
            "list": self.interim_answer + self.answer_rate * self.answer_share,
        }
        return hit, answers[self.answer]


def with_rates(tariffs: np.ndarray, status_quo: np.ndarray, pair: tuple[int, int], rates: tuple[float, float]):
    """Return tariffs (S, N, N) with a pair's two rates added to its status quo; `pair` indexes (demander, partner)."""
    demander, partner = pair
    out = tariffs.copy()
    out[:, partner, demander] = status_quo[:, partner, demander] + rates[0]
    out[:, demander, partner] = status_quo[:, demander, partner] + rates[1]
    return out
