"""What can still be spent: the account's cash, less what orders on their way may cost."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from helios_engine.bodies import Account, Instrument
from helios_execution.sizing import ZERO


class Purse:
    """Cuts a purchase to the cash there is; the venue would refuse the whole of it.

    `cushion` is the share of the cash kept back, since the price may rise before the order arrives.
    Only the account's own currency is known here: instruments quoted in another are not cut, nor is
    anything before the first account.
    """

    def __init__(self, cushion: float) -> None:
        if not 0 <= cushion < 1:
            raise ValueError(f"expected cushion, a share of the cash, in [0, 1), found {cushion}")
        self.share = 1 - Decimal(repr(cushion))
        self.account: Account | None = None
        self.spoken_for: dict[str, Decimal] = {}

    def cut(self, definition: Instrument, quantity: Decimal, price: float) -> Decimal:
        """The signed quantity of an order, or as much of it as can be paid with the taker fee; 0 under the minimums."""
        if quantity <= 0 or self.account is None or definition.quote != self.account.currency:
            return quantity
        cost = Decimal(repr(price)) * (1 + definition.taker_fee)
        free = max(ZERO, self.account.cash - sum(self.spoken_for.values(), ZERO)) * self.share
        most = (free / cost / definition.lot).to_integral_value(ROUND_DOWN) * definition.lot
        if most >= quantity:
            return quantity
        worth = most * Decimal(repr(price))
        return ZERO if most < definition.min_quantity or worth < definition.min_notional else most

    def set_aside(self, name: str, quantity: Decimal, price: float) -> None:
        """An order of this signed quantity is on its way."""
        if quantity > 0:
            self.spoken_for[name] = quantity * Decimal(repr(price))

    def release(self, name: str) -> None:
        """The order of this instrument is over."""
        self.spoken_for.pop(name, None)
