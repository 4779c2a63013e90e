"""The tables of a run folder as pandas frames with a UTC DatetimeIndex."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.errors import JournalError

_MOMENT = pa.timestamp("ns", tz="UTC")
_TIMES = {
    **dict.fromkeys(("ts", "entry_ts", "exit_ts", "arrived", "ended"), _MOMENT),
    "duration": pa.duration("ns"),
}
_WORDS = ["instrument", "side", "fee_currency", "liquidity", "role", "currency", "type", "end"]


class Frames:
    """Reads a table when it is first asked for; JournalError if it is missing or damaged."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"Frames({str(self.folder)!r}: equity, fills, trades, legs, orders, prices, volumes, funding)"

    def has(self, name: str) -> bool:
        """Whether the run got as far as writing this table."""
        return (self.folder / f"{name}.parquet").is_file()

    @cached_property
    def equity(self) -> pd.DataFrame:
        """`equity`, `cash`, `exposure` in the report currency, one row a tick."""
        return read_frame(self.folder / "equity.parquet")

    @cached_property
    def fills(self) -> pd.DataFrame:
        """One row a fill: `id`, `instrument`, `side`, `quantity`, `price`, `fee`, `fee_currency`, `liquidity`."""
        return read_frame(self.folder / "fills.parquet")

    @cached_property
    def prices(self) -> pd.DataFrame:
        """The last `price` of every `instrument` at every tick."""
        return read_frame(self.folder / "prices.parquet")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Round trips by `entry_ts`, in quote currency (see `round_trips.Trip`); `exit_ts` is NaT while open."""
        return read_frame(self.folder / "trades.parquet", "entry_ts")

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Every order that passed the gate, by when it was decided, and what it met (see `results.ORDERS`)."""
        return read_frame(self.folder / "orders.parquet")

    @cached_property
    def volumes(self) -> pd.DataFrame:
        """The market's base `volume` of every `instrument` by UTC day."""
        return read_frame(self.folder / "volumes.parquet")

    @cached_property
    def funding(self) -> pd.DataFrame:
        """Funding by `instrument`: `amount` received (negative: paid) in `currency`."""
        return read_frame(self.folder / "funding.parquet")

    @cached_property
    def legs(self) -> pd.DataFrame:
        """Fills with `value` and `fee` in the report currency and their `role`: entry, exit or flip."""
        return read_frame(self.folder / "legs.parquet")


def read_frame(path: Path, index: str = "ts") -> pd.DataFrame:
    """A Parquet table by its column of int64 nanoseconds, which becomes a UTC index of that name."""
    try:
        table = pq.read_table(path, read_dictionary=[word for word in _WORDS if word in pq.read_schema(path).names])
        # Cast before pandas sees them: an int64 column with nulls would become floats and lose nanoseconds.
        for name, kind in _TIMES.items():
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, name, table.column(name).cast(kind))
        times = table.column(index)
        frame: pd.DataFrame = table.drop_columns([index]).to_pandas()
    except FileNotFoundError:
        raise JournalError(
            f"{path}: not there; the run did not get so far, or the file was removed. "
            f"`helios-engine runs show {path.parent.name}` says how the run ended"
        ) from None
    except (pa.ArrowInvalid, OSError, KeyError) as error:
        raise JournalError(f"{path}: cannot be read as a table of a run: {error}; run the backtest again") from error
    frame.index = pd.DatetimeIndex(times.to_pandas(), name=index)
    return frame
