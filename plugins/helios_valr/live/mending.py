"""When a line asks anew for a book that is lost or a channel that is stale, and when that is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from helios_valr.live.lines import Line

if TYPE_CHECKING:
    from helios_valr.live.stream import Shared

_SECOND = 1_000_000_000


class _Event(msgspec.Struct):
    """`asked`: since when an answer is awaited, None while none is; `tries` since it was last well for long.

    `losses` is how many books the line had lost when it asked: one more, and the answer has come in between.
    """

    asked: int | None
    last: int
    tries: int = 0
    losses: int = 0


class Mending:
    """Of one line. A SUBSCRIBE that does not help in time ends the line; one that helps briefly waits ever longer."""

    def __init__(self, shared: Shared, name: str) -> None:
        now = shared.world.monotonic()
        self._shared, self._name = shared, name
        self._events = {event: _Event(now, now) for event in {event for event, _ in shared.wanted.watched}}
        self.given_up = ""
        """Why the line is worth nothing any more; empty while it may be."""

    def due(self, line: Line) -> list[str]:
        """The events to subscribe to anew, now."""
        return [event for event in sorted(self._events) if self._is_due(event, line)]

    def _is_due(self, event: str, line: Line) -> bool:
        pace, now, found = self._shared.pace, self._shared.world.monotonic(), self._events[event]
        trouble = self._trouble(event, line)
        if not trouble:
            found.asked = None
            if now - found.last > pace.longest * _SECOND:
                found.tries = 0
            return False
        losses = line.wire.counts["books lost"]
        if found.asked is not None and losses == found.losses:
            if now - found.asked > pace.mend * _SECOND:
                self.given_up = f"{trouble}; a SUBSCRIBE did not help for {pace.mend:g} s"
            return False
        # Right after a first loss, then 1 s, 2 s, 4 s … after the one before.
        if found.tries and now - found.last < min(pace.longest, 2.0 ** (found.tries - 1)) * _SECOND:
            return False
        found.asked = found.last = now
        found.tries, found.losses = found.tries + 1, losses
        return True

    def _trouble(self, event: str, line: Line) -> str:
        if event == line.told.event and (lost := line.lost()):
            return f"no book of {', '.join(lost[:3])}"
        pairs = self._shared.wanted.events[event]
        stale = [pair for pair in pairs if self._shared.measuring.age(event, pair) > self._shared.pace.stale]
        return f"no news of {event} of {', '.join(stale[:3])}" if stale else ""
