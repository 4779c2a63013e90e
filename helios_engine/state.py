"""Save and restore a stage: plain attributes as msgpack, or its own `dump` and `load`."""

from __future__ import annotations

import importlib
import random
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np

from helios_engine.errors import StageError
from helios_engine.stage import Restorable

# One letter a kind; anything else is refused, so that no state can smuggle code in.
_PLAIN = (bool, int, float, str, bytes, type(None))


def dump(stage: object) -> bytes:
    """The state of a stage as bytes; StageError names the attribute that cannot be saved."""
    if isinstance(stage, Restorable):
        return stage.dump()
    package = type(stage).__module__.partition(".")[0]
    attributes = {name: pack(value, package, name) for name, value in vars(stage).items()}
    return msgspec.msgpack.encode(attributes)


def load(stage: object, state: bytes) -> None:
    """Give a fresh stage the state of another."""
    if isinstance(stage, Restorable):
        stage.load(state)
        return
    package = type(stage).__module__.partition(".")[0]
    for name, value in msgspec.msgpack.decode(state).items():
        setattr(stage, name, unpack(value, package))


def pack(value: Any, package: str, where: str) -> Any:
    """A value as what msgpack knows; StageError names the attribute `where` it is, if it cannot be saved."""

    def each(items: Any) -> list[Any]:
        return [pack(item, package, where) for item in items]

    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return ["I", str(value)]
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        return value
    match value:
        case Decimal():
            return ["D", str(value)]
        case Fraction():
            return ["F", str(value)]
        case deque():
            return ["q", each(value), value.maxlen]
        case tuple() if type(value) is tuple:
            return ["t", each(value)]
        case list():
            return ["l", each(value)]
        case dict():
            return ["d", [[pack(k, package, where), pack(v, package, where)] for k, v in value.items()]]
        case set() | frozenset():
            # Sorted by content: the order of a set depends on the hash seed. Of texts (ids) there may be very many.
            texts = all(type(item) is str for item in value)
            return ["s" if isinstance(value, set) else "f", sorted(value) if texts else sorted(each(value), key=repr)]
        case np.ndarray() if value.dtype != object:
            return ["a", str(value.dtype), list(value.shape), value.tobytes()]
        case np.generic():
            return ["n", str(value.dtype), value.tobytes()]
        case random.Random():
            return ["r", pack(value.getstate(), package, where)]
    return _pack_object(value, package, where)


def _pack_object(value: Any, package: str, where: str) -> Any:
    kind = type(value)
    home = kind.__module__.partition(".")[0]
    if home not in (package, "helios_engine") or kind.__qualname__ != kind.__name__ or callable(value):
        raise StageError(
            f"the attribute {where!r} holds a {kind.__module__}.{kind.__qualname__}, which cannot be saved; "
            "keep plain values, or give the stage `dump() -> bytes` and `load(bytes)`"
        )
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
    elif isinstance(value, tuple):
        return ["N", kind.__module__, kind.__name__, pack(tuple(value), package, where)]
    else:
        fields = _fields(value)
    return ["o", kind.__module__, kind.__name__, pack(fields, package, where)]


def _fields(value: Any) -> dict[str, Any]:
    names = [name for owner in type(value).__mro__ for name in getattr(owner, "__slots__", ())]
    return {**getattr(value, "__dict__", {}), **{name: getattr(value, name) for name in names if hasattr(value, name)}}


def unpack(value: Any, package: str) -> Any:
    """What `pack` was given; StageError if it names a class of another package."""
    if not isinstance(value, list):
        return value
    return _BUILDERS[value[0]](value, package)


def _class(module: str, name: str, package: str) -> Any:
    if module.partition(".")[0] not in (package, "helios_engine"):
        raise StageError(
            f"saved state names {module}.{name}, which is not of {package}; it was not written by this stage"
        )
    return getattr(importlib.import_module(module), name)


def _named(value: Any, package: str) -> Any:
    _, module, name, items = value
    return _class(module, name, package)._make(unpack(items, package))


def _object(value: Any, package: str) -> Any:
    _, module, name, fields = value
    kind = _class(module, name, package)
    attributes = unpack(fields, package)
    if issubclass(kind, msgspec.Struct):
        return kind(**attributes)
    made = object.__new__(kind)
    for key, item in attributes.items():
        object.__setattr__(made, key, item)
    return made


def _random(value: Any, package: str) -> random.Random:
    generator = random.Random()
    generator.setstate(unpack(value[1], package))
    return generator


def _items(value: Any, package: str) -> list[Any]:
    return [unpack(item, package) for item in value[1]]


_BUILDERS: dict[str, Callable[[Any, str], Any]] = {
    "I": lambda v, _: int(v[1]),
    "D": lambda v, _: Decimal(v[1]),
    "F": lambda v, _: Fraction(v[1]),
    "q": lambda v, p: deque(_items(v, p), maxlen=v[2]),
    "t": lambda v, p: tuple(_items(v, p)),
    "l": _items,
    "d": lambda v, p: {unpack(k, p): unpack(x, p) for k, x in v[1]},
    "s": lambda v, p: set(_items(v, p)),
    "f": lambda v, p: frozenset(_items(v, p)),
    "a": lambda v, _: np.frombuffer(v[3], dtype=v[1]).reshape(v[2]).copy(),
    "n": lambda v, _: np.frombuffer(v[2], dtype=v[1])[0],
    "r": _random,
    "N": _named,
    "o": _object,
}
