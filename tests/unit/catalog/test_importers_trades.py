"""Trades and aggregate trades of Binance's archive."""

from __future__ import annotations

import csv
import gzip
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, DataError, HeliosError
from tests.unit.catalog.importing import imported, rows

T0 = 1_705_276_800_000
NAME = "BTCUSDT-trades-2024-01-15.csv"
SPOT, USDM = "BTCUSDT.BINANCE", "BTCUSDT.BINANCE_USDM"
HEADER = "id,price,qty,quote_qty,time,is_buyer_maker"


def trade(n: int, **changed: str) -> str:
    cells = {"id": str(100 + n), "price": "42500.10", "qty": "0.20", "quote": "8500.02000000", "time": str(T0 + n)}
    return ",".join(({**cells, "maker": "False" if n % 2 else "True", "best": "True"} | changed).values())


def aggregate(n: int, time: int = T0) -> str:
    return f"{100 + n},42500.10,0.20,{1000 + n},{1000 + n},{time + n},{'true' if n % 2 else 'false'}"


def archive(folder: Path, *lines: str, name: str = NAME) -> Path:
    path = folder / name
    text = ("\n".join(lines) + "\n").encode()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr(name.replace(".zip", ".csv"), text)
    else:
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", [NAME, NAME + ".gz", NAME.replace(".csv", ".zip")])
def test_spot_trades_without_header_plain_gzipped_and_zipped(tmp_path: Path, name: str) -> None:
    imported(tmp_path, archive(tmp_path, trade(0), trade(1), name=name))

    price, quantity = Decimal("42500.1"), Decimal("0.2")
    assert rows(tmp_path, "trades", SPOT) == [
        (T0 * 10**6, T0 * 10**6, price, quantity, -1, "100"),
        ((T0 + 1) * 10**6, (T0 + 1) * 10**6, price, quantity, 1, "101"),
    ]


def test_a_header_or_no_best_match_means_the_futures_market(tmp_path: Path) -> None:
    lines = [line.rpartition(",")[0].lower() for line in (trade(0), trade(1))]
    assert list(imported(tmp_path / "1", archive(tmp_path, HEADER, *lines))) == ["trades " + USDM]
    assert list(imported(tmp_path / "2", archive(tmp_path, *lines))) == ["trades " + USDM]
    assert len(rows(tmp_path / "1", "trades", USDM)) == 2
    coin = archive(tmp_path, HEADER, "1,42500.1,3,0.00705,1705276800000,true", name="BTCUSD_PERP-trades-2024-01-15.csv")
    assert list(imported(tmp_path / "3", coin)) == ["trades BTCUSD_PERP.BINANCE_COINM"]


def test_aggregates_in_milliseconds_and_microseconds(tmp_path: Path) -> None:
    name = "BTCUSDT-aggTrades-2025-01-15.csv"
    imported(tmp_path / "ms", archive(tmp_path, aggregate(0), aggregate(1), name=name))
    imported(tmp_path / "us", archive(tmp_path, aggregate(0, T0 * 1000), aggregate(1, T0 * 1000), name=name))

    assert [row[0] for row in rows(tmp_path / "ms", "trades", USDM)] == [T0 * 10**6, (T0 + 1) * 10**6]
    assert [row[0] for row in rows(tmp_path / "us", "trades", USDM)] == [T0 * 10**6, T0 * 10**6 + 1000]
    assert [row[4:] for row in rows(tmp_path / "us", "trades", USDM)] == [(1, "100"), (-1, "101")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (trade(1, price="0.20", qty="42500.10", quote="1"), ":2: price 0.2 times quantity 42500.1 is not the quote"),
        (trade(1, qty="8500.02000000", quote="0.20"), ":2: price .* is not the quote quantity"),
        (trade(1, price="NaN"), ":2: price is 'NaN'"),
        (trade(1, price="1e999999"), ":2: price is '1e999999'"),
        (trade(1, price="-42500.10"), ":2: price is '-42500.10'"),
        (trade(1, qty="0", quote="0"), ":2: the quantity is not positive"),
        (trade(1, time=str(T0 * 1000)), ":2: the time 1705276800000000 read as ms is not between"),
        (trade(1, time=str(T0 - 5)), ":2: time .* is before that of the row above"),
        (trade(1, id="100"), ":2: the id 100 comes after 100; .* --drop-identical"),
        (trade(1, id="7.5"), ":2: id is '7.5', expected a whole number"),
        (trade(1, maker="maybe"), ":2: isBuyerMaker is 'maybe', expected true or false"),
        (trade(1)[:-12], "not a readable CSV file"),
        (trade(1, id="1\udcff"), "not a readable CSV file"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(f"{trade(0)}\n{line}\n".encode("utf-8", "surrogateescape"))

    with pytest.raises(DataError, match=said):
        imported(tmp_path, path)


def test_files_that_are_none_or_do_not_say_of_what(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"trades.csv: its name does not say .* --instrument"):
        imported(tmp_path, archive(tmp_path, trade(0), name="trades.csv"))
    imported(tmp_path, archive(tmp_path, trade(0), name="trades.csv"), instrument="BTCUSDT.BINANCE")
    with pytest.raises(DataError, match="expected the columns of a trades or aggTrades file"):
        imported(tmp_path, archive(tmp_path, "1,2,3"), wanted="binance-trades")
    with pytest.raises(DataError, match="empty"):
        imported(tmp_path, archive(tmp_path, ""))


def test_a_trade_that_stands_twice_is_left_out_when_the_user_says_so(tmp_path: Path) -> None:
    path = archive(tmp_path, trade(0), trade(0), trade(1))

    found = imported(tmp_path, path, drop_identical=True)["trades " + SPOT]
    assert found.rows == 2
    assert [issue.kind for issue in found.issues] == ["duplicate"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_read_as_it_stands(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cells = [trade(n).split(",") for n in range(6)]
    number, place = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 6))
    text: bytes | None = None
    match data.draw(st.sampled_from(("cut", "cell", "delete", "columns", "bytes"))):
        case "cell":
            cells[number][place] = data.draw(
                st.sampled_from(("", "NaN", "1e5", "-1", "0", "9" * 25, "true", "1_0", "٣"))
            )
        case "delete":
            del cells[number]
        case "columns":
            other = data.draw(st.integers(0, 6))
            for row in cells:
                row[place], row[other] = row[other], row[place]
        case "cut":
            whole = "\n".join(map(",".join, cells))
            text = whole[: data.draw(st.integers(0, len(whole)))].encode()
        case "bytes":
            raw = "\n".join(map(",".join, cells)).encode()
            at = data.draw(st.integers(0, len(raw) - 1))
            text = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + 1 :]
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / NAME
    path.write_bytes("\n".join(map(",".join, cells)).encode() if text is None else text)
    try:
        imported(folder, path)
    except HeliosError:
        return
    expected = set()
    for line in csv.reader(path.read_text().splitlines()):
        ts = int(line[4]) * (10**6 if len(line[4]) < 16 else 1000)
        side = -1 if line[5].lower() == "true" else 1
        expected.add((ts, ts, Decimal(line[1]), Decimal(line[2]), side, line[0]))
    name = "BTCUSDT.BINANCE" if (folder / "catalog" / "trades" / SPOT).exists() else USDM
    assert set(rows(folder, "trades", name)) <= expected
