"""What the account can pay, carry and owe, and that it always knows what was paid."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec
import pytest

from helios_engine.bodies import Fill, FundingPayment, FundingRate, Instrument, MarkPrice, OrderCanceled, Reject
from helios_engine.errors import BuildError, ConfigError
from helios_engine.ledger import Ledger
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.driving import through_ours
from tests.unit.nautilus.reference import BALANCES
from tests.unit.nautilus.small import BTC, NAME, PERP, D, Small, order, trade
from tests.unit.nautilus.worlds import world

FREE = msgspec.structs.replace(BTC, maker_fee=D(0), taker_fee=D(0))
CARRIED = msgspec.structs.replace(PERP, maker_fee=D(0), taker_fee=D(0))


def reasons(answers: list[tuple[int, object]]) -> list[str]:
    return [a.reason.partition(":")[0] for _, a in answers if isinstance(a, Reject)]


def test_spot_is_not_sold_short() -> None:
    small = Small(FREE, balances={"ZAR": "10000", "BTC": "1"})

    answers = small.play(trade(1000), [order("1", "SELL", "2"), order("2", "SELL", "1")], trade(1000))

    assert "can be stated, as in borrow" in answers[0][1].reason  # type: ignore[attr-defined]
    assert [type(a) for _, a in answers] == [Reject, Fill]


def test_an_exit_goes_first_and_takes_the_resting_sale_with_it() -> None:
    small = Small(FREE, balances={"ZAR": "10000"})
    resting = order("resting", "SELL", "0.7", "LIMIT", price=D(2000))

    answers = small.play(trade(1000), [order("in")], trade(1000), [resting], trade(1000))
    answers += small.play([order("out", "SELL", "1", reduce_only=True)], trade(1000), trade(3000), trade(3000))

    last = [a for _, a in answers][-2:]
    assert [(type(a), a.id) for a in last] == [(Fill, "out"), (OrderCanceled, "resting")]  # type: ignore[attr-defined]
    assert "BTC that it would sell is gone" in last[1].reason  # type: ignore[attr-defined]


def test_what_rests_to_be_sold_cannot_be_sold_again() -> None:
    small = Small(FREE, balances={"ZAR": "0", "BTC": "1"})
    resting = order("1", "SELL", "0.7", "LIMIT", price=D(2000))

    assert reasons(small.play(trade(1000), [resting, order("2", "SELL", "0.4")], trade(1000))) == ["SHORT"]


def test_as_much_as_the_borrow_rule_says_may_be_sold_short_and_no_more() -> None:
    small = Small(FREE, balances={"ZAR": "1000"}, borrow={"BTC": "2"})

    answers = small.play(trade(1000), [order("1", "SELL", "2"), order("2", "SELL", "0.1")], trade(1000))

    assert reasons(answers) == ["SHORT"]
    assert small.venue.balances() == {"BTC": D(-2), "ZAR": D(3000)}
    assert small.play(trade(1000), [order("3", "BUY", "3")], trade(500)) != []
    assert small.venue.balances() == {"BTC": D(1), "ZAR": D(1500)}


def test_a_rule_for_one_run_is_none_for_the_next() -> None:
    Small(FREE, borrow={"BTC": "2"}).play(trade(1000))

    assert reasons(Small(FREE).play(trade(1000), [order("1", "SELL")], trade(1000))) == ["SHORT"]


@pytest.mark.parametrize(("first", "then"), [("BUY", "SELL"), ("SELL", "BUY")])
def test_a_fill_that_turns_a_position_around_is_paid_in_full(first: str, then: str) -> None:
    small = Small(FREE, balances={"ZAR": "100000", "BTC": "10"})

    small.play(trade(1000), [order("1", first, "1")], trade(1000), [order("2", then, "3")], trade(1100))

    sign = 1 if first == "BUY" else -1
    assert small.venue.balances() == {"BTC": D(10 - 2 * sign), "ZAR": D(100_000 + sign * (3 * 1100 - 1000))}


@pytest.mark.parametrize("seed", [0, 1, 3, 8, 9, 24, 32])
def test_in_a_cash_account_every_balance_is_what_the_fills_say(seed: int) -> None:
    made = world(seed, data=("trades", "quotes", "l2")[seed % 3])
    expected = {code: Decimal(amount) for code, amount in BALANCES.items()}
    outcome = through_ours(made)

    fills = [a for _, a in outcome.answers if isinstance(a, Fill)]
    for fill in fills:
        base, quote = next((d.base, d.quote) for d in made.instruments if d.instrument == fill.instrument)
        signed = fill.quantity if fill.side == "BUY" else -fill.quantity
        expected[base] += signed
        expected[quote] -= signed * fill.price
        expected[fill.fee_currency] -= fill.fee

    assert fills
    assert made.account == "cash"
    for code, amount in expected.items():
        assert abs(outcome.balances[code] - amount) <= len(fills) * D("0.01")  # rands are booked to the cent


def test_the_leverage_limits_what_may_be_held_and_rest() -> None:
    small = Small(CARRIED, balances={"ZAR": "1000"}, account="margin", leverage="5")
    resting = order("3", "SELL", "2", "LIMIT", price=D(1100))

    answers = small.play(
        trade(1000),
        [order("1", "BUY", "5.5"), order("2", "BUY", "3"), resting, order("4", "BUY", "3"), order("5", "SELL", "3")],
        trade(1000),
    )

    assert reasons(answers) == ["MARGIN", "MARGIN"]
    assert {a.id for _, a in answers if isinstance(a, Fill)} == {"2", "5"}
    assert small.venue.balances()["ZAR"] == D(1000)


def test_what_is_lost_carries_nothing() -> None:
    small = Small(CARRIED, balances={"ZAR": "1000"}, account="margin", leverage="5")

    answers = small.play(
        trade(1000), [order("1", "BUY", "2")], trade(1000), trade(800), [order("2", "BUY", "2")], trade(800)
    )

    assert reasons(answers) == ["MARGIN"]  # 1000 - 400 of equity, four units at 800 need 640


def test_a_perpetual_pays_profit_and_loss_and_not_its_notional() -> None:
    small = Small(CARRIED, balances={"ZAR": "10000"}, account="margin", leverage="2")

    small.play(trade(1000), [order("1", "SELL", "3")], trade(1000))
    held = small.venue.balances()["ZAR"]
    small.play([order("2", "BUY", "3")], trade(900))

    assert (held, small.venue.balances()["ZAR"]) == (D(10_000), D(10_300))
    assert small.venue.balances()["BTC"] == D(0)


@pytest.mark.parametrize(("side", "amount"), [("BUY", "-2.2"), ("SELL", "2.2")])
def test_longs_pay_the_funding_that_shorts_receive_at_the_mark(side: str, amount: str) -> None:
    small = Small(CARRIED, balances={"ZAR": "10000"}, account="margin", leverage="2")

    answers = small.play(
        trade(1000), [order("1", side, "2")], trade(1000), MarkPrice(NAME, 1, 1100.0), FundingRate(NAME, 1, 0.001)
    )

    assert answers[-1] == (4, FundingPayment(NAME, D(amount), "ZAR", D("0.001")))
    assert small.venue.balances()["ZAR"] == 10_000 + D(amount)


def test_who_holds_nothing_pays_no_funding() -> None:
    small = Small(CARRIED, account="margin")

    assert small.play(trade(1000), FundingRate(NAME, 1, 0.001)) == []


@pytest.mark.parametrize("seed", [4, 5, 6, 7, 36, 45, 101, 180])
def test_the_ledger_and_the_account_agree_on_perpetuals(seed: int) -> None:
    made = world(seed)
    outcome = through_ours(made)
    ledger = Ledger("ZAR", {code: D(amount) for code, amount in BALANCES.items()}, {})
    ledger.instruments = {d.instrument: d for d in made.instruments}

    for _, body in outcome.answers:
        if isinstance(body, Fill):
            ledger.fill(body)
        elif isinstance(body, FundingPayment):
            ledger.funding(body)

    assert made.account == "margin"
    for code, amount in ledger.cash.items():
        assert abs(outcome.balances[code] - amount) < D("0.5")  # nautilus rounds each fill to the cent


def test_a_reduce_only_order_is_cut_to_the_position_and_goes_with_it() -> None:
    small = Small(FREE, balances={"ZAR": "10000", "BTC": "5"})
    exits = [
        order("2", "SELL", "3", "LIMIT", price=D(1010), reduce_only=True),
        order("3", "SELL", "1", "STOP", trigger=D(990), reduce_only=True),
    ]

    answers = small.play(trade(1000), [order("1", "BUY", "1")], trade(1000), exits, trade(1000), trade(1020))

    said = [(type(a).__name__, a.id) for _, a in answers]  # type: ignore[attr-defined]
    assert said[1:] == [
        ("OrderModified", "2"), ("OrderAccepted", "2"), ("OrderAccepted", "3"), ("Fill", "2"), ("OrderCanceled", "3"),
    ]  # fmt: skip
    assert isinstance(answers[-1][1], OrderCanceled)
    assert answers[-1][1].reason == "nothing left to reduce"


def test_a_partly_filled_reduce_only_order_survives_a_position_smaller_than_what_it_has_done() -> None:
    """nautilus' own rule ends the process here."""
    small = Small(FREE, balances={"ZAR": "100000", "BTC": "50"})
    small.play(trade(1000), [order("1", "BUY", "4")], trade(1000))
    small.play([order("2", "SELL", "4", "LIMIT", price=D(1000), reduce_only=True)], trade(1000, quantity=3.0))
    answers = small.play([order("3", "SELL", "0.5")], trade(900), trade(1001, quantity=2.0))

    assert [(type(a).__name__, a.id) for _, a in answers][-1] == ("Fill", "2")  # type: ignore[attr-defined]
    assert small.venue.balances()["BTC"] == D(50)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"leverage": "3"}, "a cash account has none"),
        ({"account": "margin", "leverage": "0.5"}, "at least 1"),
        ({"account": "margin", "leverage": "much"}, "not an amount of money"),
        ({"borrow": {"BTC": "-1"}}, "finite and not negative"),
        ({"borrow": {"BTC": "NaN"}}, "finite and not negative"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        sim_venue({"ZAR": "1"}, **settings)  # type: ignore[arg-type]


def test_a_cash_account_holds_no_perpetual() -> None:
    with pytest.raises(BuildError, match='set account = "margin"'):
        Small(CARRIED)


@pytest.mark.parametrize("seed", range(4))
def test_no_random_order_in_a_small_account_stops_the_run(seed: int) -> None:
    draw, small = random.Random(seed), Small(BTC, balances={"ZAR": "5000", "BTC": "2"})
    price = 1000.0

    for number in range(150):
        price += draw.randint(-3, 3)
        side = draw.choice(("BUY", "SELL"))
        sent = order(str(number), side, draw.choice(("0.1", "1", "3")))
        small.play(trade(price, draw.choice(("BUY", "SELL")), 2.0), [sent] if number > 4 else [])

    assert all(amount >= 0 for amount in small.venue.balances().values())


def test_an_instrument_with_an_underscore_is_no_spread() -> None:
    name = "BTC_PERP.VALR"
    carried: Instrument = msgspec.structs.replace(CARRIED, instrument=name)
    small = Small(carried, account="margin")

    answers = small.play(trade(1000, name=name), [order("1", name=name)], trade(1000, name=name))

    assert [a.instrument for _, a in answers if isinstance(a, Fill)] == [name]
