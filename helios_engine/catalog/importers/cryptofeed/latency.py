"""How long messages were under way, by the clock of the recording and that of the venue."""

from __future__ import annotations

from helios_engine.errors import ConfigError

_MS = 10**6


class Latency:
    """How long messages were under way, by two clocks."""

    def __init__(self) -> None:
        self._low = self._high = 0
        self._worst = ""

    def take(self, length: int, place: str) -> None:
        """One message's time under way (ns)."""
        if not self._worst or length < self._low:
            self._low, self._worst = length, place
        self._high = max(self._high, length)

    def check(self, name: str, offset: int) -> None:
        """ConfigError if one arrived before it was made, with the offset (ns) that was given."""
        if self._low < 0:
            span = f"{self._low / _MS:+,.3f} to {self._high / _MS:+,.3f} ms"
            so_far = f", with the clock offset of {offset / _MS:g} ms" if offset else ""
            raise ConfigError(
                f"{name}: messages were received {span} after the venue made them{so_far}, the first of these at "
                f"{self._worst}: the recording's clock was behind the venue's; move the times of receipt by "
                f"--clock-offset {-((self._low - offset) // _MS)}ms or more"
            )
