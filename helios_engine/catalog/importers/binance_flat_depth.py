"""Depth differences and snapshots of Binance as CSV, one level a row, put together to messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers import reading
from helios_engine.catalog.importers.binance_capture_book import Update
from helios_engine.catalog.importers.contract import Ask, Source
from helios_engine.catalog.importers.tick_columns import Clock, flags, only, whole
from helios_engine.catalog.truths import Where, refuse
from helios_engine.errors import DataError


class Depth(NamedTuple):
    """A layout: its columns by meaning, the words of its two sides, and how a snapshot shows.

    Without `event` or `first` a row has no exchange time or range of ids; `kind` is a column whose word
    `snapshot` marks the levels of one, and an empty `kind` means that all (`snapshot` yes) or none are.
    """

    columns: Mapping[str, str]
    bid: str
    ask: str
    kind: str = ""
    snapshot: str = ""


DIFFERENCES = Depth(
    {
        "ts": "TimestampOfReceive", "event": "EventTime", "symbol": "Symbol", "first": "FirstUpdateId",
        "last": "FinalUpdateId", "side": "IsAsk", "price": "Price", "quantity": "Quantity",
    },
    "0", "1",
)  # fmt: skip
SNAPSHOTS = Depth(
    {"ts": "TimestampOfReceive", "last": "LastUpdateId", "side": "IsAsk", "price": "Price", "quantity": "Quantity"},
    "0", "1", "", "yes",
)  # fmt: skip
FUTURES = Depth(
    {
        "ts": "timestamp", "event": "timestamp", "symbol": "symbol", "first": "first_update_id",
        "last": "last_update_id", "side": "side", "price": "price", "quantity": "qty", "previous": "pu",
    },
    "b", "a", "update_type", "snap",
)  # fmt: skip


def updates(source: Source, depth: Depth, symbol: str, skip: int, ask: Ask) -> Iterator[Update]:
    """The messages of a file in its order; rows that follow each other with the same time and ids are one.

    Raises DataError with the line for ids, sides and times that are none, and for times that go backwards.
    """
    waiting: Update | None = None
    clock = Clock(ask)
    for table, where in reading.blocks(source, None, skip=skip):
        first_line = int(where(0).rpartition(":")[2])
        if "symbol" in depth.columns:
            only(table, depth.columns["symbol"], symbol, where)
        for update in _messages(source, depth, table, where, first_line, clock):
            if waiting is not None and _key(update) == _key(waiting):
                waiting = waiting._replace(bids=waiting.bids + update.bids, asks=waiting.asks + update.asks)
                continue
            if waiting is not None:
                if update.ts < waiting.ts:
                    raise DataError(
                        f"{update.place}: the time is before that of the message above, at {waiting.place}; "
                        "put the file in the order in which it was received"
                    )
                yield waiting
            waiting = update
    if waiting is not None:
        yield waiting


def _messages(
    source: Source, depth: Depth, table: pa.Table, where: Where, first_line: int, clock: Clock
) -> Iterator[Update]:
    name = depth.columns
    event = clock.times(table, name["event"], where) if "event" in name else None
    ts = clock.received(table, name["ts"], event, where)
    event = ts if event is None else event
    last = whole(table, name["last"], where)
    first = whole(table, name["first"], where) if "first" in name else last
    previous = whole(table, name["previous"], where) if "previous" in name else np.full(len(ts), -1)
    is_snapshot = np.full(len(ts), depth.kind == "" and depth.snapshot != "")
    if depth.kind:
        is_snapshot = flags(table, depth.kind, depth.snapshot, "set", where)
    is_bid = flags(table, name["side"], depth.bid, depth.ask, where)
    refuse(first > last, where, lambda row: f"the first update id {first[row]} is above the last, {last[row]}")
    columns = (ts, event, first, last, previous, is_snapshot)
    new = np.zeros(len(ts), bool)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    prices, quantities = (flat(table[name[n]]).to_pylist() for n in ("price", "quantity"))
    levels, bids = list(zip(prices, quantities, strict=True)), is_bid.tolist()
    starts = np.flatnonzero(new).tolist()
    heads = zip(*(column[starts].tolist() for column in columns), strict=True)
    for begin, end, (when, sent, low, high, before, full) in zip(
        starts, [*starts[1:], len(levels)], heads, strict=True
    ):
        found = list(zip(levels[begin:end], bids[begin:end], strict=True))
        below, above = [level for level, is_one in found if is_one], [level for level, is_one in found if not is_one]
        yield Update(when, sent, low, high, before, below, above, first_line + begin, source.name, full)


def _key(update: Update) -> tuple[Any, ...]:
    return (*update[:5], update.snapshot)
