"""A delay keeps commands back: on trades by that time, on bars by whole bars, and nothing reacts within one."""

from __future__ import annotations

from typing import Any

from helios_engine.bodies import Fill, OrderIntent, Print, Trade
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.scenarios import BTC, D, S

HOUR = 3600 * S
MARKET = OrderIntent("o", BTC.instrument, "BUY", D(1))


def fills(venue: Any, ts: int, body: Any, *orders: OrderIntent, at: int = 0) -> list[tuple[int, Any]]:
    """The fills of one market event, after which orders are decided at `at`."""
    heard = [*venue.market(ts, body), *venue.settle(ts)]
    for order in orders:
        venue.send(at, order)
    return [(ts, body.price) for body in heard if isinstance(body, Fill)]


def bar(venue: Any, number: int, *orders: OrderIntent) -> list[tuple[int, Any]]:
    """The four prints of the bar that opens at `number` hours; orders are decided at its close."""
    opened, found = number * HOUR, []
    for ts, price, phase in ((1, 10, "open"), (2, 13, "extreme"), (3, 7, "extreme"), (HOUR - 1, 11, "close")):
        found += fills(venue, opened + ts, Print(BTC.instrument, opened + ts, price * 100 + number, 5.0, phase))
    for order in orders:
        venue.send(opened + HOUR, order)
    return found


def made(delay: str, latency: str = "1ns") -> Any:
    venue: Any = sim_venue({"ZAR": "1000000"}, latency=latency, delay=delay)
    venue.open(1, [BTC])
    return venue


def test_on_bars_a_decision_that_is_one_bar_late_meets_the_open_after_the_next() -> None:
    at_once, late = made("0s"), made("1h")

    filled = [[*bar(venue, 1, MARKET), *bar(venue, 2), *bar(venue, 3)] for venue in (at_once, late)]

    assert filled == [[(2 * HOUR + 1, D(1002))], [(3 * HOUR + 1, D(1003))]]


def test_on_trades_the_delay_comes_before_the_latency() -> None:
    venue = made("60s", latency="2s")
    tape = [Trade(BTC.instrument, s * S, 1000.0 + s, 5.0, "SELL" if s % 2 else "BUY", str(s)) for s in range(1, 80)]

    found = []
    for body in tape:
        orders = [MARKET] if body.ts_event == 10 * S else []
        found += fills(venue, body.ts_event, body, *orders, at=body.ts_event)

    assert [ts for ts, _ in found] == [72 * S]
