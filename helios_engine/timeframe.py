"""Timeframes and durations as words (`1m`, `4h`, `250ms`) and as int nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

UNITS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
}
DAY = UNITS["d"]
_DURATION = re.compile(r"(\d+)(ns|us|ms|s|m|h|d)")


def nanoseconds(text: str) -> int:
    """Turn a duration such as `15m` or `250ms` into nanoseconds; ValueError if it is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a duration such as '15m', '1h' or '250ms', found {text!r}")
    return int(match[1]) * UNITS[match[2]]


def duration_text(length: int) -> str:
    """A duration as `nanoseconds` reads it, in the largest unit that divides it."""
    name = next(name for name, unit in reversed(UNITS.items()) if length % unit == 0)
    return f"{length // UNITS[name]}{name}"


def timeframe_ns(text: str) -> int:
    """Nanoseconds of a bar timeframe, which must divide a day so that buckets align to UTC."""
    length = nanoseconds(text)
    if length <= 0 or DAY % length:
        raise ValueError(f"expected a timeframe that divides a day, such as '1m' or '4h', found {text!r}")
    return length


def parse_time(value: str | int | datetime) -> int:
    """A UTC time as int nanoseconds: ISO text or datetime (no zone means UTC), or nanoseconds."""
    if isinstance(value, int):
        return value
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * UNITS["s"] + moment.microsecond * UNITS["us"]


def iso(ts: int) -> str:
    """ISO 8601 text of `ts`, with as many fraction digits as it needs (0, 3, 6 or 9)."""
    seconds, rest = divmod(ts, UNITS["s"])
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if rest:
        digits = f"{rest:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        text += f".{digits}"
    return text + "Z"
