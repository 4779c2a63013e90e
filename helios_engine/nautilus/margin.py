"""What a margin account can carry: positions and orders up to the leverage, profit and loss in the quote currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from helios_engine.bodies import FundingPayment, FundingRate, Instrument
from helios_engine.nautilus.answers import plain
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.funds import fee_rate
from helios_engine.nautilus.instruments import currency
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.orders import is_buy
from helios_engine.nautilus.wish import Wish

ZERO = Decimal(0)


class Margin:
    """Judges orders by the account's equity in the quote currency; nautilus judges none in a margin account.

    Of every instrument counts the larger of what it would be long, and what it would be short, if all its orders of
    one side were filled: that quantity, at the mark, times the initial margin. Nothing is converted between currencies.
    """

    def __init__(
        self, assembly: Assembly, markets: Mapping[str, Market], leverage: Decimal, borrow: Mapping[str, Decimal]
    ) -> None:
        self._assembly, self._markets = assembly, markets
        self._leverage, self._borrow = leverage, borrow

    def refusal(self, wish: Wish) -> str | None:
        """Why the account cannot carry a wish; nothing if it can, or if it asks for no more than before."""
        d = wish.definition
        if wish.is_reduce_only or wish.price is None:
            return None
        short = self._short(wish)
        if short is not None:
            return short
        before, after = self._required(d.quote, None), self._required(d.quote, wish)
        if after <= before:
            return None
        need = after + wish.quantity * wish.price * fee_rate(d)
        equity = self._equity(d.quote)
        if need <= equity:
            return None
        return f"MARGIN: needs {need:.2f} {d.quote} at a leverage of {self._leverage}, equity {equity:.2f}"

    def rate(self, definition: Instrument) -> Decimal:
        """The initial margin of an instrument, as a fraction of the notional."""
        return max(definition.margin_init, 1 / self._leverage)

    def funding(self, body: FundingRate, market: Market) -> FundingPayment | None:
        """What the position pays or receives: -quantity × mark × rate, rounded half to even to the currency's digits.

        Binance, Bybit and VALR charge so: longs pay shorts while the rate is positive.
        """
        price = market.price()
        if not market.position.quantity or price is None:
            return None
        quote = market.definition.quote
        digits = Decimal(1).scaleb(-currency(quote).precision)
        rate = Decimal(repr(body.rate))
        amount = (-market.position.quantity * price * rate).quantize(digits, ROUND_HALF_EVEN)
        return FundingPayment(body.instrument, plain(amount), quote, plain(rate)) if amount else None

    def _short(self, wish: Wish) -> str | None:
        d, market = wish.definition, self._markets[wish.definition.instrument]
        if d.contract != "spot" or wish.is_buy:
            return None
        free = self._assembly.total(d.base) + market.position.quantity + self._borrow.get(d.base, ZERO)
        free -= _resting(market, buys=False, but=wish.id)
        if wish.quantity <= free:
            return None
        return f"SHORT: spot is not sold short beyond what borrow states: {wish.quantity} {d.base} to sell, {free} free"

    def _required(self, quote: str, wish: Wish | None) -> Decimal:
        found = ZERO
        for market in self._markets.values():
            d = market.definition
            if d.quote != quote:
                continue
            mine = wish if wish is not None and wish.definition is d else None
            but = "" if mine is None else mine.id
            buys, sells = _resting(market, buys=True, but=but), _resting(market, buys=False, but=but)
            if mine is not None:
                buys, sells = (buys + mine.quantity, sells) if mine.is_buy else (buys, sells + mine.quantity)
            held, price = market.position.quantity, market.price() or ZERO
            found += max(abs(held + buys), abs(held - sells)) * price * self.rate(d)
        return found

    def _equity(self, quote: str) -> Decimal:
        equity = self._assembly.total(quote)
        for market in self._markets.values():
            position, price = market.position, market.price()
            if market.definition.quote == quote and position.quantity and price is not None:
                equity += position.quantity * (price - position.average_price)
        return equity


def _resting(market: Market, *, buys: bool, but: str) -> Decimal:
    left = ZERO
    for name, order in market.open.items():
        if name != but and is_buy(order) == buys and not order.is_reduce_only:
            left += order.leaves_qty.as_decimal()
    return left
