"""nautilus' instrument definitions, from its Parquet files or from JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from typing import Any, NamedTuple

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.nautilus_catalog_values import blocks, schema_of
from helios_engine.catalog.importers.symbols import instrument_name
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError

CLASSES = ("CurrencyPair", "CryptoPerpetual", "CryptoFuture")
_EARLIEST = 365 * 86_400 * 10**9


class Definitions(NamedTuple):
    """A file's definitions by nautilus' ids, and as rows of their venues where they have a date."""

    known: dict[str, Instrument]
    rows: list[Rows]


def definitions(source: Source, ask: Ask, wanted: Set[str]) -> Definitions:
    """Read a file of definitions. One without a date needs --valid-from, unless its data comes along (`wanted`).

    Raises ConfigError naming the flag, DataError for what is no instrument that Helios can trade.
    """
    known: dict[str, Instrument] = {}
    dated: dict[str, list[tuple[Instrument, str]]] = {}
    for entry, place in _entries(source):
        found = _definition(entry, place, ask)
        known[str(entry["id"])] = found
        if found.valid_from:
            dated.setdefault(found.instrument.rpartition(".")[2], []).append((found, place))
        elif entry["id"] not in wanted:
            raise ConfigError(f"{place}: {entry['id']} has no date; say from when it is true: --valid-from 2024-01-01")
    return Definitions(known, [_rows(source, venue, found) for venue, found in dated.items()])


def _rows(source: Source, venue: str, found: list[tuple[Instrument, str]]) -> Rows:
    where: Where = lambda row: found[row][1]  # noqa: E731
    made = rows.instruments(source, venue, [one for one, _ in found], where)
    issues = [
        Issue(
            kind="fee", severity="warn", ts_from=one.valid_from, ts_to=one.valid_from + 1, origin="import",
            detail=f"{one.instrument}: a fee of {max(one.maker_fee, one.taker_fee):%} was kept as the file has it",
        )
        for one, _ in found
        if max(one.maker_fee, one.taker_fee) >= Decimal("0.1")
    ]  # fmt: skip
    return made._replace(issues=issues)


def _entries(source: Source) -> Iterator[tuple[Mapping[str, Any], str]]:
    if source.suffix != ".json":
        name = (schema_of(source).metadata or {}).get(b"class", b"").decode("utf-8", "replace")
        for table, where, _ in blocks(source):
            for number, entry in enumerate(table.to_pylist()):
                yield {"type": name, **entry}, where(number)
        return
    found = reading.document(source)
    found = found if isinstance(found, list) else [found]
    if not found:
        raise DataError(f"{source.name}: no definitions; expected at least one")
    for number, entry in enumerate(found):
        place = f"{source.name}: entry {number + 1}"
        if not isinstance(entry, dict):
            raise DataError(f"{place} is no definition but {str(entry)[:40]!r}")
        yield entry, place


def _definition(entry: Mapping[str, Any], place: str, ask: Ask) -> Instrument:
    name = entry.get("id")
    symbol, dot, venue = str(name).rpartition(".")
    if not isinstance(name, str) or not dot or not symbol or not venue:
        raise DataError(f"{place}: its id is {name!r}, expected SYMBOL.VENUE")
    if entry.get("type") not in CLASSES:
        raise DataError(f"{place}: {name} is a {entry.get('type')}; expected {', '.join(CLASSES)}")
    if entry.get("is_inverse") in (True, "true", 1) or _number(entry, "multiplier", place, "1") != 1:
        raise DataError(f"{place}: {name} is inverse or counts contracts, which Helios does not trade")
    price, size = _whole(entry, "price_precision", place), _whole(entry, "size_precision", place)
    tick, lot = _number(entry, "price_increment", place), _number(entry, "size_increment", place)
    if tick <= 0 or lot <= 0 or _decimals(tick) > price or _decimals(lot) > size:
        raise DataError(
            f"{place}: {name} has steps of {tick} and {lot} in {price} and {size} decimals; expected positive steps "
            "that its decimals can write"
        )
    base, quote = (
        entry.get(f"{side}_currency") or entry.get(f"{other}")
        for side, other in (("base", "underlying"), ("quote", ""))
    )
    if not isinstance(base, str) or not isinstance(quote, str):
        raise DataError(f"{place}: {name} has no base_currency or quote_currency")
    return Instrument(
        instrument=instrument_name(Symbol(symbol, venue)),
        base=base,
        quote=quote,
        price_scale=price,
        size_scale=size,
        tick=tick,
        lot=lot,
        min_quantity=_number(entry, "min_quantity", place, "0"),
        min_notional=_number(entry, "min_notional", place, "0"),
        maker_fee=_number(entry, "maker_fee", place, "0"),
        taker_fee=_number(entry, "taker_fee", place, "0"),
        valid_from=_time(entry, "ts_event", place) or _time(entry, "ts_init", place) or ask.valid_from or 0,
        listed=_time(entry, "activation_ns", place),
        delisted=_time(entry, "expiration_ns", place),
    )


def _number(entry: Mapping[str, Any], field: str, place: str, missing: str = "") -> Decimal:
    """A number, which may carry its currency (`10.00 USDT`); DataError if it is none."""
    text = missing if entry.get(field) is None else str(entry[field]).split(" ")[0]
    try:
        found = Decimal(text)
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found.adjusted()) > 18:
        raise DataError(f"{place}: {field} is {entry.get(field)!r}, expected a number")
    return found


def _whole(entry: Mapping[str, Any], field: str, place: str) -> int:
    text = str(entry.get(field))
    if not text.isdigit() or int(text) > 18:
        raise DataError(f"{place}: {field} is {entry.get(field)!r}, expected a number of decimals up to 18")
    return int(text)


def _time(entry: Mapping[str, Any], field: str, place: str) -> int:
    text = str(entry.get(field) or 0)
    if not text.isdigit() or len(text) > 19 or 0 < int(text) < _EARLIEST:
        raise DataError(f"{place}: {field} is {entry.get(field)!r}, expected nanoseconds since 1970, or 0")
    return int(text)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))
