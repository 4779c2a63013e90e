"""Answers of REST as they come when something is wrong between the exchange and us, or with the exchange."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMITED = {"x-valr-ratelimited": "true"}


def limited(retry_after: float | None = None) -> web.Response:
    """HTTP 429 as VALR says it, with the seconds to wait if they are given."""
    more = {} if retry_after is None else {"Retry-After": f"{retry_after:.0f}"}
    return web.Response(status=429, headers=LIMITED | more)


async def answered(simulator: Simulator, request: web.Request, handler: Handler) -> web.StreamResponse:
    """What `handler` answers, or what the fault that is due makes of it."""
    touches, now, path = simulator.faults.touches, simulator.elapsed, request.path
    if path.startswith("/ws/") and touches("storm", now, path, if_lasting=True):
        return limited()
    if request.method != "GET" and touches("read_only", now, path):
        return web.Response(status=503)
    if slow := touches("slow", now, path):
        await simulator.world.sleep(slow.much)
    if fault := touches("429", now, path):
        return limited(fault.by)
    if touches("503", now, path):
        return web.Response(status=503)
    if touches("html", now, path):
        return web.Response(status=502, text="<html><body>Bad Gateway</body></html>", content_type="text/html")
    if touches("empty", now, path):
        return web.Response()
    found = await handler(request)
    body = found.body if isinstance(found, web.Response) else None
    if not isinstance(body, bytes):
        return found
    if touches("torn", now, path):
        return web.Response(body=body[: len(body) // 2], status=found.status, content_type="application/json")
    if touches("cut", now, path):
        return await _in_parts(simulator, request, body, len(body) // 2, 0.0)
    if fault := touches("loris", now, path):
        return await _in_parts(simulator, request, body, len(body), fault.much)
    return found


async def _in_parts(
    simulator: Simulator, request: web.Request, body: bytes, most: int, pause: float
) -> web.StreamResponse:
    """The head of an answer, then `most` bytes of its body: one after each pause, or all, and then a broken line."""
    found = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await found.prepare(request)
    try:
        if not pause:
            await found.write(body[:most])
        else:
            for n in range(most):
                await simulator.world.sleep(pause)
                await found.write(body[n : n + 1])
            await found.write_eof()
    except ConnectionError:
        pass  # the client has had enough, which is what this is for
    if most < len(body) and request.transport is not None:
        request.transport.close()
    return found
