"""`bargain meetings`: agents that play a theory, in small talks where the theory is exact; a figure each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from experiments.folder import RunFolder
from experiments.markdown import markdown_table
from experiments.meetings.equilibrium import rational_sides
from experiments.meetings.hub import hub_and_spokes
from experiments.meetings.met import Met
from experiments.meetings.obstinate import obstinate_sides
from experiments.meetings.screener import screening_side
from experiments.meetings.short_rounds import ever_shorter_rounds
from experiments.meetings.zeuthen import conceding_sides
from experiments.messages import UserError
from experiments.options import parse
from sim import plots

# One function a meeting, () -> Met. To add one, write it in a file of its own and add it here.
MEETINGS: tuple[Callable[[], Met], ...] = (
    rational_sides,
    ever_shorter_rounds,
    conceding_sides,
    obstinate_sides,
    screening_side,
    hub_and_spokes,
)
USE = "usage: bargain meetings [--out DIR]"
HEAD = ["agents", "theory", "compared", "largest difference", "tolerance", "met"]


def main(argv: list[str]) -> int:
    """Play all meetings, print a line each, write data and figures; exit code 1 where agents and theory differ."""
    options = parse(argv)
    if options.overrides:
        raise UserError(f"meetings: takes no '{options.overrides[0]}': their settings are part of the program", USE)
    place = options.out or Path(time.strftime("outputs/%Y-%m-%d/%H-%M-%S-meetings"))
    with RunFolder(place) as folder:
        found = [meet() for meet in MEETINGS]
        for met in found:
            met.data.to_csv(folder.work / f"{met.name}.csv", index=False, float_format="%.12g")
            plots.save(met.draw(met.data)[0].get_figure(), folder.work, met.name)
        (folder.work / "meetings.md").write_text(text(found), encoding="utf-8")
        place = folder.finish()
    if not options.silent:
        print(text(found))
        print(f"data and figures: {place}")
    return 0 if all(met.passed for met in found) else 1


def text(found: list[Met]) -> str:
    """Return the table of meetings, a line each."""
    rows = [
        [m.agents, m.theory, m.compared, f"{m.away:.2g} {m.unit}", f"{m.tolerance:g}", "yes" if m.passed else "NO"]
        for m in found
    ]
    sources = [f"{m.theory}: {m.source}." for m in found]
    return "\n".join(["# Agents meet theory", "", *markdown_table(HEAD, rows), "", *sources]) + "\n"
