"""A real server on 127.0.0.1 that speaks as the two vendors of market history do, and misbehaves when told to.

Everything it serves is made up here. Run it as `with ArchiveServer() as server:`.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import threading
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

BLOCK = 1 << 14
MOST_BUCKETS, MOST_TRADES = 300, 100


@dataclass
class Fault:
    """What goes wrong with one answer: a status, or the line cut or stuck after so many bytes."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stuck_after: int | None = None


@dataclass
class Asked:
    """One request and how many bytes of body it was sent."""

    path: str
    query: dict[str, str]
    range: str | None
    sent: int = 0


def zipped(name: str, rows: int = 20, seed: int = 0) -> bytes:
    """A zip with one CSV in it, with numbers that do not compress away."""
    lines = (hashlib.sha256(f"{seed}-{name}-{row}".encode()).hexdigest() for row in range(rows))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name.replace(".zip", ".csv")), "\n".join(lines) + "\n")
    return held.getvalue()


def iso(seconds: float) -> str:
    """ISO text with milliseconds of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class ArchiveServer:
    """Serves `files` with checksums, ranges and faults, and buckets and `trades` in pages, newest first."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.checksums: dict[str, str] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.ignores_range = False
        self.has_checksums = True
        self.trades: list[dict[str, Any]] = []
        self.border = 0
        self.ignores_times = False
        self.ignores_before = False
        self.now = 2**33
        self.gone: set[int] = set()
        self.asked: list[Asked] = []
        self.stuck = threading.Event()

    def add(self, path: str, rows: int = 20) -> bytes:
        """Put a zip at `path`."""
        self.files[path] = zipped(path.rsplit("/", 1)[1], rows)
        return self.files[path]

    def data_requests(self) -> list[Asked]:
        """The requests for anything but a checksum."""
        return [asked for asked in self.asked if not asked.path.endswith(".CHECKSUM")]

    def __enter__(self) -> ArchiveServer:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/public/{pair}/buckets", self._buckets)
        app.router.add_get("/v1/public/{pair}/trades", self._trades)
        app.router.add_get("/{path:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def _note(self, request: web.Request) -> tuple[Asked, Fault]:
        asked = Asked(request.path, dict(request.query), request.headers.get("Range"))
        self.asked.append(asked)
        faults = self.faults[request.path]
        return asked, faults.pop(0) if faults else Fault()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        asked, fault = self._note(request)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers, text="not now")
        body = self._body(request.path)
        if body is None:
            return web.Response(status=404, text="no such key")
        first = 0
        if asked.range and not self.ignores_range:
            first = int(asked.range.removeprefix("bytes=").removesuffix("-"))
            if first >= len(body):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
        answer = web.StreamResponse(status=206 if first else 200)
        answer.content_length = len(body) - first
        if first:
            answer.headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        await answer.prepare(request)
        ends = [at for at in (fault.cut_after, fault.stuck_after) if at is not None]
        rest = body[first : first + min(ends)] if ends else body[first:]
        for at in range(0, len(rest), BLOCK):
            await answer.write(rest[at : at + BLOCK])
            asked.sent += len(rest[at : at + BLOCK])
        if fault.stuck_after is not None:
            self.stuck.set()
            await asyncio.sleep(60)
        if fault.cut_after is not None and request.transport is not None:
            request.transport.close()
        return answer

    def _body(self, path: str) -> bytes | None:
        whole = path.removesuffix(".CHECKSUM")
        body = self.files.get(whole)
        if body is None or whole == path:
            return body
        if not self.has_checksums:
            return None
        told = self.checksums.get(whole, hashlib.sha256(body).hexdigest())
        return f"{told}  {whole.rsplit('/', 1)[1]}\n".encode()

    async def _buckets(self, request: web.Request) -> web.StreamResponse:
        asked, fault = self._note(request)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers)
        period, start, end = (int(asked.query[name]) for name in ("periodSeconds", "startTime", "endTime"))
        first, last = -(-start // period), end // period
        if last - first + 1 > MOST_BUCKETS:
            return web.json_response({"code": -11, "message": "Too many buckets"}, status=400)
        found = [
            self._bucket(request.match_info["pair"], number * period, period)
            for number in range(last, first - 1, -1)
            if number * period <= self.now and number * period not in self.gone
        ]
        return self._send(asked, found[: int(asked.query["limit"])])

    def _bucket(self, pair: str, opened: int, period: int) -> dict[str, Any]:
        is_open = opened + period > self.now
        return {
            "currencyPairSymbol": pair, "bucketPeriodInSeconds": period, "startTime": iso(opened)[:-5] + "Z",
            "open": str(opened - 1), "high": str(opened + 2),
            "low": str(opened - 2), "close": "unfinished" if is_open else str(opened),
            "volume": "1.50", "quoteVolume": "15.00",
        }  # fmt: skip

    async def _trades(self, request: web.Request) -> web.StreamResponse:
        asked, fault = self._note(request)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers)
        if fault.stuck_after is not None:
            self.stuck.set()
            await asyncio.sleep(60)
        query, rows = asked.query, self.trades[::-1]
        if int(query["limit"]) > MOST_TRADES:
            return web.json_response({"code": -11, "message": "Too many trades"}, status=400)
        if "beforeId" in query and not self.ignores_before:
            at = next(number for number, row in enumerate(rows) if row["id"] == query["beforeId"])
            rows = rows[max(0, at + 1 - self.border) :]
        if not self.ignores_times:
            day = [_moment(query[name]) for name in ("startTime", "endTime")]
            rows = [row for row in rows if day[0] <= _moment(row["tradedAt"]) < day[1]]
        return self._send(asked, rows[: int(query["limit"])])

    def _send(self, asked: Asked, rows: list[dict[str, Any]]) -> web.Response:
        body = json.dumps(rows, indent=1).encode()
        asked.sent = len(body)
        return web.Response(body=body, content_type="application/json")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
