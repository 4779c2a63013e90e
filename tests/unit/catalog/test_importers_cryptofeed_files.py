from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.catalog.importers.cryptofeed.venues import VENUES
from helios_engine.errors import ConfigError, DataError, HeliosError
from tests.unit.catalog import cryptofeed_reference as reference
from tests.unit.catalog.cryptofeed_captures import (
    T,
    aggregate,
    capture,
    depth,
    pack,
    plain,
    read,
    run,
    snapshot,
    text_of,
)

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")
OFFSETS = {"BINANCE": 6, "BINANCE_DELIVERY": 33, "BINANCE_US": 77, "BITSTAMP": 73, "COINBASE": 19, "DERIBIT": 45}
OFFSETS["KRAKEN_FUTURES"] = 29


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"p": "1e999999"}, r"BINANCE.ws.1.0.gz:3: price is '1e999999', expected plain digits"),
        ({"p": None}, r"BINANCE.ws.1.0.gz:3: the message has not the form .*found None"),
        ({"q": "-1"}, r"BINANCE.ws.1.0.gz:3: quantity is '-1'"),
        ({"q": "0"}, r"BINANCE.ws.1.0.gz:3: the quantity is not positive"),
        ({"T": T}, r"BINANCE.ws.1.0.gz:3: the time .* is not between 1971 and 2100"),
        ({"T": "soon"}, r"BINANCE.ws.1.0.gz:3: .*the time is 'soon'"),
        ({"m": "no"}, r"BINANCE.ws.1.0.gz:3: the message has not the form"),
        ({"s": "../../BTCUSDT USD"}, r"BINANCE.ws.1.0.gz:3: .*is no name"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        run(tmp_path, capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1), aggregate(2, **changed)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1700000002.5: {\"stream\":", r":3: not readable JSON: .*; is the file cut\?"),
        ("1700000002.5: {\"p\": NaN}", r":3: not readable JSON: NaN is no number of JSON"),
        ("half a line", r":3: the line is 'half a line', expected `<epoch s>: <JSON>`"),
        ("170000.5: {}", r":3: the line is '170000.5: \{\}'"),
        ("1700000000.5: " + json.dumps(aggregate(0)), r":3: time .* is before that of the row above"),
    ],
)  # fmt: skip
def test_lines_of_another_form_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = capture(tmp_path, "BINANCE.ws.1.0.gz", aggregate(1))
    pack(path, text_of(path) + text + "\n")

    with pytest.raises(DataError, match=r"BINANCE.ws.1.0.gz" + said):
        run(tmp_path, path)


def test_files_that_hold_nothing_to_keep_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"BINANCE.http.0.0.gz: REST answers are where .* together with BINANCE.ws"):
        read(snapshot(tmp_path, 1))
    order = {"Channel": "orderbook-eth", "Nonce": 1, "Data": {}, "Time": 1, "Event": "NewOrder"}
    with pytest.raises(DataError, match=r"no rows to import: .*not kept: 1 NewOrder of single orders"):
        read(capture(tmp_path, "INDEPENDENT_RESERVE.ws.1.0.gz", order))
    for text, said in ((b"", "empty"), (b"wss://x <-> 1700000000.1\n\xff\xfe", ": not UTF-8")):
        (tmp_path / "BINANCE.ws.1.0.gz").write_bytes(gzip.compress(text))
        with pytest.raises(DataError, match=said):
            run(tmp_path, tmp_path / "BINANCE.ws.1.0.gz")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["cut", "drop", "swap", "cell", "byte", "packed"]))
def test_a_damaged_capture_is_refused_or_means_what_it_says(seed: int, how: str) -> None:
    pick = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        messages = [aggregate(1), *(aggregate(n) if n % 3 else depth(n, n + 8, n + 10) for n in range(2, 12))]
        path, rest = capture(Path(folder), "BINANCE.ws.1.0.gz", *messages), snapshot(Path(folder), 10)
        text = text_of(path)
        lines, at = text.splitlines(keepends=True), pick.randrange(len(text))
        line = pick.randrange(len(lines))
        other = pick.randrange(len(lines))
        if how == "swap":
            lines[line], lines[other] = lines[other], lines[line]
        damaged = {
            "cut": text[:at],
            "drop": "".join(lines[:line] + lines[line + 1 :]),
            "swap": "".join(lines),
            "cell": text[:at] + pick.choice(["1e400", "NaN", "null", "-", "\u00e4", "[]", '"']) + text[at + 1 :],
            "byte": text[:at] + chr(pick.randrange(32, 127)) + text[at + 1 :],
            "packed": text,
        }[how]
        pack(path, damaged)
        if how == "packed":
            content = path.read_bytes()
            path.write_bytes(content[: pick.randrange(1, len(content))])
        try:
            catalog, _ = run(Path(folder), path, rest)
        except HeliosError:
            return
        # Only what the damaged file says: no row of it is made up.
        wanted = {(kind, name.upper()): _spelt(some) for (kind, name), some in reference.rows(path, rest).items()}
        for dataset in catalog.datasets():
            key = (dataset.manifest.kind, dataset.manifest.name.removesuffix(".BINANCE"))
            assert key in wanted
        for block in read(path, rest):
            for key, found in plain([block]).items():
                assert _spelt(found) <= wanted[key[0], key[1].upper()]


def _spelt(found: Iterable[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Rows without the sign of an id: -0 is another spelling of 0."""
    return {tuple(v.removeprefix("-") if isinstance(v, str) else v for v in row) for row in found}


def real_folder() -> Path:
    return Path(REAL or "") / "cryptofeed_raw"


@real
@pytest.mark.parametrize("venue", sorted(VENUES.keys() - {"INDEPENDENT_RESERVE"}))
def test_real_captures_equal_another_reading_of_them(venue: str) -> None:
    folder, offset = real_folder(), OFFSETS.get(venue, 0) * 10**6
    streams, http = sorted(folder.glob(f"{venue}.ws.*")), folder / f"{venue}.http.0.0.gz"
    if offset:
        with pytest.raises(ConfigError, match=f"--clock-offset {OFFSETS[venue]}ms or more"):
            read(*folder.glob(f"{venue}.[hw0]*"))
    found = plain(read(*folder.glob(f"{venue}.[hw0]*"), clock_offset=offset))
    wanted: reference.Rows = {}
    for stream in streams:
        for key, more in reference.rows(stream, http if http.exists() else None, offset).items():
            wanted.setdefault(key, []).extend(more)

    assert {key: len(rows) for key, rows in found.items()} == {key: len(rows) for key, rows in wanted.items()}
    assert found == wanted


@real
def test_real_captures_are_refused_where_they_cannot_serve() -> None:
    with pytest.raises(DataError, match=r"INDEPENDENT_RESERVE.ws.1.0.gz: not kept: .*831 NewOrder of single orders"):
        read(*real_folder().glob("INDEPENDENT_RESERVE.*"))
    with pytest.raises(DataError, match=r"BITFINEX.0.gz: 328 instruments are not defined: 328 without tick or lot"):
        read(real_folder() / "BITFINEX.0.gz")
