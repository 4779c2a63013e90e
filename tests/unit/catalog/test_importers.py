from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helios_engine.catalog.importers.contract import Ask, Symbol
from helios_engine.catalog.importers.symbols import definition
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.errors import ConfigError, DataError, HeliosError
from tests.importing import imported, only, real, real_file, real_units

HOUR = 3_600_000
TERMS = {"instrument": "BTCUSDT.BINANCE", "timeframe": "1h"}
START = 1_672_531_200_000
BARS = {"ts": "t", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}


def kline(number: int, close: str = "100.50", **changed: str) -> str:
    fields = {
        "open_time": str(START + number * HOUR), "open": "100.00", "high": "101.00", "low": "99.00", "close": close,
        "volume": "1.50000000", "close_time": str(START), "quote": "150", "trades": "5",
        "tb": "0", "tq": "0", "ignore": "0",
    }  # fmt: skip
    return ",".join((fields | changed).values())


def klines(tmp_path: Path, *rows: str) -> Path:
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "k.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def read(tmp_path: Path, *rows: str) -> Dataset:
    imported(tmp_path / "catalog", klines(tmp_path, *rows), wanted="binance-klines", **TERMS)
    return only(tmp_path / "catalog")


def test_klines_become_bars_that_are_known_at_their_close(tmp_path: Path) -> None:
    found = read(tmp_path, kline(0), kline(1))

    row = {name: values[1] for name, values in found.table().to_pydict().items()}
    assert row == {
        "ts": (START + 2 * HOUR) * 10**6, "ts_open": (START + HOUR) * 10**6, "ts_close": (START + 2 * HOUR) * 10**6,
        "open": 1000, "high": 1010, "low": 990, "close": 1005, "volume": 15,
    }  # fmt: skip
    assert found.manifest.instrument is not None
    assert (found.manifest.price_scale, found.manifest.size_scale, found.manifest.instrument.base) == (1, 1, "BTC")


def test_microseconds_are_told_from_milliseconds(tmp_path: Path) -> None:
    one = read(tmp_path / "ms", kline(0)).table()
    two = read(tmp_path / "us", kline(0, open_time=f"{START}000", close_time=f"{START}999")).table()

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
        ((kline(0), kline(1, open_time="-5")), "k.csv:2: time is '-5', expected plain digits"),
        ((kline(0), kline(1, open_time=str(START + 5))), "not on a 1h boundary; check --unit, --stamp"),
        ((kline(0, high="98.00", volume="0"),), "k.csv:1: low is above high"),
        ((kline(0, open="150.00"),), "open or close lies outside"),
        ((kline(0), "1,2,3"), "k.csv: not a readable CSV file"),
        (("",), "not a readable CSV file|no rows"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, rows: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, *rows)
    assert not (tmp_path / "catalog").exists()


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.csv.gz"
    path.write_bytes(gzip.compress("\n".join(kline(n) for n in range(2000)).encode())[:-200])

    with pytest.raises(DataError, match="cannot be read to its end"):
        imported(tmp_path, path, wanted="binance-klines", **TERMS)


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.csv"
    path.write_bytes(kline(0).encode("utf-16"))

    with pytest.raises(DataError, match="k.csv"):
        imported(tmp_path, path, wanted="binance-klines", **TERMS)


def test_gaps_and_empty_bars_become_issues_with_their_ranges(tmp_path: Path) -> None:
    silent = [kline(n, volume="0", quote="0") for n in range(4, 16)]

    found = read(tmp_path, kline(0), kline(3), *silent)

    assert [(issue.kind, issue.detail) for issue in found.manifest.issues] == [
        ("gap", "2 bars missing from 2023-01-01T01:00:00Z to 2023-01-01T03:00:00Z"),
        ("zero_volume", "10 bars in a row without volume so far from 2023-01-01T04:00:00Z to 2023-01-01T14:00:00Z"),
    ]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "g.csv"
    path.write_text(text)
    return path


def bars(path: Path, **how: Any) -> Dataset:
    catalog = path.parent / f"catalog-{sorted(how.items())!r:.40}".replace("/", "")
    terms = {"instrument": "BTCUSDT.BINANCE", "timeframe": "1m", "columns": BARS, "unit": "s", "stamp": "open"}
    imported(catalog, path, wanted="generic", **{**terms, **how})
    return only(catalog)


def test_the_same_bars_are_read_from_open_and_from_close_stamps(tmp_path: Path) -> None:
    opened = bars(write(tmp_path, "t,o,h,l,c,v\n1672531200,1,2,1,2,5\n"), stamp="open").table()
    closed = bars(write(tmp_path, "t,o,h,l,c,v\n1672531260,1,2,1,2,5\n"), stamp="close").table()

    assert opened.equals(closed)


def test_columns_may_be_named_by_number_and_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "1672531200,1,1.5,2,0.5,5\n")
    columns = {"ts": "0", "open": "1", "close": "2", "high": "3", "low": "4", "volume": "5"}

    table = bars(path, columns=columns, header=False).table()

    assert [table[name][0].as_py() for name in ("open", "high", "low", "close")] == [10, 20, 5, 15]


def test_a_newest_first_file_is_sorted_and_repeated_rows_are_dropped_only_on_request(tmp_path: Path) -> None:
    text = "t,o,h,l,c,v\n1672531260,1,2,1,2,5\n1672531260,1,2,1,2,5\n1672531200,1,2,1,2,5\n"

    found = bars(write(tmp_path, text), sort=True, drop_identical=True)

    assert found.manifest.rows == 2
    assert "duplicate" in {issue.kind for issue in found.manifest.issues}
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
        ({"columns": {**BARS, "opn": "o"}}, "unknown column 'opn' of bars; did you mean 'open'"),
        ({"columns": {**BARS, "open": "first"}}, "g.csv: no column 'first' for open; it has: t, o, h, l, c, v"),
        ({"unit": "ms"}, "read as ms is not between 1971 and 2100; check --unit"),
        ({"unit": "iso"}, "expected ISO 8601"),
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

    imported(tmp_path / "c", path, wanted="generic", instrument="BTCUSDT.BINANCE", columns=columns)
    table = only(tmp_path / "c").table()

    assert table["side"].to_pylist() == [1, -1, 0]
    assert table["trade_id"].to_pylist() == ["a", "b", "c"]
    assert table["price"].to_pylist() == [1050, 1025, 1000]


def test_an_unknown_side_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "ms,p,q,s\n1672531200000,10.5,1,maybe\n")

    with pytest.raises(DataError, match="g.csv:2: side is 'maybe', expected buy or sell"):
        columns = {"ts": "ms", "price": "p", "quantity": "q", "side": "s"}
        imported(tmp_path, path, wanted="generic", instrument="BTCUSDT.BINANCE", columns=columns)


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"t": [1672531200]}), path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(DataError, match="not a readable parquet file"):
        bars(path)


def test_a_symbol_whose_quote_could_be_two_is_not_guessed() -> None:
    with pytest.raises(ConfigError, match="its two currencies cannot be told from its name; name --base and --quote"):
        definition(Symbol("XYZTUSD", "KRAKEN"), Ask(), 1, 0)


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("BTCBUSD", ("BTC", "BUSD")), ("XBTUSD", ("XBT", "USD")),
        ("ETH-EUR", ("ETH", "EUR")), ("XRP_ETH", ("XRP", "ETH")),
        ("BTCUSD_PERP", ("BTC", "USD")), ("SOL/USDT", ("SOL", "USDT")), ("BTCZAR", ("BTC", "ZAR")),
    ],
)  # fmt: skip
def test_currencies_are_told_from_plain_names(symbol: str, pair: tuple[str, str]) -> None:
    found = definition(Symbol(symbol, "X"), Ask(), 1, 0)

    assert (found.base, found.quote) == pair


@real
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
def test_real_klines_equal_an_independent_parse_row_for_row(tmp_path: Path, name: str, timeframe: str) -> None:
    path = real_file(f"binance_klines_multi/{name}")

    imported(tmp_path, path)

    found = only(tmp_path)
    raw, table = pd.read_csv(path, header=None, dtype=str), real_units(found)
    assert found.manifest.timeframe == timeframe
    assert (table["ts_open"] == raw[0].astype("int64") * 1_000_000).all()
    for column, field in enumerate(("open", "high", "low", "close", "volume"), 1):
        assert (table[field] == raw[column].astype(float)).all()


def test_files_of_one_instrument_go_on_from_each_other_in_any_order(tmp_path: Path) -> None:
    for name, numbers in (("b", range(5, 9)), ("a", range(3)), ("c", range(2, 6))):
        (tmp_path / f"{name}.csv").write_text("\n".join(kline(n) for n in numbers))

    imported(tmp_path / "c1", *(tmp_path / f"{n}.csv" for n in "bac"), wanted="binance-klines", **TERMS)
    for name in "cab":
        imported(tmp_path / "c2", tmp_path / f"{name}.csv", wanted="binance-klines", **TERMS)

    one, two = only(tmp_path / "c1"), only(tmp_path / "c2")
    assert one.manifest.rows == 9
    assert one.table().equals(two.table())


def test_a_restated_row_is_named_and_nothing_changes(tmp_path: Path) -> None:
    first = read(tmp_path, *(kline(n) for n in range(4)))
    (tmp_path / "new.csv").write_text("\n".join(kline(n, close="100.75" if n == 2 else "100.50") for n in range(6)))

    with pytest.raises(DataError, match="differ from 2023-01-01T03:00:00Z on: was close 100.50, now close 100.75"):
        imported(tmp_path / "catalog", tmp_path / "new.csv", wanted="binance-klines", **TERMS)

    assert only(tmp_path / "catalog").manifest == first.manifest


def test_a_file_that_nothing_knows_says_what_it_looks_like_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="g.csv: no importer knows .* begins 'a,b,c'.*--format generic --instrument .* --map"
    ):
        imported(tmp_path / "c", write(tmp_path, "a,b,c\n1,2,3\n"))


def test_files_of_a_folder_that_nothing_knows_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "BTCUSDT-1h.csv").write_text("\n".join(kline(n) for n in range(3)))
    (folder / "README.txt").write_text("hello")

    outcome = imported(tmp_path / "c", folder)

    assert [m.title for m in outcome.datasets] == ["bars BTCUSDT.BINANCE 1h"]
    assert len(outcome.left_out) == 1
    assert "README.txt: no importer knows this file" in outcome.left_out[0]


def test_an_importer_that_breaks_is_named_and_nothing_is_imported(tmp_path: Path) -> None:
    from helios_engine.catalog.importers.contract import ImporterSpec
    from helios_engine.catalog.importers.run import import_paths
    from helios_engine.errors import PluginError

    def broken(sources: Any, ask: Any) -> Any:
        raise KeyError("price")

    spec = ImporterSpec("acme", "Acme's files", lambda source: None, broken)
    with pytest.raises(PluginError, match="importer acme failed on g.csv: KeyError: 'price'; nothing was imported"):
        import_paths(Catalog(tmp_path / "c"), [write(tmp_path, "x\n")], {"acme": spec}, Ask(), wanted="acme")

    assert not (tmp_path / "c").exists()


def test_no_header_no_guess_and_times_in_another_zone(tmp_path: Path) -> None:
    text = "t;o;h;l;c;v\n02.01.2023 02:00;1,5;2;1;1,5;10\n02.01.2023 02:01;1,5;2;1;1,5;10\n"

    found = bars(
        write(tmp_path, text), unit=None, zone="Africa/Johannesburg", time_format="%d.%m.%Y %H:%M", decimal_comma=True
    )

    assert found.table()["ts_open"].to_pylist() == [1_672_617_600 * 10**9, 1_672_617_660 * 10**9]
    assert found.table()["open"].to_pylist() == [15, 15]
