"""Record what comes from outside before anybody reads it: numbered at once, on the disk within `sync_ms`.

A thread of its own writes and syncs, so that no event loop waits for a disk: both calls let other threads run. It is
no process, because a pipe between two would lose as much when the sender is killed, and cost a copy more.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock

from helios_engine.errors import StorageError
from helios_engine.files import storage_error
from helios_engine.recorder.backlog import Backlog, Clock
from helios_engine.recorder.disk import Disk
from helios_engine.recorder.entries import Direction, Frame, Gap, Mark
from helios_engine.recorder.limits import Limits
from helios_engine.recorder.recovery import resume
from helios_engine.recorder.segment import Sync

_LOCK = ".lock"
Alarm = Callable[[str], None]


class Recorder:
    """The only recorder of a folder. `durable` is acknowledged: entries up to and with it survive any crash.

    `alarm` gets, on the recorder's thread, what somebody should look at; `on_durable` gets `durable` whenever it has
    grown. Raises StorageError if the folder cannot be written, another recorder has it, or the disk is all but full,
    and JournalError if what lies in it cannot be gone on from.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        *,
        about: Mapping[str, str] | None = None,
        alarm: Alarm = lambda text: None,
        on_durable: Callable[[int], None] = lambda seq: None,
        wall: Clock = time.time_ns,
        monotonic: Clock = time.monotonic_ns,
        sync: Sync = os.fdatasync,
    ) -> None:
        limits = Limits() if limits is None else limits
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(folder / _LOCK, timeout=0, thread_local=False)
            self._lock.acquire()
        except filelock.Timeout:
            raise StorageError(f"{folder}: another recorder is writing here; choose another folder") from None
        except OSError as error:
            raise storage_error(folder, error) from error
        try:
            resumed = resume(folder)
            self._backlog = Backlog(resumed.next_seq, limits, wall, monotonic)
            self._disk = Disk(folder, limits, resumed, dict(about or {}), self._backlog, alarm, on_durable, wall, sync)
        except BaseException:
            self._lock.release()
            raise
        self.folder = folder
        self.floor_ns = resumed.floor_ns
        """The latest receive time of the sessions before (ns UTC); this one's inputs are not older."""
        if resumed.gap:
            self._backlog.gap(None, resumed.gap)
        self._thread = threading.Thread(target=self._disk.run, name="helios-recorder", daemon=True)
        self._thread.start()

    @property
    def durable(self) -> int:
        """The seq of the last entry that is on the disk, one below the first if none is."""
        return self._disk.durable

    @property
    def dropped(self) -> int:
        """How many frames were left out since the recorder began; the log's gaps say where."""
        return self._backlog.dropped

    @property
    def waiting(self) -> int:
        """How many entries are not on the disk yet."""
        return max(0, self._backlog.next_seq - 1 - self._disk.durable)

    @property
    def problem(self) -> str:
        """Why nothing more is recorded; empty while all is well."""
        return self._backlog.closed

    def record(
        self, raw: bytes, connection: str, direction: Direction = "in", *, recv_ns: int | None = None
    ) -> tuple[Gap, Frame] | tuple[Frame] | tuple[()]:
        """Take a frame, and return what was added to the log for it, oldest first; it is not on the disk yet.

        Nothing is returned if the queue is full or the frame too large; the next frame brings the gap with it. What
        was not recorded must not be acted on: the log is what happened. StorageError once recording has stopped.
        """
        return self._backlog.frame(raw, connection, direction, recv_ns)

    def gap(self, count: int | None, reason: str) -> Gap:
        """Write down that something is missing that never came here, such as between two connections."""
        return self._backlog.gap(count, reason)

    def mark(self, parser: str, inputs: int, head: str) -> Mark:
        """Write down the head of what was parsed from every entry so far."""
        return self._backlog.mark(parser, inputs, head)

    def flush(self, timeout: float = 30.0) -> int:
        """Wait until all that was recorded is on the disk; returns `durable`. StorageError if that fails."""
        return self._disk.wait(self._backlog.next_seq - 1, timeout)

    def close(self) -> None:
        """Write the rest, seal the segment and let the folder go. StorageError if something did not get there."""
        self._backlog.close("it was closed")
        self._thread.join()
        self._lock.release()
        self._disk.settled()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
