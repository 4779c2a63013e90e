from __future__ import annotations

import functools
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.catalog.exporting import export
from helios_engine.catalog.importers import nautilus_catalog
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import Outcome, import_paths
from helios_engine.catalog.store import Catalog
from helios_engine.errors import ConfigError, DataError, HeliosError
from helios_engine.plugins import Plugins
from helios_engine.timeframe import DAY, UNITS
from tests.unit.catalog.filled import BEGIN, BTC, HOUR, NAME, bars, quotes, trades

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
WIDE, NARROW = 10**16, 10**9
BAR_TYPE = "BTCUSDT.BINANCE-1-HOUR-LAST-EXTERNAL"
META = {"instrument_id": NAME, "price_precision": "2", "size_precision": "3"}
Form = Callable[[list[Decimal]], pa.Array]


@functools.cache
def importers() -> dict[str, Any]:
    return {name: offer.spec for name, offer in Plugins().offers("importer").items()}


def wide(values: list[Decimal]) -> pa.Array:
    raw = [int(value * WIDE).to_bytes(16, "little", signed=True) for value in values]
    return pa.array(raw, pa.binary(16))


def narrow(values: list[Decimal]) -> pa.Array:
    return pa.array([int(value * NARROW).to_bytes(8, "little", signed=True) for value in values], pa.binary(8))


def signed(values: list[Decimal]) -> pa.Array:
    return pa.array([int(value * NARROW) for value in values], pa.int64())


def unsigned(values: list[Decimal]) -> pa.Array:
    return pa.array([int(value * NARROW) for value in values], pa.uint64())


def stamps(count: int, step: int = UNITS["s"], plus: int = 0) -> pa.Array:
    return pa.array([BEGIN + n * step + plus for n in range(count)], pa.uint64())


def trade_table(price: Form = wide, size: Form = wide, count: int = 4, **columns: Any) -> pa.Table:
    given = {
        "price": price([Decimal("100.01") + n for n in range(count)]),
        "size": size([Decimal("0.25") * (n + 1) for n in range(count)]),
        "aggressor_side": pa.array(np.resize([1, 2, 0], count), pa.uint8()),
        "trade_id": [f"t{n}" for n in range(count)],
        "ts_event": stamps(count),
        "ts_init": stamps(count, plus=5),
    }
    return pa.table(given | columns).replace_schema_metadata(META)


def bar_table(count: int = 3, event: int = HOUR, init: int = HOUR, **columns: Any) -> pa.Table:
    given = {name: wide([Decimal(value)] * count) for name, value in
             {"open": "100.5", "high": "102", "low": "99", "close": "101.25", "volume": "7.125"}.items()}  # fmt: skip
    times = {"ts_event": stamps(count, HOUR, event), "ts_init": stamps(count, HOUR, init)}
    return pa.table(given | times | columns).replace_schema_metadata({"bar_type": BAR_TYPE, **META})


def saved(tmp_path: Path, table: pa.Table, name: str = "data/trade_tick/x/file.parquet") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def taken(tmp_path: Path, *paths: Path, **said: Any) -> tuple[Catalog, Outcome]:
    catalog = Catalog(Path(tempfile.mkdtemp(dir=tmp_path)) / "catalog")
    return catalog, import_paths(catalog, paths, importers(), Ask(**said))


def rows(catalog: Catalog, kind: str) -> list[dict[str, Any]]:
    (dataset,) = catalog.datasets(kind)
    m, found = dataset.manifest, dataset.table().to_pylist()
    sizes = {"volume", "quantity", "bid_quantity", "ask_quantity"}
    for row in found:
        for name in row:
            if name in sizes or name in {"price", "bid", "ask", "open", "high", "low", "close"}:
                row[name] = Decimal(row[name]).scaleb(-(m.size_scale if name in sizes else m.price_scale))
    return found


def refusal(tmp_path: Path, *paths: Path, **said: Any) -> str:
    with pytest.raises(HeliosError) as error:
        taken(tmp_path, *paths, **said)
    return str(error.value)


# What nautilus itself wrote


def test_what_was_exported_comes_back_equal(tmp_path: Path) -> None:
    ours = Catalog(tmp_path / "ours")
    ours.write("bars", BTC, bars(30), timeframe="1h")
    ours.write("trades", BTC, trades(50).slice(1))
    ours.write("quotes", BTC, quotes(20))
    for dataset in ours.datasets():
        export(dataset, "nautilus", tmp_path / "nautilus")

    theirs, outcome = taken(tmp_path, tmp_path / "nautilus", stamp="close")

    assert outcome.left_out == []
    for kind in ("bars", "trades", "quotes"):
        assert rows(theirs, kind) == rows(ours, kind)
        found, expected = theirs.datasets(kind)[0].manifest, ours.datasets(kind)[0].manifest
        assert (found.name, found.timeframe, found.instrument) == (NAME, expected.timeframe, BTC)


def test_what_nautilus_writes_itself_is_read(tmp_path: Path) -> None:
    from nautilus_trader.model.data import Bar, BarType, QuoteTick, TradeTick
    from nautilus_trader.model.enums import AggressorSide
    from nautilus_trader.model.identifiers import InstrumentId, TradeId
    from nautilus_trader.model.objects import Price, Quantity
    from nautilus_trader.persistence.catalog import ParquetDataCatalog

    name, p, q = InstrumentId.from_str("ETH/USD.KRAKEN"), Price.from_str, Quantity.from_str
    ts = BEGIN + HOUR
    theirs = ParquetDataCatalog(str(tmp_path / "nautilus"))
    theirs.write_data([TradeTick(name, p("3000.10"), q("0.3"), AggressorSide.SELLER, TradeId("a-1"), ts, ts + 7)])
    theirs.write_data([QuoteTick(name, p("3000.10"), p("3000.20"), q("1.5"), q("0.0"), ts, ts + 7)])
    bar_type = BarType.from_str("ETH/USD.KRAKEN-15-MINUTE-LAST-INTERNAL")
    theirs.write_data([Bar(bar_type, p("3.00"), p("4.00"), p("2.50"), p("3.25"), q("1.5"), ts, ts + 7)])

    catalog, _ = taken(tmp_path, tmp_path / "nautilus", stamp="close")

    D = Decimal  # noqa: N806
    assert rows(catalog, "trades") == [
        {"ts": ts + 7, "ts_event": ts, "price": D("3000.1"), "quantity": D("0.3"), "side": -1, "trade_id": "a-1"}
    ]
    assert rows(catalog, "quotes") == [
        {"ts": ts + 7, "ts_event": ts, "bid": D("3000.1"), "ask": D("3000.2"), "bid_quantity": D("1.5"),
         "ask_quantity": D(0)}
    ]  # fmt: skip
    quarter = 15 * UNITS["m"]
    assert rows(catalog, "bars") == [
        {"ts": ts + 7, "ts_open": ts - quarter, "ts_close": ts, "open": D(3), "high": D(4), "low": D("2.5"),
         "close": D("3.25"), "volume": D("1.5")}
    ]  # fmt: skip
    instrument = catalog.dataset("trades", "ETHUSD.KRAKEN").manifest.instrument
    assert instrument is not None
    assert (instrument.base, instrument.quote, instrument.tick) == ("ETH", "USD", D("0.01"))


# Older and other forms


@pytest.mark.parametrize(("price", "size"), [(wide, wide), (narrow, narrow), (signed, unsigned), (signed, signed)])
def test_all_forms_of_fixed_point_mean_the_same(tmp_path: Path, price: Form, size: Form) -> None:
    catalog, _ = taken(tmp_path, saved(tmp_path, trade_table(price, size)))

    assert [(row["price"], row["quantity"], row["side"], row["trade_id"]) for row in rows(catalog, "trades")] == [
        (Decimal("100.01") + n, Decimal("0.25") * (n + 1), side, f"t{n}") for n, side in enumerate((1, -1, 0, 1))
    ]
    manifest = catalog.dataset("trades", NAME).manifest
    assert (manifest.first, manifest.instrument and manifest.instrument.tick) == (BEGIN + 5, Decimal("0.01"))


def test_quotes_under_their_older_names(tmp_path: Path) -> None:
    numbers = {name: signed([Decimal(n + 1)] * 2) for n, name in enumerate(("bid", "ask", "bid_size", "ask_size"))}
    table = pa.table(numbers | {"ts_event": stamps(2), "ts_init": stamps(2)}).replace_schema_metadata(META)

    catalog, _ = taken(tmp_path, saved(tmp_path, table))

    found = rows(catalog, "quotes")[0]
    assert (found["bid"], found["ask"], found["bid_quantity"], found["ask_quantity"]) == (1, 2, 3, 4)


def test_numbers_that_floats_had_blurred_are_read_as_meant_and_counted(tmp_path: Path) -> None:
    exact = wide([Decimal("100.01"), Decimal("39432.48")])
    blurred = [int.from_bytes(v, "little") + off for v, off in zip(exact.to_pylist(), (3, -7168), strict=True)]
    price = pa.array([v.to_bytes(16, "little") for v in blurred], pa.binary(16))
    path = saved(tmp_path, trade_table(count=2, price=lambda _: price))  # type: ignore[arg-type]

    catalog, _ = taken(tmp_path, path)

    assert [row["price"] for row in rows(catalog, "trades")] == [Decimal("100.01"), Decimal("39432.48")]
    (issue,) = (i for i in catalog.datasets()[0].manifest.issues if i.origin == "import")
    assert (issue.kind, issue.ts_from, issue.ts_to) == ("rounded", BEGIN + 5, BEGIN + UNITS["s"] + 6)
    assert issue.detail.startswith("2 values of price ")


def test_numbers_finer_than_the_file_promises_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, trade_table(count=2, price=lambda _: wide([Decimal("1.25"), Decimal("1.255")])))  # type: ignore[arg-type]

    assert "file.parquet:2: price is 1.2550000000000000; the file promises 2 decimals" in refusal(tmp_path, path)


def test_without_metadata_the_user_says_what_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path, trade_table().replace_schema_metadata(None))
    assert "add --instrument SYMBOL.VENUE" in refusal(tmp_path, path)

    catalog, _ = taken(tmp_path, path, instrument=NAME)

    assert catalog.dataset("trades", NAME).manifest.price_scale == 2
    bare = saved(tmp_path, bar_table(30).replace_schema_metadata(None), "bars.parquet")
    catalog, _ = taken(tmp_path, bare, instrument=NAME, stamp="close")
    assert catalog.dataset("bars", NAME, "1h").manifest.rows == 30


def test_a_catalog_in_a_zip_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, trade_table())
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as bundle:
        bundle.write(path, "data/trade_tick/x/file.parquet")

    catalog, _ = taken(tmp_path, tmp_path / "all.zip")

    assert catalog.dataset("trades", NAME).manifest.rows == 4


def test_two_instruments_under_one_name_are_refused(tmp_path: Path) -> None:
    saved(tmp_path, trade_table(), "d/trade_tick/a/1.parquet")
    other = trade_table().replace_schema_metadata({**META, "instrument_id": "ETHUSDT.BINANCE"})
    saved(tmp_path, other, "d/trade_tick/b/1.parquet")

    assert "import them one at a time" in refusal(tmp_path, tmp_path / "d", instrument="X.Y")
    assert len(taken(tmp_path, tmp_path / "d")[0].datasets()) == 2


def test_receive_times_can_be_moved(tmp_path: Path) -> None:
    catalog, _ = taken(tmp_path, saved(tmp_path, trade_table()), clock_offset=1_000)

    manifest = catalog.dataset("trades", NAME).manifest
    assert (manifest.first, manifest.clock_offset) == (BEGIN + 1_005, 1_000)


# Bars


@pytest.mark.parametrize(
    ("event", "init", "stamp", "opened", "known"),
    [
        (HOUR, HOUR, "close", 0, HOUR),
        (HOUR, HOUR + 9, "close", 0, HOUR + 9),
        (0, 0, "open", 0, HOUR),
        (0, HOUR, None, 0, HOUR),
        (0, HOUR + 9, "open", 0, HOUR + 9),
    ],
)
def test_a_bar_is_known_at_its_close_or_later(
    tmp_path: Path, event: int, init: int, stamp: Any, opened: int, known: int
) -> None:
    catalog, _ = taken(tmp_path, saved(tmp_path, bar_table(event=event, init=init)), stamp=stamp)

    first = rows(catalog, "bars")[0]
    assert (first["ts_open"], first["ts_close"], first["ts"]) == (BEGIN + opened, BEGIN + opened + HOUR, BEGIN + known)


@pytest.mark.parametrize("init", [HOUR, HOUR + 9])
def test_which_end_a_bars_time_names_is_never_guessed(tmp_path: Path, init: int) -> None:
    assert "Add --stamp close or --stamp open" in refusal(tmp_path, saved(tmp_path, bar_table(init=init)))


def test_bars_that_cannot_be_true_are_refused(tmp_path: Path) -> None:
    early = saved(tmp_path, bar_table(event=HOUR, init=HOUR - 1))
    assert "file.parquet:1: known at" in refusal(tmp_path, early, stamp="close")
    assert "look-ahead" in refusal(tmp_path, early, stamp="close")
    high = saved(tmp_path, bar_table(high=wide([Decimal(102), Decimal(1), Decimal(102)])))
    assert "file.parquet:2: low is above high" in refusal(tmp_path, high, stamp="close")
    odd = saved(tmp_path, bar_table(event=HOUR + 1, init=HOUR + 1))
    assert "is not on a 1h boundary" in refusal(tmp_path, odd, stamp="close")


@pytest.mark.parametrize(
    ("bar_type", "said"),
    [
        ("BTCUSDT.BINANCE-100-TICK-LAST-EXTERNAL", "bars by TICK have no fixed length"),
        ("BTCUSDT.BINANCE-1-WEEK-LAST-EXTERNAL", "bars by WEEK have no fixed length"),
        ("BTCUSDT.BINANCE-7-HOUR-LAST-EXTERNAL", "divides a day"),
        ("BTCUSDT.BINANCE", "its bar type is 'BTCUSDT.BINANCE'"),
        ("BTCUSDT.BINANCE-1-HOUR-BID-EXTERNAL", "add --instrument, such as --instrument BTCUSDT-BID.BINANCE"),
    ],
)
def test_other_bars_are_refused_with_the_reason(tmp_path: Path, bar_type: str, said: str) -> None:
    table = bar_table().replace_schema_metadata({**META, "bar_type": bar_type})

    assert said in refusal(tmp_path, saved(tmp_path, table), stamp="close")


def test_a_timeframe_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, bar_table())
    assert "--timeframe 1d, but its bars are 1h" in refusal(tmp_path, path, stamp="close", timeframe="1d")
    composite = bar_table().replace_schema_metadata({**META, "bar_type": f"{BAR_TYPE}@1-MINUTE-EXTERNAL"})

    catalog, _ = taken(tmp_path, saved(tmp_path, composite), stamp="close")

    assert catalog.dataset("bars", NAME, "1h").manifest.rows == 3


# Hostile files


def without(table: pa.Table, column: str, row: int) -> pa.Table:
    place = table.column_names.index(column)
    values = table[column].to_pylist()
    values[row] = None
    return table.set_column(place, column, pa.array(values, table.schema.field(place).type))


def undefined(values: list[Decimal]) -> pa.Array:
    return pa.array([(2**127 - 1).to_bytes(16, "little")] * len(values), pa.binary(16))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (trade_table(price=undefined), "file.parquet:1: price is nautilus' mark for no value"),
        (trade_table(size=lambda v: pa.array([2**63 - 1] * len(v), pa.int64())), "size is nautilus' mark for no value"),
        (trade_table(price=lambda v: wide([-x for x in v])), "file.parquet:1: price is '-100.01'"),
        (trade_table(price=lambda v: signed([-x for x in v])), "mark for no value, or negative"),
        (trade_table(price=lambda v: wide([x * 10**15 for x in v])), "too large"),
        (trade_table(price=lambda v: pa.array([float(x) for x in v])), "price is of type double, expected nautilus'"),
        (trade_table(size=lambda v: wide([Decimal(0) for _ in v])), "file.parquet:1: the quantity is not positive"),
        (trade_table(aggressor_side=pa.array([1, 2, 3, 0], pa.uint8())), "file.parquet:3: aggressor_side is 3"),
        (trade_table(ts_init=pa.array([0] * 4, pa.uint64())), "the time 0 in ns is not between 1971 and 2100"),
        (trade_table(ts_event=pa.array([2**64 - 1] * 4, pa.uint64())), "is not between 1971 and 2100"),
        (trade_table(ts_init=pa.array(["x"] * 4)), "times are string"),
        (trade_table(ts_init=stamps(4, -UNITS["s"])), "file.parquet:2: time .* is before that of the row above"),
        (without(trade_table(), "price", 2), "file.parquet:3: price is missing"),
        (without(trade_table(), "trade_id", 2), "file.parquet:3: the trade_id is missing"),
        (trade_table().replace_schema_metadata({**META, "price_precision": "x"}), "price_precision in its metadata"),
        (trade_table().replace_schema_metadata({**META, "instrument_id": "X"}), "expected SYMBOL.VENUE"),
        (trade_table().slice(0, 0), "no rows"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_place(tmp_path: Path, table: pa.Table, said: str) -> None:
    with pytest.raises(DataError, match=said):
        taken(tmp_path, saved(tmp_path, table))


def test_a_file_that_is_cut_or_none_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, trade_table())
    path.write_bytes(path.read_bytes()[:-20])
    assert "file.parquet: not a readable Parquet file" in refusal(tmp_path, path)
    path.write_bytes(b"")
    assert "empty" in refusal(tmp_path, path)
    elsewhere = tmp_path / "other.parquet"
    elsewhere.write_bytes(b"PAR1 no more")
    assert "no importer knows this file" in refusal(tmp_path, elsewhere)
    (tmp_path / "text.json").write_bytes(b'[{"type": "CurrencyPair", "raw_symbol": "\xff", "price_precision": 1')
    assert "not UTF-8" in refusal(tmp_path, tmp_path / "text.json")


def test_other_data_of_a_catalog_is_left_out_and_named(tmp_path: Path) -> None:
    saved(tmp_path, trade_table(), "d/data/trade_tick/a/1.parquet")
    saved(tmp_path, pa.table({"order": [1], "ts_init": [1]}), "d/data/order_book_delta/a/2.parquet")

    _, outcome = taken(tmp_path, tmp_path / "d")

    assert [line.partition(":")[0] for line in outcome.left_out] == ["2.parquet"]
    with pytest.raises(DataError, match=r"its columns are order, ts_init; expected those of .* Order books"):
        import_paths(
            Catalog(tmp_path / "c"), [tmp_path / "d/data/order_book_delta/a/2.parquet"], importers(), Ask(),
            wanted="nautilus-catalog",
        )  # fmt: skip


# Definitions


def entry(**changed: Any) -> dict[str, Any]:
    return {
        "type": "CurrencyPair", "id": "BTC/USDT.BINANCE", "raw_symbol": "BTCUSDT", "base_currency": "BTC",
        "quote_currency": "USDT", "price_precision": 2, "price_increment": "0.01", "size_precision": 3,
        "size_increment": "0.001", "min_quantity": None, "min_notional": "5.00000000 USDT", "maker_fee": "-0.0001",
        "taker_fee": "0.001", "ts_event": BEGIN, "ts_init": BEGIN,
    } | changed  # fmt: skip


def listed(tmp_path: Path, *entries: Any) -> Path:
    path = tmp_path / "definitions.json"
    path.write_text(json.dumps(list(entries)))
    return path


def test_definitions_become_rows_of_their_venues(tmp_path: Path) -> None:
    future = entry(
        type="CryptoFuture", id="ETHUSDT-1230.OKX", base_currency=None, underlying="ETH", multiplier="1",
        activation_ns=BEGIN - DAY, expiration_ns=BEGIN + DAY,
    )  # fmt: skip
    catalog, _ = taken(tmp_path, listed(tmp_path, entry(), future, entry(price_increment="0.1", ts_event=BEGIN - DAY)))

    found = catalog.dataset("instruments", "BINANCE").table().to_pylist()
    assert [(row["ts"], row["instrument"], row["tick"]) for row in found] == [
        (BEGIN - DAY, "BTCUSDT.BINANCE", "0.1"),
        (BEGIN, "BTCUSDT.BINANCE", "0.01"),
    ]
    assert (found[1]["min_notional"], found[1]["maker_fee"], found[1]["min_quantity"]) == ("5.00000000", "-0.0001", "0")
    (other,) = catalog.dataset("instruments", "OKX").table().to_pylist()
    assert (other["base"], other["listed"], other["delisted"]) == ("ETH", BEGIN - DAY, BEGIN + DAY)


def test_definitions_without_a_date_need_one(tmp_path: Path) -> None:
    path = listed(tmp_path, entry(ts_event=0, ts_init=0))
    assert "entry 1: BTC/USDT.BINANCE has no date; say from when it is true: --valid-from" in refusal(tmp_path, path)

    catalog, _ = taken(tmp_path, path, valid_from=BEGIN)

    assert catalog.dataset("instruments", "BINANCE").manifest.first == BEGIN


def test_a_definition_serves_the_data_beside_it_and_the_users_word_goes_first(tmp_path: Path) -> None:
    listed(tmp_path / "d" if (tmp_path / "d").mkdir() is None else tmp_path, entry(id=NAME, ts_event=0, ts_init=0))
    saved(tmp_path, trade_table(), "d/trade_tick/x/1.parquet")

    instrument = (
        taken(tmp_path, tmp_path / "d", taker_fee="0.002", instrument="BTC.X")[0].datasets()[0].manifest.instrument
    )

    assert instrument is not None
    assert (instrument.instrument, instrument.lot) == ("BTC.X", Decimal("0.001"))
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal("-0.0001"), Decimal("0.002"))


def test_a_fee_beyond_belief_is_noted(tmp_path: Path) -> None:
    catalog, _ = taken(tmp_path, listed(tmp_path, entry(taker_fee="1")))

    (issue,) = catalog.dataset("instruments", "BINANCE").manifest.issues
    assert (issue.severity, issue.origin) == ("warn", "import")
    assert "BTCUSDT.BINANCE: a fee of 100" in issue.detail


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "BTCUSDT"}, "its id is 'BTCUSDT'"),
        ({"id": 5}, "its id is '5'"),
        ({"type": "Equity"}, "is a Equity; expected CurrencyPair"),
        ({"is_inverse": True}, "inverse or counts contracts"),
        ({"multiplier": "100"}, "inverse or counts contracts"),
        ({"price_increment": "0"}, "expected positive steps"),
        ({"price_increment": "NaN"}, "price_increment is 'NaN'"),
        ({"size_increment": "1e-999"}, "size_increment is '1e-999'"),
        ({"price_increment": "0.001"}, "in 2 and 3 decimals"),
        ({"price_precision": -1}, "price_precision is '-1'"),
        ({"price_precision": 10**30}, "price_precision is"),
        ({"maker_fee": "a lot"}, "maker_fee is 'a lot'"),
        ({"ts_event": 5}, "ts_event is '5'"),
        ({"ts_event": "soon"}, "ts_event is 'soon'"),
        ({"base_currency": None}, "no base_currency"),
    ],
)
def test_definitions_that_cannot_be_are_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=rf"definitions.json: entry 2.*{said}"):
        taken(tmp_path, listed(tmp_path, entry(), entry(**changed)))


def test_json_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"entry 2 is no definition but '5'"):
        taken(tmp_path, listed(tmp_path, entry(), 5))
    cut = listed(tmp_path, entry())
    cut.write_text(cut.read_text()[:-9])
    assert "not readable JSON" in refusal(tmp_path, cut)
    assert nautilus_catalog.recognise.__doc__


# Frames of floats


def frame_table(**columns: Any) -> pa.Table:
    given = {
        "timestamp": pa.array([BEGIN // 10**6, BEGIN // 10**6 + 1], pa.timestamp("ms", "UTC")),
        "trade_id": pa.array([1, 2], pa.int64()),
        "price": [39432.48, 100.0],
        "quantity": [0.00031099999999999997, 2.5],
        "buyer_maker": ["True", "False"],
    }
    return pa.table(given | columns)


def test_a_frame_of_floats_is_read_by_the_decimals_it_means(tmp_path: Path) -> None:
    path = saved(tmp_path, frame_table(), "btcusdt-trades.parquet")
    assert "add --instrument SYMBOL.VENUE" in refusal(tmp_path, path)

    catalog, _ = taken(tmp_path, path, instrument=NAME)

    assert [(r["price"], r["quantity"], r["side"], r["trade_id"]) for r in rows(catalog, "trades")] == [
        (Decimal("39432.48"), Decimal("0.000311"), -1, "1"),
        (Decimal(100), Decimal("2.5"), 1, "2"),
    ]
    details = [i.detail for i in catalog.datasets()[0].manifest.issues if i.origin == "import"]
    assert details == ["1 values of quantity lay within a float's precision of 6 decimals and were read as those"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (frame_table(price=[1.0, float("nan")]), "x.parquet:2: price is nan"),
        (frame_table(price=[1e300, 1.0]), r"x.parquet:1: price is 1e\+300"),
        (frame_table(price=[1 / 3, 1.0]), "x.parquet:1: price is .*expected at most 12 decimals"),
        (frame_table(quantity=pa.array([1, 2])), "quantity is of type int64, expected double"),
        (frame_table(buyer_maker=["True", "maybe"]), "x.parquet:2: buyer_maker is 'maybe'"),
        (frame_table(timestamp=[1, 2]), "timestamp is int64, expected a timestamp"),
        (frame_table(price=pa.array([1.0, None])), "x.parquet:2: price is nan"),
    ],
)
def test_frames_that_cannot_be_true_are_refused(tmp_path: Path, table: pa.Table, said: str) -> None:
    with pytest.raises(DataError, match=said):
        taken(tmp_path, saved(tmp_path, table, "x.parquet"), instrument=NAME)


def test_a_frame_of_quotes_must_be_of_the_symbol_that_was_named(tmp_path: Path) -> None:
    numbers = {name: [1.5, 2.5] for name in ("ask_size", "ask", "bid_size", "bid")}
    table = pa.table({"timestamp": frame_table()["timestamp"], "symbol": ["BTC/USDT", "ETH/USDT"], **numbers})

    assert "x.parquet:2: the symbol is 'ETH/USDT'" in refusal(
        tmp_path, saved(tmp_path, table, "x.parquet"), instrument=NAME
    )
    with pytest.raises(ConfigError, match="add --instrument"):
        taken(tmp_path, tmp_path / "x.parquet")


# Any damage is refused, or what is imported stands in the file


def independent(path: Path) -> set[tuple[Any, ...]]:
    table = pq.read_table(path)
    sides = {1: 1, 2: -1, 0: 0}
    return {
        (
            row["ts_init"],
            row["ts_event"],
            *(Decimal(int.from_bytes(row[name], "little")) / WIDE for name in ("price", "size")),
            sides.get(row["aggressor_side"]),
            row["trade_id"],
        )
        for row in table.to_pylist()
    }


CELLS = [b"", b"\xff" * 16, b"\x00" * 16, (2**100).to_bytes(16, "little"), None, 0, 7, 2**64 - 1, BEGIN, "x", "x" * 99]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.sampled_from(["cut", "cell", "swap", "delete", "rename"]), where=st.integers(0, 2000),
    row=st.integers(0, 5), column=st.integers(0, 5), other=st.integers(0, 5), value=st.sampled_from(CELLS),
)  # fmt: skip
def test_damage_is_refused_or_harmless(
    tmp_path: Path, damage: str, where: int, row: int, column: int, other: int, value: Any
) -> None:
    table = trade_table(count=6)
    names = table.column_names
    if damage == "cell":
        cells = table[names[column]].to_pylist()
        cells[row] = value
        try:
            table = table.set_column(column, names[column], pa.array(cells, table.schema.field(column).type))
        except (pa.ArrowException, OverflowError, TypeError):
            return  # no such file can be
    elif damage == "swap":
        names[column], names[other] = names[other], names[column]
        table = table.rename_columns(names)
    elif damage == "delete":
        table = pa.concat_tables([table.slice(0, row), table.slice(row + 1)])
    elif damage == "rename":
        table = table.rename_columns([*names[:column], "else", *names[column + 1 :]])
    path = saved(tmp_path, table)
    if damage == "cut":
        content = path.read_bytes()
        path.write_bytes(content[: where % len(content)])
    try:
        catalog, _ = taken(tmp_path, path)
    except HeliosError:
        return
    found = rows(catalog, "trades")

    expected = independent(path)
    for r in found:
        assert (r["ts"], r["ts_event"], r["price"], r["quantity"], r["side"], r["trade_id"]) in expected


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), text=st.sampled_from(["", "9", "-", "e", '"', "\0", "[", ",", "null", "\ud800"]))
def test_damaged_definitions_are_refused_or_those_that_stand_there(tmp_path: Path, place: int, text: str) -> None:
    path = listed(tmp_path, entry(), entry(id="ETHUSDT.BINANCE", base_currency="ETH", ts_event=BEGIN + 1))
    content = path.read_text()
    place %= len(content)
    path.write_bytes((content[:place] + text + content[place + 1 :]).encode("utf-8", "surrogatepass"))
    try:
        catalog, _ = taken(tmp_path, path)
    except HeliosError:
        return

    expected = {
        (e["id"].replace("/", "").upper().rpartition(".")[0], str(e["price_increment"]), str(e.get("taker_fee") or 0))
        for e in json.loads(path.read_text())
    }
    for dataset in catalog.datasets():
        for row in dataset.table().to_pylist():
            assert any(
                row["instrument"].rpartition(".")[0] == name
                and Decimal(row["tick"]) == Decimal(tick)
                and Decimal(row["taker_fee"]) == Decimal(fee)
                for name, tick, fee in expected
            )


# The real files


@real
def test_real_trades_equal_an_independent_reading(tmp_path: Path) -> None:
    path = Path(str(REAL)) / "nautilus_testdata/binance/btcusdt-trades.parquet"

    catalog, _ = taken(tmp_path, path, instrument=NAME)

    frame = pd.read_parquet(path)
    expected = [
        {"ts": ts.value, "ts_event": ts.value, "price": Decimal(f"{price:.2f}"), "quantity": Decimal(f"{quantity:.6f}"),
         "side": -1 if maker == "True" else 1, "trade_id": str(number)}
        for ts, number, price, quantity, maker in frame.itertuples(index=False)
    ]  # fmt: skip
    assert rows(catalog, "trades") == expected
    assert len(expected) == 2001


@real
def test_real_quotes_equal_an_independent_reading(tmp_path: Path) -> None:
    path = Path(str(REAL)) / "nautilus_testdata/binance/btcusdt-quotes.parquet"

    catalog, _ = taken(tmp_path, path, instrument=NAME)

    expected = [
        {"ts": r.timestamp.value, "ts_event": r.timestamp.value, "bid": Decimal(f"{r.bid:.2f}"),
         "ask": Decimal(f"{r.ask:.2f}"), "bid_quantity": Decimal(f"{r.bid_size:.6f}"),
         "ask_quantity": Decimal(f"{r.ask_size:.6f}")}
        for r in pd.read_parquet(path).itertuples(index=False)
    ]  # fmt: skip
    assert rows(catalog, "quotes") == expected
    assert len(expected) == 451


@real
def test_real_definitions_equal_an_independent_reading(tmp_path: Path) -> None:
    path = Path(str(REAL)) / "nautilus_testdata/crypto_instruments.json"
    assert "--valid-from" in refusal(tmp_path, path)

    catalog, _ = taken(tmp_path, path, valid_from=BEGIN)

    found = [row for dataset in catalog.datasets() for row in dataset.table().to_pylist()]
    expected = [
        {"ts": BEGIN, "instrument": e["id"].replace("/", ""), "base": e["base_currency"], "quote": e["quote_currency"],
         "price_scale": e["price_precision"], "size_scale": e["size_precision"], "tick": e["price_increment"],
         "lot": e["size_increment"], "min_quantity": "0", "min_notional": "0", "maker_fee": e["maker_fee"],
         "taker_fee": e["taker_fee"], "listed": 0, "delisted": 0,
         "contract": "spot", "margin_init": "0", "margin_maint": "0"}
        for e in json.loads(path.read_text())
    ]  # fmt: skip
    assert found == sorted(expected, key=lambda e: (e["instrument"].split(".")[1], e["instrument"]))


@real
def test_no_other_real_file_is_taken_for_nautilus(tmp_path: Path) -> None:
    from helios_engine.catalog.importers.source import Source

    folder = Path(str(REAL))
    own = {"btcusdt-trades.parquet", "btcusdt-quotes.parquet", "crypto_instruments.json"}
    files = [p for p in folder.rglob("*") if p.suffix in (".parquet", ".json") and p.name not in own]

    assert [p.name for p in files if nautilus_catalog.recognise(Source(p)) is not None] == []
