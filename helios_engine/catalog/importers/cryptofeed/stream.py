"""The rows of one stream as a venue's reader finds them: gathered by kind and symbol, measured, handed on in blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import decimals
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.cryptofeed.lines import Line, check_time
from helios_engine.catalog.manifest import Issue
from helios_engine.errors import ConfigError

_BLOCK = 100_000
_MS = 10**6
Level = tuple[int, str, str]
"""A level of a book: side (1 bid, -1 ask), price, quantity as text; quantity 0 removes it."""
Who = Callable[[str], Symbol | Instrument | None]


class Terms(NamedTuple):
    """How a venue's rows are to be understood.

    `who` names an instrument by the venue's symbol, None where its currencies are not known. `contracts` says what a
    quantity of a symbol counts, if it is not the base currency. `exponents` admits 1e-8, as JSON writes numbers.
    """

    who: Who
    contracts: Callable[[str], str]
    exponents: bool


class Stream:
    """Where a reader puts what it finds in the line at hand; `blocks` and `finish` hand it on."""

    def __init__(self, source: Source, ask: Ask, terms: Terms) -> None:
        self.source, self.terms = source, terms
        self.ts, self.place = 0, source.name
        self._ask, self._offset = ask, ask.clock_offset or 0
        self._rows: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        self._firsts: dict[tuple[str, str], int] = {}
        self._waiting = 0
        self._first_ts, self._latency = 0, Latency()
        self._unread, self._unnamed = Counter[str](), Counter[str]()
        self._issues: list[Issue] = []

    def at(self, line: Line) -> None:
        """Go on to a line."""
        self.ts, self.place = line.received + self._offset, line.place
        self._first_ts = self._first_ts or self.ts

    def trade(self, symbol: str, event: int, price: str, quantity: str, side: int, trade_id: str) -> None:
        """A trade that the venue dates `event` (ns)."""
        self.measure(event)
        self._add("trades", symbol, (self.ts, event, _text(price), _text(quantity), side, _text(trade_id), self.place))

    def quote(
        self, symbol: str, event: int | None, bid: str, ask: str, bid_quantity: str = "0", ask_quantity: str = "0"
    ) -> None:
        """The best bid and ask; one with an empty side is counted, as a quote has two."""
        if not _is_price(bid) or not _is_price(ask):
            self.unread("quotes of an empty side")
            return
        if event is not None:
            self.measure(event)
        cells = (_text(bid), _text(ask), _text(bid_quantity), _text(ask_quantity))
        self._add("quotes", symbol, (self.ts, self.ts if event is None else event, *cells, self.place))

    def levels(self, symbol: str, event: int | None, sequence: int, levels: Iterable[Level], *, snapshot: bool) -> None:
        """A message of book levels; an empty snapshot is one row of no side."""
        if event is not None:
            self.measure(event)
        self.levels_at(self.ts, self.place, symbol, event, sequence, levels, snapshot=snapshot)

    def levels_at(
        self, ts: int, place: str, symbol: str, event: int | None, sequence: int, levels: Iterable[Level], *,
        snapshot: bool,
    ) -> None:  # fmt: skip
        """Levels that are known at another time, and stand in another place, than the line at hand."""
        found = list(levels) or ([(0, "0", "0")] if snapshot else [])
        for side, price, quantity in found:
            cells = (side, _text(price), _text(quantity))
            self._add("books", symbol, (ts, ts if event is None else event, sequence, snapshot, *cells, place))

    def measure(self, event: int) -> None:
        """Compare a venue's time with that of receipt."""
        check_time(event, self.place)
        self._latency.take(self.ts - event, self.place)

    def unread(self, what: str, count: int = 1) -> None:
        """Count something that is not kept."""
        self._unread[what] += count

    def report(self, kind: str, severity: str, detail: str, ts: int) -> None:
        """A doubt about what was read at `ts`."""
        self._issues.append(_issue(kind, severity, detail, ts, ts + 1))

    def blocks(self) -> Iterator[Rows]:
        """What there is, once it is much. A row of each is kept back, to carry what is found by the end."""
        if self._waiting >= _BLOCK:
            for key, found in self._rows.items():
                if len(found) > 1:
                    self._rows[key] = found[-1:]
                    yield self._made(key, found[:-1])
            self._waiting = 0

    def finish(self) -> tuple[list[Rows], list[Issue]]:
        """The rest, with what is to be said of each, and what is to be said of the file.

        Raises ConfigError if anything was received before the venue made it.
        """
        self._latency.check(self.source.name, self._offset)
        made = []
        for key, found in self._rows.items():
            contracts = self.terms.contracts(key[1])
            said = f"quantities are {contracts}, not an amount of the base currency"
            about = [_issue("contracts", "warn", said, self._firsts[key], found[-1][0] + 1)] if contracts else []
            made.append(self._made(key, found)._replace(issues=about))
        span = (self._first_ts, self.ts + 1)
        if self._unnamed:
            names = ", ".join(f"{name} ({count:,})" for name, count in sorted(self._unnamed.items()))
            add = f"{self.source.name.split('.')[0]}.0.gz"
            said = f"{self.source.name}: rows were left out, as their currencies are not known; add {add}: {names}"
            self._issues.append(_issue("left_out", "warn", said, *span))
        if self._unread:
            names = ", ".join(f"{count:,} {name}" for name, count in sorted(self._unread.items()))
            self._issues.append(_issue("left_out", "info", f"{self.source.name}: not kept: {names}", *span))
        return made, self._issues

    def _add(self, kind: str, symbol: str, row: tuple[Any, ...]) -> None:
        if self._ask.kind not in (None, kind):
            self.unread(kind)
        elif self.terms.who(symbol) is None:
            self._unnamed[symbol] += 1
        else:
            self._firsts.setdefault((kind, symbol), row[0])
            self._rows.setdefault((kind, symbol), []).append(row)
            self._waiting += 1

    def _made(self, key: tuple[str, str], found: Sequence[tuple[Any, ...]]) -> Rows:
        kind, symbol = key
        who = self.terms.who(symbol)
        assert who is not None
        *cells, places = zip(*found, strict=True)
        block = _Block(self.source, who, cells, places, self._offset, self.terms.exponents or self._ask.allow_exponent)
        return {"trades": block.trades, "quotes": block.quotes, "books": block.books}[kind]()


class Latency:
    """How long messages were under way, by two clocks."""

    def __init__(self) -> None:
        self._low = self._high = 0
        self._worst = ""

    def take(self, length: int, place: str) -> None:
        """One message's time under way (ns)."""
        if not self._worst or length < self._low:
            self._low, self._worst = length, place
        self._high = max(self._high, length)

    def check(self, name: str, offset: int) -> None:
        """ConfigError if one arrived before it was made, with the offset (ns) that was given."""
        if self._low < 0:
            span = f"{self._low / _MS:+,.3f} to {self._high / _MS:+,.3f} ms"
            so_far = f", with the clock offset of {offset / _MS:g} ms" if offset else ""
            raise ConfigError(
                f"{name}: messages were received {span} after the venue made them{so_far}, the first of these at "
                f"{self._worst}: the recording's clock was behind the venue's; move the times of receipt by "
                f"--clock-offset {-((self._low - offset) // _MS)}ms or more"
            )


class _Block(NamedTuple):
    """Cells of text of one kind and symbol, column by column."""

    source: Source
    who: Symbol | Instrument
    cells: Sequence[Sequence[Any]]
    places: Sequence[str]
    offset: int
    exponents: bool

    def trades(self) -> Rows:
        ts, event, price, quantity, side, ids = self.cells
        found = {"price": self._number("price", price), "quantity": self._number("quantity", quantity)}
        made = (self.source, _symbol(self.who), _ns(ts), _ns(event), found, pa.array(side, pa.int8()), list(ids))
        return rows.trades(*made, self.where, clock_offset=self.offset)._replace(symbol=self.who)

    def quotes(self) -> Rows:
        ts, event, *cells = self.cells
        names = ("bid", "ask", "bid_quantity", "ask_quantity")
        found = {name: self._number(name, column) for name, column in zip(names, cells, strict=True)}
        made = (self.source, _symbol(self.who), _ns(ts), _ns(event), found)
        return rows.quotes(*made, self.where, clock_offset=self.offset)._replace(symbol=self.who)

    def books(self) -> Rows:
        ts, event, sequence, snapshot, side, price, quantity = self.cells
        columns = {
            "ts": _ns(ts),
            "ts_event": _ns(event),
            "sequence": _ns(sequence),
            "snapshot": pa.array(snapshot, pa.bool_()),
            "side": pa.array(side, pa.int8()),
        }
        found = {"price": self._number("price", price), "quantity": self._number("quantity", quantity)}
        made = rows.books(self.source, _symbol(self.who), columns, found, self.where, clock_offset=self.offset)
        return made._replace(symbol=self.who)

    def where(self, row: int) -> str:
        return self.places[row]

    def _number(self, name: str, column: Sequence[str]) -> Number:
        limit = decimals.WHOLE if name.endswith("quantity") else decimals.EXACT
        return decimals.parse(
            pa.array(column, pa.string()), name, self.where, allow_exponent=self.exponents, limit=limit
        )


def _symbol(who: Symbol | Instrument) -> Symbol:
    return who if isinstance(who, Symbol) else Symbol(*who.instrument.rpartition(".")[::2])


def _ns(values: Sequence[int]) -> Any:
    return np.array(values, np.int64)


def _text(cell: object) -> str:
    if not isinstance(cell, str):
        raise TypeError(f"found {cell!r}, expected a number or text")
    return cell


def _is_price(cell: object) -> bool:
    """Whether there is a price at all: none, nothing and 0 mean that a side is empty."""
    return cell is not None and bool(_text(cell).strip("0."))


def _issue(kind: str, severity: str, detail: str, begin: int, end: int) -> Issue:
    return Issue(kind=kind, severity=severity, ts_from=begin, ts_to=end, detail=detail, origin="import")


__all__ = ["Latency", "Level", "Stream", "Terms"]
