"""A configuration that a visitor hands in: read as plain data, never composed by Hydra, nothing in it is looked up.

`read` is the only door: size, depth and count are limited before anything is built; anchors, tags, interpolations,
`hydra`, `defaults`, `_target_` and paths to files are refused. What is left is names, numbers, texts and lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml

from experiments import scan
from experiments.messages import UserError

MOST_BYTES = 64 * 1024
MOST_NODES = 20_000
DEEPEST = 20
REFUSED = {  # key, wherever it stands: why
    "hydra": "Hydra's own settings are for the command line",
    "defaults": "they are for files of the command line; name options by group, e.g. `strategy: hardliner`",
    "_target_": "classes are not named here; name a shipped option, e.g. `strategy: hardliner`",
    "flows_csv": "files on this machine are for the command line",
    "regions_csv": "files on this machine are for the command line",
}


def read(content: bytes | str, shown: str = "upload") -> tuple[dict[str, Any], dict[str, str]]:
    """Return a partial configuration as plain data, and where each of its dotted keys stands ("file:line").

    UserError names the line of what is not allowed.

    >>> read("talks: {japan: {stick: {threat_pct: 30.0}}}")[0]
    {'talks': {'japan': {'stick': {'threat_pct': 30.0}}}}
    """
    text = text_of(content, shown)
    _check_events(text, shown)
    root = scan.parse(text, shown)
    if root is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{shown}:1: a configuration is `key: value` lines")
    keys = list(islice(scan.walk(root, (), shown, set()), MOST_NODES))
    for key in keys:
        _check_key(key, shown)
    return yaml.load(text, Loader=scan.LOADER), {".".join(k.path): f"{shown}:{k.line}" for k in keys}


def text_of(content: bytes | str, shown: str = "upload") -> str:
    """Return the content as text, if it is small and UTF-8; a byte order mark does no harm here."""
    size = len(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise UserError(f"{shown}: {size / 1024:.0f} kB; at most {MOST_BYTES // 1024} kB", "Hand in only what differs.")
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{shown}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from None


def _check_events(text: str, shown: str) -> None:
    """Refuse anchors, aliases, several documents, and what is too deep or too long, before anything is built."""
    depth = documents = 0
    for count, event in enumerate(_events(text, shown)):
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None) is not None:
            raise UserError(f"{shown}:{line}: anchors and aliases (& and *) are not allowed; write the value out")
        opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
        closes = isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
        depth += int(opens) - int(closes)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise UserError(f"{shown}:{line}: nested more than {DEEPEST} deep")
        if count > MOST_NODES:
            raise UserError(f"{shown}:{line}: more than {MOST_NODES} entries")
        if documents > 1:
            raise UserError(f"{shown}:{line}: a second document (`---`); hand in one")


def _events(text: str, shown: str) -> Iterator[yaml.Event]:
    """Yield YAML's events one by one; what is not YAML is told by the scan of files."""
    try:
        yield from yaml.parse(text, Loader=scan.LOADER)
    except yaml.YAMLError:
        scan.parse(text, shown)
        raise UserError(f"{shown}: not YAML") from None


def _check_key(key: scan.Key, shown: str) -> None:
    """Refuse a key that does more than configure, and any `${`."""
    name = key.path[-1]
    if name.strip() in REFUSED:
        raise UserError(f"{shown}:{key.line}: `{name.strip()}` is not allowed in an upload: {REFUSED[name.strip()]}")
    for text in (name, key.node.value if isinstance(key.node, yaml.ScalarNode) else ""):
        if "${" in text:
            raise UserError(f"{shown}:{key.line}: {'.'.join(key.path)}: `${{` is not allowed; write the value out")
