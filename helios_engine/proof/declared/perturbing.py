"""Columns of bodies: which there are, and the same body with another value in one of them."""

from __future__ import annotations

import inspect
import math
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from helios_engine.bodies import Features, Schema
from helios_engine.events import Body

VARIANTS = ("each a little", "each wildly", "all alike")
"""How an input is changed: about every second value by some percent, by a factor of about e, all by 1.7."""
_KEPT = ("ts_", "valid_from", "listed", "delisted", "boundary", "sequence", "price_scale", "size_scale")
"""Fields that say when and how, not what: their change would make another event of it."""
Schemas = Mapping[str, tuple[str, ...]]


def schemas_of(stages: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """The columns of every schema that a stage, its class or its module has, by the schema's name."""
    found: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        module = sys.modules.get(type(stage).__module__)
        for place in (module, type(stage), stage):
            for value in vars(place).values() if hasattr(place, "__dict__") else ():
                if isinstance(value, Schema):
                    found[value.name] = value.columns
    return found


def columns(body: Body, schemas: Schemas) -> dict[str, Any]:
    """Every column of a body with its value: `Body.field`, and `Features.values[column]`.

    A feature's value is its eight bytes, so that one masked value equals another.
    """
    kind = type(body).__name__
    if isinstance(body, Features):
        row = [body.values[i : i + 8] for i in range(0, len(body.values), 8)]
        return dict(zip(_features(body, schemas), row, strict=True))
    return {f"{kind}.{name}": getattr(body, name) for name in body.__struct_fields__}


def inputs(body: Body, schemas: Schemas) -> Iterator[str]:
    """The columns of a body that `changed` can change: numbers, but no times, scales and sequence numbers."""
    if isinstance(body, Features):
        yield from _features(body, schemas)
        return
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, float | int | Decimal) and not isinstance(value, bool) and not name.startswith(_KEPT):
            yield f"{type(body).__name__}.{name}"


def changed(body: Body, column: str, variant: str, random: np.random.Generator, schemas: Schemas) -> Body:
    """The body with another value in `column`, or as it is where it has no such column or chance leaves it alone."""
    kind, _, name = column.partition(".")
    if type(body).__name__ != kind or (variant != "all alike" and random.random() < 0.5):
        return body
    factor = {"each a little": math.exp(0.05 * random.standard_normal()), "all alike": 1.7}.get(
        variant, math.exp(random.standard_normal())
    )
    if isinstance(body, Features):
        names = _features(body, schemas)
        if column not in names:
            return body
        at = names.index(column)
        row = [*struct.unpack(f"<{len(names)}d", body.values)]
        row[at] = _other(row[at], factor)
        return msgspec.structs.replace(body, values=struct.pack(f"<{len(row)}d", *row))
    return msgspec.structs.replace(body, **{name: _other(getattr(body, name), factor)})


def source_of(stage: Any) -> str:
    """Where a stage's `on_event` is written, as `file:line`; empty if that is not Python."""
    code = getattr(inspect.unwrap(type(stage).on_event), "__code__", None)
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def _features(body: Features, schemas: Schemas) -> list[str]:
    size = len(body.mask)
    names = schemas.get(body.schema, ())
    return [f"Features.values[{names[i] if len(names) == size else i}]" for i in range(size)]


def _other(value: Any, factor: float) -> Any:
    if isinstance(value, Decimal):
        return (value * Decimal(repr(factor)) if value else Decimal(1)).quantize(value)
    if isinstance(value, int):
        return round(value * factor) + (1 if factor > 1 else 2)
    return value * factor if value else factor - 1.0
