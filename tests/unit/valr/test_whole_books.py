"""Books that come whole: replaced, never mixed, and dropped when they contradict themselves."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import BookSnapshot
from helios_valr.books import WholeBook
from helios_valr.messages import read
from tests.unit.valr.samples import BOOK, level

Side = dict[int, int]
SIDE = st.dictionaries(st.integers(1, 60), st.integers(1, 9), max_size=6)


def frame(bids: Side, asks: Side, sequence: int) -> Any:
    """An aggregated book of whole prices and quantities."""
    row = {
        "Asks": [level("sell", str(price), str(asks[price])) for price in sorted(asks)],
        "Bids": [level("buy", str(price), str(bids[price])) for price in sorted(bids, reverse=True)],
        "LastChange": "2024-03-24T21:49:08.217Z",
        "SequenceNumber": sequence,
    }
    return read(json.dumps({"type": "AGGREGATED_ORDERBOOK_UPDATE", "currencyPairSymbol": "BTCZAR", "data": row}))


@given(st.lists(st.tuples(SIDE, SIDE, st.integers(-2, 5)), max_size=20))
def test_a_whole_book_is_always_the_latest_frame_that_does_not_cross(frames: list[tuple[Side, Side, int]]) -> None:
    book, highest, sequence = WholeBook("BTCZAR"), 0, 10
    held: tuple[Side, Side] | None = None
    for bids, asks, step in frames:
        sequence += step
        outcome = book.apply(frame(bids, asks, sequence))
        if sequence <= highest:
            assert outcome.verdict == "ignored"
        elif bids and asks and max(bids) >= min(asks):
            assert outcome.verdict == "lost"
            held = None
        else:
            assert outcome.verdict == "snapshot"
            held = bids, asks
        highest = max(highest, sequence)
        assert book.is_trusted == (held is not None)
        if held:
            assert book.levels() == (tuple(sorted(held[0].items(), reverse=True)), tuple(sorted(held[1].items())))


def test_a_smaller_frame_leaves_nothing_of_a_larger_one() -> None:
    book = WholeBook("BTCZAR")
    book.apply(frame({10: 1, 9: 1, 8: 1}, {11: 1, 12: 1}, 1))

    outcome = book.apply(frame({9: 2}, {}, 5))

    assert outcome.bodies == (BookSnapshot("BTCZAR.VALR", 1711316948217000000, ((9.0, 2.0),), (), 5),)
    assert book.quote() is None


def test_a_price_listed_twice_is_a_contradiction() -> None:
    row = BOOK | {"Asks": [level("sell", "101", "1"), level("sell", "101.0", "2")]}
    raw = json.dumps({"type": "AGGREGATED_ORDERBOOK_UPDATE", "currencyPairSymbol": "BTCZAR", "data": row})

    outcome = WholeBook("BTCZAR").apply(read(raw))  # type: ignore[arg-type]

    assert outcome.verdict == "lost"
    assert "101.0 is listed twice" in outcome.reason


def test_after_a_restart_the_sequence_may_begin_anew_and_before_only_far_back() -> None:
    book = WholeBook("BTCZAR")
    book.apply(frame({9: 1}, {10: 1}, 9_000))

    assert book.apply(frame({9: 2}, {10: 1}, 8_999)).verdict == "ignored"
    assert book.apply(frame({9: 2}, {10: 1}, 7)).verdict == "lost"
    assert book.apply(frame({9: 2}, {10: 1}, 8)).verdict == "snapshot"
    book.reset()
    assert book.apply(frame({9: 3}, {10: 1}, 2)).verdict == "snapshot"


def test_depth_snapshots_go_by_the_time_of_their_last_change() -> None:
    book = WholeBook("BTCZAR")
    first: Any = read('{"type":"OB_L1_D1_SNAPSHOT","ps":"BTCZAR","d":{"lc":1644300000789,"a":[["11","1"]],"b":[]}}')
    earlier = msgspec.structs.replace(first, d=msgspec.structs.replace(first.d, lc=first.d.lc - 1))

    assert book.apply(first).verdict == "snapshot"
    assert book.apply(earlier).verdict == "ignored"
    assert book.apply(first).verdict == "snapshot"
    with pytest.raises(ValueError, match="the book of ETHZAR"):
        WholeBook("ETHZAR").apply(first)
