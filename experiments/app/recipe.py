"""What is on screen as YAML: what differs from the experiment, for this page's upload and for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from experiments.app.base import Base, option, options
from experiments.app.overlay import INNER, OPTION, PLACES

TARGET = "_target_"
EXPERIMENT = "experiment"  # the key of the page's file that names the experiment it lies over
NAME = "screen"  # of the file for the command line
COMMAND = f"bargain --config-dir mine experiment={NAME}"


class _Dumper(yaml.SafeDumper):
    """Mappings a line a key, lists in one line, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal lists out: an upload takes no aliases."""
        return True


_Dumper.add_representer(list, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))


def difference(below: Any, above: Any, path: tuple[str, ...] = ()) -> Any:
    """Return what, laid over `below`, gives `above`: plug-ins of another class by the name of an option.

    None where nothing differs. Keys are never taken away.

    >>> difference({"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}})
    {'b': {'d': 4}}
    """
    if below == above:
        return None
    if not isinstance(above, Mapping):
        return above
    before = below if isinstance(below, Mapping) else {}
    if TARGET in above and before.get(TARGET) != above[TARGET]:
        return named(above, _group_of(path))
    found = {
        k: difference(before.get(k), v, (*path, str(k))) for k, v in above.items() if k not in before or before[k] != v
    }
    if INNER in found:
        found[INNER] = [named(item, "strategy") for item in above[INNER]]
    return {k: v for k, v in found.items() if v is not None or above[k] is None}


def named(plug_in: Mapping[str, Any], group: str) -> str | dict[str, Any]:
    """Return a plug-in as the name of the option nearest to it, with the values that differ from the option's."""
    own = {k: [named(i, group) for i in v] if k == INNER else v for k, v in plug_in.items()}
    found = []
    for name in options(group):
        held = option(group, name)
        if held.get(TARGET) == own[TARGET]:
            held = {k: [named(i, group) for i in v] if k == INNER else v for k, v in held.items()}
            found.append((name, {k: v for k, v in own.items() if k != TARGET and held.get(k) != v}))
    if not found:
        return dict(own)
    name, other = min(found, key=lambda pair: len(pair[1]))
    return {OPTION: name, **other} if other else name


def _group_of(path: tuple[str, ...]) -> str:
    return next(group for place, group in PLACES.items() if place.split(".")[-1] == path[-1])


def for_page(base: Base, changed: Mapping[str, Any]) -> str:
    """Return the file that this page's upload takes: the experiment's name and what differs from it."""
    head = f'# {_one_line(base.title)}: what was on the page. Hand it in there under "Use a file" to see it again.\n'
    return head + _dump({EXPERIMENT: base.name, **changed})


def for_command(base: Base, changed: Mapping[str, Any], full: Mapping[str, Any]) -> str:
    """Return the file mine/experiment/screen.yaml for the command line; `full` is the whole configuration."""
    chosen: list[str] = []
    values = _plain(changed, full, (), chosen)
    lines = [
        "# @package _global_",
        f"# {_one_line(base.title)}: what was on the page",
        "defaults:",
        f"  - {base.name}",
        "  - _self_",
    ]
    lines += [f"  - {entry}" for entry in chosen]
    return "\n".join(lines) + "\n" + ("\n" + _dump(values) if values else "")


def _plain(changed: Any, full: Any, path: tuple[str, ...], chosen: list[str]) -> Any:
    """Return the values of a difference without names of options; those go to `chosen` as entries of defaults."""
    name = changed if isinstance(changed, str) else changed.get(OPTION) if isinstance(changed, Mapping) else None
    if name is not None and isinstance(full, Mapping) and TARGET in full:
        group = _group_of(path)
        at = "" if group == "protocol" else f"@{'.'.join(path)}"
        chosen.append(f"override /{group}{at}: {name}")
        changed = {k: v for k, v in changed.items() if k != OPTION} if isinstance(changed, Mapping) else {}
    if not isinstance(changed, Mapping):
        return changed
    out = {}
    for key, value in changed.items():
        inner = full[key] if key == INNER else _plain(value, full[key], (*path, str(key)), chosen)
        if inner != {}:
            out[key] = inner
    return out


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
