"""Read a journal back: header, stored inputs, decisions, chunks, and the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.bodies import Quarantine
from helios_engine.codec import Codec
from helios_engine.errors import JournalError
from helios_engine.events import Body
from helios_engine.journal.chain import Chunk
from helios_engine.journal.frames import read_frames


class StoredInput(NamedTuple):
    """An input from outside, and the number of the turn it opened."""

    turn: int
    ts: int
    source: str
    seq: int
    body: Body


class StoredOutput(NamedTuple):
    """A decision with its cause."""

    ts: int
    stage: str
    body: Body
    cause: tuple[str, int]


class JournalReader:
    """A run's journal. With `salvage`, a cut file is read as far as it is whole.

    With `since` it is read from that byte on, where a frame begins; with `until`, up to that byte.
    """

    def __init__(
        self, path: Path, codec: Codec, *, salvage: bool = False, since: int = 0, until: int | None = None
    ) -> None:
        self.path = path
        self._codec = codec
        self._salvage, self._since, self._until = salvage, since, until

    def header(self) -> dict[str, Any]:
        """What identifies the run."""
        for record in self._records():
            if record[0] == "header":
                found: dict[str, Any] = record[1]
                return found
            break
        raise JournalError(f"{self.path}: the journal has no header; the run was killed before it began")

    def end(self) -> tuple[str, dict[str, str]] | None:
        """Status and heads, or nothing if the run was killed."""
        last: tuple[str, dict[str, str]] | None = None
        for record in self._records():
            if record[0] == "end":
                last = (record[1], record[2])
        return last

    def inputs(self) -> Iterator[StoredInput]:
        """Inputs from outside in the order in which they were processed."""
        for record in self._records():
            if record[0] == "in":
                _, turn, ts, source, seq, tag, body = record
                yield StoredInput(turn, ts, source, seq, self._body(tag, body))

    def quarantines(self) -> Iterator[Quarantine]:
        """The stages that were put out in a live run, in order of time."""
        for record in self._records():
            if record[0] == "in" and record[5] == "Quarantine":
                body = self._body(record[5], record[6])
                assert isinstance(body, Quarantine)
                yield body

    def outputs(self) -> Iterator[StoredOutput]:
        """Stored decisions in order."""
        for record in self._records():
            if record[0] == "out":
                _, ts, stage, tag, body, cause = record
                yield StoredOutput(ts, stage, self._body(tag, body), (cause[0], cause[1]))

    def chunks(self) -> Iterator[Chunk]:
        """The state of every chain after each of its chunks."""
        for record in self._records():
            if record[0] == "chunk":
                yield Chunk(*record[1:])

    def _body(self, tag: str, fields: Any) -> Body:
        return self._codec.decode(tag, msgspec.msgpack.encode(fields))

    def _records(self) -> Iterator[Any]:
        return read_frames(self.path, salvage=self._salvage, since=self._since, until=self._until)
