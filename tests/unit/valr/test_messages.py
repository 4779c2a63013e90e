"""Frames and bodies: both shapes where there are two, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helios_valr import answers, frames, messages
from helios_valr.errors import WireError
from tests.unit.valr.facts import needs_facts, payload, payload_names
from tests.unit.valr.samples import BODIES, BOOK, FRAMES

ENDPOINTS = {"ordertypes_all": "ordertypes"}
ACCOUNT = {
    "BALANCE_UPDATE", "CANCEL_ORDER_WS_RESPONSE", "FAILED_CANCEL_ORDER", "INSTANT_ORDER_COMPLETED", "NEW_ACCOUNT_TRADE",
    "OPEN_ORDERS_UPDATE", "OPEN_POSITION_UPDATE", "ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "PLACE_LIMIT_WS_RESPONSE",
}  # fmt: skip
"""What an account's stream says: kept raw until orders are ours to follow."""


@needs_facts
@pytest.mark.parametrize("name", payload_names("ws_"))
def test_every_recorded_frame_is_read_or_kept_raw_as_an_accounts(name: str) -> None:
    found = messages.read(payload(name))

    if name.startswith("ws_req"):
        assert isinstance(found, frames.Other)  # what we say, and never hear
    else:
        assert isinstance(found, frames.Other) == (found.type in ACCOUNT)


@needs_facts
@pytest.mark.parametrize("name", payload_names("rest_public__"))
def test_every_recorded_public_body_is_read(name: str) -> None:
    endpoint = name.removeprefix("rest_public__").removesuffix(".json")

    assert answers.read(payload(name), answers.BODIES[ENDPOINTS.get(endpoint, endpoint)], name)


@needs_facts
@pytest.mark.parametrize("name", payload_names("error__"))
def test_every_recorded_error_is_read(name: str) -> None:
    assert answers.read(payload(name), answers.Refusal, name).code < 0


def test_asks_and_bids_are_read_in_either_casing_to_the_same_book() -> None:
    lower = {name.lower() if name in ("Asks", "Bids") else name: part for name, part in BOOK.items()}

    upper_book, lower_book = (answers.read(json.dumps(b).encode(), answers.BookRow, "book") for b in (BOOK, lower))

    assert (upper_book.asks, upper_book.bids) == (lower_book.asks, lower_book.bids)
    assert upper_book.sequence == 9007199254740993


@pytest.mark.parametrize("change", [{"asks": []}, {"Asks": None}, {"Asks": BOOK["Bids"]}])
def test_a_book_with_a_side_twice_not_at_all_or_of_the_other_side_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        answers.read(json.dumps(BOOK | change).encode(), answers.BookRow, "book")


def test_an_inactive_pairs_empty_book_is_a_book() -> None:
    empty = answers.read(json.dumps(BOOK | {"Asks": [], "Bids": []}).encode(), answers.BookRow, "book")

    assert (empty.asks, empty.bids) == ((), ())


@pytest.mark.parametrize(
    "name", ["NEW_TRADE", "NEW_TRADE_BUCKET", "MARKET_SUMMARY_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE"]
)
def test_a_message_whose_data_is_of_another_pair_is_refused(name: str) -> None:
    with pytest.raises(WireError, match="a message on ETHZAR holds data of BTCZAR"):
        messages.read(json.dumps(FRAMES[name] | {"currencyPairSymbol": "ETHZAR"}))


def test_fields_that_valr_adds_are_no_reason_to_refuse() -> None:
    frame = json.loads(json.dumps(FRAMES["NEW_TRADE"]))
    frame["new"] = frame["data"]["newer"] = {"x": [1, 2.5]}

    assert messages.read(json.dumps(frame)) == messages.read(json.dumps(FRAMES["NEW_TRADE"]))


def test_long_ids_stay_exact_and_one_that_was_a_float_is_refused() -> None:
    exact = json.dumps(BODIES["trades"]).encode()

    assert answers.read(exact, answers.BODIES["trades"], "trades")[0].sequence_id == 1204770707632000001
    with pytest.raises(WireError, match="sequenceId"):
        answers.read(exact.replace(b"1204770707632000001", b"1204770707632000001.0"), answers.BODIES["trades"], "t")


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"<html>502</html>", b'{"type":"PONG"', b'{"type":"PONG"} x', b"null", b"[]", b"7", b'{"type":7}',
     b'{"type":""}', b'{"kind":"PONG"}', b"\xff\xfe", b'{"type":"' + b"A" * 65 + b'"}', b"[" * 100_000,
     b'{"type":"NEW_TRADE"}', b'{"type":"PONG","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"],
)  # fmt: skip
def test_what_is_no_frame_is_refused_with_words(raw: bytes) -> None:
    with pytest.raises(WireError, match="found b"):
        messages.read(raw)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[{", b"{}", b"[{}]", b"[" * 100_000, b"\x1f\x8b\x08"])
def test_what_is_no_list_of_pairs_is_refused_with_its_place(body: bytes) -> None:
    with pytest.raises(WireError, match=r"^/v1/public/pairs: "):
        answers.read(body, answers.BODIES["pairs"], "/v1/public/pairs")


def test_frames_and_bodies_beyond_all_measure_are_not_even_looked_at() -> None:
    with pytest.raises(WireError, match="expected at most"):
        messages.read(b" " * (messages.LARGEST + 1))
    with pytest.raises(WireError, match="expected at most"):
        answers.read(b" " * (answers.LARGEST + 1), answers.Time, "time")


def test_text_and_bytes_are_read_alike_and_half_a_surrogate_is_refused() -> None:
    text = json.dumps(FRAMES["SUBSCRIBED"])

    assert messages.read(text) == messages.read(text.encode())
    with pytest.raises(WireError):
        messages.read('{"type":"ERROR","message":"\ud800"}')
