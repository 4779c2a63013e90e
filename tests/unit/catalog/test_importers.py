from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helios_engine.catalog.importers import generic
from helios_engine.catalog.importers.binance_klines import import_klines
from helios_engine.catalog.importers.generic import Imported, Reading
from helios_engine.catalog.importers.rows import Terms
from helios_engine.errors import ConfigError, DataError, HeliosError

HOUR = 3_600_000
TERMS = Terms(instrument="BTCUSDT.BINANCE")
START = 1_672_531_200_000
BARS = {"ts": "t", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")


def kline(number: int, close: str = "100.50", **changed: str) -> str:
    fields = {
        "open_time": str(START + number * HOUR), "open": "100.00", "high": "101.00", "low": "99.00", "close": close,
        "volume": "1.50000000", "close_time": "0", "quote": "0", "trades": "5", "tb": "0", "tq": "0", "ignore": "0",
    }  # fmt: skip
    return ",".join((fields | changed).values())


def klines(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "k.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_klines_become_bars_that_are_known_at_their_close(tmp_path: Path) -> None:
    found = import_klines(klines(tmp_path, kline(0), kline(1)), TERMS, "1h")

    row = {name: values[1] for name, values in found.table.to_pydict().items()}
    assert row == {
        "ts": (START + 2 * HOUR) * 10**6, "ts_open": (START + HOUR) * 10**6, "ts_close": (START + 2 * HOUR) * 10**6,
        "open": 1000, "high": 1010, "low": 990, "close": 1005, "volume": 15,
    }  # fmt: skip
    assert (found.instrument.price_scale, found.instrument.size_scale, found.instrument.base) == (1, 1, "BTC")


def test_microseconds_are_told_from_milliseconds(tmp_path: Path) -> None:
    one = import_klines(klines(tmp_path, kline(0)), TERMS, "1h").table
    two = import_klines(klines(tmp_path, kline(0, open_time=f"{START}000")), TERMS, "1h").table

    assert one.equals(two)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((kline(1), kline(0)), "k.csv:2: time .* is before that of the row above, .*; add --sort"),
        ((kline(0), kline(0)), "k.csv:2: a second bar opens at 2023-01-01T00:00:00Z; add --drop-identical"),
        ((kline(0), kline(1, "NaN")), "k.csv:2: close is 'NaN', expected plain digits"),
        ((kline(0), kline(1, "1e999999")), "k.csv:2: close is '1e999999', expected plain digits"),
        ((kline(0), kline(1, "inf")), "k.csv:2: close is 'inf'"),
        ((kline(0, open_time="0"),), "k.csv:1: the first column is '0'; expected an open time"),
        ((kline(0), kline(1, open_time="-5")), "k.csv:2: the time is '-5', expected whole ms"),
        ((kline(0), kline(1, open_time=str(START + 5))), "not on a 1h boundary; check --unit, --stamp"),
        ((kline(0, high="98.00"),), "k.csv:1: low is above high"),
        ((kline(0, open="150.00"),), "open or close lies outside"),
        ((kline(0), "1,2,3"), "k.csv: not a readable CSV file"),
        (("open_time,open,high,low,close,volume,ct,q,n,tb,tq,i", kline(0)), "Is this a klines file without a header"),
        (("",), "not a readable CSV file|no rows"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, rows: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        import_klines(klines(tmp_path, *rows), TERMS, "1h")


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.csv.gz"
    path.write_bytes(gzip.compress("\n".join(kline(n) for n in range(2000)).encode())[:-200])

    with pytest.raises(DataError, match="not a readable CSV file"):
        import_klines(path, TERMS, "1h")


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_bytes(kline(0).encode("utf-16"))

    with pytest.raises(DataError, match="k.csv"):
        import_klines(path, TERMS, "1h")


def test_gaps_and_empty_bars_become_issues_with_their_ranges(tmp_path: Path) -> None:
    found = import_klines(klines(tmp_path, kline(0), kline(3), kline(4, volume="0")), TERMS, "1h")

    assert [(issue.kind, issue.detail) for issue in found.issues] == [
        ("gap", "2 bars are missing from 2023-01-01T01:00:00Z to 2023-01-01T03:00:00Z"),
        ("zero_volume", "1 bars"),
    ]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "g.csv"
    path.write_text(text)
    return path


def bars(path: Path, **how: Any) -> Imported:
    reading = Reading(**{"columns": BARS, "unit": "s", "stamp": "open", **how})
    return generic.import_bars(path, TERMS, "1m", reading)


def test_the_same_bars_are_read_from_open_and_from_close_stamps(tmp_path: Path) -> None:
    opened = bars(write(tmp_path, "t,o,h,l,c,v\n1672531200,1,2,1,2,5\n"), stamp="open").table
    closed = bars(write(tmp_path, "t,o,h,l,c,v\n1672531260,1,2,1,2,5\n"), stamp="close").table

    assert opened.equals(closed)


def test_columns_may_be_named_by_number_and_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "1672531200,1,1.5,2,0.5,5\n")
    columns = {"ts": "0", "open": "1", "close": "2", "high": "3", "low": "4", "volume": "5"}

    table = bars(path, columns=columns, header=False).table

    assert [table[name][0].as_py() for name in ("open", "high", "low", "close")] == [10, 20, 5, 15]


def test_a_newest_first_file_is_sorted_and_repeated_rows_are_dropped_only_on_request(tmp_path: Path) -> None:
    text = "t,o,h,l,c,v\n1672531260,1,2,1,2,5\n1672531260,1,2,1,2,5\n1672531200,1,2,1,2,5\n"

    found = bars(write(tmp_path, text), sort=True, drop_identical=True)

    assert found.table.num_rows == 2
    assert found.issues[0].kind == "duplicate"
    with pytest.raises(DataError, match="add --drop-identical"):
        bars(write(tmp_path, text), sort=True)


def test_two_different_bars_of_one_time_are_never_dropped(tmp_path: Path) -> None:
    text = "t,o,h,l,c,v\n1672531200,1,2,1,2,5\n1672531200,1,2,1,2,6\n"

    with pytest.raises(DataError, match="a second bar opens at"):
        bars(write(tmp_path, text), drop_identical=True)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"stamp": None}, "bars need --stamp open or --stamp close"),
        ({"columns": {"ts": "t"}}, "--map must name open, high, low, close, volume"),
        ({"columns": {**BARS, "opn": "o"}}, "unknown column 'opn'; did you mean 'open'"),
        ({"columns": {**BARS, "open": "first"}}, "g.csv: no column 'first' for open; it has: t, o, h, l, c, v"),
        ({"unit": "ms"}, "read as ms is not between 1971 and 2100; check --unit"),
        ({"unit": "iso"}, "times are not ISO 8601"),
    ],
)
def test_what_the_user_must_say_is_asked_for(tmp_path: Path, how: dict[str, Any], said: str) -> None:
    with pytest.raises(HeliosError, match=said):
        bars(write(tmp_path, "t,o,h,l,c,v\n1672531200,1,2,1,2,5\n"), **how)


def test_trades_keep_the_order_of_ties_and_their_sides(tmp_path: Path) -> None:
    path = write(
        tmp_path, "ms,p,q,s,i\n1672531200000,10.5,1,buy,a\n1672531200000,10.25,2,SELL,b\n1672531200001,10,3,,c\n"
    )
    columns = {"ts": "ms", "price": "p", "quantity": "q", "side": "s", "trade_id": "i"}

    table = generic.import_trades(path, TERMS, Reading(columns=columns, unit="ms")).table

    assert table["side"].to_pylist() == [1, -1, 0]
    assert table["trade_id"].to_pylist() == ["a", "b", "c"]
    assert table["price"].to_pylist() == [1050, 1025, 1000]


def test_an_unknown_side_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "ms,p,q,s\n1672531200000,10.5,1,maybe\n")

    with pytest.raises(DataError, match="g.csv:2: side is 'maybe', expected buy or sell"):
        generic.import_trades(
            path, TERMS, Reading(columns={"ts": "ms", "price": "p", "quantity": "q", "side": "s"}, unit="ms")
        )


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"t": [1672531200]}), path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError, match="not a readable Parquet file"):
        bars(path)


def test_a_symbol_whose_quote_could_be_two_is_not_guessed() -> None:
    from helios_engine.catalog.importers.rows import definition

    with pytest.raises(ConfigError, match="name --base and --quote, since its end could be TUSD or USD"):
        definition(Terms(instrument="XBTUSD.BITMEX"), 1, 0)


@real
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "timeframe"),
    [
        *((f"1h/{coin}-1h-{year}.csv.gz", "1h") for coin in ("BTCUSDT", "ETHUSDT") for year in (2022, 2023)),
        ("1h/BTCUSDT-1h-2024.csv", "1h"),
        ("15m/BTCUSDT-15m-2025.csv.gz", "15m"),
        ("1d/BTCUSDT-1d.csv", "1d"),
        ("1d/DOGEUSDT-1d.csv.gz", "1d"),
    ],
)
def test_real_klines_equal_an_independent_parse_row_for_row(name: str, timeframe: str) -> None:
    path = Path(str(REAL)) / "binance_klines_multi" / name

    table = import_klines(path, TERMS, timeframe).table.to_pandas()

    found = import_klines(path, TERMS, timeframe).instrument
    raw = pd.read_csv(path, header=None, dtype=str)
    assert (table["ts_open"] == raw[0].astype("int64") * 1_000_000).all()
    for column, field, scale in zip(
        range(1, 6),
        ["open", "high", "low", "close", "volume"],
        [found.price_scale] * 4 + [found.size_scale],
        strict=True,
    ):
        assert ((table[field] / 10**scale) == raw[column].astype(float)).all()


@real
@pytest.mark.real_data
def test_real_bitfinex_minutes_have_their_columns_in_another_order() -> None:
    path = Path(str(REAL)) / "bitfinex_1m" / "ETHUSD_1m_2017.csv.gz"
    columns = {"ts": "0", "open": "1", "close": "2", "high": "3", "low": "4", "volume": "5"}
    how = Reading(columns=columns, unit="ms", stamp="open", header=False)

    found = generic.import_bars(path, Terms(instrument="ETHUSD.BITFINEX", base="ETH", quote="USD"), "1m", how)

    raw = pd.read_csv(path, header=None)
    high = found.table["high"].to_numpy() / 10**found.instrument.price_scale
    assert found.table.num_rows == 414_314
    assert (high == raw[3].to_numpy()).all()
    assert sum(issue.kind == "gap" for issue in found.issues) == 1001


@real
@pytest.mark.real_data
def test_real_close_stamped_bitmex_bars_line_up_with_their_close() -> None:
    path = Path(str(REAL)) / "bitmex_1m" / "XBTUSD_1m_2017-12.parquet"
    columns = {"ts": "timestamp", **{name: name for name in ("open", "high", "low", "close", "volume")}}
    how = Reading(columns=columns, unit="iso", stamp="close", allow_ohlc=True)

    found = generic.import_bars(path, Terms(instrument="XBTUSD.BITMEX", base="XBT", quote="USD"), "1m", how)

    raw = pd.read_parquet(path)
    assert found.table["ts"].to_numpy().tolist() == pd.DatetimeIndex(raw["timestamp"]).as_unit("ns").asi8.tolist()
    assert [i.kind for i in found.issues] == ["ohlc", "zero_volume"]
