"""Walks of the endpoints that answer in pages, newest first. What comes twice is kept once; nothing is left out.

Nothing says whether `endTime` and `beforeId` include their own row, so pages overlap and rows are told apart by
their id or time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from helios_engine.errors import ConfigError
from helios_engine.timeframe import UNITS, iso
from helios_valr import answers
from helios_valr.answers import BODIES, FundingRow, MarkBucketRow
from helios_valr.errors import WireError
from helios_valr.rest.client import Client
from helios_valr.rows import BucketRow, TradeRow

PERIODS = (60, 300, 900, 1800, 3600, 21600, 86400)
"""Seconds of the buckets that VALR makes."""
MOST_BUCKETS, PAGE = 300, 100
SETTLED = 60 * UNITS["s"]
"""Our clock and VALR's may differ, so only what ended a minute ago has ended."""
B = TypeVar("B", BucketRow, MarkBucketRow)


async def trades(client: Client, pair: str, start: int, stop: int) -> list[TradeRow]:
    """Every trade of `[start, stop)`, oldest first; WireError if VALR keeps sending the same page."""
    _check(start, stop)
    path = f"/v1/public/{pair}/trades"
    # Newest first until the end. Several trades may share a millisecond, so only ids tell them apart.
    found: dict[str, TradeRow] = {}
    before: dict[str, str] = {}
    while True:
        query = {
            "limit": str(PAGE),
            "startTime": iso_seconds(start - UNITS["s"]),
            "endTime": iso_seconds(stop + UNITS["s"]),
        }
        page = answers.read(await client.get(path, query | before), tuple[TradeRow, ...], path)
        _only(pair, (row.currency_pair for row in page), path)
        fresh = [row for row in page if row.id not in found]
        found.update((row.id, row) for row in fresh)
        if len(page) < PAGE or page[-1].traded_at < start:
            break
        if not fresh:
            raise WireError(f"{path}: the same {len(page)} trades came again before {before}; expected older ones")
        before = {"beforeId": page[-1].id}
    kept = [row for row in reversed(found.values()) if start <= row.traded_at < stop]
    return sorted(kept, key=lambda row: row.traded_at)


async def buckets(
    client: Client,
    path: str,
    kind: type[B],
    wanted: tuple[str, int],
    start: int,
    stop: int,
    text_of: Callable[[int], str],
    more: Mapping[str, str],
    settled: int = SETTLED,
) -> list[B]:
    """The buckets of `wanted` (pair, seconds) that open in `[start, stop)` and are over, oldest first.

    A request asks for one bucket more at each end, 300 with both. ConfigError for a period VALR does not make.
    """
    _check(start, stop)
    pair, seconds = wanted
    if seconds not in PERIODS:
        raise ConfigError(f"{path}: no buckets of {seconds} s; expected one of {', '.join(map(str, PERIODS))}")
    step = seconds * UNITS["s"]
    begin = -(-start // step) * step
    ended = min(stop, client.world.now() - settled)
    found: dict[int, B] = {}
    for first in range(begin, ended, (MOST_BUCKETS - 2) * step):
        last = min(first + (MOST_BUCKETS - 2) * step, -(-ended // step) * step)
        query = {"periodSeconds": str(seconds), "startTime": text_of(first - step), "endTime": text_of(last)}
        body = await client.get(path, query | {"limit": str(MOST_BUCKETS), **more})
        rows: tuple[B, ...] = answers.read(body, _list_of(kind), path)
        _only(pair, (row.currency_pair_symbol for row in rows), path)
        for row in rows:
            if row.bucket_period_in_seconds != seconds or row.start_time % step:
                raise WireError(f"{path}: a bucket of {row.bucket_period_in_seconds} s at {int(row.start_time)} ns")
            if begin <= row.start_time < stop and row.start_time + step <= client.world.now() - settled:
                found[int(row.start_time)] = row
    return [found[ts] for ts in sorted(found)]


async def funding(client: Client, pair: str, start: int, stop: int) -> list[FundingRow]:
    """The fundings of `[start, stop)`, oldest first. A page shifts when a new one is paid meanwhile."""
    _check(start, stop)
    path = "/v1/public/futures/funding/history"
    found: dict[int, FundingRow] = {}
    skip = 0
    while True:
        query = {"currencyPair": pair, "limit": str(PAGE), "skip": str(skip)}
        page = answers.read(await client.get(path, query), tuple[FundingRow, ...], path)
        _only(pair, (row.currency_pair for row in page), path)
        found.update((int(row.funding_time), row) for row in page)
        if len(page) < PAGE or page[-1].funding_time < start:
            break
        skip += PAGE
    return [found[ts] for ts in sorted(found) if start <= ts < stop]


def iso_seconds(ts: int) -> str:
    """A time as ISO text of whole seconds."""
    return iso(ts // UNITS["s"] * UNITS["s"])


def _list_of(kind: type[Any]) -> Any:
    return BODIES["buckets" if kind is BucketRow else "markprice_buckets"]


def _only(pair: str, found: Any, where: str) -> None:
    others = sorted(set(found) - {pair})
    if others:
        raise WireError(f"{where}: rows of {', '.join(others[:3])}; expected {pair} only")


def _check(start: int, stop: int) -> None:
    if not 0 < start < stop:
        raise ConfigError(f"start {start} and stop {stop}: expected ns UTC with start before stop")
