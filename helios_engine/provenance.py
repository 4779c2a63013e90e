"""Which run a body was first emitted in, for as long as it lives.

A body that outlives its run sits in a class, a module or a cache; a stage that yields it again
makes a run depend on what ran before it in the same process.
"""

from __future__ import annotations

import itertools
import weakref

from helios_engine.events import Body

_numbers = itertools.count(1)
_origin: dict[int, tuple[weakref.ref[Body], int]] = {}


def new_run() -> int:
    """A number for a run, unique in this process."""
    return next(_numbers)


def claim(body: Body, run: int) -> bool:
    """Note that `run` emits `body`; False if another run did before."""
    key = id(body)
    known = _origin.get(key)
    if known is not None and known[0]() is body:
        return known[1] == run

    def forget(_: weakref.ref[Body]) -> None:
        _origin.pop(key, None)

    _origin[key] = (weakref.ref(body, forget), run)
    return True
