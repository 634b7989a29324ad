"""JSON Schemas for editors, one a group of YAML files: python -m experiments.json_schema.

A file of a group says only what differs, so nothing is required there; what may stand in it, its type and its range
are those `bargain check` holds it to. Sums, orders and names of countries are for `bargain check` alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from configs.schema import Config
from experiments import plugins
from experiments.describe import Field
from experiments.menu import CONFIGS
from experiments.places import PLUG_INS

FOLDER = CONFIGS / "json_schema"
SETTINGS = CONFIGS.parent / ".vscode" / "settings.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
NODES = {"economy": "Economy", "country": "Country", "talk": "Talk", "stick": "Stick", "hub": "Hub"}  # group: its node
MAY_BE_NULL = ("economy", "hub")  # groups with an option `none`, a file that says `economy: null`
WHOLE = "experiment"  # the schema of files placed at the top: experiment/, talks/, config.yaml
PLUGGED = sorted(set(PLUG_INS.values()))
DROPPED = ("required", "minProperties", "title", "discriminator", "unit", "plug_in", "multiple_of")
OWN_CLASS = r"^(?!(agents|sim)\.)[A-Za-z]\w*(\.[A-Za-z]\w*)+$"  # a class of the user's, from --plugins or installed
LIST = {
    "type": "array",
    "description": "what this file builds on: options of groups, and _self_ where its own lines come in",
    "items": {"type": ["string", "object"]},
}
HYDRA = {
    "type": "object",
    "description": "the two parts of Hydra that a file may set; config.yaml also says where runs are written",
    "properties": {
        "mode": {"enum": ["RUN", "MULTIRUN"]},
        "sweeper": {"type": "object", "properties": {"params": {"type": "object"}}, "additionalProperties": False},
        "output_subdir": {"type": ["string", "null"]},
        "run": {"type": "object"},
        "sweep": {"type": "object"},
    },
    "additionalProperties": False,
}


def schemas() -> dict[str, dict]:
    """Return the JSON Schema of each kind of file: those of the groups, and `experiment` for files at the top."""
    root = Config.model_json_schema()
    shared = {name: _loose(node) for name, node in root["$defs"].items()}
    for group in PLUGGED:
        shared |= _plug_in(group)
    whole = _with_defaults(_loose({k: v for k, v in root.items() if k != "$defs"}), "the configuration of a run")
    whole["properties"] |= {"hydra": HYDRA}
    found = {WHOLE: whole}
    found |= {group: _with_defaults(shared[name], f"a file of {group}/") for group, name in NODES.items()}
    found |= {group: shared[f"{group}_file"] for group in PLUGGED}
    for group in MAY_BE_NULL:
        empty = {"type": "object", "properties": {group: {"type": "null"}}, "additionalProperties": False}
        found[group] = {"anyOf": [found[group], empty], "description": f"a file of {group}/"}
    return {name: {"$schema": DRAFT, "title": name, **_needed(node, shared)} for name, node in found.items()}


def _loose(node: Any) -> Any:
    """Return a node as a file may hold it: nothing required, units in the descriptions, branches side by side."""
    if isinstance(node, list):
        return [_loose(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    if "plug_in" in node:
        return {"$ref": f"#/definitions/{node['plug_in']}", "description": node.get("description", "")}
    out = {k: v if k in ("enum", "const", "default") else _loose(v) for k, v in node.items() if k not in DROPPED}
    if isinstance(node.get("properties"), Mapping):  # names of keys are no keywords
        out["properties"] = {name: _loose(below) for name, below in node["properties"].items()}
    if "oneOf" in out:
        out["anyOf"] = out.pop("oneOf")
    if "patternProperties" in out:
        out.setdefault("additionalProperties", False)
    if isinstance(out.get("default"), Mapping):
        del out["default"]
    if isinstance(node.get("$ref"), str):
        out["$ref"] = node["$ref"].replace("#/$defs/", "#/definitions/")
    return _told(node, out)


def _told(node: Mapping, out: dict) -> dict:
    """Add unit and range to the description, which is what an editor shows."""
    if "description" in out and ("unit" in node or any(limit in node for limit in ("minimum", "maximum"))):
        field = Field(node, {"$defs": {}})
        inside = ", ".join(part for part in (node.get("unit"), field.allowed) if part)
        out["description"] += f" [{inside}]" if inside else ""
    return out


def _with_defaults(node: Mapping, description: str) -> dict:
    """Return a node as a file of its own, which may begin with a defaults list."""
    return {**node, "description": description, "properties": {"defaults": LIST, **node["properties"]}}


def _classes(group: str) -> dict[str, dict]:
    """Return the schema of every shipped class of a plug-in group by its `_target_`."""
    found = {}
    for target in plugins.shipped(group):
        cls = plugins.resolve(target, group, "schema")
        node = _loose(TypeAdapter(cls).json_schema())
        own = {"const": target, "description": (cls.__doc__ or "").strip().splitlines()[0]}
        found[target] = {**node, "properties": {"_target_": own, **node.get("properties", {})}}
    return found


def _plug_in(group: str) -> dict[str, dict]:
    """Return the definitions of a plug-in: each class, and what picks one by `_target_`; all again as files."""
    classes, found = _classes(group), {}
    for end, about in (("", f"a {group}"), ("_file", f"a file of {group}/")):
        names = {target: target.rpartition(".")[2] + end for target in classes}
        for target, node in classes.items():
            found[names[target]] = _with_defaults(node, node["description"]) if end else node
        found[group + end] = {"description": about, **_pick(classes, names)}
    return found


def _pick(classes: Mapping[str, dict], names: Mapping[str, str]) -> dict:
    """Return a schema that holds a mapping to the class it names; without a class to any one of them."""
    known = [{"const": t, "description": node["properties"]["_target_"]["description"]} for t, node in classes.items()]
    own = {"type": "string", "pattern": OWN_CLASS, "description": "a class of your own"}
    target = {"description": "the class, as module.Class", "anyOf": [*known, own]}
    has, to = {"required": ["_target_"]}, {t: {"$ref": f"#/definitions/{name}"} for t, name in names.items()}
    rules = [{"if": {**has, "properties": {"_target_": {"const": t}}}, "then": branch} for t, branch in to.items()]
    rules.append({"if": {"not": has}, "then": {"anyOf": list(to.values())}})
    return {"type": "object", "properties": {"_target_": target}, "allOf": rules}


def _needed(node: Mapping, shared: Mapping) -> dict:
    """Return a schema with the definitions it refers to, directly or through others."""
    found: dict[str, dict] = {}
    todo = [node]
    while todo:
        for name in _references(todo.pop()):
            if name not in found:
                found[name] = shared[name]
                todo.append(shared[name])
    return {**node, **({"definitions": dict(sorted(found.items()))} if found else {})}


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for part in node for name in _references(part)]
    if not isinstance(node, Mapping):
        return []
    own = [node["$ref"].rpartition("/")[2]] if isinstance(node.get("$ref"), str) else []
    return own + [name for part in node.values() for name in _references(part)]


def kind_of(group: str) -> str:
    """Return which schema the files of a group are held to.

    >>> kind_of("stick"), kind_of("talks")
    ('stick', 'experiment')
    """
    return group if group in (*NODES, *PLUGGED) else WHOLE


def settings() -> dict:
    """Return the settings of VS Code that bind the schemas to files, in `configs/` and in folders of the user's."""
    files = {name: [] for name in sorted((WHOLE, *NODES, *PLUGGED))}
    for group in sorted({path.parent.name for path in CONFIGS.glob("*/*.yaml")}):
        files[kind_of(group)].append(f"**/{group}/*.yaml")
    files[WHOLE].append("configs/config.yaml")
    place = FOLDER.relative_to(CONFIGS.parent).as_posix()
    return {"yaml.schemas": {f"./{place}/{name}.json": globs for name, globs in files.items()}}


def texts() -> dict[Path, str]:
    """Return the text of every file this module makes, by its path."""
    made = {FOLDER / f"{name}.json": schema for name, schema in schemas().items()} | {SETTINGS: settings()}
    return {path: json.dumps(node, indent=1, ensure_ascii=False) + "\n" for path, node in made.items()}


def main() -> None:
    """Write the schemas and the settings."""
    for path, text in texts().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
