"""A run's stored inputs, handed out at the turns where they were first processed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from helios_engine.bodies import Instrument
from helios_engine.events import Body
from helios_engine.journal.reader import StoredInput
from helios_engine.timeline import Input

VENUE = "venue"


class Recording:
    """Stored inputs in order; each is due when the engine reaches its turn."""

    def __init__(self, inputs: Iterator[StoredInput]) -> None:
        self._inputs = inputs
        self._head = next(inputs, None)

    def due(self, turn: int, *, venue: bool) -> Input | None:
        """Take the input of this turn, if it is stored and comes from the venue (or does not)."""
        head = self._head
        if head is None or head.turn != turn or (head.source == VENUE) != venue:
            return None
        self._head = next(self._inputs, None)
        return Input(head.ts, head.source, head.seq, head.body)

    @property
    def left(self) -> StoredInput | None:
        """The first input that was never asked for; there is none after a faithful replay."""
        return self._head


class RecordedVenue:
    """Answers with what a venue once answered, at the same turns; it matches nothing."""

    def __init__(self, recording: Recording, turn: Callable[[], int]) -> None:
        self._recording = recording
        self._turn = turn

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Nothing to prepare."""

    def instrument(self, ts: int, body: Instrument) -> None:
        """Nothing to learn."""

    def market(self, ts: int, body: Body) -> Iterator[Body]:
        """The answers that were recorded for this turn on."""
        return self._answers()

    def send(self, ts: int, intent: Body) -> None:
        """The answer is on record."""

    def settle(self, ts: int) -> Iterator[Body]:
        """The answers that were recorded for this turn on."""
        return self._answers()

    def finish(self, ts: int) -> Iterator[Body]:
        """The answers that were recorded for this turn on."""
        return self._answers()

    def _answers(self) -> Iterator[Body]:
        # Lazy on purpose: each answer opens turns of its own before the next one is due.
        while (found := self._recording.due(self._turn(), venue=True)) is not None:
            yield found.body
