"""Lines of a raw Binance capture: `<local receive time, ns> <JSON>`, decoded into typed messages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Annotated

import msgspec

from helios_engine.catalog.importers.contract import Source
from helios_engine.errors import DataError

Count = Annotated[int, msgspec.Meta(ge=-1, le=2**62)]
Milliseconds = Annotated[int, msgspec.Meta(ge=31_536_000_000, le=4_102_444_800_000)]
Levels = list[tuple[str, str]]
SPOT, USDM, COINM = "BINANCE", "BINANCE_USDM", "BINANCE_COINM"
KINDS = ("depth", "trade", "bookTicker")
_DIGITS = 19
"""Nanoseconds since 1970 have 19 digits from 2001 to 2286."""


class Message(msgspec.Struct, gc=False):
    """The content of a depth, trade or bookTicker message; what a message has not is -1, 0 or empty."""

    symbol: str = msgspec.field(name="s")
    sent: Milliseconds = msgspec.field(name="E", default=0)
    happened: Milliseconds = msgspec.field(name="T", default=0)
    first: Count = msgspec.field(name="U", default=-1)
    last: Count = msgspec.field(name="u", default=-1)
    previous: Count = msgspec.field(name="pu", default=-1)
    bids: Levels | str = msgspec.field(name="b", default="")
    asks: Levels | str = msgspec.field(name="a", default="")
    bid_quantity: str = msgspec.field(name="B", default="")
    ask_quantity: str = msgspec.field(name="A", default="")
    trade: Count = msgspec.field(name="t", default=-1)
    price: str = msgspec.field(name="p", default="")
    quantity: str = msgspec.field(name="q", default="")
    buyer_is_maker: bool | None = msgspec.field(name="m", default=None)
    type: str = msgspec.field(name="X", default="")


class Line(msgspec.Struct, gc=False):
    """A line: a stream's message, or a depth snapshot as the REST interface gives it, without a stream."""

    stream: str = ""
    data: Message | None = None
    last_update: Count = msgspec.field(name="lastUpdateId", default=-1)
    bids: Levels | None = None
    asks: Levels | None = None
    sent: Milliseconds = msgspec.field(name="E", default=0)
    happened: Milliseconds = msgspec.field(name="T", default=0)
    symbol: str = ""


class _Loose(msgspec.Struct):
    stream: str = ""
    id: int | str | None = None


_decode = msgspec.json.Decoder(Line).decode
_decode_loose = msgspec.json.Decoder(_Loose).decode


def lines(source: Source) -> Iterator[tuple[int, int, Line]]:
    """Line number, receive time (ns) and content; other streams and replies to subscriptions come without data.

    Raises DataError with the line for one that is cut or of another form.
    """
    for number, received, text in stamped(source):
        try:
            found = _decode(text)
            if (found.data is None or not found.stream) and found.last_update < 0:
                found = _other(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            try:
                found = _other(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                said = f"not a message of Binance: {error}; is the file whole?"
                raise DataError(f"{source.name}:{number}: {said}") from None
        yield number, received, found


def stamped(source: Source) -> Iterator[tuple[int, int, bytes]]:
    """Line number, receive time (ns) and the text behind it; DataError for a line that has none."""
    for number, line in numbered_lines(source):
        stamp, _, text = line.partition(b" ")
        if len(stamp) != _DIGITS or not stamp.isdigit() or stamp > b"4102444800000000000":
            raise DataError(
                f"{source.name}:{number}: expected a receive time in ns (19 digits), a space and JSON, "
                f"found {line[:40]!r}"
            )
        yield number, int(stamp), text


def numbered_lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, as they are."""
    with source.open() as file, io.BufferedReader(file, 1 << 20) as reader:  # type: ignore[type-var]
        yield from enumerate(reader, 1)


def kind_of(stream: str) -> str:
    """`btcusdt@depth@100ms` is of kind `depth`."""
    return stream.partition("@")[2].partition("@")[0]


def venue_of(message: Message) -> str:
    """The market a message comes from: each has fields that the others have not, and COIN-M has symbols of its own."""
    if is_coinm(message.symbol):
        return COINM
    if message.price:
        return USDM if message.type else SPOT
    if message.first >= 0:
        return USDM if message.previous >= 0 else SPOT
    return USDM if message.sent else SPOT


def is_coinm(symbol: str) -> bool:
    """Whether a symbol is one of COIN-M, such as BTCUSD_PERP; BTCUSDT_240927 is one of USD-M."""
    return "USD_" in symbol


def lack(kind: str, message: Message) -> str:
    """What a message of a kind ought to have and has not; empty if it is whole."""
    if kind == "depth":
        whole = min(message.first, message.last) >= 0 and message.sent and message.first <= message.last
        levels = isinstance(message.bids, list) and isinstance(message.asks, list)
        return "" if whole and levels else "E, U, u (not below U) and lists b and a"
    if kind == "trade":
        whole = message.trade >= 0 and message.sent and message.happened and message.buyer_is_maker is not None
        return "" if whole and message.price else "E, T, t, p, q and m"
    texts = isinstance(message.bids, str) and isinstance(message.asks, str)
    return "" if texts and message.bids and message.asks and bool(message.sent) >= bool(message.happened) else "b and a"


def _other(text: bytes) -> Line:
    """A message of another stream, or the reply to a subscription; DecodeError for anything else."""
    loose = _decode_loose(text)
    if kind_of(loose.stream) in KINDS or not (loose.stream or loose.id is not None):
        raise msgspec.ValidationError("neither a stream with data nor a depth snapshot")
    return Line(loose.stream)
