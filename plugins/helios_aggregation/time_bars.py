"""Trades in, time bars out: the smallest timeframe from trades, the others from the bar below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helios_aggregation.lengths import checked_lengths
from helios_aggregation.series import Said, Series, Trades, machine, whole
from helios_engine.block import Block, Rows
from helios_engine.bodies import Bar, DataIssue, Instrument, Tick, Trade
from helios_engine.errors import DataError
from helios_engine.events import Event
from helios_engine.timeframe import iso, nanoseconds

_NONE = np.zeros(0, np.int64)
_NOBODY = Trades(_NONE, _NONE, np.zeros(0), _NONE)


class TimeBars:
    """Bars by event time, bucket `[open, close)`, cascaded from the smallest timeframe up.

    A bar closes at its tick or, without grace, at the first trade at or past its boundary. A bucket
    without trades gives no bar, and what is open at the end stays unsaid. A trade dated into a closed
    bucket is not applied: it becomes a `DataIssue` of kind `late_trade`. `timeframes` go from small to
    large, each a multiple of the one before; `grace` is the run's, how long ticks wait for late trades.
    """

    consumes = (Instrument, Trade, Tick)

    def __init__(self, timeframes: tuple[str, ...] = ("1m", "5m", "15m", "1h", "4h", "1d"), grace: str = "0s") -> None:
        machine()  # what it reads is read before the run
        self.timeframes = timeframes
        self.length = checked_lengths(timeframes)[0]
        self.closes_early = nanoseconds(grace) == 0
        self.series: dict[str, Series] = {}
        self.boundary = 0

    def on_event(self, event: Event[Instrument | Trade | Tick]) -> Iterator[Bar | DataIssue]:
        body = event.body
        if isinstance(body, Trade):
            yield from self._trade(body, event.ts)
        elif isinstance(body, Tick):
            self.boundary = max(self.boundary, body.boundary)
            for series in self.series.values():
                for said in series.trades(self.closes_early, _NOBODY, _one(0), _one(body.boundary)):
                    yield from filter(None, series.bodies(said))
        else:
            self._define(body)

    def on_columns(self, block: Block) -> Iterator[tuple[int, Bar | DataIssue]]:
        tick_at, boundaries = _merged([rows for rows in block.parts if rows.kind is Tick], "boundary")
        trades: dict[str, list[Rows]] = {}
        for rows in block.parts:
            if rows.kind is Trade:
                self._series(rows, int(rows.ts[0]))
                trades.setdefault(rows.instrument, []).append(rows)
        for name, series in self.series.items():
            at, columns = _columns(trades.get(name, []), series)
            # The cause of tick t is −1 − t, which counts from the end.
            place = np.concatenate([at, tick_at[::-1]])
            for said in series.trades(self.closes_early, columns, np.searchsorted(at, tick_at), boundaries):
                indices = place[said.cause].tolist()
                for n, (index, bar) in enumerate(zip(indices, series.bodies(said), strict=True)):
                    yield index, bar if bar is not None else _late(said, n, _at(trades[name], index))
        self.boundary = max(self.boundary, int(boundaries.max(initial=0)))

    def _trade(self, trade: Trade, now: int) -> Iterator[Bar | DataIssue]:
        series = self._series(trade, now)
        units = whole(trade.quantity, series.scale, trade.instrument)
        if series.inside(self.closes_early, trade.ts_event, now, trade.price, units):
            return
        columns = Trades(_one(trade.ts_event), _one(now), np.array([trade.price], np.float64), _one(units))
        for said in series.trades(self.closes_early, columns, _NONE, _NONE):
            for n, bar in enumerate(series.bodies(said)):
                yield bar if bar is not None else _late(said, n, trade)

    def _series(self, trade: Trade | Rows, now: int) -> Series:
        series = self.series.get(trade.instrument)
        if series is None:
            first: Any = trade if isinstance(trade, Trade) else trade.body(0)
            raise DataError(
                f"expected the Instrument {trade.instrument} before its first trade {first.trade_id!r} at {iso(now)}, "
                "found none; its size scale is needed to add volumes: let the feed or [[instrument]] define it"
            )
        return series

    def _define(self, definition: Instrument) -> None:
        series = self.series.get(definition.instrument)
        if series is not None:
            series.refine(definition.size_scale)
            return
        series = self.series[definition.instrument] = Series(
            definition.instrument, self.timeframes, definition.size_scale
        )
        # Listed in the middle of a run: what ended before is closed for it as for all others.
        series.facts[0] = self.boundary - self.boundary % self.length


def _late(said: Said, n: int, trade: Trade) -> DataIssue:
    """The issue of a trade that is dated into a closed bar."""
    detail = f"trade {trade.trade_id!r} is dated into a closed bar; number {said.low[n]} of this instrument"
    return DataIssue(trade.instrument, "late_trade", "warn", trade.ts_event, int(said.high[n]), detail)


def _columns(parts: Sequence[Rows], series: Series) -> tuple[NDArray[np.int64], Trades]:
    """Indices of an instrument's trades, and the trades."""
    if not parts:
        return _NONE, _NOBODY
    found = [(r.at, r["ts_event"], r.ts, r["price"], r.units("quantity", series.scale)) for r in parts]
    if len(found) == 1:
        return found[0][0], Trades(*found[0][1:])
    at, *columns = _in_order([np.concatenate(column) for column in zip(*found, strict=True)])
    return at, Trades(*columns)


def _merged(parts: Sequence[Rows], column: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not parts:
        return _NONE, _NONE
    at, values = _in_order([np.concatenate([r.at for r in parts]), np.concatenate([r[column] for r in parts])])
    return at, values


def _in_order(columns: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
    order = np.argsort(columns[0])
    return tuple(column[order] for column in columns)


def _at(parts: Sequence[Rows], index: int) -> Any:
    """The body at an index of the block."""
    for rows in parts:
        n = int(np.searchsorted(rows.at, index))
        if n < len(rows) and rows.at[n] == index:
            return rows.body(n)
    raise IndexError(index)


def _one(value: int) -> NDArray[np.int64]:
    return np.array([value], np.int64)
