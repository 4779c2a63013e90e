"""`helios-engine data …` as a stranger meets it: help, rubbish, JSON, exit codes, Ctrl-C, progress."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import re
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from helios_engine.catalog.importers.source import sources
from helios_engine.catalog.store import Catalog
from helios_engine.cli.output import Progress
from tests.unit.catalog.test_all_or_none import state
from tests.unit.catalog.test_durability import HELIOS, write_klines
from tests.unit.catalog.test_store import BTC, table

VERBS = ("import", "check", "download", "export", "formats", "generate", "sql", "repair", "log", "ls")
CSV = "t,o,h,l,c,v\n2024-01-01T00:00:00Z,{cells}\n"
MAP = ("--format", "generic", "--map", "ts=t,open=o,high=h,low=l,close=c,volume=v", "--stamp", "open")
BARS = (*MAP, "--timeframe", "1h", "--instrument", "BTCUSDT.X")


def helios(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELIOS, "data", *words], cwd=folder, capture_output=True, text=True, check=False)


def file(folder: Path, cells: str = "1,1,1,1,1") -> Path:
    path = folder / "f.csv"
    path.write_text(CSV.format(cells=cells))
    return path


def test_every_verb_explains_itself_and_every_flag(tmp_path: Path) -> None:
    for verb in VERBS:
        found = helios(tmp_path, verb, "--help")
        assert found.returncode == 0, found.stderr
        bare = [line for line in found.stdout.splitlines() if re.fullmatch(r"\s+--[\w-]+( [A-Z]+)?", line)]
        assert not bare, f"{verb}: flags without a word of help: {bare}"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "nosuch.csv"], 3, "no file at nosuch.csv"),
        (["import", "f.csv"], 3, "f.csv: no importer knows this file"),
        (["import", "f.csv", *BARS, "--catalog", ""], 2, "--catalog is empty"),
        (["import", "f.csv", *BARS, "--delimiter", ";;"], 2, "--delimiter ';;': expected one character"),
        (["import", "f.csv", *BARS, "--time-format", "%Q"], 2, "--time-format '%Q': 'Q' is a bad directive"),
        (["import", "f.csv", *BARS, "--zone", "Mars/X"], 2, "--zone 'Mars/X' is no time zone"),
        (["import", "f.csv", *BARS, "--tick", "-1"], 2, "--tick -1: expected a number above 0"),
        (["import", "f.csv", *BARS, "--lot", "1e999999"], 2, "--lot 1e999999: expected a number above 0"),
        (["import", "f.csv", *BARS, "--maker-fee", "10"], 2, "--maker-fee 10: expected a fraction"),
        (["import", "f.csv", *BARS, "--taker-fee", "nan"], 2, "expected a number such as 0.01, found 'nan'"),
        (["import", "f.csv", *MAP, "--timeframe", "1h", "--instrument", "../a.X"], 3, "'../a.X' cannot name a folder"),
        (["check", "--catalog", "nowhere"], 3, "no data in the catalog nowhere"),
        (["sql", "select 1", "--catalog", ""], 2, "--catalog is empty"),
        (["sql", "drop view bars", "--catalog", "."], 2, "expected a SELECT, found DROP"),
        (["generate", "--start", "9999-01-01"], 2, "expected days between 1971 and 2100"),
        (["generate", "--start", "1969-12-31"], 2, "expected days between 1971 and 2100"),
        (["generate", "--start", "soon"], 2, "--start 'soon': expected a UTC day"),
        (["generate", "--seed", "-5"], 2, "Invalid value for '--seed'"),
        (["download", "binance", "BTCUSDT", "--start", "2024-01-01"], 2, "bars need --timeframe"),
        (
            ["download", "valr", "BTCZAR", "--timeframe", "1h", "--start", "2024-01-02", "--stop", "2024-01-01"],
            2,
            "--start 2024-01-02 is not before --stop 2024-01-01",
        ),
        (["nope"], 2, "No such command 'nope'"),
    ],
)
def test_rubbish_is_answered_with_what_was_expected_and_the_right_code(
    tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    file(tmp_path)
    found = helios(tmp_path, *words, "--json")

    assert found.returncode == code
    answer = json.loads(found.stdout)
    assert said in answer["error"]
    assert answer["exit_code"] == code
    assert "Traceback" not in found.stderr
    assert not list(tmp_path.rglob("manifest.json"))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("1,1,1,1,9223372036854775808", "at most 18 digits"),
        ("0.0000000000000000001,1,1,1,1", "at most 18 digits"),
        ("123456.000000000000000001,123457,1,1,1", "too large to be kept exactly"),
    ],
)
def test_numbers_that_64_bits_do_not_hold_are_refused_by_name(tmp_path: Path, cells: str, said: str) -> None:
    found = helios(tmp_path, "import", str(file(tmp_path, cells)), *BARS)

    assert (found.returncode, "f.csv:2: " in found.stderr, said in found.stderr) == (3, True, True)


@pytest.mark.parametrize("year", ["0001", "1600", "1900", "1960", "1970", "2100", "2262", "2263", "9999"])
def test_times_before_1971_and_after_2100_are_refused_as_such(tmp_path: Path, year: str) -> None:
    path = file(tmp_path)
    path.write_text(path.read_text().replace("2024-01-01", f"{year}-06-01"))
    found = helios(tmp_path, "import", str(path), *BARS)

    assert found.returncode == 3
    assert f"f.csv:2: the time {year}-06-01" in found.stderr
    assert "is not between 1971 and 2100" in found.stderr


def test_a_restated_value_is_shown_in_real_units(tmp_path: Path) -> None:
    assert helios(tmp_path, "import", str(file(tmp_path, "100.25,101,100,100.5,1.5")), *BARS).returncode == 0
    found = helios(tmp_path, "import", str(file(tmp_path, "100.25,101,100,100.75,1.5")), *BARS)

    assert found.returncode == 3
    assert "differ from 2024-01-01T01:00:00Z on: was close 100.50, now close 100.75; use --replace" in found.stderr


def test_a_generated_market_does_not_take_the_place_of_real_data(tmp_path: Path) -> None:
    """Both are called BTCZAR.VALR, and both land in the default catalog."""
    Catalog(tmp_path / "c").write("bars", BTC, table(9), timeframe="4h", source="BTCZAR-4h.json")
    before = state(tmp_path / "c")
    for rich in ([], ["--rich"]):
        found = helios(tmp_path, "generate", "--days", "1", "--catalog", "c", *rich)
        assert found.returncode == 2
        assert "holds bars BTCZAR.VALR 4h from BTCZAR-4h.json, which generated data would replace" in found.stderr
    assert state(tmp_path / "c") == before
    assert [helios(tmp_path, "generate", "--days", n, "--catalog", "g").returncode for n in "12"] == [0, 0]


def test_an_interrupted_import_says_so_and_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    old, new = write_klines(tmp_path / "old.csv", 0, 100), write_klines(tmp_path / "new.csv", 0, 200_000)
    terms = ("--format", "binance-klines", "--instrument", "BTCUSDT.BINANCE", "--timeframe", "1h", "--catalog", "c")
    assert helios(tmp_path, "import", str(old), *terms).returncode == 0
    draw = random.Random(11)
    for _ in range(3):
        child = subprocess.Popen(
            [HELIOS, "data", "import", str(new), *terms, "--replace"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(draw.uniform(0.6, 1.6))
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
        rows = Catalog(tmp_path / "c").datasets()[0].manifest.rows
        # Killed by the signal itself: it came when all was done and Python was on its way out.
        assert (child.returncode, rows) in {(130, 100), (130, 200_000), (0, 200_000), (-signal.SIGINT, 200_000)}, said
        if child.returncode == 130:
            assert said.splitlines()[-1] == "error: interrupted"
        Catalog(tmp_path / "c").datasets()[0].verify()
    assert [p.name for p in (tmp_path / "c").iterdir()] == ["bars"]


@pytest.mark.parametrize("pack", ["plain", "gzip", "zip"])
def test_the_share_that_progress_tells_is_that_of_the_bytes_read(tmp_path: Path, pack: str) -> None:
    """One large file is not half done from its first row to its last."""
    text = "".join(f"{n},{random.Random(n).random()}\n" for n in range(50_000)).encode()
    path = tmp_path / {"plain": "a.csv", "gzip": "a.csv.gz", "zip": "a.zip"}[pack]
    if pack == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("a.csv", text)
    else:
        path.write_bytes(gzip.compress(text) if pack == "gzip" else text)
    (source,) = sources(path)

    shares = [source.share for _ in source.lines()]

    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert len(set(shares)) > 4
    assert source.share == 1.0


def test_progress_says_how_much_is_left_and_nothing_where_it_is_not_known() -> None:
    progress = Progress("import", "rows")
    progress._begin -= 60
    progress._last -= 60
    told = [captured(progress, share) for share in (0.25, 0.0)]

    assert re.fullmatch(r"import: 25\.0%, 600 rows, 10/s, about (3:00|2:59|3:01) left", told[0])
    assert told[1] == "import:  0.0%, 600 rows, 10/s"


def captured(progress: Progress, share: float) -> str:
    progress._last -= 60
    with contextlib.redirect_stderr(io.StringIO()) as said:
        progress(share, 600)
    return said.getvalue().strip()
