"""How long a command takes to the venue."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from helios_engine.nautilus.models.keyed import draw


class Latency(Protocol):
    """The way of one command; whoever queues commands sees to it that none overtakes another."""

    def delay(self, ts: int, command: str, order: str) -> int:
        """Nanoseconds that a command (its kind, and its order's id) sent at `ts` takes; at least 1."""
        ...


class Constant(NamedTuple):
    """Every command takes the same time. Assumes a quiet network and a venue that is never busy."""

    nanoseconds: int

    def delay(self, ts: int, command: str, order: str) -> int:
        """The stated time."""
        return self.nanoseconds


class Jittered(NamedTuple):
    """The stated time and up to `jitter` more, evenly. Real delays have a longer tail, when markets are fast."""

    nanoseconds: int
    jitter: int
    seed: int

    def delay(self, ts: int, command: str, order: str) -> int:
        """The stated time and this command's own draw."""
        more = draw(self.seed, "latency", command, order, ts)
        return self.nanoseconds + int(more * (self.jitter + 1))


class Recorded(NamedTuple):
    """One of the measured times for each command, drawn evenly from all of them.

    Assumes that they are independent: that slow ones do not come together, as they do when a venue is busy.
    """

    measured: tuple[int, ...]
    seed: int

    def delay(self, ts: int, command: str, order: str) -> int:
        """This command's own draw from what was measured."""
        return self.measured[int(draw(self.seed, "latency", command, order, ts) * len(self.measured))]
