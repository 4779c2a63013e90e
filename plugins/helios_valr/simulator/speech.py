"""A market in VALR's words: the frames of the stream and the rows of REST, as plain dicts."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from helios_valr.books.checksums import BEST, checksum
from helios_valr.simulator.book import BUY, SELL
from helios_valr.simulator.market import LOT, Change, Market, Traded

DEPTH = 40
"""Levels a side in an aggregated book."""


def iso(ns: int) -> str:
    """A time with milliseconds."""
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ns // 10**6 % 1000:03}Z"


def side(which: int) -> str:
    """`buy` or `sell`."""
    return "buy" if which == BUY else "sell"


def levels(market: Market, which: int, most: int | None = None) -> list[tuple[str, str]]:
    """Price and quantity of the best levels of a side."""
    prices = islice(market.book.prices(which), most)
    return [(market.price(price), market.quantity(market.book.level(which, price))) for price in prices]


def _orders(market: Market, which: int) -> list[tuple[int, str, str]]:
    prices = market.book.prices(which)
    found = ((price, order, lots) for price in prices for order, lots in market.book.sides[which][price].items())
    return [(price, order, market.quantity(lots)) for price, order, lots in found]


def _grouped(market: Market, rows: list[tuple[int, str, str]]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, str]]] = {}
    for price, order, size in rows:
        found.setdefault(market.price(price), []).append({"orderId": order, "quantity": size})
    return [{"Price": price, "Orders": orders} for price, orders in found.items()]


def full(market: Market, change: Change | None) -> dict[str, Any]:
    """The book of single orders: its snapshot, or what `change` did. The checksum is that of the book after it."""
    bids, asks = _orders(market, BUY), _orders(market, SELL)
    crc = checksum([row[1:] for row in bids], [row[1:] for row in asks])
    if change is not None:
        rows = [(one.side, (one.price, one.order, market.quantity(one.quantity))) for one in change.entries]
        bids, asks = [row for way, row in rows if way == BUY], [row for way, row in rows if way == SELL]
    data = {
        "LastChange": market.changed // 10**6,
        "Asks": _grouped(market, asks),
        "Bids": _grouped(market, bids),
        "SequenceNumber": market.full_sequence,
        "Checksum": crc,
    }
    kind = "FULL_ORDERBOOK_UPDATE" if change else "FULL_ORDERBOOK_SNAPSHOT"
    return {"type": kind, "currencyPairSymbol": market.pair, "data": data}


def l1(market: Market, change: Change | None) -> dict[str, Any]:
    """The book by levels: its snapshot, or the levels that `change` touched."""
    most = None if change is None else BEST
    bids, asks = levels(market, BUY, most), levels(market, SELL, most)
    crc = checksum(bids, asks)
    if change is not None:
        bids, asks = (
            [
                (market.price(price), market.quantity(market.book.level(way, price)))
                for price in dict.fromkeys(one.price for one in change.entries if one.side == way)
            ]
            for way in (BUY, SELL)
        )
    data = {"lc": market.changed // 10**6, "a": asks, "b": bids, "sq": market.l1_sequence, "cs": crc}
    return {"type": "OB_L1_DIFF" if change else "OB_L1_SNAPSHOT", "ps": market.pair, "d": data}


def depth(market: Market, most: int) -> dict[str, Any]:
    """The best `most` levels, whole each time."""
    data = {"lc": market.changed // 10**6, "a": levels(market, SELL, most), "b": levels(market, BUY, most)}
    return {"type": f"OB_L1_D{most}_SNAPSHOT", "ps": market.pair, "d": data}


def aggregated(market: Market, lower_case: bool = False) -> dict[str, Any]:
    """The best 40 levels a side with the number of orders in each, as REST and the stream say it."""
    found: dict[str, Any] = {}
    for name, way in (("asks" if lower_case else "Asks", SELL), ("bids" if lower_case else "Bids", BUY)):
        found[name] = [
            {
                "side": side(way),
                "quantity": market.quantity(market.book.level(way, price)),
                "price": market.price(price),
                "currencyPair": market.pair,
                "orderCount": len(market.book.sides[way][price]),
            }
            for price in market.book.prices(way)[:DEPTH]
        ]
    return found | {"LastChange": iso(market.changed), "SequenceNumber": market.full_sequence}


def every_order(market: Market, lower_case: bool = False) -> dict[str, Any]:
    """The book order by order as REST says it, with each one's place in the queue of its price, from 1."""
    found: dict[str, Any] = {}
    for name, way in (("asks" if lower_case else "Asks", SELL), ("bids" if lower_case else "Bids", BUY)):
        found[name] = [
            {
                "side": side(way),
                "quantity": market.quantity(lots),
                "price": market.price(price),
                "currencyPair": market.pair,
                "id": order,
                "positionAtPrice": place,
            }
            for price in market.book.prices(way)
            for place, (order, lots) in enumerate(market.book.sides[way][price].items(), 1)
        ]
    return found | {"LastChange": iso(market.changed), "SequenceNumber": market.full_sequence}


def trade(market: Market, done: Traded) -> dict[str, Any]:
    """A trade without what only REST says."""
    return {
        "price": market.price(done.fill.price),
        "quantity": market.quantity(done.fill.quantity),
        "currencyPair": market.pair,
        "tradedAt": iso(done.at),
        "takerSide": side(done.fill.taker),
        "id": done.id,
    }


def pair(market: Market) -> dict[str, Any]:
    """A row of `/pairs`."""
    return {
        "symbol": market.pair,
        "baseCurrency": market.base,
        "quoteCurrency": market.quote,
        "shortName": f"{market.base}/{market.quote}" + " PERP" * market.is_perpetual,
        "active": True,
        "minBaseAmount": "0.00001",
        "maxBaseAmount": "1000",
        "minQuoteAmount": "1",
        "maxQuoteAmount": "5000000",
        "tickSize": f"{market.tick:f}",
        "baseDecimalPlaces": str(-LOT.as_tuple().exponent),  # type: ignore[operator]
        "marginTradingAllowed": True,
        "currencyPairType": "FUTURE" if market.is_perpetual else "SPOT",
        "initialMarginFraction": "0.1",
        "maintenanceMarginFraction": "0.05",
        "autoCloseMarginFraction": "0.033",
    }
