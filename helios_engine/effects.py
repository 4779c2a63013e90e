"""Effects in a run: which of them takes a request, and how long it lets one wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from helios_engine.errors import BuildError
from helios_engine.events import Body
from helios_engine.stage import Effect


class RunningEffect(NamedTuple):
    """An effect under its name in the run, what it takes, and how long it lets one wait (ns)."""

    name: str
    effect: Effect
    make: Callable[[], Effect]
    handles: tuple[type[Body], ...]
    delay: int


def effect_for(request: Body, effects: Sequence[RunningEffect]) -> RunningEffect:
    """The effect that takes a request: the only one, or the one its `model` names."""
    able = [running for running in effects if type(request) in running.handles]
    if len(able) == 1:
        return able[0]
    wanted = getattr(request, "model", None)
    named = [running for running in able if running.name == wanted]
    if len(named) == 1:
        return named[0]
    names = ", ".join(running.name for running in able) or "none"
    raise BuildError(
        f"no single effect takes {type(request).__name__} for model {wanted!r}; effects that could: {names}. "
        "Name one of them as the request's model"
    )
