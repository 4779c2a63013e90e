"""The paths of REST, of the two websockets and of `/sim/`, and what stands before them: limits and faults."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from helios_valr.signing import Secret, sign
from helios_valr.simulator import answers, speech
from helios_valr.simulator.faults import Fault
from helios_valr.simulator.stream import Session

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from helios_valr.simulator.server import Simulator

MESSAGE = 1 << 20
"""The longest message a client may send, in bytes."""


def said(body: Any, status: int = 200, **headers: str) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json", headers=headers or None
    )


def refused(code: int, message: str, status: int = 400) -> web.Response:
    """An error as VALR says it."""
    return said({"code": code, "message": message}, status)


def application(simulator: Simulator) -> web.Application:
    """All that is served. Private paths go beside the public ones and call `is_signed` first."""

    @web.middleware
    async def before(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/sim/"):
            return await handler(request)
        if simulator.settings.limits and not simulator.limits.allows(request.path, simulator.world.now()):
            return web.Response(status=429, headers={"x-valr-ratelimited": "true"})
        return await _broken(simulator, request) or await handler(request)

    async def public(request: web.Request) -> web.Response:
        try:
            return said(answers.answer(simulator, request.path.removeprefix("/v1/public/"), dict(request.query)))
        except answers.RefusedError as error:
            return refused(error.code, str(error), error.status)

    async def socket(request: web.Request) -> web.StreamResponse:
        has_key = "X-VALR-API-KEY" in request.headers
        if (has_key or request.path == "/ws/account") and not await is_signed(simulator, request):
            return refused(-11252, "Request has an invalid signature", 401)
        found = web.WebSocketResponse(autoping=True, max_msg_size=MESSAGE)
        await found.prepare(request)
        session = Session(simulator, found, request.transport, has_key)
        simulator.sessions.add(session)
        try:
            await session.run()
        finally:
            simulator.sessions.discard(session)
        return found

    async def sim(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get("X-Sim-Token", ""), simulator.settings.token):
            return refused(-1, "expected the header X-Sim-Token with the simulator's token", 403)
        if request.method == "POST":
            try:
                simulator.faults.add(fault := msgspec.json.decode(await request.read(), type=Fault))
            except msgspec.DecodeError as error:
                return refused(-113, f"not a fault: {error}")
            fault.at += simulator.elapsed
        if request.path == "/sim/faults":
            return said({"elapsed": simulator.elapsed, "faults": simulator.faults.all})
        return said({pair: truth(market) for pair, market in simulator.markets.items()})

    def truth(market: Any) -> dict[str, Any]:
        trades = [speech.trade(market, done) for done in market.trades]
        return {"l1": speech.l1(market, None), "full": speech.full(market, None), "trades": trades}

    app = web.Application(middlewares=[before])
    app.router.add_get("/v1/public/{path:.+}", public)
    app.router.add_get("/ws/trade", socket)
    app.router.add_get("/ws/account", socket)
    app.router.add_get("/sim/truth", sim)
    app.router.add_get("/sim/faults", sim)
    app.router.add_post("/sim/faults", sim)
    return app


async def is_signed(simulator: Simulator, request: web.Request) -> bool:
    """Whether key, time and signature are right, over the path and the body as they came."""
    given, settings = request.headers, simulator.settings
    stamp = given.get("X-VALR-TIMESTAMP", "")
    if given.get("X-VALR-API-KEY") != settings.key or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return False
    body, account = await request.read(), given.get("X-VALR-SUB-ACCOUNT-ID", "")
    wanted = sign(Secret(settings.secret), int(stamp), request.method, request.raw_path, body, account)
    is_fresh = abs(simulator.world.now() / 1e9 - int(stamp) / 1e3) <= settings.signature_age
    return is_fresh and hmac.compare_digest(wanted.encode(), given.get("X-VALR-SIGNATURE", "").encode())


async def _broken(simulator: Simulator, request: web.Request) -> web.Response | None:
    touches, now, path = simulator.faults.touches, simulator.elapsed, request.path
    if touches("slow", now, path):
        await simulator.world.sleep(2.0)
    if touches("429", now, path):
        return web.Response(status=429, headers={"x-valr-ratelimited": "true"})
    if touches("503", now, path):
        return web.Response(status=503)
    if touches("html", now, path):
        return web.Response(status=502, text="<html><body>Bad Gateway</body></html>", content_type="text/html")
    return web.Response() if touches("empty", now, path) else None
