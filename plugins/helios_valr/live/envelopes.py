"""Frames that are no message of the stream: answers of REST in an envelope, and what this side measured or did.

An answer of REST is one line of JSON and, below it, the body as it came:

    {"path":"/v1/public/BTCZAR/buckets?…","status":200,"sent":1790133597000000000}
    [{"currencyPairSymbol":"BTCZAR", …

What happens at this end (a line opened, a measurement) is one JSON object with an `edge` field.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from helios_valr.errors import WireError

REST, EDGE = "valr.rest", "valr.edge"
"""The connections on which answers and what is measured are recorded; a line of the stream has a name of its own."""


Stamp = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
"""A time in ns UTC."""


class Head(msgspec.Struct, frozen=True):
    """What was asked (path and query), the status of the answer, and when it was asked (ns UTC)."""

    path: str
    status: int
    sent: Stamp


class Edge(msgspec.Struct, frozen=True, tag_field="edge"):
    """Something that this side knows and no frame of VALR says."""


class Began(Edge, frozen=True, tag="began"):
    """A connection begins: its pairs, and from when on (ns UTC) bars and trades of a pair are wanted.

    The bars of pairs in `checked` are wanted by nobody: they are asked for to hold trades against. What was under way
    for longer than `lag` (ns; 0: no limit) is told to be late before it is told itself.
    """

    pairs: tuple[str, ...]
    bars: dict[str, Stamp]
    trades: dict[str, Stamp]
    checked: tuple[str, ...] = ()
    lag: Stamp = 0


class Opened(Edge, frozen=True, tag="opened"):
    """A line of the stream is up and subscribes to these books and the trades of these pairs."""

    line: str
    event: str
    books: tuple[str, ...] = ()
    trades: tuple[str, ...] = ()


class Active(Edge, frozen=True, tag="active"):
    """From now on this line is the one that is listened to."""

    line: str


class Closed(Edge, frozen=True, tag="closed"):
    """A line is down."""

    line: str
    reason: str = ""


class Measured(Edge, frozen=True, tag="health"):
    """A measurement, as `Health` has it; `channel` is what it was measured on, for people."""

    subject: str
    kind: str
    value: float
    channel: str = ""


class Unanswered(Edge, frozen=True, tag="unanswered"):
    """VALR does not say how it is: its status could not be had, for this reason."""

    reason: str


Told = Began | Opened | Active | Closed | Measured | Unanswered
_heads = msgspec.json.Decoder(Head)
_edges: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def envelope(path: str, status: int, sent: int, body: bytes) -> bytes:
    """An answer of REST as a frame."""
    return msgspec.json.encode(Head(path, status, sent)) + b"\n" + body


def opened(raw: bytes) -> tuple[Head, bytes]:
    """What an envelope says, and the body in it; WireError if it is none."""
    line, _, body = raw.partition(b"\n")
    try:
        return _heads.decode(line), body
    except (ValueError, RecursionError) as error:
        raise WireError(f"envelope: {error}; found {raw[:80]!r}") from None


def edge(told: Told) -> bytes:
    """Something of this side as a frame."""
    return msgspec.json.encode(told)


def read_edge(raw: bytes) -> Told:
    """What a frame of this side says; WireError if it is none."""
    try:
        return _edges.decode(raw)
    except (ValueError, RecursionError) as error:
        raise WireError(f"edge: {error}; found {raw[:80]!r}") from None
