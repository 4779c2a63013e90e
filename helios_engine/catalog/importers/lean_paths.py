"""What the path of a LEAN file says: market, venue, resolution, symbol, date. Its content says none of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from helios_engine.catalog.importers.contract import Source, Symbol
from helios_engine.errors import DataError
from helios_engine.timeframe import UNITS

SECURITIES = ("crypto", "cryptofuture")
TIMEFRAMES = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
DATABASE = "market,symbol,type,description,quote_currency"
_DAY_ZIP = re.compile(r"(\d{8})_(\w+)\.zip")
_SYMBOL_ZIP = re.compile(r"([a-z0-9]+)_(\w+)\.zip")
_MEMBER = re.compile(r"(\d{8})_([a-z0-9]+)_(tick|second|minute|hour|daily)_([a-z]+?)(_perp)?\.csv")
_WHAT = ("trade", "quote")


class Layout(NamedTuple):
    """A file in LEAN's tree. `what` is trade, quote, funding or properties; `midnight` (ns UTC) is 0 where rows are
    dated, `resolution` is empty for funding."""

    what: str
    security: str = ""
    venue: str = ""
    resolution: str = ""
    symbol: str = ""
    midnight: int = 0

    @property
    def is_future(self) -> bool:
        """Whether it is of a perpetual future."""
        return self.security == "cryptofuture"

    @property
    def instrument(self) -> Symbol:
        """`BTCUSDT` of a venue, or `BTCUSDT_PERP`: spot and perpetual never share a name."""
        return Symbol(future_name(self.symbol, self.security), self.venue.upper())


def future_name(symbol: str, security: str) -> str:
    """LEAN calls a pair and its perpetual the same; here the perpetual ends in _PERP."""
    return symbol.upper() + "_PERP" * (security == "cryptofuture")


def layout(source: Source) -> Layout | None:
    """Where a file stands in LEAN's tree; None if it is none of LEAN's, DataError if it is one that is not read."""
    if source.first_lines and source.first_lines[0].replace(" ", "").startswith(DATABASE):
        return Layout("properties")
    parts = [part.lower() for part in source.path.absolute().parts]
    name = parts[-1]
    if len(parts) > 5 and parts[-5] in SECURITIES and parts[-3] in ("tick", *TIMEFRAMES) and _DAY_ZIP.fullmatch(name):
        day, what = _DAY_ZIP.fullmatch(name).groups()  # type: ignore[union-attr]
        found = Layout(what, parts[-5], parts[-4], parts[-3], parts[-2], _midnight(source, day))
    elif len(parts) > 4 and parts[-4] in SECURITIES and parts[-2] in TIMEFRAMES and _SYMBOL_ZIP.fullmatch(name):
        symbol, what = _SYMBOL_ZIP.fullmatch(name).groups()  # type: ignore[union-attr]
        found = Layout(what, parts[-4], parts[-3], parts[-2], symbol)
    elif len(parts) > 4 and parts[-4] in SECURITIES and parts[-2] == "margin_interest" and source.suffix == ".csv":
        return Layout("funding", parts[-4], parts[-3], "", name.partition(".")[0])
    else:
        _check_outside(source)
        return None
    if found.what not in _WHAT or found.resolution == "tick":
        raise DataError(f"{source.name}: LEAN's {found.resolution} {found.what} files are not read; expected trade or "
                        f"quote bars by {', '.join(TIMEFRAMES)}")  # fmt: skip
    _check_member(source, found)
    return found


def _check_outside(source: Source) -> None:
    """DataError for a file with LEAN's own kind of name, whose folders are lost or say that it is no crypto."""
    if _MEMBER.fullmatch(_base_name(source)):
        raise DataError(
            f"{source.name}: a LEAN file outside of LEAN's tree for crypto: only its folders say its venue, and that "
            "its prices are not in ten-thousandths as those of shares are; expected crypto/VENUE/minute/SYMBOL/"
            "DATE_trade.zip or cryptofuture/…. Import it from there"
        )


def _check_member(source: Source, found: Layout) -> None:
    """The file within the zip names itself too, and must agree."""
    match = _MEMBER.fullmatch(_base_name(source))
    if match is None:
        return
    day, symbol, resolution, what, perpetual = match.groups()
    said = (symbol, resolution, what, bool(perpetual), _midnight(source, day) if found.midnight else 0)
    if said != (found.symbol, found.resolution, found.what, found.is_future, found.midnight):
        raise DataError(
            f"{source.name}: the zip stands where {found.symbol} {found.resolution} {found.what} of {found.security} "
            "belongs, the file in it calls itself something else; put it where it belongs"
        )


def _base_name(source: Source) -> str:
    return (source.member or source.path.name).rpartition("/")[2].lower()


def _midnight(source: Source, day: str) -> int:
    try:
        return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * UNITS["s"]
    except ValueError:
        raise DataError(f"{source.name}: {day} in its name is no date") from None
