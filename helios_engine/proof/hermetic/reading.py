"""How many bytes this thread has read, as Linux counts them: what C code reads is among them."""

from __future__ import annotations

import os

LEAST = 4096
"""Less than this in one call is nobody's data: libraries ask the system for the number of its processors this way."""
_COUNTERS = "/proc/thread-self/io"


class BytesRead:
    """Marks and differences of the thread's counter; where there is none, every difference is 0."""

    def __init__(self) -> None:
        try:
            self._file = os.open(_COUNTERS, os.O_RDONLY)
            self._counter()
        except OSError:
            self._file = -1

    @property
    def is_there(self) -> bool:
        """Whether this system counts."""
        return self._file >= 0

    def mark(self) -> int:
        """The count from now on."""
        return self._counter() if self._file >= 0 else 0

    def since(self, mark: int) -> int:
        """Bytes read since a mark, 0 if fewer than `LEAST`."""
        if self._file < 0:
            return 0
        count = self._counter() - mark
        return count if count >= LEAST else 0

    def _counter(self) -> int:
        return int(os.pread(self._file, 256, 0).split(b"\n", 1)[0].removeprefix(b"rchar: "))
