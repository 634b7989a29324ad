"""Finished blocks on disk: files of rows named by what they hold, trusted by checksum, never changed.

A shard is an Arrow file `<name>.arrow` in the folder work/ with a sidecar `<name>.json` that says which blocks stand
where in it. Both are written aside and renamed, the sidecar last: a shard without one is no shard.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

ROWS, SIDECAR, ASIDE = ".arrow", ".json", ".aside"
BATCH = 1 << 14  # rows that are compressed together, and read together
OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
LENGTH = 32  # hex digits of a name


class Held(NamedTuple):
    """A block in a shard: whose worlds first ... first + worlds - 1 stand at rows offset ... offset + rows - 1."""

    identity: str
    first: int
    worlds: int
    offset: int
    rows: int


@dataclass(frozen=True)
class Shard:
    """A shard as its sidecar tells it; `checksum` is of the file of rows."""

    name: str
    checksum: str
    size: int
    blocks: tuple[Held, ...]


def name_of(blocks: Sequence[Held]) -> str:
    """Return the name of a shard that holds these blocks: a hash of what they are.

    >>> one, two = Held("a", 0, 5, 0, 5), Held("b", 0, 5, 5, 5)
    >>> name_of([one]) == name_of([one, two])
    False
    """
    text = "\n".join(f"{b.identity} {b.first} {b.worlds}" for b in blocks)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def write(folder: Path, table: pa.Table, blocks: Sequence[Held]) -> Shard:
    """Write the rows of blocks as a shard of this folder; OSError where the disk is full, and nothing is left."""
    table = table.unify_dictionaries().combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=OPTIONS) as writer:
        writer.write_table(table, max_chunksize=BATCH)
    content = sink.getvalue()
    shard = Shard(name_of(blocks), hashlib.sha256(content).hexdigest(), content.size, tuple(blocks))
    _put(folder / f"{shard.name}{ROWS}", content)
    _put(folder / f"{shard.name}{SIDECAR}", _told(shard))
    return shard


def _put(path: Path, content) -> None:
    """Write a file aside and rename it into place."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}{ASIDE}")
    try:
        aside.write_bytes(content)
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


def _told(shard: Shard) -> bytes:
    """Return a sidecar; its last line is a checksum of the first."""
    body = {"name": shard.name, "sha256": shard.checksum, "bytes": shard.size, "blocks": shard.blocks}
    text = json.dumps(body)
    return f'{{"shard": {text},\n"checksum": "{hashlib.sha256(text.encode()).hexdigest()}"}}\n'.encode()


def read_sidecar(path: Path) -> Shard | None:
    """Return a shard as told by its sidecar; None where the sidecar is damaged."""
    try:
        found = json.loads(path.read_bytes())
        body = found["shard"]
        if hashlib.sha256(json.dumps(body).encode()).hexdigest() != found["checksum"]:
            return None
        blocks = tuple(Held(*block) for block in body["blocks"])
        return Shard(body["name"], body["sha256"], body["bytes"], blocks)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def is_whole(folder: Path, shard: Shard) -> bool:
    """Say whether a shard's rows are there, byte for byte."""
    path = folder / f"{shard.name}{ROWS}"
    try:
        if path.stat().st_size != shard.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == shard.checksum
    except FileNotFoundError:
        return False


def remove(folder: Path, name: str) -> None:
    """Remove a shard, the sidecar first."""
    for ending in (SIDECAR, ROWS):
        (folder / f"{name}{ending}").unlink(missing_ok=True)


class Reader:
    """Reads batches of rows of a shard."""

    def __init__(self, path: Path) -> None:
        """Open the shard's file."""
        self.file = pa.ipc.open_file(pa.memory_map(str(path)))

    def batch(self, number: int) -> pa.RecordBatch:
        """Return rows number * BATCH ... of the shard."""
        return self.file.get_batch(number)
