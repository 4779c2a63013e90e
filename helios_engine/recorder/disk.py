"""The recorder's side of the disk: batches, syncs, new segments, and a stop that loses nothing recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from helios_engine.errors import HeliosError, StorageError
from helios_engine.files import storage_error
from helios_engine.logs import component
from helios_engine.recorder.backlog import Backlog, Clock
from helios_engine.recorder.entries import Header, encode
from helios_engine.recorder.limits import Limits, Room
from helios_engine.recorder.recovery import Resumed
from helios_engine.recorder.segment import SegmentWriter, Sync

_GATHER = 0.01
"""Seconds for which entries are gathered before they are written: a thread that is woken for each of a thousand frames
a second takes more from the event loop than the writing does."""
_PIECE = 256
"""Entries written with one call: what a full disk can take back at once, and how far a segment overshoots."""


class Disk:
    """Runs on a thread of its own until the backlog is closed or the disk fails."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        resumed: Resumed,
        about: dict[str, str],
        backlog: Backlog,
        alarm: Callable[[str], None],
        on_durable: Callable[[int], None],
        wall: Clock,
        sync: Sync,
    ) -> None:
        self._folder, self._limits, self._about = folder, limits, about
        self._backlog, self._alarm, self._on_durable = backlog, alarm, on_durable
        self._wall, self._sync = wall, sync
        self._session, self._floor = resumed.next_seq, resumed.floor_ns
        self._number, self._previous = resumed.number, resumed.previous
        self._next = resumed.next_seq
        self.durable = resumed.next_seq - 1
        self._failure: BaseException | None = None
        self._room = Room(folder, limits)
        self._looked = self._synced = time.monotonic()
        self._unlooked = 0
        warning = self._room.check()
        self._room.reserve()
        self._segment = self._open()
        if warning:
            self._say(warning)

    def run(self) -> None:
        """Write until the end. What goes wrong closes the backlog, whose callers then hear of it."""
        try:
            while not (self._backlog.closed and self._next == self._backlog.next_seq):
                self._turn()
            self._make_durable()
            self._segment.seal(self._next, "closed")
            self._room.release()
        except Exception as error:  # not only ours: a thread that ended without a word would look like silence
            self._fail(error)
        finally:
            with self._backlog.changed:
                self._backlog.changed.notify_all()

    def wait(self, seq: int, timeout: float) -> int:
        """Until `seq` is durable; StorageError if it never will be, or takes longer than `timeout` seconds."""
        self._backlog.hurry()
        with self._backlog.changed:
            self._backlog.changed.wait_for(lambda: self.durable >= seq or self._failure is not None, timeout)
        if self.durable >= seq:
            return self.durable
        self.settled()
        raise StorageError(f"{self._folder}: the disk has not taken entry {seq} within {timeout:g} s")

    def settled(self) -> None:
        """StorageError if recording ended before its end."""
        if self._failure is not None:
            raise StorageError(f"{self._folder}: recording stopped: {self._failure}") from self._failure

    def _turn(self) -> None:
        behind = self.durable < self._next - 1
        due = self._synced + self._limits.sync_ms / 1000 - time.monotonic()
        batch, hurry = self._backlog.take(max(0.0, due) if behind else 1.0, min(_GATHER, self._limits.sync_ms / 4000))
        for begin in range(0, len(batch), _PIECE):
            self._write(batch[begin : begin + _PIECE])
        now = time.monotonic()
        if now - self._synced >= self._limits.sync_ms / 1000 or hurry:
            self._make_durable()
        # By time and by size: a fast market must not write through the margin between two looks.
        if now - self._looked >= 1 or self._unlooked >= self._limits.stop_free // 8:
            self._looked, self._unlooked = now, 0
            if warning := self._room.check():
                self._say(warning)
        if now - self._opened >= self._limits.segment_seconds and self._next > self._first:
            self._rotate()

    def _write(self, payloads: list[bytes]) -> None:
        whole, error = self._segment.write(payloads)
        self._next += whole
        size = sum(map(len, payloads[:whole]))
        self._unlooked += size
        self._backlog.written(whole, size)
        if error is not None:
            raise storage_error(self._segment.path, error) from error
        if self._segment.size >= self._limits.segment_bytes:
            self._rotate()

    def _make_durable(self) -> None:
        if self.durable < self._next - 1:
            # After a failed sync the kernel forgets what it could not write: nothing since the last may be claimed.
            self._segment.sync()
            self._acknowledge()
        self._synced = time.monotonic()

    def _acknowledge(self) -> None:
        with self._backlog.changed:
            self.durable = self._next - 1
            self._backlog.changed.notify_all()
        self._on_durable(self.durable)

    def _rotate(self) -> None:
        self._make_durable()
        self._previous = self._segment.seal(self._next, "full")
        self._number += 1
        self._segment = self._open()

    def _open(self) -> SegmentWriter:
        self._opened, self._first = time.monotonic(), self._next
        about = (self._session, max(self._floor, self._backlog.latest_ns), self._previous, self._wall(), self._about)
        header = Header(self._number, self._next, *about)
        return SegmentWriter(self._folder, header, self._sync)

    def _fail(self, error: Exception) -> None:
        """Take nothing more, and say in the log itself, with the reserve's room, what did not get into it."""
        self._failure = error
        self._backlog.close(str(error) or type(error).__name__)
        lost = self._backlog.next_seq - self._next
        self._say(f"recording stopped, {lost} entries that were not acknowledged are lost: {error}")
        try:
            self._room.release()
            if lost:
                gap = self._backlog.lost(lost, str(error))
                _, problem = self._segment.write([encode(gap)])
                if problem is not None:
                    raise problem
                self._next += 1
            self._segment.seal(self._next, "stopped")
        except (OSError, HeliosError) as again:
            # The segment stays unsealed; the next recorder seals it and writes the gap.
            self._say(f"{self._folder}: the log could not be ended either: {again}")

    def _say(self, text: str) -> None:
        component("recorder").warning(text)
        try:
            self._alarm(text)
        except Exception:  # whoever is told fails, and recording goes on all the same
            component("recorder").exception("an alarm was not taken")
