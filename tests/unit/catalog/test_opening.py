from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import helios_engine.catalog
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import DAY
from tests.unit.catalog.filled import BEGIN, HOUR, NAME, filled


def test_bars_are_floats_in_real_units_by_the_time_they_are_known(tmp_path: Path) -> None:
    filled(tmp_path)

    found = helios_engine.catalog.open(tmp_path).bars(NAME, "1h")

    assert list(found.columns) == ["open_time", "close_time", "open", "high", "low", "close", "volume"]
    assert found.index.name == "time"
    assert str(found.index.dtype) == "datetime64[ns, UTC]"
    assert found["close"].tolist() == [100.25] * 3 + [100.253] * 2
    assert found["volume"].tolist() == [1.5] * 5
    assert found.index[0].value == BEGIN + HOUR
    assert found["open_time"].iloc[0].value == BEGIN


@pytest.mark.parametrize(
    "start",
    [
        BEGIN + 2 * HOUR,
        "2024-10-04T02:00",
        "2024-10-04T04:00+02:00",
        datetime(2024, 10, 4, 2, tzinfo=UTC),
        pd.Timestamp(BEGIN + 2 * HOUR, tz="UTC"),
        pd.Timestamp(BEGIN + 2 * HOUR - 1),
    ],
)
def test_a_span_begins_at_its_start_and_ends_before_its_stop(tmp_path: Path, start: int | str | datetime) -> None:
    filled(tmp_path)

    found = helios_engine.catalog.open(tmp_path).bars(NAME, "1h", start=start, stop=BEGIN + 3 * HOUR)

    assert [ts.value for ts in found.index] == [BEGIN + 2 * HOUR]


def test_every_kind_comes_as_a_frame(tmp_path: Path) -> None:
    filled(tmp_path)
    catalog = helios_engine.catalog.open(str(tmp_path))

    trades = catalog.trades(NAME)
    assert trades.iloc[0].drop("event_time").to_dict() == {
        "price": 100.01,
        "quantity": 0.001,
        "side": 1,
        "trade_id": "",
    }
    assert (trades.index - trades["event_time"]).unique().tolist() == [pd.Timedelta("1ms")]
    assert catalog.quotes(NAME).iloc[1].drop("event_time").to_dict() == {
        "bid": 100.01, "ask": 100.02, "bid_quantity": 0.006, "ask_quantity": 0.001,
    }  # fmt: skip
    assert catalog.books(NAME)["price"].tolist() == [100.0, 100.01]
    assert catalog.books(NAME)["snapshot"].tolist() == [True, True]
    assert catalog.funding(NAME)["rate"].tolist() == [-0.000125]
    assert catalog.sql("SELECT count(*) AS n FROM bars")["n"].tolist() == [5]
    empty = catalog.trades(NAME, start=BEGIN + DAY)
    assert (len(empty), empty["price"].dtype) == (0, "float64")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-1, {}),
        (0, {"BTCUSDT.BINANCE": 0.01, "OLDUSDT.BINANCE": 0.01}),
        (2, {"BTCUSDT.BINANCE": 0.1, "OLDUSDT.BINANCE": 0.01}),
        (3, {"BTCUSDT.BINANCE": 0.1, "NEWUSDT.BINANCE": 0.01, "OLDUSDT.BINANCE": 0.01}),
        (5, {"BTCUSDT.BINANCE": 0.1, "NEWUSDT.BINANCE": 0.01}),
    ],
)
def test_the_universe_of_a_day_holds_what_was_listed_then(tmp_path: Path, day: int, expected: dict[str, float]) -> None:
    filled(tmp_path)

    found = helios_engine.catalog.open(tmp_path).instruments(at=BEGIN + day * DAY)

    assert found["tick"].to_dict() == expected


def test_a_change_counts_from_its_nanosecond_and_dates_are_times(tmp_path: Path) -> None:
    filled(tmp_path)
    catalog = helios_engine.catalog.open(tmp_path)

    assert catalog.instruments(at=BEGIN + 2 * DAY - 1).loc["BTCUSDT.BINANCE", "tick"] == 0.01
    assert catalog.instruments(at=BEGIN + 5 * DAY - 1).loc["OLDUSDT.BINANCE", "delisted"].value == BEGIN + 5 * DAY
    assert pd.isna(catalog.instruments(at=BEGIN).loc["BTCUSDT.BINANCE", "listed"])
    assert "OLDUSDT.BINANCE" not in catalog.instruments().index


def test_what_there_is_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    filled(tmp_path)
    catalog = helios_engine.catalog.open(tmp_path)

    listed = catalog.ls()
    assert set(listed["kind"]) == {"bars", "trades", "quotes", "books", "funding", "instruments"}
    row = listed[listed["kind"] == "bars"].iloc[0]
    assert (row["name"], row["timeframe"], row["rows"], row["issues"]) == (NAME, "1h", 5, 1)
    assert row["first"].value == BEGIN + HOUR
    issues = catalog.issues()
    assert issues["detail"].tolist() == ["it's gone"]
    assert issues["missing"].tolist() == [pd.Timedelta("1h")]
    assert catalog.issues("ETHUSDT.BINANCE").empty
    assert NAME in catalog._repr_html_()
    assert "6 data sets" in repr(catalog)


def test_an_empty_catalog_is_shown_as_such(tmp_path: Path) -> None:
    catalog = helios_engine.catalog.open(tmp_path)

    assert catalog.ls().empty
    assert catalog.issues().empty
    assert catalog.instruments().empty
    assert "<table" in catalog._repr_html_()


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    filled(tmp_path)
    catalog = helios_engine.catalog.open(tmp_path)

    with pytest.raises(DataError, match=r"no bars BTCUSDT.BINANCE 5m .*there are: .*bars BTCUSDT.BINANCE 1h"):
        catalog.bars(NAME, "5m")
    with pytest.raises(ConfigError, match="start 'soon'"):
        catalog.bars(NAME, "1h", start="soon")
    with pytest.raises(DataError, match="no catalog at"):
        helios_engine.catalog.open(tmp_path / "nothing")


def test_the_setting_names_the_catalog_where_nobody_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path)
    monkeypatch.setenv("HELIOS_CATALOG", str(tmp_path))

    assert helios_engine.catalog.open().catalog.url == str(tmp_path)


def test_importing_the_catalog_loads_nothing_heavy() -> None:
    code = "import helios_engine, helios_engine.catalog, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()

    assert not {"pandas", "pyarrow", "duckdb", "nautilus_trader"} & set(loaded)
