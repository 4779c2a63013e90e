"""The paths of REST, of the two websockets and of `/sim/`, and what stands before them: limits and faults."""

from __future__ import annotations

import hmac
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from helios_valr.simulator import answers, asked, broken, speech
from helios_valr.simulator.faults import Plan
from helios_valr.simulator.private import is_signed, private, refused, said
from helios_valr.simulator.schedule import made
from helios_valr.simulator.stream import Session

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

MESSAGE = 1 << 20
"""The longest message a client may send, in bytes."""
MINUTE = 60


def application(simulator: Simulator) -> web.Application:
    """All that is served. What is private is in `private`."""

    @web.middleware
    async def before(request: web.Request, handler: broken.Handler) -> web.StreamResponse:
        if request.path.startswith("/sim/"):
            return await handler(request)
        settings, now = simulator.settings, simulator.world.now()
        has_key = "X-VALR-API-KEY" in request.headers
        if settings.limits and not simulator.limits.allows(request.path, now, has_key):
            return broken.limited(MINUTE - now / 1e9 % MINUTE if settings.retry_after else None)
        return await broken.answered(simulator, request, handler)

    async def dated(request: web.Request, response: web.StreamResponse) -> None:
        now = simulator.world.now() + answers.ahead(simulator, f"Date of {request.path}")
        response.headers["Date"] = formatdate(now // 10**9, usegmt=True)

    async def public(request: web.Request) -> web.Response:
        try:
            return said(answers.answer(simulator, request.path.removeprefix("/v1/public/"), dict(request.query)))
        except asked.RefusedError as error:
            return refused(error.code, str(error), error.status)

    async def owned(request: web.Request) -> web.StreamResponse:
        return await private(simulator, request)

    async def socket(request: web.Request) -> web.StreamResponse:
        has_key = "X-VALR-API-KEY" in request.headers
        if (has_key or request.path == "/ws/account") and not await is_signed(simulator, request):
            return refused(-11252, "Request has an invalid signature", 401)
        found = web.WebSocketResponse(autoping=False, autoclose=False, max_msg_size=MESSAGE)
        await found.prepare(request)
        session = Session(simulator, found, request.transport, has_key)
        simulator.sessions[session] = None
        try:
            await session.run()
        finally:
            del simulator.sessions[session]
        return found

    async def sim(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get("X-Sim-Token", ""), simulator.settings.token):
            return refused(-1, "expected the header X-Sim-Token with the simulator's token", 403)
        if request.method == "POST":
            try:
                plan = msgspec.json.decode(await request.read(), type=Plan)
            except msgspec.DecodeError as error:
                return refused(-113, f"not a fault: {error}")
            simulator.faults.add(made(plan, simulator.elapsed))
        if request.path == "/sim/faults":
            return said({"elapsed": simulator.elapsed, "faults": simulator.faults.settle(simulator.elapsed)})
        return said({pair: truth(market) for pair, market in simulator.markets.items()})

    def truth(market: Any) -> dict[str, Any]:
        trades = [speech.trade(market, done) for done in market.trades]
        return {"l1": speech.l1(market, None), "full": speech.full(market, None), "trades": trades}

    app = web.Application(middlewares=[before])
    app.on_response_prepare.append(dated)
    app.router.add_get("/v1/public/{path:.+}", public)
    app.router.add_get("/ws/trade", socket)
    app.router.add_get("/ws/account", socket)
    app.router.add_get("/sim/truth", sim)
    app.router.add_get("/sim/faults", sim)
    app.router.add_post("/sim/faults", sim)
    app.router.add_route("*", "/v1/{path:.+}", owned)
    return app
