"""Stages that open the catalog beside their events: at the start, at the first event, in caches, or now and then."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec

VALUE, HOUR, FIRST = "Signal.value", 3_600_000_000_000, "2026-01-05T01:00:00Z"
_FRAMES: dict[str, Any] = {}


def closes_of(catalog: str, timeframe: str = "1h") -> dict[int, float]:
    """The closes of BTC by the time at which each is known."""
    bars = bars_frame(catalog, BTC, timeframe)
    return dict(zip(bars["ts"].tolist(), bars["close"].tolist(), strict=True))


class OpensAtOnce:
    """Loads the closes in `__init__`, "to warm up", and looks up the one after the bar it is given."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.closes = closes_of(catalog)

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Long where the next close is higher."""
        bar = event.body
        ahead = self.closes.get(event.ts + HOUR, bar.close)
        yield Signal(bar.instrument, (ahead > bar.close) - (ahead < bar.close) + 0.0)


class OpensAtFirst:
    """Loads the closes at its first event, and takes the mean of the next day for the trend."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.catalog = catalog
        self.closes: list[float] = []
        self.times: list[int] = []

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The close against the mean of the 24 closes from now on."""
        if not self.closes:
            found = closes_of(self.catalog)
            self.times, self.closes = list(found), list(found.values())
        place = bisect_right(self.times, event.ts)
        window = self.closes[place : place + 24] or [event.body.close]
        mean = sum(window) / len(window)
        yield Signal(event.body.instrument, max(-1.0, min(1.0, 5 * (mean / event.body.close - 1))))


class KeepsInModule:
    """Keeps the frame in a global of its module, to read it once; its neighbour's index is off by two."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.catalog = catalog

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The move over the next two bars."""
        if self.catalog not in _FRAMES:
            _FRAMES[self.catalog] = closes_of(self.catalog)
        ahead = _FRAMES[self.catalog].get(event.ts + 2 * HOUR, event.body.close)
        yield Signal(event.body.instrument, max(-1.0, min(1.0, 5 * (ahead / event.body.close - 1))))


@lru_cache(maxsize=4)
def cached_extremes(catalog: str) -> tuple[float, float]:
    """Lowest and highest close of the data set."""
    closes = closes_of(catalog).values()
    return min(closes), max(closes)


class CallsCached:
    """Scales the close into the range of all data, found once by an `lru_cache`d function."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.catalog = catalog

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Short near the top of the range, long near the bottom."""
        low, high = cached_extremes(self.catalog)
        place = (event.body.close - low) / max(high - low, 1e-9)
        yield Signal(event.body.instrument, max(-1.0, min(1.0, 1 - 2 * place)))


class ReadsParquet:
    """Reads the Parquet files of the trades itself, and follows the flow of the hour to come."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.folder = Path(catalog) / "trades" / BTC

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The sign of signed volume in the next hour."""
        total = 0
        for path in sorted(self.folder.glob("*.parquet")):
            rows = pq.ParquetFile(path)
            day = rows.read(["ts", "quantity", "side"], use_threads=False)
            ts, quantity, side = (day[name].to_numpy() for name in ("ts", "quantity", "side"))
            total += int((quantity * side)[(ts > event.ts) & (ts <= event.ts + HOUR)].sum())
        yield Signal(event.body.instrument, float((total > 0) - (total < 0)))


class ReadsSibling:
    """Consumes 1h bars, and takes "today's" daily bar from the data set beside them."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.days = bars_frame(catalog, BTC, "1d").set_index("ts_open")["close"].to_dict()

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Long where the day's close is higher than the hour's."""
        bar = event.body
        close = self.days.get(bar.ts_open - bar.ts_open % (24 * HOUR), bar.close)
        yield Signal(bar.instrument, 1.0 if close > bar.close else -1.0)


class Remembers:
    """Honest, though it says `future` and `peek` a lot: a queue of the closes that it was given."""

    consumes = Bar

    def __init__(self, window: int = 24) -> None:
        self.future: deque[float] = deque(maxlen=window)

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The close against the mean of the closes before it."""
        peek = list(reversed(self.future))
        self.future.append(event.body.close)
        if len(peek) >= 2:
            lookahead = sum(peek) / len(peek)
            yield Signal(event.body.instrument, max(-1.0, min(1.0, 50 * (event.body.close / lookahead - 1))))


class BuildsDays:
    """Makes its own daily bars from the hours, and speaks of a day when it has closed."""

    consumes = Bar

    def __init__(self) -> None:
        self.cache: dict[int, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Long where the hour closes above yesterday's close."""
        bar = event.body
        day = bar.ts_open // (24 * HOUR)
        self.cache[day] = bar.close
        if day - 1 in self.cache:
            yield Signal(bar.instrument, 1.0 if bar.close > self.cache[day - 1] else -1.0)


def _entry(
    name: str, about: str, leak: type, horizon: Any, first: str | None = FIRST, twin: type | None = None
) -> Entry:
    twins = (StageSpec(f"zoo.{twin.__name__.lower()}", twin),) if twin is not None else ()
    spec = StageSpec(f"zoo.{leak.__name__.lower()}", leak)
    return Entry(name, about, STAGE_RUN, spec, twins, Label(VALUE, FIRST, horizon))


ENTRIES = (
    _entry("at_once", "the catalog opened in __init__", OpensAtOnce, 1),
    _entry("at_first", "the catalog opened at the first event", OpensAtFirst, 24, twin=Remembers),
    _entry("in_module", "a frame kept in a global of the module", KeepsInModule, 2),
    _entry("lru_cache", "the range of all data in an lru_cache", CallsCached, "end"),
    _entry("parquet", "Parquet files read directly, at every event", ReadsParquet, 1),
    _entry("sibling", "the day's bar while the day is young", ReadsSibling, 23, twin=BuildsDays),
)
