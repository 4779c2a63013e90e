"""What a fill costs and in which currency, as the venue charges it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from nautilus_trader.backtest.models import MakerTakerFeeModel
from nautilus_trader.model.enums import LiquiditySide, OrderSide
from nautilus_trader.model.objects import Money

from helios_engine.bodies import Instrument
from helios_engine.fees import IN_QUOTE, FeeIn, fee_currency

ZERO = Decimal(0)


class VenueFees(MakerTakerFeeModel):
    """Maker and taker rates of the instrument; taken from the quote currency unless `fees_in` says otherwise.

    `fees_in` has for each instrument what makers' and takers' fees are taken from. A fee in the base currency is
    rate times quantity, rounded to the currency's decimals.
    """

    def __init__(self, fees_in: Mapping[str, tuple[FeeIn, FeeIn]]) -> None:
        super().__init__()
        self._fees_in = dict(fees_in)

    def get_commission(self, order: Any, fill_qty: Any, fill_px: Any, instrument: Any) -> Money:
        """The fee of a fill; negative is a rebate."""
        is_maker = order.liquidity_side == LiquiditySide.MAKER
        maker_in, taker_in = self._fees_in.get(str(instrument.id), IN_QUOTE)
        taken_from = maker_in if is_maker else taker_in
        is_buy = order.side == OrderSide.BUY
        if taken_from == "quote" or is_buy != (taken_from == "received"):
            return super().get_commission(order, fill_qty, fill_px, instrument)
        rate = instrument.maker_fee if is_maker else instrument.taker_fee
        return Money(fill_qty.as_decimal() * rate, instrument.base_currency)


class Rates(NamedTuple):
    """The most that a fill may cost: as a share of its value in quote, and of its quantity in base."""

    in_quote: Decimal
    in_base: Decimal


def highest_rates(
    definition: Instrument, fees_in: tuple[FeeIn, FeeIn], *, is_buy: bool, is_taker: bool = False
) -> Rates:
    """The rates of an order before it is known whether it makes or takes; `is_taker` if it can only take."""
    found = {definition.quote: ZERO, definition.base: ZERO}
    charged = list(zip((definition.maker_fee, definition.taker_fee), fees_in, strict=True))
    for rate, taken_from in charged[1:] if is_taker else charged:
        currency = fee_currency(taken_from, "BUY" if is_buy else "SELL", definition)
        found[currency] = max(found[currency], rate)
    return Rates(found[definition.quote], found[definition.base])
