"""A clock that only sleep moves, and a real HTTP server on 127.0.0.1 that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import msgspec
from aiohttp import web

from helios_valr.rest import Answer, Client, Http, Patience, Public, World

START = 1_790_133_597_000_000_000
SILENCE = -1
"""The status of an answer that never comes; 0 closes the line instead."""
T = TypeVar("T")
Reply = Callable[[web.Request], Answer]


class Clock:
    """Time in ns UTC that stands still until somebody sleeps; `uniform` always draws the largest."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += max(1, round(seconds * 1e9))

    def world(self) -> World:
        """The world with this clock in it. Its monotonic time began elsewhere."""
        return World(lambda: self.now, lambda: self.now - START + 5, self.sleep, lambda low, high: high)


class Asked(msgspec.Struct):
    """A request as it came in."""

    at: int
    path: str
    headers: dict[str, str]


def ok(body: str | bytes) -> Answer:
    """HTTP 200 with a body."""
    return Answer(200, {}, body.encode() if isinstance(body, str) else body)


def trying(
    reply: Reply,
    work: Callable[[Public, Client], Awaitable[T]],
    clock: Clock | None = None,
    patience: Patience | None = None,
    timeout: float = 30.0,
) -> tuple[T, list[Asked]]:
    """Do `work` against a server that answers by `reply`; what came of it, and what was asked when."""
    clock = clock or Clock()
    asked: list[Asked] = []

    async def answered(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked.append(Asked(clock.now, request.raw_path, headers))
        found = reply(request)
        if found.status == SILENCE:
            await asyncio.sleep(3600)
        if found.status == 0 and request.transport is not None:
            request.transport.close()
        return web.Response(status=found.status or 200, headers=found.headers, body=found.body)

    async def run() -> T:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answered)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession() as session:
                http = Http(session, f"http://127.0.0.1:{runner.addresses[0][1]}", timeout)
                client = Client(http, clock.world(), patience=patience)
                return await work(Public(client), client)
        finally:
            await runner.cleanup()

    return asyncio.run(run()), asked


def in_turn(*answers: Answer) -> Reply:
    """Each request gets the next answer, and the last for ever."""
    left = list(answers)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]
