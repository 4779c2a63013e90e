from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Fill, FundingPayment, Instrument, Position
from helios_engine.ledger import Ledger

D = Decimal
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"))
ETH = Instrument("ETHUSDT.BINANCE", "ETH", "USDT", 2, 4, tick=D("0.01"), lot=D("0.0001"))


def fill(side: str, quantity: str, price: str, fee: str = "0", currency: str = "ZAR", of: Instrument = BTC) -> Fill:
    return Fill("1", "1", of.instrument, side, D(quantity), D(price), D(fee), currency, "TAKER")  # type: ignore[arg-type]


def ledger(cash: str = "1000") -> Ledger:
    made = Ledger("ZAR", {"ZAR": D(cash)}, {"USDT": "USDTZAR.VALR"})
    made.instruments = {BTC.instrument: BTC, ETH.instrument: ETH}
    return made


def test_the_average_price_moves_with_buys_and_not_with_sells() -> None:
    book = ledger()

    book.fill(fill("BUY", "1", "100"))
    book.fill(fill("BUY", "3", "120"))
    position = book.fill(fill("SELL", "2", "130"))

    assert position == Position(BTC.instrument, D(2), D(115), D(30))


def test_a_flip_begins_anew_at_the_price_of_the_flip() -> None:
    book = ledger()
    book.fill(fill("BUY", "1", "100"))

    position = book.fill(fill("SELL", "3", "90"))

    assert position == Position(BTC.instrument, D(-2), D(90), D(-10))


def test_a_fee_in_the_base_currency_is_taken_from_the_position() -> None:
    book = ledger()

    position = book.fill(fill("BUY", "1", "100", fee="0.002", currency="BTC"))

    assert (position.quantity, book.cash["ZAR"], book.fees) == (D("0.998"), D(900), D("0.2"))


def test_the_account_is_silent_while_a_rate_is_unknown_and_marked_once_it_is_known() -> None:
    book = ledger()
    book.fill(fill("BUY", "2", "50", fee="1", currency="USDT", of=ETH))

    before = book.account()
    book.prices["USDTZAR.VALR"] = 18.0
    after = book.account()

    assert before is None
    assert after is not None
    assert (after.cash, after.equity, after.exposure) == (D(1000) - 101 * 18, D(1000) - 18, D(1800))


trades = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 50), st.integers(1, 500), st.integers(0, 9)), max_size=30
)


@given(trades)
def test_equity_is_start_plus_what_each_fill_earned_at_the_last_price(orders: list[tuple[str, int, int, int]]) -> None:
    book = ledger()
    for side, quantity, price, fee in orders:
        book.fill(fill(side, str(quantity), str(price), str(fee)))
    last = orders[-1][2] if orders else 0

    earned = sum((1 if side == "BUY" else -1) * q * (last - price) - fee for side, q, price, fee in orders)

    account = book.account()
    assert account is not None
    assert account.equity == 1000 + earned


@given(trades)
def test_realised_profit_and_open_profit_add_up_to_the_equity(orders: list[tuple[str, int, int, int]]) -> None:
    book = ledger()
    for side, quantity, price, _ in orders:
        book.fill(fill(side, str(quantity), str(price)))
    held = book.positions.get(BTC.instrument, Position(BTC.instrument, D(0), D(0), D(0)))
    last = D(orders[-1][2]) if orders else D(0)

    account = book.account()

    assert account is not None
    open_profit = held.quantity * (last - held.average_price)
    assert abs(account.equity - 1000 - held.realised - open_profit) < D("1e-20") * 10**6


CARRIED = msgspec.structs.replace(BTC, contract="perpetual")


def test_a_perpetual_is_not_paid_for_and_counts_with_what_it_would_bring() -> None:
    book = ledger("1000")
    book.instruments[BTC.instrument] = CARRIED
    book.fill(fill("SELL", "10", "500", fee="5"))
    book.prices[BTC.instrument] = 480.0

    account = book.account()

    assert account is not None
    assert (account.cash, account.equity, account.exposure) == (D(995), D(1195), D(4800))


def test_closing_a_perpetual_brings_its_profit_and_funding_is_paid() -> None:
    book = ledger("1000")
    book.instruments[BTC.instrument] = CARRIED
    book.fill(fill("BUY", "2", "100"))
    book.fill(fill("SELL", "3", "130"))
    book.funding(FundingPayment(BTC.instrument, D("-1.5"), "ZAR", D("0.01")))

    assert book.cash["ZAR"] == D(1000) + 60 - D("1.5")
    assert book.positions[BTC.instrument] == Position(BTC.instrument, D(-1), D(130), D(60))


@given(
    prices=st.lists(st.integers(1, 10**6), min_size=1, max_size=20),
    signs=st.lists(st.sampled_from(["BUY", "SELL"]), min_size=20, max_size=20),
    last=st.integers(1, 10**6),
)
def test_the_equity_of_a_perpetual_is_that_of_spot(prices: list[int], signs: list[str], last: int) -> None:
    books = ledger(), ledger()
    books[1].instruments[BTC.instrument] = CARRIED

    for book in books:
        for price, side in zip(prices, signs, strict=False):
            book.fill(fill(side, "1", str(price)))
        book.prices[BTC.instrument] = float(last)

    spot, carried = (book.account() for book in books)
    assert spot is not None
    assert carried is not None
    assert abs(spot.equity - carried.equity) < D("1e-15")
    assert spot.exposure == carried.exposure
