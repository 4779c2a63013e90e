"""What a person's switch asks of the engine itself: after `flatten` and `kill` somebody has to send cancels and exits.

Stages may do it too, and first; here is what holds whatever stages a run has. All of it follows from the inputs of the
run, so that a replay and a reconciliation come to the same orders.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from helios_engine.bodies import CancelIntent, OrderIntent
from helios_engine.gate import Gate
from helios_engine.ledger import ZERO, Ledger

CLOSING = "closing"
"""The name under which these intents stand in a journal, and how their ids begin."""
SECOND, MINUTE = 10**9, 60 * 10**9


class Closing:
    """Intents for what is flattened or killed: asked for after a Control, after every answer, and at every tick.

    While an instrument is flattened, every order that rests is taken back but reduce-only market orders, and what is
    held beyond those is closed by one of our own. After a kill what could add risk is taken back: all that is not
    reduce-only. What did not help is tried again after 1 s, 2 s, 4 s … 1 min of event time. Of a spot instrument no
    more is sold than is owned, and what was sold out of the opening balance is not bought back. What is left below the
    instrument's minimums stays.
    """

    def __init__(self, gate: Gate, ledger: Ledger) -> None:
        self._gate, self._ledger = gate, ledger
        self._waits: dict[str, tuple[int, int]] = {}
        self._count = 0

    @property
    def is_on(self) -> bool:
        """Whether anything is flattened or killed."""
        return self._gate.switches.closes

    def wanted(self, ts: int, *, anew: bool) -> list[CancelIntent | OrderIntent]:
        """What has to be sent at `ts` (ns UTC): cancels first, since a venue may lock what a resting order would sell.

        With `anew`, because somebody has turned a switch, nothing waits for its next trial.
        """
        if anew:
            self._waits.clear()
        switches = self._gate.switches
        found: list[CancelIntent | OrderIntent] = []
        for resting in self._gate.orders:
            order = resting.order
            if switches.kills(order.instrument):
                is_meant = not order.reduce_only
            else:
                is_meant = switches.flattens(order.instrument) and not _closes(order)
            if is_meant and self._may(order.id, ts):
                found.append(CancelIntent(order.id, order.instrument))
        for name in sorted(self._ledger.positions):
            if switches.flattens(name) and not switches.kills(name):
                found += self._way_out(name, ts)
        return found

    def left(self, name: str) -> Decimal:
        """The signed quantity of an instrument that could be closed and that no order on its way closes yet."""
        position, owned = self._ledger.held(name), self._gate.held(name)
        if position * owned <= 0:
            return ZERO
        definition = self._ledger.instruments[name]
        covered = sum((r.left for r in self._gate.orders if r.order.instrument == name and _closes(r.order)), ZERO)
        quantity = min(abs(position), abs(owned)) - covered
        lots = (quantity / definition.lot).to_integral_value(ROUND_FLOOR) * definition.lot
        worth = lots * Decimal(repr(self._ledger.prices.get(name, 0.0)))
        if lots <= 0 or lots < definition.min_quantity or worth < definition.min_notional:
            return ZERO
        return lots if position > 0 else -lots

    def _way_out(self, name: str, ts: int) -> list[OrderIntent]:
        quantity = self.left(name)
        if not quantity or not self._may(name, ts):
            return []
        self._count += 1
        side = "SELL" if quantity > 0 else "BUY"
        return [OrderIntent(f"{CLOSING}-{self._count}", name, side, abs(quantity), reduce_only=True)]  # type: ignore[arg-type]

    def _may(self, key: str, ts: int) -> bool:
        """Whether it is time for this order's cancel, or this instrument's exit; if so the next time is later."""
        after, pause = self._waits.get(key, (0, SECOND))
        if ts < after:
            return False
        self._waits[key] = ts + pause, min(2 * pause, MINUTE)
        return True


def _closes(order: OrderIntent) -> bool:
    return order.reduce_only and order.type == "MARKET"
