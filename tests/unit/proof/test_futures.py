"""Other futures: the past keeps its bytes, times their order, and what was possible stays possible."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.catalog.tables import SCHEMAS
from helios_engine.proof.cuts.futures import KINDS, Future, altered

HOUR = 3_600_000_000_000
BEGIN = 1_767_571_200 * 10**9
ROWS = 30


def bars(seed: int) -> pa.Table:
    draw = np.random.default_rng(seed)
    opened = BEGIN + HOUR * np.arange(ROWS)
    prices = draw.integers(1, 10_000, (ROWS, 4))
    high, low = prices.max(axis=1), prices.min(axis=1)
    volume = draw.integers(0, 5, ROWS) * 1000
    columns = [opened + HOUR, opened, opened + HOUR, prices[:, 0], high, low, prices[:, 3], volume]
    return pa.table(dict(zip(SCHEMAS["bars"].names, columns, strict=True)), schema=SCHEMAS["bars"])


def trades(seed: int) -> pa.Table:
    draw = np.random.default_rng(seed)
    ts = BEGIN + np.sort(draw.integers(0, 20, ROWS)) * HOUR  # many of one time
    columns = {
        "ts": ts,
        "ts_event": ts,
        "price": draw.integers(1, 10_000, ROWS),
        "quantity": draw.integers(1, 100, ROWS),
        "side": draw.choice([-1, 1], ROWS).astype(np.int8),
        "trade_id": [str(n) for n in range(ROWS)],
    }
    return pa.table(columns, schema=SCHEMAS["trades"])


def quotes(seed: int) -> pa.Table:
    draw = np.random.default_rng(seed)
    ts, bid = BEGIN + HOUR * np.arange(ROWS), draw.integers(1, 10_000, ROWS)
    sizes = draw.integers(0, 9, (2, ROWS))
    columns = [ts, ts, bid, bid + draw.integers(0, 50, ROWS), sizes[0], sizes[1]]
    return pa.table(dict(zip(SCHEMAS["quotes"].names, columns, strict=True)), schema=SCHEMAS["quotes"])


TABLES = {"bars": bars, "trades": trades, "quotes": quotes}
cuts = st.integers(BEGIN - HOUR, BEGIN + (ROWS + 2) * HOUR)
future = st.builds(Future, cut=cuts, kind=st.sampled_from(KINDS), seed=st.integers(0, 99))
kinds = st.sampled_from(sorted(TABLES))


def known(rows: pa.Table, cut: int) -> pa.Table:
    return rows.filter(pa.compute.less_equal(rows["ts"], cut)).combine_chunks()


@given(future=future, kind=kinds, seed=st.integers(0, 9), printed=st.booleans())
def test_what_was_available_at_the_cut_is_the_same(future: Future, kind: str, seed: int, printed: bool) -> None:
    rows = TABLES[kind](seed)

    found = altered(rows, kind, future, printed)

    assert known(found, future.cut).equals(known(rows, future.cut))


@given(future=future, kind=kinds, seed=st.integers(0, 9), printed=st.booleans())
def test_times_stay_in_order_and_columns_as_they_are(future: Future, kind: str, seed: int, printed: bool) -> None:
    found = altered(TABLES[kind](seed), kind, future, printed)

    assert np.all(np.diff(found["ts"].to_numpy()) >= 0)
    assert found.schema.equals(SCHEMAS[kind])
    assert all(found[name].null_count == 0 for name in found.column_names)


@given(future=future, seed=st.integers(0, 9), printed=st.booleans())
def test_bars_stay_possible(future: Future, seed: int, printed: bool) -> None:
    found = altered(bars(seed), "bars", future, printed)

    price = {name: found[name].to_numpy() for name in ("open", "high", "low", "close", "volume", "ts", "ts_close")}
    assert np.all(price["low"] <= np.minimum(price["open"], price["close"]))
    assert np.all(price["high"] >= np.maximum(price["open"], price["close"]))
    assert np.all(price["low"] > 0)
    assert np.all(price["volume"] >= 0)
    assert np.all(price["ts"] >= price["ts_close"])


@given(future=future, seed=st.integers(0, 9))
def test_quotes_do_not_cross(future: Future, seed: int) -> None:
    found = altered(quotes(seed), "quotes", future, False)

    assert np.all(found["bid"].to_numpy() <= found["ask"].to_numpy())


@given(future=future, seed=st.integers(0, 9))
def test_a_bar_in_the_making_keeps_the_prints_that_are_out(future: Future, seed: int) -> None:
    rows = bars(seed)

    found = altered(rows, "bars", future, printed=True)

    assert out(found, future.cut) == out(rows, future.cut)


def out(rows: pa.Table, cut: int) -> list[tuple[int, int, int]]:
    """The prints up to a time: time, price, size."""
    found = []
    for row in rows.to_pylist():
        if row["volume"] == 0:
            continue
        opened, closed, third = row["ts_open"], row["ts_close"], HOUR // 3
        low_first = row["open"] - row["low"] <= row["high"] - row["open"]
        path = ("low", "high") if low_first else ("high", "low")
        times = (opened + 1, opened + third, opened + 2 * third, closed - 1)
        prices = (row["open"], row[path[0]], row[path[1]], row["close"])
        size = max(1, row["volume"] // 4)
        found += [(ts, price, size) for ts, price in zip(times, prices, strict=True) if ts <= cut]
    return found


@given(future=future, kind=kinds, seed=st.integers(0, 9), length=st.integers(0, 10 * HOUR))
def test_rows_after_the_end_of_a_change_are_left(future: Future, kind: str, seed: int, length: int) -> None:
    rows, until = TABLES[kind](seed), future.cut + length
    if future.kind == "delay":
        return  # what is delayed may pass others: shrinking asks for no delay with an end

    found = altered(rows, kind, future._replace(until=until), False)

    def rest(table: pa.Table) -> pa.Table:
        return table.filter(pa.compute.greater(table["ts"], until)).combine_chunks()

    assert rest(found).equals(rest(rows))


@pytest.mark.parametrize("kind", ["remove", "shock", "rescale", "flip"])
@pytest.mark.parametrize("data", sorted(TABLES))
def test_every_row_after_the_cut_is_another(kind: str, data: str) -> None:
    rows = TABLES[data](1)
    cut = BEGIN + 10 * HOUR

    found = altered(rows, data, Future(cut, kind, 1), False).slice(known(rows, cut).num_rows).to_pylist()

    assert [row for row in found if row in rows.to_pylist()] in ([], found[:1] if kind == "flip" else [])
