"""What this plugin offers; pyarrow is imported when a feed is made or a file is looked at."""

from __future__ import annotations

from importlib import import_module

from helios_engine.catalog.feature_feed import CatalogFeatures
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.tick_feeds import (
    CatalogBodies,
    CatalogBooks,
    CatalogFunding,
    CatalogInstruments,
    CatalogQuotes,
    CatalogTrades,
)
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import DownloadSpec, FeedSpec, ImporterSpec

_IMPORTERS = {
    "binance_capture": "Binance raw websocket captures (receive time in ns, then JSON): trades, quotes, books",
    "binance_flat": "Binance streams as CSV: trades, depth differences and snapshots (spot), depth with pu (USD-M)",
    "binance_klines": "Binance klines: archive CSV (ms or us) and REST JSON",
    "bitfinex": "Bitfinex candles: CSV of ms, open, close, high, low, volume",
    "bitmex": "BitMEX bars: REST JSON and Parquet, stamped at the close",
    "cryptodatadownload": "CryptoDataDownload bars of any exchange: all its headers since 2017, and wide files",
    "kraken_ohlcvt": "Kraken bulk bars: CSV in both column orders",
    "freqtrade": "freqtrade candles, mark prices, funding and trades: feather, Parquet, JSON",
    "nautilus_catalog": "nautilus_trader: Parquet catalogs, older frames, and definitions as JSON",
    "binance_trades": "Binance trades and aggregate trades: archive CSV (ms or us)",
    "bybit": "Bybit order books: archive JSON lines (ob500), and updates of five levels as CSV",
    "cryptofeed": "raw captures of 18 venues' streams: <VENUE>.ws.*, .http.*, .0.gz",
    "generic": "any CSV or Parquet of bars, trades, quotes or funding, by --map",
    "lean": "QuantConnect LEAN zips of crypto bars and quotes, margin interest, symbol properties",
    "hyperliquid_capture": "Hyperliquid raw websocket captures: trades, books",
    "tardis": "Tardis CSVs: trades, quotes, book snapshots, incremental L2",
}


@hookimpl
def helios_feeds() -> list[FeedSpec]:
    return [
        FeedSpec("catalog.bars", CatalogBars),
        FeedSpec("catalog.trades", CatalogTrades),
        FeedSpec("catalog.quotes", CatalogQuotes),
        FeedSpec("catalog.books", CatalogBooks),
        FeedSpec("catalog.funding", CatalogFunding),
        FeedSpec("catalog.instruments", CatalogInstruments, rank=5),
        FeedSpec("catalog.bodies", CatalogBodies),
        FeedSpec("catalog.features", CatalogFeatures),
    ]


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    found = []
    for name, about in _IMPORTERS.items():
        module = import_module(f"helios_engine.catalog.importers.{name}")
        found.append(ImporterSpec(name.replace("_", "-"), about, module.recognise, module.read))
    return found


@hookimpl
def helios_downloads() -> list[DownloadSpec]:
    from helios_engine.catalog.download.binance import Binance

    return [DownloadSpec("binance", Binance())]
