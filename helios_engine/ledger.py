"""Positions and money: fills in, `Position` and a marked `Account` out. Decimal throughout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from helios_engine.bodies import Account, Fill, FundingPayment, Instrument, Position

ZERO = Decimal(0)


class Ledger:
    """What we hold and what it is worth in the report currency.

    Positions are kept at average cost; a fee in the base currency is taken from the position, any
    other from that currency's cash. A currency is valued at the last price of its rate instrument.
    Spot is paid for and held. A perpetual is neither: what a fill closes brings its profit or loss, funding is paid,
    and what is open counts with what it would bring at the last price.
    """

    def __init__(self, currency: str, balances: Mapping[str, Decimal], rates: Mapping[str, str]) -> None:
        self.currency = currency
        self.cash: dict[str, Decimal] = dict(balances)
        self.positions: dict[str, Position] = {}
        self.instruments: dict[str, Instrument] = {}
        self.prices: dict[str, float] = {}
        self.fees = ZERO
        self._rates = dict(rates)

    def fill(self, fill: Fill) -> Position:
        """Book a fill; return the position it leaves."""
        definition = self.instruments[fill.instrument]
        sign = 1 if fill.side == "BUY" else -1
        quantity = sign * fill.quantity
        held = self.positions.get(fill.instrument, Position(fill.instrument, ZERO, ZERO, ZERO))
        position = after_fill(held, quantity, fill.price)
        is_spot = definition.contract == "spot"
        self._pay(definition.quote, -quantity * fill.price if is_spot else position.realised - held.realised)
        if is_spot and fill.fee_currency == definition.base:
            position = Position(
                fill.instrument, position.quantity - fill.fee, position.average_price, position.realised
            )
        else:
            self._pay(fill.fee_currency, -fill.fee)
        self.fees += fill.fee * (self._fee_rate(fill, definition) or ZERO)
        self.positions[fill.instrument] = position
        self.prices[fill.instrument] = float(fill.price)
        return position

    def funding(self, payment: FundingPayment) -> None:
        """Book what a perpetual's position paid or received."""
        self._pay(payment.currency, payment.amount)

    def account(self) -> Account | None:
        """The account at the last prices; nothing while a price that it needs is unknown."""
        cash = exposure = value = ZERO
        for currency, amount in self.cash.items():
            rate = self.rate(currency) if amount else ZERO
            if rate is None:
                return None
            cash += amount * rate
        for name, position in self.positions.items():
            if not position.quantity:
                continue
            worth = self.worth(name, position.quantity)
            if worth is None:
                return None
            value += worth
            if self.instruments[name].contract == "perpetual":
                value -= self._cost(name, position)
            exposure += abs(worth)
        return Account(self.currency, cash, cash + value, exposure)

    def worth(self, instrument: str, quantity: Decimal) -> Decimal | None:
        """Value of a quantity at the last price, in the report currency; nothing without a price."""
        price = self.prices.get(instrument)
        rate = self.rate(self.instruments[instrument].quote)
        if price is None or rate is None:
            return None
        return quantity * Decimal(repr(price)) * rate

    def rate(self, currency: str) -> Decimal | None:
        """Report currency per unit of `currency`; nothing while its instrument has no price."""
        if currency == self.currency:
            return Decimal(1)
        price = self.prices.get(self._rates.get(currency, ""))
        return None if price is None else Decimal(repr(price))

    def held(self, instrument: str) -> Decimal:
        """The position's quantity, 0 if there is none."""
        position = self.positions.get(instrument)
        return ZERO if position is None else position.quantity

    def _cost(self, instrument: str, position: Position) -> Decimal:
        rate = self.rate(self.instruments[instrument].quote)
        assert rate is not None  # its worth was known
        return position.quantity * position.average_price * rate

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount

    def _fee_rate(self, fill: Fill, definition: Instrument) -> Decimal | None:
        quote = self.rate(definition.quote)
        if fill.fee_currency == definition.base:
            return None if quote is None else fill.price * quote
        return self.rate(fill.fee_currency)


def after_fill(held: Position, quantity: Decimal, price: Decimal) -> Position:
    """The position after a signed quantity (negative is a sale) at a price, at average cost."""
    before, total = held.quantity, held.quantity + quantity
    if before * quantity >= 0:
        average = (abs(before) * held.average_price + abs(quantity) * price) / abs(total) if total else ZERO
        return Position(held.instrument, total, average, held.realised)
    closed = min(abs(before), abs(quantity)) * (1 if before > 0 else -1)
    realised = held.realised + closed * (price - held.average_price)
    if total == 0:
        return Position(held.instrument, total, ZERO, realised)
    flipped = (total > 0) != (before > 0)
    return Position(held.instrument, total, price if flipped else held.average_price, realised)
