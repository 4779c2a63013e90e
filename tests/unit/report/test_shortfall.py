"""The shortfall of orders whose parts are worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from helios_engine.bodies import Instrument
from helios_engine.report.breakdown import Breakdown, breakdown
from helios_engine.report.frames import read_frame
from helios_engine.report.metrics import measure
from helios_engine.report.shortfall import Shortfall, shortfall
from helios_engine.report.valuation import Valuation
from helios_engine.results import FUNDING, ORDERS, VOLUMES
from helios_engine.timeframe import DAY
from tests.unit.report.run_folders import write_table

BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, Decimal(1), Decimal("0.001"))
USDT = Instrument("BTCUSDT.BINANCE", "BTC", "USDT", 0, 8, Decimal(1), Decimal("0.001"))
NONE: tuple[float | None, float | None] = (None, None)


def frame(tmp_path: Path, schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    write_table(tmp_path / "table.parquet", schema, rows)
    return read_frame(tmp_path / "table.parquet")


def order(
    side: str,
    quantity: float,
    decided: float | None,
    arrived: float,
    filled: float,
    price: float | None,
    end: float,
    touch: tuple[float | None, float | None] = NONE,
    *,
    taken: float | None = None,
    instrument: str = "BTCZAR.VALR",
) -> tuple[Any, ...]:
    taken = filled if taken is None else taken
    return (
        *(1, "o", instrument, side, "MARKET", quantity, decided, 2, arrived, *touch),
        *(filled, price, taken, 3, "filled", end),
    )


def found(tmp_path: Path, *rows: tuple[Any, ...]) -> Shortfall:
    rates = pd.DataFrame({"instrument": ["USDTZAR.VALR"], "price": [18.0]}, index=pd.DatetimeIndex([1], tz="UTC"))
    return shortfall(
        frame(tmp_path, ORDERS, list(rows)), Valuation("ZAR", [BTC, USDT], {"USDT": "USDTZAR.VALR"}, rates)
    )


def test_a_purchase_in_parts_costs_delay_execution_and_what_it_missed(tmp_path: Path) -> None:
    # 10 wanted at 100; 6 filled at 103 after arriving at 102; 4 given up at 110.
    s = found(tmp_path, order("BUY", 10, 100, 102, 6, 103, 110))

    assert (s.delay, s.execution, s.opportunity) == (12.0, 6.0, 40.0)
    assert (s.ordered, s.unfilled, s.orders) == (1000.0, 0.4, 1)


def test_a_sale_that_the_market_ran_towards_gains(tmp_path: Path) -> None:
    s = found(tmp_path, order("SELL", 2, 100, 101, 2, 103, 103))

    assert (s.delay, s.execution, s.opportunity) == (-2.0, -4.0, 0.0)


def test_the_spread_is_half_of_it_at_arrival_for_what_was_taken(tmp_path: Path) -> None:
    # Bid 99, ask 101: half is 1. Of 4 filled at 102 on average, 3 were taken.
    s = found(tmp_path, order("BUY", 4, 100, 100, 4, 102, 102, (99.0, 101.0), taken=3))

    assert (s.execution, s.spread, s.spread_covered) == (8.0, 3.0, 1.0)


def test_without_quotes_the_spread_is_unknown_and_not_nought(tmp_path: Path) -> None:
    s = found(tmp_path, order("BUY", 4, 100, 100, 4, 102, 102))

    assert (s.spread, s.spread_covered) == (None, None)
    assert s.reasons["spread"] == "the data has no quotes, so no spread is known"


def test_a_spread_known_for_a_part_says_for_how_much(tmp_path: Path) -> None:
    quoted = order("BUY", 1, 100, 100, 1, 100, 100, (99.0, 101.0))

    s = found(tmp_path, quoted, order("BUY", 3, 100, 100, 3, 100, 100))

    assert (s.spread, s.spread_covered) == (1.0, 0.25)


def test_money_of_another_currency_is_valued_at_the_decision(tmp_path: Path) -> None:
    s = found(tmp_path, order("BUY", 1, 100, 101, 1, 103, 103, instrument="BTCUSDT.BINANCE"))

    assert (s.delay, s.execution) == (18.0, 36.0)


def test_a_decision_without_a_price_leaves_what_needs_it_unknown(tmp_path: Path) -> None:
    s = found(tmp_path, order("BUY", 1, None, 101, 1, 103, 103))

    assert (s.delay, s.execution, s.ordered) == (None, 2.0, None)
    assert "no known price" in s.reasons["delay"]


def parts(tmp_path: Path, funding: list[tuple[Any, ...]], unfunded: tuple[str, ...] = ()) -> Breakdown:
    times = pd.DatetimeIndex([0, DAY + 5, DAY + 6], tz="UTC")
    equity = pd.DataFrame({"equity": [1000.0, 970.0, 963.0], "exposure": [0.0, 0.0, 0.0]}, index=times)
    legs = pd.DataFrame(
        {"instrument": ["BTCZAR.VALR"] * 2, "quantity": [6.0, 2.0], "value": [618.0, 206.0], "fee": [3.0, 1.0]},
        index=times[1:],
    )
    metrics = measure(equity, [], [])
    metrics = type(metrics)(**{n: getattr(metrics, n) for n in metrics.__struct_fields__} | {"costs": 4.0, "fills": 2})
    orders = frame(tmp_path, ORDERS, [order("BUY", 10, 100, 102, 8, 103, 110)])
    volumes = frame(tmp_path, VOLUMES, [(0, "BTCZAR.VALR", 1.0), (DAY, "BTCZAR.VALR", 400.0)])
    paid = frame(tmp_path, FUNDING, funding)
    valuation = Valuation("ZAR", [BTC], {}, pd.DataFrame({"instrument": [], "price": []}, index=times[:0]))
    return breakdown(metrics, orders, paid, legs, volumes, valuation, unfunded=unfunded)


def test_from_gross_to_net_every_part_is_counted_once(tmp_path: Path) -> None:
    b = parts(tmp_path, [(7, "BTCZAR.VALR", -2.5, "ZAR"), (8, "BTCZAR.VALR", 0.5, "ZAR")])

    # −37 net; 4 of fees, 2 of funding, 16 of delay and 8 of execution before that.
    assert (b.net, b.fees, b.funding, b.gross) == (-37.0, 4.0, 2.0, -7.0)


def test_participation_is_ours_over_the_markets_on_days_with_fills(tmp_path: Path) -> None:
    b = parts(tmp_path, [])

    assert (b.participation, b.busiest, b.busiest_day) == (pytest.approx(0.02), 0.02, DAY)


def test_funding_that_the_data_lacks_is_unknown_and_so_is_gross(tmp_path: Path) -> None:
    b = parts(tmp_path, [], ("BTCUSDT-PERP.BINANCE",))

    assert (b.funding, b.gross) == (None, None)
    assert b.reasons["funding"] == "the data has no funding rates of BTCUSDT-PERP.BINANCE"
