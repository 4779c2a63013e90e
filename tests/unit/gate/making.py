"""A gate over a ledger with two instruments, and orders with the fewest words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from helios_engine.bodies import Fill, Instrument, OrderIntent, Quote
from helios_engine.config_gate import GateSection
from helios_engine.events import Body
from helios_engine.gate import Gate
from helios_engine.ledger import Ledger

D = Decimal
SECOND = 10**9
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND
SPOT = "BTCZAR.VALR"
PERP = "ETHZAR.OTHER"
BTC = Instrument(SPOT, "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.01"), min_quantity=D("0.02"), min_notional=D(5))
ETH = Instrument(PERP, "ETH", "ZAR", 0, 8, tick=D(1), lot=D("0.01"), contract="perpetual")


class Desk:
    """A gate with its ledger; both instruments last traded at 100."""

    def __init__(self, cash: str = "1000", **limits: Any) -> None:
        self.ledger = Ledger("ZAR", {"ZAR": D(cash)}, {})
        self.ledger.instruments.update({SPOT: BTC, PERP: ETH})
        self.ledger.prices.update({SPOT: 100.0, PERP: 100.0})
        self.gate = Gate(msgspec.convert(limits, GateSection), self.ledger)
        self.mark(1)

    def refuse(self, intent: OrderIntent, ts: int = 1) -> str:
        """The gate's no, empty if it passes."""
        return self.gate.refuse(ts, intent) or ""

    def kind(self, intent: OrderIntent, ts: int = 1) -> str:
        return self.refuse(intent, ts).partition(":")[0]

    def input(self, body: Body, ts: int = 1) -> None:
        """Hear an input as the port hands it on: only if the gate asked for its kind."""
        for take in self.gate.hears().get(type(body), ()):
            take(ts, body)

    def fill(self, id: str, side: str, quantity: str, price: str = "100", instrument: str = SPOT) -> None:
        answer = Fill(id, id, instrument, side, D(quantity), D(price), D(0), "ZAR", "TAKER")  # type: ignore[arg-type]
        self.gate.hear(answer)
        self.ledger.fill(answer)

    def hold(self, quantity: str, instrument: str = SPOT) -> None:
        """Have a position from before, at 100."""
        side = "SELL" if quantity.startswith("-") else "BUY"
        self.fill("before", side, quantity.lstrip("-"), instrument=instrument)

    def mark(self, ts: int) -> None:
        account = self.ledger.account()
        assert account is not None
        self.gate.marked(ts, account, True)

    def quote(self, bid: float, ask: float) -> None:
        self.input(Quote(SPOT, 1, bid, ask, 1.0, 1.0))


def order(id: str = "1", side: str = "BUY", quantity: Any = "1", **more: Any) -> OrderIntent:
    """A market order, or of the type that `price`, `trigger` and `offset` make it."""
    named = {k: D(more.pop(k)) if isinstance(more[k], str) else more.pop(k) for k in _PRICES if k in more}
    kind = more.pop("type", _TYPES[tuple(k for k in _PRICES if named.get(k) is not None)])
    amount = D(quantity) if isinstance(quantity, str) else quantity
    return OrderIntent(id, more.pop("instrument", SPOT), side, amount, kind, **named, **more)  # type: ignore[arg-type]


def sell(id: str = "1", quantity: str = "1", **more: Any) -> OrderIntent:
    return order(id, "SELL", quantity, **more)


_PRICES = ("price", "trigger", "offset")
_TYPES: dict[tuple[str, ...], str] = {
    (): "MARKET",
    ("price",): "LIMIT",
    ("trigger",): "STOP",
    ("price", "trigger"): "STOP_LIMIT",
    ("offset",): "TRAILING_STOP",
    ("trigger", "offset"): "TRAILING_STOP",
}
