"""Ctrl-C and SIGTERM: the first ends a run cleanly, a second one does without the final check, a third one kills."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Takes both signals while it is entered, also while nobody runs the loop; in the main thread alone.

    `stop` is called at the first, in the signal's handler; `say` gets what each one means. A run that has ended by
    itself is `over`, and a signal then ends the final check alone, with a KeyboardInterrupt.
    """

    def __init__(self, stop: Callable[[], None], say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self.is_asked = self.is_skipping = self.is_checking = False

    def __enter__(self) -> Self:
        self._before = [(number, signal.signal(number, self._take)) for number in SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def over(self) -> None:
        """The run is over: the next signal is about its check."""
        self.is_asked = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.is_skipping:
            signal.signal(number, signal.SIG_DFL)
            try:
                self._say("killed")
            finally:
                os.kill(os.getpid(), number)
        elif self.is_asked:
            self.is_skipping = True
            self._say("the final check is left out; once more to kill")
            if self.is_checking:
                raise KeyboardInterrupt
        else:
            self.is_asked = True
            self._stop()  # before it is said: whether anybody hears it must not decide whether the run ends
            self._say("ending: once more to leave out the final check")
