"""Save and restore a stage: plain attributes as msgpack, or its own `dump` and `load`."""

from __future__ import annotations

import importlib
import random
from collections import deque
from collections.abc import Callable
from decimal import Decimal
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
    attributes = {name: _pack(value, package, name) for name, value in vars(stage).items()}
    return msgspec.msgpack.encode(attributes)


def load(stage: object, state: bytes) -> None:
    """Give a fresh stage the state of another."""
    if isinstance(stage, Restorable):
        stage.load(state)
        return
    package = type(stage).__module__.partition(".")[0]
    for name, value in msgspec.msgpack.decode(state).items():
        setattr(stage, name, _unpack(value, package))


def _pack(value: Any, package: str, where: str) -> Any:
    def each(items: Any) -> list[Any]:
        return [_pack(item, package, where) for item in items]

    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return ["I", str(value)]
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        return value
    match value:
        case Decimal():
            return ["D", str(value)]
        case deque():
            return ["q", each(value), value.maxlen]
        case tuple() if type(value) is tuple:
            return ["t", each(value)]
        case list():
            return ["l", each(value)]
        case dict():
            return ["d", [[_pack(k, package, where), _pack(v, package, where)] for k, v in value.items()]]
        case set() | frozenset():
            # Sorted by content: the order of a set depends on the hash seed.
            return ["s" if isinstance(value, set) else "f", sorted(each(value), key=repr)]
        case np.ndarray() if value.dtype != object:
            return ["a", str(value.dtype), list(value.shape), value.tobytes()]
        case np.generic():
            return ["n", str(value.dtype), value.tobytes()]
        case random.Random():
            return ["r", _pack(value.getstate(), package, where)]
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
    else:
        fields = dict(vars(value))
    return ["o", kind.__module__, kind.__name__, _pack(fields, package, where)]


def _unpack(value: Any, package: str) -> Any:
    if not isinstance(value, list):
        return value
    return _BUILDERS[value[0]](value, package)


def _object(value: Any, package: str) -> Any:
    _, module, name, fields = value
    if module.partition(".")[0] not in (package, "helios_engine"):
        raise StageError(
            f"saved state names {module}.{name}, which is not of {package}; it was not written by this stage"
        )
    kind = getattr(importlib.import_module(module), name)
    attributes = _unpack(fields, package)
    if issubclass(kind, msgspec.Struct):
        return kind(**attributes)
    made = object.__new__(kind)
    for key, item in attributes.items():
        object.__setattr__(made, key, item)
    return made


def _random(value: Any, package: str) -> random.Random:
    generator = random.Random()
    generator.setstate(_unpack(value[1], package))
    return generator


def _items(value: Any, package: str) -> list[Any]:
    return [_unpack(item, package) for item in value[1]]


_BUILDERS: dict[str, Callable[[Any, str], Any]] = {
    "I": lambda v, _: int(v[1]),
    "D": lambda v, _: Decimal(v[1]),
    "q": lambda v, p: deque(_items(v, p), maxlen=v[2]),
    "t": lambda v, p: tuple(_items(v, p)),
    "l": _items,
    "d": lambda v, p: {_unpack(k, p): _unpack(x, p) for k, x in v[1]},
    "s": lambda v, p: set(_items(v, p)),
    "f": lambda v, p: frozenset(_items(v, p)),
    "a": lambda v, _: np.frombuffer(v[3], dtype=v[1]).reshape(v[2]).copy(),
    "n": lambda v, _: np.frombuffer(v[2], dtype=v[1])[0],
    "r": _random,
    "o": _object,
}
