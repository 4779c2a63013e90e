"""What VALR closes, counts and checks, and what its documentation leaves open: each choice in both ways."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from helios_valr.rest import Client, Http, Public
from helios_valr.rest.world import virtual
from helios_valr.signing import credential, headers
from helios_valr.simulator import Fault, Simulator
from helios_valr.simulator import private as endpoints
from helios_valr.simulator.limits import KEY, Limits
from helios_valr.simulator.private import said
from tests.unit.valr.simulated import START, with_simulator

SECOND = 10**9
SUBSCRIBE = {"type": "SUBSCRIBE", "subscriptions": [{"event": "OB_L1_DIFF", "pairs": ["BTCZAR"]}]}


def signed(verb: str, path: str, body: bytes = b"", late: float = 0.0, account: str = "") -> dict[str, str]:
    """The headers of a request of START, `late` seconds old."""
    key, secret = credential("simulated-key"), credential("simulated-secret")
    return headers(key, secret, int(START / 1e6 - late * 1e3), verb, path, body, account)


def ended(*, pings: int = 0, key: bool = False, **settings: Any) -> tuple[float, int | None]:
    """When a line that is pinged so often, every 20 s, ends; and its close code."""

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[float, int | None]:
        more = signed("GET", "/ws/trade") if key else {}
        async with session.ws_connect(f"{url}/ws/trade", headers=more) as socket:
            await socket.send_json(SUBSCRIBE)
            said_at = 0
            while (message := await socket.receive()).type == aiohttp.WSMsgType.TEXT:
                if said_at < pings and simulator.elapsed >= 20 * (said_at + 1):
                    said_at += 1
                    await socket.send_json({"type": "PING"})
            assert message.type != aiohttp.WSMsgType.ERROR
            return simulator.elapsed, socket.close_code

    return with_simulator(work, rate=2.0, **settings)  # type: ignore[no-any-return]


def test_a_line_that_says_nothing_is_cut_however_much_it_hears() -> None:
    assert ended() == (60.0, 1006)
    assert ended(idle_close=30.0) == (30.0, 1006)
    assert ended(idle_close=30.0, idle_close_clean=True) == (30.0, 1000)


def test_pings_keep_a_line_up_until_fifteen_minutes_without_a_key_are_over() -> None:
    assert ended(pings=1000) == (900.0, 1000)
    second, code = ended(pings=50, key=True)
    assert (second > 1000.0, code) == (True, 1006)


@pytest.mark.parametrize(("needs_key", "key", "first"), [
    (False, False, "SUBSCRIBED"), (False, True, "AUTHENTICATED"), (True, False, "ERROR"), (True, True, "AUTHENTICATED"),
])  # fmt: skip
def test_trades_on_the_stream_may_need_a_key(needs_key: bool, key: bool, first: str) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[str]:
        more = signed("GET", "/ws/trade") if key else {}
        async with session.ws_connect(f"{url}/ws/trade", headers=more) as socket:
            await socket.send_json(
                {"type": "SUBSCRIBE", "subscriptions": [{"event": "NEW_TRADE", "pairs": ["BTCZAR"]}]}
            )
            return [json.loads((await socket.receive()).data)["type"] for _ in range(1 + key)]

    found = with_simulator(work, new_trade_requires_auth=needs_key)

    assert found == [first, "SUBSCRIBED"][: 1 + key]


@pytest.mark.parametrize(
    ("late", "age", "status"), [(29.0, 30.0, 101), (31.0, 30.0, 401), (31.0, 60.0, 101), (-31.0, 30.0, 401)]
)
def test_a_signature_may_be_so_old(late: float, age: float, status: int) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> int:
        try:
            async with session.ws_connect(f"{url}/ws/account", headers=signed("GET", "/ws/account", late=late)):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status

    assert with_simulator(work, signature_age=age) == status


@pytest.mark.parametrize(("ahead", "status"), [(20.0, 404), (40.0, 401), (-40.0, 401)])
def test_a_skewed_clock_makes_good_signatures_stale(ahead: float, status: int) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> int:
        path = "/v1/account/balances"
        return (await session.get(url + path, headers=signed("GET", path))).status

    assert with_simulator(work, Fault("skew", seconds=60.0, by=ahead)) == status


@pytest.mark.parametrize(("retry_after", "told"), [(False, None), (True, "3")])
def test_public_limits_begin_anew_with_the_minute(retry_after: bool, told: str | None) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[Any]:
        found: list[Any] = []
        for pause in [0.0] * 31 + [2.9, 0.2]:
            await simulator.world.sleep(pause)
            async with session.get(f"{url}/v1/public/BTCZAR/trades") as answer:
                found.append((answer.status, answer.headers.get("Retry-After")))
        return found

    found = with_simulator(work, rate=0.001, retry_after=retry_after)  # three seconds before a minute begins

    assert [status for status, _ in found] == [200] * 30 + [429, 429, 200]
    assert found[30][1] == told


def test_sockets_are_counted_by_the_minute_and_a_keys_requests_too() -> None:
    limits = Limits()

    assert [limits.allows("/ws/trade", START) for _ in range(61)] == [True] * 60 + [False]
    assert limits.allows("/ws/trade", START + 3 * SECOND)
    times = [limits.allows("/v1/account/balances", START + 3 * SECOND, has_key=True) for _ in range(KEY + 1)]
    assert times.count(True) == 1200  # what an address may ask is less than what a key may
    assert [limits.allows("/v1/public/time", START + 70 * SECOND) for _ in range(21)] == [True] * 20 + [False]


def test_the_client_stays_within_the_limits_it_is_held_to() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[int, float]:
        public = Public(Client(Http(session, url), virtual(1)))
        for _ in range(70):
            await public.currencies()
        async with session.get(f"{url}/v1/public/currencies") as answer:
            return answer.status, simulator.elapsed

    status, seconds = with_simulator(work, rate=0.001)

    assert status == 200
    assert 120.0 < seconds < 130.0


BODY = b'{"pair": "BTCZAR",  "quantity":"1"}'


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 200, None),
        ({"account": "7"}, 200, None),
        ({"body": BODY.replace(b"  ", b" ")}, 401, -11252),
        ({"path": "/v1/orders/limit?a=1"}, 401, -11252),
        ({"verb": "DELETE"}, 401, -11252),
        ({"key": False}, 400, -11268),
    ],
    ids=["right", "subaccount", "another body", "another path", "another verb", "no key"],
)
def test_a_private_endpoint_gets_only_what_was_signed_byte_for_byte(
    change: dict[str, Any], status: int, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def echo(request: Any) -> Any:
        return said({"body": (await request.read()).decode()})

    monkeypatch.setitem(endpoints.PRIVATE, ("POST", "/v1/orders/limit"), echo)
    told = {"verb": "POST", "path": "/v1/orders/limit", "body": BODY} | change
    has_key = told.pop("key", True)

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[int, Any]:
        more = signed(**told) if has_key else {}
        async with session.post(f"{url}/v1/orders/limit", data=BODY, headers=more) as answer:
            return answer.status, await answer.json()

    found, body = with_simulator(work)

    assert (found, body.get("code")) == (status, code)
    assert code or body == {"body": BODY.decode()}


def test_a_private_path_that_is_not_there_is_not_found_but_only_for_who_may_ask() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[int]:
        more = signed("GET", "/v1/account/balances?x=a:b")
        return [
            (await session.get(f"{url}/v1/account/balances?x=a:b", headers=more)).status,
            (await session.get(f"{url}/v1/account/balances")).status,
        ]

    assert with_simulator(work) == [404, 400]


def test_runs_are_told_at_their_hours() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[tuple[str, int]]:
        found = []
        events = [{"event": name} for name in ("FUNDING_RUN_COMPLETED", "PNL_RUN_COMPLETED")]
        async with session.ws_connect(f"{url}/ws/trade", headers=signed("GET", "/ws/trade")) as socket:
            await socket.send_json({"type": "SUBSCRIBE", "subscriptions": events})
            while len(found) < 6:
                told = json.loads((await socket.receive()).data)
                if "RUN" in told["type"]:
                    found.append((told["type"].partition("_")[0], simulator.world.now() // (3600 * SECOND) % 24))
        return found

    assert with_simulator(work, rate=0.0, idle_close=1e6) == [
        ("FUNDING", 4), ("PNL", 4), ("FUNDING", 5), ("FUNDING", 6), ("FUNDING", 7), ("FUNDING", 8),
    ]  # fmt: skip
