"""Real order books: the book equals one built from the raw capture, and so do the features."""

from __future__ import annotations

import gzip
import heapq
import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from helios_engine.bodies import Features
from helios_engine.catalog.tick_feeds import CatalogBooks, CatalogTrades
from helios_engine.testing.stages import run_stage
from helios_features.orderbook.book import Top
from helios_features.orderbook.features import BookFeatures
from tests.unit.catalog.importing import imported, real
from tests.unit.plugins.microstructure import direct
from tests.unit.plugins.microstructure.captures import (
    CLOCK,
    FILES,
    Sides,
    check,
    messages,
    naive,
    naive_top,
    paths,
)
from tests.unit.plugins.microstructure.streams import events

SECOND = 1_000_000_000


@real
@pytest.mark.parametrize("file", FILES)
def test_the_book_equals_one_built_from_the_raw_capture_and_that_of_nautilus(tmp_path: Path, file: str) -> None:
    found = check(tmp_path, file, days=1, each=100, nautilus=True)

    assert found.compared > 30


@real
def test_every_feature_of_every_second_equals_numpy_over_the_raw_capture(tmp_path: Path) -> None:
    (path,) = paths("spot/ethusdt", 1)
    imported(tmp_path, path, clock_offset=CLOCK)
    place, name = str(tmp_path / "catalog"), FILES["spot/ethusdt"]
    feeds = [feed.inputs(0, 2**62) for feed in (CatalogBooks(place, name), CatalogTrades(place, name))]
    fed = events(heapq.merge(*feeds, key=lambda row: row[0]))

    made = run_stage(lambda: BookFeatures("1s", levels=10, ofi_levels=3, sequence="rising"), fed)
    found = [row.array for row in made if isinstance(row, Features)]

    np.testing.assert_allclose(found, expected(path, [event.ts for event in fed]), rtol=1e-9, atol=1e-8)
    assert len(found) > 300
    assert np.isfinite(np.array(found)[10:]).mean() > 0.99


def expected(path: Path, times: list[int]) -> list[list[float]]:
    """Rows by the second from the raw messages; `times` are those of all inputs, at which rows are said."""
    tops, tape = states(path), trades(path)
    seconds = sorted({ts // SECOND * SECOND for ts in times})[1:]
    rows = []
    for number, until in enumerate(seconds):
        begun = seconds[number - 1] if number else None
        before = [top for ts, top in tops if ts < until]
        now = before[-1] if before else None
        flows = [np.nan] * 3
        if begun is not None and any(ts < begun for ts, _ in tops):
            window = [next(top for ts, top in reversed(tops) if ts < begun)]
            window += [top for ts, top in tops if begun <= ts < until]
            flows = [direct.order_flow([top for top in window if top], level) for level in range(3)]
        seen = [row for row in tape if begun is not None and begun <= row[0] < until]
        rows.append([
            *(direct.glance(now, 10) if now else (np.nan,) * 3), *flows,
            direct.tick_rule([price for ts, price, _, _ in tape if ts < until]),
            direct.trade_imbalance([(side, quantity) for _, _, side, quantity in seen]),
        ])  # fmt: skip
    return rows


def states(path: Path) -> list[tuple[int, Top | None]]:
    """The best levels after all messages of each time."""
    sides: Sides = ({}, {})
    found = []
    for ts, group in groupby(messages([path]), key=lambda message: message.ts):
        for message in group:
            naive(sides, message)
        found.append((ts, naive_top(sides, 10)))
    return found


def trades(path: Path) -> list[tuple[int, float, str, float]]:
    """Time, price, taker's side and quantity of every trade of the capture."""
    found = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        stamp, _, text = line.partition(" ")
        data = json.loads(text).get("data", {})
        if data.get("e") == "trade":
            found.append((int(stamp) + CLOCK, float(data["p"]), "SELL" if data["m"] else "BUY", float(data["q"])))
    return found
