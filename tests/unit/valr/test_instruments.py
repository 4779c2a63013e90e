"""Pairs as instruments, with fees and margins, from the day they hold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Instrument
from helios_engine.errors import ConfigError
from helios_valr import amounts, answers
from helios_valr.errors import WireError
from helios_valr.fees import FeeRow, FeeTable
from helios_valr.instruments import Definitions, currency_name, definition
from tests.unit.valr.samples import PAIR, PERPETUAL

DAY_1, DAY_2 = 1_700_000_000_000_000_000, 1_700_100_000_000_000_000


def pair(of: dict[str, Any] = PAIR, **changes: Any) -> answers.PairRow:
    """A row of `/pairs`, changed."""
    return answers.read(json.dumps([of | changes]).encode(), answers.BODIES["pairs"], "pairs")[0]


def test_a_spot_pair() -> None:
    assert definition(pair(), FeeTable(), DAY_1) == Instrument(
        instrument="BTCZAR.VALR",
        base="BTC",
        quote="ZAR",
        price_scale=0,
        size_scale=8,
        tick=Decimal(1),
        lot=Decimal("0.00000001"),
        min_quantity=Decimal("0.00001"),
        min_notional=Decimal(10),
        maker_fee=Decimal("0.0018"),
        taker_fee=Decimal("0.0035"),
        valid_from=DAY_1,
    )


def test_a_perpetual_has_margins_and_its_own_fees() -> None:
    found = definition(pair(PERPETUAL), FeeTable(), DAY_1)

    assert (found.contract, found.margin_init, found.margin_maint) == ("perpetual", Decimal("0.2"), Decimal("0.1"))
    assert (found.maker_fee, found.taker_fee) == (Decimal("0.0003"), Decimal("0.0007"))
    assert (found.price_scale, found.tick) == (1, Decimal("0.10"))
    with pytest.raises(WireError, match="a perpetual without margin fractions"):
        definition(pair(PERPETUAL, initialMarginFraction=None), FeeTable(), DAY_1)


@pytest.mark.parametrize(("tick", "scale"), [("0.00001", 5), ("0.10", 1), ("1", 0), ("1.00", 0), ("10", 0), ("0.5", 1)])
def test_the_scale_of_prices_is_that_of_the_tick(tick: str, scale: int) -> None:
    assert definition(pair(tickSize=tick), FeeTable(), DAY_1).price_scale == scale


def test_decimals_are_read_from_text_and_from_numbers() -> None:
    assert pair(baseDecimalPlaces="8") == pair(baseDecimalPlaces=8)
    for wrong in ("19", "-1", "08", "8.0", 8.0, 19, -1, None, True):
        with pytest.raises(WireError, match="baseDecimalPlaces"):
            pair(baseDecimalPlaces=wrong)


def test_only_what_changed_is_told_and_from_then_on() -> None:
    known = Definitions()

    assert [made.instrument for made in known.update([pair(), pair(PERPETUAL)], DAY_1)] == [
        "BTCUSDTPERP.VALR",
        "BTCZAR.VALR",
    ]
    assert known.update([pair(), pair(PERPETUAL)], DAY_2) == []
    (changed,) = known.update([pair(tickSize="2"), pair(PERPETUAL)], DAY_2)
    assert (changed.instrument, changed.tick, changed.valid_from) == ("BTCZAR.VALR", Decimal(2), DAY_2)


def test_an_inactive_pair_and_one_that_is_gone_are_not_tradable() -> None:
    known = Definitions()
    known.update([pair(), pair(PERPETUAL)], DAY_1)
    assert known.is_tradable("BTCZAR.VALR")

    told = known.update([pair(active=False)], DAY_2)

    assert [(made.instrument, made.delisted, made.valid_from) for made in told] == [
        ("BTCUSDTPERP.VALR", DAY_2, DAY_2),
        ("BTCZAR.VALR", DAY_2, DAY_2),
    ]
    assert not known.is_tradable("BTCZAR.VALR")
    assert not known.is_tradable("NEVERSEEN.VALR")
    assert known.update([pair(active=False)], DAY_2 + 1) == []
    assert [made.delisted for made in known.update([pair()], DAY_2 + 2)] == [0]


def test_a_list_without_a_pair_is_a_fault_and_no_end_of_trading() -> None:
    known = Definitions()
    known.update([pair()], DAY_1)

    with pytest.raises(WireError, match="lists no pair at all"):
        known.update([], DAY_2)
    assert known.is_tradable("BTCZAR.VALR")


def _fees(table: FeeTable, row: answers.PairRow) -> tuple[Decimal, Decimal]:
    made = definition(row, table, DAY_1)
    return made.maker_fee, made.taker_fee


def test_fees_of_the_account_go_before_the_schedule_field_by_field() -> None:
    told = [FeeRow("BTCZAR", taker_percentage="0.3"), FeeRow("BTCUSDTPERP", maker_percentage="-0.01")]

    table = FeeTable(told=told)

    assert _fees(table, pair()) == (Decimal("0.0018"), Decimal("0.003"))
    assert _fees(table, pair(PERPETUAL)) == (Decimal("-0.0001"), Decimal("0.0007"))


@pytest.mark.parametrize(
    ("base", "quote", "tier", "fees"),
    [
        ("BTC", "ZAR", 1, ("0.0018", "0.0035")),
        ("USDT", "ZAR", 9, ("-0.0001", "0.0005")),
        ("BTC", "USDT", 1, ("0.0008", "0.0010")),
        ("USDC", "USDT", 1, ("0.0005", "0.0010")),
        ("BTC", "R", 2, ("0.0010", "0.0025")),
    ],
)
def test_the_engines_schedule_of_a_tier_holds_for_pairs_by_their_quote(
    base: str, quote: str, tier: int, fees: tuple[str, str]
) -> None:
    found = _fees(FeeTable(f"valr-tier{tier}-2026"), pair(baseCurrency=base, quoteCurrency=quote))

    assert found == (Decimal(fees[0]), Decimal(fees[1]))


def test_a_schedule_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="no fee schedule 'valr-tier10-2026'"):
        definition(pair(), FeeTable("valr-tier10-2026"), DAY_1)


def test_the_rand_is_known_by_its_short_name() -> None:
    assert (currency_name("R"), currency_name("ZAR"), currency_name("BTC")) == ("ZAR", "ZAR", "BTC")
    assert definition(pair(quoteCurrency="R"), FeeTable(), DAY_1).quote == "ZAR"


@given(st.decimals("0.00000001", "99999999", places=8), st.sampled_from(["1", "0.5", "0.00001", "10"]))
def test_a_price_is_put_on_the_tick_and_never_worse_than_asked(price: Decimal, tick: str) -> None:
    made = definition(pair(tickSize=tick), FeeTable(), DAY_1)

    buy, sell = amounts.to_tick(price, made, "BUY"), amounts.to_tick(price, made, "SELL")

    assert buy <= price <= sell
    assert buy % made.tick == sell % made.tick == 0
    assert sell - buy <= made.tick
    assert "E" not in amounts.plain(buy)


@given(st.decimals("0", "99999999", places=12))
def test_a_quantity_is_cut_to_lots(quantity: Decimal) -> None:
    made = definition(pair(), FeeTable(), DAY_1)

    found = amounts.to_lot(quantity, made)

    assert 0 <= quantity - found < made.lot
    assert Decimal(amounts.plain(found)) == found


def test_what_is_too_small_is_said_and_what_is_no_number_refused() -> None:
    made = definition(pair(), FeeTable(), DAY_1)

    assert amounts.too_small(Decimal("0.00001"), Decimal(1000000), made) == ""
    assert "under the minimum of 0.00001" in amounts.too_small(Decimal("0.000009"), Decimal(2000000), made)
    assert "9.99999 ZAR is under the minimum of 10" in amounts.too_small(Decimal("0.00001"), Decimal(999999), made)
    assert amounts.plain(Decimal("1E-5")) == "0.00001"
    with pytest.raises(ValueError, match="expected a finite number"):
        amounts.plain(Decimal("NaN"))
