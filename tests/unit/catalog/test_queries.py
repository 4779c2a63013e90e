from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner

from helios_engine.catalog.queries import sql
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.views import VIEWS
from helios_engine.cli import data_sql
from helios_engine.errors import ConfigError, DataError
from tests.unit.catalog.filled import BEGIN, BTC, HOUR, NAME, bars, filled

TYPES = {
    "bars": "instrument string, timeframe string, ts int64, time timestamp[us, tz=UTC], ts_open int64, ts_close int64, "
    "open double, high double, low double, close double, volume double",
    "trades": "instrument string, ts int64, time timestamp[us, tz=UTC], ts_event int64, price double, quantity double, "
    "side int8, trade_id string",
    "quotes": "instrument string, ts int64, time timestamp[us, tz=UTC], ts_event int64, bid double, ask double, "
    "bid_quantity double, ask_quantity double",
    "books": "instrument string, ts int64, time timestamp[us, tz=UTC], ts_event int64, sequence int64, snapshot bool, "
    "side int8, price double, quantity double",
    "funding": "instrument string, ts int64, time timestamp[us, tz=UTC], ts_event int64, rate double",
    "features": "instrument string, timeframe string, ts int64, time timestamp[us, tz=UTC]",
    "issues": "kind string, instrument string, timeframe string, issue string, severity string, ts_from int64, "
    "ts_to int64, detail string, state string, missing int64, origin string, time timestamp[us, tz=UTC]",
    "instruments": "venue string, ts int64, time timestamp[us, tz=UTC], instrument string, base string, quote string, "
    "price_scale int64, size_scale int64, tick double, lot double, min_quantity double, min_notional double, "
    "maker_fee double, taker_fee double, listed int64, delisted int64, "
    "contract string, margin_init double, margin_maint double",
}


def described(table: pa.Table) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in table.schema)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_exists_and_has_its_types_with_data_and_without(tmp_path: Path, view: str) -> None:
    empty = sql(Catalog(tmp_path / "none"), f"SELECT * FROM {view}")
    full = sql(filled(tmp_path / "full"), f"SELECT * FROM {view}")

    assert (empty.num_rows, described(empty)) == (0, TYPES[view])
    assert described(full) == TYPES[view]
    assert full.num_rows > 0 or view == "features"


def test_each_part_is_scaled_by_its_own_decimals(tmp_path: Path) -> None:
    catalog = filled(tmp_path)
    assert {(p.price_scale, p.size_scale) for p in catalog.dataset("bars", NAME, "1h").manifest.parts} == {
        (2, 3),
        (3, 3),
    }

    found = sql(catalog, "SELECT ts, close, volume, time FROM bars ORDER BY ts").to_pylist()

    assert [row["close"] for row in found] == [100.25] * 3 + [100.253] * 2
    assert [row["volume"] for row in found] == [1.5] * 5
    assert found[0]["ts"] == BEGIN + HOUR
    assert found[0]["time"].isoformat() == "2024-10-04T01:00:00+00:00"


def test_rows_of_every_kind_are_in_real_units(tmp_path: Path) -> None:
    catalog = filled(tmp_path)

    trade = sql(catalog, "SELECT * FROM trades ORDER BY ts LIMIT 1").to_pylist()[0]
    assert (trade["price"], trade["quantity"], trade["side"], trade["ts_event"]) == (100.01, 0.001, 1, BEGIN)
    assert sql(catalog, "SELECT rate FROM funding")["rate"].to_pylist() == [-0.000125]
    assert sql(catalog, "SELECT tick FROM instruments WHERE instrument LIKE 'BTC%' ORDER BY ts")[
        "tick"
    ].to_pylist() == [
        0.01,
        0.1,
    ]
    issue = sql(catalog, "SELECT * FROM issues").to_pylist()[0]
    assert (issue["kind"], issue["issue"], issue["detail"], issue["missing"]) == ("bars", "gap", "it's gone", HOUR)
    assert sql(catalog, "SELECT sum(price * quantity) AS v FROM trades")["v"].to_pylist() == pytest.approx([1.50055])


def test_a_file_that_the_manifest_no_longer_names_is_not_read(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write("bars", BTC, bars(3), timeframe="1h")
    folder = tmp_path / "bars" / NAME / "1h"
    before = set(folder.glob("*.parquet"))
    catalog.write("bars", BTC, bars(3, close=101_00), timeframe="1h", replace=True)
    assert before & set(folder.glob("*.parquet")), "the superseded file is still there"

    assert sql(catalog, "SELECT DISTINCT close FROM bars")["close"].to_pylist() == [101.0]


def test_a_condition_on_ts_reads_only_the_files_that_it_touches(tmp_path: Path) -> None:
    catalog = filled(tmp_path)
    condition = f"WHERE ts < {BEGIN + 10 * HOUR}"

    plan = sql(catalog, f"EXPLAIN SELECT close FROM bars {condition}").to_pylist()
    assert f"ts<{BEGIN + 10 * HOUR}" in str(plan).replace('"', "").replace(" ", "")
    manifest = catalog.dataset("bars", NAME, "1h").manifest
    (tmp_path / "bars" / NAME / "1h" / manifest.parts[-1].name).write_bytes(b"broken")

    assert sql(catalog, f"SELECT close FROM bars {condition}").num_rows == 3
    with pytest.raises(DataError, match="cannot be read"):
        sql(catalog, "SELECT close FROM bars")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM read_parquet('{part}')",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SELECT * FROM secret",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
        "COPY (SELECT 1) TO '{out}'",
        "COPY (SELECT 1) TO '{part}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "ATTACH '{out}'",
        "EXPORT DATABASE '{out}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "CREATE TABLE x AS SELECT 1",
        "DROP VIEW bars",
        "DELETE FROM bars",
        "INSERT INTO bars SELECT * FROM bars",
        "SELECT 1; COPY (SELECT 1) TO '{out}'",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT nothing FROM bars",
        "SELECT * FROM nothing",
    ],
)
def test_nothing_leaves_the_catalog_or_enters_it(tmp_path: Path, query: str) -> None:
    secret = pa.table({"a": [1]})
    catalog = filled(tmp_path / "catalog")
    file, out = tmp_path / "secret.csv", tmp_path / "out"
    file.write_text("a\n1\n")
    part = next((tmp_path / "catalog" / "bars").rglob("*.parquet"))
    before = part.read_bytes()

    with pytest.raises(ConfigError):
        sql(catalog, query.format(file=file, out=out, part=part))

    assert not out.exists()
    assert part.read_bytes() == before
    assert secret.num_rows == 1


def test_wrong_sql_is_told_with_the_views_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="klines does not exist(.|\n)*Views: bars, trades"):
        sql(Catalog(tmp_path), "SELECT * FROM klines")


def test_names_of_data_sets_are_no_sql(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    name = "A'; DROP VIEW bars; --.X"
    with catalog.session() as session:
        writer = session.writer("bars", name, "1h")
        writer.add(bars(1), 2, 3)
        writer.commit(None)

    assert sql(catalog, "SELECT instrument FROM bars")["instrument"].to_pylist() == [name]


def test_features_of_different_columns_stand_beside_each_other(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    for name, column in (("A.X", "rsi"), ("B.X", 'mo"m')):
        with catalog.session() as session:
            writer = session.writer("features", name, "1h")
            writer.add(pa.table({"ts": [BEGIN], column: [0.5]}))
            writer.commit(None)

    found = sql(catalog, "SELECT * FROM features ORDER BY instrument").to_pylist()

    assert [(row["instrument"], row["rsi"], row['mo"m']) for row in found] == [("A.X", 0.5, None), ("B.X", None, 0.5)]


def test_a_catalog_behind_a_url_can_be_asked(tmp_path: Path) -> None:
    import fsspec

    filled(tmp_path)
    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path), "/queries", recursive=True)
    try:
        assert sql(Catalog("memory://queries"), "SELECT count(*) AS n FROM bars")["n"].to_pylist() == [5]
    finally:
        memory.rm("/queries", recursive=True)


def test_the_answer_equals_that_of_another_reader(tmp_path: Path) -> None:
    catalog = filled(tmp_path)
    parts = catalog.dataset("trades", NAME).manifest.parts
    scale = {(p.price_scale, p.size_scale) for p in parts}.pop()
    files = [str(tmp_path / "trades" / NAME / p.name) for p in parts]
    theirs = duckdb.sql(f"SELECT ts, price / 1e{scale[0]} AS p, side FROM read_parquet({files}) ORDER BY ts").fetchall()

    assert sql(catalog, "SELECT ts, price AS p, side FROM trades ORDER BY ts").to_pylist() == [
        {"ts": ts, "p": p, "side": side} for ts, p, side in theirs
    ]


def test_duckdb_is_loaded_only_when_it_is_asked() -> None:
    code = (
        "import sys, helios_engine.catalog, helios_engine.catalog.store; print('duckdb' in sys.modules); "
        "import helios_engine.catalog.queries; print('duckdb' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split() == [
        "False",
        "False",
    ]


def test_the_command_line_shows_a_table_json_or_writes_csv(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    runner = CliRunner()
    query = "SELECT time, close, instrument FROM bars ORDER BY ts LIMIT 2"
    base = [query, "--catalog", str(tmp_path / "c")]

    plain = runner.invoke(data_sql.sql, base, standalone_mode=False, catch_exceptions=False)
    assert plain.stdout.splitlines() == [
        "time                        close  instrument",
        "-------------------------  ------  ---------------",
        "2024-10-04T01:00:00+00:00  100.25  BTCUSDT.BINANCE",
        "2024-10-04T02:00:00+00:00  100.25  BTCUSDT.BINANCE",
    ]
    as_json = runner.invoke(data_sql.sql, [*base, "--json"], standalone_mode=False, catch_exceptions=False)
    assert json.loads(as_json.stdout)[0] == {"time": "2024-10-04T01:00:00+00:00", "close": 100.25, "instrument": NAME}
    path = tmp_path / "out.csv"
    runner.invoke(data_sql.sql, [*base, "--csv", str(path)], standalone_mode=False, catch_exceptions=False)
    assert path.read_text().splitlines()[1] == f'2024-10-04 01:00:00.000000Z,100.25,"{NAME}"'
    with pytest.raises(ConfigError, match="--replace"):
        runner.invoke(data_sql.sql, [*base, "--csv", str(path)], standalone_mode=False, catch_exceptions=False)


def test_the_command_line_says_how_many_rows_it_left_out(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    arguments = ["SELECT NULL AS a, 'x' AS b, 1.5 AS c FROM bars", "--rows", "2", "--catalog", str(tmp_path / "c")]

    found = CliRunner().invoke(data_sql.sql, arguments, standalone_mode=False, catch_exceptions=False)

    assert found.stdout.splitlines() == ["a  b    c", "-  -  ---", "   x  1.5", "   x  1.5"]
    assert "2 of 5 rows" in found.stderr
