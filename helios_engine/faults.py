"""Places in the product's own code where something rare may be made to happen, so that simulations see it often.

Nothing happens anywhere unless a simulation has said so: then `strikes` asks it. Idea: FoundationDB's BUGGIFY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

POINTS = {
    "recorder.full": "the recorder's queue has no room for a frame",
    "journal.late": "what is journaled does not reach the operating system this time",
    "loop.late": "the loop comes back to a live run a second and a half late",
}
"""Every place, and what happens there."""
Draw = Callable[[str], bool]
_draw: Draw | None = None


def strikes(point: str) -> bool:
    """Whether the fault of this place happens now: never outside a simulation."""
    return _draw is not None and _draw(point)


@contextmanager
def simulated(draw: Draw) -> Iterator[None]:
    """Let `draw` decide, for each place as it is come by, whether its fault happens."""
    global _draw
    before, _draw = _draw, draw
    try:
        yield
    finally:
        _draw = before
