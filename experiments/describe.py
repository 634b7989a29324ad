"""What the schema says about a key: description, unit, range, the names allowed below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from configs.schema import Config
from experiments.plugins import known_class


@cache
def _schema() -> dict:
    return Config.model_json_schema()


@cache
def _plug_in_schema(target: str) -> dict:
    return TypeAdapter(known_class(target)).json_schema()


class Field:
    """One node of the JSON schema: what may stand at a key."""

    def __init__(self, node: Mapping, root: Mapping):
        self.node, self.root = node, root

    @property
    def description(self) -> str:
        """One line that says what the key means."""
        return self.node.get("description", "")

    @property
    def unit(self) -> str:
        """The unit, empty where there is none."""
        return self.node.get("unit", "")

    @property
    def names(self) -> list[str]:
        """The key names allowed below this key; empty where any name is."""
        return list(self.node.get("properties", {}))

    def _leaf(self) -> Mapping:
        """Return the node that carries the limits: the item of a list, the number of a null-or-number."""
        node = self.node
        while True:
            choices = [c for c in node.get("anyOf", node.get("oneOf", ())) if c.get("type") != "null"]
            if choices:
                node = resolve(choices[0], self.root)
            elif node.get("type") == "array" and isinstance(node.get("items"), Mapping):
                node = resolve(node["items"], self.root)
            elif any_name(node) and "properties" not in node:
                node = resolve(any_name(node), self.root)
            else:
                return node

    @property
    def allowed(self) -> str:
        """The range or the choices in words, empty where anything goes.

        >>> at(("worlds",), {}).allowed
        '1 to 10000000'
        """
        leaf = self._leaf()
        if "enum" in leaf:
            return ", ".join(map(str, leaf["enum"]))
        if leaf.get("type") == "boolean":
            return "true or false"
        low = [f"{_whole(leaf['minimum'])}"] if "minimum" in leaf else []
        low += [f"above {leaf['exclusiveMinimum']:.12g}"] if "exclusiveMinimum" in leaf else []
        high = [f"{_whole(leaf['maximum'])}"] if "maximum" in leaf else []
        high += [f"below {leaf['exclusiveMaximum']:.12g}"] if "exclusiveMaximum" in leaf else []
        if low and high:
            return f"{low[0]} to {high[0]}"
        if low:
            return low[0] if low[0].startswith("above") else f"{low[0]} or more"
        return f"at most {high[0]}" if high else ""

    @property
    def wanted(self) -> str:
        """The kind of value in words: a number, a whole number, text ..."""
        leaf = self._leaf()
        kind = leaf.get("type")
        words = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "string": "text"}
        return words.get(kind, "a mapping of keys")

    def below(self, name: str, value: Any) -> Field | None:
        """Return the field of a name below this one, given the value found here; None where there is none."""
        node = self.node
        if "plug_in" in node and name != "_target_":
            target = value.get("_target_") if isinstance(value, Mapping) else None
            if known_class(target) is not None:
                root = _plug_in_schema(target)
                return Field(root, root).below(name, value)
        for choice in node.get("anyOf", ()) or node.get("oneOf", ()):
            choice = resolve(choice, self.root)
            found = None if _other_kind(choice, value) else Field(choice, self.root).below(name, value)
            if found is not None:
                return found
        if name in node.get("properties", {}):
            return Field(resolve(node["properties"][name], self.root), self.root)
        inner = any_name(node) or node.get("items")
        if not isinstance(inner, Mapping):
            return None
        kept = {k: self.node[k] for k in ("unit", "description") if k in self.node}
        return Field(kept | dict(resolve(inner, self.root)), self.root)

    def names_at(self, value: Any) -> list[str]:
        """Return the names allowed below this key, given the value found here."""
        if "plug_in" in self.node and isinstance(value, Mapping):
            cls = known_class(value.get("_target_"))
            if cls is not None:
                return ["_target_", *_plug_in_schema(value["_target_"]).get("properties", {})]
        for choice in self.node.get("anyOf", ()) or self.node.get("oneOf", ()):
            choice = resolve(choice, self.root)
            if not _other_kind(choice, value) and choice.get("properties"):
                return list(choice["properties"])
        return self.names


def at(path: tuple[str, ...], data: Any) -> Field | None:
    """Return the field at a path of the configuration `data`, None where the schema has none."""
    field: Field | None = Field(_schema(), _schema())
    value = data
    for name in path:
        if field is None:
            return None
        field = field.below(name, value)
        value = inside(value, name)
    return field


def inside(value: Any, name: str) -> Any:
    """Return what stands below `name` in a mapping or list, None where nothing does."""
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list | tuple) and str(name).isdigit() and int(name) < len(value):
        return value[int(name)]
    return None


def resolve(node: Mapping, root: Mapping) -> Mapping:
    """Follow `$ref`, keeping what stands beside it."""
    if "$ref" in node:
        target = root["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return {**target, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def any_name(node: Mapping) -> Mapping | None:
    """Return what stands below any name of a mapping whose names are free."""
    inner = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return next((i for i in inner if isinstance(i, Mapping)), None)


def _other_kind(choice: Mapping, value: Any) -> bool:
    """Say whether a branch of a union is for another `kind` than the value's."""
    kind = choice.get("properties", {}).get("kind", {}).get("const")
    return kind is not None and isinstance(value, Mapping) and value.get("kind") != kind


def _whole(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.12g}"


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (path, value) of every single value or list of a plain configuration."""
    if isinstance(node, Mapping) and node:
        for name, value in node.items():
            yield from leaves(value, (*path, name))
    elif isinstance(node, list) and any(isinstance(value, Mapping) for value in node):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, str(index)))
    else:
        yield path, node
