"""Which column of what a part said differs, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from helios_engine.bodies import Features
from helios_engine.events import Body


def difference_of(expected: Sequence[Body], found: Sequence[Body]) -> tuple[int, str, str]:
    """The first output that differs: its number, its column as `Body.field`, and both values in words.

    In features the column is `Features.values[number]`, because a row does not carry the names of its schema.
    """
    for number, (before, after) in enumerate(zip(expected, found, strict=False)):
        if before != after:
            column, text = _field(before, after)
            return number, column, text
    number = min(len(expected), len(found))
    if len(found) < len(expected):
        body = expected[number]
        return number - 1, type(body).__name__, f"{_short(body)} is not yielded"
    return number, type(found[number]).__name__, f"{_short(found[number])} is yielded besides"


def _field(before: Body, after: Body) -> tuple[str, str]:
    kind = type(before).__name__
    if type(after) is not type(before):
        return kind, f"{_short(after)} in place of {_short(before)}"
    if isinstance(before, Features) and isinstance(after, Features) and len(before.values) == len(after.values):
        return _feature(before, after)
    for name in before.__struct_fields__:
        one, two = getattr(before, name), getattr(after, name)
        if one != two:
            return f"{kind}.{name}", f"{_value(two)} in place of {_value(one)}"
    return kind, f"{_short(after)} in place of {_short(before)}"


def _feature(before: Features, after: Features) -> tuple[str, str]:
    if (before.instrument, before.timeframe, before.schema) != (after.instrument, after.timeframe, after.schema):
        return "Features.schema", f"{after.instrument} {after.schema} in place of {before.instrument} {before.schema}"
    one, two = before.array, after.array
    changed = np.flatnonzero((one != two) & ~(np.isnan(one) & np.isnan(two)))
    number = int(changed[0]) if changed.size else 0
    return f"Features.values[{number}]", f"{float(two[number])!r} in place of {float(one[number])!r}"


def _value(value: Any) -> str:
    text = str(value) if not isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _short(body: Body) -> str:
    text = repr(body)
    return text if len(text) <= 100 else text[:97] + "..."
