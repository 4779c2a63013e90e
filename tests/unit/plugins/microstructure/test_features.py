"""features.microstructure: each column against its definition, and masks wherever something is not known."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import Bar, BookDelta, DataIssue, Features, Quote, Trade
from helios_engine.events import Body
from helios_engine.testing.stages import run_stage
from helios_features.orderbook.features import BookFeatures
from tests.unit.plugins.microstructure import direct
from tests.unit.plugins.microstructure.streams import NAME, Fed, events, snapshot, told, top

COLUMNS = ("spread_bps", "depth_imbalance_2", "microprice_bps", "ofi_1", "ofi_2", "tick_direction", "trade_imbalance")
BOOK = snapshot({99.0: 2.0, 98.0: 4.0}, {101.0: 6.0, 102.0: 1.0}, 1, 10)
SEEDS = st.integers(0, 10**6)


def stage(**given: Any) -> BookFeatures:
    return BookFeatures(**{"levels": 2, "ofi_levels": 2, **given})


def bar(ts: int, timeframe: str = "1m") -> tuple[int, Bar]:
    return ts, Bar(NAME, timeframe, 0, ts, 1.0, 1.0, 1.0, 1.0, 0.0)


def delta(ts: int, sequence: int, side: str, price: float, quantity: float) -> tuple[int, BookDelta]:
    return ts, BookDelta(NAME, ts, side, price, quantity, sequence)


def trade(ts: int, price: float, quantity: float = 1.0, side: str = "BUY") -> tuple[int, Trade]:
    return ts, Trade(NAME, ts, price, quantity, side, "")


def rows(fed: Fed, **given: Any) -> list[dict[str, float]]:
    """The rows, as columns that are there."""
    found = run_stage(lambda: stage(**given), events(fed))
    names = stage(**given).schema.columns
    return [
        {name: float(x) for name, x, there in zip(names, row.array, row.mask, strict=True) if there}
        for row in found
        if isinstance(row, Features)
    ]


def test_the_columns_are_named_and_other_depths_have_another_name() -> None:
    assert stage().schema.columns == COLUMNS
    assert stage().schema.name == "microstructure/1:2,2"
    assert BookFeatures().schema.name == "microstructure/1"
    assert BookFeatures().schema.columns[1] == "depth_imbalance_5"


def test_a_row_worked_by_hand() -> None:
    fed: Fed = [
        (10, BOOK), bar(15),
        delta(20, 2, "BUY", 100.0, 3.0),  # a better bid: + 3; the old one, now second: + 2
        delta(30, 3, "SELL", 101.0, 5.0),  # the best ask from 6 to 5: + 1
        trade(40, 101.0, 3.0), trade(41, 100.0, 1.0, "SELL"),
        bar(50),
    ]  # fmt: skip

    _, row = rows(fed)

    assert row == pytest.approx(
        {
            "spread_bps": 1 / 100.5 * 1e4,
            "depth_imbalance_2": (5 - 6) / (5 + 6),
            "microprice_bps": ((3 * 101 + 5 * 100) / 8 - 100.5) / 100.5 * 1e4,
            "ofi_1": 4.0,
            "ofi_2": 2.0,
            "tick_direction": -1.0,
            "trade_imbalance": 0.5,
        },
        rel=1e-12,
    )


def test_bars_alone_tell_nothing_and_the_first_row_has_no_flow() -> None:
    assert rows([bar(10), bar(20)]) == [{}, {}]
    assert rows([(10, BOOK), trade(11, 5.0), trade(12, 6.0), bar(15)])[0].keys() == {
        "spread_bps", "depth_imbalance_2", "microprice_bps", "tick_direction",
    }  # fmt: skip


@given(SEEDS, st.integers(1, 40), st.sampled_from(["bar", "event", "37ns"]))
def test_every_row_equals_the_definitions_over_the_naive_book(seed: int, each: int, every: str) -> None:
    found, draw = told(seed, 60), random.Random(seed)
    fed: Fed = [*found.fed]
    fed += [
        trade(draw.randrange(11, 700), 100.0 + draw.randint(-2, 2), 0.1 + draw.random(), draw.choice(("BUY", "SELL")))
        for _ in range(40)
    ]
    if every == "bar":
        fed += [bar(ts) for ts in range(10 + each, 700, 10 * each)]
    fed.sort(key=lambda row: row[0])

    said = [(event.ts, row) for event, made in zip(events(fed), _told_by(fed, every), strict=True) for row in made]

    assert said
    ends = list(_row_times(fed, every))
    assert [ts for ts, _ in said] == [ts for ts, _ in ends]
    begun: int | None = None
    for (_, row), (_, until) in zip(said, ends, strict=True):
        expected = expectation(found, fed, begun, until)
        np.testing.assert_allclose(row.array, expected, rtol=1e-12, atol=1e-9)
        begun = until


def _told_by(fed: Fed, every: str) -> list[list[Body]]:
    made = stage(every=every, max_age="1d")
    found = []
    for event in events(fed):
        found.append(list(made.on_event(event)))
        if event.seq % 10 == 0:
            saved = state.dump(made)
            made = stage(every=every, max_age="1d")
            state.load(made, saved)
    return found


def _row_times(fed: Fed, every: str) -> list[tuple[int, int]]:
    """When each row is said, and how many bodies it knows of."""
    if every == "bar":
        return [(ts, n) for n, (ts, body) in enumerate(fed) if isinstance(body, Bar)]
    if every == "event":
        found, last = [], None
        for n, (ts, body) in enumerate(fed):
            if last is not None and ts > last:
                found.append((ts, n))
                last = None
            if not isinstance(body, Trade | Bar):
                last = ts
        return found
    found, boundary = [], 0
    for n, (ts, _) in enumerate(fed):
        if ts - ts % 37 > boundary:
            if boundary:
                found.append((ts, n))
            boundary = ts - ts % 37
    return found


def expectation(found: Any, fed: Fed, begun: int | None, until: int) -> list[float]:
    """A row from the bodies `begun:until`, and the state that all before `until` made."""
    known = [body for _, body in fed[:until]]
    numbers = [b.sequence for b in known if not isinstance(b, Trade | Bar)]
    if not numbers:
        return [math.nan] * 5 + [direct.tick_rule([b.price for b in known if isinstance(b, Trade)]), math.nan]
    tops = {n: top(found.truth[n], 99) for n in set(numbers)}
    now = tops[numbers[-1]]
    glance = direct.glance(now, 2) if now else (math.nan,) * 3
    flows = [math.nan, math.nan]
    if begun is not None:
        before = [b.sequence for b in [body for _, body in fed[:begun]] if not isinstance(b, Trade | Bar)]
        window = range(before[-1], numbers[-1] + 1) if before else ()
        for level in range(2):
            seen = [tops[n] for n in window]
            if seen and all(t is not None and min(len(t[0]), len(t[1])) > level for t in seen):
                flows[level] = direct.order_flow([t for t in seen if t is not None], level)
    tick = direct.tick_rule([b.price for b in known if isinstance(b, Trade)])
    tape = [(b.side, b.quantity) for _, b in fed[begun:until] if isinstance(b, Trade)] if begun is not None else []
    return [*glance, *flows, tick, direct.trade_imbalance(tape)]


def test_quotes_tell_what_the_best_level_can() -> None:
    fed: Fed = [
        (n, Quote(NAME, n, *quote)) for n, quote in enumerate([(99.0, 101.0, 2.0, 6.0), (100.0, 101.0, 1.0, 6.0)], 1)
    ]
    fed.insert(1, bar(1))

    row = rows([*fed, bar(9)])[1]

    assert row.keys() == {"spread_bps", "microprice_bps", "ofi_1"}
    assert row["ofi_1"] == 1.0
    assert "depth_imbalance_1" in rows([*fed, bar(9)], levels=1)[1]


def test_a_quote_without_sizes_has_a_spread_and_no_more_and_a_crossed_one_nothing() -> None:
    assert rows([(1, Quote(NAME, 1, 99.0, 101.0, 0.0, 0.0)), bar(2)], levels=1)[0].keys() == {"spread_bps"}
    assert rows([(1, Quote(NAME, 1, 101.0, 101.0, 1.0, 1.0)), bar(2)], levels=1) == [{}]


def test_once_a_book_is_heard_of_quotes_do_not_stand_in_for_it() -> None:
    fed: Fed = [(10, BOOK), delta(20, 9, "BUY", 100.0, 1.0), (30, Quote(NAME, 30, 99.0, 101.0, 1.0, 1.0)), bar(40)]

    assert rows(fed) == [{}]


def test_a_gap_masks_until_the_snapshot_and_is_told_with_the_remedy() -> None:
    whole = snapshot({99.0: 2.0}, {101.0: 6.0}, 9, 35)
    fed: Fed = [(10, BOOK), bar(15), delta(20, 3, "BUY", 100.0, 1.0), bar(25), (35, whole), bar(36),
                delta(37, 10, "BUY", 99.0, 5.0), bar(40)]  # fmt: skip

    found = run_stage(stage, events(fed))
    told_of = [body for body in found if isinstance(body, DataIssue)]

    assert [(issue.kind, issue.ts_from) for issue in told_of] == [("book_lost", 20)]
    assert 'sequence = "rising"' in told_of[0].detail
    assert [set(row) & {"spread_bps", "ofi_1"} for row in rows(fed)] == [
        {"spread_bps"}, set(), {"spread_bps"}, {"spread_bps", "ofi_1"},
    ]  # fmt: skip


@pytest.mark.parametrize("again", [20, 30])
def test_a_gap_within_a_window_masks_its_flow_though_the_book_is_whole_again(again: int) -> None:
    whole = snapshot({99.0: 2.0}, {101.0: 6.0}, 9, again)
    fed: Fed = [(10, BOOK), bar(15), delta(20, 3, "BUY", 100.0, 1.0), (again, whole), bar(40)]

    assert {"spread_bps", "ofi_1"} & rows(fed)[1].keys() == {"spread_bps"}


@pytest.mark.parametrize(("ends", "known"), [(31, set()), (10, {"spread_bps"})])
def test_messages_that_an_import_left_out_break_the_book_or_the_flow(ends: int, known: set[str]) -> None:
    issue = DataIssue(NAME, "book_gap", "error", 5, ends, "the sequence broke")
    fed: Fed = [(10, BOOK), bar(15), (31, issue), bar(40)]

    assert {"spread_bps", "ofi_1"} & rows(fed, sequence="rising")[1].keys() == known


def test_what_is_old_is_not_known() -> None:
    fed: Fed = [(10, BOOK), trade(11, 5.0), trade(12, 6.0), bar(15), bar(112), bar(113)]

    known = [set(row) & {"spread_bps", "tick_direction", "ofi_1"} for row in rows(fed, max_age="100ns")]

    assert known == [{"spread_bps", "tick_direction"}, {"tick_direction"}, set()]


def test_a_trade_without_a_side_leaves_the_imbalance_of_its_window_unknown() -> None:
    fed: Fed = [bar(1), trade(2, 5.0), trade(3, 5.0, side=""), bar(4), trade(5, 5.0), bar(6)]

    assert [row.get("trade_imbalance") for row in rows(fed)] == [None, None, 1.0]


def test_two_timeframes_have_windows_of_their_own() -> None:
    fed: Fed = [bar(1), bar(1, "5m"), trade(2, 5.0), bar(3), trade(4, 5.0, 3.0, "SELL"), bar(5), bar(5, "5m")]

    assert [row.get("trade_imbalance") for row in rows(fed)] == [None, None, 1.0, -1.0, -0.5]


def test_a_level_that_is_not_there_is_not_counted_as_nothing() -> None:
    thin = snapshot({99.0: 2.0}, {101.0: 6.0, 102.0: 1.0}, 1, 10)

    assert rows([(10, thin), bar(11), bar(12)])[1].keys() == {"spread_bps", "microprice_bps", "ofi_1"}


@pytest.mark.parametrize(
    "given", [{"levels": 0}, {"ofi_levels": 0}, {"every": "bars"}, {"every": "0s"}, {"sequence": "any"}]
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        BookFeatures(**given)


@given(st.lists(st.floats(-1e60, 1e60), max_size=30))
def test_a_total_is_the_exact_sum_in_any_order(terms: list[float]) -> None:
    from helios_features.orderbook.flow import Total

    totals = [Total(), Total()]
    for total, order in zip(totals, (terms, sorted(terms)), strict=True):
        for term in order:
            total.add(term)

    assert totals[0].value() == totals[1].value() == math.fsum(terms)


def test_rows_of_events_are_said_once_the_update_is_whole() -> None:
    fed: Fed = [(10, BOOK), delta(20, 2, "BUY", 101.0, 1.0), delta(20, 2, "SELL", 101.0, 0.0), trade(30, 5.0)]

    found = rows(fed, every="event")

    assert [row["spread_bps"] for row in found] == pytest.approx([2 / 100 * 1e4, 1 / 101.5 * 1e4])
