"""Tables of a run: equity, fills and prices, streamed to Parquet so that memory stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.bodies import Fill
from helios_engine.events import Body
from helios_engine.files import storage_error
from helios_engine.ledger import Ledger

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


class Table:
    """Rows to one Parquet file, a row group at a time; the journal has the exact decimals."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
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
    """Hears what a run does to the account, from `start` (ns UTC) on."""

    def __init__(self, folder: Path, start: int) -> None:
        self._start = start
        self._equity = Table(folder / "equity.parquet", EQUITY)
        self._prices = Table(folder / "prices.parquet", PRICES)
        self._fills = Table(folder / "fills.parquet", FILLS)
        self._tables = (self._equity, self._prices, self._fills)

    def tick(self, ts: int, ledger: Ledger) -> None:
        """Note the marked account and the last prices at a tick."""
        account = ledger.account()
        if ts < self._start or account is None:
            return
        self._equity.add(ts, float(account.equity), float(account.cash), float(account.exposure))
        for instrument, price in ledger.prices.items():
            self._prices.add(ts, instrument, price)

    def answer(self, ts: int, body: Body) -> None:
        """Note a fill."""
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

    def close(self) -> None:
        """Finish the files."""
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
