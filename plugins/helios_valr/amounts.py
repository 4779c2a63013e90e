"""Prices and quantities as VALR takes them: on the tick, in lots, in plain digits, and not too small."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import Literal

from helios_engine.bodies import Instrument


def plain(number: Decimal) -> str:
    """The number in plain digits, never as 1E-5; ValueError for NaN and infinity."""
    if not number.is_finite():
        raise ValueError(f"expected a finite number, found {number}")
    return f"{number:f}"


def to_tick(price: Decimal, instrument: Instrument, side: Literal["BUY", "SELL"]) -> Decimal:
    """The price on the tick that is no worse than asked: a BUY is rounded down, a SELL up."""
    steps = (price / instrument.tick).to_integral_value(ROUND_FLOOR if side == "BUY" else ROUND_CEILING)
    return steps * instrument.tick


def to_lot(quantity: Decimal, instrument: Instrument) -> Decimal:
    """The quantity cut to whole lots, as VALR itself truncates."""
    return (quantity / instrument.lot).to_integral_value(ROUND_DOWN) * instrument.lot


def too_small(quantity: Decimal, price: Decimal, instrument: Instrument) -> str:
    """Why VALR would refuse the size, in words, or nothing."""
    if quantity < instrument.min_quantity:
        return f"{plain(quantity)} {instrument.base} is under the minimum of {plain(instrument.min_quantity)}"
    if quantity * price < instrument.min_notional:
        value = plain(quantity * price)
        return f"{value} {instrument.quote} is under the minimum of {plain(instrument.min_notional)}"
    return ""
