"""How much in all: promises to reduce are kept, spot is not sold short, positions and exposure stay within limits."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.gate.holdings import Case, Holdings
from helios_engine.gate.limits import Limits
from helios_engine.ledger import Ledger


class Size:
    """Bounds what is held if everything that rests is filled in the worst order, valued at the last price."""

    def __init__(self, limits: Limits, ledger: Ledger, holdings: Holdings) -> None:
        self._limits, self._ledger, self._holdings = limits, ledger, holdings

    def promise(self, case: Case) -> str | None:
        """A reduce-only order must reduce."""
        order = case.order
        if not order.reduce_only or self._holdings.reduces(case):
            return None
        held = self._holdings.held(order.instrument)
        counted = " with what rests" if self._limits.sum_reduce_only else ""
        return f"reduce_only: {order.side} {case.left}{counted} does more than reduce a position of {held}"

    def short(self, case: Case) -> str | None:
        """What is sold of a spot instrument must be owned, and not be promised to another order."""
        order = case.order
        spot = self._ledger.instruments[order.instrument].contract == "spot"
        if order.side == "BUY" or not spot or self._limits.allow_spot_short or self._holdings.reduces(case):
            return None
        low = self._holdings.reach(case).low
        return f"short_sale: SELL {case.left} leaves {low} with what rests, and allow_spot_short is off"

    def position(self, case: Case) -> str | None:
        """The value of the order's holding on the order's side."""
        limit = self._limits.max_position
        if limit is None:
            return None
        reach = self._holdings.reach(case)
        name = case.order.instrument
        worth = self._ledger.worth(name, abs(reach.high if case.order.side == "BUY" else reach.low))
        if worth is None:
            return f"max_position: cannot be judged: no price of {name} in the report currency"
        return f"max_position: {worth:.2f} with what rests, limit {limit}" if worth > limit else None

    def exposure(self, case: Case) -> str | None:
        """The value of all holdings together, as money and as a multiple of the equity."""
        most, leverage = self._limits.max_exposure, self._limits.max_leverage
        if most is None and leverage is None:
            return None
        total = self._holdings.exposure(case)
        if total is None:
            kind = "max_leverage" if most is None else "max_exposure"
            return f"{kind}: cannot be judged: a price in the report currency is unknown"
        if most is not None and total > most:
            return f"max_exposure: {total:.2f} with what rests, limit {most}"
        return None if leverage is None else self._leverage(total, leverage)

    def _leverage(self, total: Decimal, most: Decimal) -> str | None:
        account = self._ledger.account()
        if account is None:
            return "max_leverage: cannot be judged: a price that the account needs is unknown"
        if total > most * account.equity:
            return f"max_leverage: {total:.2f} with what rests on an equity of {account.equity:.2f}, limit {most} times"
        return None
