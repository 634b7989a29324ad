"""What finished work rests on: the code that plays, the data files, numpy and scipy; never chunk, backend or git."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from importlib.metadata import entry_points, version
from pathlib import Path

from experiments.folder import data_sources
from experiments.plugins import ENTRY_POINTS, HOUSE, OURS

PLAYING = (  # besides OURS
    "configs",
    "experiments/build.py",
    "experiments/herd.py",
    "experiments/messages.py",
    "experiments/sweep/herds.py",
    "experiments/sweep/offers.py",
    "experiments/sweep/work.py",
)
NOT_PLAYING = ("sim/plots",)
LIBRARIES = ("numpy", "scipy")  # whose versions can move the last bits
LENGTH = 32  # hex digits kept of an identity: 128 bits


def code_fingerprint(plugins: Path | None = None) -> str:
    """Return the sha256 of all code that decides a row: ours, installed plug-ins, the --plugins folder, libraries."""
    digest = hashlib.sha256()
    for name in LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for label, root, files in _sources(plugins):
        for path in files:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{label} {path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _sources(plugins: Path | None) -> Iterable[tuple[str, Path, list[Path]]]:
    """Yield (label, root, python files below it), in an order that is the same on every machine."""
    yield "ours", HOUSE, [path for path in _python(HOUSE, (*OURS, *PLAYING)) if not _draws(path)]
    for name in sorted({point.module.split(".")[0] for point in entry_points(group=ENTRY_POINTS)}):
        found = importlib.util.find_spec(name)
        if found is not None and found.origin is not None:
            origin = Path(found.origin)
            package = found.submodule_search_locations is not None
            yield name, origin.parent, _python(origin.parent, (".",) if package else (origin.name,))
    if plugins is not None:
        yield "plugins", Path(plugins), sorted(Path(plugins).glob("*.py"))


def _python(root: Path, places: Iterable[str]) -> list[Path]:
    found = [root / place for place in places]
    return sorted(path for place in found for path in (place.rglob("*.py") if place.is_dir() else [place]))


def _draws(path: Path) -> bool:
    return any(path.is_relative_to(HOUSE / place) for place in NOT_PLAYING)


class Identities:
    """Turns cells into identities: the same one exactly where the rows of a world must be the same."""

    def __init__(self, code: str) -> None:
        """Take the fingerprint of the code."""
        self.code = code
        self.sources: dict[str, dict] = {}  # file: what the manifest says of it
        self._data: dict[int, tuple[object, str]] = {}  # of each economy node, kept with the node

    def of(self, key: str, config) -> str:
        """Return the identity of a cell with this key: hex digits."""
        return hashlib.sha256(f"{key} {self._checksum(config)} {self.code}".encode()).hexdigest()[:LENGTH]

    def _checksum(self, config) -> str:
        known = self._data.get(id(config.economy))
        if known is None:
            files = data_sources(config)
            self.sources |= {source["file"]: source for source in files}
            known = config.economy, " ".join(source["sha256"] for source in files)
            self._data[id(config.economy)] = known
        return known[1]
