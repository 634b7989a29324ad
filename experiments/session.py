# ruff: noqa: E402  (the filter of warnings must stand before the imports that would raise them)
"""The program from Python in few words, for notebooks: load, play, frames, theory and figures of one configuration.

Nothing is written to disk. A session is what `bargain` does with the same words on the command line.
"""

from __future__ import annotations

import io
import shlex
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore", message="IProgress not found")  # of a progress bar that nobody sees

from experiments import cli, run
from experiments.build import Lab
from experiments.compose import Loaded, load
from experiments.concepts import concepts, frame
from experiments.ladder import ladder, rational_threats
from experiments.made import made
from experiments.meeting import Meeting, meetings
from experiments.messages import UserError, suggest
from experiments.plot import Run, figures
from experiments.story import middle_round
from experiments.transcript import words
from sim.digest import packages_table, points_table, rounds_table, sticks_table
from sim.results import issue_columns
from sim.story import Rounds, follow

DPI, WIDEST = 80, 820  # dots an inch and pixels of a picture: a notebook of ten stays well under half a megabyte
SMALLER, COLOURS = 0.45, 256  # of the size that a command's own figure has; colours it keeps
MEANS = {  # column of the outcomes: column of the talks it is the mean of
    "demander": "demander_utility",
    "partner": "partner_utility",
    "no_deal_demander": "demander_no_deal_expected",
    "no_deal_partner": "partner_no_deal_expected",
    "share": "demander_surplus_share",
    "payoff_demander": "demander_payoff",
    "payoff_partner": "partner_payoff",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure that a notebook shows when it stands at the end of a cell."""

    png: bytes = field(repr=False)

    def _repr_png_(self) -> bytes:
        """Return the picture as PNG."""
        return self.png


def show(drawn) -> Picture:
    """Return what a function of sim.plots drew, axes or a list of them, as a picture."""
    one = drawn[0] if isinstance(drawn, list | tuple) else drawn
    figure = one if hasattr(one, "savefig") else one.get_figure()
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=DPI, metadata={"Software": None})
    return Picture(held.getvalue())


def _small(image) -> bytes:
    """Return an image as PNG in few colours."""
    held = io.BytesIO()
    image.quantize(COLOURS, dither=0).save(held, format="PNG", optimize=True)
    return held.getvalue()


def picture(file: Path) -> Picture:
    """Return a PNG that a command left in its folder figures/ as a picture for the screen."""
    from PIL import Image

    try:
        image = Image.open(file).convert("RGB")
    except OSError:
        near = sorted(path.stem for path in Path(file).parent.glob("*.png"))
        raise UserError(f"picture: no picture '{file}'; {suggest(Path(file).stem, near, 'there are')}") from None
    scale = min(SMALLER, WIDEST / image.width)
    size = (round(image.width * scale), round(image.height * scale))
    return Picture(_small(image.resize(size, Image.Resampling.LANCZOS)))


@dataclass(frozen=True, eq=False)
class Session:
    """One configuration, played when its results are first asked for; every world once."""

    loaded: Loaded
    kept: dict[str, Picture] = field(default_factory=dict, repr=False)

    @cached_property
    def lab(self) -> Lab:
        """The economy, the stakes and the types: what no world changes."""
        return made(self.loaded)

    @cached_property
    def results(self) -> Run:
        """The tables of docs/results.md as frames: talks, rounds, packages, points."""
        played, lab = run.play(self.lab, silent=True), self.lab
        agendas, tables = [s.agenda for s in lab.stakes], lab.tables()
        names = issue_columns([a.grid for a in agendas])
        found = [
            played.talks,
            rounds_table(agendas, played.counts),
            packages_table(tables, names),
            points_table(tables),
        ]
        moved = any(counted is not None for counted in played.sticks)
        found += [sticks_table(agendas, played.sticks)] if moved else []
        return Run(*(table.to_pandas() for table in found), config=self.loaded.resolved)

    @property
    def talks(self) -> pd.DataFrame:
        """One row a world and talk: what was agreed, when, and what it is worth (bn USD a year)."""
        return self.results.talks

    def outcomes(self) -> pd.DataFrame:
        """Return one row a talk: deals (%), median round, means over worlds in bn USD a year, share (%).

        demander, partner: worth of the deals; payoff: discounted from the first round on, failures included.
        """
        found = {str(name): _means(rows) for name, rows in self.talks.groupby("talk", sort=False, observed=True)}
        return pd.DataFrame.from_dict(found, orient="index").rename_axis("talk")

    def points(self, talk: str | None = None) -> pd.DataFrame:
        """Return status quo, impasse, stick, no deal and Nash of average types: both sides, bn USD a year."""
        rows = self.results.points
        rows = rows[rows["talk"].astype(str) == self._talk(talk)].set_index("point")
        return rows[["demander_utility", "partner_utility"]]

    def meeting(self, talk: str | None = None) -> Meeting:
        """Return a talk as theory sees it: payoffs (P, 2) of its packages to average types, sticks, patience."""
        return meetings(self.lab)[list(self.lab.config.talks).index(self._talk(talk))]

    def theory(self, talk: str | None = None) -> pd.DataFrame:
        """Return one row a solution concept: payoffs, the demander's share of the surplus, levels, assumptions."""
        met = self.meeting(talk)
        rows = concepts(met) + rational_threats(met, ladder(self.lab.assessor, met))
        return frame(rows, {met.name: met.table}).set_index("label")

    def story(self, world: int = 0, talk: str | None = None) -> None:
        """Print one world of a talk, offer by offer."""
        model = self.lab.play(world, 1, watch=(Rounds,))
        told = next(t for t in model.talks if t.name == self._talk(talk))
        print("\n".join(words(follow(told, 0, *model.watch), self.results.names)))

    def figure(self, name: str) -> Picture:
        """Return a figure of the run by its name, as `bargain run` would have written it."""
        if not self.kept:
            self.kept.update((known, show(fig)) for known, fig in figures(self.results))
        if name not in self.kept:
            raise UserError(f"figure: no figure '{name}'; {suggest(name, list(self.kept), 'figures')}")
        return self.kept[name]

    def _talk(self, name: str | None) -> str:
        known = list(self.lab.config.talks)
        if name is None and len(known) == 1:
            return known[0]
        if name in known:
            return name
        raise UserError(f"talk: {name or 'none'} was named; {suggest(name or '', known, 'talks')}")


def lab(*overrides: str, plugins: Path | None = None, config_dir: Path | None = None) -> Session:
    """Return a session with the words of the command line: lab("talks=us_japan", "worlds=200").

    >>> round(float(lab("experiment=classroom", "worlds=20").outcomes().loc["pie", "demander"]), 1)
    50.0
    """
    return Session(load(overrides, plugins=plugins, config_dir=config_dir))


def compare(sessions: Mapping[str, Session] | Iterable[tuple[str, Session]]) -> pd.DataFrame:
    """Return the outcomes of several sessions under each other, in their order; a row a session and talk."""
    found = {name: session.outcomes() for name, session in dict(sessions).items()}
    table = pd.concat(found, names=["case"])
    return table.droplevel("talk") if table.index.get_level_values("talk").nunique() == 1 else table


def bargain(command: str) -> None:
    """Run a command of the program, written as on the command line; UserError where it is refused."""
    code = cli.main(shlex.split(command))
    if code:
        raise UserError(f"bargain {command}: exit code {code}", "what is wrong stands above")


def _means(rows: pd.DataFrame) -> dict[str, float]:
    means = rows[list(MEANS.values())].astype(float).mean()
    found = {"deals": 100.0 * float(rows["deal"].mean()), "round": middle_round(rows[rows["deal"]])}
    found |= {name: float(means[column]) for name, column in MEANS.items()}
    return found | {"share": 100.0 * found["share"]}
