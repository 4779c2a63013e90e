"""What a cash account can pay: nothing is bought on credit, nothing sold that is not there, unless a rule allows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Fill, Instrument
from helios_engine.fees import IN_QUOTE, FeeIn
from helios_engine.nautilus.assembly import Assembly
from helios_engine.nautilus.fees import highest_rates
from helios_engine.nautilus.market import Market
from helios_engine.nautilus.orders import is_buy, resting_price
from helios_engine.nautilus.wish import Wish

ZERO = Decimal(0)


class Funds:
    """Judges orders by what the account holds, less what resting orders may still take.

    nautilus looks at the price alone, not at the fee, and locks the whole of a partly filled order. `borrow` says how
    much of a currency may be owed.
    """

    def __init__(
        self,
        assembly: Assembly,
        markets: Mapping[str, Market],
        borrow: Mapping[str, Decimal],
        fees_in: Mapping[str, tuple[FeeIn, FeeIn]],
    ) -> None:
        self._assembly, self._markets, self._borrow, self._fees_in = assembly, markets, borrow, fees_in

    def refusal(self, wish: Wish) -> str | None:
        """Why the account cannot pay for a wish; nothing if it can, or if no price is known yet."""
        d = wish.definition
        rates = highest_rates(d, self._fees(d), is_buy=wish.is_buy, is_taker=wish.is_taker)
        if wish.is_buy:
            if wish.price is None:
                return None
            need = wish.quantity * wish.price * (1 + rates.in_quote)
            free = self._free(d.quote, wish.id)
            if need <= free:
                return None
            return f"INSUFFICIENT_BALANCE: needs {need:.2f} {d.quote} with fees, free {free:.2f}"
        free = self._free(d.base, wish.id)
        need = wish.quantity * (1 + rates.in_base)
        # A position that was bought at a fee in coins is larger than what is held.
        if need > free and self._fees(d) != IN_QUOTE:
            return f"INSUFFICIENT_BALANCE: needs {need:.8f} {d.base} with fees, free {free:.8f}"
        if wish.is_reduce_only or wish.quantity <= free:
            return None
        if d.base in self._borrow:
            return f"SHORT: {wish.quantity} {d.base} to sell, {free} with what may be borrowed"
        return (
            f"SHORT: spot is not sold short: {wish.quantity} {d.base} to sell, {free} free; what may be borrowed "
            f'can be stated, as in borrow = {{ {d.base} = "1" }} under [venue]'
        )

    def missing(self, fill: Fill, definition: Instrument, net: Decimal) -> Decimal:
        """Quote currency that nautilus forgets when a fill turns a position of `net` around.

        Its cash account moves the whole base currency but pays for the part alone that closes the position.
        """
        signed = fill.quantity if fill.side == "BUY" else -fill.quantity
        if net * signed >= 0 or abs(signed) <= abs(net):
            return ZERO
        return -(signed + net) * fill.price

    def uncovered(self, d: Instrument) -> list[tuple[Market, Any]]:
        """Resting sales of a base currency that what is left does not cover, the youngest first to go.

        Only a reduce-only order may sell what a resting sale has set aside: exits are not held up.
        """
        left = self._assembly.total(d.base) + self._borrow.get(d.base, ZERO)
        found = []
        for market in self._markets.values():
            if market.definition.base != d.base:
                continue
            for order in list(market.open.values()):
                if is_buy(order) or order.is_reduce_only or order.is_closed or resting_price(order) is None:
                    continue
                need = order.leaves_qty.as_decimal() * (1 + highest_rates(d, self._fees(d), is_buy=False).in_base)
                if need > left:
                    found.append((market, order))
                else:
                    left -= need
        return found

    def overdrawn(self, d: Instrument) -> str | None:
        """Which balance is below what may be owed, for accounts in which nautilus lets every balance go negative."""
        for code in (d.base, d.quote) if self._borrow else ():
            total, limit = self._assembly.total(code), self._borrow.get(code, ZERO)
            if total < -limit:
                return f"{code} is {total}, and may be {-limit}"
        return None

    def _fees(self, d: Instrument) -> tuple[FeeIn, FeeIn]:
        return self._fees_in.get(d.instrument, IN_QUOTE)

    def _free(self, currency: str, but: str) -> Decimal:
        held = self._assembly.total(currency) + self._borrow.get(currency, ZERO)
        return held - sum((self._taken(market, currency, {but}) for market in self._markets.values()), ZERO)

    def _taken(self, market: Market, currency: str, but: Collection[str]) -> Decimal:
        d, taken = market.definition, ZERO
        if currency not in (d.base, d.quote):
            return ZERO
        for name, order in market.open.items():
            price, left = resting_price(order), order.leaves_qty.as_decimal()
            if name in but or price is None or order.is_reduce_only:
                continue
            rates = highest_rates(d, self._fees(d), is_buy=is_buy(order))
            if is_buy(order) and currency == d.quote:
                taken += left * price * (1 + rates.in_quote)
            elif not is_buy(order) and currency == d.base:
                taken += left * (1 + rates.in_base)
        return taken


def fee_rate(definition: Instrument) -> Decimal:
    """The larger of the two fees: which one it will be is not known before."""
    return max(definition.maker_fee, definition.taker_fee)
