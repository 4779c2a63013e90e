"""The public endpoints, each with what its rows must be; pages are walked, turned round and made one."""

from __future__ import annotations

import re
from typing import TypeVar

from helios_engine.errors import ConfigError
from helios_engine.timeframe import UNITS
from helios_valr import answers
from helios_valr.answers import Currency, FundingRow, FuturesRow, MarkBucketRow, OrderTypesRow, PairRow, Status, Time
from helios_valr.rest import paging
from helios_valr.rest.client import Client
from helios_valr.rows import BookRow, BucketRow, SummaryRow, TradeRow

A = TypeVar("A")
_PAIR = re.compile("[A-Z0-9]{2,32}")


class Public:
    """What VALR tells everyone. Spans are `[start, stop)` in ns UTC; rows come oldest first."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def time(self) -> Time:
        """The exchange's clock."""
        return await self._read("/v1/public/time", Time)

    async def clock_offset(self) -> int:
        """By how many ns VALR's clock is ahead of ours, as if its answer was written halfway through the request."""
        before = self._client.world.now()
        told = await self.time()
        return int(told.time) - (before + self._client.world.now()) // 2

    async def status(self) -> Status:
        """`online`, or `read-only` when only reading works."""
        return await self._read("/v1/public/status", Status)

    async def currencies(self) -> tuple[Currency, ...]:
        """Every currency; only `short_name` names one."""
        return await self._read("/v1/public/currencies", tuple[Currency, ...])

    async def pairs(self) -> tuple[PairRow, ...]:
        """Every pair, spot and perpetual, those included that are not active."""
        return await self._read("/v1/public/pairs", tuple[PairRow, ...])

    async def order_types(self) -> tuple[OrderTypesRow, ...]:
        """Which kinds of orders each pair takes."""
        return await self._read("/v1/public/ordertypes", tuple[OrderTypesRow, ...])

    async def summaries(self) -> tuple[SummaryRow, ...]:
        """The last day of every pair, up to 5 s old."""
        return await self._read("/v1/public/marketsummary", tuple[SummaryRow, ...])

    async def summary(self, pair: str) -> SummaryRow:
        """The last day of a pair, up to 5 s old."""
        return await self._read(f"/v1/public/{_named(pair)}/marketsummary", SummaryRow)

    async def book(self, pair: str) -> BookRow:
        """The best levels, up to 30 s old: to compare with and never to begin a book from."""
        return await self._read(f"/v1/public/{_named(pair)}/orderbook", BookRow)

    async def futures(self) -> tuple[FuturesRow, ...]:
        """What is expected of the next funding of every perpetual, up to 60 s old."""
        return await self._read("/v1/public/futures/info", tuple[FuturesRow, ...])

    async def trades(self, pair: str, start: int, stop: int) -> list[TradeRow]:
        """Every trade of the span."""
        return await paging.trades(self._client, _named(pair), start, stop)

    async def buckets(
        self,
        pair: str,
        seconds: int,
        start: int,
        stop: int,
        *,
        include_empty: bool = True,
        settled: int = paging.SETTLED,
    ) -> list[BucketRow]:
        """The buckets of `seconds` that open in the span and are over since `settled` ns.

        An empty one repeats the last price.
        """
        more = {"includeEmpty": "true" if include_empty else "false"}
        path = f"/v1/public/{_named(pair)}/buckets"
        return await paging.buckets(
            self._client, path, BucketRow, (pair, seconds), start, stop, lambda ts: str(ts // UNITS["s"]), more, settled
        )

    async def mark_buckets(self, pair: str, seconds: int, start: int, stop: int) -> list[MarkBucketRow]:
        """The buckets of mark prices that open in the span and are over."""
        path = f"/v1/public/{_named(pair)}/markprice/buckets"
        return await paging.buckets(
            self._client, path, MarkBucketRow, (pair, seconds), start, stop, paging.iso_seconds, {}
        )

    async def funding(self, pair: str, start: int, stop: int) -> list[FundingRow]:
        """What was paid in the span."""
        return await paging.funding(self._client, _named(pair), start, stop)

    async def _read(self, path: str, kind: type[A]) -> A:
        return answers.read(await self._client.get(path), kind, path)


def _named(pair: str) -> str:
    """The pair, which becomes part of a path; ConfigError if it cannot be one."""
    if not _PAIR.fullmatch(pair):
        raise ConfigError(f"pair {pair[:40]!r}: expected capitals and digits, as BTCZAR")
    return pair
