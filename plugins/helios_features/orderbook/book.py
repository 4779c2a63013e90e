"""A book from snapshots and deltas that knows when it cannot be believed; no clock, no I/O."""

from __future__ import annotations

from typing import Literal

from helios_engine.bodies import BookDelta, BookSnapshot
from helios_features.orderbook.side import Level, Side

Numbering = Literal["contiguous", "rising"]
Top = tuple[tuple[Level, ...], tuple[Level, ...]]
"""The best bids and the best asks, best first."""
MOST = 1e100
"""Prices and quantities above it are refused: sums and products of them must stay finite."""


class Book:
    """Both sides, the last sequence, and whether they may be believed. It starts without trust.

    Only a snapshot gives trust. A delta takes it away, until the next snapshot, if its sequence falls; if it comes
    under the last sequence at a later time (a message that came twice); if price, quantity or side cannot be; and,
    with `contiguous`, if its sequence is neither the last nor the next. Deltas that share time and sequence are one
    message. With `rising`, numbers may be left out (Binance counts updates, not messages) and may all be 0, so a lost
    message is not seen here: then the feed or the import must have checked.

    A snapshot is refused, and trust is lost, if neither its sequence nor the venue's time is ahead of the last change,
    and one of them is behind (a later time with a lower sequence is a venue that counts anew); if it lists a price
    twice; or if a price or quantity cannot be.
    """

    def __init__(self, sequence: Numbering) -> None:
        self.is_contiguous = sequence == "contiguous"
        self.is_trusted = False
        self.sequence = self.moment = self.ts = self.begun = 0
        self.bids, self.asks = Side(is_bid=True), Side(is_bid=False)

    def snapshot(self, body: BookSnapshot, ts: int) -> str:
        """Take a whole book known at `ts`; returns why it was refused, or nothing."""
        behind = self.sequence - body.sequence
        if (body.ts_event < self.moment and behind >= 0) or (body.ts_event == self.moment and behind > 0):
            return self.lose(f"a snapshot of sequence {body.sequence} is older than what is known, {self.sequence}")
        for levels in (body.bids, body.asks):
            if any(not (0.0 < price <= MOST and 0.0 <= quantity <= MOST) for price, quantity in levels):
                return self.lose(f"snapshot {body.sequence} has a level whose price or quantity cannot be")
            if len({price for price, _ in levels}) < len(levels):
                return self.lose(f"snapshot {body.sequence} lists a price twice")
        self.bids.replace(body.bids)
        self.asks.replace(body.asks)
        self.sequence, self.moment, self.ts, self.begun = body.sequence, body.ts_event, ts, ts
        self.is_trusted = True
        return ""

    def delta(self, body: BookDelta, ts: int) -> str:
        """Take a changed level known at `ts`; returns why trust was lost, or nothing. Without trust it is ignored."""
        if not self.is_trusted:
            return ""
        sequence, last = body.sequence, self.sequence
        if sequence != last:
            if sequence < last:
                return self.lose(f"the sequence falls from {last} to {sequence}")
            if self.is_contiguous and sequence != last + 1:
                return self.lose(
                    f"a gap: sequence {sequence} after {last}, expected {last + 1}; if this feed leaves numbers out, "
                    'say sequence = "rising"'
                )
        elif ts != self.ts and (sequence or self.is_contiguous):
            return self.lose(
                f"sequence {sequence} came twice"
                if sequence
                else 'this feed does not number its messages, so none can be missed; say sequence = "rising"'
            )
        if not (0.0 < body.price <= MOST and 0.0 <= body.quantity <= MOST) or body.side not in ("BUY", "SELL"):
            return self.lose(f"delta {sequence} has a side, price or quantity that cannot be")
        (self.bids if body.side == "BUY" else self.asks).put(body.price, body.quantity)
        self.sequence, self.moment, self.ts = sequence, body.ts_event, ts
        return ""

    def lose(self, reason: str) -> str:
        """Believe nothing until the next snapshot; returns the reason."""
        self.is_trusted = False
        self.bids.clear()
        self.asks.clear()
        return reason

    def top(self, count: int) -> Top | None:
        """The best `count` levels of each side; None without trust, one-sided, locked or crossed."""
        bid, ask = self.bids.best(), self.asks.best()
        if not self.is_trusted or bid is None or ask is None or bid >= ask:
            return None
        return self.bids.first(count), self.asks.first(count)
