"""features.microstructure: each column against its definition, and masks wherever something is not known."""

from __future__ import annotations

from typing import Any

import pytest

from helios_engine.bodies import DataIssue, Features, Quote
from helios_engine.testing.stages import run_stage
from helios_features.orderbook.features import BookFeatures
from tests.unit.plugins.microstructure.streams import NAME, Fed, bar, delta, events, snapshot, trade

COLUMNS = ("spread_bps", "depth_imbalance_2", "microprice_bps", "ofi_1", "ofi_2", "tick_direction", "trade_imbalance")
BOOK = snapshot({99.0: 2.0, 98.0: 4.0}, {101.0: 6.0, 102.0: 1.0}, 1, 10)


def stage(**given: Any) -> BookFeatures:
    return BookFeatures(**{"levels": 2, "ofi_levels": 2, **given})


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


def test_rows_of_events_are_said_once_the_update_is_whole() -> None:
    fed: Fed = [(10, BOOK), delta(20, 2, "BUY", 101.0, 1.0), delta(20, 2, "SELL", 101.0, 0.0), trade(30, 5.0)]

    found = rows(fed, every="event")

    assert [row["spread_bps"] for row in found] == pytest.approx([2 / 100 * 1e4, 1 / 101.5 * 1e4])
