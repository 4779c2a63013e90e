"""How much to trade and at what price: whole lots, whole ticks, minimums, and the band without a trade."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

import msgspec

from helios_engine.bodies import Instrument

ZERO = Decimal(0)


class Band(msgspec.Struct, frozen=True):
    """How far a position may be from its target without a trade.

    `relative` is a fraction, in [0, 1), of the larger of target and position; `notional` is an amount of the
    quote currency at the last price. A distance within either is left alone, but a target of 0 knows no band.
    """

    relative: Decimal
    notional: Decimal

    @classmethod
    def of(cls, relative: float, notional: float) -> Band:
        """The band of two settings; ValueError outside their ranges."""
        if not 0 <= relative < 1:
            raise ValueError(f"expected band in [0, 1), found {relative}")
        if not 0 <= notional < float("inf"):
            raise ValueError(
                f"expected band_notional, an amount of the quote currency, of at least 0, found {notional}"
            )
        return cls(Decimal(repr(relative)), Decimal(repr(notional)))

    def holds(self, target: Decimal, held: Decimal, price: Decimal) -> bool:
        """Whether `held` is near enough to `target`, both in units of the instrument."""
        apart = abs(target - held)
        if target == 0:
            return apart == 0
        return apart <= self.relative * max(abs(target), abs(held)) or apart * price <= self.notional


NO_BAND = Band(ZERO, ZERO)


def distance(definition: Instrument, wanted: float, held: Decimal, price: float, band: Band = NO_BAND) -> Decimal:
    """The signed quantity to trade, in units of the instrument; 0 when there is nothing to do.

    Rounded toward zero to the lot. 0 under the minimum quantity, under the minimum notional at
    `price`, and within the band.
    """
    target, at = Decimal(repr(wanted)), Decimal(repr(price))
    apart = target - held
    if band.holds(target, held, at):
        return ZERO
    quantity = whole_lots(definition, abs(apart))
    return ZERO if is_too_small(definition, quantity, at) else quantity.copy_sign(apart)


def whole_lots(definition: Instrument, quantity: Decimal) -> Decimal:
    """An unsigned quantity in whole lots, rounded down."""
    return (quantity / definition.lot).to_integral_value(ROUND_DOWN) * definition.lot


def is_too_small(definition: Instrument, quantity: Decimal, price: Decimal) -> bool:
    """Whether an order of this unsigned quantity is nothing, or under the minimums."""
    return quantity <= 0 or quantity < definition.min_quantity or quantity * price < definition.min_notional


def smallest(definition: Instrument, price: Decimal) -> Decimal:
    """The smallest quantity that an order at `price` may have, in whole lots."""
    least = max(definition.lot, definition.min_quantity, definition.min_notional / price)
    return (least / definition.lot).to_integral_value(ROUND_CEILING) * definition.lot


def whole_ticks(definition: Instrument, price: Decimal, rounding: str) -> Decimal:
    """A price in whole ticks, rounded by one of decimal's rounding modes."""
    return (price / definition.tick).to_integral_value(rounding) * definition.tick


def decimal(value: float) -> Decimal:
    """The shortest decimal that is this float: what a person would write."""
    return Decimal(repr(value))
