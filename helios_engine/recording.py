"""A run's stored inputs, handed out at the turns where they were first processed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from helios_engine.bodies import Instrument
from helios_engine.events import Body
from helios_engine.journal.reader import StoredInput
from helios_engine.timeline import Input, Passed

VENUE = "venue"


class Recording:
    """Stored inputs in order; each is due when the engine reaches its turn."""

    def __init__(self, inputs: Iterator[StoredInput]) -> None:
        self._inputs = inputs
        self._head = next(inputs, None)

    def due(self, turn: int) -> Input | None:
        """Take the input that opened this turn, if it is stored and does not come from the venue."""
        head = self._head
        if head is None or head.turn != turn or head.source == VENUE:
            return None
        return self._take(head)

    def next_turn(self, otherwise: int) -> int:
        """The turn that the next stored input opened; `otherwise` if there is none left."""
        return otherwise if self._head is None else self._head.turn

    def answer(self, turn: int, ts: int) -> Input | None:
        """Take the venue's answer that opened this turn at `ts`."""
        head = self._head
        # Prints open no turn, so the turn alone would let an answer come a print too early.
        if head is None or (head.turn, head.ts) != (turn, ts) or head.source != VENUE:
            return None
        return self._take(head)

    def _take(self, head: StoredInput) -> Input:
        self._head = next(self._inputs, None)
        return Input(head.ts, head.source, head.seq, head.body)


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
        return self._answers(ts)

    def is_quiet(self) -> bool:
        """Always: the engine knows the turns of the answers."""
        return True

    def pass_over(self, passed: Passed) -> None:
        """No answer was recorded for these."""

    def send(self, ts: int, intent: Body) -> None:
        """The answer is on record."""

    def settle(self, ts: int) -> Iterator[Body]:
        """The answers that were recorded for this turn on."""
        return self._answers(ts)

    def finish(self, ts: int) -> Iterator[Body]:
        """The answers that were recorded for this turn on."""
        return self._answers(ts)

    def _answers(self, ts: int) -> Iterator[Body]:
        # Lazy on purpose: each answer opens turns of its own before the next one is due.
        while (found := self._recording.answer(self._turn(), ts)) is not None:
            yield found.body
