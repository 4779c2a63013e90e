from __future__ import annotations

import pytest

from tests.unit.gate.making import DAY, SPOT, Desk, order, sell


def test_after_the_daily_loss_only_an_order_that_reduces_passes_until_the_next_day() -> None:
    desk = Desk(max_daily_loss=0.01)
    desk.hold("5")
    desk.ledger.prices[SPOT] = 90.0

    assert desk.refuse(order("1"), 2) == (
        "max_daily_loss: 5.00% lost, equity 950.00, the day began with 1000.00, limit 1.00%"
    )
    assert desk.refuse(sell("2", "5"), 3) == ""
    assert desk.refuse(order("3"), DAY) == ""


def test_a_loss_of_just_the_limit_passes() -> None:
    desk = Desk(max_daily_loss=0.05, max_drawdown=0.05)
    desk.hold("5")
    desk.ledger.prices[SPOT] = 90.0

    assert desk.refuse(order()) == ""


def test_the_drawdown_is_from_the_highest_equity_and_no_new_day_ends_it() -> None:
    desk = Desk(max_drawdown=0.1)
    desk.hold("5")
    desk.ledger.prices[SPOT] = 150.0
    desk.mark(2)
    desk.ledger.prices[SPOT] = 120.0

    assert desk.refuse(order("1"), DAY) == (
        "max_drawdown: 12.00% lost, equity 1100.00, the highest was 1250.00, limit 10.00%"
    )
    assert desk.refuse(sell("2", "5"), DAY) == ""
    desk.ledger.prices[SPOT] = 125.0
    assert desk.refuse(order("3"), DAY) == ""


def test_what_the_equity_was_before_the_start_is_no_peak() -> None:
    desk = Desk(max_drawdown=0.1)
    desk.hold("5")
    desk.ledger.prices[SPOT] = 150.0
    account = desk.ledger.account()
    assert account is not None
    desk.gate.marked(2, account, False)
    desk.ledger.prices[SPOT] = 100.0

    assert desk.refuse(order(), 3) == ""


@pytest.mark.parametrize("kind", ["max_daily_loss", "max_drawdown"])
def test_an_account_that_cannot_be_valued_takes_no_new_risk(kind: str) -> None:
    desk = Desk(**{kind: 0.5})
    desk.ledger.cash["USD"] = desk.ledger.cash["ZAR"]

    assert desk.refuse(order()).startswith(f"{kind}: cannot be judged")


def test_an_account_that_began_with_nothing_has_lost_everything() -> None:
    desk = Desk(cash="0", max_drawdown=0.5)

    assert desk.refuse(order()).startswith("max_drawdown: 100.00% lost")
