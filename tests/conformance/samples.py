"""A small right file of each vendor's format, for the kit's checks of its importer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.catalog import cryptofeed_captures as cryptofeed
from tests.unit.catalog import test_importers_candles as candles
from tests.unit.catalog import test_importers_capture as captures
from tests.unit.catalog import test_importers_mutated as klines
from tests.unit.catalog import test_importers_ticks as ticks
from tests.unit.catalog import test_importers_trades as trades

COUNT = 8
GENERIC = "ts,open,high,low,close,volume"


class Sample(NamedTuple):
    """Files that `write` puts into a folder, and what the user says of them."""

    write: Callable[[Path], list[Path]]
    ask: Mapping[str, Any] = {}


def lines(name: str, line: Callable[[int], str], *head: str) -> Callable[[Path], list[Path]]:
    """A writer of a text file with `COUNT` rows under a head."""
    return lambda folder: [candles.written(folder / name, *head, *(line(n) for n in range(COUNT)))]


def _text(name: str, content: str) -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        (folder / name).write_text(content, encoding="utf-8")
        return [folder / name]

    return write


def _generic(number: int) -> str:
    return f"2024-01-01T{number:02}:00:00Z,100.{number:02},120.5,90.25,101.{number:02},{number + 1}.5"


def _tardis(number: int) -> str:
    at = ticks.T0 + number * 1000
    return f"binance,TRXUSDT,{at},{at + 300},{100 + number},buy,0.23{number:02},12.5"


def _hyperliquid(number: int) -> str:
    at = ticks.T0 + number * 1000
    trade = {"coin": "BTC", "px": f"1050{number}.5", "side": "B", "sz": "0.25", "tid": 12 + number, "time": at // 1000}
    message = {"channel": "trades", "data": [{**trade, "users": ["0xe9", "0x68"]}]}
    return f"{(at + 900) * ticks.US} {json.dumps(message, separators=(',', ':'))}"


SAMPLES: Mapping[str, Sample] = {
    "binance-flat": Sample(lines("t.csv", ticks.flat_trade, ticks.FLAT_TRADES)),
    "binance-klines": Sample(_text("BTCUSDT-1h-2023-01.csv", klines.as_csv(klines.klines(COUNT)))),
    "binance-trades": Sample(lines(trades.NAME, trades.trade)),
    "binance-capture": Sample(lines("btcusdt_20240808", lambda n: captures.trade(n, 100 + n))),
    "bitfinex": Sample(lines("BTCUSD_1m_2020.csv", candles.bitfinex)),
    "bitmex": Sample(lambda folder: [candles.bitmex_json(folder, *(candles.bitmex(n) for n in range(COUNT)))]),
    "bybit": Sample(lines("ob500.data", lambda n: ticks.bybit("delta" if n else "snapshot", n + 1, n + 7))),
    "cryptodatadownload": Sample(
        lambda folder: [candles.cdd(folder, *(candles.bitstamp(n) for n in reversed(range(COUNT))))]
    ),
    "cryptofeed": Sample(
        lambda folder: [
            cryptofeed.capture(folder, "BINANCE.ws.0.0.gz", *(cryptofeed.aggregate(n) for n in range(1, COUNT)))
        ]
    ),
    "freqtrade": Sample(
        _text(
            "BTC_USDT-1h.json",
            json.dumps([[1_577_836_800_000 + n * 3_600_000, 100.5, 120.5, 90.5, 101.5 + n, 1.5 + n] for n in range(9)]),
        ),
        {"instrument": "BTCUSDT.BINANCE"},
    ),
    "generic": Sample(
        lines("bars.csv", _generic, GENERIC),
        {
            "instrument": "BTCZAR.VALR",
            "kind": "bars",
            "timeframe": "1h",
            "stamp": "open",
            "columns": {name: name for name in GENERIC.split(",")},
        },
    ),
    "hyperliquid-capture": Sample(lines("btc_20250304", _hyperliquid)),
    "kraken-ohlcvt": Sample(lines("XBTUSD_1440.csv", candles.kraken)),
    "tardis": Sample(
        lines(
            "binance_trades_2025-03-04_TRXUSDT.csv",
            _tardis,
            "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
        )
    ),
    "valr": Sample(_text("trades.jsonl", klines.as_lines([klines.trade(n) for n in range(COUNT)]))),
}
