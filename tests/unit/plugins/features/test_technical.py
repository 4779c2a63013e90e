"""The stage: what it says of bars, quotes, books and trades, under which schema, and what a plugin costs to load."""

from __future__ import annotations

import gzip
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.block_making import block_of
from helios_engine.bodies import Bar, BookDelta, BookSnapshot, Features, Quote, Trade
from helios_engine.errors import DataError, StageError
from helios_engine.events import Body
from helios_features.microstructure import Microstructure
from helios_features.orderbook.market import Market
from helios_features.technical import Technical
from tests.stages import node
from tests.unit.plugins.features.markets import REAL, columns, generated
from tests.unit.plugins.feeding import MINUTE, NAME, START, bar, feed, turn, walk

ROOT = Path(__file__).resolve().parents[4]


def stage(**settings: Any) -> Technical:
    return Technical(**{"timeframes": ("1m",), "levels": 2, **settings})


def last(stage: Technical, bodies: list[Body]) -> dict[str, float]:
    """Columns of the last row."""
    rows = [row for row in feed(stage, bodies) if isinstance(row, Features)]
    return dict(zip((c.partition("_")[2] for c in stage.schema.columns), rows[-1].array.tolist(), strict=True))


def quote(bid: float, ask: float, seconds: int = 30, sizes: tuple[float, float] = (3.0, 1.0)) -> tuple[Quote, int]:
    ts = START + seconds * 10**9
    return Quote(NAME, ts, bid, ask, *sizes), ts


def test_ninety_columns_in_a_frozen_order_under_a_versioned_name() -> None:
    schema = Technical().schema

    assert schema.name == "technical/1"
    assert schema.columns == tuple(json.loads((Path(__file__).parent / "technical_1.json").read_text()))
    assert len(schema.columns) == 90


def test_other_settings_have_other_names() -> None:
    settings: list[dict[str, Any]] = [
        {}, {"timeframes": ("1m", "5m")}, {"rsi": 7}, {"width": 2.5}, {"anchor": "8h"}, {"max_gap": 0}, {"levels": 1},
        {"max_age": "1m"},
    ]  # fmt: skip

    assert len({Technical(**given).schema.name for given in settings}) == len(settings)


def test_one_row_a_bar_of_the_smallest_timeframe_and_none_for_others() -> None:
    found = feed(stage(), [bar(1.0), bar(1.0, timeframe="5m"), bar(1.1, 1)])

    assert [row.timeframe for row in found if isinstance(row, Features)] == ["1m", "1m"]


def test_what_bars_cannot_say_is_masked_and_so_is_what_is_not_warm() -> None:
    technical = Technical()

    rows = [row for row in feed(technical, walk(1_000)) if isinstance(row, Features)]

    assert rows[0].mask[0:30] == bytes(24) + b"\x01" + bytes(5)  # only the VWAP, at midnight
    assert set(rows[0].mask[30:]) == {0}
    missing = {
        c.partition("_")[2] for c, there in zip(technical.schema.columns, rows[-1].mask, strict=True) if not there
    }
    assert missing == {"spread_bps", "depth_imbalance", "tick_direction"}
    assert all(np.isfinite(row.array[np.frombuffer(row.mask, np.bool_)]).all() for row in rows)


def test_a_row_is_its_own_bytes() -> None:
    technical = stage()
    first, second = (r for r in feed(technical, walk(2)) if isinstance(r, Features))

    assert type(first.values) is bytes
    assert first.array.base is first.values or first.array.nbytes == len(first.values) == 240
    assert np.isnan(first.array[0]) != np.isnan(second.array[0])


def test_spread_and_depth_are_of_the_last_quote_or_book_before_the_close() -> None:
    technical = stage()
    turn(technical, *quote(90.0, 110.0))
    book = BookSnapshot(NAME, START, ((99.0, 2.0), (98.0, 1.0), (97.0, 50.0)), ((101.0, 0.5), (102.0, 0.5)), 1)
    turn(technical, book, START + 40 * 10**9)

    found = last(technical, [bar(100.0)])

    assert found["spread_bps"] == pytest.approx(200.0, rel=1e-12)
    assert found["depth_imbalance"] == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        (((99.0, 2.0),), ((101.0, 1.0), (102.0, 1.0))),
        (((99.0, 2.0), (98.0, 1.0)), ((101.0, 1.0),)),
        (((99.0, 2.0), (98.0, 0.0)), ((101.0, 1.0), (102.0, 1.0))),
        (((99.0, 2.0), (98.0, 1e308)), ((101.0, 1.0), (102.0, 1.0))),
    ],
)
def test_a_side_without_all_levels_has_no_depth(
    bids: tuple[tuple[float, float], ...], asks: tuple[tuple[float, float], ...]
) -> None:
    technical = stage()
    turn(technical, BookSnapshot(NAME, START, bids, asks, 1), START + 1)

    found = last(technical, [bar(100.0)])

    assert found["spread_bps"] == pytest.approx(200.0, rel=1e-12)
    assert np.isnan(found["depth_imbalance"])


def side(lowest: float, highest: float) -> st.SearchStrategy[dict[float, float]]:
    return st.dictionaries(st.floats(lowest, highest), st.floats(1e-9, 1e9), min_size=1, max_size=4)


@given(side(1e-3, 99.0), side(99.1, 1e6))
def test_both_stages_say_the_same_of_a_book_to_the_last_bit(bids: dict[float, float], asks: dict[float, float]) -> None:
    book = BookSnapshot(NAME, START, tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items())), 1)
    technical, market = Microstructure(2, MINUTE), Market(2, 1, "rising", MINUTE)

    technical.book(book, START)
    market.on_book(book, START)

    spread, depth = technical.at(START)[:2]
    assert [spread, None if math.isnan(depth) else depth] == market.row("", START)[:2]


def test_a_book_that_goes_on_in_deltas_is_not_known_until_its_next_snapshot() -> None:
    technical = stage()
    book = BookSnapshot(NAME, START, ((99.0, 2.0),), ((101.0, 1.0),), 1)
    turn(technical, book, START + 1)
    turn(technical, BookDelta(NAME, START + 2, "BUY", 100.0, 5.0, 2), START + 2)

    stale = last(technical, [bar(100.0)])
    turn(technical, book, START + 70 * 10**9)
    told = last(technical, [bar(100.0, 1)])

    assert np.isnan(stale["spread_bps"])
    assert np.isnan(stale["depth_imbalance"])
    assert told["spread_bps"] == pytest.approx(200.0, rel=1e-12)


def test_a_quote_tells_depth_only_where_one_level_is_asked_for() -> None:
    both = [stage(levels=1), stage(levels=2)]
    for technical in both:
        turn(technical, *quote(99.0, 101.0))

    assert last(both[0], [bar(100.0)])["depth_imbalance"] == 0.5
    assert np.isnan(last(both[1], [bar(100.0)])["depth_imbalance"])


@pytest.mark.parametrize(("bid", "ask"), [(101.0, 99.0), (0.0, 99.0), (-1.0, 2.0)])
def test_a_crossed_or_empty_market_has_no_spread(bid: float, ask: float) -> None:
    technical = stage()
    turn(technical, *quote(bid, ask))

    assert np.isnan(last(technical, [bar(100.0)])["spread_bps"])


def test_what_was_heard_too_long_ago_is_not_known() -> None:
    technical = stage(max_age="1m")
    turn(technical, *quote(99.0, 101.0))

    rows = [r.array[-5] for r in feed(technical, [bar(100.0), bar(100.0, 1)]) if isinstance(r, Features)]

    assert np.isfinite(rows).tolist() == [True, False]


def test_an_unchanged_price_carries_the_tick() -> None:
    technical = stage()
    directions = []
    for n, price in enumerate([5.0, 5.0, 6.0, 6.0, 4.0]):
        turn(technical, Trade(NAME, START, price, 1.0, "", str(n)), START + n * MINUTE)
        directions.append(last(technical, [bar(5.0, n)])["tick_direction"])

    assert np.isnan(directions[:2]).all()
    assert directions[2:] == [1.0, 1.0, -1.0]


def test_a_larger_bar_has_the_mean_of_what_its_bars_had() -> None:
    technical = Technical(timeframes=("1m", "5m"), max_age="30s")
    for n in range(5):
        if n in (1, 3):
            turn(technical, *quote(100.0 - n, 100.0 + n, seconds=60 * n + 30))
        (row,) = turn(technical, bar(100.0, n))

    assert isinstance(row, Features)
    found = dict(zip(technical.schema.columns, row.array, strict=True))
    assert np.isnan(found["1m_spread_bps"])
    assert found["5m_spread_bps"] == pytest.approx((200.0 + 600.0) / 2, rel=1e-12)


@pytest.mark.real_data
@pytest.mark.skipif(REAL is None, reason="HELIOS_REAL_DATA is not set")
def test_spread_and_ticks_of_a_real_market_equal_those_of_pandas() -> None:
    quotes, trades = real_ticks()
    technical = stage(levels=1, timeframes=("1s",), anchor="1d")
    found = []
    events = [(ts, Quote(NAME, ts, *q)) for ts, *q in quotes.itertuples(index=False, name=None)]
    events += [(ts, Trade(NAME, ts, p, 1.0, "", "")) for ts, p in trades.itertuples(index=False, name=None)]
    closes = np.arange(quotes["ts"].iloc[0] // 10**9 + 2, quotes["ts"].iloc[-1] // 10**9) * 10**9
    events += [(int(ts), Bar(NAME, "1s", int(ts) - 10**9, int(ts), 1.0, 1.0, 1.0, 1.0, 1.0)) for ts in closes]
    for ts, body in sorted(events, key=lambda pair: pair[0]):
        found += [row.array[-5:-2] for row in turn(technical, body, ts) if isinstance(row, Features)]

    at = np.searchsorted(quotes["ts"].to_numpy(), closes, side="right") - 1
    told = quotes.iloc[at]
    spread = (told["ask"] - told["bid"]) / ((told["ask"] + told["bid"]) / 2) * 1e4
    depth = (told["bq"] - told["aq"]) / (told["bq"] + told["aq"])
    signs = np.sign(trades["price"].diff()).replace(0.0, np.nan).ffill()
    tick = signs.to_numpy()[np.searchsorted(trades["ts"].to_numpy(), closes, side="right") - 1]
    assert len(found) > 300
    np.testing.assert_allclose(np.array(found), np.column_stack([spread, depth, tick]), rtol=1e-9)


def real_ticks() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Best prices and trades of BTCUSDT, about five minutes (hftbacktest's capture of Binance)."""
    quotes, trades = [], []
    with gzip.open(Path(str(REAL)) / "binance_l2_raw/spot/btcusdt_20240808.gz", "rt") as file:
        for number, line in enumerate(file):
            ts, _, text = line.partition(" ")
            message = json.loads(text)
            data = message.get("data", {})
            if message.get("stream", "").endswith("bookTicker"):
                quotes.append((int(ts) + number, *(float(data[k]) for k in "baBA")))
            elif data.get("e") == "trade":
                trades.append((int(ts) + number, float(data["p"])))
    return pd.DataFrame(quotes, columns=["ts", "bid", "ask", "bq", "aq"]), pd.DataFrame(trades, columns=["ts", "price"])


def test_state_is_saved_and_restored_with_what_was_heard() -> None:
    first, second = Technical(), Technical()
    given: list[Body] = [quote(99.0, 101.0)[0], *walk(200)]
    feed(first, given)

    state.load(second, state.dump(first))

    more = [bar(1000.0 + n, 200 + n, span=1.0) for n in range(30)]
    assert feed(second, more) == feed(first, more)


def test_state_of_another_schema_is_refused() -> None:
    with pytest.raises(StageError, match="expected the state of technical/1, found that of technical/1:"):
        state.load(Technical(), state.dump(stage()))


def test_state_of_another_version_is_refused() -> None:
    series = Technical().fresh()

    with pytest.raises(StageError, match=r"found 8; another version saved them"):
        series.restore(bytes(8))


def test_bars_off_the_grid_are_refused_by_name_and_time() -> None:
    odd = Bar(NAME, "1m", START + 1, START + 1 + MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0)

    with pytest.raises(
        DataError, match="multiples of it since 1970, found one that opens at 2023-11-15T00:00:00.000000001Z"
    ):
        turn(stage(), odd)


@pytest.mark.parametrize(
    "settings",
    [
        {"timeframes": ()}, {"timeframes": ("5m", "1m")}, {"timeframes": ("2m", "5m")}, {"averages": ()},
        {"averages": (5, 5)}, {"rsi": 0}, {"macd": (26, 12, 9)}, {"moments": 3}, {"volatility": 1}, {"width": 0.0},
        {"anchor": "1m"}, {"max_gap": -1}, {"levels": 0},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Technical(**settings)


def test_registration_does_not_load_numba() -> None:
    code = "import sys\nimport helios_features.plugin as p\np.helios_stages()\nprint('numba' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert found.stdout == "False\n"


def test_the_feature_set_that_the_documentation_shows_works_as_it_says() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/features.md").read_text(), re.S)
    module = ModuleType("mine")
    exec(blocks[0], vars(module))
    sys.modules["mine"] = module
    made = node(lambda: module.Ranges(timeframes=("1m", "5m"), period=3)).stage

    rows = [
        row.array for row in feed(made, [bar(100.0, n, span=float(n)) for n in range(10)]) if isinstance(row, Features)
    ]

    assert made.schema.columns == ("1m_range", "1m_range_mean_3", "5m_range", "5m_range_mean_3")
    assert np.isnan(rows[1][1])
    assert rows[9][:3] == pytest.approx([0.18, (0.14 + 0.16 + 0.18) / 3, 0.18])
    assert np.isnan(rows[9][3])


def test_blocks_say_what_events_say() -> None:
    bars = [Bar(NAME, "1m", ts, ts + MINUTE, *rest) for ts, *rest in generated(400).itertuples(index=False, name=None)]
    inputs: list[tuple[int, Body]] = [(b.ts_close, b) for b in bars]
    inputs[200:200] = [(bars[200].ts_close - 1, Quote(NAME, 1, 99.0, 101.0, 3.0, 1.0))]
    by_event, by_block = Technical(), Technical()

    expected = [(n, row) for n, (ts, body) in enumerate(inputs) for row in turn(by_event, body, ts)]

    found: list[tuple[int, Body]] = []
    for start, stop in ((0, 150), (150, 250), (250, len(inputs))):
        found += [(start + at, row) for at, row in by_block.on_columns(block_of(inputs[start:stop]))]
    assert found == expected
    assert state.dump(by_block) == state.dump(by_event)


def test_columns_and_events_agree_in_the_stage_itself() -> None:
    frame = generated(500)
    bars = [Bar(NAME, "1m", ts, ts + MINUTE, *rest) for ts, *rest in frame.itertuples(index=False, name=None)]

    rows = [row.values for row in feed(Technical(), bars) if isinstance(row, Features)]

    assert b"".join(rows) == Technical().fresh().table(columns(frame)).tobytes()
