"""The book: it equals a naive one while it is trusted, and it is not trusted once something is wrong."""

from __future__ import annotations

import random
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import BookDelta, BookSnapshot
from helios_features.orderbook.book import Book
from tests.unit.plugins.microstructure.streams import NAME, Told, snapshot, told, top

SEEDS = st.integers(0, 10**6)


def started(numbering: Literal["contiguous", "rising"] = "contiguous") -> Book:
    book = Book(numbering)
    assert book.snapshot(snapshot({99.0: 1.0, 98.0: 2.0}, {101.0: 3.0}, 7, 10), 10) == ""
    return book


def delta(sequence: int, side: str = "BUY", price: float = 97.0, quantity: float = 1.0) -> BookDelta:
    return BookDelta(NAME, 20, side, price, quantity, sequence)


def apply(book: Book, ts: int, body: BookSnapshot | BookDelta) -> str:
    return book.snapshot(body, ts) if isinstance(body, BookSnapshot) else book.delta(body, ts)


def ends(fed: list[tuple[int, Any]]) -> list[bool]:
    """Whether each body is the last of its time."""
    return [n + 1 == len(fed) or fed[n + 1][0] != fed[n][0] for n in range(len(fed))]


@given(SEEDS, st.sampled_from([0, 5]))
def test_an_unharmed_stream_gives_the_naive_book_after_every_message(seed: int, restart: int) -> None:
    found, book = told(seed, 60, restart), Book("contiguous")

    for (ts, body), is_end in zip(found.fed, ends(found.fed), strict=True):
        assert apply(book, ts, body) == ""
        if is_end:
            assert book.top(3) == top(found.truth[body.sequence], 3)


@given(SEEDS, st.sampled_from([0, 7]), st.sampled_from(["dropped", "repeated", "late", "swapped", "false"]))
def test_a_harmed_stream_never_gives_a_wrong_book(seed: int, restart: int, harm: str) -> None:
    found, book = told(seed, 40, restart), Book("contiguous")
    fed, draw = harmed(found, harm, random.Random(seed)), random.Random(seed)
    trusted = lost = 0

    for (ts, body), is_end in zip(fed, ends(fed), strict=True):
        if draw.random() < 0.05:
            saved = state.dump(book)
            book = Book("contiguous")
            state.load(book, saved)
        lost += bool(apply(book, ts, body))
        if is_end and book.is_trusted:
            trusted += 1
            assert book.top(3) == top(found.truth[book.sequence], 3)

    assert trusted
    assert lost


def harmed(found: Told, harm: str, draw: random.Random) -> list[tuple[int, Any]]:
    """The stream with one whole message harmed, none of the first or the last two; times stay in order."""
    messages: dict[int, list[tuple[int, Any]]] = {}
    for ts, body in found.fed:
        messages.setdefault(body.sequence, []).append((ts, body))
    numbers = list(messages)
    # A message that is a snapshot could be missed without harm: the harmed one, and the next, are changes.
    at = draw.choice([n for n in numbers[2:-2] if all(isinstance(messages[m][0][1], BookDelta) for m in (n, n + 1))])
    mine, after = messages[at], messages[at + 1]
    if harm == "dropped":
        messages[at] = []
    elif harm == "repeated":
        messages[at + 1] = [*after, *((after[0][0] + 1, body) for _, body in mine)]
    elif harm == "late":
        messages[at], messages[at + 1] = [], [*after, *((after[0][0] + 1, body) for _, body in mine)]
    elif harm == "swapped":
        messages[at] = [(mine[0][0], body) for _, body in after]
        messages[at + 1] = [(after[0][0], body) for _, body in mine]
    else:
        (ts, body), *rest = mine
        false = {"price": -body.price} if draw.random() < 0.5 else {"quantity": float("nan")}
        messages[at] = [(ts, msgspec.structs.replace(body, **false)), *rest]
    return [row for number in numbers for row in messages[number]]


@given(SEEDS)
def test_a_stale_snapshot_is_not_believed(seed: int) -> None:
    found, book = told(seed, 20), Book("rising")
    for ts, body in found.fed:
        apply(book, ts, body)

    assert "older" in apply(book, 1_000, found.fed[0][1])
    assert book.top(1) is None
    assert "older" in apply(book, 1_001, found.fed[0][1])


def test_a_venue_that_counts_anew_is_believed_from_its_snapshot_on() -> None:
    book = started()

    assert book.delta(delta(6), 20) == "the sequence falls from 7 to 6"
    assert book.snapshot(snapshot({50.0: 1.0}, {51.0: 1.0}, 1, 30), 30) == ""
    assert book.top(1) == (((50.0, 1.0),), ((51.0, 1.0),))


@pytest.mark.parametrize(
    ("numbering", "sequences", "is_trusted"),
    [
        ("contiguous", [8, 8, 9], True),
        ("contiguous", [9], False),
        ("contiguous", [8, 7], False),
        ("contiguous", [0], False),
        ("rising", [8, 12, 99], True),
        ("rising", [12, 11], False),
    ],
)
def test_the_rules_of_sequence(numbering: Any, sequences: list[int], is_trusted: bool) -> None:
    book = started(numbering)

    for sequence in sequences:
        book.delta(delta(sequence), 20)

    assert book.is_trusted == is_trusted


@pytest.mark.parametrize(("numbering", "is_trusted"), [("contiguous", False), ("rising", True)])
def test_a_feed_without_numbers_is_believed_only_if_one_says_so(numbering: Any, is_trusted: bool) -> None:
    book = Book(numbering)
    book.snapshot(snapshot({99.0: 1.0}, {101.0: 3.0}, 0, 10), 10)

    reason = book.delta(delta(0), 20)

    assert (book.is_trusted, 'sequence = "rising"' in reason) == (is_trusted, not is_trusted)


def test_crossed_locked_and_one_sided_books_say_nothing_while_they_are_so() -> None:
    book = started()
    seen = []
    for sequence, (price, quantity) in enumerate([(101.0, 1.0), (102.0, 1.0), (102.0, 0.0), (101.0, 0.0)], 8):
        book.delta(delta(sequence, "BUY", price, quantity), sequence)
        seen.append(book.top(1) is not None)
    book.delta(delta(12, "SELL", 101.0, 0.0), 12)

    assert (seen, book.top(1), book.is_trusted) == ([False, False, False, True], None, True)


@pytest.mark.parametrize(
    "bids",
    [((99.0, 1.0), (99.0, 2.0)), ((0.0, 1.0),), ((float("nan"), 1.0),), ((99.0, -1.0),), ((1e101, 1.0),)],
)
def test_a_snapshot_that_cannot_be_is_refused(bids: tuple[tuple[float, float], ...]) -> None:
    book = started()

    assert book.snapshot(BookSnapshot(NAME, 20, bids, ((101.0, 1.0),), 8), 20)
    assert book.top(1) is None
