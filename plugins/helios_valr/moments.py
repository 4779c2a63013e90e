"""Times as VALR writes them, in int ns UTC: ISO 8601 with 0 to 9 fraction digits, milliseconds, seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from helios_engine.timeframe import UNITS

EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * UNITS["s"]
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * UNITS["s"]
"""Times outside `[EARLIEST, LATEST)` are taken for a mistake of unit, such as seconds for milliseconds."""

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{0,9}))?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(int):
    """A time in ns UTC; on the wire ISO text or whole milliseconds."""


class Second(int):
    """A time in ns UTC; on the wire whole seconds."""


def of_iso(text: str) -> int:
    """Nanoseconds of ISO text; without a zone it is UTC. ValueError if it is none, or outside 2000 … 2099."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a time such as 2026-09-23T03:19:57.710853735Z, found {text[:40]!r}")
    fraction, sign, hours, minutes = match[7] or "", match[8], match[9], match[10]
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if sign:
        if int(hours) > 15 or int(minutes) > 59:
            raise ValueError(f"expected a zone of at most 15:59, found {text[:40]!r}")
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        moment = moment - ahead if sign == "+" else moment + ahead
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return _sane(seconds * UNITS["s"] + int(fraction.ljust(9, "0")), text)


def of_milliseconds(count: int) -> int:
    """Nanoseconds of milliseconds since 1970; ValueError outside 2000 … 2099."""
    return _sane(count * UNITS["ms"], count)


def of_seconds(count: int) -> int:
    """Nanoseconds of seconds since 1970; ValueError outside 2000 … 2099."""
    return _sane(count * UNITS["s"], count)


def _sane(ts: int, found: str | int) -> int:
    if not EARLIEST <= ts < LATEST:
        shown = found[:40] if isinstance(found, str) else f"{found:.6g}" if abs(found) < 10**30 else "a huge number"
        raise ValueError(f"expected a time from 2000 to 2099, found {shown}")
    return ts
