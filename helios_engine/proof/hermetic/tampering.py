"""The engine's own functions and classes before and after a run: whoever exchanges one changes what is true here."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

Portrait = dict[str, tuple[Any, ...]]
"""What each name of the engine stands for: the thing, and for a function its code and defaults."""

_APART = ("helios_engine.proof.", "helios_engine.testing")
_CONSTANT = (bool, int, float, str, bytes, tuple, frozenset, type(None))


class Change(NamedTuple):
    """A name of the engine that stands for something else than before, and where that was defined, if it has a line."""

    name: str
    where: str


def portrait() -> Portrait:
    """Every function, class, method and constant of the modules of the engine that are loaded."""
    found: Portrait = {}
    for name, module in sorted(sys.modules.items()):
        if module is not None and name.partition(".")[0] == "helios_engine" and not name.startswith(_APART):
            found.update(_module(name, module))
    return found


def changes(before: Portrait, after: Portrait) -> Iterator[Change]:
    """What was exchanged between two portraits, and methods that were added to a class that is in both."""
    for name, (thing, *rest) in after.items():
        known = before.get(name)
        if known is None:
            owner = name.rpartition(".")[0]
            if owner in before and isinstance(before[owner][0], type):
                yield Change(name, _where(thing))
        elif not all(
            a is b or (isinstance(a, _CONSTANT) and a == b) for a, b in zip(known, (thing, *rest), strict=False)
        ):
            yield Change(name, _where(thing))
    yield from (Change(name, "") for name in before if name not in after)


def _module(name: str, module: ModuleType) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for key, value in _members(vars(module), is_class=False):
        yield f"{name}.{key}", _kept(value)
        if isinstance(value, type) and value.__module__ == name:
            for attribute, method in _members(vars(value), is_class=True):
                yield f"{name}.{key}.{attribute}", _kept(method)


def _members(attributes: Mapping[str, Any], is_class: bool) -> list[tuple[str, Any]]:
    """What does not change by itself: functions and classes, upper-case constants, and methods of all kinds."""
    return [
        (key, value)
        for key, value in list(attributes.items())
        if isinstance(value, (FunctionType, type))
        or (key.isupper() and isinstance(value, _CONSTANT))
        or (is_class and isinstance(value, (classmethod, staticmethod, property)))
    ]


def _kept(value: Any) -> tuple[Any, ...]:
    function = getattr(value, "__func__", getattr(value, "fget", value))
    if isinstance(function, FunctionType):
        return value, function.__code__, function.__defaults__
    return (value,)


def _where(thing: Any) -> str:
    function = getattr(thing, "__func__", getattr(thing, "fget", thing))
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
