"""A piece of the engine in the place of another, for the time of a trial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def exchanged(owner: Any, name: str, new: Any) -> Iterator[Any]:
    """A method in the place of another; yields the one that was there, and puts it back."""
    original = getattr(owner, name)
    setattr(owner, name, new)
    try:
        yield original
    finally:
        setattr(owner, name, original)
