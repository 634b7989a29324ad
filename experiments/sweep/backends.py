"""Where pieces of work are played: here, on the cores of this machine, or on a Dask cluster; joblib is the one door.

A worker writes its shard itself and returns only what stands in it: rows never pass through the scheduler, and what a
worker has finished is kept whatever happens to the process that asked for it. So all machines need the sweep's folder.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from experiments.extras import need
from experiments.messages import UserError
from experiments.sweep import shards
from experiments.sweep.fingerprint import code_fingerprint
from experiments.sweep.memory import give_back, settled
from experiments.sweep.missing import Piece
from experiments.sweep.offers import play_offers
from experiments.sweep.work import STATES_SOLVED, Block, play_blocks

MANY = 64  # workers, where it is not known how many there are
AHEAD = 2  # pieces waiting for each worker
LOST_POOLS = 3  # times that workers may die before the sweep is given up
ANSWERS_AFTER = 10.0  # seconds that a scheduler may take to answer
LOOKS_EVERY = 0.5  # seconds between a worker's looks at whether its parent lives
SEEN_AFTER = 10.0  # seconds that a shared file system may take to show a shard
_PLAYING = threading.Lock()  # one piece at a time in a process, however many threads it has


@dataclass(frozen=True)
class Site:
    """What every worker needs to know: the folder of shards, the code it must run, where relative paths start."""

    folder: Path
    code: str
    plugins: Path | None
    start: Path
    modules: tuple[str, ...] = ()  # of the --plugins folder, which an unpickled cell needs
    parent: int | None = None  # the process that workers belong to, and do not outlive

    @classmethod
    def here(cls, folder: Path, code: str, plugins: Path | None, *, owner: bool = False) -> Site:
        """Return the site of a sweep started by this process; `owner`: its workers are children of this process."""
        plugins = None if plugins is None else Path(plugins).resolve()
        found = [(name, getattr(m, "__file__", None)) for name, m in list(sys.modules.items())]
        inside = tuple(n for n, f in found if f and plugins and Path(f).resolve().parent == plugins and "." not in n)
        return cls(Path(folder).resolve(), code, plugins, Path.cwd(), inside, os.getpid() if owner else None)


class Done(NamedTuple):
    """What came of a piece: its shard if it holds anything, failed identities with (first world, worlds, message)."""

    shard: shards.Shard | None
    failed: dict[str, tuple[int, int, str]]
    worlds: int
    states: int
    host: str


def play(site: Site, piece: Piece, cells: Sequence) -> Done:
    """Play a piece, write its shard, and give back the memory it took."""
    try:
        return _played(site, piece, cells)
    finally:
        give_back()


def _played(site: Site, piece: Piece, cells: Sequence) -> Done:
    blocks = [Block(cell, gap.first, gap.worlds) for cell, gap in zip(cells, piece)]
    table, spans, errors = (*play_offers(blocks), {}) if piece[0].task.offers else play_blocks(blocks)
    held = [
        shards.Held(gap.task.identity, gap.first, gap.worlds, *span)
        for number, (gap, span) in enumerate(zip(piece, spans))
        if number not in errors
    ]
    failed: dict[str, tuple[int, int, str]] = {}
    for number, message in sorted(errors.items()):
        gap = piece[number]
        error = gap.first, gap.worlds, message
        failed[gap.task.identity] = min(failed.get(gap.task.identity, error), error)
    shard = shards.write(site.folder, table, held) if held else None
    states = int((table.schema.metadata or {}).get(STATES_SOLVED, 0))
    return Done(shard, failed, sum(gap.worlds for gap in piece), states, socket.gethostname())


def remote(site: Site, piece: Piece, packed: bytes) -> Done:
    """Play a piece in a worker: its cells come packed, for their classes may have to be loaded first."""
    _end_with(site.parent)
    with _PLAYING:
        if Path.cwd() != site.start:
            os.chdir(site.start)
        _same_code(site)
        for name in site.modules:
            _load(name, site.plugins)
        return play(site, piece, pickle.loads(packed))


@lru_cache(maxsize=1)
def _end_with(parent: int | None) -> None:
    """Have this process end when its parent does, even if that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOKS_EVERY)
        os._exit(1)

    if parent is not None and os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()


@lru_cache(maxsize=4)
def _own_code(plugins: Path | None) -> str:
    return code_fingerprint(plugins)


def _same_code(site: Site) -> None:
    """Refuse to play with other code than the sweep was started with."""
    if _own_code(site.plugins) != site.code:
        raise UserError(
            f"the worker on {socket.gethostname()} runs other code than this sweep was started with",
            "Workers need the same files of sim/, agents/, configs/ and plug-ins, and the same numpy and scipy;",
            "restart workers after a change of code.",
        )


def _load(name: str, folder: Path) -> None:
    """Import a module of the --plugins folder under its own name, as the starting process did."""
    path = folder / f"{name}.py"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


@dataclass(frozen=True)
class Backend:
    """How pieces are played: `serial`, `loky` on `cores` cores, `dask` at a scheduler's address, or `outer`.

    `outer` is whatever joblib backend the caller has set with joblib.parallel_config (Ray's, say).
    """

    name: str = "serial"
    asked: int | None = None  # processes; None: all cores there are, or as many as a cluster has
    scheduler: str | None = None

    @property
    def cores(self) -> int:
        """Processes that are started on this machine."""
        from joblib import cpu_count

        return self.asked or cpu_count()

    @property
    def workers(self) -> int:
        """How many pieces may be played at once; a cluster is not asked, it is taken to be large."""
        if self.name == "serial":
            return 1
        elsewhere = self.name == "outer" or self.scheduler is not None
        return self.asked or (MANY if elsewhere else self.cores)

    def site(self, folder: Path, code: str, plugins: Path | None) -> Site:
        """Return what the workers of this backend need to know."""
        return Site.here(folder, code, plugins, owner=self.name == "loky")

    def run(self, site: Site, pieces: Iterable[Piece], cells: Sequence) -> Iterator[Done]:
        """Yield what came of each piece, in any order."""
        if self.name == "serial":
            with settled():
                yield from (play(site, piece, [cells[gap.task.cell] for gap in piece]) for piece in pieces)
            return
        left = dict(enumerate(pieces))
        for lost in range(LOST_POOLS + 1):
            try:
                yield from self._pool(site, left, cells)
            except BaseException as error:
                if not _workers_died(error):
                    raise
                if lost == LOST_POOLS:
                    raise _gave_up(error, len(left)) from None
            if not left:
                return

    def _pool(self, site: Site, left: dict[int, Piece], cells: Sequence) -> Iterator[Done]:
        """Play the pieces that are left on one pool of workers; a piece leaves the list when it is done."""
        from joblib import delayed

        def numbered():
            for number, piece in list(left.items()):
                packed = pickle.dumps([cells[gap.task.cell] for gap in piece], protocol=pickle.HIGHEST_PROTOCOL)
                yield delayed(_numbered)(number, site, piece, packed)

        with self._door() as extra, closing(_as_done(numbered(), extra)) as found:
            for number, done in found:
                _wait_for(site, done)
                del left[number]
                yield done

    @contextmanager
    def _door(self) -> Iterator[dict]:
        """Open joblib's door to the workers; yields what Parallel needs to be told besides."""
        from joblib import parallel_config

        if self.name == "outer":
            yield {}
        elif self.name == "loky":
            with parallel_config("loky", n_jobs=self.cores, inner_max_num_threads=1), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)  # another takes over
                yield {}
        else:
            with _cluster(self.scheduler, self.cores) as client, parallel_config("dask", client=client):
                yield {"n_jobs": -1}


def _as_done(calls: Iterable, extra: dict) -> Iterator:
    """Yield what calls return as they are done; all at the end where a backend cannot tell earlier, as Ray's."""
    from joblib import Parallel

    how = {"batch_size": 1, "pre_dispatch": f"{AHEAD}*n_jobs"} | extra
    try:
        parallel = Parallel(return_as="generator_unordered", **how)
    except ValueError:
        yield from Parallel(**how)(calls)
        return
    with closing(parallel(calls)) as found:
        yield from found


def _numbered(number: int, site: Site, piece: Piece, packed: bytes) -> tuple[int, Done]:
    return number, remote(site, piece, packed)


@contextmanager
def _cluster(address: str | None, cores: int):
    """Connect to a Dask scheduler, or to workers started on this machine; UserError if nobody answers."""
    distributed = need("distributed", "cluster")
    if address is None:
        local = {"n_workers": cores, "threads_per_worker": 1, "dashboard_address": None}
        with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client
        return
    try:
        client = distributed.Client(address, timeout=ANSWERS_AFTER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"sweep.scheduler: no Dask scheduler answers at '{address}': {error}",
            "Start one with `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`.",
        ) from None
    with client:
        yield client


def _wait_for(site: Site, done: Done) -> None:
    """Wait until this machine sees what a worker wrote; UserError if it never does."""
    if done.shard is None:
        return
    stop = time.monotonic() + SEEN_AFTER
    path = site.folder / f"{done.shard.name}{shards.ROWS}"
    while not path.is_file():
        if time.monotonic() > stop:
            raise UserError(
                f"the worker on {done.host} wrote to {site.folder}, but this machine does not see it",
                "All machines of a sweep need its folder: name one on a shared file system with --out DIR.",
            )
        os.listdir(site.folder)  # makes a network file system look again
        time.sleep(0.1)


def _workers_died(error: BaseException) -> bool:
    """Say whether an error means that worker processes are gone (killed, out of memory)."""
    return any(kind.__name__ in ("BrokenProcessPool", "KilledWorker", "BrokenExecutor") for kind in type(error).__mro__)


def _gave_up(error: BaseException, left: int) -> UserError:
    return UserError(
        f"workers died {LOST_POOLS + 1} times, with {left} pieces of work left: {type(error).__name__}",
        "Often the machine has too little memory: take fewer cores (sweep.cores=1) or fewer worlds a cell.",
        "What is finished is kept: the same command goes on from there.",
    )
