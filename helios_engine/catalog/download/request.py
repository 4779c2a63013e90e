"""What is asked of a download and what it answers; nothing here touches the network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

Progress = Callable[[int, int, int], None]
"""Called as `(done_files, total_files, bytes)`; bytes are those received by this call so far."""


class Download(msgspec.Struct, frozen=True):
    """Which history is wanted: `[start, stop)` in int ns UTC. Whole files are fetched, so more may come.

    `source` is a vendor that a plugin offers, `symbol` the vendor's own name, `kind` one of the source's kinds, and
    `timeframe` (such as `1h`) is for bars only.
    """

    source: str
    symbol: str
    kind: str
    timeframe: str | None
    start: int
    stop: int


class Fetched(msgspec.Struct, frozen=True):
    """The files that hold the span, oldest first, and what the vendor did not have.

    `missing` names files, or parts of them, with the reason. `reused` counts files that were here already
    and were not asked for. `bytes` counts what was received, checksums included.
    """

    files: tuple[Path, ...]
    missing: tuple[str, ...]
    reused: int
    bytes: int


class Options(msgspec.Struct, frozen=True):
    """How patient the client is; times in seconds.

    `attempts` is how often in a row one request may fail without a byte gained. Waits double from `first_wait`.
    A vendor that asks for more than `longest_wait` is not waited for: the download stops and says so.
    """

    timeout: float = 30.0
    attempts: int = 7
    first_wait: float = 1.0
    longest_wait: float = 180.0


class World(msgspec.Struct, frozen=True):
    """The clocks: `now` in int ns UTC, `monotonic` and `sleep` in seconds. A test puts its own here."""

    now: Callable[[], int] = time.time_ns
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Piece(msgspec.Struct, frozen=True):
    """One raw file to be had: the span it covers in ns UTC, and the pieces that serve if the vendor lacks it."""

    name: str
    start: int
    stop: int
    where: str
    instead: tuple[Piece, ...] = ()


class Got(msgspec.Struct, frozen=True):
    """What came of one piece; no `path` means that the vendor has no such file."""

    path: Path | None
    reused: bool = False
    missing: tuple[str, ...] = ()
