"""The run folder: refused if used, filled beside its place, moved there whole."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path

from experiments.messages import UserError

PACKAGES = ("numpy", "scipy", "mesa", "hydra-core", "pandas", "pyarrow", "pydantic", "matplotlib")
HERE = "sticks-and-carrots"


class RunFolder:
    """A folder that appears whole or not at all: work in `self.work`, then `finish`."""

    def __init__(self, place: Path) -> None:
        """Take the place; UserError if it exists with something in it or cannot be written."""
        self.place = Path(place)
        self.new_parents: list[Path] = []  # made for this run, innermost first
        try:
            if self.place.is_symlink():
                self.place = self.place.resolve()
            if self.place.exists() and (not self.place.is_dir() or any(self.place.iterdir())):
                raise self._refused("is already used", ", or remove it; nothing was written")
            if self.place.name in ("", ".."):
                raise self._refused("is no place for a run: it would replace a folder that is in use")
            self.work = self.place.with_name(f"{self.place.name}.partial-{os.getpid()}")
            self.new_parents = [p for p in self.work.parents if not p.exists()]
            self.work.mkdir(parents=True)
        except OSError as error:
            raise self._refused(f"cannot be written: {error.strerror or type(error).__name__}") from None

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, kind, error, trace) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        with suppress(OSError):  # the first that holds something, the finished run perhaps, stays with those above it
            for folder in self.new_parents:
                folder.rmdir()
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):  # a full disk, a quota
            why = os.strerror(error.errno) if error.errno else str(error)
            raise self._refused(f"cannot be written: {why}", "; nothing was kept of this run") from error

    def finish(self) -> Path:
        """Move the finished work to its place and return it."""
        try:
            if self.place.exists():
                self.place.rmdir()
            self.work.rename(self.place)
        except OSError:
            raise self._refused("is already used: something was put there while the run was going on") from None
        return self.place

    def _refused(self, why: str, more: str = "") -> UserError:
        return UserError(f"run folder '{self.place}' {why}", f"name another with --out DIR{more}")


def write_json(path: Path, content: dict) -> None:
    """Write JSON that reads well and is the same bytes for the same content."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    return {"python": platform.python_version(), HERE: metadata.version(HERE)} | {
        name: metadata.version(name) for name in PACKAGES
    }


def data_sources(config) -> list[dict[str, str]]:
    """Return the data files of a run with their checksums (sha256)."""
    node = config.economy
    if node is None:
        return []
    if node.source is None:
        files = [Path(node.flows_csv), Path(node.regions_csv)]
        return [{"file": str(f), "sha256": hashlib.sha256(f.read_bytes()).hexdigest()} for f in files]
    names = [f"{node.source}.csv", f"{node.source.replace('flows', 'regions')}.csv"]
    root = resources.files("sim") / "data"
    sums = [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names]
    return [
        {"file": f"sim/data/{name}", "sha256": found, "terms": "sim/data/LICENSES.md"}
        for name, found in zip(names, sums)
    ]


def circumstances(started: datetime, seconds: float) -> dict:
    """Return what may differ between two equal runs: time, host, git state."""
    return {
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "host": socket.gethostname(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "command": " ".join(["bargain", *sys.argv[1:]]),
        "git": _git(),
    }


def now() -> datetime:
    """Return the current time, with its zone."""
    return datetime.now(UTC).astimezone()


def _git() -> dict[str, str | bool] | None:
    """Return commit and cleanliness of the checkout the program runs from, or None."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        run = lambda *words: subprocess.run(  # noqa: E731
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
        return {"commit": run("rev-parse", "HEAD"), "clean": not run("status", "--porcelain")}
    except (OSError, subprocess.SubprocessError):
        return None
