"""The public REST interface of VALR: buckets (bars) and trades, kept as one JSON-lines file per UTC day.

Whole days are asked for, whatever part of them a request touches, so that a file is the same for everyone.
Rows are oldest first and as they were sent. A page overlaps the one before it, since nothing says whether the
ends of a span belong to it; what comes twice is kept once.
"""

from __future__ import annotations

from pathlib import Path

from helios_engine.catalog.download import parts, rows, spans
from helios_engine.catalog.download.client import Client
from helios_engine.catalog.download.limiter import Limit
from helios_engine.catalog.download.request import Download, Got, Piece
from helios_engine.errors import DataError
from helios_engine.timeframe import DAY, UNITS, iso, timeframe_ns

PERIODS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "6h": 21600, "1d": 86400}
_SECOND = UNITS["s"]
_MOST_BUCKETS, _MOST_TRADES = 300, 100
_SETTLED = 60 * _SECOND  # this clock and the vendor's may differ, so only what ended a minute ago has ended


class Valr:
    """A file per day; a day that is not over is fetched again each time."""

    base_url = "https://api.valr.com"

    def plan(self, request: Download, now: int) -> list[Piece]:
        """One piece per day, oldest first; ConfigError if VALR cannot have it."""
        spans.check(request, ("bars", "trades"), tuple(PERIODS))
        tag = f"{request.timeframe}-bars" if request.kind == "bars" else "trades"
        where = f"/v1/public/{request.symbol}/" + ("buckets" if request.kind == "bars" else "trades")
        return [
            Piece(f"{request.symbol}-{tag}-{spans.day_text(day)}.jsonl", day, day + DAY, where)
            for day in spans.days(request.start, request.stop)
        ]

    def limit(self, request: Download) -> Limit:
        """A little under what VALR allows an address: 20 a second for buckets, 30 a minute for the rest."""
        return Limit(15, 1.0) if request.kind == "bars" else Limit(27, 60.0)

    async def get(self, request: Download, piece: Piece, path: Path, client: Client) -> Got:
        """Bring one day; a day without a row is missing, and so are buckets that did not come."""
        if parts.is_held(path):
            return Got(path, reused=True)
        ended = client.world.now() - _SETTLED
        is_over = piece.stop <= ended
        if request.kind == "bars":
            step = timeframe_ns(request.timeframe or "")
            found = await _buckets(piece, step, ended, client)
            wanted = (min(piece.stop, ended) - piece.start) // step
        else:
            found = await _trades(piece, parts.part_of(path), client, is_over=is_over)
            wanted = len(found)
        if not found:
            # The first bucket of today may simply not be over.
            return Got(None, missing=(f"{piece.name}: no rows",) if is_over or wanted > 0 else ())
        rows.write_day(path, found, is_over=is_over)
        parts.part_of(path).unlink(missing_ok=True)
        lacks = wanted - len(found)
        return Got(path, missing=(f"{piece.name}: {lacks} of {wanted} buckets not sent",) if lacks else ())


async def _buckets(piece: Piece, step: int, ended: int, client: Client) -> list[rows.Row]:
    """The buckets of a day that have ended; those without a trade are asked for too, so that a hole shows."""
    found: dict[int, rows.Row] = {}
    for first in range(piece.start, min(piece.stop, ended), (_MOST_BUCKETS - 2) * step):
        # One bucket before and one after, 300 with both ends.
        query = {
            "periodSeconds": str(step // _SECOND),
            "startTime": str((first - step) // _SECOND),
            "endTime": str((first + (_MOST_BUCKETS - 2) * step) // _SECOND),
            "limit": str(_MOST_BUCKETS),
            "includeEmpty": "true",
        }
        for row in await _page(piece, query, client, "startTime", "startTime"):
            if piece.start <= row.ts < piece.stop and row.ts + step <= ended:
                found[row.ts] = row
    return [found[ts] for ts in sorted(found)]


async def _trades(piece: Piece, part: Path, client: Client, *, is_over: bool) -> list[rows.Row]:
    """The trades of a day, walked from its end to its start. Only a day that is over can be continued."""
    spool = rows.Spool(part, "tradedAt", "id") if is_over else None
    found = spool.rows if spool else []
    before = found[-1].key if found else None
    seen = {row.key for row in found}
    while True:
        query = {
            "limit": str(_MOST_TRADES),
            "startTime": iso(piece.start - _SECOND),
            "endTime": iso(min(piece.stop, client.world.now())),
        } | ({"beforeId": before} if before else {})
        page = await _page(piece, query, client, "tradedAt", "id")
        fresh = [row for row in page if row.key not in seen]
        if not fresh and len(page) >= _MOST_TRADES:
            raise DataError(
                f"{piece.where}: the same {len(page)} trades came again before id {before}; expected older ones. "
                "What arrived is kept; run again, and report it if it stays so"
            )
        if not fresh:
            break
        seen.update(row.key for row in fresh)
        before = fresh[-1].key
        kept = [row for row in fresh if piece.start <= row.ts < piece.stop]
        spool.add(kept) if spool else found.extend(kept)
        if fresh[-1].ts < piece.start:
            break
    # Newest first turned over; the sort keeps the order of trades of one millisecond.
    found.reverse()
    return sorted(found, key=lambda row: row.ts)


async def _page(piece: Piece, query: dict[str, str], client: Client, time: str, key: str) -> list[rows.Row]:
    body = await client.read(piece.where, query)
    if body is None:
        raise DataError(f"{piece.where}: HTTP 404, expected a list of rows; check the symbol")
    return rows.read_page(body, time, key, piece.where)
