"""What can still be spent: the account's cash, less what orders on their way may cost."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import Account, Instrument
from helios_execution.sizing import ZERO, decimal, is_too_small, whole_lots


class Purse:
    """Cuts a purchase to the cash there is; the venue would refuse the whole of it.

    `cushion` is the share of the cash kept back, since the price may rise before the order arrives.
    Only the account's own currency is known here: instruments quoted in another are not cut, nor is
    anything before the first account, nor anything at all unless `is_cash_only`.
    """

    def __init__(self, cushion: float, is_cash_only: bool = True) -> None:
        if not 0 <= cushion < 1:
            raise ValueError(f"expected cushion, a share of the cash, in [0, 1), found {cushion}")
        self.share = 1 - decimal(cushion)
        self.is_cash_only = is_cash_only
        self.account: Account | None = None
        self.spoken_for: dict[str, Decimal] = {}

    def cut(self, definition: Instrument, quantity: Decimal, price: float) -> Decimal:
        """The signed quantity of an order, or as much of it as can be paid with the taker fee; 0 under the minimums."""
        account = self.account
        if not self.is_cash_only or quantity <= 0 or account is None or definition.quote != account.currency:
            return quantity
        cost = decimal(price) * (1 + definition.taker_fee)
        free = max(ZERO, account.cash - sum(self.spoken_for.values(), ZERO)) * self.share
        most = whole_lots(definition, free / cost)
        if most >= quantity:
            return quantity
        return ZERO if is_too_small(definition, most, decimal(price)) else most

    def set_aside(self, name: str, quantity: Decimal, price: float) -> None:
        """An order of this signed quantity is on its way."""
        if quantity > 0:
            self.spoken_for[name] = quantity * decimal(price)

    def release(self, name: str) -> None:
        """The order of this instrument is over."""
        self.spoken_for.pop(name, None)
