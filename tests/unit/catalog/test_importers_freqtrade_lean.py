"""Freqtrade's and LEAN's files: every trap, hostile inputs, and the real files row for row (HELIOS_REAL_DATA)."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.catalog.importers import freqtrade, lean
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import Outcome, import_paths
from helios_engine.catalog.importers.source import Source, sources
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Catalog
from helios_engine.errors import ConfigError, DataError, HeliosError
from helios_engine.plugins import Plugins

REAL = os.environ.get("HELIOS_REAL_DATA", "")
real = pytest.mark.skipif(not REAL, reason="needs HELIOS_REAL_DATA, the folder of real market data")
FREQTRADE, LEAN = Path(REAL, "freqtrade_testdata"), Path(REAL, "lean_crypto")
MIN, MS = 60_000_000_000, 1_000_000
START = 1_600_000_200_000
"""ms, on a 5 minute boundary."""
DAY = int(pd.Timestamp("2022-12-13").value)
Row = tuple[Any, ...]


def run(root: Path, *paths: Path, wanted: str | None = None, **said: Any) -> tuple[Catalog, Outcome]:
    catalog = Catalog(root / "catalog")
    specs = {name: offer.spec for name, offer in Plugins().offers("importer").items()}
    return catalog, import_paths(catalog, list(paths), specs, Ask(**said), wanted=wanted)


def rows(catalog: Catalog, kind: str, name: str, timeframe: str = "") -> list[Row]:
    """All rows, prices and sizes as Decimals."""
    dataset = catalog.dataset(kind, name, timeframe)
    prices = {"open", "high", "low", "close", "price", "bid", "ask", "rate"}
    sizes = {"volume", "quantity", "bid_quantity", "ask_quantity"}
    columns = []
    table = dataset.table()
    for column in table.column_names:
        values = table[column].to_pylist()
        scale = dataset.manifest.price_scale if column in prices else dataset.manifest.size_scale
        units = column in prices | sizes
        columns.append([Decimal(v).scaleb(-scale) for v in values] if units else values)
    return list(zip(*columns, strict=True))


def only(outcome: Outcome, kind: str) -> list[Issue]:
    return [i for m in outcome.datasets for i in m.issues if i.origin == "import" and i.kind == kind]


def clean(value: float | str, places: int = 12) -> Decimal:
    """What a float means: its shortest decimal, and of one with noise the fifteen digits that it holds."""
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    return Decimal(f"{value:.15g}" if isinstance(value, float) else value) if _places(exact) > places else exact


def _places(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def close_to(got: Decimal, raw: float) -> bool:
    """The same float, or the nearest decimal of fifteen digits."""
    return float(got) == raw or got == Decimal(f"{raw:.15g}") or got == round(Decimal(repr(raw)), 8)


# ---- freqtrade: candles ----------------------------------------------------------------------------------------


def candles(count: int = 40, step: int = 5) -> list[list[Any]]:
    """Rows of `[ms, open, high, low, close, volume]` that follow each other."""
    found = []
    for n in range(count):
        start, end = 100 + n % 7, 100 + (n + 1) % 7
        top, bottom = max(start, end) + 0.5, min(start, end) - 0.25
        found.append([START + n * step * 60_000, start / 1e4, top / 1e4, bottom / 1e4, end / 1e4, 1.5 + n])
    return found


def frame(found: Sequence[Sequence[Any]]) -> pd.DataFrame:
    table = pd.DataFrame(list(found), columns=["date", "open", "high", "low", "close", "volume"])
    table["date"] = pd.to_datetime(table["date"], unit="ms", utc=True)
    return table


def written(path: Path, found: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".feather":
        frame(found).to_feather(path)
    elif path.suffix == ".parquet":
        frame(found).to_parquet(path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(json.dumps(list(found)).encode()))
    else:
        path.write_text(json.dumps(list(found)))
    return path


def bars(found: Sequence[Sequence[Any]], length: int = 5 * MIN) -> list[Row]:
    return [
        (o[0] * MS + length, o[0] * MS, o[0] * MS + length, *(clean(v) for v in o[1:5]), clean(o[5])) for o in found
    ]


@pytest.mark.parametrize("ending", ["feather", "parquet", "json", "json.gz"])
def test_candles_are_open_stamped_bars_of_the_pair_in_the_name(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"ADA_BTC-5m.{ending}", candles())

    catalog, outcome = run(tmp_path, path, instrument="ADABTC.KRAKEN")

    assert rows(catalog, "bars", "ADABTC.KRAKEN", "5m") == bars(candles())
    instrument = outcome.datasets[0].instrument
    assert instrument is not None
    assert (instrument.base, instrument.quote) == ("ADA", "BTC")


def test_the_venue_must_be_said(tmp_path: Path) -> None:
    path = written(tmp_path / "ADA_BTC-5m.feather", candles())

    with pytest.raises(ConfigError, match=r"ADA_BTC-5m.feather: .*add --instrument ADABTC.VENUE"):
        run(tmp_path, path)


def test_freqtrades_own_folders_say_the_venue_of_many_pairs(tmp_path: Path) -> None:
    folder = tmp_path / "user_data" / "data" / "kraken"
    written(folder / "ADA_BTC-5m.feather", candles())
    written(folder / "XRP_BTC-5m.feather", candles())
    written(folder / "futures" / "XRP_USDT_USDT-5m-futures.feather", candles())
    written(folder / "futures" / "XRP_USDT_USDT-5m-mark.feather", candles())

    _, outcome = run(tmp_path, folder)

    names = [m.name for m in outcome.datasets]
    assert names == ["ADABTC.KRAKEN", "XRPBTC.KRAKEN", "XRPUSDT_PERP.KRAKEN", "XRPUSDT_PERP_MARK.KRAKEN"]


def test_an_instrument_of_another_pair_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "ADA_BTC-5m.feather", candles())

    with pytest.raises(ConfigError, match=r"BTCUSDT.KRAKEN is BTC/USDT, ADA_BTC-5m.feather is ADA/BTC"):
        run(tmp_path, path, instrument="BTCUSDT.KRAKEN")
    run(tmp_path, path, instrument="BTCUSDT.KRAKEN", base="ADA", quote="BTC")
    run(tmp_path, written(tmp_path / "BTC_EUR-5m.feather", candles()), instrument="XBTEUR.KRAKEN")


def test_pairs_are_not_mixed_under_one_instrument(tmp_path: Path) -> None:
    found = [written(tmp_path / f"{pair}-5m.feather", candles()) for pair in ("ADA_BTC", "XRP_ETH")]

    with pytest.raises(ConfigError, match="one pair at a time"):
        run(tmp_path, *found, instrument="ADABTC.X")
    with pytest.raises(ConfigError, match=r"the files hold XRPUSDT.X and XRPUSDT_PERP.X"):
        run(
            tmp_path,
            written(tmp_path / "XRP_USDT-5m.feather", candles()),
            written(tmp_path / "XRP_USDT_USDT-5m-futures.feather", candles()),
            instrument="XRPUSDT.X",
        )


def test_a_name_that_denies_the_steps_stops_the_import(tmp_path: Path) -> None:
    path = written(tmp_path / "ADA_BTC-8m.json.gz", candles(step=1))

    with pytest.raises(ConfigError, match="the name says 8m, the times are 1m apart; add --timeframe"):
        run(tmp_path, path, instrument="ADABTC.X")
    catalog, _ = run(tmp_path, path, instrument="ADABTC.X", timeframe="1m")

    assert rows(catalog, "bars", "ADABTC.X", "1m") == bars(candles(step=1), MIN)


def test_weeks_and_months_are_refused(tmp_path: Path) -> None:
    for word in ("1w", "3d", "1Mo"):
        path = written(tmp_path / f"ADA_BTC-{word}.feather", candles(step=3 * 1440))
        with pytest.raises(DataError, match=f"bars of {word} are not kept"):
            run(tmp_path, path, instrument="ADABTC.X")


def test_floats_lose_their_noise_and_the_import_says_so(tmp_path: Path) -> None:
    found = candles()
    found[3][1] = 0.010400000000000001
    found[5][5] = 120000.30000000002
    found[6][5] = 0.30000000000000004

    catalog, outcome = run(tmp_path, written(tmp_path / "ADA_BTC-5m.feather", found), instrument="ADABTC.X")

    got = rows(catalog, "bars", "ADABTC.X", "5m")
    assert (got[3][3], got[5][7], got[6][7]) == (Decimal("0.0104"), Decimal("120000.3"), Decimal("0.3"))
    noise = only(outcome, "float_noise")
    assert [i.detail[:24] for i in noise] == ["a price of 1 rows ended ", "the volume of 2 rows end"]
    assert (noise[0].ts_from, noise[0].ts_to) == (got[3][0], got[3][0] + 1)
    assert (noise[1].ts_from, noise[1].ts_to) == (got[5][0], got[6][0] + 1)


def test_float32_and_small_numbers_mean_what_they_say(tmp_path: Path) -> None:
    table = frame(candles()).astype(dict.fromkeys(("open", "high", "low", "close"), "float32"))
    for name in ("open", "high", "low", "close"):
        table[name] = table[name] / 1000
    table.to_feather(tmp_path / "ADA_BTC-5m.feather")

    catalog, _ = run(tmp_path, tmp_path / "ADA_BTC-5m.feather", instrument="ADABTC.X")

    assert rows(catalog, "bars", "ADABTC.X", "5m")[0][3] == Decimal("0.00001")


def test_mark_prices_never_become_bars_of_what_is_traded(tmp_path: Path) -> None:
    found = [[*row[:5], None] for row in candles()]
    path = written(tmp_path / "XRP_USDT_USDT-5m-mark.feather", found)

    with pytest.raises(ConfigError, match=r"holds mark prices, at which nobody traded.*XRPUSDT_PERP_MARK.VENUE"):
        run(tmp_path, path, instrument="XRPUSDT_PERP.BINANCE")
    catalog, outcome = run(tmp_path, path, instrument="XRPUSDT_PERP_MARK.BINANCE")

    got = rows(catalog, "bars", "XRPUSDT_PERP_MARK.BINANCE", "5m")
    assert [row[7] for row in got] == [0] * 40
    assert [(i.ts_from, i.ts_to, i.detail[:7]) for i in only(outcome, "no_volume")] == [
        (got[0][0], got[-1][0] + 1, "40 bars")
    ]


def test_traded_candles_without_volume_and_premium_candles_are_refused(tmp_path: Path) -> None:
    found = candles()
    found[7][5] = float("nan")
    with pytest.raises(DataError, match=r"ADA_BTC-5m.feather:8: volume is None"):
        run(tmp_path, written(tmp_path / "ADA_BTC-5m.feather", found), instrument="ADABTC.X")
    with pytest.raises(DataError, match="premiumIndex candles are neither prices nor a rate"):
        run(tmp_path, written(tmp_path / "A_B_B-5m-premiumIndex.feather", candles()), instrument="AB.X")


def test_funding_is_the_open_of_its_candles_at_its_own_times(tmp_path: Path) -> None:
    found = [[START + n * 28_800_000 + n % 20, -1.5e-05 * n, 0.0, 0.0, 0.0, 0.0] for n in range(30)]
    path = written(tmp_path / "XRP_USDT_USDT-8h-funding_rate.feather", found)

    catalog, _ = run(tmp_path, path, instrument="XRPUSDT_PERP.BINANCE")

    expected = [(r[0] * MS, r[0] * MS, Decimal(f"{r[1]:.15g}")) for r in found]
    assert rows(catalog, "funding", "XRPUSDT_PERP.BINANCE") == expected
    with pytest.raises(DataError, match=r"rate.feather:1: high is .*; expected a funding rate in `open` and 0"):
        run(tmp_path, written(path, candles()), instrument="XRPUSDT_PERP.BINANCE")


def test_hdf5_is_refused_with_the_step_that_helps_and_left_out_of_folders(tmp_path: Path) -> None:
    folder = tmp_path / "user_data" / "data" / "kraken"
    written(folder / "ADA_BTC-5m.feather", candles())
    for name, command in (("ADA_BTC-5m.h5", "convert-data"), ("ADA_BTC-trades.h5", "convert-trade-data")):
        (folder / name).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
        with pytest.raises(DataError, match=f"`freqtrade {command} --format-from hdf5 --format-to feather`"):
            run(tmp_path, folder / name)

    _, outcome = run(tmp_path, folder)

    assert [m.name for m in outcome.datasets] == ["ADABTC.KRAKEN"]
    assert [text.partition(":")[0] for text in outcome.left_out] == ["ADA_BTC-5m.h5", "ADA_BTC-trades.h5"]


def test_json_with_open_and_close_exchanged_is_refused(tmp_path: Path) -> None:
    found = [[r[0], r[4], r[2], r[3], r[1], r[5]] for r in candles()]

    with pytest.raises(DataError, match="open and close look exchanged"):
        run(tmp_path, written(tmp_path / "ADA_BTC-5m.json", found), instrument="ADABTC.X")


def test_dates_without_a_zone_need_the_users_word(tmp_path: Path) -> None:
    table = frame(candles())
    table["date"] = table["date"].dt.tz_localize(None)
    table.to_feather(tmp_path / "ADA_BTC-5m.feather")

    with pytest.raises(ConfigError, match="add --zone UTC"):
        run(tmp_path, tmp_path / "ADA_BTC-5m.feather", instrument="ADABTC.X")
    catalog, _ = run(tmp_path, tmp_path / "ADA_BTC-5m.feather", instrument="ADABTC.X", zone="UTC")
    assert rows(catalog, "bars", "ADABTC.X", "5m") == bars(candles())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"[]", "no importer knows"),
        (b'{"a": 1}', "no importer knows"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,1]]", ":2: expected a row of 6 fields"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,1,[1]]]", ":2: expected a row of 6 fields"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,NaN,1]]", "NaN is no number of JSON"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,1e99999,1]]", ":2: close is '1e99999'"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,null,1]]", ":2: close is None"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,true,1]]", ":2: close is 'True'"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500000,1,1,1,1,1]", "not readable JSON"),
        (b"[[1600000200000,1,1,1,1,1],[1600000,1,1,1,1,1]]", ":2: the time 1600000 read as ms is not between"),
        (b"[[1600000200000,1,1,1,1,1],[1600000500001,1,1,1,1,1]]", "not on a 5m boundary"),
        (b"[[1600000500000,1,1,1,1,1],[1600000200000,1,1,1,1,1]]", "before that of the row above.*add --sort"),
        (b"[[1600000200000,1,1,1,1,1],\xff\xfe]", "not UTF-8"),
    ],
)
def test_candles_that_cannot_be_true_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "ADA_BTC-5m.json"
    path.write_bytes(content)

    with pytest.raises(HeliosError, match=said) as caught:
        run(tmp_path, path, instrument="ADABTC.X")
    assert "ADA_BTC-5m.json" in str(caught.value)


def test_frames_of_another_layout_or_cut_short_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "ADA_BTC-5m.feather", candles())
    whole = path.read_bytes()
    for end in (0, 3, 8, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"ADA_BTC-5m.feather: (the file is empty|not a readable feather file)"):
            run(tmp_path, path, instrument="ADABTC.X")
    frame(candles()).drop(columns="volume").to_feather(path)
    with pytest.raises(DataError, match="no column 'volume'"):
        run(tmp_path, path, wanted="freqtrade", instrument="ADABTC.X")
    frame(candles()).assign(open="x").to_feather(path)
    with pytest.raises(DataError, match=":1: open is 'x'"):
        run(tmp_path, path, instrument="ADABTC.X")
    frame(candles(0)).to_feather(path)
    with pytest.raises(DataError, match="no rows"):
        run(tmp_path, path, instrument="ADABTC.X")


# ---- freqtrade: trades -----------------------------------------------------------------------------------------

TRADE_COLUMNS = ["timestamp", "id", "type", "side", "price", "amount", "cost"]


def trade_rows(count: int = 60) -> list[list[Any]]:
    """Three trades on each millisecond."""
    found = []
    for n in range(count):
        price, amount = round(0.0014 + n / 1e8, 8), float(1 + n % 9)
        side = "buy" if n % 3 else "sell"
        found.append([START + n // 3, str(1000 + n), None, side, price, amount, price * amount])
    return found


def trades(found: Sequence[Sequence[Any]]) -> list[Row]:
    return [
        (r[0] * MS, r[0] * MS, clean(r[4]), clean(r[5]), {"buy": 1, "sell": -1, None: 0}[r[3]], r[1] or "")
        for r in found
    ]


def written_trades(path: Path, found: Sequence[Sequence[Any]]) -> Path:
    table = pd.DataFrame(list(found), columns=TRADE_COLUMNS)
    if path.suffix == ".feather":
        table.to_feather(path)
    elif path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        path.write_bytes(gzip.compress(json.dumps(list(found)).encode()))
    return path


def ccxt(row: Sequence[Any], **changed: Any) -> dict[str, Any]:
    named = dict(zip(TRADE_COLUMNS, row, strict=True))
    rest = {"info": {"a": 1, "x": [1]}, "datetime": "", "symbol": "XRP/ETH", "order": None, "takerOrMaker": None}
    return {**rest, **named, "fee": None, **changed}


@pytest.mark.parametrize("ending", ["feather", "parquet", "json.gz"])
def test_trades_keep_ids_sides_and_milliseconds(tmp_path: Path, ending: str) -> None:
    path = written_trades(tmp_path / f"XRP_ETH-trades.{ending}", trade_rows())

    catalog, outcome = run(tmp_path, path, instrument="XRPETH.BINANCE")

    assert rows(catalog, "trades", "XRPETH.BINANCE") == trades(trade_rows())
    assert not [i for m in outcome.datasets for i in m.issues if i.origin == "import"]


def test_old_trades_are_dictionaries_whose_symbol_counts(tmp_path: Path) -> None:
    path = tmp_path / "XRP_OLD-trades.json.gz"
    path.write_bytes(gzip.compress(json.dumps([ccxt(row) for row in trade_rows()]).encode()))

    catalog, outcome = run(tmp_path, path, instrument="XRPETH.BINANCE")

    assert rows(catalog, "trades", "XRPETH.BINANCE") == trades(trade_rows())
    assert [i.detail for i in only(outcome, "name")] == [
        "XRP_OLD-trades.json.gz is named XRP/OLD; its rows say XRP/ETH, and that counts"
    ]
    with pytest.raises(ConfigError, match="is XRP/ETH"):
        run(tmp_path, path, instrument="BTCUSDT.BINANCE")


def test_trades_of_one_millisecond_are_put_in_order_of_their_ids(tmp_path: Path) -> None:
    found = trade_rows()
    found[3], found[5] = found[5], found[3]

    catalog, outcome = run(
        tmp_path, written_trades(tmp_path / "XRP_ETH-trades.feather", found), instrument="XRPETH.BINANCE"
    )

    assert rows(catalog, "trades", "XRPETH.BINANCE") == trades(trade_rows())
    ts = (START + 1) * MS
    assert [(i.detail[:6], i.ts_from, i.ts_to) for i in only(outcome, "reordered")] == [("2 rows", ts, ts + 1)]


def test_a_millisecond_across_batches_is_ordered_too(tmp_path: Path) -> None:
    found = trade_rows()
    found[3], found[5] = found[5], found[3]
    feather.write_feather(
        pa.Table.from_pandas(pd.DataFrame(found, columns=TRADE_COLUMNS)),
        tmp_path / "XRP_ETH-trades.feather",
        chunksize=4,
    )

    catalog, _ = run(tmp_path, tmp_path / "XRP_ETH-trades.feather", instrument="XRPETH.BINANCE")

    assert rows(catalog, "trades", "XRPETH.BINANCE") == trades(trade_rows())


def changed(place: int, value: Any) -> list[list[Any]]:
    found = trade_rows()
    found[10][place] = value
    return found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (changed(3, "BUY"), ":11: side is 'BUY', expected buy or sell"),
        (changed(4, -0.5), ":11: price is '-0.5'"),
        (changed(5, 0.0), ":11: the quantity is not positive"),
        (changed(5, None), ":11: amount is None"),
        (changed(0, 5), ":11: the time 5 read as ms"),
        ([[*r[:4], r[6], r[5], r[4]] for r in trade_rows()], "the columns are not in the order expected"),
        ([[*r[:4], r[4], r[6], r[5]] for r in trade_rows()], "the columns are not in the order expected"),
        (trade_rows()[30:] + trade_rows()[:30], ":31: time .* before that of the row above"),
    ],
)
def test_trades_that_cannot_be_true_are_refused(tmp_path: Path, found: list[list[Any]], said: str) -> None:
    with pytest.raises(DataError, match=f"XRP_ETH-trades.json.gz{said}|{said}"):
        run(tmp_path, written_trades(tmp_path / "XRP_ETH-trades.json.gz", found), instrument="XRPETH.BINANCE")


def test_dictionaries_of_two_pairs_or_without_a_field_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "XRP_ETH-trades.json"
    first, second = (ccxt(row) for row in trade_rows()[:2])
    short = {k: v for k, v in second.items() if k != "price"}
    for other, said in (
        ({**second, "symbol": "ADA/ETH"}, ":2: a trade of ADA/ETH among those of XRP/ETH"),
        (short, ":2: no field 'price'"),
        (7, ":2: no field 'timestamp'"),
        ({**second, "symbol": 7}, ":2: symbol is '7'"),
    ):
        path.write_text(json.dumps([first, other]))
        with pytest.raises(DataError, match=said):
            run(tmp_path, path, instrument="XRPETH.BINANCE")


def test_kraken_trades_have_no_marks_and_need_generic(tmp_path: Path) -> None:
    path = tmp_path / "BCHEUR.csv"
    path.write_text("1672531436,90.540000,1.10448420\n1672531436,90.450000,1.0\n1672531647,90.36,0.286\n")

    with pytest.raises(DataError, match="BCHEUR.csv: no importer knows this file"):
        run(tmp_path, path, instrument="BCHEUR.KRAKEN")
    catalog, _ = run(
        tmp_path, path, wanted="generic", instrument="BCHEUR.KRAKEN", header=False,
        columns={"ts": "0", "price": "1", "quantity": "2"},
    )  # fmt: skip

    got = rows(catalog, "trades", "BCHEUR.KRAKEN")
    assert [(r[0] // 10**9, r[2], r[3], r[4], r[5]) for r in got] == [
        (1672531436, Decimal("90.54"), Decimal("1.1044842"), 0, ""),
        (1672531436, Decimal("90.45"), 1, 0, ""),
        (1672531647, Decimal("90.36"), Decimal("0.286"), 0, ""),
    ]


# ---- LEAN ------------------------------------------------------------------------------------------------------

TRADE_ZIP = "crypto/bybit/minute/btcusdt/20221213_trade.zip"
TRADE_CSV = "20221213_btcusdt_minute_trade.csv"
QUOTE_ZIP, QUOTE_CSV = TRADE_ZIP.replace("trade", "quote"), TRADE_CSV.replace("trade", "quote")


def trade_lines(count: int = 40, dated: str = "") -> list[str]:
    stamps = [f"{dated} {n:02d}:00" if dated else str(n * 60_000) for n in range(count)]
    return [
        f"{stamp},{100 + n % 5}.5,{108 + n % 5},{99 - n % 5}.25,{101 + n % 5},{n}.125" for n, stamp in enumerate(stamps)
    ]


def quote_lines(count: int = 40) -> list[str]:
    return [f"{n * 60_000},100.5,101,100,100.{n:02d},{n}.5,101.5,102,101,101.{n:02d},{n + 1}.25" for n in range(count)]


def zipped(root: Path, place: str, member: str, lines: Sequence[str]) -> Path:
    path = root / "data" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(member, "\n".join(lines) + "\n")
    return path


def lean_bars(lines: Sequence[str], midnight: int = DAY, length: int = MIN) -> list[Row]:
    found = []
    for line in lines:
        stamp, *values = line.split(",")
        opened = int(pd.Timestamp(stamp).value) if " " in stamp else midnight + int(stamp) * MS
        found.append((opened + length, opened, opened + length, *map(Decimal, values)))
    return found


def lean_quotes(lines: Sequence[str], midnight: int = DAY, length: int = MIN) -> list[Row]:
    found = []
    for line in lines:
        c = line.split(",")
        opened = int(pd.Timestamp(c[0]).value) if " " in c[0] else midnight + int(c[0]) * MS
        sizes = (round(Decimal(c[n]), 8) for n in (5, 10))
        found.append((opened + length, opened + length, Decimal(c[4]), Decimal(c[9]), *sizes))
    return found


def test_minutes_are_milliseconds_of_the_day_in_the_name_and_may_be_absent(tmp_path: Path) -> None:
    lines = [line for n, line in enumerate(trade_lines()) if n % 7 != 3]

    catalog, outcome = run(tmp_path, zipped(tmp_path, TRADE_ZIP, TRADE_CSV, lines))

    assert rows(catalog, "bars", "BTCUSDT.BYBIT", "1m") == lean_bars(lines)
    assert sum(i.missing for i in outcome.datasets[0].issues if i.kind == "gap") == 6 * MIN


def test_hours_are_dated(tmp_path: Path) -> None:
    path = zipped(tmp_path, "crypto/bybit/hour/btcusdt_trade.zip", "btcusdt.csv", trade_lines(20, "20221213"))

    catalog, _ = run(tmp_path, path)

    assert rows(catalog, "bars", "BTCUSDT.BYBIT", "1h") == lean_bars(trade_lines(20, "20221213"), 0, 60 * MIN)


def test_spot_and_perpetual_of_one_name_stay_apart(tmp_path: Path) -> None:
    zipped(tmp_path, TRADE_ZIP, TRADE_CSV, trade_lines())
    zipped(tmp_path, f"cryptofuture{TRADE_ZIP[6:]}", "20221213_btcusdt_minute_trade_perp.csv", trade_lines(20))
    place = TRADE_ZIP[6:].replace("btcusdt", "btcusd")
    zipped(tmp_path, f"cryptofuture{place}", "20221213_btcusd_minute_trade_perp.csv", trade_lines(20))

    _, outcome = run(tmp_path, tmp_path / "data")

    found = {(m.name, m.rows) for m in outcome.datasets}
    assert found == {("BTCUSDT.BYBIT", 40), ("BTCUSDT_PERP.BYBIT", 20), ("BTCUSD_PERP.BYBIT", 20)}
    (issue,) = only(outcome, "contracts")
    assert issue.detail.startswith("btcusd of bybit is coin-margined: the sizes of 20 rows count contracts")
    assert (issue.severity, issue.ts_from, issue.ts_to) == ("warn", DAY + MIN, DAY + 20 * MIN + 1)


def test_a_quote_bars_close_is_a_quote_at_its_end(tmp_path: Path) -> None:
    lines = quote_lines()
    lines[3] = "180000,,,,,0,101.5,102,101,101.5,2"
    lines[9] = "540000,100.5,101,100,100.5,2,,,,,0"

    catalog, outcome = run(tmp_path, zipped(tmp_path, QUOTE_ZIP, QUOTE_CSV, lines))

    kept = [line for n, line in enumerate(lines) if n not in (3, 9)]
    assert rows(catalog, "quotes", "BTCUSDT.BYBIT") == lean_quotes(kept)
    one, rest = sorted(only(outcome, "left_out"), key=lambda i: i.ts_to)
    assert one.detail == "2 quote bars with only a bid, only an ask, or neither were left out"
    assert (one.ts_from, one.ts_to) == (DAY + 4 * MIN, DAY + 10 * MIN + 1)
    assert rest.detail == "open, high and low of 38 quote bars of 1m were left out; kept is the close"
    assert (rest.ts_from, rest.ts_to) == (DAY + MIN, DAY + 40 * MIN + 1)


def test_sizes_with_the_noise_of_sums_are_rounded_and_counted(tmp_path: Path) -> None:
    lines = quote_lines()
    lines[4] = "240000,100,101,100,100,0.0010000000000000009,101,101,101,101,9567.161742730003"
    lines[5] = "300000,100,101,100,100,10.344205490000018,101,101,101,101,0.09999999999999999"

    catalog, outcome = run(tmp_path, zipped(tmp_path, QUOTE_ZIP, QUOTE_CSV, lines))

    got = rows(catalog, "quotes", "BTCUSDT.BYBIT")
    assert got[4][4:] == (Decimal("0.001"), Decimal("9567.16174273"))
    assert got[5][4:] == (Decimal("10.34420549"), Decimal("0.1"))
    assert [i.detail[:22] for i in only(outcome, "float_noise")] == ["the ask size of 2 rows", "the bid size of 2 rows"]


def test_quotes_of_one_instrument_come_from_its_finest_bars(tmp_path: Path) -> None:
    zipped(tmp_path, QUOTE_ZIP, QUOTE_CSV, quote_lines())
    hours = [f"20221213 {n:02d}:00,{line.partition(',')[2]}" for n, line in enumerate(quote_lines(20))]
    path = zipped(tmp_path, "crypto/bybit/hour/btcusdt_quote.zip", "btcusdt.csv", hours)

    catalog, outcome = run(tmp_path, tmp_path / "data")

    assert rows(catalog, "quotes", "BTCUSDT.BYBIT") == lean_quotes(quote_lines())
    said = [i for i in only(outcome, "left_out") if "20 hour quote bars were left out" in i.detail]
    assert [(i.ts_from, i.ts_to) for i in said] == [(DAY + 60 * MIN, DAY + 20 * 60 * MIN + 1)]
    alone, _ = run(tmp_path / "alone", path)
    assert rows(alone, "quotes", "BTCUSDT.BYBIT") == lean_quotes(hours, 0, 60 * MIN)


def test_a_folder_that_denies_the_steps_stops_the_import(tmp_path: Path) -> None:
    lines = [line for n, line in enumerate(trade_lines(100)) if n % 5 == 0]

    with pytest.raises(ConfigError, match="the name says 1m, the times are 5m apart; add --timeframe"):
        run(tmp_path, zipped(tmp_path, TRADE_ZIP, TRADE_CSV, lines))


@pytest.mark.parametrize(
    ("place", "member", "said"),
    [
        ("20221213_trade.zip", TRADE_CSV, "outside of LEAN's tree"),
        ("equity/usa/minute/spy/20221213_trade.zip", "20221213_spy_minute_trade.csv", "outside of LEAN's tree"),
        (TRADE_ZIP.replace("1213", "1399"), TRADE_CSV.replace("1213", "1399"), "20221399 in its name is no date"),
        (TRADE_ZIP.replace("1213", "1214"), TRADE_CSV, "calls itself something else"),
        (TRADE_ZIP, QUOTE_CSV, "calls itself something else"),
        (TRADE_ZIP, TRADE_CSV.replace("usdt", "eur"), "calls itself something else"),
        (TRADE_ZIP.replace("minute", "tick"), TRADE_CSV.replace("minute", "tick"), "tick trade files are not read"),
        (TRADE_ZIP.replace("trade", "openinterest"), "x.csv", "minute openinterest files are not read"),
    ],
)
def test_files_in_the_wrong_place_are_refused(tmp_path: Path, place: str, member: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        run(tmp_path, zipped(tmp_path, place, member, trade_lines()))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("86400000,1,1,1,1,1", ":6: the time is 86400000, expected whole ms"),
        ("300000.5,1,1,1,1,1", ":6: the time is 300000.5|whole ms"),
        ("-1,1,1,1,1,1", ":6: time is '-1'"),
        ("300001,1,1,1,1,1", ":6: .* is not on a 1m boundary"),
        ("240000,1,1,1,1,1", ":6: a second bar opens at"),
        ("180000,1,1,1,1,1", ":6: time .* is before that of the row above"),
        ("300000,NaN,1,1,1,1", ":6: open is 'NaN'"),
        ("300000,1,1,1,1e400,1", ":6: close is '1e400'"),
        ("300000,1,1,2,1,1", ":6: low is above high"),
        ("300000,1,2,1,3,1", ":6: open or close lies outside"),
        ("300000,1,1,1,1,-1", ":6: volume is '-1'"),
        ("300000,0,0,0,0,1", ":6: a price is not positive"),
        ("300000,1,1,1,1", "not a readable CSV file"),
        ("300000,1,1,1,1,\udcff", "not a readable CSV file"),
    ],
)
def test_bars_that_cannot_be_true_are_refused(tmp_path: Path, line: str, said: str) -> None:
    lines = trade_lines()
    lines[5] = line
    path = zipped(tmp_path, TRADE_ZIP, TRADE_CSV, [])
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(TRADE_CSV, "\n".join(lines).encode("utf-8", "surrogateescape"))

    with pytest.raises(DataError, match=said) as caught:
        run(tmp_path, path)
    assert f"20221213_trade.zip/{TRADE_CSV}" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("300000,,101,100,100,1,101,102,101,101,1", ":6: some of the four bid prices are empty"),
        ("300000,100,101,100,102,1,101,102,101,101,1", ":6: open or close of the bid lies outside"),
        ("300000,100,101,100,100,1,101,102,101,100,1", ":6: open or close of the ask lies outside"),
        ("300001,100,101,100,100,1,101,102,101,101,1", ":6: .* is not on a 1m boundary"),
        ("240000,100,101,100,100,1,101,102,101,101,1", ":6: a second bar opens at"),
        ("300000,100,101,100,100,x,101,102,101,101,1", ":6: bid_size is 'x'"),
        ("300000,0,0,0,0,1,101,102,101,101,1", ":6: a price is not positive"),
    ],
)
def test_quote_bars_that_cannot_be_true_are_refused(tmp_path: Path, line: str, said: str) -> None:
    lines = quote_lines()
    lines[5] = line

    with pytest.raises(DataError, match=said):
        run(tmp_path, zipped(tmp_path, QUOTE_ZIP, QUOTE_CSV, lines))


def test_files_cut_short_empty_or_of_other_columns_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, TRADE_ZIP, TRADE_CSV, quote_lines())
    with pytest.raises(DataError, match=":1: 11 columns; LEAN's trade files have 6: time, open"):
        run(tmp_path, path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="not a readable zip"):
        run(tmp_path, path)
    with pytest.raises(DataError, match="the file is empty"):
        run(tmp_path, zipped(tmp_path, TRADE_ZIP, TRADE_CSV, []))


def test_margin_interest_is_funding(tmp_path: Path) -> None:
    path = tmp_path / "cryptofuture" / "bybit" / "margin_interest" / "btcusdt.csv"
    path.parent.mkdir(parents=True)
    path.write_text("20201229 00:00:00,0.00020030\n20221213 08:00:00,-0.00022398\n20221213 16:00:00,0.0001")

    catalog, _ = run(tmp_path, path)

    times = [pd.Timestamp(t).value for t in ("2020-12-29", "2022-12-13T08:00", "2022-12-13T16:00")]
    rates = [Decimal(r) for r in ("0.0002003", "-0.00022398", "0.0001")]
    assert rows(catalog, "funding", "BTCUSDT_PERP.BYBIT") == list(zip(times, times, rates, strict=True))
    path.write_text("20201229 00:00:00,0.0002\n2022121 08:00:00,0.0002\n")
    with pytest.raises(DataError, match="btcusdt.csv:2: the time is '2022121 08:00:00', expected the form"):
        run(tmp_path, path)
    path.write_text("20201229 00:00:00,0.0002\n20221313 08:00:00,0.0002\n")
    with pytest.raises(DataError, match="btcusdt.csv:2: the time is '20221313 08:00:00', expected the form"):
        run(tmp_path, path)


PROPERTIES = """market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,\
lot_size,market_ticker,minimum_order_size,price_magnifier,strike_multiplier

# comment
eurex,FESX,future,EURO STOXX,EUR,10,1,1,,1
binance,BTCUSDT,crypto,"Bitcoin, Tether",USDT,1,0.010,0.00001,BTCUSDT,5
binance,BTCUSDT,cryptofuture,BTCUSDT,USDT,1,0.10,0.001,BTCUSDT
binance,BTCUSD,cryptofuture,BTCUSD_PERP,USD,100,0.1,1,BTCUSD_PERP
bybit,BTCUSD,cryptofuture,BTCUSD,USD,1,0.5,1,BTCUSD,1
bybit,BTCEUR,crypto,BTCEUR,EUR,1,10,0.0001,BTCEUR,0.000011,
kraken,WEIRD,crypto,WEIRD,EUR,1,10,0.0001,WEIRD,1
dydx,BTCUSD,cryptofuture,BTC-USD,USD,1,1,0.0001,BTC-USD,0.000100000,1000000,100000
"""


def test_symbol_properties_are_definitions_of_each_venue(tmp_path: Path) -> None:
    path = tmp_path / "symbol-properties-database.csv"
    path.write_text(PROPERTIES)

    with pytest.raises(ConfigError, match="add --valid-from"):
        run(tmp_path, path)
    with pytest.raises(ConfigError, match="leave it out"):
        run(tmp_path, path, valid_from=DAY, instrument="BTCUSDT.BINANCE")
    catalog, outcome = run(tmp_path, path, valid_from=DAY)

    assert [m.name for m in outcome.datasets] == ["BINANCE", "BYBIT", "DYDX"]
    table = {row["instrument"]: row for row in catalog.dataset("instruments", "BINANCE").table().to_pylist()}
    assert list(table) == ["BTCUSDT.BINANCE", "BTCUSDT_PERP.BINANCE"]
    spot = table["BTCUSDT.BINANCE"]
    assert (spot["ts"], spot["base"], spot["quote"], spot["price_scale"], spot["size_scale"]) == (
        DAY,
        "BTC",
        "USDT",
        2,
        5,
    )
    assert (Decimal(spot["tick"]), spot["min_quantity"], spot["min_notional"]) == (Decimal("0.01"), "0", "5")
    (euro,) = catalog.dataset("instruments", "BYBIT").table().to_pylist()
    assert (euro["price_scale"], euro["size_scale"], euro["min_quantity"], euro["min_notional"]) == (
        0,
        6,
        "0.000011",
        "0",
    )
    assert [i.detail for i in only(outcome, "left_out")] == [
        "rows were left out: 1 are no crypto; 1 count in contracts of another size than one unit",
        "rows were left out: 1 are coin-margined futures, which count in contracts of USD",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.010,", "0.0x,", ":5: minimum_price_variation is '0.0x'"),
        ("0.010,", "0,", ":5: tick 0 and lot 0.00001 of BTCUSDT must both be above 0"),
        ("0.00001,", "1e999,", ":5: lot_size is '1e999'"),
        ("bybit,BTCEUR,", "bybit,", ":9: contract_multiplier is|:9: "),
        ("bybit,BTCEUR,crypto,BTCEUR,EUR,1,10,0.0001,BTCEUR,0.000011,", "bybit,BTCEUR", ":9: 2 columns, expected 8"),
        ("# comment", '"' + "x" * 200_000, ":3: not a row of a CSV file: field larger than"),
        ("binance,BTCUSDT,cryptofuture", "binance,BTCUSDT,crypto", ":6: binance BTCUSDT is defined a second time"),
    ],
)
def test_properties_that_cannot_be_true_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "symbol-properties-database.csv"
    path.write_text(PROPERTIES.replace(old, new, 1))

    if "bybit,BTCEUR," in old and new == "bybit,":  # Columns moved to the left leave no crypto in the type column.
        _, outcome = run(tmp_path, path, valid_from=DAY)
        assert [m.name for m in outcome.datasets] == ["BINANCE", "DYDX"]
        return
    with pytest.raises(DataError, match=f"symbol-properties-database.csv{said}"):
        run(tmp_path, path, valid_from=DAY)


# ---- any damage ------------------------------------------------------------------------------------------------

TINY = settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
CELLS = st.sampled_from(
    ["", "nan", "null", "-1", "0", "1e5", "1e-3", "1E400", "0x1", "1_0", "٣", '"', "9" * 25, "1,1", "buy", "1.5"]
)
_fresh = itertools.count()


def damaged(data: st.DataObject, text: str, between: str) -> str:
    """A cell replaced, two cells of all rows exchanged, a row left out, or the text cut."""
    table = [line.split(",") for line in text.split(between)]
    row = data.draw(st.integers(0, len(table) - 1))
    match data.draw(st.sampled_from(["cell", "swap", "drop", "cut", "swap one"])):
        case "cell":
            table[row][data.draw(st.integers(0, len(table[row]) - 1))] = data.draw(CELLS)
        case "swap":
            a, b = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))
            for cells in table:
                cells[a], cells[b] = cells[b], cells[a]
        case "swap one":
            table[row][1], table[row][3] = table[row][3], table[row][1]
        case "drop":
            del table[row]
        case _:
            return text[: data.draw(st.integers(0, len(text) - 1))]
    return between.join(",".join(cells) for cells in table)


@TINY
@given(st.data())
def test_damaged_candles_are_refused_or_read_as_they_are(tmp_path: Path, data: st.DataObject) -> None:
    text = "[[" + damaged(data, "],[".join(",".join(map(str, row)) for row in candles()), "],[") + "]]"
    path = tmp_path / "ADA_BTC-5m.json"
    path.write_text(text)
    try:
        catalog, _ = run(tmp_path / str(next(_fresh)), path, instrument="ADABTC.X")
    except HeliosError as error:
        assert path.name in str(error)
        return
    expected = {
        (int(r[0]) * MS + 5 * MIN, *(Decimal(str(v)) for v in r[1:])) for r in json.loads(text, parse_float=Decimal)
    }
    assert {(row[0], *row[3:]) for row in rows(catalog, "bars", "ADABTC.X", "5m")} <= expected


@TINY
@given(st.data())
def test_damaged_trades_are_refused_or_read_as_they_are(tmp_path: Path, data: st.DataObject) -> None:
    text = "[[" + damaged(data, "],[".join(",".join(map(json.dumps, row)) for row in trade_rows()), "],[") + "]]"
    path = tmp_path / "XRP_ETH-trades.json"
    path.write_text(text)
    try:
        catalog, _ = run(tmp_path / str(next(_fresh)), path, instrument="XRPETH.X")
    except HeliosError as error:
        assert path.name in str(error)
        return
    expected = {
        (int(r[0]) * MS, Decimal(r[4]), Decimal(r[5]), "" if r[1] is None else str(r[1]))
        for r in json.loads(text, parse_float=Decimal)
    }
    assert {(r[0], r[2], r[3], r[5]) for r in rows(catalog, "trades", "XRPETH.X")} <= expected


@TINY
@given(st.data(), st.booleans())
def test_damaged_lean_files_are_refused_or_read_as_they_are(tmp_path: Path, data: st.DataObject, quote: bool) -> None:
    text = damaged(data, "\n".join(quote_lines() if quote else trade_lines()), "\n")
    path = zipped(tmp_path, *((QUOTE_ZIP, QUOTE_CSV) if quote else (TRADE_ZIP, TRADE_CSV)), [text])
    try:
        catalog, _ = run(tmp_path / str(next(_fresh)), path)
    except HeliosError as error:
        assert path.name in str(error)
        return
    lines = [line for line in text.replace('"', "").splitlines() if line.strip()]
    if quote:
        kept = [line for line in lines if ",,,," not in line]
        assert set(rows(catalog, "quotes", "BTCUSDT.BYBIT")) <= set(lean_quotes(kept))
    else:
        assert set(rows(catalog, "bars", "BTCUSDT.BYBIT", "1m")) <= set(lean_bars(lines))


@TINY
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
def test_damaged_feather_files_never_end_in_a_traceback(tmp_path: Path, at: int, what: bytes) -> None:
    path = written(tmp_path / "ADA_BTC-5m.feather", candles())
    content = bytearray(path.read_bytes())
    at %= len(content)
    content[at : at + len(what)] = what
    path.write_bytes(content)
    try:
        catalog, _ = run(tmp_path / str(next(_fresh)), path, instrument="ADABTC.X")
    except HeliosError:
        return
    batches = pa.ipc.open_file(path)
    held = [row for n in range(batches.num_record_batches) for row in batches.get_batch(n).to_pylist()]
    expected = {int(row["date"].timestamp() * 1000) * MS + 5 * MIN: row for row in held}
    for ts, _, _, *values in rows(catalog, "bars", "ADABTC.X", "5m"):
        raw = [expected[ts][name] for name in ("open", "high", "low", "close", "volume")]
        assert all(close_to(value, one) for value, one in zip(values, raw, strict=True))


# ---- the real files --------------------------------------------------------------------------------------------


def real_name(path: Path) -> str:
    words = path.name.split("-")[0].split("_")
    marks = ("_PERP" if len(words) > 2 else "") + ("_MARK" if "-mark" in path.name else "")
    return f"{words[0]}{words[1]}{marks}.X"


REAL_CANDLES = [
    *(f"{pair}_BTC-5m.feather" for pair in ("ADA", "DASH", "ETC", "ETH", "LTC", "NXT", "TRX", "XLM", "XMR", "ZEC")),
    "UNITTEST_BTC-5m.feather",
    "UNITTEST_BTC-1m.feather", "UNITTEST_BTC-30m.feather", "XRP_ETH-1m.feather", "XRP_ETH-5m.feather",
    "UNITTEST_BTC-1m.json", "UNITTEST_BTC-8m.json.gz", "futures/XRP_USDT_USDT-1h-futures.json.gz",
    "futures/XRP_USDT_USDT-1h-futures.feather", "futures/XRP_USDT_USDT-5m-futures.feather",
    "futures/XRP_USDT_USDT-1h-mark.feather", "futures/XRP_USDT_USDT-8h-mark.feather",
    "futures/UNITTEST_USDT_USDT-1h-mark.feather",
]  # fmt: skip


@real
@pytest.mark.parametrize("name", REAL_CANDLES)
def test_real_candles_row_for_row(tmp_path: Path, name: str) -> None:
    path = FREQTRADE / name
    timeframe = "1m" if "8m" in name else path.name.split("-")[1].split(".")[0]
    if path.suffix == ".feather":
        table = pd.read_feather(path)
    else:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        table = frame(json.loads(content))

    catalog, _ = run(tmp_path, path, instrument=real_name(path), timeframe="1m" if "8m" in name else None)

    got = rows(catalog, "bars", real_name(path), timeframe)
    length = pd.Timedelta(timeframe.replace("m", "min")).value
    assert [row[1] for row in got] == table["date"].astype("datetime64[ns, UTC]").astype("int64").tolist()
    assert all(row[0] == row[2] == row[1] + length for row in got)
    for place, column in enumerate(("open", "high", "low", "close", "volume"), 3):
        raw = table[column].fillna(0).astype(float).tolist()
        assert all(close_to(row[place], value) for row, value in zip(got, raw, strict=True)), column


@real
def test_real_names_that_deny_their_rows_stop(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the name says 8m, the times are 1m apart; add --timeframe"):
        run(tmp_path, FREQTRADE / "UNITTEST_BTC-8m.json.gz", instrument="UNITTESTBTC.X")
    for name in ("UNITTEST_BTC-5m.h5", "XRP_ETH-trades.h5", "futures/UNITTEST_USDT_USDT-1h-mark.h5"):
        with pytest.raises(DataError, match="HDF5 files are not read; convert it"):
            run(tmp_path, FREQTRADE / name, instrument="A.X")


@real
@pytest.mark.parametrize(
    "name", ["XRP_ETH-trades.feather", "XRP_ETH-trades.parquet", "XRP_ETH-trades.json.gz", "XRP_OLD-trades.json.gz"]
)
def test_real_trades_row_for_row(tmp_path: Path, name: str) -> None:
    raw = json.loads(gzip.decompress((FREQTRADE / "XRP_OLD-trades.json.gz").read_bytes()))
    expected = [
        (
            t["timestamp"] * MS, t["timestamp"] * MS, Decimal(t["info"]["p"]), Decimal(t["info"]["q"]),
            -1 if t["info"]["m"] else 1, str(t["info"]["a"]),
        )
        for t in raw
    ]  # fmt: skip

    catalog, _ = run(tmp_path, FREQTRADE / name, instrument="XRPETH.BINANCE")

    got = rows(catalog, "trades", "XRPETH.BINANCE")
    assert len(got) == 12_477
    assert got == expected
    assert sum(a[0] == b[0] for a, b in itertools.pairwise(got)) == 2_490


@real
def test_real_funding_row_for_row(tmp_path: Path) -> None:
    path = FREQTRADE / "futures" / "XRP_USDT_USDT-8h-funding_rate.feather"
    table = pd.read_feather(path)

    catalog, _ = run(tmp_path, path, instrument="XRPUSDT_PERP.BINANCE")

    got = rows(catalog, "funding", "XRPUSDT_PERP.BINANCE")
    assert [row[0] for row in got] == table["date"].astype("int64").tolist()
    assert {row[0] % (3_600_000 * MS) // MS for row in got} <= set(range(20))
    assert all(close_to(row[2], value) for row, value in zip(got, table["open"].tolist(), strict=True))


@real
def test_real_kraken_trades_by_generic(tmp_path: Path) -> None:
    paths = [FREQTRADE / "kraken_trades_csv" / name for name in ("BCHEUR.csv", "incremental_q2/BCHEUR.csv")]
    for path in paths:
        with pytest.raises(DataError, match="no importer knows this file"):
            run(tmp_path, path, instrument="BCHEUR.KRAKEN")
        flags = {"instrument": "BCHEUR.KRAKEN", "header": False, "columns": {"ts": "0", "price": "1", "quantity": "2"}}
        catalog, _ = run(tmp_path, path, wanted="generic", **flags)

    expected = [
        (int(t) * 10**9, Decimal(p), Decimal(q))
        for path in paths
        for t, p, q in (line.split(",") for line in path.read_text().splitlines())
    ]
    assert len(expected) == 634
    assert [(r[0], r[2], r[3]) for r in rows(catalog, "trades", "BCHEUR.KRAKEN")] == expected


@real
def test_real_lean_trees_row_for_row(tmp_path: Path) -> None:
    lengths = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
    catalog, outcome = run(tmp_path, LEAN / "crypto", LEAN / "cryptofuture")
    expected: dict[tuple[str, str, str], list[Row]] = {}
    for path in sorted(LEAN.glob("crypto*/**/*.zip")):
        security, venue, resolution, *rest = path.relative_to(LEAN).parts
        symbol = rest[0].split("_")[0] if resolution in ("hour", "daily") else rest[0]
        kind = "bars" if "_trade" in path.name else "quotes"
        if kind == "quotes" and resolution in ("hour", "daily"):
            continue
        with zipfile.ZipFile(path) as bundle:
            lines = bundle.read(bundle.namelist()[0]).decode().splitlines()
        day = 0 if resolution in ("hour", "daily") else int(pd.Timestamp(path.name[:8]).value)
        length = int(pd.Timedelta(lengths[resolution].replace("m", "min")).value)
        name = f"{symbol.upper()}{'_PERP' if security == 'cryptofuture' else ''}.{venue.upper()}"
        key = (kind, name, lengths[resolution] if kind == "bars" else "")
        found = (lean_bars if kind == "bars" else lean_quotes)(lines, day, length)
        expected.setdefault(key, []).extend(found)

    assert not outcome.left_out
    assert {(m.kind, m.name, m.timeframe) for m in outcome.datasets if m.kind != "funding"} == set(expected)
    for key, wanted in expected.items():
        assert rows(catalog, *key) == wanted, key
    assert sum(m.rows for m in outcome.datasets if m.kind == "funding") == 19
    assert rows(catalog, "funding", "BTCUSDT_PERP.BYBIT")[0][2] == Decimal("-0.0002016")


@real
def test_real_daily_quotes_alone() -> None:
    path = LEAN / "crypto" / "coinbase" / "daily" / "btcusd_quote.zip"
    with zipfile.ZipFile(path) as bundle:
        lines = bundle.read("btcusd.csv").decode().splitlines()

    (block,) = lean.read(sources(path), Ask())

    units = block.table.to_pydict()
    scales = {"bid": block.price_scale, "ask": block.price_scale}
    named = ("bid", "ask", "bid_quantity", "ask_quantity")
    values = [[Decimal(v).scaleb(-scales.get(n, block.size_scale)) for v in units[n]] for n in named]
    assert list(zip(units["ts"], units["ts_event"], *values, strict=True)) == lean_quotes(lines, 0, 1440 * MIN)


@real
def test_real_symbol_properties(tmp_path: Path) -> None:
    path = LEAN / "symbol-properties" / "symbol-properties-database.csv.gz"
    lines = [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    crypto = [c for c in lines if len(c) > 3 and c[2] in ("crypto", "cryptofuture")]

    catalog, outcome = run(tmp_path, path, valid_from=DAY)

    kept = {
        (row["instrument"])
        for m in outcome.datasets
        for row in catalog.dataset("instruments", m.name).table().to_pylist()
    }
    assert sum(m.rows for m in outcome.datasets) == len(kept) == 10_216
    assert len(crypto) - len(kept) == 48 + 25 + 1
    (lot,) = [c for c in crypto if c[:3] == ["kraken", "BCHETH", "crypto"]]
    (row,) = [
        r for r in catalog.dataset("instruments", "KRAKEN").table().to_pylist() if r["instrument"] == "BCHETH.KRAKEN"
    ]
    assert (Decimal(row["tick"]), Decimal(row["lot"]), row["base"]) == (Decimal(lot[6]), Decimal(lot[7]), "BCH")


def test_recognition_is_specific(tmp_path: Path) -> None:
    table = frame(candles())
    table.to_parquet(tmp_path / "mine.parquet")
    guess = freqtrade.recognise(Source(tmp_path / "mine.parquet"))
    assert guess is not None
    assert guess.confidence < 0.7
    pq.write_table(pa.table({"a": [1]}), tmp_path / "ADA_BTC-5m.parquet")
    assert freqtrade.recognise(Source(tmp_path / "ADA_BTC-5m.parquet")) is None
    (tmp_path / "BTCUSDT.csv").write_text("0,1,1,1,1,1\n")
    assert lean.recognise(Source(tmp_path / "BTCUSDT.csv")) is None
    assert freqtrade.recognise(Source(tmp_path / "BTCUSDT.csv")) is None
