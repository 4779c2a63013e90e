"""One request over HTTP, without judgement and without patience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import aiohttp
import msgspec
from yarl import URL

from helios_engine.catalog.download.client import check_base
from helios_valr.answers import LARGEST

BASE_URL = "https://api.valr.com"


class Answer(msgspec.Struct, frozen=True):
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Transport(Protocol):
    """Whatever carries a request to VALR and its answer back."""

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request for `path`, query included, as it stands.

        ConnectionError or TimeoutError if nothing whole came back.
        """


class Http:
    """aiohttp to one base address: https, or http to this very machine.

    Redirects are not followed: they come back as answers. `timeout` is for the whole request, in seconds.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str = BASE_URL, timeout: float = 30.0) -> None:
        self._session = session
        self._base = check_base(base_url)
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, 10.0), sock_read=min(timeout, 15.0))

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The path goes over the line byte for byte, since signatures are made over it."""
        url = URL(self._base + path, encoded=True)
        try:
            async with self._session.request(
                method,
                url,
                headers=dict(headers),
                data=body or None,
                timeout=self._timeout,
                allow_redirects=False,
                middlewares=(_once,),
            ) as found:
                content = await _at_most(found, LARGEST)
                return Answer(found.status, {name.lower(): value for name, value in found.headers.items()}, content)
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error) or type(error).__name__) from error


class _LineError(aiohttp.ClientError):
    pass


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends a GET, PUT or DELETE again by itself when a line breaks; no budget would know of it."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _LineError(f"{type(error).__name__}: {error}") from error


async def _at_most(found: aiohttp.ClientResponse, largest: int) -> bytes:
    """The body; ConnectionError if it is larger than anything VALR sends."""
    parts: list[bytes] = []
    size = 0
    async for part in found.content.iter_chunked(1 << 16):
        parts.append(part)
        size += len(part)
        if size > largest:
            raise ConnectionError(f"a body of more than {largest} bytes")
    return b"".join(parts)
