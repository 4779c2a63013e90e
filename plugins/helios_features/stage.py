"""Bars of the smallest timeframe in, one row of features over all timeframes out: what every feature set shares."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, count, pairwise, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from helios_engine.bodies import Bar, BookDelta, BookSnapshot, Features, Quote, Schema, Trade
from helios_engine.errors import DataError, StageError
from helios_engine.events import Event
from helios_engine.timeframe import iso, nanoseconds, timeframe_ns
from helios_features.microstructure import Microstructure

if TYPE_CHECKING:
    from helios_features.series import Series

MARKET = (Quote, BookSnapshot, BookDelta, Trade)


class Kernel(NamedTuple):
    """A feature set: the names of its columns for one timeframe, and the compiled function that fills them.

    `run(settings, memory, bars, out)` takes n bars of one timeframe, rows of float64 as `bar_row` orders them, and
    writes n rows of `out`, NaN where there is no value. `memory`, an array of `memory` float64, is all it remembers; at
    the start of a segment it is all 0. `settings` says for a timeframe, by its length in ns, what `run` gets.
    `machine`, if given, makes `turn` and `room` of a `Machine` from all settings, ratios and `max_gap`; then `run` is
    not called.
    """

    schema: str
    columns: Callable[[Any], Sequence[str]]
    run: Callable[..., None]
    settings: Callable[[int], Any]
    memory: int
    machine: Callable[[list[Any], tuple[int, ...], float], tuple[Any, Any]] | None = None


class FeatureStage:
    """Rows of a feature set, one for each bar of `timeframes[0]`; subclasses pass their kernel.

    Larger timeframes are built here from the smallest, so that their values at t are those of the last bar that closed
    at or before t, whatever the order of events; bars of other timeframes are left alone. A larger bar counts from its
    beginning only, and closes with the last bar that it can hold or, where that is missing, at the next.

    Periods count bars. Bars that are missing are not filled in; more than `max_gap` of them end the segment: the memory
    of that timeframe is cleared, and warms up anew. A bar that is not fit for use (not finite, a price of 0 or less or
    over 1e100, a price outside [low, high], a volume below 0), or that is not newer than the last, counts as missing:
    its row has no value of the smallest timeframe. So nothing that comes in can spoil the state for longer than a
    segment.
    """

    consumes: Any = (Bar, *MARKET)
    optional = MARKET

    def __init__(
        self, kernel: Kernel, timeframes: tuple[str, ...], max_gap: int, levels: int = 5, max_age: str = "5m"
    ) -> None:
        from helios_features.by_run import by_run
        from helios_features.series import Machine

        lengths = _lengths(timeframes)
        if max_gap < 0 or levels < 1:
            raise ValueError(f"expected max_gap of 0 or more and levels of 1 or more, found {max_gap} and {levels}")
        self.timeframes, self.length, self.levels, self.max_age = timeframes, lengths[0], levels, nanoseconds(max_age)
        settings = [kernel.settings(length) for length in lengths]
        names = [f"{t}_{c}" for t, s in zip(timeframes, settings, strict=True) for c in kernel.columns(s)]
        self.schema = Schema(kernel.schema, tuple(names))
        ratios, width = tuple(length // lengths[0] for length in lengths), len(names) // len(timeframes)
        made = kernel.machine or partial(by_run, kernel.run, kernel.memory, width)
        turn, room = made(settings, ratios, float(max_gap))
        self.machine = Machine(turn, room, kernel.memory, width, lengths[0], len(lengths))
        self.fresh().row(1, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)  # compiles, or loads what was compiled before
        self.series: dict[str, Series] = {}
        self.markets: dict[str, Microstructure] = {}

    def on_event(self, event: Event[Bar | Quote | BookSnapshot | BookDelta | Trade]) -> Iterator[Features]:
        """One row for each bar of the smallest timeframe; what else is heard waits for the next bar."""
        found = self._take(event.body, event.ts)
        if found is not None:
            yield found

    def on_columns(self, block: Any) -> Iterator[tuple[int, Features]]:
        """The same for a block of inputs in columns (`parts`, each with `at`, `ts`, columns by name and `body(n)`).

        Bars alone go through the kernel as columns; where quotes or trades lie between them, inputs go one by one.
        """
        if any(rows.kind is not Bar for rows in block.parts):
            places = [zip(rows.at.tolist(), repeat(k), count()) for k, rows in enumerate(block.parts)]
            for at, k, n in sorted(chain.from_iterable(places)):
                found = self._take(block.parts[k].body(n), int(block.ts[at]))
                if found is not None:
                    yield at, found
            return
        for rows in block.parts:
            if rows.timeframe == self.timeframes[0]:
                yield from self._table(rows)

    def dump(self) -> bytes:
        """The state: of each instrument one array, and what was last heard of its market."""
        series = {name: one.state.tobytes() for name, one in self.series.items()}
        markets = {
            name: (struct.pack("<4d", m.spread, m.depth, m.tick, m.price), m.heard, m.of_book)
            for name, m in self.markets.items()
        }
        return msgspec.msgpack.encode((self.schema.name, series, markets))

    def load(self, state: bytes) -> None:
        """Take the state back; StageError if it is another schema's."""
        schema, series, markets = msgspec.msgpack.decode(state)
        if schema != self.schema.name:
            raise StageError(
                f"expected the state of {self.schema.name}, found that of {schema}; give the stage the settings it had"
            )
        self.series = {name: self.fresh() for name in series}
        for name, one in self.series.items():
            one.restore(series[name])
        self.markets = {name: Microstructure(self.levels, self.max_age) for name in markets}
        for name, m in self.markets.items():
            raw, m.heard, m.of_book = markets[name]
            m.spread, m.depth, m.tick, m.price = struct.unpack("<4d", raw)

    def fresh(self) -> Series:
        """A series that has seen nothing: its `table` takes columns of bars where `on_event` takes one bar."""
        from helios_features.series import Series

        return Series(self.machine)

    def _take(self, body: Bar | Quote | BookSnapshot | BookDelta | Trade, now: int) -> Features | None:
        if isinstance(body, Bar):
            return self._row(body, now) if body.timeframe == self.timeframes[0] else None
        market = self.markets.get(body.instrument)
        if market is None:
            market = self.markets[body.instrument] = Microstructure(self.levels, self.max_age)
        if isinstance(body, Quote):
            market.quote(body, now)
        elif isinstance(body, Trade):
            market.trade(body, now)
        elif isinstance(body, BookSnapshot):
            market.book(body, now)
        else:
            market.delta()
        return None

    def _row(self, bar: Bar, now: int) -> Features:
        number, rest = divmod(bar.ts_open, self.length)
        if rest:
            raise self._off_grid(bar.instrument, bar.ts_open)
        market = self.markets.get(bar.instrument)
        heard = market.at(now) if market is not None else _NOTHING
        series = self._series(bar.instrument)
        row = series.row(number, bar.open, bar.high, bar.low, bar.close, bar.volume, *heard)
        return Features(bar.instrument, bar.timeframe, self.schema.name, row.tobytes(), (row == row).tobytes())

    def _table(self, rows: Any) -> Iterator[tuple[int, Features]]:
        name, columns = rows.instrument, {field: rows[field] for field in _COLUMNS}
        off = columns["ts_open"] % self.length != 0
        if off.any():
            raise self._off_grid(name, int(columns["ts_open"][off][0]))
        market = self.markets.get(name)
        if market is not None:
            heard = zip(*(market.at(now) for now in rows.ts.tolist()), strict=True)
            columns |= {field: np.array(values) for field, values in zip(_HEARD, heard, strict=True)}
        table = self._series(name).table(columns)
        values, masks, width = table.tobytes(), (table == table).tobytes(), len(self.schema.columns)
        for n, at in enumerate(rows.at.tolist()):
            # Slices of bytes are copies: a row holds nothing of the rows after it.
            row, mask = values[8 * width * n : 8 * width * (n + 1)], masks[width * n : width * (n + 1)]
            yield at, Features(name, rows.timeframe, self.schema.name, row, mask)

    def _series(self, name: str) -> Series:
        one = self.series.get(name)
        if one is None:
            one = self.series[name] = self.fresh()
        return one

    def _off_grid(self, name: str, ts_open: int) -> DataError:
        expected = f"expected {self.timeframes[0]} bars of {name} that open at whole multiples of it since 1970"
        return DataError(f"{expected}, found one that opens at {iso(ts_open)}; import them on that grid")


_NOTHING = (float("nan"),) * 3
_COLUMNS = ("ts_open", "open", "high", "low", "close", "volume")
_HEARD = ("spread", "depth", "tick")


def _lengths(timeframes: tuple[str, ...]) -> tuple[int, ...]:
    """Lengths in ns; ValueError unless each is a multiple of the smallest and larger than the one before."""
    lengths = tuple(timeframe_ns(name) for name in timeframes)
    if not lengths or any(b <= a or b % lengths[0] for a, b in pairwise(lengths)):
        raise ValueError(
            f"expected timeframes from small to large, each a multiple of the first, found {timeframes}; "
            "write e.g. timeframes = ['1m', '5m', '15m']"
        )
    return lengths
