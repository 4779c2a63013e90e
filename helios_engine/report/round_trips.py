"""Round trips: from flat to flat, at average cost, with what they earned after fees.

A fill that crosses zero ends one trip and opens the next; its fee is shared by quantity. A fee in
the base currency changes the position, as it does in the account, and costs fee times price.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from helios_engine.errors import JournalError
from helios_engine.report.valuation import Valuation

ZERO = Decimal(0)


class Trip(NamedTuple):
    """One round trip; times in ns UTC, prices and money in the instrument's quote `currency`.

    `entry_price` and `exit_price` are averages over all entries and exits. `quantity` is all that
    was entered and `open_quantity` what is still held: 0 once the trip is closed. While it is open,
    `exit_ts` is None, and `gross` and `fees` are what has been realised and paid so far.
    `net` = `gross` − `fees`; `rate` is the report currency's price of the quote currency at the end. `mae` and `mfe`
    are the largest moves against and for the trip, fractions of `entry_price` (see `excursions`).
    """

    entry_ts: int
    exit_ts: int | None
    instrument: str
    side: str
    quantity: float
    open_quantity: float
    entry_price: float
    exit_price: float | None
    gross: float
    fees: float
    net: float
    duration: int
    fills: int
    currency: str
    rate: float
    is_open: bool
    mae: float | None = None
    mfe: float | None = None


class Leg(NamedTuple):
    """One fill as the report sees it: `value` and `fee` in the report currency, NaN without a rate."""

    ts: int
    instrument: str
    side: str
    quantity: float
    price: float
    value: float
    fee: float
    role: str


_I, _F, _S = pa.int64(), pa.float64(), pa.string()
TRADES = pa.schema(
    [
        *(("entry_ts", _I), ("exit_ts", _I), ("instrument", _S), ("side", _S), ("quantity", _F)),
        *(("open_quantity", _F), ("entry_price", _F), ("exit_price", _F), ("gross", _F), ("fees", _F)),
        *(("net", _F), ("duration", _I), ("fills", _I), ("currency", _S), ("rate", _F), ("is_open", pa.bool_())),
        *(("mae", _F), ("mfe", _F)),
    ]
)
LEGS = pa.schema(
    [
        *(("ts", _I), ("instrument", _S), ("side", _S), ("quantity", _F)),
        *(("price", _F), ("value", _F), ("fee", _F), ("role", _S)),
    ]
)


def round_trips(fills: pd.DataFrame, valuation: Valuation, end: int) -> tuple[list[Trip], list[Leg]]:
    """Trips in order of their end, open ones last, and a leg for every fill.

    `fills` has the columns of fills.parquet and a UTC index; `end` (ns UTC) ends what is still open.
    JournalError if a fill's instrument was never defined.
    """
    books: dict[str, _Book] = {}
    closed: list[Trip] = []
    legs: list[Leg] = []
    times = pd.DatetimeIndex(fills.index).asi8.tolist()
    columns = (fills[name].tolist() for name in ("instrument", "side", "quantity", "price", "fee", "fee_currency"))
    for ts, instrument, side, quantity, price, fee, money in zip(times, *columns, strict=True):
        if instrument not in books:
            books[instrument] = _Book(instrument, *_pair(valuation, instrument))
        book = books[instrument]
        rate = valuation.rate(book.quote, ts)
        paid = _in_quote(fee, money, book, price, rate, valuation.rate(money, ts) if fee else 0.0)
        eaten = _exact(fee) if money == book.base else ZERO
        change = _exact(quantity) * (1 if side == "BUY" else -1) - eaten
        role = book.role(change)
        closed += [trip._replace(rate=rate) for trip in book.fill(ts, change, price, paid)]
        legs.append(Leg(ts, instrument, side, quantity, price, quantity * price * rate, paid * rate, role))
    still = [book.trip(None, end, valuation.rate(book.quote, end)) for book in books.values() if book.held]
    return closed + sorted(still, key=lambda trip: trip.entry_ts), legs


class _Book:
    """The running trip of one instrument."""

    def __init__(self, instrument: str, base: str, quote: str) -> None:
        self.instrument, self.base, self.quote = instrument, base, quote
        self.held = ZERO
        self._begin(0)

    def role(self, change: Decimal) -> str:
        """What a change of the position is: an entry, an exit, or a flip through zero."""
        if self.held * change >= 0:
            return "entry"
        return "flip" if abs(change) > abs(self.held) else "exit"

    def fill(self, ts: int, change: Decimal, price: float, fee: float) -> list[Trip]:
        """Book a signed change of the position; return the trip it closes, if any."""
        if self.held * change >= 0:
            self._enter(ts, change, price, fee)
            return []
        leaving = min(abs(change), abs(self.held))
        share = float(leaving / abs(change))
        self._leave(leaving, price, fee * share)
        rest = change + (leaving if change < 0 else -leaving)
        if self.held:
            return []
        trip = self.trip(ts, ts, math.nan)
        self._begin(ts)
        if rest:
            self._enter(ts, rest, price, fee * (1 - share))
        return [trip]

    def trip(self, exit_ts: int | None, end: int, rate: float) -> Trip:
        """The trip so far, ended at `exit_ts` or still open at `end`."""
        gross = float(self._gross)
        return Trip(
            entry_ts=self._start,
            exit_ts=exit_ts,
            instrument=self.instrument,
            side=self._side,
            quantity=float(self._entered),
            open_quantity=float(abs(self.held)),
            entry_price=float(self._paid / self._entered),
            exit_price=float(self._got / self._left) if self._left else None,
            gross=gross,
            fees=self._fees,
            net=gross - self._fees,
            duration=end - self._start,
            fills=self._fills,
            currency=self.quote,
            rate=rate,
            is_open=exit_ts is None,
        )

    def _begin(self, ts: int) -> None:
        self._start, self._side, self._fills, self._fees = ts, "", 0, 0.0
        self._entered = self._paid = self._left = self._got = self._gross = self._average = ZERO

    def _enter(self, ts: int, change: Decimal, price: float, fee: float) -> None:
        if not self.held:
            self._begin(ts)
            self._side = "LONG" if change > 0 else "SHORT"
        size, before, cost = abs(change), abs(self.held), _exact(price)
        if before + size:
            self._average = (self._average * before + cost * size) / (before + size)
        self.held += change
        self._entered += size
        self._paid += cost * size
        self._fees += fee
        self._fills += 1

    def _leave(self, size: Decimal, price: float, fee: float) -> None:
        sign = 1 if self.held > 0 else -1
        cost = _exact(price)
        self._gross += sign * size * (cost - self._average)
        self.held -= sign * size
        self._left += size
        self._got += cost * size
        self._fees += fee
        self._fills += 1


def _in_quote(fee: float, money: str, book: _Book, price: float, quote_rate: float, fee_rate: float) -> float:
    if money == book.quote or not fee:
        return fee
    return fee * price if money == book.base else fee * fee_rate / quote_rate


def _pair(valuation: Valuation, instrument: str) -> tuple[str, str]:
    try:
        return valuation.pair(instrument)
    except KeyError:
        raise JournalError(
            f"fills.parquet has a fill of {instrument}, which the run's instruments do not define; "
            "was the file taken from another run?"
        ) from None


def _exact(number: float) -> Decimal:
    # The shortest decimal that reads back as this float is what the venue printed.
    return Decimal(repr(number))


def table(rows: list[Any], schema: pa.Schema) -> pa.Table:
    """Trips or legs as an Arrow table."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
