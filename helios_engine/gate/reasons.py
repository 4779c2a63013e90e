"""Why the gate says no: a reason is `kind: figures`, and the kind never changes, so that it can be counted."""

from __future__ import annotations

FORM = ("instrument", "form", "tick", "lot", "min_quantity", "min_notional", "expired", "no_price", "price_collar")
IDENTITY = ("duplicate_id", "duplicate_window")
ALWAYS = ("kill", "reduce_only", "short_sale")
"""With form and identity: what no order passes, not even one that reduces a position."""
TROUBLE = ("pause", "unknown_outcome", "venue_status", "health", "quarantine", "max_data_age")
PACE = ("max_orders_per_second", "max_orders_per_minute", "max_open_orders", "max_open_orders_per_instrument")
SIZE = ("max_notional", "max_position", "max_exposure", "max_leverage")
LOSS = ("max_daily_loss", "max_drawdown")
MODIFY = "modify "
"""Stands before the kind when it is a change that is refused: the order itself rests on."""
KINDS = (*FORM, *IDENTITY, *ALWAYS, *TROUBLE, *PACE, *SIZE, *LOSS)
"""Every kind; where a key of `[gate]` sets the limit, the kind is that key."""


def kind_of(reason: str) -> str:
    """The kind of a reason, without `modify`."""
    return reason.partition(":")[0].removeprefix(MODIFY)
