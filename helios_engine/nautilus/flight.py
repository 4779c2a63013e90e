"""Commands on their way to the venue, and when each may take effect."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from helios_engine.bodies import CancelIntent, ModifyIntent, OrderIntent, Print
from helios_engine.events import Body
from helios_engine.nautilus.models.latency import Latency

Command = OrderIntent | CancelIntent | ModifyIntent
AT_ONCE = 1
"""Nanoseconds to a venue that is fed with bars: nothing shorter than a bar can be told apart."""


class Flying(NamedTuple):
    """A command, when it arrives (ns UTC), and whether it reacts to a fill inside a bar."""

    arrival: int
    is_reaction: bool
    command: Command


class Flight:
    """The commands of one instrument, in the order in which they were sent.

    On trades a command takes effect at the first event at or after its arrival. On bars, whose path is
    four prints, one that was decided at a close takes effect at the next open; decided in the middle of a
    bar it waits for the next open as well, because what lies between the prints is not known, unless it
    reacts to a fill on that very path. With a `delay` (ns) a command sets out that much later, and reacts to nothing.
    """

    def __init__(self, latency: Latency, delay: int = 0) -> None:
        self._latency, self._delay = latency, delay
        self.queue: deque[Flying] = deque()
        """Commands that have not taken effect yet."""
        self._last_print = 0

    def send(self, ts: int, command: Command) -> None:
        """Put a command on its way at `ts`."""
        on_bars = self._last_print > 0
        way = AT_ONCE if on_bars else self._latency.delay(ts, type(command).__name__, command.id)
        # One connection, one queue: a command with a short way still arrives behind those sent before it.
        arrival = max(ts + self._delay + way, self.queue[-1].arrival if self.queue else 0)
        is_reaction = on_bars and ts == self._last_print and not self._delay
        self.queue.append(Flying(arrival, is_reaction, command))

    def note(self, body: Body) -> None:
        """Remember that the market of this instrument is made of prints."""
        if isinstance(body, Print):
            self._last_print = body.ts_event

    def due(self, ts: int, body: Body) -> list[Command]:
        """Take the commands that take effect at this market event, in order; none passes another."""
        found: list[Command] = []
        while self.queue:
            head = self.queue[0]
            waits_for_open = isinstance(body, Print) and body.phase != "open" and not head.is_reaction
            if head.arrival > ts or waits_for_open:
                break
            found.append(self.queue.popleft().command)
        return found
