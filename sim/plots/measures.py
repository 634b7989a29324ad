"""What figures of a sweep show of each cell: shares of worlds and means, their intervals, theory's number beside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.plots.style import BUSD, in_sentence

SHARE_LIMITS = (0.0, 100.0)
QUARTILES, TAILS = ("q25", "q75"), ("q05", "q95")


class Measure(NamedTuple):
    """One number of a cell: its column in summary.parquet, how it is named and scaled, theory's column suffix.

    `share`: a share of worlds (one column and its interval) rather than a mean. {demander} and {partner} in the label
    stand for names.
    """

    column: str
    label: str
    scale: float = 1.0
    share: bool = False
    theory: str = ""
    limits: tuple[float, float] | None = None

    def mean(self, rows) -> np.ndarray:
        """Return the values (M,) of rows of the summary."""
        return self.scale * rows[self.column if self.share else f"{self.column}_mean"].to_numpy(dtype=float)

    def interval(self, rows) -> tuple[np.ndarray, np.ndarray]:
        """Return both ends of the 95 % interval (M,)."""
        return tuple(self.scale * rows[f"{self.column}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))

    def spread(self, rows, ends: tuple[str, str]) -> tuple[np.ndarray, np.ndarray] | None:
        """Return two quantiles over worlds (M,); None for a share."""
        if self.share:
            return None
        return tuple(self.scale * rows[f"{self.column}_{end}"].to_numpy(dtype=float) for end in ends)

    def predicted(self, rows, concept: str) -> np.ndarray | None:
        """Return a concept's values (M,) of rows of theory.parquet; None where it has no such number."""
        column = f"{concept}_{self.theory}"
        return self.scale * rows[column].to_numpy(dtype=float) if self.theory and column in rows else None

    def named(self, demander: str, partner: str) -> str:
        """Return the label with the names of the sides."""
        return self.label.format(demander=demander, partner=partner)


DEALS = Measure("deal_rate", "Deals (% of worlds)", 100.0, True, "deal_rate", SHARE_LIMITS)
SHARE = Measure("demander_surplus_share", "Share of surplus: {demander} (%)", 100.0, theory="demander_surplus_share")
ROUNDS = Measure("rounds_talked", "Rounds talked")
PAYOFFS = tuple(
    Measure(f"{side}_payoff", f"{{{side}}}: payoff ({BUSD})", theory=f"{side}_utility")
    for side in ("demander", "partner")
)


def level(issue: str, label: str) -> Measure:
    """Return the measure of an issue's agreed level, `label` with its unit."""
    return Measure(issue, f"Agreed {in_sentence(label)}", theory=issue)
