"""Save what components of ours have learned, and give it to components that were made anew, in their places.

A component is an object of our own with attributes. What it refers to stays as it was made: other components, bound
methods, settings. Values are replaced, and containers that several components share are filled anew, so that they
still share them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from helios_engine.errors import JournalError
from helios_engine.state import pack, unpack

PACKAGE = "helios_engine"
_CONTAINERS = (dict, list, set, deque)


class Place(NamedTuple):
    """One attribute that is saved: its path, such as `gate._identity._ids`, and whose it is."""

    path: str
    owner: Any
    name: str


def save(roots: Mapping[str, Any], but: frozenset[str]) -> dict[str, Any]:
    """What the components below `roots` know, by path, as plain values; `but` names attributes that are left alone.

    StageError names an attribute that cannot be saved.
    """
    return {place.path: pack(getattr(place.owner, place.name), PACKAGE, place.path) for place in places(roots, but)}


def restore(roots: Mapping[str, Any], but: frozenset[str], saved: Mapping[str, Any]) -> None:
    """Give components that know nothing yet what others knew. JournalError if they are not the same ones."""
    found = list(places(roots, but))
    if [place.path for place in found] != list(saved):
        wrong = sorted({place.path for place in found} ^ set(saved))
        raise JournalError(f"expected the state of {', '.join(wrong[:3]) or 'other components'}, in the same order")
    for place in found:
        value, now = unpack(saved[place.path], PACKAGE), getattr(place.owner, place.name)
        if isinstance(now, _CONTAINERS):
            _fill(now, value)
        else:
            setattr(place.owner, place.name, value)


def places(roots: Mapping[str, Any], but: frozenset[str]) -> Iterator[Place]:
    """Every attribute to be saved, each once, however many refer to what it holds."""
    seen: set[int] = set()
    for path, root in roots.items():
        yield from _below(path, root, but, seen)


def _below(path: str, component: Any, but: frozenset[str], seen: set[int]) -> Iterator[Place]:
    if id(component) in seen:
        return
    seen.add(id(component))
    for name, value in vars(component).items():
        if name in but or callable(value) or _are_calls(value):
            continue
        if is_component(value):
            yield from _below(f"{path}.{name}", value, but, seen)
        elif not isinstance(value, _CONTAINERS):
            yield Place(f"{path}.{name}", component, name)
        elif id(value) not in seen:
            seen.add(id(value))
            yield Place(f"{path}.{name}", component, name)


def is_component(value: Any) -> bool:
    """Whether a value is one of our own objects that others may refer to, and no plain value."""
    kind = type(value)
    is_ours = kind.__module__.partition(".")[0] == PACKAGE and hasattr(value, "__dict__")
    return is_ours and not isinstance(value, msgspec.Struct | tuple)


def _are_calls(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(callable(one) for one in value)


def _fill(container: Any, value: Any) -> None:
    container.clear()
    if isinstance(container, dict | set):
        container.update(value)
    else:
        container.extend(value)
