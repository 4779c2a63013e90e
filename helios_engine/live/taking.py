"""Between a connection and whoever wants its inputs: record, parse, hand on."""

from __future__ import annotations

from collections.abc import Callable

from helios_engine.recorder import Recorder
from helios_engine.recorder.entries import Direction
from helios_engine.recorder.parsing import Inputs, Intake, Parsed

Deliver = Callable[[Inputs], None]


class Taking:
    """The Taker of a connection: nothing reaches `deliver` that was not recorded first.

    `inputs` counts what was handed on. Memory does not grow with a recording.
    """

    def __init__(self, recorder: Recorder, parsed: Parsed, deliver: Deliver) -> None:
        self._intake = Intake(recorder, parsed)
        self._deliver = deliver
        self.frames = self.inputs = 0

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> None:
        """Record a frame and hand on what it holds. StorageError once nothing can be recorded."""
        self.frames += 1
        self._hand_on(self._intake.take(raw, connection, direction))

    def gap(self, count: int | None, reason: str) -> None:
        """Record that something is missing, and hand on what follows from that."""
        self._hand_on(self._intake.gap(count, reason))

    def mark(self) -> None:
        """Write down the head of the chain as it is now."""
        self._intake.mark()

    def _hand_on(self, found: Inputs) -> None:
        if found:
            self.inputs += len(found)
            self._deliver(found)
