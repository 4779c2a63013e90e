"""Whether two attributes of a stage hold the same thing: saved apart, they would come back as two."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
import numpy as np


def shared(stage: object) -> str | None:
    """The first attribute that holds something changeable which is reached on another way too; None if all are apart.

    Frozen bodies and plain values cannot be changed, so they may be shared. A view of an array shares the array.
    """
    seen: dict[int, str] = {id(stage): "self"}
    for name, value in vars(stage).items():
        if _meets(value, name, seen):
            return name
    return None


def _meets(value: Any, where: str, seen: dict[int, str]) -> bool:
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        return _is_known(value, where, seen)
    if isinstance(value, msgspec.Struct) and type(value).__struct_config__.frozen:
        return False
    if isinstance(value, dict):
        return _is_known(value, where, seen) or any(_meets(one, where, seen) for one in value.values())
    if isinstance(value, list | set | deque):
        return _is_known(value, where, seen) or any(_meets(one, where, seen) for one in value)
    if isinstance(value, tuple | frozenset):
        return any(_meets(one, where, seen) for one in value)
    inside = [*getattr(value, "__dict__", {}).values(), *(getattr(value, name, None) for name in _slots(value))]
    is_object = bool(inside) and not isinstance(value, type) and not callable(value)
    return is_object and (_is_known(value, where, seen) or any(_meets(one, where, seen) for one in inside))


def _slots(value: Any) -> tuple[str, ...]:
    found = getattr(type(value), "__slots__", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _is_known(value: Any, where: str, seen: dict[int, str]) -> bool:
    if id(value) in seen:
        return True
    seen[id(value)] = where
    return False
