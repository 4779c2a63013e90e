"""What an instrument is worth to the ledger, and how funding reaches it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from helios_engine.bodies import (
    Account,
    Bar,
    BookSnapshot,
    FundingPayment,
    MarkPrice,
    Quote,
    Trade,
)
from helios_engine.config import GateSection
from helios_engine.events import Body
from helios_engine.gate import Gate
from helios_engine.ledger import Ledger
from helios_engine.marks import Marks
from helios_engine.port import Port
from tests.market import BTC, NextPrint

D = Decimal
NAME = BTC.instrument
TRADE = Trade(NAME, 1, 100.0, 1.0, "BUY", "1")
BAR = Bar(NAME, "1m", 1, 2, 1.0, 1.0, 1.0, 101.0, 1.0)
QUOTE = Quote(NAME, 1, 98.0, 100.0, 1.0, 1.0)
BOOK = BookSnapshot(NAME, 1, ((96.0, 1.0),), ((98.0, 1.0),), 1)
MARK = MarkPrice(NAME, 1, 105.0)


def port() -> Port:
    ledger = Ledger("ZAR", {"ZAR": D(1000)}, {})
    made = Port(Gate(GateSection(), ledger), ledger, NextPrint(), 0)
    made.open(1, [BTC])
    return made


@pytest.mark.parametrize(
    ("bodies", "price"),
    [
        ([QUOTE], 99.0),
        ([BOOK], 97.0),
        ([BookSnapshot(NAME, 1, (), ((98.0, 1.0),), 1)], None),
        ([TRADE, QUOTE], 100.0),
        ([QUOTE, BAR, BOOK], 101.0),
        ([MARK, TRADE, QUOTE], 105.0),
        ([TRADE, MARK], 105.0),
    ],
)
def test_a_mark_counts_before_a_trade_or_bar_and_those_before_a_quote_or_book(
    bodies: list[Body], price: float | None
) -> None:
    ledger = Ledger("ZAR", {"ZAR": D(1000)}, {})
    hears = Marks(ledger).hears()

    for body in bodies:
        hears[type(body)](1, body)

    assert ledger.prices.get(NAME) == price


def test_funding_changes_the_account_and_nothing_else() -> None:
    made = port()

    following = made.book(1, FundingPayment(NAME, D(-7), "ZAR", D("0.01")))

    assert following == [Account("ZAR", D(993), D(993), D(0))]
    assert made.fills == 0
