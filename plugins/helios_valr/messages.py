"""Every public message of VALR's streams, typed; one frame in, one message out.

`read` is strict: a frame of a known type either is wholly what VALR says it sends or is refused. A type that is
not known here (a new one, or one of an account) comes back as `Other`, with the frame as it was.
"""

from __future__ import annotations

from typing import Any

import msgspec

from helios_valr.errors import WireError
from helios_valr.fields import Word, hook
from helios_valr.frames import (
    AggregatedBook,
    AllowedOrderTypes,
    DepthBook,
    FullBook,
    L1Book,
    MarkPriceUpdate,
    Message,
    NewBucket,
    NewTrade,
    Note,
    Other,
    Settled,
    Summary,
)

LARGEST = 16 * 2**20
"""Bytes of a frame; the largest ever seen, a whole L3 book, has 0.4 MB."""
DEPTHS = (1, 5, 10, 20, 40, 60, 80)
"""Levels that a depth snapshot can have."""

_NOTES = (
    "AUTHENTICATED", "ERROR", "PONG", "RATE_LIMIT_EXCEEDED", "SUBSCRIBED", "UNSUBSCRIBED", "UNSUPPORTED",
)  # fmt: skip
KINDS: dict[str, type[Message]] = {
    "AGGREGATED_ORDERBOOK_UPDATE": AggregatedBook,
    "ALLOWED_ORDER_TYPES_UPDATED": AllowedOrderTypes,
    "FULL_ORDERBOOK_SNAPSHOT": FullBook,
    "FULL_ORDERBOOK_UPDATE": FullBook,
    "FUNDING_RUN_COMPLETED": Settled,
    "MARKET_SUMMARY_UPDATE": Summary,
    "MARK_PRICE_UPDATE": MarkPriceUpdate,
    "NEW_TRADE": NewTrade,
    "NEW_TRADE_BUCKET": NewBucket,
    "OB_L1_DIFF": L1Book,
    "OB_L1_SNAPSHOT": L1Book,
    "PNL_RUN_COMPLETED": Settled,
    **{f"OB_L1_D{depth}_SNAPSHOT": DepthBook for depth in DEPTHS},
    **dict.fromkeys(_NOTES, Note),
}
"""Every type of message that is known, and what it is read into."""


class _Head(msgspec.Struct, frozen=True):
    type: Word


_HEAD = msgspec.json.Decoder(_Head)
_DECODERS = {name: msgspec.json.Decoder(kind, dec_hook=hook) for name, kind in KINDS.items()}


def as_bytes(frame: bytes | str) -> bytes:
    """A frame as it came over the line."""
    return frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else bytes(frame)


def read(frame: bytes | str) -> Message:
    """The message of a frame; WireError says which field is wrong."""
    raw = as_bytes(frame)
    if len(raw) > LARGEST:
        raise WireError(f"a frame of {len(raw)} bytes; expected at most {LARGEST}")
    head = _decoded(_HEAD, raw, "a frame")
    decoder = _DECODERS.get(head.type)
    return Other(head.type, raw) if decoder is None else _decoded(decoder, raw, head.type)


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{what}: {error}; found {raw[:80]!r}") from None
