"""numpy's global generator under watch: its functions tell who calls them, and its state tells if somebody else did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def listen(told: Callable[[str], None]) -> None:
    """Call `told` with a name whenever a function of `numpy.random` draws from the global generator."""
    shared = np.random.mtrand._rand
    for name in dir(np.random):
        function = getattr(np.random, name)
        if getattr(function, "__self__", None) is shared and name not in ("get_state", "set_state"):
            setattr(np.random, name, _telling(name, function, told))


def position() -> int:
    """Where numpy's global generator stands; it is elsewhere after a draw."""
    state: dict[str, Any] = np.random.mtrand._rand._bit_generator.state["state"]
    return int(state["pos"]) + 1000 * int(state["key"][0])


def _telling(name: str, function: Callable[..., Any], told: Callable[[str], None]) -> Callable[..., Any]:
    def draw(*args: Any, **keywords: Any) -> Any:
        told(name)
        return function(*args, **keywords)

    return draw
