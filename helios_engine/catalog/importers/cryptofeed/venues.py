"""The venues whose captures are read, by the names that their files begin with."""

from __future__ import annotations

from helios_engine.catalog.importers.cryptofeed import (
    binance,
    bitfinex,
    bitget,
    bitmex,
    bitstamp,
    bybit,
    coinbase,
    deribit,
    gemini,
    independent_reserve,
    kraken,
    kraken_futures,
    kucoin,
    okx,
)  # fmt: skip
from helios_engine.catalog.importers.cryptofeed.reader import Venue

VENUES: dict[str, Venue] = {
    "BINANCE": binance.SPOT,
    "BINANCE_DELIVERY": binance.COIN,
    "BINANCE_FUTURES": binance.SPOT,
    "BINANCE_TR": binance.SPOT,
    "BINANCE_US": binance.SPOT,
    "BITFINEX": bitfinex.VENUE,
    "BITGET": bitget.VENUE,
    "BITMEX": bitmex.VENUE,
    "BITSTAMP": bitstamp.VENUE,
    "BYBIT": bybit.VENUE,
    "COINBASE": coinbase.VENUE,
    "DERIBIT": deribit.VENUE,
    "GEMINI": gemini.VENUE,
    "INDEPENDENT_RESERVE": independent_reserve.VENUE,
    "KRAKEN": kraken.VENUE,
    "KRAKEN_FUTURES": kraken_futures.VENUE,
    "KUCOIN": kucoin.VENUE,
    "OKX": okx.VENUE,
}
