"""Data sets of the catalog as feeds: columns in, bodies out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from helios_engine.bodies import Bar, Instrument, Print, Trade
from helios_engine.settings import Settings
from helios_engine.stage import Pin
from helios_engine.timeframe import nanoseconds, timeframe_ns

if TYPE_CHECKING:
    from helios_engine.catalog.store import Dataset

_SIDES = {1: "BUY", -1: "SELL", 0: ""}


class _CatalogFeed:
    """What both feeds share: the data set behind them, pinned by its digest."""

    def __init__(self, catalog: Path, kind: str, instrument: str, timeframe: str = "") -> None:
        from helios_engine.catalog.store import Catalog

        self._dataset: Dataset = Catalog(catalog).dataset(kind, instrument, timeframe)
        self._block = Settings.load().chunk_rows

    def instruments(self) -> Iterable[Instrument]:
        """The instrument of the data set."""
        return [self._dataset.manifest.instrument]


class CatalogBars(_CatalogFeed):
    """Bars of one instrument and timeframe, each known `delay` after its close.

    For the venue, `path` says in which order a bar's extremes were reached: `nearer_first` takes the one
    nearer to the open first (the low, if both are as near), `farther_first` is the other path.
    """

    def __init__(
        self,
        catalog: Path,
        instrument: str,
        timeframe: str,
        path: Literal["nearer_first", "farther_first"] = "nearer_first",
        delay: str = "0s",
    ) -> None:
        super().__init__(catalog, "bars", instrument, timeframe)
        self._name, self._timeframe, self._nearer = instrument, timeframe, path == "nearer_first"
        self._delay, self._length = nanoseconds(delay), timeframe_ns(timeframe)

    def pin(self) -> Pin:
        """Digest and span; the files are compared with the manifest first."""
        self._dataset.verify()
        m = self._dataset.manifest
        return Pin(f"{m.digest}+{self._delay}", m.rows, m.first + self._delay, m.last + self._delay, len(m.issues))

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """Bars by availability."""
        name, timeframe, delay = self._name, self._timeframe, self._delay
        for ts, opened, closed, o, h, low, c, v in self._rows(start - delay, stop - delay):
            yield ts + delay, Bar(name, timeframe, opened, closed, o, h, low, c, v)

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
        m = self._dataset.manifest
        prices, sizes = 10**m.price_scale, 10**m.size_scale
        for batch in self._dataset.blocks(start, stop, self._block):
            # Correctly rounded: the float nearest to the decimal, so that it can be turned back.
            whole = [batch[n].to_numpy().tolist() for n in ("ts", "ts_open", "ts_close")]
            ohlc = [(batch[n].to_numpy() / prices).tolist() for n in ("open", "high", "low", "close")]
            yield from zip(*whole, *ohlc, (batch["volume"].to_numpy() / sizes).tolist(), strict=True)


class CatalogTrades(_CatalogFeed):
    """Trades of one instrument, each known when it was received."""

    def __init__(self, catalog: Path, instrument: str) -> None:
        super().__init__(catalog, "trades", instrument)
        self._name = instrument

    def pin(self) -> Pin:
        """Digest and span; the files are compared with the manifest first."""
        self._dataset.verify()
        m = self._dataset.manifest
        return Pin(m.digest, m.rows, m.first, m.last, len(m.issues))

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Trade]]:
        """Trades by availability; ties keep the order of the data set."""
        m, name = self._dataset.manifest, self._name
        prices, sizes = 10**m.price_scale, 10**m.size_scale
        for batch in self._dataset.blocks(start, stop, self._block):
            rows = zip(
                batch["ts"].to_numpy().tolist(),
                batch["ts_event"].to_numpy().tolist(),
                (batch["price"].to_numpy() / prices).tolist(),
                (batch["quantity"].to_numpy() / sizes).tolist(),
                batch["side"].to_numpy().tolist(),
                batch["trade_id"].to_pylist(),
                strict=True,
            )
            for ts, ts_event, price, quantity, side, trade_id in rows:
                yield ts, Trade(name, ts_event, price, quantity, _SIDES[side], trade_id or "")
