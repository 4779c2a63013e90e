"""What each venue's message says, `kind, symbol, event, …`: nothing of it is shared with the importer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

BUY = {"buy": 1, "sell": -1, "Buy": 1, "Sell": -1, "b": 1, "s": -1}


def dec(text: Any) -> Decimal:
    """A number; not a number for what is none, which no imported row can equal."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")


def ns(seconds: str) -> int:
    return int(dec(seconds) * 10**9)


def ms(value: Any) -> int:
    return int(value) * 10**6


def iso(text: str) -> int:
    fraction = text.partition(".")[2].rstrip("Z")
    whole = int(datetime.fromisoformat(text[:19] + "+00:00").timestamp())
    return whole * 10**9 + int(dec("0." + (fraction or "0")) * 10**9)


def both(bids: Any, asks: Any) -> list[tuple[int, Decimal, Decimal]]:
    return [(1, dec(x[0]), dec(x[1])) for x in bids] + [(-1, dec(x[0]), dec(x[1])) for x in asks]


def binance(m: Any, state: Any) -> Iterator[Any]:
    d = m["data"]
    if m["stream"].endswith("@aggTrade"):
        yield "trades", d["s"], ms(d["T"]), dec(d["p"]), dec(d["q"]), -1 if d["m"] else 1, str(d["a"])
    elif m["stream"].endswith("@bookTicker"):
        yield "quotes", d["s"], ms(d.get("T", 0)), dec(d["b"]), dec(d["a"]), dec(d["B"]), dec(d["A"])
    elif "@depth" in m["stream"]:
        yield "change", d["s"], ms(d.get("T", d["E"])), d["u"], both(d["b"], d["a"])


def coinbase(m: Any, state: Any) -> Iterator[Any]:
    s = m.get("product_id")
    if m["type"] == "match":
        side = 1 if m["side"] == "sell" else -1
        yield "trades", s, iso(m["time"]), dec(m["price"]), dec(m["size"]), side, str(m["trade_id"])
    elif m["type"] == "ticker":
        yield "quotes", s, iso(m["time"]), dec(m["best_bid"]), dec(m["best_ask"]), dec(0), dec(0)
    elif m["type"] == "snapshot":
        yield "books", s, 0, 0, True, both(m["bids"], m["asks"])
    elif m["type"] == "l2update":
        yield "books", s, iso(m["time"]), 0, False, [(BUY[a], dec(b), dec(c)) for a, b, c in m["changes"]]


def kraken(m: Any, state: Any) -> Iterator[Any]:
    if isinstance(m, dict):
        return
    pair = m[-1].replace("/", "")
    if m[-2] == "trade":
        for p, v, t, side, *_ in m[1]:
            yield "trades", pair, ns(t), dec(p), dec(v), BUY[side], ""
    elif m[-2] == "ticker":
        a, b = m[1]["a"], m[1]["b"]
        yield "quotes", pair, 0, dec(b[0]), dec(a[0]), dec(b[2]), dec(a[2])
    else:
        d = {k: v for part in m[1:-2] for k, v in part.items() if k != "c"}
        bids, asks = d.get("bs", d.get("b", [])), d.get("as", d.get("a", []))
        yield "books", pair, max(ns(x[2]) for x in bids + asks), 0, "as" in d, both(bids, asks)


def kraken_futures(m: Any, state: Any) -> Iterator[Any]:
    feed, s = m.get("feed"), m.get("product_id")
    if "event" in m:
        return
    if feed == "trade":
        yield "trades", s, ms(m["time"]), m["price"], m["qty"], BUY[m["side"]], m["uid"]
    elif feed == "ticker_lite":
        yield "quotes", s, 0, m["bid"], m["ask"], dec(0), dec(0)
    elif feed == "book":
        yield "books", s, ms(m["timestamp"]), m["seq"], False, [(BUY[m["side"]], m["price"], m["qty"])]
    elif feed == "book_snapshot":
        levels = [(side, x["price"], x["qty"]) for side, k in ((1, "bids"), (-1, "asks")) for x in m[k]]
        yield "books", s, ms(m["timestamp"]), m["seq"], True, levels


def bitmex(m: Any, state: Any) -> Iterator[Any]:
    if m.get("table") == "trade" and m["action"] == "insert":
        for x in m["data"]:
            yield "trades", x["symbol"], iso(x["timestamp"]), x["price"], x["size"], BUY[x["side"]], x["trdMatchID"]
    elif m.get("table") == "quote":
        for x in m["data"]:
            yield "quotes", x["symbol"], iso(x["timestamp"]), x["bidPrice"], x["askPrice"], x["bidSize"], x["askSize"]
    elif m.get("table") == "orderBookL2":
        for x in m["data"]:
            price = state[x["symbol"], x["id"]] = x.get("price") or state[x["symbol"], x["id"]]
            yield "books", x["symbol"], 0, 0, m["action"] == "partial", [(BUY[x["side"]], price, x.get("size", 0))]


def bybit(m: Any, state: Any) -> Iterator[Any]:
    topic = m.get("topic", "")
    if topic.startswith("trade."):
        for x in m["data"]:
            event, price = ms(x["trade_time_ms"]), dec(x["price"])
            yield "trades", x["symbol"], event, price, dec(x["size"]), BUY[x["side"]], x["trade_id"]
    elif topic:
        d, event, number = m["data"], int(m["timestamp_e6"]) * 1000, int(m["cross_seq"])
        if m["type"] == "snapshot":
            d = {"insert": d["order_book"] if isinstance(d, dict) else d}
        found = [x for k in ("delete", "update", "insert") for x in d.get(k, [])]
        levels = [(BUY[x["side"]], dec(x["price"]), dec(x.get("size", 0))) for x in found]
        yield "books", topic.rpartition(".")[2], event, number, m["type"] == "snapshot", levels


def okx(m: Any, state: Any) -> Iterator[Any]:
    if "event" in m:
        return
    channel, s = m["arg"]["channel"], m["arg"]["instId"]
    for x in m["data"]:
        event = ms(x["ts"])
        if channel == "trades":
            yield "trades", s, event, dec(x["px"]), dec(x["sz"]), BUY[x["side"]], x["tradeId"]
        elif channel == "tickers":
            yield "quotes", s, event, dec(x["bidPx"]), dec(x["askPx"]), dec(x["bidSz"]), dec(x["askSz"])
        else:
            yield "books", s, event, 0, m["action"] == "snapshot", both(x["bids"], x["asks"])


def kucoin(m: Any, state: Any) -> Iterator[Any]:
    d, subject = m.get("data"), m.get("subject")
    if subject == "trade.l3match":
        yield "trades", d["symbol"], int(d["time"]), dec(d["price"]), dec(d["size"]), BUY[d["side"]], d["tradeId"]
    elif subject == "trade.ticker":
        prices = [dec(d[k]) for k in ("bestBid", "bestAsk", "bestBidSize", "bestAskSize")]
        yield "quotes", m["topic"].split(":")[1], ms(d["time"]), *prices
    elif subject == "trade.l2update":
        levels = [x for x in both(d["changes"]["bids"], d["changes"]["asks"]) if x[1]]
        yield "change", d["symbol"], 0, d["sequenceEnd"], levels


def bitstamp(m: Any, state: Any) -> Iterator[Any]:
    channel, d = m.get("channel", ""), m["data"]
    symbol, event = channel.rpartition("_")[2].upper(), int(d.get("microtimestamp", 0)) * 1000
    if m["event"] == "trade":
        yield "trades", symbol, event, dec(d["price_str"]), dec(d["amount_str"]), 1 - 2 * d["type"], str(d["id"])
    elif m["event"] == "data":
        yield "change", symbol, event, int(d["microtimestamp"]), both(d["bids"], d["asks"])


def bitget(m: Any, state: Any) -> Iterator[Any]:
    if "event" in m:
        return
    s = m["arg"]["instId"] + ("_UMCBL" if m["arg"]["instType"] == "mc" else "")
    for x in m["data"] if m["arg"]["channel"] in ("trade", "books") else []:
        if m["arg"]["channel"] == "books":
            yield "books", s, ms(x["ts"]), 0, m["action"] == "snapshot", both(x["bids"], x["asks"])
        elif m["action"] == "update":
            yield "trades", s, ms(x[0]), dec(x[1]), dec(x[2]), BUY[x[3]], ""


def gemini(m: Any, state: Any) -> Iterator[Any]:
    if m["type"] == "trade":
        event, price = ms(m["timestamp"]), dec(m["price"])
        yield "trades", m["symbol"], event, price, dec(m["quantity"]), BUY[m["side"]], str(m["event_id"])
    elif m["type"] == "l2_updates":
        yield "books", m["symbol"], 0, 0, "trades" in m, [(BUY[a], dec(b), dec(c)) for a, b, c in m["changes"]]


def bitfinex(m: Any, state: Any) -> Iterator[Any]:
    if isinstance(m, dict):
        state.update({m["chanId"]: (m["channel"], m["symbol"][1:].replace(":", ""))} if "chanId" in m else {})
        return
    if m[1] == "hb" or state[m[0]][0] == "trades":
        return
    channel, symbol = state[m[0]]
    if channel == "ticker":
        bid, bid_size, ask, ask_size = (dec(x) for x in m[1][:4])
        yield "quotes", symbol, 0, bid, ask, bid_size, ask_size
    else:
        many = m[1] if isinstance(m[1][0], list) else [m[1]]
        levels = [(1 if a > 0 else -1, dec(p), abs(dec(a)) if n else dec(0)) for p, n, a in many]
        yield "books", symbol, 0, m[2], many is m[1], levels


def deribit(m: Any, state: Any) -> Iterator[Any]:
    if "params" not in m:
        return
    d, channel = m["params"]["data"], m["params"]["channel"].split(".")[0]
    s, event = d["instrument_name"], ms(d["timestamp"])
    if channel == "ticker" and d["best_bid_price"] and d["best_ask_price"]:
        yield "quotes", s, event, *(d[f"best_{k}"] for k in ("bid_price", "ask_price", "bid_amount", "ask_amount"))
    elif channel == "book":
        found = [(side, *x) for side, k in ((1, "bids"), (-1, "asks")) for x in d[k]]
        levels = [(side, p, dec(0) if kind == "delete" else a) for side, kind, p, a in found]
        empty = [(0, dec(0), dec(0))] if d["type"] == "snapshot" else []
        yield "books", s, event, d["change_id"], d["type"] == "snapshot", levels or empty


READ = {
    "BINANCE": binance, "BITFINEX": bitfinex, "BITGET": bitget, "BITMEX": bitmex, "BITSTAMP": bitstamp, "BYBIT": bybit,
    "COINBASE": coinbase, "DERIBIT": deribit, "GEMINI": gemini, "KRAKEN": kraken, "KRAKEN_FUTURES": kraken_futures,
    "KUCOIN": kucoin, "OKX": okx,
}  # fmt: skip
