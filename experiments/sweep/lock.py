"""One sweep at a time in a folder: a lock file that says who holds it; if that process is dead, it is taken over."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from experiments.folder import now
from experiments.messages import UserError

NAME = "lock.json"
TRIES = 5  # the file can vanish or be replaced between two looks


class Lock:
    """Held from `with` to its end; `note` says what was taken over, if anything."""

    def __init__(self, folder: Path) -> None:
        """Take the folder whose lock it is."""
        self.path = Path(folder) / NAME
        pid = os.getpid()
        self.mine = {"pid": pid, "host": socket.gethostname(), "born": born(pid), "started": _clock()}
        self.text = json.dumps(self.mine) + "\n"
        self.note = ""

    def __enter__(self) -> Lock:
        for _ in range(TRIES):
            if self._create() or self._take_over():
                return self
        raise self._refused("has a lock file that changes all the time", "try again in a moment")

    def __exit__(self, kind, error, trace) -> None:
        with suppress(OSError):
            if _read(self.path.read_text(encoding="utf-8", errors="replace")) == self.mine:
                self.path.unlink()

    def _create(self) -> bool:
        """Make the file with its content at once, or say that there is one."""
        aside = self.path.with_name(f"{NAME}.{self.mine['host']}.{os.getpid()}")
        aside.write_text(self.text, encoding="utf-8")
        try:
            os.link(aside, self.path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return self._create_plainly()
        finally:
            aside.unlink()
        return True

    def _create_plainly(self) -> bool:
        try:
            with self.path.open("x", encoding="utf-8") as file:
                file.write(self.text)
        except FileExistsError:
            return False
        return True

    def _take_over(self) -> bool:
        """Write our name into the file of a dead holder on this host; UserError if the holder may be alive."""
        try:
            file = self.path.open("r+", encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return False
        with file:
            _one_at_a_time(file)
            with suppress(FileNotFoundError):
                if os.fstat(file.fileno()).st_ino != self.path.stat().st_ino:
                    return False
                holder = _read(file.read())
                self._check(holder)
                file.seek(0)
                file.truncate()
                file.write(self.text)
                file.flush()
                self.note = f"taken over from process {holder.get('pid', '?')}, which is gone"
                return True
        return False

    def _check(self, holder: dict) -> None:
        since, pid = holder.get("started", "an unknown time"), holder.get("pid")
        if not holder:
            raise self._refused("has a lock file that cannot be read", f"if nothing runs there, remove {self.path}")
        if holder.get("host") != self.mine["host"]:
            raise self._refused(
                f"is in use since {since} by process {pid} on {holder.get('host')}",
                f"wait for it; if it is gone, remove {self.path} and start again",
            )
        if alive(pid, holder.get("born")):
            raise self._refused(f"is in use since {since} by process {pid} on this machine", "wait for it, or stop it")

    def _refused(self, why: str, advice: str) -> UserError:
        place = self.path.parent.parent
        return UserError(f"sweep folder '{place}' {why}", f"{advice}, or name another with --out DIR")


def _clock() -> str:
    return now().isoformat(timespec="seconds")


def _read(text: str) -> dict:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _one_at_a_time(file) -> None:
    """Let one process at a time look at a file of a dead holder; where there is no such call, go on without."""
    try:
        import fcntl
    except ImportError:
        return
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX)


def alive(pid: object, since: object = None) -> bool:
    """Say whether a process of this machine runs, and is the one that was born at `since` (None: unknown)."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return since is None or born(pid) in (None, since)


def born(pid: int) -> str | None:
    """Return when a process began: the machine's start and clock ticks since then; None: unknown."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text(encoding='utf-8').strip()} {ticks}"
    except (OSError, IndexError):
        return None
