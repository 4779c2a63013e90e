"""How far the clock of a capture's receiver was behind the exchange's."""

from __future__ import annotations

from collections.abc import Sequence

from helios_engine.catalog.importers.binance_capture_messages import lines
from helios_engine.catalog.importers.contract import Source
from helios_engine.errors import ConfigError, DataError, HeliosError

_MS = 1_000_000
_NAMED = 8


def refusal(place: str, latency: int, clock_offset: int | None, sources: Sequence[Source]) -> HeliosError:
    """What to raise for a message that was received `latency` (ns, negative) before the exchange sent it.

    All files are measured, so that the offset that is named serves for all of them.
    """
    ranges = {source.name: found for source in sources if (found := _range(source)) is not None}
    lowest = min((low for low, _ in ranges.values()), default=latency)
    flag = f"--clock-offset {-lowest // _MS + 1}ms"
    if clock_offset is not None:
        return DataError(
            f"{place}: received {-latency / _MS:.3f} ms before the exchange sent it, even with the clock offset of "
            f"{clock_offset / _MS:g} ms; the smallest that makes every latency positive is {flag}"
        )
    shown = "; ".join(
        f"{name}: {low / _MS:,.3f} to {high / _MS:,.3f} ms" for name, (low, high) in list(ranges.items())[:_NAMED]
    )
    return ConfigError(
        f"the receiver's clock ran behind the exchange's: receive time minus event time is {shown}. "
        f"Rows would be known before they happened; add {flag}, the smallest that makes every latency positive"
    )


def _range(source: Source) -> tuple[int, int] | None:
    """The smallest and largest receive time minus exchange time (ns)."""
    low, high = 1 << 62, -(1 << 62)
    for _, received, line in lines(source):
        message = line.data or line
        if message.sent or message.happened:
            latency = received - max(message.sent, message.happened) * _MS
            low, high = min(low, latency), max(high, latency)
    return (low, high) if low <= high else None
