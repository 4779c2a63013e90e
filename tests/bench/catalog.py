"""What the catalog costs: `python -m tests.bench.catalog [--small]`. Each figure in a process of its own.

Import of a klines CSV and of a trades Parquet; a thousand bars out of ten million rows; five million trades streamed
through the catalog against pyarrow reading the same files. Peak memory shows whether it grows with the data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helios_engine.catalog.store import Catalog
from tests.bench.data import BTC, MINUTE, START, write_bars, write_trades


def klines_csv(path: Path, rows: int) -> None:
    """A file as Binance's archive has them, one minute a row."""
    draw = np.random.Generator(np.random.PCG64(3))
    with path.open("w") as file:
        for begin in range(0, rows, 100_000):
            count = min(100_000, rows - begin)
            close = 30_000 + draw.integers(-50_000, 50_000, count) / 100
            opened = (START + (begin + np.arange(count)) * MINUTE) // 1_000_000
            volume = draw.integers(1, 10**9, count) / 10**6
            file.writelines(
                f"{t},{c:.8f},{c + 5:.8f},{c - 5:.8f},{c:.8f},{v:.8f},{t + 59_999},{c * v:.8f},17,1.0,2.0,0\n"
                for t, c, v in zip(opened.tolist(), close.tolist(), volume.tolist(), strict=True)
            )


def trades_parquet(path: Path, rows: int) -> None:
    """Trades as a stranger would store them: floats and words."""
    draw = np.random.Generator(np.random.PCG64(4))
    with pq.ParquetWriter(path, _TRADES) as writer:
        last = START // 1_000_000
        for begin in range(0, rows, 500_000):
            count = min(500_000, rows - begin)
            ts = last + np.cumsum(draw.integers(1, 500, count))
            last = int(ts[-1])
            columns = {
                "time": ts,
                "price": (3_000_000 + draw.integers(-50_000, 50_000, count)) / 100,
                "qty": draw.integers(1, 10**6, count) / 10**5,
                "side": draw.choice(np.array(["buy", "sell"]), count),
            }
            writer.write_table(pa.table(columns, schema=_TRADES))


_TRADES = pa.schema([("time", pa.int64()), ("price", pa.float64()), ("qty", pa.float64()), ("side", pa.string())])


def work(name: str, root: Path, rows: int) -> dict[str, Any]:
    """One measurement."""
    catalog = Catalog(root / "catalog")
    from helios_engine.catalog.importers import run  # noqa: F401 - what is measured is not the imports of modules

    begin, spent = time.perf_counter(), time.process_time()
    if name == "read 1,000 bars":
        first = START + rows // 2 * MINUTE
        found = catalog.dataset("bars", BTC.instrument, "1m").table(first, first + 1000 * MINUTE).num_rows
    elif name == "stream trades":
        found = sum(b.num_rows for b in catalog.dataset("trades", BTC.instrument).blocks(0, 2**62))
    elif name == "pyarrow reads them":
        files = sorted((root / "catalog/trades" / BTC.instrument).glob("*.parquet"))
        found = sum(batch.num_rows for f in files for batch in pq.ParquetFile(f).iter_batches(use_threads=False))
    else:
        found = _import(name, root)
    return {"rows": found, "seconds": time.perf_counter() - begin, "cpu": time.process_time() - spent}


def _import(name: str, root: Path) -> int:
    from helios_engine.catalog.importers.contract import Ask
    from helios_engine.catalog.importers.run import import_paths
    from helios_engine.plugins import Plugins

    importers = {n: offer.spec for n, offer in Plugins().offers("importer").items()}
    columns = {"ts": "time", "price": "price", "quantity": "qty", "side": "side"}
    path, ask, wanted = root / "t.parquet", Ask(instrument="BTCUSDT.BENCH", columns=columns), "generic"
    if name == "import klines CSV":
        path, ask, wanted = root / "BTCUSDT-1m.csv", Ask(), "binance-klines"
    outcome = import_paths(Catalog(root / name.replace(" ", "-")), [path], importers, ask, wanted=wanted)
    return outcome.datasets[0].rows


def peak_mb() -> float:
    """Peak memory of this process alone; `ru_maxrss` would count the parent it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(small: bool) -> None:
    """Print the table."""
    part = 20 if small else 1
    sizes = {
        "import klines CSV": 1_000_000 // part,
        "import trades Parquet": 5_000_000 // part,
        "read 1,000 bars": 10_000_000 // part,
        "stream trades": 5_000_000 // part,
        "pyarrow reads them": 5_000_000 // part,
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        klines_csv(root / "BTCUSDT-1m.csv", sizes["import klines CSV"])
        trades_parquet(root / "t.parquet", sizes["import trades Parquet"])
        write_bars(root / "catalog", sizes["read 1,000 bars"])
        write_trades(root / "catalog", sizes["stream trades"])
        print(f"{'work':<24}{'rows':>11}{'seconds':>9}{'CPU':>7}{'rows/s':>13}{'peak MB':>9}")
        for name, size in sizes.items():
            command = [sys.executable, "-m", "tests.bench.catalog", "child", name, folder, str(size)]
            found = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            rate = found["rows"] / found["seconds"]
            print(
                f"{name:<24}{found['rows']:>11,}{found['seconds']:>9.2f}{found['cpu']:>7.2f}{rate:>13,.0f}{found['peak']:>9.0f}"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        result = work(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
        print(json.dumps({**result, "peak": peak_mb()}))
    else:
        main("--small" in sys.argv)
