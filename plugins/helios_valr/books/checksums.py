"""The CRC32 of both feeds that have one: the best of both sides in turn, a bid first, joined by colons.

With fewer entries on one side than on the other, the rest of the longer side follows. VALR does not say so; all
frames seen have 25 entries a side.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice, zip_longest
from zlib import crc32

BEST = 25
"""How many entries of a side go into a checksum."""


def checksum(bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]]) -> int:
    """Unsigned CRC32 of `first:second` of the best 25 bids and asks in turn, as text from the wire.

    Entries are `(order id, quantity)` of single orders in the L3 feed and `(price, quantity)` of levels in L1.
    """
    turns = zip_longest(islice(bids, BEST), islice(asks, BEST))
    return crc32(":".join(chain.from_iterable(entry for pair in turns for entry in pair if entry)).encode())
