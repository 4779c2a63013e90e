"""The rows of one data set as they arrive from files: put in order, checked, handed to the writer."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog import truths
from helios_engine.catalog.audit import audit_drafts
from helios_engine.catalog.importers.contract import Ask, Rows
from helios_engine.catalog.importers.symbols import definition
from helios_engine.catalog.manifest import Issue, Manifest
from helios_engine.catalog.parts import rescale
from helios_engine.catalog.truths import Where
from helios_engine.catalog.writer import Writer
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import iso

_NAMED = 3


class _Gathered(NamedTuple):
    """A whole file's rows, and where each row of it stood."""

    table: pa.Table
    where: Where


class Arrival:
    """Rows on their way into one data set."""

    def __init__(self, writer: Writer, first: Rows, ask: Ask) -> None:
        self.first, self._writer, self._ask = first, writer, ask
        self.files: Counter[str] = Counter()
        self._issues: list[Issue] = []
        self._waiting: list[Rows] = []
        self._file = ""

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.files.total()

    def take(self, rows: Rows) -> None:
        """Take a block; a file that has to be put in order waits for its end."""
        if rows.clock_offset != self.first.clock_offset:
            raise DataError(f"{rows.file}: another clock offset than {self.first.file}; import them one at a time")
        if rows.file != self._file:
            self.finish()
            self._writer.fresh()
            self._file = rows.file
        self._issues += rows.issues
        if rows.order == "newest" or self._ask.sort or self._ask.drop_identical:
            self._waiting.append(rows)
        else:
            self._add(rows.table, rows.price_scale, rows.size_scale, rows.where)

    def finish(self) -> None:
        """The file is at its end: put what waits in order and pass it on."""
        if not self._waiting:
            return
        price = max(rows.price_scale for rows in self._waiting)
        size = max(rows.size_scale for rows in self._waiting)
        gathered = _gathered(self._waiting, price, size)
        table, where = self._ordered(gathered, newest=self._waiting[0].order == "newest")
        self._waiting = []
        self._add(table, price, size, where)

    def prepare(self, *, replace: bool) -> None:
        """Join the rows with those at hand and check both; DataError, ConfigError if that cannot be."""
        names = list(self.files)
        more = f", {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        self._writer.prepare(
            self._instrument(),
            source=", ".join(names[:_NAMED]) + more,
            issues=tuple(self._issues),
            replace=replace,
            clock_offset=self.first.clock_offset,
            audit=audit_drafts,
        )

    def commit(self) -> Manifest:
        """Make the prepared rows part of the data set."""
        return self._writer.install()

    def _instrument(self) -> Instrument | None:
        symbol = self.first.symbol
        if isinstance(symbol, str):
            return None
        price, size = self._writer.price_scale, self._writer.size_scale
        if isinstance(symbol, Instrument):
            finer = {"price_scale": max(price, symbol.price_scale), "size_scale": max(size, symbol.size_scale)}
            return msgspec.structs.replace(symbol, **finer)
        try:
            return definition(symbol, self._ask, price, size)
        except ConfigError as error:
            raise ConfigError(f"{self.first.file}: {error}") from None

    def _add(self, table: pa.Table, price: int, size: int, where: Where) -> None:
        truths.check(
            self.first.kind, table, self.first.timeframe, where,
            allow_ohlc=self._ask.allow_ohlc or self.first.loose_ohlc, after=self._writer.last,
        )  # fmt: skip
        self._writer.add(table, price, size)
        self.files[self._file] += table.num_rows

    def _ordered(self, gathered: _Gathered, *, newest: bool) -> tuple[pa.Table, Where]:
        ts = gathered.table["ts"].to_numpy()
        if self._ask.sort:
            order = np.argsort(ts[::-1], kind="stable")
            order = (len(ts) - 1 - order) if newest else np.argsort(ts, kind="stable")
        elif newest:
            rises = np.flatnonzero(ts[1:] > ts[:-1])
            if rises.size:
                row = int(rises[0]) + 1
                raise DataError(
                    f"{gathered.where(row)}: {iso(int(ts[row]))} is newer than the row above in a file that is "
                    f"otherwise newest first ({rises.size:,} such rows); add --sort"
                )
            order = np.arange(len(ts))[::-1]
        else:
            order = np.arange(len(ts))
        table = gathered.table.take(pa.array(order))
        if self._ask.drop_identical:
            keep = self._not_repeated(table)
            table, order = table.filter(pa.array(keep)), order[keep]
        return table, lambda row: gathered.where(int(order[row]))

    def _not_repeated(self, table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        keep = np.ones(table.num_rows, dtype=bool)
        same = np.ones(max(0, table.num_rows - 1), dtype=bool)
        for name in table.column_names:
            values = table[name].to_numpy()
            same &= values[1:] == values[:-1]
        keep[1:] = ~same
        if same.any():
            ts = table["ts"].to_numpy()[1:][same]
            detail = f"{int(same.sum())} rows that repeat the one before were left out"
            self._issues.append(
                Issue(
                    kind="duplicate", severity="info", ts_from=int(ts[0]), ts_to=int(ts[-1]) + 1, detail=detail,
                    origin="import",
                )
            )  # fmt: skip
        return keep


def _gathered(blocks: list[Rows], price: int, size: int) -> _Gathered:
    kind = blocks[0].kind
    tables = [rescale(b.table, kind, (b.price_scale, b.size_scale), (price, size)) for b in blocks]
    starts = np.cumsum([0, *(table.num_rows for table in tables)])

    def where(row: int) -> str:
        block = int(np.searchsorted(starts, row, "right")) - 1
        return blocks[block].where(row - int(starts[block]))

    return _Gathered(pa.concat_tables(tables), where)
