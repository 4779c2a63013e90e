"""The HTTP client of the downloads: patient with a busy vendor, strict about where it is sent."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol

import aiohttp
from yarl import URL

from helios_engine.catalog.download.limiter import Limiter
from helios_engine.catalog.download.parts import PartFile
from helios_engine.catalog.download.request import Options, World
from helios_engine.errors import ConfigError, DataError, NotAvailableError

_REDIRECTS = (301, 302, 303, 307, 308)
_HOPS = 5
_SECOND = 1_000_000_000


class _Sink(Protocol):
    """Where an answer goes."""

    def size(self) -> int: ...

    def headers(self) -> dict[str, str]: ...

    async def take(self, answer: aiohttp.ClientResponse) -> bool: ...


class _Memory:
    """An answer kept in memory: a checksum or a page."""

    body = b""

    def size(self) -> int:
        return 0

    def headers(self) -> dict[str, str]:
        return {"Accept": "application/json, text/plain, */*"}

    async def take(self, answer: aiohttp.ClientResponse) -> bool:
        self.body = await answer.read()
        return True


class Client:
    """Asks one host. 404 is an answer; 418, 429 and 5xx are waited out; anything else is an error."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        limiter: Limiter,
        options: Options,
        world: World,
        on_bytes: Callable[[int], None],
    ) -> None:
        self.world = world
        self.on_bytes = on_bytes
        self._session = session
        self._base = base_url.rstrip("/")
        self._limiter = limiter
        self._options = options

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> bytes | None:
        """The body at `path`, or None if there is none (404); NotAvailableError if the host cannot be reached."""
        sink = _Memory()
        found = await self._ask(URL(self._base + path).with_query(query or {}), sink)
        self.on_bytes(len(sink.body))
        return sink.body if found else None

    async def into(self, path: str, part: PartFile) -> bool:
        """Bring the file at `path` into `part`, continuing it; False if there is none (404)."""
        return await self._ask(URL(self._base + path), part)

    async def _ask(self, url: URL, sink: _Sink) -> bool:
        target, failures, hops, most = url, 0, 0, sink.size()
        while True:
            await self._limiter.turn(self.world)
            wait: float | None = None
            try:
                async with self._session.get(target, headers=sink.headers(), allow_redirects=False) as answer:
                    if answer.status == 404:
                        return False
                    if answer.status in _REDIRECTS and hops < _HOPS:
                        target, hops = _same_origin(target, answer), hops + 1
                        continue
                    if answer.status in (200, 206, 416):
                        if await sink.take(answer):
                            return True
                        trouble = f"HTTP {answer.status} for bytes that were not asked for"
                    elif answer.status in (418, 429) or answer.status >= 500:
                        trouble = f"HTTP {answer.status}"
                        wait = self._asked_wait(answer)
                    else:
                        raise DataError(await _refusal(target, answer))
            except aiohttp.ClientSSLError as error:
                raise NotAvailableError(f"{target}: no safe connection: {error}; check the clock and proxy") from error
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                trouble = str(error) or type(error).__name__
            failures = 1 if sink.size() > most else failures + 1  # a line that is cut but moves on is no dead end
            most = max(most, sink.size())
            await self._pause(target, trouble, wait, failures)

    async def _pause(self, target: URL, trouble: str, wait: float | None, failures: int) -> None:
        if failures >= self._options.attempts:
            raise NotAvailableError(
                f"{target}: no answer after {failures} attempts, the last: {trouble}. "
                "Check the network and run again: what arrived is kept and continued"
            )
        if wait is None:
            wait = min(self._options.first_wait * 2 ** (failures - 1), self._options.longest_wait)
        if wait > self._options.longest_wait:
            raise NotAvailableError(
                f"{target}: {trouble}, and the vendor asks to wait {wait:.0f} s, more than the "
                f"{self._options.longest_wait:.0f} s allowed; run again later: what arrived is kept"
            )
        await self.world.sleep(wait)

    def _asked_wait(self, answer: aiohttp.ClientResponse) -> float | None:
        """Seconds by Retry-After (a number or a date); else, when over a limit, until the next minute has begun."""
        text = answer.headers.get("Retry-After", "")
        now = self.world.now() / _SECOND
        if text.isdecimal():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - now)
        except (TypeError, ValueError):
            return 61.0 - now % 60 if answer.status == 429 else None


def check_base(base_url: str) -> str:
    """The base without its last slash; ConfigError unless it is https, or http to this very machine."""
    try:
        url = URL(base_url)
    except ValueError:
        url = URL()
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))):
        raise ConfigError(f"base URL {base_url!r}: expected https://…, or http:// to a loopback address")
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigError(f"base URL of {url.host}: expected no user, password, query or fragment in it")
    return base_url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _same_origin(asked: URL, answer: aiohttp.ClientResponse) -> URL:
    text = answer.headers.get("Location", "")
    try:
        told = asked.join(URL(text))
        is_same = told.origin() == asked.origin()
    except ValueError:
        is_same = False
    if not is_same:
        raise DataError(
            f"{asked}: redirected to {text[:200]!r}, expected an answer from {asked.origin()}. "
            "Redirects to other hosts are refused; set the base URL if the vendor moved"
        )
    return told


async def _refusal(target: URL, answer: aiohttp.ClientResponse) -> str:
    said = " ".join((await answer.content.read(300)).decode("utf-8", "replace").split())
    return f"{target}: HTTP {answer.status}, expected 200: {said or 'no reason given'}; check symbol, kind and span"
