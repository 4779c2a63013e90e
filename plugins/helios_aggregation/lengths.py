"""Timeframes that can be cascaded: each a multiple of the one before."""

from __future__ import annotations

from collections.abc import Sequence

from helios_engine.timeframe import timeframe_ns


def checked_lengths(timeframes: Sequence[str]) -> tuple[int, ...]:
    """Lengths in ns; ValueError unless each timeframe is a multiple of the one before."""
    if not timeframes:
        raise ValueError("expected at least one timeframe, found none; write e.g. timeframes = ['1m', '5m']")
    lengths = tuple(timeframe_ns(name) for name in timeframes)
    for number in range(1, len(lengths)):
        below, above = lengths[number - 1], lengths[number]
        if above <= below or above % below:
            raise ValueError(
                f"expected each timeframe to be a multiple of the one before, found {timeframes[number]!r} "
                f"after {timeframes[number - 1]!r}; leave one of them out"
            )
    return lengths
