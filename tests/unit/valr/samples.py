"""One frame of every shape and one body of every endpoint. The values are made up; the checksums fit."""

from __future__ import annotations

from typing import Any

from helios_valr.books.checksums import checksum

TRADE = {
    "price": "1203355", "quantity": "0.0007301", "currencyPair": "BTCZAR", "tradedAt": "2024-03-27T12:33:19.918Z",
    "takerSide": "buy", "id": "00000000-aaaa-11ee-bbbb-000000000001",
}  # fmt: skip
BUCKET = {
    "currencyPairSymbol": "BTCZAR", "bucketPeriodInSeconds": 300, "startTime": "2024-03-27T12:25:00Z",
    "open": "1203000", "high": "1203500.5", "low": "1202500", "close": "1203100", "volume": "0.07001001",
    "quoteVolume": "84229.04307131",
}  # fmt: skip
SUMMARY = {
    "currencyPair": "BTCZAR", "askPrice": "1100002", "bidPrice": "1100001", "lastTradedPrice": "1100002",
    "previousClosePrice": "1090000", "baseVolume": "17.25000001", "quoteVolume": "18975017.25000001",
    "highPrice": "1101000", "lowPrice": "1080000", "created": "2024-03-24T21:49:08.217Z",
    "changeFromPrevious": "-0.92", "markPrice": "1100000",
}  # fmt: skip


def level(side: str, price: str, quantity: str) -> dict[str, Any]:
    """A level of an aggregated book."""
    return {"side": side, "quantity": quantity, "price": price, "currencyPair": "BTCZAR", "orderCount": 1}


BOOK = {
    "Asks": [level("sell", "101", "0.5"), level("sell", "102.5", "1.25")],
    "Bids": [level("buy", "100", "2"), level("buy", "99", "0.001")],
    "LastChange": "2024-03-24T21:49:08.217Z",
    "SequenceNumber": 9007199254740993,
}


def orders(*levels: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Levels of one order each: `(price, id, quantity)`."""
    return [{"Price": price, "Orders": [{"orderId": order, "quantity": size}]} for price, order, size in levels]


def _l1(kind: str, asks: list[tuple[str, str]], bids: list[tuple[str, str]], sequence: int, crc: int) -> dict[str, Any]:
    return {"type": kind, "ps": "BTCZAR", "d": {"lc": 1790100000123, "a": asks, "b": bids, "sq": sequence, "cs": crc}}


def _full(kind: str, asks: Any, bids: Any, sequence: int, crc: int) -> dict[str, Any]:
    row = {"LastChange": 1692900000456, "Asks": asks, "Bids": bids, "SequenceNumber": sequence, "Checksum": crc}
    return {"type": kind, "currencyPairSymbol": "BTCZAR", "data": row}


FRAMES: dict[str, dict[str, Any]] = {
    "AGGREGATED_ORDERBOOK_UPDATE": {
        "type": "AGGREGATED_ORDERBOOK_UPDATE", "currencyPairSymbol": "BTCZAR", "data": BOOK,
    },
    "ALLOWED_ORDER_TYPES_UPDATED": {
        "type": "ALLOWED_ORDER_TYPES_UPDATED", "currencyPairSymbol": "BTCZAR", "data": {"orderTypes": ["LIMIT"]},
    },
    "FULL_ORDERBOOK_SNAPSHOT": _full(
        "FULL_ORDERBOOK_SNAPSHOT", orders(("101", "a", "0.5")), orders(("100", "b", "2"), ("99", "c", "1")), 7,
        checksum([("b", "2"), ("c", "1")], [("a", "0.5")]),
    ),
    "FULL_ORDERBOOK_UPDATE": _full(
        "FULL_ORDERBOOK_UPDATE", [], orders(("100", "b", "0")), 8, checksum([("c", "1")], [("a", "0.5")])
    ),
    "FUNDING_RUN_COMPLETED": {"type": "FUNDING_RUN_COMPLETED"},
    "MARKET_SUMMARY_UPDATE": {
        "type": "MARKET_SUMMARY_UPDATE", "currencyPairSymbol": "BTCZAR",
        "data": {("currencyPairSymbol" if name == "currencyPair" else name): text for name, text in SUMMARY.items()},
    },
    "MARK_PRICE_UPDATE": {
        "type": "MARK_PRICE_UPDATE", "currencyPairSymbol": "BTCUSDTPERP", "data": {"price": "70001.5"},
    },
    "NEW_TRADE": {"type": "NEW_TRADE", "currencyPairSymbol": "BTCZAR", "data": TRADE},
    "NEW_TRADE_BUCKET": {"type": "NEW_TRADE_BUCKET", "currencyPairSymbol": "BTCZAR", "data": BUCKET},
    "OB_L1_D5_SNAPSHOT": {
        "type": "OB_L1_D5_SNAPSHOT", "ps": "BTCZAR",
        "d": {"lc": 1644300000789, "a": [["40010", "0.02100078"]], "b": [["39990", "0.011"]]},
    },
    "OB_L1_DIFF": _l1("OB_L1_DIFF", [("101", "0")], [("99", "1.5")], 8, checksum([("99", "1.5")], [("102", "1")])),
    "OB_L1_SNAPSHOT": _l1(
        "OB_L1_SNAPSHOT", [("101", "0.5"), ("102", "1")], [("99", "2")], 7,
        checksum([("99", "2")], [("101", "0.5"), ("102", "1")]),
    ),
    "SUBSCRIBED": {"type": "SUBSCRIBED", "message": "OB_L1_DIFF:BTCUSDTPERP"},
}  # fmt: skip

PAIR = {
    "symbol": "BTCZAR", "baseCurrency": "BTC", "quoteCurrency": "ZAR", "shortName": "BTC/ZAR", "active": True,
    "minBaseAmount": "0.00001", "maxBaseAmount": "5", "minQuoteAmount": "10", "maxQuoteAmount": "5000000",
    "tickSize": "1", "baseDecimalPlaces": "8", "marginTradingAllowed": True, "currencyPairType": "SPOT",
    "initialMarginFraction": "0.2", "maintenanceMarginFraction": "0.1", "autoCloseMarginFraction": "0.05",
}  # fmt: skip
PERPETUAL = PAIR | {
    "symbol": "BTCUSDTPERP", "quoteCurrency": "USDT", "shortName": "BTC/USDT PERP", "minBaseAmount": "0.0001",
    "minQuoteAmount": "1", "tickSize": "0.10", "currencyPairType": "FUTURE",
}  # fmt: skip
ORDER = {"side": "buy", "quantity": "1", "price": "100", "currencyPair": "BTCZAR", "id": "b", "positionAtPrice": 1}
BODIES: dict[str, Any] = {
    "time": {"epochTime": 1790133597, "time": "2026-09-23T03:19:57.123456789Z"},
    "status": {"status": "online"},
    "currencies": [
        {
            "symbol": "R", "isActive": True, "shortName": "ZAR", "longName": "Rand", "decimalPlaces": "2",
            "withdrawalDecimalPlaces": 2,
        },
    ],
    "pairs": [PAIR, PERPETUAL],
    "ordertypes": [{"currencyPair": "BTCZAR", "orderTypes": ["LIMIT_POST_ONLY", "LIMIT"]}],
    "marketsummary": [SUMMARY],
    "marketsummary_pair": SUMMARY,
    "orderbook": BOOK,
    "orderbook_full": {
        "asks": [], "bids": [ORDER], "LastChange": "2024-03-24T21:49:08.217Z", "SequenceNumber": 1,
    },
    "trades": [TRADE | {"sequenceId": 1204770707632000001, "quoteVolume": "878.57"}],
    "buckets": [BUCKET],
    "markprice_buckets": [{name: text for name, text in BUCKET.items() if "olume" not in name}],
    "futures_info": [
        {
            "currencyPair": "BTCUSDTPERP", "estimatedFundingRate": "-0.000001", "openInterest": "2.5",
            "nextFundingRun": 1750161600000, "nextPnlRun": 1750172400000,
        },
    ],
    "funding_history": [
        {"currencyPair": "BTCUSDTPERP", "fundingRate": "-0.00001", "fundingTime": "2024-03-27T12:00:00Z"},
    ],
    "error": {"code": -21, "message": "Unsupported Currency Pair"},
}  # fmt: skip
