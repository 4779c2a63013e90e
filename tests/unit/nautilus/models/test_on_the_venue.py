"""The models through the whole venue: fills, fees, balances, and what nautilus' account says of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from helios_engine.bodies import CancelIntent, Fill, ModifyIntent, OrderCanceled, OrderIntent, Print, Reject
from helios_engine.events import Body
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.models.tapes import RICH, D, answers, fills, limit, trade
from tests.unit.nautilus.scenarios import BTC, ETH, S, trades

TAPE = [
    trade(1, 1000, 5, "SELL"),
    trade(2, 1001, 5, "BUY"),
    trade(3, 1000, 5, "SELL"),
    trade(4, 995, 4, "SELL"),  # an order sent at the third arrives here
    trade(5, 990, 8, "SELL"),
    trade(6, 985, 20, "BUY"),
    trade(7, 995, 4, "SELL"),
    trade(8, 996, 40, "SELL"),
    trade(9, 995, 40, "SELL"),
]
BUY = {3: [limit("1", "BUY", "5", 995)]}
MODELS: list[dict[str, Any]] = [
    {"fill_model": "participation", "participation": 0.1},
    {"fill_model": "queue", "queue_trades": 2.0},
    {"fill_model": "probabilistic", "fill_probability": 0.3, "seed": 5},
    {"slippage": "ticks", "slippage_ticks": 2},
    {"slippage": "half_spread", "slippage_bps": 12.5},
    {"slippage": "sqrt_impact", "impact_sigma": 0.04, "impact_volume": 500.0},
    {"latency": "20ms", "latency_jitter": "900ms", "seed": 3},
]
ids = [next(iter(m.values())) for m in MODELS]


def test_participation_works_an_order_over_many_trades() -> None:
    assert fills(TAPE, BUY, fill_model="participation", participation=0.1) == [
        (5, "1", "0.8", "995", "MAKER"),
        (6, "1", "2", "995", "MAKER"),
        (7, "1", "0.4", "995", "MAKER"),
        (9, "1", "1.8", "995", "MAKER"),
    ]


def test_under_participation_a_limit_order_that_meets_the_market_takes_its_share_at_the_trades_prices() -> None:
    assert fills(TAPE, {3: [limit("1", "BUY", "5", 995)]}, fill_model="participation", participation=0.1)[0][0] == 5
    assert fills(TAPE, {3: [limit("1", "BUY", "3.5", 1010)]}, fill_model="participation", participation=0.1) == [
        (4, "1", "0.4", "1001", "TAKER"),
        (5, "1", "0.8", "990", "TAKER"),
        (6, "1", "2", "985", "TAKER"),
        (7, "1", "0.3", "995", "TAKER"),
    ]


def test_what_is_left_of_it_rests_once_the_market_has_gone_beyond_its_price() -> None:
    away = [*TAPE[:4], trade(5, 1003, 5, "BUY"), trade(6, 1002, 10, "SELL"), trade(7, 1001, 10, "SELL")]

    assert fills(away, {3: [limit("1", "BUY", "5", 1002)]}, fill_model="participation", participation=0.1) == [
        (4, "1", "0.4", "1001", "TAKER"),
        (6, "1", "1", "1002", "MAKER"),
        (7, "1", "1", "1002", "MAKER"),
    ]


@pytest.mark.parametrize(
    ("terms", "quantity", "got"),
    [("IOC", "5", "0.4"), ("IOC", "0.3", "0.3"), ("FOK", "5", None), ("FOK", "0.4", "0.4")],
)
def test_under_participation_ioc_and_fok_are_done_at_once(terms: str, quantity: str, got: str | None) -> None:
    order = limit("1", "BUY", quantity, 1010, time_in_force=terms)

    found, _ = answers(TAPE, {3: [order]}, fill_model="participation", participation=0.1)

    assert [str(a.quantity) for _, a in found if isinstance(a, Fill)] == ([] if got is None else [got])
    assert any(isinstance(a, OrderCanceled) for _, a in found) == (got != quantity)
    assert {n for n, _ in found} == {4}


def test_two_orders_of_ours_never_get_more_than_the_share_together() -> None:
    both = {3: [limit("worse", "BUY", "5", 991), limit("better", "BUY", "1", 992)]}

    assert fills(TAPE[:6], both, fill_model="participation", participation=0.1) == [
        (5, "better", "0.8", "992", "MAKER"),
        (6, "better", "0.2", "992", "MAKER"),
        (6, "worse", "1.8", "991", "MAKER"),
    ]


def test_the_queue_ahead_is_so_many_typical_trades() -> None:
    # Of 5, 5, 5 and 4 seen on arrival 5 is typical, so 10 are ahead at 995.
    tape = [*TAPE[:4], trade(5, 995, 8, "SELL"), trade(6, 995, 3, "SELL"), trade(7, 995, 3, "BUY"), *TAPE[8:]]

    assert fills(tape, BUY, fill_model="queue", queue_trades=2.0) == [
        (6, "1", "1", "995", "MAKER"),
        (8, "1", "4", "995", "MAKER"),
    ]


def test_with_bars_a_print_beyond_the_price_fills_at_most_its_quantity() -> None:
    tape = [
        Print(BTC.instrument, n * S, price, 2.0, "open") for n, price in enumerate((1000.0, 1000.0, 990.0, 990.0), 1)
    ]
    sent: dict[int, Any] = {1: [limit("1", "BUY", "3", 995)]}

    assert fills(tape, sent, fill_model="queue", queue_trades=2.0) == [
        (3, "1", "2", "995", "MAKER"),
        (4, "1", "1", "995", "MAKER"),
    ]


@pytest.mark.parametrize(
    ("settings", "prices"),
    [
        ({}, ["1001", "1002", "995", "994"]),  # nautilus: the last sides' prices, a tick more beyond the trade's size
        ({"slippage": "ticks", "slippage_ticks": 3}, ["1004", "1005", "992", "991"]),
        ({"slippage": "half_spread", "slippage_bps": 12.5}, ["1003", "1004", "993", "992"]),  # 1.25 up to 2 ticks
        # 0.04 * sqrt(5 / 500) * 1001 = 4.004 and sqrt(7 / 500) * 0.04 * 995 = 4.71, both up to 5
        ({"slippage": "sqrt_impact", "impact_sigma": 0.04, "impact_volume": 500.0}, ["1006", "1007", "990", "989"]),
    ],
)
def test_slippage_moves_market_orders_against_us(settings: dict[str, Any], prices: list[str]) -> None:
    both: dict[int, Any] = {
        3: [OrderIntent("1", BTC.instrument, "BUY", D(5)), OrderIntent("2", BTC.instrument, "SELL", D(7))]
    }

    assert [(quantity, price) for _, _, quantity, price, _ in fills(TAPE, both, **settings)] == list(
        zip(["4", "1", "4", "3"], prices, strict=True)
    )


def test_a_purchase_that_slippage_makes_too_dear_is_refused_before_it_breaks_the_account() -> None:
    order: dict[int, Any] = {1: [OrderIntent("1", BTC.instrument, "BUY", D(1))]}
    just = {"ZAR": "1007", "BTC": "0", "ETH": "0"}

    found, _ = answers(TAPE, order, balances=just)
    dear, _ = answers(TAPE, order, balances=just, slippage="ticks", slippage_ticks=3)

    assert any(isinstance(a, Fill) for _, a in found)
    assert [a.reason.partition(":")[0] for _, a in dear if isinstance(a, Reject)] == ["INSUFFICIENT_BALANCE"]


def test_without_two_hours_of_data_the_impact_of_a_market_order_is_not_made_up() -> None:
    order: dict[int, Any] = {3: [OrderIntent("1", BTC.instrument, "SELL", D(1)), limit("2", "SELL", "1", 1001)]}

    found, _ = answers(TAPE, order, slippage="sqrt_impact")

    assert ["NO_IMPACT_YET" in a.reason for _, a in found if isinstance(a, Reject)] == [True]


@pytest.mark.parametrize("settings", MODELS, ids=ids)
@pytest.mark.parametrize("seed", range(4))
def test_balances_are_what_the_fills_and_fees_say(seed: int, settings: dict[str, Any]) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))
    # Long from the start: nautilus' cash account leaves out a part of what a fill pays that turns a position around.
    long: list[Body] = [OrderIntent(f"long {d.base}", d.instrument, "BUY", D(300)) for d in (BTC, ETH)]
    found, venue = answers(scenario.market, {**scenario.commands, 8: long}, **settings)

    expected = {code: D(amount) for code, amount in RICH.items()}
    done = [a for _, a in found if isinstance(a, Fill)]
    for fill in done:
        sign = 1 if fill.side == "BUY" else -1
        expected[fill.instrument[:3]] += sign * fill.quantity
        expected["ZAR"] -= sign * fill.quantity * fill.price + fill.fee

    assert len(done) > 20
    found_zar, expected_zar = venue.balances().pop("ZAR"), expected.pop("ZAR")
    assert {code: venue.balances()[code] for code in expected} == expected
    assert abs(found_zar - expected_zar) <= D("0.005") * len(done)  # nautilus keeps cents


@pytest.mark.parametrize("settings", MODELS, ids=ids)
@pytest.mark.parametrize("seed", range(4))
def test_a_run_is_the_same_twice_and_whether_or_not_quiet_events_are_shown(seed: int, settings: dict[str, Any]) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))

    first, again, dense = (
        answers(scenario.market, scenario.commands, dense=dense, **settings)[0] for dense in (False, False, True)
    )

    assert first == again == dense


@pytest.mark.parametrize("settings", MODELS[:3], ids=ids[:3])
@pytest.mark.parametrize("seed", range(6))
def test_no_order_is_ever_filled_beyond_its_quantity_or_at_a_price_worse_than_its_limit(
    seed: int, settings: dict[str, Any]
) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))
    sent = {c.id: c for cs in scenario.commands.values() for c in cs if isinstance(c, OrderIntent)}
    got: dict[str, Decimal] = {}

    for _, fill in answers(scenario.market, scenario.commands, **settings)[0]:
        if isinstance(fill, Fill) and (price := sent[fill.id].price) is not None:
            got[fill.id] = got.get(fill.id, D(0)) + fill.quantity
            assert fill.price <= price if fill.side == "BUY" else fill.price >= price

    assert got
    assert all(quantity <= sent[name].quantity for name, quantity in got.items())


def test_an_order_half_filled_by_a_model_can_be_changed_and_canceled() -> None:
    change = ModifyIntent("1", BTC.instrument, price=D(993))
    commands = {**BUY, 5: [change], 7: [CancelIntent("1", BTC.instrument)]}

    found, _ = answers(TAPE, commands, fill_model="participation", participation=0.1)

    assert [(n, str(a.quantity), str(a.price)) for n, a in found if isinstance(a, Fill)] == [
        (5, "0.8", "995"),
        (6, "2", "995"),  # the change arrives at this event, after what rests on it
    ]
    assert [(n, type(a)) for n, a in found][-1] == (8, OrderCanceled)


def test_a_reduce_only_order_does_not_turn_the_position() -> None:
    bought = OrderIntent("1", BTC.instrument, "BUY", D(1))
    close = limit("2", "SELL", "3", 990, reduce_only=True)
    tape = [*TAPE[:5], trade(6, 991, 20, "BUY"), trade(7, 992, 20, "BUY"), trade(8, 993, 20, "BUY")]
    settings: dict[str, Any] = {"fill_model": "participation", "participation": 0.03}
    close = limit("2", "SELL", "3", 991, reduce_only=True)

    found = fills(tape, {3: [bought], 4: [close]}, **settings)

    assert found[0][:3] == (4, "1", "1")
    assert sum(D(quantity) for _, order, quantity, _, _ in found if order == "2") == 1


def test_the_models_are_told_with_their_numbers() -> None:
    venue: Any = sim_venue(
        RICH, latency="20ms", latency_jitter="5ms", fill_model="queue", slippage="half_spread", slippage_bps=3.0
    )

    told = venue.models()

    assert told["fills"].startswith("queue: behind the level, where it is not known behind 10 typical deals")
    assert told["slippage"] == "half_spread: 3 bps on market orders, none where data has quotes"
    assert told["latency"].startswith("20ms and up to 5ms more, drawn evenly")


@pytest.mark.parametrize("settings", [MODELS[2], MODELS[6]], ids=[ids[2], ids[6]])
@pytest.mark.parametrize("seed", range(4))
def test_orders_in_another_instrument_change_nobodys_luck(seed: int, settings: dict[str, Any]) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))
    mine = {n: [c for c in cs if c.instrument == BTC.instrument] for n, cs in scenario.commands.items()}  # type: ignore[attr-defined]

    beside, _ = answers(scenario.market, scenario.commands, **settings)
    alone, _ = answers(scenario.market, mine, **settings)

    assert [(n, a) for n, a in beside if a.instrument == BTC.instrument] == alone
    assert len(beside) > len(alone) > 10
