"""Days and months of UTC, and the checks that every source makes of a request."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from helios_engine.catalog.download.request import Download
from helios_engine.errors import ConfigError
from helios_engine.timeframe import DAY

_SYMBOL = re.compile(r"[A-Z0-9]+(?:[-_][A-Z0-9]+)*")
_SECOND = 1_000_000_000


def days(start: int, stop: int) -> list[int]:
    """The first ns of every UTC day that `[start, stop)` touches."""
    return list(range(start // DAY * DAY, stop, DAY))


def months(start: int, stop: int) -> list[tuple[int, int]]:
    """`[first ns, first ns of the next)` of every UTC month that `[start, stop)` touches."""
    found = []
    moment = datetime.fromtimestamp(start // _SECOND, UTC).replace(day=1, hour=0, minute=0, second=0)
    while (opened := int(moment.timestamp()) * _SECOND) < stop:
        later = moment.month == 12
        moment = moment.replace(year=moment.year + later, month=1 if later else moment.month + 1)
        found.append((opened, int(moment.timestamp()) * _SECOND))
    return found


def day_text(ts: int) -> str:
    """`2024-01-15` of a time in ns UTC."""
    return datetime.fromtimestamp(ts // _SECOND, UTC).strftime("%Y-%m-%d")


def check(request: Download, kinds: Collection[str], timeframes: Collection[str]) -> None:
    """ConfigError unless the source has this kind and timeframe, and symbol and span can be ones."""
    if request.kind not in kinds:
        raise ConfigError(f"{request.source}: no kind {request.kind!r}; expected one of {', '.join(kinds)}")
    if request.kind == "bars" and request.timeframe not in timeframes:
        raise ConfigError(
            f"{request.source}: no bars of {request.timeframe!r}; expected one of {', '.join(timeframes)}"
        )
    if request.kind != "bars" and request.timeframe is not None:
        raise ConfigError(f"{request.source}: {request.kind} have no timeframe, found {request.timeframe!r}; leave it")
    # The symbol becomes part of paths and addresses, so nothing but names of this form gets there.
    if not _SYMBOL.fullmatch(request.symbol):
        raise ConfigError(f"{request.source}: symbol {request.symbol!r}; expected capitals and digits, as 'BTCUSDT'")
    if not 0 <= request.start < request.stop:
        raise ConfigError(f"start {request.start} and stop {request.stop}: expected ns UTC with start before stop")
