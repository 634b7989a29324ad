"""Running a sweep: what is missing is played, everything is merged into one folder; the same command again goes on.

The folder: manifest.json, cells, failures, summary and theory, talks-00000.parquet ... (offers-00000.parquet ... on
request), run.json, and work/ with the finished blocks. manifest.json is put there last: a folder with one is complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from experiments.folder import circumstances, now, write_json
from experiments.messages import UserError, short, told
from experiments.sweep import backends, outcome, shards
from experiments.sweep.fingerprint import Identities, code_fingerprint
from experiments.sweep.lock import Lock
from experiments.sweep.merge import Shape, Source, merge
from experiments.sweep.missing import Ledger, Task, gaps_of, layout, offer_tasks, pieces, tasks
from experiments.sweep.progress import Progress
from experiments.sweep.summary import summarise
from experiments.sweep.theory import write_theory
from experiments.sweep.work import Block, play_blocks

WORK, RUN, SIGN, KEYS = "work", "run.json", "README.txt", "cells.txt"
SAYS = "Finished work of a sweep, kept to go on from. It may be removed when the sweep is done.\n"
MADE = re.compile(r"(talks|offers)-\d{5}\.parquet|(theory|summary)\.parquet|summary\.csv")  # by some sweeps only
PIECE_ROWS = 1 << 17
TRIED = 1 << 16  # worlds of a cell played at once to learn why it fails


def run_sweep(plan, *, silent: bool, rows: int = PIECE_ROWS, backend: str | None = None) -> Path:
    """Play what a plan's folder does not hold yet, merge all of it, and return the folder.

    `rows` of a piece of work and the backend leave no trace in the tables. `backend="outer"` plays on the joblib
    backend the caller has set. UserError where the folder is not this sweep's, in use, or cannot be written.
    """
    place, progress = _admitted(Path(plan.place)), Progress(silent=silent)
    try:
        with Lock(place / WORK) as lock:
            if lock.note:
                progress.say(f"{place}: {lock.note}")
            Run(plan, place, progress, backend).all(rows)
    except (KeyboardInterrupt, SystemExit):  # Ctrl-C, or a queue that ends the job
        progress.close()
        progress.say(f"{place}: what is finished is kept; the same command goes on from there")
        raise
    except BrokenPipeError:
        raise
    except (OSError, MemoryError) as error:
        why = os.strerror(error.errno) if getattr(error, "errno", None) else short(str(error)) or type(error).__name__
        raise UserError(
            f"sweep folder '{place}' cannot be filled: {why}",
            "What is finished is kept: the same command goes on from there.",
        ) from error
    finally:
        progress.close()
    return place


def _admitted(place: Path) -> Path:
    """Return the place if it is free or a sweep's folder, with its folder of finished work."""
    try:
        if place.exists() and not _is_sweep(place) and (not place.is_dir() or any(place.iterdir())):
            why = "is used, and not by a sweep" if place.is_dir() else "is a file"
            raise UserError(f"sweep folder '{place}' {why}", "name another with --out DIR; nothing was written")
        (place / WORK).mkdir(parents=True, exist_ok=True)
        (place / WORK / SIGN).write_text(SAYS, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"sweep folder '{place}' cannot be used: {error.strerror}", "name another with --out DIR"
        ) from None
    return place


def _is_sweep(place: Path) -> bool:
    """Say whether a folder was made by a sweep, finished or not."""
    work = place / WORK
    begun = work.is_dir() and not any(work.iterdir()) and len(list(place.iterdir())) == 1  # killed at its very start
    if begun or (work / SIGN).is_file():
        return True
    try:
        return json.loads((place / outcome.MANIFEST).read_text(encoding="utf-8"))["kind"] == "sweep"
    except (OSError, ValueError, LookupError, TypeError):
        return False


class Run:
    """One run of a plan in a folder that is locked."""

    def __init__(self, plan, place: Path, progress: Progress, backend: str | None) -> None:
        """Take stock: what the plan asks for, and what the folder holds."""
        self.started, self.clock = now(), time.perf_counter()
        self.plan, self.place, self.progress = plan, place, progress
        self.work = place / WORK
        self.cells = list(plan.cells)
        self.identities = Identities(code_fingerprint(plan.base.plugins))
        self.tasks = tasks(self.cells, self.identities)
        self._same_sweep()
        (self.work / KEYS).write_text("\n".join(cell.key for cell in self.cells), encoding="utf-8")
        self.ledger = Ledger(self.work)
        self.states = self.worlds = 0
        settings = plan.settings
        self.backend = backends.Backend(backend or settings.backend, settings.cores, settings.scheduler)

    def all(self, rows: int) -> None:
        """Play, merge, put in place."""
        offers = offer_tasks(self.tasks, self.cells)
        wanted = {task.identity for task in (*self.tasks, *offers)}
        self.ledger.trust(wanted)
        errors = self._play(self.tasks, rows)
        offers = [task for task in offers if task.cell not in errors]
        self._play(offers, rows)
        self._finish(outcome.Outcome(self.plan, self.cells, self.tasks, errors), offers)
        self.ledger.forget(wanted)

    def _same_sweep(self) -> None:
        """Refuse to replace finished results that this sweep does not hold too."""
        if not (self.place / outcome.MANIFEST).is_file():
            self._same_begun()
            return
        try:
            old, most, offers = self._finished()
        except (OSError, ValueError, LookupError, TypeError):
            told = f"{outcome.MANIFEST} or {outcome.CELLS} is damaged; all tables are made again from finished work"
            self.progress.say(f"{self.place}: {told}")
            return
        kept = {cell.key for cell in self.cells}
        lost = sum(key not in kept for key in old)
        if lost:
            what = f"{lost} of {len(old)} cells"
        elif most > max(task.worlds for task in self.tasks):
            what = f"some of {most} worlds"
        elif offers and not any(cell.config.offers for cell in self.cells):
            what = "offers"
        else:
            return
        raise UserError(
            f"sweep folder '{self.place}' holds results that this sweep would drop: {what}",
            "A folder can be resumed and widened (more values, more worlds); name another with --out DIR",
        )

    def _same_begun(self) -> None:
        """Refuse to drop what an unfinished sweep of other cells has played."""
        listed = self.work / KEYS
        begun = listed.read_text(encoding="utf-8").split() if listed.is_file() else []
        lost = len(set(begun) - {cell.key for cell in self.cells})
        if lost and any(self.work.glob(f"*{shards.ROWS}")):
            raise UserError(
                f"sweep folder '{self.place}' holds unfinished work of another sweep: {lost} of {len(begun)} cells",
                "give that sweep's command again, name another folder with --out DIR,",
                f"or remove {self.work}, if it is not wanted",
            )

    def _finished(self) -> tuple[list[str], int, bool]:
        """Return what the finished sweep there holds: keys of its cells, the most worlds, whether there are offers."""
        keys = pq.read_table(self.place / outcome.CELLS, columns=["key"]).column("key").to_pylist()
        manifest = json.loads((self.place / outcome.MANIFEST).read_text(encoding="utf-8"))
        return keys, int(np.max(manifest["worlds"])), bool(manifest["rows"].get("offers"))

    def _play(self, found: Sequence[Task], rows: int) -> dict[int, str]:
        """Play what is missing of some tasks and return the messages of cells that failed."""
        gaps = gaps_of(self.ledger, found)
        todo = sum(gap.worlds for gap in gaps)
        self._tell(sum(task.worlds for task in {task.identity: task for task in found}.values()), todo)
        failed: dict[str, tuple[int, int, str]] = {}
        site = self.backend.site(self.work, self.identities.code, self.plan.base.plugins)
        self.progress.start(todo, "worlds")
        with closing(self.backend.run(site, pieces(gaps, rows, self.backend.workers), self.cells)) as played:
            for done in played:
                if done.shard is not None:
                    self.ledger.add(done.shard, trusted=True)
                self.progress.advance(done.worlds, len(done.failed.keys() - failed.keys()))
                for identity, error in done.failed.items():
                    failed[identity] = min(failed.get(identity, error), error)
                self.states, self.worlds = self.states + done.states, self.worlds + done.worlds
                if failed and self.plan.settings.on_error == "stop":
                    self._stop(failed)
        self.progress.close()
        return {task.cell: self._why(task, failed[task.identity]) for task in found if task.identity in failed}

    def _why(self, task: Task, error: tuple[int, int, str]) -> str:
        """Return what a cell fails with when it is played from world 0 on, whichever worlds its pieces met first."""
        first, worlds, message = error
        if task.offers or (first == 0 and worlds == task.worlds <= TRIED):
            return message
        for start in range(0, task.worlds, TRIED):
            errors = play_blocks([Block(self.cells[task.cell], start, min(TRIED, task.worlds - start))])[2]
            if errors:
                return errors[0]
        return message

    def _tell(self, worlds: int, todo: int) -> None:
        if self.ledger.damaged:
            self.progress.say(f"{self.place}: {self.ledger.damaged} damaged files of finished work are played again")
            self.ledger.damaged = 0
        if 0 < todo < worlds:
            self.progress.say(f"{self.place}: {worlds - todo:,} of {worlds:,} worlds are there already")

    def _stop(self, failed: dict[str, tuple[int, int, str]]) -> None:
        task = next(task for task in self.tasks if task.identity in failed)
        values = ", ".join(f"{key}={value}" for key, value in self.cells[task.cell].values.items())
        raise UserError(
            f"cell {task.cell} ({values}) failed: {failed[task.identity][-1]}",
            "sweep.on_error=continue lists cells that fail and plays the others; what is finished is kept.",
        )

    def _finish(self, found: outcome.Outcome, offers: Sequence[Task]) -> None:
        """Write all tables aside, then put them into the folder, the manifest last."""
        aside = self.work / "merged"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        try:
            rows = {"talks": self._merge(found.done, found.talks(), aside, "talks")}
            if offers:
                rows["offers"] = self._merge(offers, found.offers(), aside, "offers")
            outcome.write_small(found, aside)
            if rows["talks"]:
                summarise(aside)
                self._theory(found, aside)
            rests_on = {"data": list(self.identities.sources.values()), "code": self.identities.code}
            outcome.write_manifest(found, aside, rows, rests_on)
            self._put(aside)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if found.errors:
            where = self.place / f"{outcome.FAILURES}.csv"
            self.progress.say(f"{len(found.errors)} of {len(found.tasks)} cells failed; why: {where}")

    def _theory(self, found: outcome.Outcome, aside: Path) -> None:
        """Write what theory says of every cell, for the figures; without it the rows are no less right."""
        if not self.plan.base.config.figures:
            return
        try:
            write_theory([self.cells[task.cell] for task in found.done], aside)
        except ValueError as error:
            self.progress.say(f"no theory.parquet: {short(told(error))}")

    def _merge(self, found: Sequence[Task], shape: Shape, aside: Path, stem: str) -> int:
        names = sorted(self.ledger.shards)
        arrays = layout(self.ledger, found, {name: number for number, name in enumerate(names)})
        source = Source(self.work, names, *arrays)
        self.progress.start(int(source.rows.sum()), "rows")
        total = merge(source, shape, aside, stem, self.progress.advance)
        self.progress.close()
        return total

    def _put(self, aside: Path) -> None:
        """Replace what an earlier run left by what stands aside."""
        (self.place / outcome.MANIFEST).unlink(missing_ok=True)
        new = {path.name for path in aside.iterdir()}
        for path in self.place.iterdir():
            if MADE.fullmatch(path.name) and path.name not in new:
                path.unlink()
        for name in sorted(new, key=lambda name: name == outcome.MANIFEST):
            os.replace(aside / name, self.place / name)
        how = circumstances(self.started, time.perf_counter() - self.clock)
        how |= {"backend": self.backend.name, "cores": self.backend.asked}
        write_json(self.place / RUN, how | {"worlds_played": self.worlds, "trade_states_solved": self.states})
