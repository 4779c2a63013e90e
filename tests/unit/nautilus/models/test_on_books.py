"""The models where the data has quotes or an order book."""

from __future__ import annotations

from typing import Any

import pytest

from helios_engine.bodies import OrderIntent, Print
from tests.unit.nautilus.models.tapes import D, book, fills, level, limit, quote, trade
from tests.unit.nautilus.scenarios import BTC, S

BIDS, ASKS = {1000.0: 6.0, 999.0: 8.0}, {1002.0: 2.0, 1003.0: 4.0}
BUY = OrderIntent("1", BTC.instrument, "BUY", D(3))


def test_the_queue_is_the_level_when_the_order_arrives_less_what_trades_and_goes() -> None:
    tape = [
        book(1, BIDS, ASKS),
        level(2, "BUY", 1000.0, 10.0),  # the order arrives behind ten
        trade(3, 1000, 4, "SELL"),
        level(4, "BUY", 1000.0, 6.0),  # the trade, in the book
        level(5, "BUY", 1000.0, 3.0),  # half of the queue goes: three ahead
        trade(6, 1000, 3.5, "SELL"),
        trade(7, 999, 0.2, "SELL"),
        trade(8, 1000, 9, "SELL"),
    ]

    assert fills(tape, {1: [limit("1", "BUY", "2", 1000)]}, fill_model="queue") == [
        (6, "1", "0.5", "1000", "MAKER"),
        (7, "1", "0.2", "1000", "MAKER"),
        (8, "1", "1.3", "1000", "MAKER"),
    ]


@pytest.mark.parametrize("dense", [False, True])
def test_a_model_of_ours_needs_deals_and_never_fills_on_a_quote_alone(dense: bool) -> None:
    tape = [quote(1, 1000, 1002), quote(2, 1000, 1002), quote(3, 990, 991), trade(4, 990, 1, "SELL")]
    sent: dict[int, Any] = {1: [limit("1", "BUY", "2", 1000)]}

    assert [n for n, *_ in fills(tape, sent, dense=dense)] == [3]  # nautilus: the quote has passed the price
    assert fills(tape, sent, fill_model="probabilistic", fill_probability=0.5, dense=dense) == [
        (4, "1", "1", "1000", "MAKER")
    ]


def test_with_quotes_half_a_spread_is_what_the_quote_asks() -> None:
    tape = [quote(1, 1000, 1002), quote(2, 1000, 1002)]

    assert fills(tape, {1: [BUY]}, slippage="half_spread", slippage_bps=50.0) == [(2, "1", "3", "1002", "TAKER")]


def test_slippage_moves_every_level_of_a_book_that_is_walked() -> None:
    tape = [book(1, BIDS, ASKS), trade(2, 1001, 1, "BUY")]

    assert fills(tape, {1: [BUY]}) == [(2, "1", "2", "1002", "TAKER"), (2, "1", "1", "1003", "TAKER")]
    assert fills(tape, {1: [BUY]}, slippage="ticks", slippage_ticks=2) == [
        (2, "1", "2", "1004", "TAKER"),
        (2, "1", "1", "1005", "TAKER"),
    ]


def test_with_a_book_participation_binds_what_rests_and_not_what_takes_from_it() -> None:
    tape = [book(1, BIDS, ASKS), level(2, "BUY", 998.0, 1.0), trade(3, 1002, 10, "SELL"), trade(4, 1001, 10, "SELL")]

    assert fills(tape, {1: [limit("1", "BUY", "4", 1002)]}, fill_model="participation", participation=0.1) == [
        (2, "1", "2", "1002", "TAKER"),
        (3, "1", "1", "1002", "MAKER"),
        (4, "1", "1", "1002", "MAKER"),
    ]


def test_a_stop_pays_the_slippage_when_it_has_woken_up() -> None:
    tape = [trade(1, 1000, 5, "SELL"), trade(2, 1001, 5, "BUY"), trade(3, 1000, 5, "SELL"), trade(4, 1010, 5, "BUY")]
    stop = OrderIntent("1", BTC.instrument, "BUY", D(1), "STOP", trigger=D(1005))

    assert fills(tape, {2: [stop]}) == [(4, "1", "1", "1010", "TAKER")]
    assert fills(tape, {2: [stop]}, slippage="ticks", slippage_ticks=1) == [(4, "1", "1", "1011", "TAKER")]


@pytest.mark.parametrize(("phase", "bare", "slipped"), [("extreme", "1005", "1006"), ("open", "1010", "1011")])
def test_inside_a_bar_a_stop_slips_from_its_trigger_and_at_an_open_from_the_open(
    phase: str, bare: str, slipped: str
) -> None:
    phases = ("open", "close", "open", phase)
    prices = (1000.0, 1000.0, 1001.0, 1010.0)
    tape = [Print(BTC.instrument, n * S, p, 5.0, at) for n, (p, at) in enumerate(zip(prices, phases, strict=True), 1)]
    stop = OrderIntent("1", BTC.instrument, "BUY", D(1), "STOP", trigger=D(1005))

    assert fills(tape, {2: [stop]}) == [(4, "1", "1", bare, "TAKER")]
    assert fills(tape, {2: [stop]}, slippage="ticks", slippage_ticks=1) == [(4, "1", "1", slipped, "TAKER")]


@pytest.mark.parametrize(
    "models", [{}, {"fill_model": "queue"}, {"fill_model": "probabilistic", "fill_probability": 0.5}]
)
def test_a_stop_limit_that_wakes_beyond_a_jump_takes_what_is_offered_under_every_model(models: dict[str, Any]) -> None:
    tape = [trade(1, 1000, 5, "SELL"), trade(2, 1001, 5, "BUY"), trade(3, 1000, 5, "SELL"), trade(4, 1010, 5, "BUY")]
    stop = OrderIntent("1", BTC.instrument, "BUY", D(1), "STOP_LIMIT", price=D(1012), trigger=D(1005))

    assert fills(tape, {2: [stop]}, **models) == [(4, "1", "1", "1010", "TAKER")]
