"""What only the owner of a key may ask: the signature over the bytes as they came, then the endpoint.

There is no endpoint yet. One is a handler in `PRIVATE` under its verb and path; it is called only after the signature
was found right, and reads the same bytes of the body again.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from helios_valr.signing import credential, sign
from helios_valr.simulator.answers import ahead
from helios_valr.simulator.broken import Handler

if TYPE_CHECKING:
    from typing import Any

    from helios_valr.simulator.server import Simulator

PRIVATE: dict[tuple[str, str], Handler] = {}
"""By verb and path, `("GET", "/v1/account/balances")`."""


def said(body: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def refused(code: int, message: str, status: int = 400) -> web.Response:
    """An error as VALR says it."""
    return said({"code": code, "message": message}, status)


async def private(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    """The answer of an endpoint, or why there is none."""
    if "X-VALR-API-KEY" not in request.headers:
        return refused(-11268, "API key header missing: X-VALR-API-KEY")
    if not await is_signed(simulator, request):
        return refused(-11252, "Request has an invalid signature", 401)
    handler = PRIVATE.get((request.method, request.path))
    return refused(-1, "Not found", 404) if handler is None else await handler(request)


async def is_signed(simulator: Simulator, request: web.Request) -> bool:
    """Whether key, time and signature are right, over the path and the body as they came."""
    given, settings = request.headers, simulator.settings
    stamp = given.get("X-VALR-TIMESTAMP", "")
    if given.get("X-VALR-API-KEY") != settings.key or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return False
    body, account = await request.read(), given.get("X-VALR-SUB-ACCOUNT-ID", "")
    wanted = sign(credential(settings.secret), int(stamp), request.method, request.raw_path, body, account)
    now = simulator.world.now() + ahead(simulator, f"signature of {request.path}")
    is_fresh = abs(now / 1e9 - int(stamp) / 1e3) <= settings.signature_age
    return is_fresh and hmac.compare_digest(wanted.encode(), given.get("X-VALR-SIGNATURE", "").encode())
