"""What no importer knows by itself, read with the flags that say what it is; real files against pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers.plausible import opens_follow_closes
from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError, DataError
from helios_engine.timeframe import UNITS, parse_time
from tests.unit.catalog.importing_bars import FIELDS, REAL, brought, found, from_real, ns, real, same_bars

NAMED = {"ts": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}
SMALL = {name: name for name in FIELDS}
TRADES = {"ts": "0", "price": "1", "quantity": "2"}
MINUTE = UNITS["m"]


def one(folder: Path, *names: str, **ask: Any) -> Dataset:
    (dataset,) = from_real(folder, *names, wanted="generic", **ask)
    return dataset


def mapped(folder: Path, *lines: str, **ask: Any) -> Dataset:
    path = folder / "file.csv"
    path.write_text("\n".join(lines) + "\n")
    (dataset,) = brought(folder, path, wanted="generic", **{"instrument": "BTCUSD.HERE", **ask})
    return dataset


def read_real(name: str, **how: Any) -> pd.DataFrame:
    return pd.read_csv(Path(str(REAL)) / name, **how)


def same_numbers(dataset: Dataset, scale: int, **columns: Any) -> None:
    """Columns of a data set are exactly these numbers."""
    table = dataset.table()
    for name, expected in columns.items():
        assert np.array_equal(table[name].to_numpy(), np.rint(np.asarray(expected, np.float64) * 10.0**scale)), name


# What the generic importer was taught for these files


def test_an_unnamed_column_is_meant_by_its_number(tmp_path: Path) -> None:
    rows = [f"2024-01-01 0{n}:00:00,5,6,4,5,{n}" for n in range(4)]
    dataset = mapped(tmp_path, ",Open,High,Low,Close,Volume", *rows, columns={**NAMED, "ts": "0"}, stamp="open")

    assert dataset.manifest.title == "bars BTCUSD.HERE 1h"
    assert dataset.table()["ts_open"][1].as_py() == parse_time("2024-01-01T01:00:00")


@pytest.mark.parametrize("cell", ["", "NA", "nan", "null", "."])
def test_rows_that_lack_a_number_need_the_users_word(tmp_path: Path, cell: str) -> None:
    lines = ["t,b,a", "1700000000,5,6", f"1700000001,5,{cell}", f"1700000002,{cell},6", "1700000003,5,7"]
    columns = {"ts": "t", "bid": "b", "ask": "a"}
    with pytest.raises(DataError, match=r"file.csv:3: ask is .* \(2 such rows\); add --drop-incomplete"):
        mapped(tmp_path, *lines, columns=columns)
    dataset = mapped(tmp_path, *lines, columns=columns, drop_incomplete=True)

    assert dataset.table()["ask"].to_pylist() == [6, 7]
    issue = found(dataset)["left_out"]
    assert (issue.ts_from, issue.ts_to) == (1_700_000_001 * 10**9, 1_700_000_002 * 10**9 + 1)


def test_a_missing_time_is_never_left_out(tmp_path: Path) -> None:
    lines = ["t,b,a", "1700000000,5,6", ",5,6"]
    with pytest.raises(DataError, match=r"file.csv:3: the time is ''|file.csv:3: time is ''"):
        mapped(tmp_path, *lines, columns={"ts": "t", "bid": "b", "ask": "a"}, drop_incomplete=True)


def test_a_trade_of_nothing_is_no_trade(tmp_path: Path) -> None:
    lines = ["1700000000,5,1.5", "1700000001,5,0.000"]
    with pytest.raises(DataError, match=r"file.csv:2: quantity is '0.000' .*--drop-incomplete"):
        mapped(tmp_path, *lines, columns=TRADES, header=False)
    assert mapped(tmp_path, *lines, columns=TRADES, header=False, drop_incomplete=True).manifest.rows == 1


def test_only_rows_that_lack_a_number_are_nothing_to_import(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows that can be kept"):
        mapped(tmp_path, "1700000001,5,0", columns=TRADES, header=False, drop_incomplete=True)


def test_a_timeframe_that_the_rows_deny_is_refused(tmp_path: Path) -> None:
    rows = [f"2024-01-01 {n:02}:00:00,5,6,4,5,1" for n in range(12)]
    with pytest.raises(ConfigError, match=r"--timeframe 1m, but no two rows are nearer than 1h"):
        mapped(
            tmp_path, ",Open,High,Low,Close,Volume", *rows, columns={**NAMED, "ts": "0"}, stamp="open", timeframe="1m"
        )


def test_volumes_that_do_not_fit_are_rounded_where_binary_arithmetic_wrote_them(tmp_path: Path) -> None:
    rows = ["2024-01-01 00:00:00,5,6,4,5,218102.59507500002", "2024-01-01 01:00:00,5,6,4,5,102949891.4118"]
    asked: dict[str, Any] = {"columns": {**NAMED, "ts": "0"}, "stamp": "open", "timeframe": "1h"}
    dataset = mapped(tmp_path, ",Open,High,Low,Close,Volume", *rows, **asked)

    assert dataset.manifest.size_scale == 6
    assert dataset.table()["volume"].to_pylist() == [218_102_595_075, 102_949_891_411_800]
    assert found(dataset)["rounded"].ts_from == parse_time("2024-01-01")


def test_volumes_that_fit_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"columns": {**NAMED, "ts": "0"}, "stamp": "open", "timeframe": "1h"}
    dataset = mapped(
        tmp_path, ",Open,High,Low,Close,Volume", "2024-01-01 00:00:00,5,6,4,5,2181.59507500000002", **asked
    )

    assert dataset.table()["volume"].to_pylist() == [218_159_507_500_000_002]
    assert not found(dataset)


def closes_and_opens(count: int, step: float) -> tuple[Any, dict[str, Number]]:
    """A wandering price, whose opens are near the closes before."""
    walk = np.random.default_rng(5).normal(0, step, count).cumsum() + 1000
    near = walk + np.random.default_rng(6).normal(0, 1, count)
    prices = {"open": np.concatenate([[1000.0], near[:-1]]), "close": walk}
    opened = np.arange(count) * MINUTE
    return opened, {name: Number(np.rint(values * 100).astype(np.int64), 2) for name, values in prices.items()}


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("count", [40, 4000])
def test_exchanged_opens_and_closes_show_where_prices_move(count: int, turned: int) -> None:
    opened, right = closes_and_opens(count, 20.0)
    right = {name: Number(number.units[::turned], 2) for name, number in right.items()}
    opens_follow_closes(opened[::turned], MINUTE, right, "row {}".format)
    with pytest.raises(DataError, match="open and close look exchanged"):
        opens_follow_closes(opened[::turned], MINUTE, {"open": right["close"], "close": right["open"]}, "row {}".format)


@pytest.mark.parametrize("step", [0.0, 0.01])
def test_nothing_is_said_of_opens_and_closes_where_prices_hardly_move(step: float) -> None:
    opened, prices = closes_and_opens(4000, step)
    exchanged = {"open": prices["close"], "close": prices["open"]}
    for columns in (prices, exchanged):
        opens_follow_closes(opened, MINUTE, columns, "row {}".format)


# Real files


@real
@pytest.mark.parametrize("name", ["sp500", "nasdaq"])
def test_daily_stocks(tmp_path: Path, name: str) -> None:
    path, symbol = f"arch_daily/{name}.csv.gz", f"{name.upper()}.INDEX"
    asked: dict[str, Any] = {"columns": NAMED, "stamp": "open", "instrument": symbol, "base": name.upper()}
    with pytest.raises(DataError, match=f"{name}.csv.gz:2: the time is '1/4/1999'.*--time-format"):
        one(tmp_path, path, **asked, timeframe="1d", quote="USD")
    with pytest.raises(ConfigError, match="two currencies cannot be told .*--quote"):
        one(tmp_path, path, **asked, time_format="%m/%d/%Y")
    dataset = one(tmp_path, path, **asked, time_format="%m/%d/%Y", quote="USD")

    frame = read_real(path).rename(columns=str.lower)
    same_bars(dataset, ns(pd.to_datetime(frame["date"], format="%m/%d/%Y")), frame)
    assert (dataset.manifest.rows, dataset.manifest.timeframe) == (5031, "1d")


@real
def test_hourly_currencies_with_an_unnamed_column(tmp_path: Path) -> None:
    path = "backtestingpy_data/EURUSD.csv"
    dataset = one(tmp_path, path, columns={**NAMED, "ts": "0"}, stamp="open", instrument="EURUSD.FX")
    frame = read_real(path).rename(columns=str.lower)

    same_bars(dataset, ns(pd.to_datetime(frame.iloc[:, 0])), frame)
    assert (dataset.manifest.rows, dataset.manifest.timeframe) == (5000, "1h")


@real
@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({}, DataError, "bars longer than a day are not kept"),
        ({"timeframe": "1d"}, ConfigError, "no two rows are nearer"),
    ],
)
def test_bars_of_a_month_are_refused(tmp_path: Path, more: dict[str, str], error: type[Exception], said: str) -> None:
    asked: dict[str, Any] = {"columns": {**NAMED, "ts": "0"}, "stamp": "close", "instrument": "BTCUSD.FX"}
    with pytest.raises(error, match=said):
        one(tmp_path, "backtestingpy_data/BTCUSD.csv", **asked, **more)


@real
def test_bars_stamped_at_their_close(tmp_path: Path) -> None:
    path = "nautilus_testdata/btc-perp-20211231-20220201_1m.csv.gz"
    asked: dict[str, Any] = {"columns": {**SMALL, "ts": "timestamp"}, "instrument": "BTCUSD_PERP.UNKNOWN"}
    with pytest.raises(ConfigError, match="bars need --stamp open or --stamp close"):
        one(tmp_path, path, **asked)
    dataset = one(tmp_path, path, **asked, stamp="close")

    frame = read_real(path)
    same_bars(dataset, ns(pd.to_datetime(frame["timestamp"])) - MINUTE, frame)
    assert dataset.manifest.rows == 45_031
    assert found(dataset)["rounded"].detail.startswith("6 volumes")


@real
def test_bars_of_half_an_hour(tmp_path: Path) -> None:
    path = "pyalgotrade_bitcoin/30min-bitstampUSD-2.csv"
    dataset = one(tmp_path, path, columns={**NAMED, "ts": "Date Time"}, stamp="open", instrument="BTCUSD.BITSTAMP")
    frame = read_real(path).rename(columns=str.lower)

    same_bars(dataset, ns(pd.to_datetime(frame["date time"])), frame)
    assert (dataset.manifest.rows, dataset.manifest.timeframe) == (1968, "30m")


@real
@pytest.mark.parametrize(
    ("path", "instrument", "columns", "rows", "scale"),
    [
        ("nautilus_testdata/truefx/usdjpy-ticks.csv", "USDJPY.TRUEFX", ("timestamp", "bid", "ask"), 1000, 3),
        ("zar_luno_tickers/luno/XBTZAR.csv", "XBTZAR.LUNO", ("timestamp", "bid", "ask"), 8812, 0),
        ("zar_luno_tickers/luno/ETHZAR.csv.gz", "ETHZAR.LUNO", ("timestamp", "bid", "ask"), 8812, 0),
        ("zar_luno_tickers/yahoo/USDZAR.csv", "USDZAR.YAHOO", ("client_timestamp", "bid", "ask"), 8806, 4),
        ("zar_luno_tickers/xe/USDZAR.csv", "USDZAR.XE", ("client_timestamp", "rate", "rate"), 8635, 6),
        ("zar_luno_tickers/kraken/XXBTZUSD.csv.gz", "XBTUSD.KRAKEN", ("client_timestamp", "bid", "ask"), 8811, 1),
    ],
)
def test_quotes(
    tmp_path: Path, path: str, instrument: str, columns: tuple[str, str, str], rows: int, scale: int
) -> None:
    names = dict(zip(("ts", "bid", "ask"), columns, strict=True))
    incomplete = "xe/" in path
    if incomplete:
        with pytest.raises(DataError, match=r"USDZAR.csv:8637: bid is 'NA' \(177 such rows\); add --drop-incomplete"):
            one(tmp_path, path, columns=names, instrument=instrument)
    dataset = one(tmp_path, path, columns=names, instrument=instrument, drop_incomplete=incomplete)

    frame = read_real(path).dropna(subset=list(columns))
    stamps = frame[columns[0]]
    expected = ns(pd.to_datetime(stamps, format="ISO8601")) if "truefx" in path else stamps.to_numpy() * 10**6
    assert (dataset.manifest.rows, dataset.manifest.price_scale) == (rows, scale)
    assert np.array_equal(dataset.table()["ts"].to_numpy(), expected)
    same_numbers(dataset, scale, bid=frame[columns[1]], ask=frame[columns[2]])
    assert dataset.table()["bid_quantity"].to_numpy().max() == 0


@real
def test_trades_without_a_header(tmp_path: Path) -> None:
    path = "pyalgotrade_bitcoin/bitstampUSD.csv.gz"
    asked: dict[str, Any] = {"columns": TRADES, "header": False, "instrument": "BTCUSD.BITSTAMP"}
    with pytest.raises(DataError, match="bitstampUSD.csv.gz:8524: quantity is '0.000000000000'"):
        one(tmp_path, path, **asked)
    dataset = one(tmp_path, path, **asked, drop_incomplete=True)

    frame = read_real(path, header=None).pipe(lambda f: f[f[2] > 0])
    assert dataset.manifest.rows == 9998
    assert np.array_equal(dataset.table()["ts"].to_numpy(), frame[0].to_numpy() * 10**9)
    same_numbers(dataset, dataset.manifest.price_scale, price=frame[1])
    same_numbers(dataset, dataset.manifest.size_scale, quantity=frame[2])


@real
def test_trades_that_go_on_in_a_second_file(tmp_path: Path) -> None:
    folder = "freqtrade_testdata/kraken_trades_csv"
    names = (f"{folder}/BCHEUR.csv", f"{folder}/incremental_q2/BCHEUR.csv")
    dataset = one(tmp_path, *names, columns=TRADES, header=False, instrument="BCHEUR.KRAKEN")

    frame = pd.concat([read_real(name, header=None) for name in names])
    assert dataset.manifest.rows == 634
    assert np.array_equal(dataset.table()["ts"].to_numpy(), frame[0].to_numpy() * 10**9)
    same_numbers(dataset, dataset.manifest.price_scale, price=frame[1])
    same_numbers(dataset, dataset.manifest.size_scale, quantity=frame[2])
    assert set(dataset.table()["side"].to_pylist()) == {0}


@real
@pytest.mark.parametrize(
    ("path", "price"),
    [
        ("skfolio_daily/sp500_dataset.csv.gz", "AAPL"), ("skfolio_daily/sp500_index.csv.gz", "SP500"),
        ("skfolio_daily/factors_dataset.csv.gz", "MTUM"), ("garch_fgarch/dem2gbp.csv.gz", "DEM2GBP"),
        ("garch_fgarch/sp500dge.csv.gz", "SP500"), ("arch_daily/vix.csv.gz", "vix"),
        ("arch_daily/wti.csv.gz", "DCOILWTICO"),
    ],
)  # fmt: skip
def test_series_that_are_neither_bars_nor_trades_nor_quotes_are_refused(tmp_path: Path, path: str, price: str) -> None:
    with pytest.raises(DataError, match="no importer knows this file; .*--format generic --instrument .* --map"):
        from_real(tmp_path, path)
    with pytest.raises(ConfigError, match="--map must name quantity"):
        one(tmp_path, path, columns={"ts": "0", "price": price}, instrument="X.Y")
