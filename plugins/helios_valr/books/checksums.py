"""The CRC32 of both feeds that have one: the best of both sides in turn, a bid first, joined by colons.

With fewer entries on one side than on the other, the rest of the longer side follows. VALR does not say so; all
frames seen have 25 entries a side.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from zlib import crc32

BEST = 25
"""How many entries of a side go into a checksum."""


def checksum(bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]]) -> int:
    """Unsigned CRC32 of `first:second` of the best 25 bids and asks in turn, as text from the wire.

    Entries are `(order id, quantity)` of single orders in the L3 feed and `(price, quantity)` of levels in L1.
    """
    left, right = list(islice(bids, BEST)), list(islice(asks, BEST))
    both = min(len(left), len(right))
    turns = [f"{bid}:{size}:{ask}:{other}" for (bid, size), (ask, other) in zip(left, right, strict=False)]
    rest = [f"{first}:{second}" for first, second in left[both:] or right[both:]]
    return crc32(":".join(turns + rest).encode())
