"""`[gate]` of a config: what the gate bounds, every key typed, with its unit, and refused when it cannot be meant."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Money = Annotated[str, Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,18})?$")]
"""An amount in the report currency, as text so that it is exact."""
Fraction = Annotated[float, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0)]
Duration = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(ns|us|ms|s|m|h|d)$")]


class GateSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gate]`: limits of new risk; what is absent is not limited.

    Amounts of money are text in the report currency, fractions are numbers (0.05 is 5%), durations are words
    such as "30s". Orders that reduce a position pass every limit of risk; docs/gate.md has the whole table.
    """

    max_position: Annotated[
        Money | None, Meta(description="value of one instrument's position and all that rests, at the last price")
    ] = None
    max_notional: Annotated[Money | None, Meta(description="value of one order at its worst price")] = None
    max_exposure: Annotated[
        Money | None, Meta(description="value of all positions, long and short, and all that rests")
    ] = None
    max_leverage: Annotated[Fraction | None, Meta(description="the same as a multiple of the equity")] = None
    max_open_orders: Annotated[Count | None, Meta(description="open orders at one time")] = None
    max_open_orders_per_instrument: Annotated[
        Count | None, Meta(description="open orders of one instrument at one time")
    ] = None
    max_orders_per_minute: Annotated[Count | None, Meta(description="orders and modifications in any minute")] = None
    max_orders_per_second: Annotated[Count | None, Meta(description="orders and modifications in any second")] = None
    max_daily_loss: Annotated[
        Fraction | None, Meta(description="fraction of the equity at the start of the UTC day that may be lost")
    ] = None
    max_drawdown: Annotated[
        Fraction | None, Meta(description="fraction that the equity may be under its highest since the start")
    ] = None
    price_collar: Annotated[
        Fraction | None, Meta(description="fraction that an order's prices may be from the last price and the quote")
    ] = None
    duplicate_window: Annotated[
        Duration | None, Meta(description="how long after an order the same one is refused")
    ] = None
    max_data_age: Annotated[
        Duration | None, Meta(description="how long ago an instrument's last market event may be")
    ] = None
    max_lag: Annotated[Duration | None, Meta(description="largest Health `lag`")] = None
    max_staleness: Annotated[Duration | None, Meta(description="largest Health `staleness`")] = None
    max_clock_offset: Annotated[Duration | None, Meta(description="largest Health `clock_offset`, either way")] = None
    max_gaps: Annotated[Count | None, Meta(description="largest Health `gaps`: messages missed and not made good")] = (
        None
    )
    quarantine: Annotated[
        Duration | None, Meta(description="no new risk this long after a DataIssue: an error, or quarantined rows")
    ] = None
    allow_spot_short: Annotated[bool, Meta(description="more of a spot instrument may be sold than is owned")] = False
    sum_reduce_only: Annotated[
        bool, Meta(description="reduce-only orders count together: the venue does not hold them to the position")
    ] = False
