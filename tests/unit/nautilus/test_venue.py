from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from nautilus_trader.model.objects import Price, Quantity

from helios_engine.bodies import Fill, OrderCanceled, OrderIntent, Print, Quote, Reject, Trade
from helios_engine.errors import ConfigError
from helios_engine.nautilus.answers import plain
from helios_engine.nautilus.plugin import sim_venue
from helios_engine.nautilus.ticks import Ticker
from tests.unit.nautilus.scenarios import BTC, ETH, S, Scenario, prints, through_venue, trades

D = Decimal


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("latency", ["1ns", "250ms"])
def test_events_that_can_change_nothing_may_be_left_out(seed: int, latency: str) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))

    assert through_venue(scenario, latency, dense=False) == through_venue(scenario, latency, dense=True)


@pytest.mark.parametrize("seed", range(12))
def test_no_fill_comes_before_its_order_has_arrived(seed: int) -> None:
    scenario = trades(seed, instruments=(BTC, ETH))
    sent = {
        c.id: scenario.market[n].ts_event
        for n, cs in scenario.commands.items()
        for c in cs
        if isinstance(c, OrderIntent)
    }

    fills = [(ts, a) for ts, a in through_venue(scenario, "250ms", dense=False)[0] if isinstance(a, Fill)]

    assert fills
    assert all(ts >= sent[fill.id] + 250_000_000 for ts, fill in fills)


@pytest.mark.parametrize("seed", range(6))
def test_with_bars_an_order_decided_at_a_close_is_filled_at_the_next_open_of_its_own_instrument(seed: int) -> None:
    scenario = prints(seed)
    opens = {(p.ts_event, p.instrument): p.price for p in scenario.market if p.phase == "open"}  # type: ignore[union-attr]

    fills = [(ts, a) for ts, a in through_venue(scenario, "250ms", dense=False)[0] if isinstance(a, Fill)]

    assert fills
    assert all(float(fill.price) == opens[ts, fill.instrument] for ts, fill in fills)


def test_an_order_decided_inside_a_bar_waits_for_the_next_open() -> None:
    scenario = prints(1, bars=3, instruments=(BTC,))
    inside = Scenario(scenario.market, {1: [OrderIntent("late", BTC.instrument, "BUY", D(1))]})
    reaction = Print(BTC.instrument, scenario.market[1].ts_event + 5, 1000.0, 1.0, "extreme")

    venue = sim_venue({"ZAR": "100000"})
    venue.open(1, [BTC])
    found = []
    for number, body in enumerate(inside.market):
        venue.market(body.ts_event, body)
        if number == 1:
            venue.send(reaction.ts_event, inside.commands[1][0])
        found += [(body.ts_event, a) for a in venue.settle(body.ts_event)]

    assert [ts for ts, _ in found] == [scenario.market[4].ts_event]


def test_a_resting_order_is_filled_as_maker_and_pays_the_makers_fee() -> None:
    market = [Trade(BTC.instrument, n * S, price, 5.0, side, str(n)) for n, (price, side) in enumerate(
        [(1000.0, "SELL"), (1001.0, "BUY"), (1000.0, "SELL"), (990.0, "SELL"), (980.0, "BUY")], 1)]  # fmt: skip
    order = OrderIntent("1", BTC.instrument, "BUY", D(1), "LIMIT", D(995))

    answers, _ = through_venue(Scenario(market, {1: [order]}), "1ns", dense=False)

    fill = next(a for _, a in answers if isinstance(a, Fill))
    assert (fill.price, fill.liquidity, fill.fee) == (D(995), "MAKER", D("1.79"))


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (OrderIntent("1", BTC.instrument, "SELL", D(1)), "SHORT: spot is not sold short"),
        (
            OrderIntent("1", BTC.instrument, "BUY", D(100)),
            "INSUFFICIENT_BALANCE: needs 100451.75 ZAR with fees, free 100000",
        ),
        (OrderIntent("1", BTC.instrument, "BUY", D("0.123456789")), "quantity 0.123456789 is no multiple of the lot"),
        (
            OrderIntent("1", BTC.instrument, "BUY", D(1), "LIMIT", D("999.5")),
            "price 999.5 is no multiple of the tick 1",
        ),
    ],
)
def test_what_the_venue_cannot_do_comes_back_as_a_reject(order: OrderIntent, reason: str) -> None:
    market = trades(1, count=12).market

    answers, _ = through_venue(Scenario(market, {9: [order]}), "1ns", dense=False)

    rejects = [a for _, a in answers if isinstance(a, Reject)]
    assert len(rejects) == 1
    assert reason.partition(":")[0] in rejects[0].reason


def test_a_cancel_takes_the_order_back() -> None:
    scenario = trades(3, count=30)
    order = OrderIntent("1", BTC.instrument, "BUY", D(1), "LIMIT", D(500))
    from helios_engine.bodies import CancelIntent

    answers, _ = through_venue(
        Scenario(scenario.market, {9: [order], 15: [CancelIntent("1", BTC.instrument)]}), "1ns", dense=False
    )

    assert isinstance(answers[-1][1], OrderCanceled)


def test_prices_and_quantities_reach_nautilus_exactly() -> None:
    ticker = Ticker(ETH)
    for units in (1, 99, 123_456_789, 10**11 + 7):
        tick = ticker.tick(Trade(ETH.instrument, 1, units / 100, units / 10_000, "BUY", ""))

        assert tick.price == Price.from_str(f"{D(units) / 100:.2f}")
        assert tick.size == Quantity.from_str(f"{D(units) / 10_000:.4f}")


@pytest.mark.parametrize(
    ("given", "said"), [("1.5000", "1.5"), ("100", "100"), ("1E+2", "100"), ("0.00", "0"), ("1E-7", "1E-7")]
)
def test_equal_numbers_have_one_form(given: str, said: str) -> None:
    assert str(plain(D(given))) == said


@pytest.mark.parametrize(("latency", "said"), [("0s", "must be at least 1ns"), ("soon", "expected a duration")])
def test_a_latency_that_would_look_ahead_is_refused(latency: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        sim_venue({"ZAR": "1"}, latency=latency)


def test_the_account_keeps_no_past_however_many_orders_are_filled() -> None:
    venue: Any = sim_venue({"ZAR": "1000000"}, latency="1ns")
    venue.open(1, [BTC])
    fills = 0
    for number in range(60):
        ts = (number + 1) * S
        venue.send(ts, OrderIntent(f"O{number}", BTC.instrument, "BUY" if number % 2 == 0 else "SELL", D("0.1")))
        answers = [*venue.market(ts + 1, Quote(BTC.instrument, ts + 1, 99.0, 101.0, 5.0, 5.0))]
        answers += venue.settle(ts + 1)
        fills += sum(isinstance(answer, Fill) for answer in answers)

    account = venue._assembly.exchange.get_account()
    assert fills == 60
    assert account.event_count <= 2
    assert set(venue.balances()) == {"BTC", "ZAR"}
