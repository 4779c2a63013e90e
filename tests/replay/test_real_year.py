"""A year of real hourly candles through all six stage kinds: imported, run, replayed, and run again otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELIOS = Path(sys.executable).parent / "helios-engine"
REAL = os.environ.get("HELIOS_REAL_DATA")


def helios(*arguments: object, cwd: Path, **env: str) -> Any:
    command = [HELIOS, *map(str, arguments), "--json"]
    found = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.real_data
@pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
def test_a_year_of_real_candles_gives_the_same_heads_whatever_it_is_started_under(tmp_path: Path) -> None:
    config = (ROOT / "configs/six_kinds_bars.toml").read_text()
    for ours, theirs in (("BTCZAR.VALR", "BTCUSDT"), ("ETHZAR.VALR", "ETHUSDT")):
        source = Path(str(REAL)) / f"binance_klines_multi/1h/{theirs}-1h-2023.csv.gz"
        name = f"{theirs}.BINANCE"
        helios(
            "data", "import", source, "--format", "binance-klines", "--instrument", name, "--timeframe", "1h",
            "--maker-fee", "0.001", "--taker-fee", "0.001", "--catalog", "catalog", cwd=tmp_path,
        )  # fmt: skip
        config = config.replace(ours, name)
    config = config.replace("../data_catalog/sample", "catalog").replace("ZAR", "USDT")
    (tmp_path / "year.toml").write_text(config)
    (tmp_path / "elsewhere").mkdir()

    first = helios("backtest", "year.toml", cwd=tmp_path, PYTHONHASHSEED="1")
    other = {"PYTHONHASHSEED": "2", "HELIOS_CHUNK_ROWS": "313", "OMP_NUM_THREADS": "1"}
    second = helios("backtest", "../year.toml", cwd=tmp_path / "elsewhere", **other)
    replayed = helios("replay", "last", cwd=tmp_path)

    assert first["counts"]["fills"] > 1000
    assert second["heads"] == first["heads"] == replayed["replayed"]
