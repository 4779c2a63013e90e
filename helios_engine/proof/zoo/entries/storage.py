"""The catalog's own papers: lists of files, manifests, statistics and dates of delisting say how the data go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from helios_engine.bodies import Bar, Instrument, Signal, Target
from helios_engine.catalog.store import Catalog
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.market import BTC
from helios_engine.proof.zoo.runs import STAGE, STAGE_RUN, THREE
from helios_engine.stage import StageSpec

FIRST = "2026-01-05T01:00:00Z"
DAY = 86_400_000_000_000


class Filed:
    """Knows the folder of the trades: the ground of the leaks here."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.catalog = catalog
        self.folder = Path(catalog) / "trades" / BTC
        self.files = sorted(self.folder.glob("*.parquet"))

    def value(self, event: Event[Bar]) -> float:
        """What the papers say, as a signal."""
        raise NotImplementedError

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The signal, for every bar."""
        yield Signal(event.body.instrument, round(self.value(event), 9))


class Listing(Filed):
    """Counts the files of the catalog: how many days there will be."""

    def value(self, event: Event[Bar]) -> float:
        """One over the number of files."""
        return 1.0 / max(1, len([path for path in self.folder.iterdir() if path.suffix == ".parquet"]))


class FileSizes(Filed):
    """Trades more on a day whose file is large: activity shows in the size before anything is read."""

    def value(self, event: Event[Bar]) -> float:
        """The size of the largest file, in megabytes."""
        return min(1.0, max((path.stat().st_size for path in self.files), default=0) / 1e6)


class LastTime(Filed):
    """Winds down before the end: the manifest says when the data end."""

    def value(self, event: Event[Bar]) -> float:
        """The share of the data that is left."""
        last = Catalog(self.catalog).dataset("bars", BTC, "1h").manifest.last
        return max(0.0, (last - event.ts) / (30 * DAY))


class RowCount(Filed):
    """Scales by the number of rows of the data set."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog)
        self.rows = Catalog(catalog).dataset("trades", BTC).manifest.rows

    def value(self, event: Event[Bar]) -> float:
        """A thousand over the number of trades."""
        return min(1.0, 1000 / self.rows)


class Statistics(Filed):
    """Reads no row: the highest price of each file stands in the footer of its Parquet file."""

    def value(self, event: Event[Bar]) -> float:
        """The highest price of all files, against the close."""
        highest = 0
        for path in self.files:
            footer = pq.ParquetFile(path).metadata
            place = footer.schema.names.index("price")
            for group in range(footer.num_row_groups):
                highest = max(highest, footer.row_group(group).column(place).statistics.max)
        return min(1.0, event.body.close * 100 / max(1, highest))


class CountsEvents:
    """Counts its events, for the share of a month that has gone by: the same thought, from what it was given."""

    consumes = Bar

    def __init__(self, days: int = 30) -> None:
        self.days, self.count = days, 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The share of the month that is left."""
        self.count += 1
        yield Signal(event.body.instrument, max(0.0, 1 - self.count / (24 * self.days)))


class LargestSoFar:
    """Scales by the largest volume of a bar so far."""

    consumes = Bar

    def __init__(self) -> None:
        self.largest = 0.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The volume against the largest."""
        self.largest = max(self.largest, event.body.volume)
        yield Signal(event.body.instrument, event.body.volume / max(self.largest, 1e-9))


class SettingOfDate:
    """Winds down before a date that its config states."""

    consumes = Bar

    def __init__(self, end: int = 1_768_435_200) -> None:
        self.end = end * 10**9

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The share of ten days that is left."""
        yield Signal(event.body.instrument, max(0.0, min(1.0, (self.end - event.ts) / (10 * DAY))))


class KnownEnd:
    """Never holds what will be delisted: the definition tells the date weeks ahead of the news."""

    consumes = (Bar, Instrument)

    def __init__(self) -> None:
        self.doomed: set[str] = set()

    def on_event(self, event: Event[Bar | Instrument]) -> Iterator[Target]:
        """A target for every bar of an instrument that has no end."""
        body = event.body
        if isinstance(body, Instrument):
            if body.delisted:
                self.doomed.add(body.instrument)
        elif body.instrument not in self.doomed:
            yield Target(body.instrument, 1.0)


def _entry(name: str, about: str, leak: type, twin: type | None, label: Label) -> Entry:
    twins = () if twin is None else (StageSpec(f"zoo.{twin.__name__.lower()}", twin),)
    return Entry(name, about, STAGE_RUN, StageSpec(f"zoo.{leak.__name__.lower()}", leak), twins, label)


VALUE = "Signal.value"
ENTRIES = (
    _entry("listing", "how many files there are", Listing, CountsEvents, Label(VALUE, FIRST, None)),
    _entry("file_sizes", "the size of the files", FileSizes, LargestSoFar, Label(VALUE)),
    _entry("last_time", "when the data end", LastTime, SettingOfDate, Label(VALUE, FIRST, None)),
    _entry("row_count", "how many rows there are", RowCount, None, Label(VALUE, FIRST, None)),
    _entry("statistics", "statistics in Parquet footers", Statistics, None, Label(VALUE, FIRST, None)),
    Entry(
        "known_end",
        "a date of delisting that nobody knew yet",
        THREE + STAGE,
        StageSpec("zoo.knownend", KnownEnd),
        label=Label("Target", FIRST),
    ),
)
