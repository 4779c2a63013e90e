"""Reduce-only orders: never more than the position, and gone with it.

nautilus 1.221 does this too, but counts a partly filled order's whole quantity against what is left of the position,
and ends the process where that falls below what was filled. So its own rule is switched off.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from helios_engine.bodies import OrderIntent
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.orders import is_buy

ZERO = Decimal(0)


def room(market: Market, *, buys: bool) -> Decimal:
    """How much of the position an order of a side may close."""
    held = market.position.quantity
    return max(ZERO, -held if buys else held)


def cut(market: Market, intent: OrderIntent) -> Decimal:
    """The quantity with which a new order may stand: 0 if there is nothing to reduce."""
    return min(intent.quantity, room(market, buys=intent.side == "BUY")) if intent.reduce_only else intent.quantity


def trim(market: Market) -> None:
    """After a fill: cut what rests down to the position, and cancel what has nothing left to reduce."""
    for order in list(market.open.values()):
        if not order.is_reduce_only or order.is_closed:
            continue
        left = room(market, buys=is_buy(order))
        if not left:
            market.cancel(order, "nothing left to reduce")
        elif order.leaves_qty.as_decimal() > left:
            market.restate(order, order.filled_qty.as_decimal() + left)


def too_much(market: Market, order: Any, quantity: Decimal) -> str | None:
    """Why a resting order may not have a new quantity."""
    left = room(market, buys=is_buy(order))
    if order.is_reduce_only and quantity - order.filled_qty.as_decimal() > left:
        return f"modify: REDUCE_ONLY: the position is {left}"
    return None
