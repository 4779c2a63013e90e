"""Durations on the command line."""

from __future__ import annotations


def seconds_of(option: str, text: str | None) -> float | None:
    """Seconds of `1h` or `90s`, None where nothing is given; ConfigError names the option."""
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import nanoseconds

    try:
        return None if text is None else nanoseconds(text) / 1e9
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
