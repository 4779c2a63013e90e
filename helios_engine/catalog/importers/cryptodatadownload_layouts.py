"""The headers that CryptoDataDownload has written over the years, and what each says of instrument and volumes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.importers import reading
from helios_engine.catalog.importers.contract import Ask, Source, Symbol
from helios_engine.catalog.importers.symbols import currencies
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError

VENUES = (
    "BINANCE", "BINANCEUS", "BITFINEX", "BITSTAMP", "BYBIT", "CEXIO", "COINBASE", "EXMO", "FTX", "GEMINI", "HITBTC",
    "KRAKEN", "KUCOIN", "OKCOIN", "OKEX", "OKX", "POLONIEX",
)  # fmt: skip
_PRICES = ("open", "high", "low", "close")
_BANNER = "cryptodatadownload"
_HALF_DAY = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}-[AP]M")
_LABEL = re.compile(r"volume[ _]?(\w*)")


class Layout(NamedTuple):
    """Where things stand in a file: lines above the header, and the file's names of columns (empty: it has none).

    `volumes` are the base's and the quote's as the header says, which the rows may contradict.
    """

    skip: int
    unix: str
    date: str
    symbol: str
    prices: dict[str, str]
    volumes: tuple[str, str] | None
    time_format: str | None


def layout(source: Source) -> Layout | None:
    """The layout of a file of this vendor, or None for a file of somebody else."""
    lines = source.first_lines
    skip = int(bool(lines) and _BANNER in lines[0].lower())
    names = [name.strip() for name in reading.fields(source, skip)]
    plain = [name.lower() for name in names]
    at = {name: place for place, name in enumerate(plain)}
    if len(at) != len(plain) or "date" not in at or not all(name in at for name in _PRICES):
        return None
    before, after = plain[: at["open"]], plain[at["close"] + 1 :]
    if before not in (["date"], ["date", "symbol"], ["unix", "date", "symbol"], ["unix timestamp", "date", "symbol"]):
        return None
    volumes = [name for name in after if _LABEL.fullmatch(name)]
    if len(volumes) not in (0, 2) or [name for name in after if name not in volumes] not in ([], ["tradecount"]):
        return None
    first = (reading.fields(source, skip + 1) or [""] * len(names))[at["date"] : at["date"] + 1]
    half = bool(first and _HALF_DAY.fullmatch(first[0]))
    if not volumes and not half:
        return None
    return Layout(
        skip=skip,
        unix=names[0] if before[0].startswith("unix") else "",
        date=names[at["date"]],
        symbol=names[at["symbol"]] if "symbol" in at else "",
        prices={name: names[at[name]] for name in _PRICES},
        volumes=(names[at[volumes[0]]], names[at[volumes[1]]]) if volumes else None,
        time_format="%Y-%m-%d %I-%p" if half else None,
    )


def symbol_of(source: Source, found: Layout, table: pa.Table, where: Where, ask: Ask) -> Symbol:
    """The instrument: the exchange by the file's name, the pair by the symbol's column, or by the name without one.

    Raises ConfigError naming --instrument if they do not say it, DataError if the rows are of two symbols.
    """
    words = re.split(r"[-_]", source.stem.upper())
    named = next((word for word in words[1:] if currencies(word) and word not in _parts(words)), "")
    pair = _pair(table[found.symbol], where) if found.symbol else named
    plain = pair.upper().replace("/", "").replace("-", "")
    if ask.instrument is None and named and plain != named:
        raise ConfigError(f"{source.name}: its name says {named}, its rows {pair}; add --instrument SYMBOL.VENUE")
    if ask.instrument is None and (words[0] not in VENUES or not plain):
        missing = "of which exchange it is" if plain else "what it is of"
        raise ConfigError(f"{source.name}: its name does not say {missing}; add --instrument SYMBOL.VENUE")
    venue = words[0] if words[0] in VENUES else str(ask.instrument).rpartition(".")[2]
    base, _, quote = pair.upper().partition("/")
    if not quote:
        base, quote = _labelled(plain, found.volumes or ())
    return Symbol(plain or str(ask.instrument).rpartition(".")[0], venue, base if quote else "", quote)


def _pair(column: pa.ChunkedArray, where: Where) -> str:
    first = str(column[0].as_py())
    other = pc.index(pc.equal(column, first), False).as_py()
    if other >= 0:
        raise DataError(
            f"{where(other)}: the symbol is {column[other].as_py()!r}, above it is {first!r}; expected one symbol "
            "a file: split it"
        )
    return first


def _parts(words: Sequence[str]) -> set[str]:
    """Words that are currencies by themselves: `btc` and `usd` of `bitfinex-1d-btc-usd`."""
    return {word for word in words if len(word) < 6}


def _labelled(plain: str, volumes: Sequence[str]) -> tuple[str, str]:
    """Base and quote of BTCUSDT, where a volume's label names the currency that it begins with."""
    for name in volumes:
        label = _LABEL.fullmatch(name.lower())
        if label and label[1] and plain.startswith(label[1].upper()) and len(plain) > len(label[1]):
            return label[1].upper(), plain[len(label[1]) :]
    return "", ""
