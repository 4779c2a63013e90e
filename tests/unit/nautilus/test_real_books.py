"""Orders on real books and trades, audited against the raw capture: no price that nobody offered, none too early."""

from __future__ import annotations

import gzip
import heapq
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helios_engine.bodies import CancelIntent, Fill, OrderIntent, Trade
from helios_engine.catalog.tick_feeds import CatalogBooks, CatalogTrades
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.catalog.importing import imported, real, real_path

D = Decimal
MS = 1_000_000
CLOCK = 1278 * MS
LATENCY = 5 * MS


class Offers(NamedTuple):
    """What the raw capture offered at one time: levels of both sides before, during and after it, and trades."""

    bids: dict[Decimal, Decimal]
    asks: dict[Decimal, Decimal]
    tape: list[Decimal]


@real
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("spot/btcusdt_20240808", "BTCUSDT.BINANCE"),
        ("spot/ethusdt_20240808", "ETHUSDT.BINANCE"),
        ("cm/ethusd_perp_20240808", "ETHUSD_PERP.BINANCE_COINM"),
        ("cm/btcusd_perp_20240808", "BTCUSD_PERP.BINANCE_COINM"),
    ],
)
def test_every_fill_was_offered_by_the_book_or_the_tape_after_its_order_had_arrived(
    tmp_path: Path, file: str, name: str
) -> None:
    path = real_path("binance_l2_raw", f"{file}.gz")
    imported(tmp_path, path, clock_offset=CLOCK)

    sent, fills = traded(tmp_path / "catalog", name)
    offers = offered(path, {ts for ts, _ in fills})

    assert len(fills) > 100
    assert {order.type for _, order in sent.values()} == {"MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"}
    for ts, fill in fills:
        moment, order = sent[fill.id]
        assert ts >= moment + LATENCY, fill
        assert is_offered(fill, offers[ts]), fill
        assert order.price is None or (fill.price <= order.price) == (fill.side == "BUY") or fill.price == order.price


def is_offered(fill: Fill, offers: Offers) -> bool:
    """A taker was given a level of the other side; a maker was crossed by the book, or by a trade."""
    buys = fill.side == "BUY"
    levels = offers.asks if buys else offers.bids
    if fill.liquidity == "TAKER":
        return fill.price in levels and fill.quantity <= levels[fill.price]
    prices = [*levels, *offers.tape]
    return any(price <= fill.price if buys else price >= fill.price for price in prices)


def traded(catalog: Path, name: str) -> tuple[dict[str, tuple[int, OrderIntent]], list[tuple[int, Fill]]]:
    """Orders of every type on books and trades together: when and what was sent, and the fills."""
    feeds = (CatalogTrades(str(catalog), name), CatalogBooks(str(catalog), name))
    (definition,) = feeds[0].instruments()
    money = {definition.base: "1000000", definition.quote: "50000000"}
    account: Any = "margin" if definition.contract == "perpetual" else "cash"
    venue = sim_venue(money, latency="5ms", account=account, leverage="5" if account == "margin" else "1")
    draw = random.Random(name)
    venue.open(1, [definition])
    sent: dict[str, tuple[int, OrderIntent]] = {}
    fills: list[tuple[int, Fill]] = []
    last, wait = 0.0, 2_000
    for ts, body in heapq.merge(*(feed.inputs(0, 2**62) for feed in feeds), key=lambda row: row[0]):
        answers = list(venue.market(ts, body))
        last = body.price if isinstance(body, Trade) else last
        wait -= 1
        if wait <= 0 and last:
            wait = draw.randint(50, 300)
            for intent in decide(draw, ts, definition, last, len(sent), sent):
                venue.send(ts, intent)
        answers += venue.settle(ts)
        fills += [(ts, answer) for answer in answers if isinstance(answer, Fill)]
    return sent, fills


def decide(
    draw: random.Random, ts: int, d: Any, last: float, number: int, sent: dict[str, tuple[int, OrderIntent]]
) -> list[Any]:
    """An order near the last price, or the end of an older one."""
    if sent and draw.random() < 0.3:
        return [CancelIntent(draw.choice(list(sent)), d.instrument)]
    side: Any = draw.choice(("BUY", "SELL"))
    up, base = (1 if side == "BUY" else -1), D(repr(last)) // d.tick * d.tick
    kind: Any = draw.choice(("MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"))
    away = draw.randint(1, 80) * d.tick
    terms: dict[str, Any] = {
        "MARKET": {},
        "LIMIT": {"price": base - up * away + up * 20 * d.tick},
        "STOP": {"trigger": base + up * away},
        "STOP_LIMIT": {"trigger": base + up * away, "price": base + up * (away + 30 * d.tick)},
        "TRAILING_STOP": {"offset": away},
    }[kind]
    quantity = d.lot * draw.choice((1, 10, 500))
    order = OrderIntent(f"R-{number}", d.instrument, side, quantity, kind, **terms)
    sent[order.id] = (ts, order)
    return [order]


def offered(path: Path, times: set[int]) -> dict[int, Offers]:
    """Both sides of the raw book and the raw tape at some times, read from the capture alone."""
    found = {ts: Offers({}, {}, []) for ts in times}
    bids: dict[Decimal, Decimal] = {}
    asks: dict[Decimal, Decimal] = {}
    for ts, kind, data in messages(path):
        at = found.get(ts)
        if at is not None:
            keep(at, bids, asks)
        if kind == "trade":
            if at is not None:
                at.tape.append(D(data["p"]))
            continue
        for side, name in ((bids, "b"), (asks, "a")):
            if kind == "snapshot":
                side.clear()
            for price, quantity in data[name]:
                side.pop(D(price), None)
                if D(quantity):
                    side[D(price)] = D(quantity)
        if at is not None:
            keep(at, bids, asks)
    return found


def keep(at: Offers, bids: dict[Decimal, Decimal], asks: dict[Decimal, Decimal]) -> None:
    """Remember every level, and the most that stood there."""
    for kept, side in ((at.bids, bids), (at.asks, asks)):
        for price, quantity in side.items():
            kept[price] = max(quantity, kept.get(price, D(0)))


def messages(path: Path) -> Iterator[tuple[int, str, Any]]:
    """The trades, and the depth since the snapshot, with the time at which they were known."""
    begun, early = 0, []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(" ")
        ts, content = int(stamp) + CLOCK, json.loads(text)
        if "lastUpdateId" in content:
            begun = content["lastUpdateId"]
            yield ts, "snapshot", {"b": content["bids"], "a": content["asks"]}
            yield from ((ts, "depth", data) for data in early if data["u"] > begun)
        elif content["data"].get("e") == "trade":
            yield ts, "trade", content["data"]
        elif content["data"].get("e") == "depthUpdate":
            if not begun:
                early.append(content["data"])
            elif content["data"]["u"] > begun:
                yield ts, "depth", content["data"]
