"""Remember a run: header, inputs that no manifest pins, decisions, and a head for every chain.

Market data that a manifest pins is not written again, and what stages derive from it is hashed,
not stored: `replay` makes it anew, `diff` shows it. A canonical output is `(ts, stage, tag, body,
cause)` with the cause as feed and index, so heads of backtest, paper and live can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.bodies import (
    Account,
    CancelIntent,
    LlmRequest,
    ModifyIntent,
    OrderIntent,
    StrategicView,
    Target,
)
from helios_engine.codec import Codec
from helios_engine.errors import JournalError
from helios_engine.events import Body
from helios_engine.journal.chain import Chain
from helios_engine.journal.frames import FrameWriter
from helios_engine.journal.resuming import ResumedWriter

DECISIONS = (Target, OrderIntent, CancelIntent, ModifyIntent)
STORED = (*DECISIONS, StrategicView, LlmRequest)
SCHEMA = 2
"""Of the journal: what its records are, and how its heads follow from them. Under 1 heads were hashed otherwise."""


def check_schema(path: Path, header: Mapping[str, Any]) -> None:
    """JournalError for a journal whose heads were hashed otherwise: nothing that is made now could equal them."""
    found = header.get("schema")
    if found != SCHEMA:
        raise JournalError(
            f"{path}: expected a journal of schema {SCHEMA}, found {found}, whose heads were hashed otherwise; take "
            "the version of Helios Engine that made it"
        )


class Journal:
    """Writes a run as it happens; with `path=None` it keeps only the heads."""

    def __init__(
        self, path: Path | None, stages: Sequence[str], codec: Codec, *, resumes: bool = False, since: int = 0
    ) -> None:
        """With `resumes` the file is that of a killed run: what it holds is compared instead of written again.

        With `since` what lies before that byte was restored, and is neither made nor compared again.
        """
        self._file = None if path is None else ResumedWriter(path, since) if resumes else FrameWriter(path)
        self._encode = codec.encode
        self._codec = codec
        self._stages = tuple(stages)
        self._stage_chains = [Chain(f"stage.{name}") for name in stages]
        self._decisions = Chain("decisions")
        self._venue = Chain("venue")
        self._inputs = Chain("inputs")

    def header(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """Write what identifies the run, and return it as it is written; call it first."""
        written = {"schema": SCHEMA, **header}
        self._write(["header", written])
        return written

    def input(self, turn: int, ts: int, source: str, seq: int, body: Body) -> None:
        """Remember an input that came from outside and is pinned by no manifest, before it is processed."""
        tag, raw = self._codec.tag(type(body)), msgspec.Raw(self._encode(body))
        self._write(["in", turn, ts, source, seq, tag, raw])
        self._add(self._inputs, ts, self._encode((ts, source, seq, tag, raw)))

    def venue(self, ts: int, source: str, seq: int, body: Body) -> None:
        """Chain a fill, another answer, or the position or account that follows from it."""
        tag, raw = self._codec.tag(type(body)), msgspec.Raw(self._encode(body))
        self._add(self._venue, ts, self._encode((ts, source, seq, tag, raw)))
        if type(body) is not Account:
            self._write(["venue", ts, source, seq, tag, raw])

    def output(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        """Chain what a stage yielded; decisions are stored as well."""
        kind = type(body)
        record = (ts, self._stages[position], self._codec.tag(kind), body, cause)
        raw = self._encode(record)
        self._add(self._stage_chains[position], ts, raw)
        if kind in STORED:
            self._write(["out", *record])
            if kind in DECISIONS:
                self._add(self._decisions, ts, raw)

    def decision(self, ts: int, source: str, body: Body, cause: tuple[str, int]) -> None:
        """Chain and store a decision that no stage made, but the engine, because somebody turned a switch."""
        record = (ts, source, self._codec.tag(type(body)), body, cause)
        self._add(self._decisions, ts, self._encode(record))
        self._write(["out", *record])

    def heads(self, delivered: Mapping[str, tuple[str, int]]) -> dict[str, str]:
        """Every head. `delivered` says, per pinned source, its digest and how many inputs were taken."""
        pinned = hashlib.blake2b(digest_size=32)
        pinned.update(self._encode([[name, *delivered[name]] for name in sorted(delivered)]))
        pinned.update(self._inputs.head.encode())
        return {"inputs": pinned.hexdigest(), **{chain.name: chain.head for chain in self._chains()[1:]}}

    def counts(self) -> dict[str, int]:
        """How many outputs each chain holds."""
        return {chain.name: chain.count for chain in self._chains()}

    def flush(self) -> int:
        """Hand everything to the operating system, so that a killed process loses none of it; the file's size then."""
        if self._file is None:
            return 0
        self._file.flush()
        return self._file.size

    def save(self) -> list[list[Any]]:
        """The state of every chain, as plain values."""
        return [chain.save() for chain in self._chains()]

    def restore(self, saved: Sequence[list[Any]]) -> None:
        """Go on with chains that were saved, of the same stages in the same order."""
        for chain, state in zip(self._chains(), saved, strict=True):
            chain.restore(state)

    def caught_up(self) -> None:
        """What a killed run has on file was all made again. JournalError if it was not."""
        if isinstance(self._file, ResumedWriter):
            self._file.caught_up()

    def leave(self) -> None:
        """Let the file be as it is: this run is gone on with by another journal."""
        if self._file is not None:
            self._file.close()

    def close(self, status: str, heads: Mapping[str, str]) -> None:
        """Write the last chunks and the end; the journal is whole afterwards."""
        for chain in self._chains():
            chunk = chain.close()
            if chunk is not None:
                self._write(["chunk", *chunk])
        self._write(["end", status, dict(heads), self.counts()])
        if self._file is not None:
            self._file.close()

    def _chains(self) -> tuple[Chain, ...]:
        return (self._inputs, self._decisions, self._venue, *self._stage_chains)

    def _add(self, chain: Chain, ts: int, raw: bytes) -> None:
        chunk = chain.add(ts, raw)
        if chunk is not None:
            self._write(["chunk", *chunk])

    def _write(self, record: list[Any]) -> None:
        if self._file is not None:
            self._file.append(record)
