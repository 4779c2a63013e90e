"""Implementation shortfall: what lies between the prices of decisions and the money in the account.

A. F. Perold, "The Implementation Shortfall: Paper versus Reality", J. Portfolio Management 14(3), 1988. A paper
portfolio trades every decision at once, whole, at the price it was decided at, and pays nothing; the account
is behind it by the parts here. Costs are positive, gains negative, all in the report currency. For an order of side
s (+1 buys, −1 sells), decided at D, that arrived at A, of which q was filled at F on average and u was not:

* delay = s·q·(A − D), the way to the venue;
* execution = s·q·(F − A), the venue; of it the spread is q·(ask − bid)/2 at arrival for what was taken;
* opportunity = s·u·(E − D), with E the price when the order ended.

D, A and E are the middle of bid and ask where the data has quotes, the last price elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pandas as pd

from helios_engine.report.ratios import Floats
from helios_engine.report.valuation import Valuation


class Shortfall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts in the report currency; None where a price was missing, with the reason in `reasons`.

    `spread` is part of `execution` and known for `spread_covered` of the taken value (a fraction); None without a
    quote, never 0. `ordered` is the value of all orders at the decision, `unfilled` the share of it that was not
    filled.
    """

    orders: int = 0
    ordered: float | None = None
    unfilled: float | None = None
    delay: float | None = None
    execution: float | None = None
    spread: float | None = None
    spread_covered: float | None = None
    opportunity: float | None = None
    reasons: dict[str, str] = {}


def shortfall(orders: pd.DataFrame, valuation: Valuation) -> Shortfall:
    """The shortfall of `orders` (columns of `results.ORDERS`, UTC index of the decisions)."""
    if orders.empty:
        none = "no order passed the gate"
        return Shortfall(reasons=dict.fromkeys(("ordered", "unfilled", *_PARTS, "spread_covered"), none))
    return _Measured(orders, valuation).found()


_PARTS = ("delay", "execution", "spread", "opportunity")
_UNKNOWN = "an order had no known price, or its currency no rate, when it was decided, arrived or ended"
_NO_QUOTES = "the data has no quotes, so no spread is known"
_NOTHING_TAKEN = "no order was filled as a taker"


class _Measured:
    def __init__(self, orders: pd.DataFrame, valuation: Valuation) -> None:
        names, times = orders["instrument"].astype(str).tolist(), pd.DatetimeIndex(orders.index).asi8.tolist()
        rates = [valuation.rate(valuation.pair(name)[1], ts) for name, ts in zip(names, times, strict=True)]
        column: Callable[[str], Floats] = lambda name: orders[name].to_numpy(dtype=np.float64)  # noqa: E731
        self.rate = np.array(rates, dtype=np.float64)
        self.sign = np.where(orders["side"].astype(str) == "BUY", 1.0, -1.0)
        self.filled, self.taken, self.fill = column("filled"), column("taken"), column("fill_price")
        self.open = column("quantity") - self.filled
        self.decided, self.arrived, self.ended = column("decision_price"), column("arrival_price"), column("end_price")
        self.half = (column("ask") - column("bid")) / 2
        self.quantity = column("quantity")

    def found(self) -> Shortfall:
        money = {
            "delay": self._sum(self.sign * self.filled * (self.arrived - self.decided), self.filled > 0),
            "execution": self._sum(self.sign * self.filled * (self.fill - self.arrived), self.filled > 0),
            "opportunity": self._sum(self.sign * self.open * (self.ended - self.decided), self.open > 0),
            "ordered": self._sum(self.quantity * self.decided, self.quantity > 0),
        }
        left = self._sum(self.open * self.decided, self.open > 0)
        unfilled = left / money["ordered"] if left is not None and money["ordered"] else None
        spread, covered = self._spread()
        figures = {**money, "unfilled": unfilled}
        reasons = {name: _UNKNOWN for name, value in figures.items() if value is None}
        if spread is None:
            why = _NO_QUOTES if (self.taken > 0).any() else _NOTHING_TAKEN
            reasons |= dict.fromkeys(("spread", "spread_covered") if covered is None else ("spread",), why)
        return Shortfall(orders=self.sign.size, **figures, spread=spread, spread_covered=covered, reasons=reasons)

    def _spread(self) -> tuple[float | None, float | None]:
        quoted = (self.taken > 0) & np.isfinite(self.half * self.rate)
        taken = self._sum(self.taken * self.fill, self.taken > 0)
        if not quoted.any() or not taken:
            return None, None
        known = self._sum(self.taken * self.fill, quoted)
        return self._sum(self.taken * self.half, quoted), None if known is None else known / taken

    def _sum(self, values: Floats, which: np.ndarray) -> float | None:
        """The sum over orders that have something to sum; None if one of them is not known."""
        total = math.fsum((values * self.rate)[which].tolist())
        return total if math.isfinite(total) else None
