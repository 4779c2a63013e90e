"""LEAN's symbol properties database as definitions of instruments, one data set for each venue."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source
from helios_engine.catalog.importers.lean_paths import SECURITIES, future_name
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import ConfigError, DataError

_PLAIN = re.compile(r"\d{1,18}(\.\d{1,18})?")
_NOTIONAL = ("binance", "binanceus")
"""Where LEAN's `minimum_order_size` is an amount of the quote currency; elsewhere it is a quantity."""
_SCALED = ("dydx",)
"""Where `price_magnifier` converts to the venue's own integers and does not touch prices."""


class _LeftOutError(Exception):
    """A row that is no definition here, and why."""


class _Found(NamedTuple):
    definitions: list[Instrument]
    numbers: list[int]
    left_out: Counter[str]


def instruments(source: Source, ask: Ask) -> Iterator[Rows]:
    """Definitions known from --valid-from on; ConfigError without it, since the file has no dates.

    What is no crypto, has no base currency of its own or counts in contracts is left out and counted in an issue.
    """
    if ask.valid_from is None:
        raise ConfigError(f"{source.name}: it does not say since when its rows hold; add --valid-from DATE")
    if ask.instrument is not None:
        raise ConfigError(
            f"--instrument {ask.instrument}: {source.name} defines the instruments of many venues; leave it out"
        )
    venues: dict[str, _Found] = {}
    elsewhere: Counter[str] = Counter()
    for number, row in _rows(source):
        if row["type"].lower() not in SECURITIES:
            elsewhere["are no crypto"] += 1
            continue
        venue = venues.setdefault(row["market"].upper(), _Found([], [], Counter()))
        try:
            venue.definitions.append(_definition(row, ask.valid_from, f"{source.name}:{number}"))
        except _LeftOutError as reason:
            venue.left_out[str(reason)] += 1
            continue
        venue.numbers.append(number)
    venues = {name: found for name, found in venues.items() if found.definitions}
    if not venues:
        raise DataError(f"{source.name}: no row defines a crypto pair; {sum(elsewhere.values()):,} rows are no crypto")
    for name, found in sorted(venues.items()):
        left_out, elsewhere = elsewhere + found.left_out, Counter()
        block = rows.instruments(source, name, found.definitions, _where(source, found.numbers))
        yield block._replace(issues=_issues(left_out, ask.valid_from))


def _where(source: Source, numbers: list[int]) -> Where:
    return lambda row: f"{source.name}:{numbers[row]}"


def _rows(source: Source) -> Iterator[tuple[int, Mapping[str, str]]]:
    names: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(source.text().split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = _cells(line, f"{source.name}:{number}")
        if not names:
            names = cells
            continue
        if not 8 <= len(cells) <= len(names):
            raise DataError(f"{source.name}:{number}: {len(cells)} columns, expected 8 to {len(names)}")
        key = tuple(cells[:3])
        if key in seen and key[2].lower() in SECURITIES:
            raise DataError(
                f"{source.name}:{number}: {key[0]} {key[1]} is defined a second time, after line {seen[key]}"
            )
        seen[key] = number
        yield number, dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=True))


def _cells(line: str, where: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]))]
    except csv.Error as error:
        raise DataError(f"{where}: not a row of a CSV file: {error}") from None


def _definition(row: Mapping[str, str], valid_from: int, where: str) -> Instrument:
    symbol, quote, security = row["symbol"].upper(), row["quote_currency"].upper(), row["type"].lower()
    venue, base = row["market"].lower(), symbol.removesuffix(quote)
    if not quote or base in ("", symbol) or not symbol.isalnum():
        raise _LeftOutError("have no base currency: the symbol does not end in the quote currency")
    if _number(row, "contract_multiplier", where) != 1:
        raise _LeftOutError("count in contracts of another size than one unit")
    if security == "cryptofuture" and quote == "USD" and venue not in _SCALED:
        raise _LeftOutError("are coin-margined futures, which count in contracts of USD")
    if row.get("price_magnifier", "") not in ("", "1") and venue not in _SCALED:
        raise _LeftOutError("write prices in another unit than the quote currency")
    tick, lot = _number(row, "minimum_price_variation", where), _number(row, "lot_size", where)
    if not tick or not lot:
        raise DataError(f"{where}: tick {tick} and lot {lot} of {symbol} must both be above 0")
    least = _number(row, "minimum_order_size", where) if row["minimum_order_size"] else Decimal(0)
    by_worth = venue in _NOTIONAL
    return Instrument(
        instrument=f"{future_name(symbol, security)}.{venue.upper()}",
        base=base,
        quote=quote,
        price_scale=_decimals(tick),
        size_scale=_decimals(lot) if by_worth else max(_decimals(lot), _decimals(least)),
        tick=tick,
        lot=lot,
        min_quantity=Decimal(0) if by_worth else least,
        min_notional=least if by_worth else Decimal(0),
        valid_from=valid_from,
    )


def _number(row: Mapping[str, str], name: str, where: str) -> Decimal:
    if not _PLAIN.fullmatch(row[name]):
        raise DataError(f"{where}: {name} is {row[name]!r}, expected plain digits such as 0.01")
    return Decimal(row[name])


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def _issues(left_out: Counter[str], valid_from: int) -> list[Issue]:
    if not left_out:
        return []
    detail = "rows were left out: " + "; ".join(f"{count:,} {reason}" for reason, count in sorted(left_out.items()))
    return [
        Issue(
            kind="left_out", severity="info", ts_from=valid_from, ts_to=valid_from + 1, detail=detail, origin="import"
        )
    ]
