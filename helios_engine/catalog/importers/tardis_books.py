"""Books of Tardis CSVs: snapshots of so many levels a row, and changes of a level a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helios_engine.catalog.decimals import flat
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Rows, Source, Symbol
from helios_engine.catalog.importers.tick_columns import Clock, flags, sides
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError


def snapshots(source: Source, symbol: Symbol, table: pa.Table, clock: Clock, where: Where) -> Iterator[Rows]:
    """A snapshot a row, its levels side by side; empty cells are levels that a book had not."""
    event = clock.times(table, "timestamp", where)
    ts = clock.received(table, "local_timestamp", event, where)
    depth = (len(table.column_names) - 4) // 4
    names = [(side, f"{word}[{n}]") for side, word in ((1, "bids"), (-1, "asks")) for n in range(depth)]
    for _, name in names:
        for part in (".price", ".amount"):
            if name + part not in table.column_names:
                raise DataError(f"{source.name}:1: no column {name}{part} in a snapshot of {depth} levels")
    prices, amounts = (
        np.array([flat(table[name + part]).to_pylist() for _, name in names], object).T.reshape(-1)
        for part in (".price", ".amount")
    )
    there = (prices != "") | (amounts != "")
    if not there.reshape(len(ts), -1).any(axis=1).all():
        row = int((~there.reshape(len(ts), -1).any(axis=1)).argmax())
        raise DataError(f"{where(row)}: the snapshot has no levels")
    number = np.repeat(np.arange(len(ts)), len(names))[there]
    first_line = int(where(0).rpartition(":")[2])
    columns = {
        "ts": ts[number],
        "ts_event": event[number],
        "sequence": number + first_line,
        "snapshot": np.ones(len(number), bool),
        "side": np.tile(np.array([side for side, _ in names], np.int8), len(ts))[there],
    }
    yield _made(source, symbol, columns, prices[there], amounts[there], lambda row: where(int(number[row])), clock)


class Incremental:
    """Changes as they follow each other over the blocks of a file."""

    def __init__(self) -> None:
        self._message, self._last = 0, (0, False)
        self._is_known = False
        self._blind: list[int] = []

    def rows(self, source: Source, symbol: Symbol, table: pa.Table, clock: Clock, where: Where) -> Iterator[Rows]:
        """A level a row; those before the first snapshot are left out, since the book is not known yet."""
        event = clock.times(table, "timestamp", where)
        ts = clock.received(table, "local_timestamp", event, where)
        full = flags(table, "is_snapshot", "true", "false", where)
        bid = flags(table, "side", "bid", "ask", where)
        new = np.ones(len(ts), bool)
        new[1:] = (ts[1:] != ts[:-1]) | (full[1:] != full[:-1])
        new[0] = (int(ts[0]), bool(full[0])) != self._last
        self._check(ts, full, new, where)
        sequence = self._message + np.cumsum(new)
        self._message, self._last = int(sequence[-1]), (int(ts[-1]), bool(full[-1]))
        keep = np.ones(len(ts), bool) if self._is_known else np.maximum.accumulate(full)
        self._blind += ts[~keep].tolist()
        self._is_known = bool(keep[-1])
        if not self._is_known:
            if len(self._blind) > 10_000_000:
                raise DataError(f"{where(0)}: no snapshot in ten million rows; is it the file's beginning?")
            return
        issues, self._blind = _blind(self._blind), []
        lines = np.flatnonzero(keep)
        columns: dict[str, Any] = {"ts": ts, "ts_event": event, "sequence": sequence, "snapshot": full}
        columns = {name: values[keep] for name, values in columns.items()}
        columns["side"] = pc.filter(sides(bid), pa.array(keep))
        price, amount = (flat(table[name]).filter(pa.array(keep)) for name in ("price", "amount"))
        made = _made(source, symbol, columns, price, amount, lambda row: where(int(lines[row])), clock)
        yield made._replace(issues=issues)

    def _check(self, ts: Any, full: Any, new: Any, where: Where) -> None:
        """A snapshot is one message: rows of one that go on at another time could not be told from a second."""
        split = new & full
        split[1:] &= full[:-1]
        split[0] &= self._last[1]
        if split.any():
            row = int(split.argmax())
            raise DataError(
                f"{where(row)}: the rows of a snapshot have two receive times, or two snapshots follow each other "
                "without a change between them; expected one receive time a snapshot"
            )


def _made(
    source: Source, symbol: Symbol, columns: dict[str, Any], prices: Any, amounts: Any, where: Where, clock: Clock
) -> Rows:
    table = pa.table({"price": pa.array(prices, pa.string()), "amount": pa.array(amounts, pa.string())})
    found = rows.numbers(table, {"price": "price", "quantity": "amount"}, where)
    return rows.books(source, symbol, columns, found, where, clock_offset=clock.offset)


def _blind(left_out: list[int]) -> tuple[Issue, ...]:
    if not left_out:
        return ()
    detail = f"{len(left_out):,} levels before the first snapshot were left out"
    begin, end = left_out[0], left_out[-1] + 1
    return (Issue(kind="no_snapshot", severity="error", ts_from=begin, ts_to=end, detail=detail, origin="import"),)
