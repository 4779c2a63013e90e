"""VALR's public REST: buckets (bars), trades and pairs, as JSON lists or as lines of one row each.

Lists come newest first, as the exchange answers; downloaded days are lines, oldest first. Empty buckets repeat the
last price with volume "0", which is what the exchange says and no gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import reading, rows
from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.symbols import number
from helios_engine.catalog.importers.times import written
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import DAY, UNITS, duration_text

_BUCKET = ("currencyPairSymbol", "bucketPeriodInSeconds", "startTime", "open", "high", "low", "close", "volume")
_TRADE = ("currencyPair", "price", "quantity", "tradedAt", "takerSide", "id")
_PAIR = ("symbol", "baseCurrency", "quoteCurrency", "tickSize", "baseDecimalPlaces", "minBaseAmount", "minQuoteAmount")
_SIDES = {"buy": 1, "sell": -1}
_ROWS = 100_000


def recognise(source: Source) -> Guess | None:
    """JSON whose first row has VALR's own field names."""
    head = source.head[:4096].decode("utf-8", "replace")
    for what, names in (("buckets", _BUCKET), ("trades", _TRADE), ("pairs", _PAIR)):
        if all(f'"{name}"' in head for name in names):
            return Guess(0.95, f"the fields of VALR's {what}")
    return None


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars, trades or definitions, by what the rows are."""
    for source in sources:
        for found, where in _blocks(source):
            if "bucketPeriodInSeconds" in found[0]:
                yield from _buckets(source, found, where)
            elif "tradedAt" in found[0]:
                yield from _trades(source, found, where)
            else:
                yield rows.instruments(source, "VALR", _pairs(source, found, ask, where), where)


def _blocks(source: Source) -> Iterator[tuple[list[dict[str, Any]], Where]]:
    if source.suffix != ".jsonl":
        found = reading.document(source)
        if not isinstance(found, list) or not found or not isinstance(found[0], dict):
            raise DataError(f"{source.name}: expected a JSON list of rows, found {type(found).__name__}")
        yield found, lambda row: f"{source.name}: row {row + 1}"
        return
    lines = source.lines()
    first = 1
    while block := list(islice(lines, _ROWS)):
        yield [_row(source, line, text) for line, text in block], reading.numbered(source, first)
        first += len(block)


def _row(source: Source, line: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise DataError(f"{source.name}:{line}: not a row of JSON: {error}; is the file whole?") from None
    if not isinstance(found, dict):
        raise DataError(f"{source.name}:{line}: expected a row, found {text[:40]!r}")
    return found


def _columns(found: Sequence[dict[str, Any]], names: Sequence[str], where: Where) -> pa.Table:
    for place, row in enumerate(found):
        lacking = [name for name in names if not isinstance(row.get(name), str)]
        if lacking:
            raise DataError(f"{where(place)}: the row has no {lacking[0]!r}; expected {', '.join(names)}")
    return pa.table({name: [row[name] for row in found] for name in names})


def _by_pair(
    found: Sequence[dict[str, Any]], name: str, where: Where
) -> Iterator[tuple[str, list[dict[str, Any]], Where]]:
    """The rows of each pair, with their places in the file."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(found):
        places.setdefault(str(row.get(name)), []).append(place)
    for pair, at in places.items():
        yield pair, [found[n] for n in at], lambda row, at=at: where(at[row])  # type: ignore[misc]


def _buckets(source: Source, found: Sequence[dict[str, Any]], where: Where) -> Iterator[Rows]:
    for pair, some, place in _by_pair(found, "currencyPairSymbol", where):
        table = _columns(some, _BUCKET, place)
        seconds = set(table["bucketPeriodInSeconds"].to_pylist())
        if len(seconds) != 1 or not min(seconds).isdigit() or DAY % (int(min(seconds)) * UNITS["s"] or DAY + 1):
            raise DataError(f"{place(0)}: buckets of {' and '.join(sorted(seconds))} s; expected one length of a day")
        length = int(min(seconds)) * UNITS["s"]
        opened = written(table["startTime"], place)
        numbers = rows.numbers(table, {n: n for n in ("open", "high", "low", "close", "volume")}, place)
        order: rows.Order = "newest" if opened[0] > opened[-1] else "oldest"
        yield rows.bars(
            source, Symbol(pair, "VALR"), duration_text(length), opened, length, numbers, place, order=order
        )


def _trades(source: Source, found: Sequence[dict[str, Any]], where: Where) -> Iterator[Rows]:
    for pair, some, place in _by_pair(found, "currencyPair", where):
        table = _columns(some, _TRADE, place)
        ts = written(table["tradedAt"], place)
        sides = [_SIDES.get(word) for word in table["takerSide"].to_pylist()]
        if None in sides:
            row = sides.index(None)
            raise DataError(f"{place(row)}: takerSide is {some[row]['takerSide']!r}, expected buy or sell")
        numbers = rows.numbers(table, {"price": "price", "quantity": "quantity"}, place)
        order: rows.Order = "newest" if ts[0] > ts[-1] else "oldest"
        yield rows.trades(source, Symbol(pair, "VALR"), ts, ts, numbers, sides, table["id"], place, order=order)


def _pairs(source: Source, found: Sequence[dict[str, Any]], ask: Ask, where: Where) -> list[Instrument]:
    if ask.valid_from is None:
        raise ConfigError(f"{source.name}: definitions carry no date: say with --valid-from since when they hold")
    _columns(found, _PAIR, where)
    definitions = []
    for row in found:
        tick, decimals = number(row["tickSize"]), int(number(row["baseDecimalPlaces"]))
        definitions.append(
            Instrument(
                instrument=f"{row['symbol']}.VALR",
                base=row["baseCurrency"],
                quote=row["quoteCurrency"],
                price_scale=max(0, -int(tick.normalize().as_tuple().exponent)),
                size_scale=decimals,
                tick=tick,
                lot=Decimal(1).scaleb(-decimals),
                min_quantity=number(row["minBaseAmount"]),
                min_notional=number(row["minQuoteAmount"]),
                maker_fee=number(ask.maker_fee),
                taker_fee=number(ask.taker_fee),
                valid_from=ask.valid_from,
            )
        )
    return definitions
