"""Data sets of the catalog as feeds: columns in, bodies out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from helios_engine.block import Rows
from helios_engine.bodies import Bar, DataIssue, Instrument, Print
from helios_engine.errors import DataError
from helios_engine.events import Body
from helios_engine.settings import Settings
from helios_engine.stage import Pin
from helios_engine.timeframe import nanoseconds, timeframe_ns

if TYPE_CHECKING:
    from helios_engine.catalog.store import Dataset


class CatalogFeed:
    """What all feeds of the catalog share: the data set behind them, pinned by its digest, and its known issues."""

    kind = ""

    def __init__(self, catalog: str, instrument: str, timeframe: str = "") -> None:
        from helios_engine.catalog.store import Catalog

        self._dataset: Dataset = Catalog(catalog).dataset(self.kind, instrument, timeframe)
        self._name, self._delay = instrument, 0
        self._block = Settings.load().chunk_rows

    def instruments(self) -> Iterable[Instrument]:
        """The instrument of the data set."""
        definition = self._dataset.manifest.instrument
        return [definition] if definition is not None else []

    def pin(self) -> Pin:
        """Digest and span; the files are compared with the manifest first."""
        self._dataset.verify()
        m, delay = self._dataset.manifest, self._delay
        digest = f"{m.digest}+{delay}" if delay else m.digest
        return Pin(digest, m.rows, m.first + delay, m.last + delay, len(m.issues))

    def issues(self, start: int, stop: int) -> Iterator[tuple[int, DataIssue]]:
        """What is known against the data, each told when its rows have all been seen."""
        found = sorted(self._dataset.manifest.issues, key=lambda i: (i.ts_to, i.ts_from, i.kind, i.detail))
        for i in found:
            if start <= i.ts_to + self._delay < stop:
                body = DataIssue(self._name, i.kind, i.severity, i.ts_from, i.ts_to, i.detail, i.state)
                yield i.ts_to + self._delay, body

    def _columns(self, start: int, stop: int, *names: str) -> Iterator[tuple[list[Any], ...]]:
        """Columns of each block as Python lists; numbers in units become the floats nearest to their decimals."""
        from helios_engine.catalog.tables import numbers, scale_of

        m = self._dataset.manifest
        scales = [scale_of(m.kind, name, m.price_scale, m.size_scale) for name in names]
        for batch in self._dataset.blocks(start, stop, self._block, names):
            arrays = [numbers(batch[name]) for name in names]
            yield tuple(
                array.tolist() if scale is None else (array / 10**scale).tolist()
                for array, scale in zip(arrays, scales, strict=True)
            )

    def _as_rows(self, kind: type[Body], start: int, stop: int, timeframe: str = "") -> Iterator[Rows]:
        """Stored blocks with all columns of a kind of body; what is stored in units stays in units."""
        from helios_engine.catalog.tables import SCHEMAS, scale_of

        m, delay = self._dataset.manifest, self._delay
        words = {name for name in SCHEMAS[m.kind].names if SCHEMAS[m.kind].field(name).type == "string"}
        names = [name for name in kind.__struct_fields__ if name in SCHEMAS[m.kind].names]
        scales = {name: scale_of(m.kind, name, m.price_scale, m.size_scale) for name in names}
        for batch in self._dataset.blocks(start - delay, stop - delay, self._block, ["ts", *names]):
            numbers = {n: batch[n].to_numpy(zero_copy_only=False) for n in names if n not in words}
            yield Rows(
                kind,
                (self._name, timeframe),
                batch["ts"].to_numpy(zero_copy_only=False) + delay,
                numbers,
                scales={name: scale for name, scale in scales.items() if scale is not None},
                texts={name: batch[name] for name in names if name in words},
            )


class CatalogBars(CatalogFeed):
    """Bars of one instrument and timeframe, each known `delay` after its close.

    For the venue, `path` says in which order a bar's extremes were reached: `nearer_first` takes the one
    nearer to the open first (the low, if both are as near), `farther_first` is the other path.
    """

    kind = "bars"

    def __init__(
        self,
        catalog: str,
        instrument: str,
        timeframe: str,
        path: Literal["nearer_first", "farther_first"] = "nearer_first",
        delay: str = "0s",
    ) -> None:
        super().__init__(catalog, instrument, timeframe)
        self._timeframe, self._nearer = timeframe, path == "nearer_first"
        self._delay, self._length = nanoseconds(delay), timeframe_ns(timeframe)

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """Bars by availability."""
        name, timeframe, delay = self._name, self._timeframe, self._delay
        for ts, opened, closed, o, h, low, c, v in self._rows(start - delay, stop - delay):
            yield ts + delay, Bar(name, timeframe, opened, closed, o, h, low, c, v)

    def blocks(self, start: int, stop: int) -> Iterator[Rows]:
        """The same bars in columns."""
        for rows in self._as_rows(Bar, start, stop, self._timeframe):
            early = (rows.ts - self._delay < rows["ts_close"]).nonzero()[0]
            if not len(early):
                yield rows
                continue
            first = int(early[0])
            yield rows.cut(0, first, rows.at[:first])
            opened, closed = int(rows["ts_open"][first]), int(rows["ts_close"][first])
            raise self._early(opened, int(rows.ts[first]) - self._delay, closed)

    def prints(self, start: int, stop: int) -> Iterator[tuple[int, Print]]:
        """Each bar's path as four prints; a bar without volume has none, because nobody traded."""
        name, third = self._name, self._length // 3
        unit = 10**self._dataset.manifest.size_scale
        for _, opened, closed, o, h, low, c, v in self._rows(start, stop + self._length):
            units = round(v * unit)
            if units == 0 or opened < start:
                continue
            quantity = max(1, units // 4) / unit
            low_first = (o - low <= h - o) == self._nearer
            first, second = (low, h) if low_first else (h, low)
            for ts, price, phase in (
                (opened + 1, o, "open"),
                (opened + third, first, "extreme"),
                (opened + 2 * third, second, "extreme"),
                (closed - 1, c, "close"),
            ):
                if ts < stop:
                    yield ts, Print(name, ts, price, quantity, phase)

    def _rows(self, start: int, stop: int) -> Iterator[tuple[int, int, int, float, float, float, float, float]]:
        names = ("ts", "ts_open", "ts_close", "open", "high", "low", "close", "volume")
        for columns in self._columns(start, stop, *names):
            for row in zip(*columns, strict=True):
                if row[0] < row[2]:
                    raise self._early(row[1], row[0], row[2])
                yield row

    def _early(self, opened: int, known: int, closed: int) -> DataError:
        return DataError(
            f"{self._dataset.name}: the bar that opens at {opened} is known at {known}, before it closes "
            f"at {closed}: that would be look-ahead; import it again with the right --stamp"
        )
