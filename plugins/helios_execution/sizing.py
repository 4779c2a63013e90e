"""How much to trade: the distance to a target in whole lots, if it is worth an order."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from helios_engine.bodies import Instrument

ZERO = Decimal(0)


def distance(definition: Instrument, wanted: float, held: Decimal, price: float, band: Decimal) -> Decimal:
    """The signed quantity to trade, in units of the instrument; 0 when there is nothing to do.

    Rounded toward zero to the lot. 0 under the minimum quantity, under the minimum notional at
    `price`, and while it is within `band`, a fraction below 1 of the larger of target and position:
    the way out, to a target of 0, is always further.
    """
    target = Decimal(repr(wanted))
    apart = target - held
    if abs(apart) <= band * max(abs(target), abs(held)):
        return ZERO
    quantity = (abs(apart) / definition.lot).to_integral_value(ROUND_DOWN) * definition.lot
    if quantity < definition.min_quantity or quantity * Decimal(repr(price)) < definition.min_notional:
        return ZERO
    return quantity.copy_sign(apart)
