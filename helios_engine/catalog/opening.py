"""A catalog as a notebook sees it: pandas frames in real units, indexed by UTC time."""

from __future__ import annotations

import html
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from helios_engine.catalog import tables
from helios_engine.catalog.definitions import TERMS
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import parse_time

Time = str | int | datetime
"""ISO 8601 text or a datetime (UTC where no zone is said), or int nanoseconds since 1970."""
_TIMES = {"ts_event": "event_time", "ts_open": "open_time", "ts_close": "close_time"}
_COLUMNS = ("kind", "name", "timeframe", "rows", "first", "last", "issues", "revision", "source")


def open_catalog(location: str | Path | None = None) -> OpenCatalog:
    """See `helios_engine.catalog.open`."""
    if location is None:
        from helios_engine.settings import Settings

        location = Settings.load().catalog
    if "://" not in str(location) and not Path(location).is_dir():
        raise DataError(f"no catalog at {location}; `helios-engine data import` or `data generate` makes one")
    return OpenCatalog(Catalog(location))


class OpenCatalog:
    """Frames of data sets. Prices and quantities are floats in real units; the index `time` is when a row is known.

    `start` and `stop` are times (start included, stop not). Data sets that are not there raise DataError with
    those that are.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def bars(
        self, instrument: str, timeframe: str, start: Time | None = None, stop: Time | None = None
    ) -> pd.DataFrame:
        """Bars by the time they are known: open_time, close_time, open, high, low, close, volume."""
        return self._frame("bars", instrument, timeframe, start, stop)

    def trades(self, instrument: str, start: Time | None = None, stop: Time | None = None) -> pd.DataFrame:
        """Trades: event_time, price, quantity, side (1 taker bought, -1 sold, 0 unknown), trade_id."""
        return self._frame("trades", instrument, "", start, stop)

    def quotes(self, instrument: str, start: Time | None = None, stop: Time | None = None) -> pd.DataFrame:
        """Best prices: event_time, bid, ask, bid_quantity, ask_quantity."""
        return self._frame("quotes", instrument, "", start, stop)

    def books(self, instrument: str, start: Time | None = None, stop: Time | None = None) -> pd.DataFrame:
        """Book levels: event_time, sequence, snapshot, side (1 bid, -1 ask), price, quantity (0 removes a level)."""
        return self._frame("books", instrument, "", start, stop)

    def funding(self, instrument: str, start: Time | None = None, stop: Time | None = None) -> pd.DataFrame:
        """Funding: event_time, rate as a fraction."""
        return self._frame("funding", instrument, "", start, stop)

    def instruments(self, at: Time | None = None) -> pd.DataFrame:
        """The instruments that could be traded at a time (default: now), with the terms in force then.

        Of each instrument the latest definition known by then counts; those not yet listed or delisted by then
        are left out, so that a universe holds what failed later and not what came later.
        """
        when = time.time_ns() if at is None else _ns(at, "at")
        found = [dataset.table(0, when + 1).to_pandas() for dataset in self.catalog.datasets("instruments")]
        empty = tables.SCHEMAS["instruments"].empty_table().to_pandas()
        known = pd.concat(found) if found else empty
        known = known.sort_values("ts", kind="stable").groupby("instrument").tail(1)
        alive = (known["listed"] <= when) & ((known["delisted"] == 0) | (known["delisted"] > when))
        known = known[alive].set_index("instrument").sort_index()
        for name in TERMS:
            known[name] = known[name].astype(float)
        for name in ("ts", "listed", "delisted"):
            moments = pd.to_datetime(known[name], unit="ns", utc=True)
            known[name] = moments if name == "ts" else moments.where(known[name] != 0)
        named: pd.DataFrame = known.rename(columns={"ts": "valid_from"})
        return named

    def issues(self, name: str | None = None) -> pd.DataFrame:
        """What is known against the data, of one instrument or all: where, since when, how bad."""
        rows = [
            {"kind": d.manifest.kind, "name": d.manifest.name, "timeframe": d.manifest.timeframe, "issue": i.kind}
            | {"severity": i.severity, "first": i.ts_from, "stop": i.ts_to, "detail": i.detail}
            | {"state": i.state, "missing": i.missing, "origin": i.origin}
            for d in self.catalog.datasets()
            for i in d.manifest.issues
            if name in (None, d.manifest.name)
        ]
        names = ["kind", "name", "timeframe", "issue", "severity", "first", "stop", "detail", "state", "missing"]
        found = pd.DataFrame(rows, columns=[*names, "origin"])
        for column in ("first", "stop"):
            found[column] = pd.to_datetime(found[column].astype("int64"), unit="ns", utc=True)
        found["missing"] = pd.to_timedelta(found["missing"].astype("int64"), unit="ns")
        return found

    def ls(self) -> pd.DataFrame:
        """One row a data set: kind, name, timeframe, rows, first and last time, issues, revision, source."""
        found = [d.manifest for d in self.catalog.datasets()]
        rows = [[len(m.issues) if c == "issues" else getattr(m, c) for c in _COLUMNS] for m in found]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        for column in ("first", "last"):
            frame[column] = pd.to_datetime(frame[column].astype("int64"), unit="ns", utc=True)
        return frame

    def sql(self, query: str) -> pd.DataFrame:
        """The answer to a SELECT over the views of `helios_engine.catalog.queries`; raises ConfigError."""
        from helios_engine.catalog.queries import sql

        answer: pd.DataFrame = sql(self.catalog, query).to_pandas()
        return answer

    def __repr__(self) -> str:
        return f"OpenCatalog({self.catalog.url!r}, {len(self.catalog.datasets())} data sets)"

    def _repr_html_(self) -> str:
        table = self.ls().to_html(index=False, border=0, escape=True)
        return f"<p><b>Catalog</b> <code>{html.escape(self.catalog.url)}</code></p>{table}"

    def _frame(self, kind: str, instrument: str, timeframe: str, start: Time | None, stop: Time | None) -> pd.DataFrame:
        dataset = self.catalog.dataset(kind, instrument, timeframe)
        begin = 0 if start is None else _ns(start, "start")
        return frame(dataset, dataset.table(begin, 2**63 - 1 if stop is None else _ns(stop, "stop")))


def frame(dataset: Dataset, rows: pa.Table) -> pd.DataFrame:
    """Rows of a data set, in its scales, as a frame of real units indexed by when each was known."""
    m = dataset.manifest
    columns: dict[str, Any] = {}
    for name in rows.column_names:
        scale = tables.scale_of(m.kind, name, m.price_scale, m.size_scale)
        values = rows[name].to_numpy()
        if scale is not None:
            columns[name] = values / 10.0**scale
        elif name == "ts" or name in _TIMES:
            columns[_TIMES.get(name, name)] = pd.to_datetime(values, unit="ns", utc=True)
        else:
            columns[name] = values
    index = columns.pop("ts").rename("time")
    return pd.DataFrame(columns).set_index(index)


def _ns(value: Time, what: str) -> int:
    if isinstance(value, pd.Timestamp):  # finer than the datetime that it also is
        return int((value.tz_localize("UTC") if value.tz is None else value).as_unit("ns").value)
    try:
        return parse_time(value)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{what} {value!r}: {error}; expected a time such as 2024-01-31T09:00") from None
