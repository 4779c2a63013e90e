"""Books against a naive one, over any stream of frames that is dropped, doubled, delayed or damaged."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_valr.books import DiffBook, OrderBook
from tests.unit.valr.naive_books import Follower, NaiveBook

Entry = tuple[str, str, str, str]
KINDS = {"l1": ("OB_L1_SNAPSHOT", "OB_L1_DIFF"), "l3": ("FULL_ORDERBOOK_SNAPSHOT", "FULL_ORDERBOOK_UPDATE")}
ENTRIES = st.lists(
    st.one_of(
        st.tuples(st.just("b"), st.integers(900, 1003), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.just("a"), st.integers(998, 1100), st.integers(0, 5), st.integers(0, 3)),
    ),
    max_size=6,
)
FATES = st.sampled_from(["sent"] * 6 + ["dropped", "doubled", "damaged", "late"])


def _entries(drawn: list[tuple[str, int, int, int]], feed: str) -> list[Entry]:
    """Entries as the feed would send them: L1 knows no orders, and both send bids after one another, then asks."""
    found = [
        (
            side,
            f"{price / 10:.1f}" if price % 10 else str(price // 10),
            f"{side}{order}" if feed == "l3" else "",
            str(n),
        )
        for side, price, order, n in drawn
    ]
    return [entry for side in "ba" for entry in found if entry[0] == side]


def _damaged(message: Any) -> Any:
    if hasattr(message, "d"):
        return msgspec.structs.replace(message, d=msgspec.structs.replace(message.d, cs=message.d.cs ^ 1))
    row = msgspec.structs.replace(message.data, checksum=message.data.checksum ^ 1)
    return msgspec.structs.replace(message, data=row)


@pytest.mark.parametrize("feed", ["l1", "l3"])
@given(frames=st.lists(st.tuples(ENTRIES, FATES), max_size=25))
def test_a_trusted_book_is_the_exchanges_whatever_befalls_the_frames(
    feed: Literal["l1", "l3"], frames: list[tuple[list[tuple[str, int, int, int]], str]]
) -> None:
    book: Any = DiffBook("BTCZAR") if feed == "l1" else OrderBook("BTCZAR")
    there, follower = NaiveBook(), Follower()
    snapshot, change = KINDS[feed]
    write = there.l1 if feed == "l1" else there.l3
    missed: list[Any] = []
    history: dict[int, Any] = {}
    assert book.apply(write(change, [])).verdict == "waiting"

    for drawn, fate in frames:
        entries = _entries(drawn, feed)
        for entry in entries:
            there.enter(*entry)
        there.sequence += 1 if feed == "l1" else len(entries)
        history[there.sequence] = None if there.is_crossed() else there.levels()
        message, is_next = write(change, entries), there.sequence == book.sequence + (feed == "l1" or len(entries))
        if not book.is_trusted:
            outcome = book.apply(write(snapshot, []))
            assert outcome.verdict == ("lost" if there.is_crossed() else "snapshot"), outcome.reason
        elif fate == "dropped" or (fate == "late" and not missed):
            missed.append(message)
            continue
        elif fate == "late":
            # What comes late is the next after all, an echo, or a gap; the law below holds for all three.
            outcome = book.apply(missed.pop())
            missed.append(message)
        else:
            is_old = there.sequence == book.sequence
            outcome = book.apply(_damaged(message) if fate == "damaged" else message)
            is_good = is_next and fate != "damaged" and not there.is_crossed()
            assert outcome.verdict == ("ignored" if is_old else "update" if is_good else "lost"), outcome
            if fate == "doubled" and is_good:
                assert book.apply(message).verdict == "ignored"
        follower.follow(outcome.bodies)
        if book.is_trusted:
            assert book.levels() == history[book.sequence] == follower.levels()
        else:
            assert book.levels() == ((), ())
            assert book.quote() is None
            assert outcome.bodies == ()


@pytest.mark.parametrize("feed", ["l1", "l3"])
def test_a_count_that_begins_anew_drops_the_book_instead_of_freezing_it(feed: Literal["l1", "l3"]) -> None:
    book: Any = DiffBook("BTCZAR") if feed == "l1" else OrderBook("BTCZAR")
    there = NaiveBook()
    there.sequence = 5_000_000
    write = there.l1 if feed == "l1" else there.l3
    there.enter("b", "100", "x", "1")
    assert book.apply(write(KINDS[feed][0], [])).verdict == "snapshot"

    there.sequence = 4_999_990
    assert book.apply(write(KINDS[feed][1], [("b", "99", "y", "1")])).verdict == "ignored"
    there.sequence = 3
    assert book.apply(write(KINDS[feed][1], [("b", "99", "y", "1")])).verdict == "lost"


def test_an_order_that_comes_and_goes_in_one_frame_counts_and_leaves_nothing() -> None:
    book, there = OrderBook("BTCZAR"), NaiveBook()
    there.enter("b", "100", "x", "1")
    book.apply(there.l3("FULL_ORDERBOOK_SNAPSHOT", []))
    there.sequence += 3

    outcome = book.apply(
        there.l3("FULL_ORDERBOOK_UPDATE", [("a", "101", "y", "2"), ("a", "101", "y", "0"), ("a", "105", "z", "0")])
    )

    assert (outcome.verdict, outcome.bodies) == ("update", ())
    assert book.levels() == (((100.0, 1.0),), ())


def test_an_order_keeps_its_place_when_its_quantity_changes() -> None:
    book, there = OrderBook("BTCZAR"), NaiveBook()
    for order in ("x", "y"):
        there.enter("b", "100", order, "2")
    book.apply(there.l3("FULL_ORDERBOOK_SNAPSHOT", []))
    there.enter("b", "100", "x", "1")
    there.sequence += 1

    outcome = book.apply(there.l3("FULL_ORDERBOOK_UPDATE", [("b", "100", "x", "1")]))

    assert outcome.verdict == "update", outcome.reason
    assert book.levels() == (((100.0, 3.0),), ())


def test_a_book_refuses_another_pairs_message() -> None:
    there = NaiveBook()
    with pytest.raises(ValueError, match="the book of ETHZAR was given a message on BTCZAR"):
        DiffBook("ETHZAR").apply(there.l1("OB_L1_SNAPSHOT", []))
    with pytest.raises(ValueError, match="the book of ETHZAR was given a message on BTCZAR"):
        OrderBook("ETHZAR").apply(there.l3("FULL_ORDERBOOK_SNAPSHOT", []))


@pytest.mark.parametrize("feed", ["l1", "l3"])
def test_a_quantity_of_many_digits_is_the_nearest_float_and_no_reason_to_lose_a_book(feed: Literal["l1", "l3"]) -> None:
    book: Any = DiffBook("BTCZAR") if feed == "l1" else OrderBook("BTCZAR")
    there = NaiveBook()
    there.enter("b", "0.00000001", "x", "12345678901234.12345678")

    outcome = book.apply((there.l1 if feed == "l1" else there.l3)(KINDS[feed][0], []))

    assert outcome.verdict == "snapshot", outcome.reason
    assert book.levels() == (((1e-08, 12345678901234.12345678),), ())
