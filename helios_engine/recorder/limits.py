"""How much a recorder holds, how often it makes durable, and how much room it leaves on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from helios_engine.errors import ConfigError, StorageError
from helios_engine.files import storage_error
from helios_engine.recorder.entries import LARGEST


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a recorder. ConfigError for values that cannot work.

    `sync_ms` is what a loss of power may cost. When the disk is slower than the market and the queue is full, frames
    are left out, and the log says how many.
    """

    segment_bytes: int = 64 << 20
    segment_seconds: int = 300
    sync_ms: int = 100
    queue_frames: int = 100_000
    queue_bytes: int = 64 << 20
    warn_free: int = 2 << 30
    """Bytes left on the disk below which the recorder warns."""
    stop_free: int = 512 << 20
    """Bytes left below which it stops; what was recorded stays whole."""
    reserve_bytes: int = 64 << 10
    """Room kept in a file of its own, to say on a full disk that it was full."""

    def __post_init__(self) -> None:
        low = [name for name in self.__struct_fields__ if getattr(self, name) < 0]
        low += [name for name in ("segment_bytes", "segment_seconds", "queue_frames") if getattr(self, name) == 0]
        if low:
            raise ConfigError(f"recorder: {low[0]} is {getattr(self, low[0])}; expected more")
        if self.queue_bytes < LARGEST:
            raise ConfigError(f"recorder: queue_bytes is {self.queue_bytes}; expected room for one frame, {LARGEST}")
        if self.warn_free < self.stop_free:
            raise ConfigError(f"recorder: warn_free {self.warn_free} lies below stop_free {self.stop_free}")


class Room:
    """The room left beside a log, and the file that holds a last bit of it."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._reserve = folder / ".reserve"
        self._warned = False

    def reserve(self) -> None:
        """Take the last bit. StorageError if there is none: recording does not begin on a full disk."""
        try:
            with self._reserve.open("wb") as file:
                file.write(bytes(self._limits.reserve_bytes))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._reserve.unlink(missing_ok=True)
            raise storage_error(self._reserve, error) from error

    def release(self) -> None:
        """Give the last bit back."""
        self._reserve.unlink(missing_ok=True)

    def check(self) -> str | None:
        """A warning, once on the way down; StorageError below `stop_free`."""
        found = os.statvfs(self._folder)
        free = found.f_bavail * found.f_frsize
        if free < self._limits.stop_free:
            raise StorageError(
                f"{self._folder}: {free:,} bytes are free, recording stops below {self._limits.stop_free:,}; what was "
                "recorded is whole: free some room and start again"
            )
        low, self._warned = free < self._limits.warn_free and not self._warned, free < self._limits.warn_free
        if not low:
            return None
        return f"{self._folder}: {free:,} bytes are free; recording stops below {self._limits.stop_free:,}"
