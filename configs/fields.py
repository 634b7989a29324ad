"""The kinds of field the schema is made of: frozen models, strict numbers with unit and range, plug-ins, names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*$"
SUM_TOLERANCE = 1e-9  # probabilities must add up to one within this

Name = Annotated[str, Field(pattern=NAME_PATTERN)]


class Node(BaseModel):
    """A frozen node of the configuration: no unknown keys, no converted types, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def quantity(default: Any, description: str, unit: str = "", **limits: Any) -> Any:
    """Return a field with its description, unit and limits (ge, gt, le, lt); `...` for a required one."""
    extra = {"unit": unit} if unit else None
    return Field(default, description=description, json_schema_extra=extra, **limits)


def percent(default: Any, description: str, **limits: Any) -> Any:
    """Return a field in percent, 0 to 100 unless told otherwise."""
    return quantity(default, description, "%", **({"ge": 0, "le": 100} | limits))


def money(default: Any, description: str, unit: str = "bn USD a year", **limits: Any) -> Any:
    """Return a field in billions of USD a year, not negative unless told otherwise."""
    return quantity(default, description, unit, **(limits or {"ge": 0}))


def listed(item: Any, at_least: int = 1) -> Any:
    """Return the type of a list in YAML, kept as a tuple, of `at_least` items of the type `item`."""
    return Annotated[tuple[item, ...], Field(strict=False, min_length=at_least)]


def scalar_or_mapping(item: Any) -> Any:
    """Return the type of one value for every economy, or a mapping from economy to value."""
    return Annotated[
        Annotated[item, Tag("one")] | Annotated[dict[str, item], Tag("each")],
        Discriminator(lambda value: "each" if isinstance(value, Mapping) else "one"),
    ]


def _is_built(value: Any) -> Any:
    if isinstance(value, Mapping) or not hasattr(type(value), "__dataclass_fields__"):
        raise PydanticCustomError("plug_in", "needs a class named by `_target_`, built by experiments/plugins.py")
    return value


def plug_in(group: str) -> Any:
    """Return the type of a plug-in of a group: an instance of the class that `_target_` names in YAML."""
    schema = {
        "type": "object",
        "plug_in": group,
        "properties": {"_target_": {"type": "string", "description": f"class of the {group}"}},
        "required": ["_target_"],
    }
    return Annotated[Any, AfterValidator(_is_built), WithJsonSchema(schema)]


def fault(at: str, message: str) -> PydanticCustomError:
    """Return an error about the key `at`, a dotted path below the node that raises it."""
    return PydanticCustomError("at", "{message}", {"at": at, "message": message})


def check_probabilities(probabilities: tuple[float, ...] | None, count: int) -> None:
    """Refuse probabilities that are not one a value or do not add up to 1; None means equally likely."""
    if probabilities is None:
        return
    if len(probabilities) != count:
        raise fault("probabilities", f"{len(probabilities)} probabilities for {count} values; give one for each")
    if abs(sum(probabilities) - 1.0) > SUM_TOLERANCE:
        raise fault("probabilities", f"they add up to {sum(probabilities):.10g}; they must add up to 1")
