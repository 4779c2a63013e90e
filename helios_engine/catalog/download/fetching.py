"""The one door: plan the files of a request, bring each, and say what came of it."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from helios_engine.catalog.download.client import Client, check_base
from helios_engine.catalog.download.limiter import Limit, limiter_for
from helios_engine.catalog.download.request import Download, Fetched, Got, Options, Piece, Progress, World
from helios_engine.errors import ConfigError
from helios_engine.files import storage_error
from helios_engine.plugins import Plugins
from helios_engine.timeframe import iso


class Source(Protocol):
    """One vendor: what files a request means, how fast it may be asked, and how one file is had."""

    base_url: str

    def plan(self, request: Download, now: int) -> list[Piece]:
        """The files, oldest first; ConfigError if the vendor cannot have it."""

    def limit(self, request: Download) -> Limit:
        """How often the vendor may be asked for this."""

    async def get(self, request: Download, piece: Piece, path: Path, client: Client) -> Got:
        """Bring one file to `path`, unless it is there whole already."""


def sources() -> dict[str, Source]:
    """Every vendor that an installed plugin offers, by its name."""
    return {name: offer.spec.source for name, offer in Plugins().offers("download").items()}


def fetch(
    request: Download,
    folder: Path,
    *,
    base_url: str | None = None,
    progress: Progress | None = None,
    options: Options | None = None,
    world: World | None = None,
) -> Fetched:
    """Bring the raw files of `request` to `folder/<source>/<symbol>/`, and say what is there and what is not.

    Whole files that are there are kept unasked. Ctrl-C, a crash or a dead line leave `.part` files that the next
    call continues. Days that are not over are fetched each time. Not to be called inside a running event loop.

    ConfigError for a request no source can serve, DataError for a vendor's wrong answer, StorageError for the
    disk, NotAvailableError if the vendor cannot be reached.
    """
    known = sources()
    source = known.get(request.source)
    if source is None:
        raise ConfigError(f"no source {request.source!r}; expected one of {', '.join(sorted(known))}")
    base = check_base(source.base_url if base_url is None else base_url)
    return asyncio.run(_fetch(request, folder, source, base, progress, options or Options(), world or World()))


async def _fetch(
    request: Download,
    folder: Path,
    source: Source,
    base: str,
    progress: Progress | None,
    options: Options,
    world: World,
) -> Fetched:
    now = world.now()
    if request.start >= now:
        raise ConfigError(f"start {iso(request.start)} is in the future; expected a time before {iso(now)}")
    stop = min(request.stop, now)
    todo = deque(source.plan(msgspec.structs.replace(request, stop=stop), now))
    home = folder / request.source / request.symbol
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(home, error) from error

    done: list[Got] = []
    received = 0

    def tell(count: int = 0) -> None:
        nonlocal received
        received += count
        if progress is not None:
            progress(len(done), len(done) + len(todo), received)

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=options.timeout, sock_read=options.timeout)
    async with aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "helios-engine"}) as session:
        limiter = limiter_for(base, source.limit(request))
        client = Client(session, base, limiter, options, world, tell)
        while todo:
            piece = todo[0]
            got = await source.get(request, piece, home / piece.name, client)
            todo.popleft()
            if got.path is None and piece.instead:
                todo.extendleft(reversed(piece.instead))
                continue
            done.append(got)
            tell()
    missing = [text for got in done for text in got.missing]
    if stop < request.stop:
        missing.append(f"{iso(stop)} to {iso(request.stop)} is in the future")
    return Fetched(
        tuple(got.path for got in done if got.path), tuple(missing), sum(got.reused for got in done), received
    )
