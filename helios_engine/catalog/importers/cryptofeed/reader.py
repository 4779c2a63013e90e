"""What a venue's module offers, and what the parts of it share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from helios_engine.catalog.importers.cryptofeed.stream import Level, Stream, text_of

SIDES = {"buy": 1, "sell": -1, "Buy": 1, "Sell": -1, "b": 1, "s": -1}


class Listed(NamedTuple):
    """An instrument as a venue's own list has it, its numbers as text.

    An empty tick or lot is not stated. `contracts` says what a quantity counts if it is not the base currency.
    `listed` and `delisted` are ns, 0 for not known and not yet.
    """

    symbol: str
    base: str
    quote: str
    tick: str = ""
    lot: str = ""
    min_quantity: str = "0"
    min_notional: str = "0"
    maker_fee: str = "0"
    taker_fee: str = "0"
    contracts: str = ""
    listed: int = 0
    delisted: int = 0


class Start(NamedTuple):
    """A book as REST answered it, which a stream's changes go on from; `event` is the venue's time, if it gave one."""

    place: str
    ts: int
    event: int | None
    sequence: int
    levels: Sequence[Level]


class Reader:
    """Reads the messages of one stream; a venue's own is below it."""

    def __init__(self, out: Stream, starts: Mapping[str, Sequence[Start]]) -> None:
        self.out, self.starts = out, starts
        self.known: set[str] = set()

    def connected(self) -> None:
        """A connection was opened: what the one before said of books and channels no longer counts."""
        self.known.clear()

    def book(self, symbol: str, event: int | None, sequence: int, levels: Iterable[Level], *, snapshot: bool) -> None:
        """Levels of a book that its stream begins with a snapshot; changes before that are counted."""
        if snapshot:
            self.known.add(symbol)
        if symbol in self.known:
            self.out.levels(symbol, event, sequence, levels, snapshot=snapshot)
        else:
            self.out.unread(f"changes of a book not known ({symbol})")

    def take(self, message: Any) -> None:
        """One received message; errors of form are raised as they come (KeyError, TypeError, ValueError, …)."""
        raise NotImplementedError

    def finish(self) -> None:
        """The stream is at its end."""


class Follower:
    """Checks that the numbers of a book's changes are complete; after a gap only a new snapshot goes on."""

    def __init__(self, out: Stream) -> None:
        self._out, self._last = out, dict[str, int]()

    def start(self, symbol: str, sequence: int) -> None:
        """A snapshot with this number."""
        self._last[symbol] = sequence

    def goes_on(self, symbol: str, before: int, sequence: int) -> bool:
        """Whether a change that follows `before` can be applied; what cannot is counted and reported."""
        last = self._last.get(symbol)
        if last is None:
            self._out.unread(f"changes of a book not known ({symbol})")
            return False
        if before != last:
            gap(self._out, symbol, last, sequence)
            del self._last[symbol]
            return False
        self._last[symbol] = sequence
        return True


def gap(out: Stream, symbol: str, last: int, sequence: int) -> None:
    """Report that changes between two numbers are missing."""
    missing = f"changes are missing between {last} and {sequence}"
    said = f"{out.place}: {symbol}: {missing}; its book ends here, up to the next snapshot"
    out.report("sequence", "error", said, out.ts)


def sides(bids: Iterable[Sequence[Any]], asks: Iterable[Sequence[Any]]) -> Iterator[Level]:
    """Levels from the two lists of a book whose entries begin with price and quantity."""
    for side, entries in ((1, bids), (-1, asks)):
        for entry in entries:
            yield side, text_of(entry[0]), text_of(entry[1])


def step(decimals: str) -> str:
    """The step of numbers with so many decimals: 0.01 for 2."""
    places = int(decimals)
    return f"0.{'0' * (places - 1)}1" if places > 0 else "1"


class Venue(NamedTuple):
    """A venue: its reader, its list of instruments, and how its symbols are to be understood.

    `listed` takes the address and the body of an answer at the start. `start` takes those of a depth answer and gives
    symbol, venue's time, sequence and levels. `pair` reads the currencies of a symbol that spells them. `contracts`
    says what a quantity counts where no list says it. `exponents`: its numbers are JSON's, and may be 1e-8.
    """

    reader: type[Reader]
    listed: Callable[[str, Any], Iterator[Listed]]
    start: Callable[[str, Any], tuple[str, int | None, int, list[Level]]] | None = None
    pair: Callable[[str], tuple[str, str] | None] = lambda symbol: None
    contracts: Callable[[str], str] = lambda symbol: ""
    exponents: bool = False


def spelled(mark: str) -> Callable[[str], tuple[str, str] | None]:
    """Currencies of symbols such as ETH/CHF, which spell them with a mark between."""

    def pair(symbol: str) -> tuple[str, str] | None:
        base, found, quote = symbol.partition(mark)
        return (base, quote) if found and base and quote and mark not in quote else None

    return pair
