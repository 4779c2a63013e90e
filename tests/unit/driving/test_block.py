"""A block holds its rows and nothing else, and nobody can change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.block import Rows
from helios_engine.block_making import block_of, has_columns, rows_of
from helios_engine.bodies import Bar, BookSnapshot, Features, Instrument, Tick, Trade
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.catalog.tick_feeds import CatalogTrades
from helios_engine.errors import StageError
from tests.stages import bar

SAMPLE = Path(__file__).resolve().parents[3] / "data_catalog/sample"


def test_columns_are_those_of_the_bodies() -> None:
    given_ = [(5, bar(8.0, 1)), (5, Tick("1m", 5)), (7, bar(9.5, 2))]
    block = block_of(given_)
    bars, ticks = block.parts

    assert block.ts.tolist() == [5, 5, 7]
    assert (bars.kind, bars.instrument, bars.timeframe, bars.at.tolist()) == (Bar, "BTCZAR.VALR", "1m", [0, 2])
    assert bars["close"].tolist() == [8.0, 9.5]
    assert (ticks.at.tolist(), ticks["boundary"].tolist()) == ([1], [5])
    assert bars.body(1) == given_[2][1]
    assert [has_columns(kind) for kind in (Bar, Trade, Tick, Instrument, Features, BookSnapshot)] == [True] * 3 + [
        False
    ] * 3


def test_nothing_beyond_a_block_can_be_reached_and_nothing_in_it_written() -> None:
    bodies = [Trade("BTCZAR.VALR", n, 1.0 + n, 0.5, "BUY", str(n)) for n in range(1, 1001)]
    ts = np.arange(1, 1001)
    rows = rows_of(bodies, ts, np.arange(1000)).cut(10, 20, np.arange(10))

    for array in (rows.ts, rows["price"], rows["side"], rows["ts_event"]):
        reached: Any = array
        while reached is not None and not isinstance(reached, bytes):
            assert reached.nbytes == 10 * array.itemsize
            reached = reached.base
        assert isinstance(reached, bytes)
        assert len(reached) == 10 * array.itemsize
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    assert len(rows.bodies()) == 10
    with pytest.raises(IndexError):
        rows.body(10)
    with pytest.raises(StageError, match="a block cannot be changed: 'ts' was to be set"):
        rows.ts = ts


@given(st.lists(st.floats(0, 1e9), min_size=1), st.integers(0, 9))
def test_units_are_rounded_as_python_rounds_them(values: list[float], scale: int) -> None:
    rows = rows_of([bar(v) for v in values], np.arange(len(values)), np.arange(len(values)))

    assert rows.units("close", scale).tolist() == [round(v * 10**scale) for v in values]


@given(st.lists(st.integers(0, 2**53), min_size=1), st.integers(0, 9))
def test_units_of_a_catalog_are_those_of_its_bodies(units: list[int], scale: int) -> None:
    numbers = {"price": np.array(units, np.int64)}
    rows = Rows(Trade, ("BTCZAR.VALR", ""), np.arange(len(units)), numbers, scales={"price": scale})

    assert rows["price"].tolist() == [u / 10**scale for u in units]
    assert rows.units("price", scale).tolist() == [round(u / 10**scale * 10**scale) for u in units]
    with pytest.raises(OverflowError, match="below 2.62 units"):
        Rows(Trade, ("B", ""), np.arange(1), {"price": np.array([1e19])}).units("price", 0)


@pytest.mark.parametrize("rows", ["7", "1000000"])
def test_blocks_of_the_catalog_are_its_inputs(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOS_CHUNK_ROWS", rows)
    start = 1_767_600_000 * 10**9
    for feed in (CatalogTrades(SAMPLE, "BTCZAR.VALR"), CatalogBars(SAMPLE, "BTCZAR.VALR", "1h", delay="3s")):  # type: ignore[arg-type]
        stop = start + 36 * 3600 * 10**9
        expected = list(feed.inputs(start, stop))
        found = [
            (ts, body) for r in feed.blocks(start, stop) for ts, body in zip(r.ts.tolist(), r.bodies(), strict=True)
        ]

        assert found == expected
        assert len(expected) > 30
