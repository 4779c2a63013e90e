"""Tables of a run: equity, fills and prices, streamed to Parquet so that memory stays flat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.arrivals import Arrivals
from helios_engine.bodies import Fill, FundingPayment
from helios_engine.events import Body
from helios_engine.feature_ear import FeatureEar
from helios_engine.files import storage_error
from helios_engine.ledger import Ledger
from helios_engine.timeframe import DAY

_ROWS = 1 << 16
_F, _I, _S = pa.float64(), pa.int64(), pa.string()
EQUITY = pa.schema([("ts", _I), ("equity", _F), ("cash", _F), ("exposure", _F)])
PRICES = pa.schema([("ts", _I), ("instrument", _S), ("price", _F)])
FILLS = pa.schema(
    [
        ("ts", _I),
        ("id", _S),
        ("instrument", _S),
        ("side", _S),
        ("quantity", _F),
        ("price", _F),
        ("fee", _F),
        ("fee_currency", _S),
        ("liquidity", _S),
    ]
)
ORDERS = pa.schema(
    [
        *(("ts", _I), ("id", _S), ("instrument", _S), ("side", _S), ("type", _S)),
        *(("quantity", _F), ("decision_price", _F), ("arrived", _I), ("arrival_price", _F), ("bid", _F), ("ask", _F)),
        *(("filled", _F), ("fill_price", _F), ("taken", _F), ("ended", _I), ("end", _S), ("end_price", _F)),
    ]
)
"""One row an order that passed the gate, in the order of their ends: `ts` when it was decided, the market it arrived
in (`bid`, `ask`: null without quotes), how much was filled at which average price and how much of it as a taker."""
VOLUMES = pa.schema([("ts", _I), ("instrument", _S), ("volume", _F)])
"""Base volume traded in the market in each UTC day of the run, by the day's start."""
FUNDING = pa.schema([("ts", _I), ("instrument", _S), ("amount", _F), ("currency", _S)])
"""Funding received (positive) and paid (negative)."""


class Table:
    """Rows to one Parquet file, a row group at a time; the journal has the exact decimals. `mark` is its metadata."""

    def __init__(self, path: Path, schema: pa.Schema, mark: str = "") -> None:
        self.path = path
        schema = schema.with_metadata({"contaminated": mark}) if mark else schema
        self._schema = schema
        self._columns: list[list[Any]] = [[] for _ in schema]
        self._writer = _guard(path, lambda: pq.ParquetWriter(path, schema, compression="zstd"))

    def add(self, *row: Any) -> None:
        """Add a row in the schema's order."""
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)
        if len(self._columns[0]) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write waiting rows as a row group."""
        arrays = [pa.array(c, f.type) for c, f in zip(self._columns, self._schema, strict=True)]
        _guard(self.path, lambda: self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema)))
        for column in self._columns:
            column.clear()

    def close(self) -> None:
        """Write the rest and the footer."""
        self.flush()
        _guard(self.path, self._writer.close)


class Results:
    """Hears what a run does to the account, from `start` (ns UTC) on; `mark` goes into every file's metadata.

    `ear` has heard the run's features, if it makes any.
    """

    def __init__(self, folder: Path, start: int, mark: str = "", ear: FeatureEar | None = None) -> None:
        self._start, self.ear = start, ear
        self._equity = Table(folder / "equity.parquet", EQUITY, mark)
        self._prices = Table(folder / "prices.parquet", PRICES, mark)
        self._fills = Table(folder / "fills.parquet", FILLS, mark)
        self._orders = Table(folder / "orders.parquet", ORDERS, mark)
        self._volumes = Table(folder / "volumes.parquet", VOLUMES, mark)
        self._funding = Table(folder / "funding.parquet", FUNDING, mark)
        self._tables = (self._equity, self._prices, self._fills, self._orders, self._volumes, self._funding)
        self.arrivals = Arrivals()
        self._last: dict[str, float] = {}
        self._day = -1
        self._before: dict[str, float] = {}
        self._now: dict[str, float] = {}

    def tick(self, ts: int, ledger: Ledger, volumes: Mapping[str, float]) -> None:
        """Note the marked account, the last prices and the day's volume at a tick."""
        self._volume(ts, volumes)
        account = ledger.account()
        if ts < self._start or account is None:
            return
        self._equity.add(ts, float(account.equity), float(account.cash), float(account.exposure))
        for instrument, price in ledger.prices.items():
            self._prices.add(ts, instrument, price)
        self._last = ledger.prices

    def sent(self, ts: int, intent: Body, ledger: Ledger) -> None:
        """Note an intent that passed the gate."""
        self.arrivals.sent(ts, intent, ledger.prices.get(getattr(intent, "instrument", "")))

    def answer(self, ts: int, body: Body, met: Body | None) -> None:
        """Note a fill, a funding payment, and what an answer to the market event `met` means for its order."""
        row = self.arrivals.answer(ts, body, met)
        if row is not None:
            self._orders.add(*row)
        if isinstance(body, Fill):
            self._fills.add(
                ts,
                body.id,
                body.instrument,
                body.side,
                float(body.quantity),
                float(body.price),
                float(body.fee),
                body.fee_currency,
                body.liquidity,
            )
        elif isinstance(body, FundingPayment):
            self._funding.add(ts, body.instrument, float(body.amount), body.currency)

    def _volume(self, ts: int, volumes: Mapping[str, float]) -> None:
        # What a tick of midnight saw was traded before it.
        day = (ts - 1) // DAY
        if day != self._day and self._day >= 0:
            self._end_day()
        if ts <= self._start:
            self._before = dict(volumes)
        self._day, self._now = day, dict(volumes)

    def _end_day(self) -> None:
        for instrument, volume in self._now.items():
            if (self._day + 1) * DAY > self._start:
                self._volumes.add(self._day * DAY, instrument, volume - self._before.get(instrument, 0.0))
        self._before = self._now

    def close(self) -> None:
        """Finish the files."""
        for row in self.arrivals.rest(self._last):
            self._orders.add(*row)
        self._end_day()
        for table in self._tables:
            table.close()

    def discard(self) -> None:
        """Remove the files: a Parquet file without its footer is of use to nobody."""
        for table in self._tables:
            table.path.unlink(missing_ok=True)


def _guard(path: Path, work: Any) -> Any:
    try:
        return work()
    except OSError as error:
        raise storage_error(path, error) from error
