"""The public spot archive of Binance: a zip per month or day, each with its SHA-256 in a `.CHECKSUM` file."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from helios_engine.catalog.download import parts, spans
from helios_engine.catalog.download.client import Client
from helios_engine.catalog.download.limiter import Limit
from helios_engine.catalog.download.request import Download, Got, Piece
from helios_engine.errors import DataError
from helios_engine.timeframe import DAY

KINDS = {"bars": "klines", "trades": "trades", "agg_trades": "aggTrades"}
TIMEFRAMES = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
_LATE = 31 * DAY  # a month's file may come days after the month; its daily files serve until then


class Binance:
    """Whole past months come as monthly files, every other day as a daily one."""

    base_url = "https://data.binance.vision"

    def plan(self, request: Download, now: int) -> list[Piece]:
        """The files that cover the request, oldest first; ConfigError if the archive cannot have it."""
        spans.check(request, tuple(KINDS), TIMEFRAMES)
        found: list[Piece] = []
        for opened, closed in spans.months(request.start, request.stop):
            first, last = max(opened, request.start), min(closed, request.stop)
            daily = tuple(_piece(request, day, day + DAY, "daily") for day in spans.days(first, last))
            if (first, last) == (opened, closed) and closed <= now:
                instead = daily if now - closed < _LATE else ()
                found.append(_piece(request, opened, closed, "monthly", instead))
            else:
                found.extend(daily)
        return found

    def limit(self, request: Download) -> Limit:
        """None is published for the archive; ten a second is polite."""
        return Limit(10, 1.0)

    async def get(self, request: Download, piece: Piece, path: Path, client: Client) -> Got:
        """Bring one zip and check it; DataError if it is wrong twice."""
        if parts.is_held(path):
            return Got(path, reused=True)
        part = parts.PartFile(parts.part_of(path), client.on_bytes)
        problem = ""
        for _ in range(2):
            expected = _checksum(await client.read(piece.where + ".CHECKSUM"), piece)
            if path.exists() and expected == parts.digest(path):
                parts.note(path, expected)
                return Got(path, reused=True)
            if not await client.into(piece.where, part):
                return Got(None, missing=(piece.name,))
            found = parts.digest(part.path)
            problem = _problem(part.path, expected, found)
            if not problem:
                parts.keep(part.path, path, found)
                return Got(path)
            part.path.unlink()
        raise DataError(
            f"{piece.where}: fetched twice and wrong twice: {problem}. Nothing was kept; "
            "run again later, or report it to the vendor"
        )


def _piece(request: Download, start: int, stop: int, every: str, instead: tuple[Piece, ...] = ()) -> Piece:
    kind = KINDS[request.kind]
    tag = request.timeframe or kind
    date = spans.day_text(start) if every == "daily" else spans.day_text(start)[:7]
    name = f"{request.symbol}-{tag}-{date}.zip"
    folder = f"/data/spot/{every}/{kind}/{request.symbol}" + (f"/{tag}" if request.timeframe else "")
    return Piece(name, start, stop, f"{folder}/{name}", instead)


def _checksum(body: bytes | None, piece: Piece) -> str | None:
    if body is None:
        return None
    text = body.decode("utf-8", "replace").strip()
    match = re.fullmatch(r"([0-9a-fA-F]{64})\s+\*?(\S+)", text)
    if match is None or match[2] != piece.name:
        raise DataError(f"{piece.where}.CHECKSUM: expected '<sha256>  {piece.name}', found {text[:100]!r}")
    return match[1].lower()


def _problem(part: Path, expected: str | None, found: str) -> str:
    """What is wrong with a zip, in words, or nothing. Without a checksum its own CRCs must hold."""
    if expected is not None:
        return "" if found == expected else f"expected SHA-256 {expected}, found {found}"
    try:
        with zipfile.ZipFile(part) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        return f"expected a zip file, found {error}"
    return "" if bad is None else f"{bad} in it does not match its CRC"
