"""What the name and the folder of a freqtrade file say: pair, kind of candle, timeframe, and perhaps the venue."""

from __future__ import annotations

import re
from typing import NamedTuple

from helios_engine.catalog.importers.contract import Ask, Source, Symbol
from helios_engine.catalog.importers.symbols import currencies
from helios_engine.errors import ConfigError, DataError

_NAME = re.compile(
    r"(?P<base>[A-Za-z0-9]+)_(?P<quote>[A-Za-z0-9]+)(?:_(?P<settle>[A-Za-z0-9]+))?-"
    r"(?:(?P<trades>trades)|(?P<timeframe>\d+(?:m|h|d|w|Mo|M|y))(?:-(?P<candle>[A-Za-z_]+))?)"
    r"\.(?:feather|parquet|json|json\.gz|h5)"
)
REFERENCES = ("mark", "index")
"""Prices that a venue computes; nobody traded at them."""
CANDLES = ("", "futures", "funding_rate", *REFERENCES)
_BASES_ALIKE = {"XBT": "BTC", "XDG": "DOGE"}


class Name(NamedTuple):
    """A file's name in its parts; `settle` is empty for spot, `timeframe` for trades, `candle` for spot candles."""

    base: str
    quote: str
    settle: str = ""
    timeframe: str = ""
    candle: str = ""


def named(source: Source) -> Name | None:
    """The parts of a name that freqtrade gave, such as `XRP_USDT_USDT-1h-mark.feather`."""
    match = _NAME.fullmatch((source.member or source.path.name).rpartition("/")[2])
    if match is None:
        return None
    return Name(match["base"], match["quote"], match["settle"] or "", match["timeframe"] or "", match["candle"] or "")


def folder_venue(source: Source) -> str:
    """The venue of files where freqtrade keeps them, `user_data/data/EXCHANGE[/futures]`; else empty."""
    folder = source.path.absolute().parent
    if folder.name == "futures":
        folder = folder.parent
    return folder.name.upper() if folder.parts[-3:-1] == ("user_data", "data") and folder.name.isalnum() else ""


def symbol_of(source: Source, name: Name | None, ask: Ask) -> Symbol:
    """The instrument that a file is of, as the user or freqtrade's folder names it.

    Raises ConfigError if nobody says the venue, if --instrument is of another pair than the file, or if mark prices
    are to become bars of what is traded.
    """
    if name is None:
        if ask.instrument is None:
            raise ConfigError(f"{source.name}: its name does not say its pair; add --instrument SYMBOL.VENUE")
        return Symbol(ask.instrument.rpartition(".")[0], ask.instrument.rpartition(".")[2])
    plain = f"{name.base}{name.quote}{'_PERP' if name.settle else ''}".upper()
    if name.candle in REFERENCES:
        plain += f"_{name.candle.upper()}"
    if ask.instrument is None:
        venue = folder_venue(source)
        if not venue:
            raise ConfigError(
                f"{source.name}: freqtrade does not write the venue into its files; add --instrument {plain}.VENUE "
                "with the venue it is of, one pair at a time; or import the folder user_data/data/EXCHANGE, whose "
                "name says it"
            )
        return Symbol(plain, venue, name.base, name.quote)
    _fits(source, name, ask, plain)
    return Symbol(plain, ask.instrument.rpartition(".")[2], name.base, name.quote)


def check_candle(source: Source, name: Name | None) -> None:
    """DataError for candles that no kind of data here can hold."""
    if name is not None and name.candle not in CANDLES:
        raise DataError(
            f"{source.name}: {name.candle} candles are neither prices nor a rate that is charged; "
            f"of freqtrade's candles spot, {', '.join(CANDLES[1:])} are read"
        )


def _fits(source: Source, name: Name, ask: Ask, plain: str) -> None:
    asked = str(ask.instrument).rpartition(".")[0].partition(":")[0].upper()
    if name.candle in REFERENCES and not asked.endswith(name.candle.upper()):
        raise ConfigError(
            f"--instrument {ask.instrument}: {source.name} holds {name.candle} prices, at which nobody traded; as bars "
            "of the instrument itself they would be traded against. Give them a name of their own that ends in "
            f"{name.candle.upper()}, such as {plain}.VENUE"
        )
    if (ask.base or "", ask.quote or "") == (name.base, name.quote):
        return
    told = currencies(asked)
    if told is not None and tuple(map(_alike, told)) != (_alike(name.base), _alike(name.quote)):
        raise ConfigError(
            f"--instrument {ask.instrument} is {told[0]}/{told[1]}, {source.name} is {name.base}/{name.quote}; "
            f"import one pair at a time, or add --base {name.base} --quote {name.quote} if this is meant"
        )


def _alike(currency: str) -> str:
    return _BASES_ALIKE.get(currency.upper(), currency.upper())
