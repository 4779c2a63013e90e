"""The rows of one stream as a venue's reader finds them: gathered by kind and symbol, measured, handed on in blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers.contract import Ask, Rows, Source, Symbol
from helios_engine.catalog.importers.cryptofeed.block import Block
from helios_engine.catalog.importers.cryptofeed.latency import Latency
from helios_engine.catalog.importers.cryptofeed.lines import Line, check_time
from helios_engine.catalog.manifest import Issue

_BLOCK = 100_000
Level = tuple[int, str, str]
"""A level of a book: side (1 bid, -1 ask), price, quantity as text; quantity 0 removes it."""
SYMBOL = re.compile(r"[\w:./@+-]{1,80}")
"""What may be a venue's symbol."""
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
        self._add(
            "trades", symbol, (self.ts, event, text_of(price), text_of(quantity), side, text_of(trade_id), self.place)
        )

    def quote(
        self, symbol: str, event: int | None, bid: str, ask: str, bid_quantity: str = "0", ask_quantity: str = "0"
    ) -> None:
        """The best bid and ask; one with an empty side is counted, as a quote has two."""
        if not _is_price(bid) or not _is_price(ask):
            self.unread("quotes of an empty side")
            return
        if event is not None:
            self.measure(event)
        cells = (text_of(bid), text_of(ask), text_of(bid_quantity), text_of(ask_quantity))
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
        if not 0 <= sequence < 2**63:
            raise ValueError(f"the number of the message is {sequence}, expected one of 64 bits")
        for side, price, quantity in found:
            cells = (side, text_of(price), text_of(quantity))
            self._add("books", symbol, (ts, ts if event is None else event, sequence, snapshot, *cells, place))

    def measure(self, event: int) -> None:
        """Compare a venue's time with that of receipt."""
        self.measure_at(self.ts, self.place, event)

    def measure_at(self, ts: int, place: str, event: int) -> None:
        """Compare a venue's time with that of receipt in another place than the line at hand."""
        check_time(event, place)
        self._latency.take(ts - event, place)

    def unread(self, what: str, count: int = 1) -> None:
        """Count something that is not kept."""
        self._unread[str(what)[:60]] += count

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
        if not SYMBOL.fullmatch(symbol):
            raise ValueError(f"the symbol {symbol!r} is no name")
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
        block = Block(self.source, who, cells, places, self._offset, self.terms.exponents or self._ask.allow_exponent)
        return {"trades": block.trades, "quotes": block.quotes, "books": block.books}[kind]()


def text_of(cell: object) -> str:
    """A cell that is text or a number; TypeError for anything else."""
    if not isinstance(cell, str) or not cell.isascii():
        raise TypeError(f"found {cell!r}, expected a number or text")
    return cell


def _is_price(cell: object) -> bool:
    """Whether there is a price at all: none, nothing and 0 mean that a side is empty."""
    return cell is not None and bool(text_of(cell).strip("0."))


def _issue(kind: str, severity: str, detail: str, begin: int, end: int) -> Issue:
    return Issue(kind=kind, severity=severity, ts_from=begin, ts_to=end, detail=detail, origin="import")


__all__ = ["SYMBOL", "Level", "Stream", "Terms", "text_of"]
