"""The book behind the quotes, as a snapshot at each beginning and the levels that change after it.

On each side stands the best price, and behind it `levels` more on a fixed grid, so that a small move of the best
price changes few of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.catalog.generating.checks import gap_ticks, tick_units
from helios_engine.catalog.generating.flow import standing
from helios_engine.catalog.generating.path import Ints
from helios_engine.catalog.generating.world import QuotedMarket
from helios_engine.catalog.tables import SCHEMAS

Flags = NDArray[np.bool_]


class Quotes(NamedTuple):
    """The best prices (ticks) and sizes (units) after each event; `opens` marks a beginning after no data."""

    ts: Ints
    bid: Ints
    ask: Ints
    bid_quantity: Ints
    ask_quantity: Ints
    opens: Flags


class _Rows(NamedTuple):
    """Changed levels; `price` is negative for asks, so that a better price is higher on both sides."""

    event: Ints
    price: Ints
    quantity: Ints


def book(market: QuotedMarket, quotes: Quotes, latency: int, draw: np.random.Generator) -> pa.Table:
    """The table of the book; within one time levels are removed before others are set, so it never crosses."""
    bids = _side(market, quotes.bid, quotes.bid_quantity, quotes.opens, draw)
    asks = _side(market, -quotes.ask, quotes.ask_quantity, quotes.opens, draw)
    rows = _Rows(*(np.concatenate(pair) for pair in zip(bids, asks, strict=True)))
    order = np.lexsort((-rows.price, rows.price < 0, rows.quantity > 0, rows.event))
    event, price, quantity = (column[order] for column in rows)
    snapshot = quotes.opens[event]
    ts = quotes.ts[event]
    # All rows of one snapshot share a number; every other row has its own.
    sequence = np.cumsum(~snapshot | np.concatenate([[True], event[1:] != event[:-1]]))
    columns = {
        "ts": ts + latency,
        "ts_event": ts,
        "sequence": sequence,
        "snapshot": snapshot,
        "side": np.sign(price).astype(np.int8),
        "price": np.abs(price) * tick_units(market.instrument),
        "quantity": quantity,
    }
    return pa.table(columns, schema=SCHEMAS["books"])


def _side(market: QuotedMarket, best: Ints, quantity: Ints, opens: Flags, draw: np.random.Generator) -> _Rows:
    events = np.arange(best.size)
    moved = events[1:][(best[1:] != best[:-1]) & ~opens[1:]]
    changed = np.concatenate([[True], (best[1:] != best[:-1]) | (quantity[1:] != quantity[:-1])]) | opens
    left, entered = _behind(best, opens, gap_ticks(market), market.levels)
    parts = [
        _Rows(moved, best[moved - 1], np.zeros(moved.size, np.int64)),
        _Rows(left[0], left[1], np.zeros(left[0].size, np.int64)),
        _Rows(events[changed], best[changed], quantity[changed]),
        _Rows(entered[0], entered[1], standing(market, entered[0].size, draw)),
    ]
    return _Rows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _behind(best: Ints, opens: Flags, gap: int, levels: int) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """(events, prices) of the levels behind the best that leave and that enter.

    They are the `levels` multiples of `gap` next below the best; `top` is the first of them.
    """
    top = (best - 1) // gap
    # At an opening every level enters, as if the top had risen by all of them, and nothing leaves.
    before = np.concatenate([top[:1], top[:-1]])
    before = np.where(opens, top - levels, before)
    count = np.minimum(np.abs(top - before), levels)
    up = top > before
    leaves = np.where(up, before - levels + 1, before - count + 1)
    enters = np.where(up, top - count + 1, top - levels + 1)
    left = _runs(leaves, np.where(opens, 0, count))
    entered = _runs(enters, count)
    return (left[0], left[1] * gap), (entered[0], entered[1] * gap)


def _runs(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """(event, value) of `count` values from `first` on, for each event."""
    event = np.repeat(np.arange(first.size), count)
    begins = np.cumsum(count) - count
    return event, first[event] + np.arange(event.size) - begins[event]
