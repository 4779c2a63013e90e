from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from nautilus_trader.model.enums import AggressorSide
from nautilus_trader.persistence.catalog import ParquetDataCatalog

from helios_engine.catalog.exact import as_decimal, decimal_text
from helios_engine.catalog.exporting import export
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.cli import data_export
from helios_engine.errors import ConfigError, DataError, HeliosError, StorageError
from helios_engine.timeframe import DAY
from tests.unit.catalog.filled import BEGIN, BTC, HOUR, NAME, bars, filled, quotes, trades


def dataset(tmp_path: Path, kind: str) -> Dataset:
    return filled(tmp_path / "catalog").dataset(kind, NAME, "1h" if kind == "bars" else "")


def one_scale(tmp_path: Path, **scales: int) -> Catalog:
    catalog = Catalog(tmp_path / "catalog")
    terms = msgspec.structs.replace(BTC, **scales)
    catalog.write("bars", terms, bars(3), timeframe="1h")
    catalog.write("trades", terms, trades())
    catalog.write("quotes", terms, quotes())
    return catalog


def test_numbers_become_text_without_exponent_or_float() -> None:
    units = np.array([0, 1, -1, 10**8, 2**53 + 1, -(2**62)])

    assert decimal_text(units, 8).to_pylist() == [f"{Decimal(int(u)).scaleb(-8):f}" for u in units]
    assert decimal_text(units, 0).to_pylist() == [str(u) for u in units]
    assert as_decimal(units, 8).to_pylist() == [Decimal(int(u)).scaleb(-8) for u in units]


def test_csv_holds_every_row_as_exact_text(tmp_path: Path) -> None:
    path = tmp_path / "out" / "bars.csv"

    assert export(dataset(tmp_path, "bars"), "csv", path) == 5

    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0]) == ["time", *SCHEMAS["bars"].names]
    assert rows[0]["time"] == "2024-10-04T01:00:00.000000000Z"
    assert rows[0]["ts"] == str(BEGIN + HOUR)
    assert [row["close"] for row in rows] == ["100.250"] * 3 + ["100.253"] * 2
    assert [row["volume"] for row in rows] == ["1.500"] * 5
    assert [p.name for p in path.parent.iterdir()] == ["bars.csv"]


def test_csv_quotes_what_must_be_quoted(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog")
    ids = ['a,"b"', "new\nline", "plain"]
    table = trades(3)
    catalog.write("trades", BTC, table.set_column(table.column_names.index("trade_id"), "trade_id", pa.array(ids)))

    export(catalog.dataset("trades", NAME), "csv", tmp_path / "t.csv")

    with (tmp_path / "t.csv").open(newline="") as file:
        assert [row["trade_id"] for row in csv.DictReader(file)] == ids


def test_parquet_holds_decimals_and_times_and_says_of_what(tmp_path: Path) -> None:
    source, path = dataset(tmp_path, "bars"), tmp_path / "bars.parquet"

    export(source, "parquet", path)

    found = pq.read_table(path)
    assert str(found.schema.field("close").type) == "decimal128(19, 3)"
    assert found["close"].to_pylist() == [Decimal("100.250")] * 3 + [Decimal("100.253")] * 2
    assert str(found.schema.field("ts").type) == "timestamp[ns, tz=UTC]"
    assert found["ts"].cast(pa.int64()).to_pylist() == source.table()["ts"].to_pylist()
    about = json.loads(found.schema.metadata[b"helios"])
    assert (about["instrument"]["tick"], about["digest"]) == ("0.01", source.manifest.digest)
    assert duckdb.sql(f"SELECT sum(volume) FROM read_parquet('{path}')").fetchall() == [(Decimal("7.500"),)]


@pytest.mark.parametrize("kind", ["books", "funding", "instruments"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_kind_can_leave(tmp_path: Path, kind: str, form: Any) -> None:
    source = filled(tmp_path / "catalog").datasets(kind)[0]

    assert export(source, form, tmp_path / "out") == source.manifest.rows


def test_a_span_is_what_leaves(tmp_path: Path) -> None:
    seen: list[tuple[float, int]] = []
    source = dataset(tmp_path, "bars")

    count = export(
        source,
        "csv",
        tmp_path / "out.csv",
        BEGIN + 2 * HOUR,
        BEGIN + 3 * HOUR,
        progress=lambda s, n: seen.append((s, n)),
    )

    assert count == 1
    assert seen[-1] == (1.0, 1)
    with pytest.raises(DataError, match="has no rows from 2024-10-24"):
        export(source, "csv", tmp_path / "none.csv", BEGIN + 20 * DAY, BEGIN + 21 * DAY)
    assert not (tmp_path / "none.csv").exists()


@pytest.mark.parametrize("form", ["csv", "parquet", "nautilus"])
def test_what_is_there_is_kept_unless_replaced(tmp_path: Path, form: Any) -> None:
    source, path = one_scale(tmp_path).dataset("trades", NAME), tmp_path / "out"
    export(source, form, path, stop=BEGIN + 2 * 10**9)
    with pytest.raises(ConfigError, match="--replace"):
        export(source, form, path)

    assert export(source, form, path, replace=True) == 5


@pytest.mark.parametrize("form", ["csv", "parquet", "nautilus"])
def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path, form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = one_scale(tmp_path).dataset("trades", NAME)
    (block,) = source.blocks(0, 2**63 - 1)

    def broken(*_: Any, **__: Any) -> Any:
        yield block
        raise DataError("broken")

    monkeypatch.setattr(Dataset, "blocks", broken)
    with pytest.raises(DataError, match="broken"):
        export(source, form, tmp_path / "out")

    assert [p for p in tmp_path.rglob("*") if p.is_file() and "catalog" not in p.parts] == []


def test_a_path_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(StorageError, match="cannot be written"):
        export(dataset(tmp_path, "trades"), "csv", tmp_path / "file" / "out.csv")


def test_nautilus_reads_equal_rows(tmp_path: Path) -> None:
    catalog = one_scale(tmp_path)
    path = tmp_path / "nautilus"
    for source in catalog.datasets():
        export(source, "nautilus", path)

    theirs = ParquetDataCatalog(str(path))

    names = ("open", "high", "low", "close", "volume")
    bar_type = "BTCUSDT.BINANCE-1-HOUR-LAST-EXTERNAL"
    found = [(b.ts_init, b.ts_event, *(getattr(b, n).as_decimal() for n in names)) for b in theirs.bars([bar_type])]
    assert found == [
        (r["ts"], r["ts_close"], *(Decimal(r[n]).scaleb(-2) for n in names[:4]), Decimal(r["volume"]).scaleb(-3))
        for r in bars(3).to_pylist()
    ]
    sides = {AggressorSide.BUYER: 1, AggressorSide.SELLER: -1, AggressorSide.NO_AGGRESSOR: 0}
    ticks = [
        (t.ts_init, t.ts_event, t.price.as_decimal(), t.size.as_decimal(), sides[t.aggressor_side], t.trade_id.value)
        for t in theirs.trade_ticks()
    ]
    assert ticks == [
        (r["ts"], r["ts_event"], Decimal(r["price"]).scaleb(-2), Decimal(r["quantity"]).scaleb(-3), r["side"],
         r["trade_id"] or "1")
        for r in trades().to_pylist()
    ]  # fmt: skip
    both = ("bid_price", "ask_price", "bid_size", "ask_size")
    assert [(q.ts_init, q.ts_event, *(getattr(q, n).as_decimal() for n in both)) for q in theirs.quote_ticks()] == [
        (r["ts"], r["ts_event"], *(Decimal(r[n]).scaleb(-2) for n in ("bid", "ask")),
         *(Decimal(r[n]).scaleb(-3) for n in ("bid_quantity", "ask_quantity")))
        for r in quotes().to_pylist()
    ]  # fmt: skip


def test_nautilus_reads_the_definition(tmp_path: Path) -> None:
    export(one_scale(tmp_path).dataset("trades", NAME), "nautilus", tmp_path / "nautilus")

    (found,) = ParquetDataCatalog(str(tmp_path / "nautilus")).instruments()

    assert type(found).__name__ == "CurrencyPair"
    assert (found.id.value, found.base_currency.code, found.quote_currency.code) == (NAME, "BTC", "USDT")
    assert (found.price_precision, found.size_precision) == (2, 3)
    assert (str(found.price_increment), str(found.size_increment), str(found.min_quantity)) == (
        "0.01",
        "0.001",
        "0.002",
    )
    assert (found.min_notional.as_decimal(), found.maker_fee, found.taker_fee) == (5, BTC.maker_fee, BTC.taker_fee)


def test_a_span_can_be_added_to_what_nautilus_wrote_and_it_goes_on_writing(tmp_path: Path) -> None:
    path = tmp_path / "nautilus"
    export(one_scale(tmp_path).dataset("trades", NAME), "nautilus", path)
    theirs = ParquetDataCatalog(str(path))
    last = theirs.trade_ticks()[-1]

    theirs.write_data([type(last)(last.instrument_id, last.price, last.size, last.aggressor_side, last.trade_id,
                                  last.ts_event + DAY, last.ts_init + DAY)])  # fmt: skip

    assert len(theirs.trade_ticks()) == 6


def test_data_of_fewer_decimals_takes_those_of_the_instrument(tmp_path: Path) -> None:
    catalog = one_scale(tmp_path)
    path = tmp_path / "nautilus"
    export(catalog.dataset("trades", NAME), "nautilus", path)
    fine = Catalog(tmp_path / "fine")
    fine.write("quotes", msgspec.structs.replace(BTC, price_scale=3), quotes())
    coarse = Catalog(tmp_path / "coarse")
    coarse.write("quotes", msgspec.structs.replace(BTC, price_scale=1, tick=Decimal("0.1")), quotes())

    with pytest.raises(ConfigError, match="fewer decimals"):
        export(fine.dataset("quotes", NAME), "nautilus", path)
    export(coarse.dataset("quotes", NAME), "nautilus", path)

    theirs = ParquetDataCatalog(str(path))
    assert {q.bid_price.precision for q in theirs.quote_ticks()} == {2}
    assert theirs.quote_ticks()[0].bid_price.as_decimal() == 1000
    assert str(theirs.instruments()[0].price_increment) == "0.01"
    other = Catalog(tmp_path / "other")
    other.write("bars", msgspec.structs.replace(BTC, taker_fee=Decimal("0.01")), bars(3), timeframe="1h")
    with pytest.raises(ConfigError, match="fees of 0.001 and 0.0015"):
        export(other.dataset("bars", NAME, "1h"), "nautilus", path)


def refused(tmp_path: Path, kind: str, table: pa.Table, timeframe: str = "", **terms: Any) -> str:
    catalog = Catalog(tmp_path / "catalog")
    definition = msgspec.structs.replace(BTC, **terms)
    with catalog.session() as session:  # past the truths of an import, as old data may be
        writer = session.writer(kind, NAME, timeframe)
        writer.add(table, definition.price_scale, definition.size_scale)
        writer.commit(definition)
    with pytest.raises(HeliosError) as error:
        export(catalog.dataset(kind, NAME, timeframe), "nautilus", tmp_path / "nautilus")
    assert not list((tmp_path / "nautilus").rglob("*.parquet"))
    return str(error.value)


def changed(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    place = table.column_names.index(column)
    return table.set_column(place, table.schema.field(place), pa.array(values, table.schema.field(place).type))


def test_what_nautilus_cannot_hold_is_refused_before_it_aborts(tmp_path: Path) -> None:
    loose = changed(bars(2), "open", [100_00, 105_00])
    assert "at 2024-10-04T02:00:00Z: open or close lies outside" in refused(tmp_path / "1", "bars", loose, "1h")
    huge = changed(trades(2), "price", [1, 2**53])
    assert "price is larger than nautilus can hold" in refused(tmp_path / "2", "trades", huge, price_scale=0)
    long = changed(trades(2), "trade_id", ["a", "b" * 37])
    assert "trade ids of at most 36" in refused(tmp_path / "3", "trades", long)
    assert "17 decimals; this nautilus holds 16" in refused(tmp_path / "4", "trades", trades(), price_scale=17)
    assert "no bars of 90m" in refused(tmp_path / "5", "bars", bars(2), "90m")
    funding = pa.table({"ts": [BEGIN], "ts_event": [BEGIN], "rate": [1]}, schema=SCHEMAS["funding"])
    assert "nautilus takes bars, trades, quotes" in refused(tmp_path / "6", "funding", funding)


def test_bodies_are_no_csv_and_a_form_must_be_known(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    with catalog.session() as session:
        writer = session.writer("bodies", "x.y")
        writer.add(pa.table({"ts": [BEGIN], "body": [b"\x01"]}, schema=SCHEMAS["bodies"]))
        writer.commit(None)

    with pytest.raises(ConfigError, match="binary"):
        export(catalog.dataset("bodies", "x.y"), "csv", tmp_path / "out.csv")
    with pytest.raises(ConfigError, match="expected one of nautilus, csv, parquet"):
        export(catalog.dataset("bodies", "x.y"), "xml", tmp_path / "out.xml")  # type: ignore[arg-type]


def test_the_command_line_exports_a_span(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    path = tmp_path / "out.csv"
    arguments = ["bars", NAME, "1h", "--to", "csv", "--path", str(path), "--catalog", str(tmp_path / "c")]
    span = ["--start", "2024-10-04T02:00", "--stop", "2024-10-05"]

    run = CliRunner().invoke(data_export.export, [*arguments, *span], standalone_mode=False, catch_exceptions=False)

    assert run.stdout == f"bars BTCUSDT.BINANCE 1h: 2 rows written to {path}\n"
    again = [*arguments, "--replace", "--json"]
    run = CliRunner().invoke(data_export.export, again, standalone_mode=False, catch_exceptions=False)
    assert json.loads(run.stdout)["rows"] == 5
    with pytest.raises(ConfigError, match="--start 'soon'"):
        CliRunner().invoke(
            data_export.export, [*again, "--start", "soon"], standalone_mode=False, catch_exceptions=False
        )
