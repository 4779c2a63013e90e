"""From integers and times to a checked table, its instrument and its issues."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import tables
from helios_engine.catalog.decimals import Where
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import iso

_LISTED = 1000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says about an instrument; ticks and lots default to the finest decimals in the file."""

    instrument: str
    tick: str | None = None
    lot: str | None = None
    min_quantity: str = "0"
    min_notional: str = "0"
    maker_fee: str = "0"
    taker_fee: str = "0"
    base: str | None = None
    quote: str | None = None


QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "ZAR", "EUR", "GBP", "BTC", "ETH", "BNB")


def definition(terms: Terms, price_scale: int, size_scale: int) -> Instrument:
    """The instrument of an import; ConfigError if its currencies cannot be told from its name."""
    symbol = terms.instrument.rpartition(".")[0]
    endings = [q for q in QUOTES if symbol.endswith(q) and symbol != q]
    quote = terms.quote or (endings[0] if len(endings) == 1 else None)
    base = terms.base or (symbol[: -len(quote)] if quote else None)
    if not symbol or not quote or not base:
        raise ConfigError(
            f"instrument {terms.instrument!r}: expected SYMBOL.VENUE such as BTCUSDT.BINANCE; "
            "name --base and --quote, since its end could be "
            f"{' or '.join(endings) or 'no quote currency we know'}"
        )
    price_scale = max(price_scale, _decimals(terms.tick))
    size_scale = max(size_scale, _decimals(terms.lot), _decimals(terms.min_quantity))
    return Instrument(
        instrument=terms.instrument,
        base=base,
        quote=quote,
        price_scale=price_scale,
        size_scale=size_scale,
        tick=Decimal(terms.tick) if terms.tick else Decimal(1).scaleb(-price_scale),
        lot=Decimal(terms.lot) if terms.lot else Decimal(1).scaleb(-size_scale),
        min_quantity=Decimal(terms.min_quantity),
        min_notional=Decimal(terms.min_notional),
        maker_fee=Decimal(terms.maker_fee),
        taker_fee=Decimal(terms.taker_fee),
    )


def ordered(table: pa.Table, where: Where, *, sort: bool, drop_identical: bool) -> tuple[pa.Table, list[Issue]]:
    """The table oldest first, and without repeated rows, if asked for; else as it is."""
    issues: list[Issue] = []
    if sort:
        table = table.take(pa.array(np.argsort(table["ts"].to_numpy(), kind="stable")))
    if drop_identical and table.num_rows > 1:
        same = np.ones(table.num_rows - 1, dtype=bool)
        for name in table.column_names:
            values = table[name].to_numpy()
            same &= values[1:] == values[:-1]
        if same.any():
            ts = table["ts"].to_numpy()[1:][same]
            detail = f"{int(same.sum())} rows that repeat the one before were left out"
            issues.append(
                Issue(kind="duplicate", severity="info", ts_from=int(ts[0]), ts_to=int(ts[-1]), detail=detail)
            )
            table = table.filter(pa.array(np.concatenate([[True], ~same])))
    return table, issues


def bar_issues(table: pa.Table, length: int) -> list[Issue]:
    """Gaps with their exact ranges, runs of bars without volume, and opens or closes outside [low, high]."""
    c: dict[str, Any] = {name: table[name].to_numpy() for name in table.column_names}
    found = []
    holes = np.flatnonzero(c["ts_open"][1:] != c["ts_close"][:-1])
    for at in holes[:_LISTED].tolist():
        begin, end = int(c["ts_close"][at]), int(c["ts_open"][at + 1])
        detail = f"{(end - begin) // length} bars are missing from {iso(begin)} to {iso(end)}"
        found.append(Issue(kind="gap", severity="warn", ts_from=begin, ts_to=end, detail=detail))
    if len(holes) > _LISTED:
        begin, end = int(c["ts_close"][holes[_LISTED]]), int(c["ts_open"][holes[-1] + 1])
        detail = f"{len(holes) - _LISTED} more gaps"
        found.append(Issue(kind="gap", severity="warn", ts_from=begin, ts_to=end, detail=detail))
    for kind, bad in (("zero_volume", c["volume"] == 0), ("ohlc", tables.outside(c))):
        if bad.any():
            rows = np.flatnonzero(bad)
            begin, end = int(c["ts_open"][rows[0]]), int(c["ts_close"][rows[-1]])
            found.append(Issue(kind=kind, severity="info", ts_from=begin, ts_to=end, detail=f"{len(rows)} bars"))
    return found


def scaled(column: pa.Array, scale: int, wanted: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Integers of one scale in units of a finer one; DataError if they would not be exact."""
    values = column.to_numpy(zero_copy_only=False) * 10 ** (wanted - scale)
    if values.size and int(values.max()) > 2**53:
        raise DataError(
            f"a value with {wanted} decimals is over 2^53 units and cannot be kept exactly; "
            "name a coarser --tick or --lot"
        )
    return np.asarray(values, np.int64)


def _decimals(text: str | None) -> int:
    if text is None:
        return 0
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ConfigError(f"expected a number such as 0.01, found {text!r}")
    return max(0, -int(number.normalize().as_tuple().exponent))
