"""What waits for the disk: numbered as it comes, bounded, and what finds no room is counted, never forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable

from helios_engine.errors import ConfigError, JournalError, StorageError
from helios_engine.faults import strikes
from helios_engine.recorder.entries import LARGEST, Direction, Frame, Gap, Mark, Numbered, decode, encode
from helios_engine.recorder.limits import Limits

Clock = Callable[[], int]


class Backlog:
    """Entries on their way to the disk. `changed` guards all of it and wakes both sides."""

    def __init__(self, first_seq: int, limits: Limits, wall: Clock, monotonic: Clock) -> None:
        self.changed = threading.Condition()
        self.next_seq = first_seq
        self.dropped = 0
        """Frames that found no room, over the whole session."""
        self.latest_ns = 0
        """The latest receive time so far (ns UTC)."""
        self.closed: str = ""
        """Why nothing more is taken."""
        self._hurry = False
        self._limits, self._wall, self._monotonic = limits, wall, monotonic
        self._waiting: list[bytes] = []
        self._held = self._bytes = 0
        self._missed = 0
        self._why = ""

    def frame(
        self, raw: bytes, connection: str, direction: Direction, recv_ns: int | None
    ) -> tuple[Gap, Frame] | tuple[Frame] | tuple[()]:
        """Number a frame and let it wait; see `Recorder.record`. Raises StorageError."""
        with self.changed:
            self._refuse()
            now, mono = self._wall() if recv_ns is None else recv_ns, self._monotonic()
            if len(raw) > LARGEST:
                self._miss(f"a frame of {len(raw):,} bytes is larger than {LARGEST:,}")
                return ()
            if not self._has_room(len(raw)) or strikes("recorder.full"):
                self._miss("the disk was slower than the market: the queue was full")
                return ()
            gap = self._gap(now, mono)
            frame = Frame(self.next_seq, now, mono, connection, direction, raw)
            # Of these types, what can be encoded can be read; to read each frame again takes longer than to write it.
            is_plain = type(raw) is bytes and type(connection) is str and type(now) is int and type(mono) is int
            self._put(frame, is_plain=is_plain and (direction == "in" or direction == "out"))
            return (gap, frame) if gap else (frame,)

    def gap(self, count: int | None, reason: str) -> Gap:
        """Say that something is missing that never came here, as after a reconnect. Raises StorageError."""
        with self.changed:
            self._refuse()
            now, mono = self._wall(), self._monotonic()
            self._gap(now, mono)
            gap = Gap(self.next_seq, now, mono, count, reason)
            self._put(gap)
            return gap

    def mark(self, parser: str, inputs: int, head: str) -> Mark:
        """Let the head of a chain wait. Raises StorageError."""
        with self.changed:
            self._refuse()
            mark = Mark(self.next_seq, parser, inputs, head)
            self._put(mark)
            return mark

    def close(self, why: str) -> None:
        """Take nothing more; what was missed so far is said at the end."""
        with self.changed:
            if not self.closed:
                self._gap(self._wall(), self._monotonic())
                self.closed = why
            self.changed.notify_all()

    def hurry(self) -> None:
        """Somebody waits: what is here should be made durable now."""
        with self.changed:
            self._hurry = True
            self.changed.notify_all()

    def take(self, timeout: float, gather: float = 0.0) -> tuple[list[bytes], bool]:
        """All that waits, encoded, and whether it is urgent: `gather` seconds after there is something, at once if
        somebody waits for it or room runs out; or when `timeout` seconds are over."""
        with self.changed:
            self.changed.wait_for(lambda: bool(self._waiting or self.closed or self._hurry), timeout)
            if self._waiting and gather > 0:
                self.changed.wait_for(lambda: bool(self.closed or self._hurry or self._is_pressed()), gather)
            taken, self._waiting = self._waiting, []
            hurry, self._hurry = self._hurry or bool(self.closed), False
        return taken, hurry

    def written(self, entries: int, size: int) -> None:
        """Entries of `size` bytes are in the file: their room is free again."""
        with self.changed:
            self._held -= entries
            self._bytes -= size
            self.changed.notify_all()

    def lost(self, count: int, reason: str) -> Gap:
        """The last word on a full disk: what could not be written any more."""
        with self.changed:
            if self.dropped:
                reason = f"{reason} ({self.dropped} frames of the session were left out before)"
            return Gap(self.next_seq - count, self._wall(), self._monotonic(), count, reason)

    def _has_room(self, size: int) -> bool:
        return self._held < self._limits.queue_frames and self._bytes + size <= self._limits.queue_bytes

    def _is_pressed(self) -> bool:
        """Whether half of the room is taken."""
        return 2 * self._held >= self._limits.queue_frames or 2 * self._bytes >= self._limits.queue_bytes

    def _put(self, entry: Numbered, *, is_plain: bool = False) -> None:
        block = _readable(entry, is_plain)
        if not isinstance(entry, Mark):
            self.latest_ns = max(self.latest_ns, entry.recv_ns)
        self._waiting.append(block)
        self.next_seq += 1
        self._held += 1
        self._bytes += len(block)
        # To wake the other thread for each frame would cost more than the frame: for the first, and when room runs out.
        if len(self._waiting) == 1 or self._is_pressed():
            self.changed.notify_all()

    def _miss(self, why: str) -> None:
        self.dropped += 1
        self._missed += 1
        self._why = why if self._why in ("", why) else f"{self._why}; {why}"[:1000]

    def _gap(self, now: int, mono: int) -> Gap | None:
        """Put what was missed since the last gap in front of what follows."""
        if not self._missed:
            return None
        gap = Gap(self.next_seq, now, mono, self._missed, self._why)
        self._put(gap)
        self._missed, self._why = 0, ""  # not before: a time that cannot be written must not make the gap forgotten
        return gap

    def _refuse(self) -> None:
        if self.closed:
            raise StorageError(f"the recorder takes nothing more: {self.closed}")


def _readable(entry: Numbered, is_plain: bool) -> bytes:
    """An entry's bytes, read again unless it is plain.

    ConfigError for one that a reader would stumble over, and with it over the log.
    """
    try:
        block = encode(entry)
        if not is_plain:
            decode(block)
    except (JournalError, UnicodeEncodeError, OverflowError, TypeError) as error:
        raise ConfigError(
            f"expected bytes, connection and reason as plain text, direction in or out, times in whole ns: {error}"
        ) from error
    return block
