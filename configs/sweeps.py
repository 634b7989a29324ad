"""Nodes of the configuration about sweeps: a design of several keys at once, and how the cells are run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from configs.fields import Node, fault, listed, quantity

MOST_POINTS = 1 << 20
NEEDS = {"zip": "values", "lhs": "ranges", "sobol": "ranges", "csv": "file", "grids": "grids"}
SAMPLED = ("lhs", "sobol")


class SweepSettings(Node):
    """How the cells of a sweep are run; none of this changes a number in its tables."""

    backend: Literal["serial", "loky", "dask"] = Field(
        "serial", description="one process, several on this machine (loky), or the workers of a Dask scheduler"
    )
    cores: int | None = quantity(None, "processes at work; null: all there are", "processes", ge=1, le=100_000)
    scheduler: str | None = Field(None, description="address of the Dask scheduler; null: a local cluster")
    on_error: Literal["continue", "stop"] = Field(
        "continue", description="what a cell that fails does to the others: they go on, or the sweep stops"
    )


class Design(Node):
    """An axis of several keys at once: what a command line cannot say."""

    kind: Literal["zip", "lhs", "sobol", "csv", "grids"] = Field(
        description="zip: lists side by side; lhs, sobol: points over ranges; csv: a file; grids: a union of grids"
    )
    values: dict[str, listed(Any)] | None = Field(None, description="for zip: lists of equal length, by key")
    ranges: dict[str, listed(float, 2)] | None = Field(None, description="for lhs and sobol: [low, high], by key")
    points: int | None = quantity(None, "for lhs and sobol: how many", "points", ge=1, le=MOST_POINTS)
    seed: int = quantity(0, "for lhs and sobol: seed of the design, not of the worlds", "", ge=0, le=2**32 - 1)
    file: str | None = Field(None, description="for csv: a file with keys in its first line and a point a line")
    grids: listed(dict[str, listed(Any)]) | None = Field(None, description="for grids: lists of values, by key")

    @model_validator(mode="after")
    def _complete(self):
        due = {NEEDS[self.kind], *(("points",) if self.kind in SAMPLED else ())}
        for name in ("values", "ranges", "points", "file", "grids"):
            given = getattr(self, name)
            if name in due and not given:
                raise fault(name, f"is missing: kind {self.kind} needs {' and '.join(sorted(due))}")
            if name not in due and given is not None:
                raise fault(name, f"is not for kind {self.kind}, which takes {' and '.join(sorted(due))}")
        return self

    @model_validator(mode="after")
    def _fits(self):
        for key, pair in (self.ranges or {}).items():
            if len(pair) != 2 or not pair[0] < pair[1]:
                shown = ", ".join(f"{v:g}" for v in pair)
                raise fault(f"ranges.{key}", f"[{shown}] is not a range; write [low, high] with low below high")
        lengths = {key: len(values) for key, values in (self.values or {}).items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{n} for {key}" for key, n in lengths.items())
            raise fault("values", f"the lists of a zip need equal lengths: {told}")
        for number, grid in enumerate(self.grids or ()):
            if set(grid) != set(self.grids[0]):
                first = ", ".join(self.grids[0])
                raise fault(f"grids.{number}", f"every grid names the same keys ({first}); [x] holds a key at x")
        return self

    @model_validator(mode="after")
    def _power_of_two(self):
        if self.kind == "sobol" and self.points & (self.points - 1):
            near = 1 << (self.points.bit_length() - 1)
            why = f"{self.points} is no power of 2; a Sobol design is balanced at {near} or {2 * near} points"
            raise fault("points", why)
        return self
