"""The limits of `[gate]` as the gate counts: Decimal and int nanoseconds instead of words."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from helios_engine.config_gate import GateSection
from helios_engine.timeframe import nanoseconds


class Limits(NamedTuple):
    """What `GateSection` says, field by field; `None` is no limit. Health limits are in seconds."""

    max_position: Decimal | None
    max_notional: Decimal | None
    max_exposure: Decimal | None
    max_leverage: Decimal | None
    max_open_orders: int | None
    max_open_orders_per_instrument: int | None
    max_orders_per_minute: int | None
    max_orders_per_second: int | None
    max_daily_loss: Decimal | None
    max_drawdown: Decimal | None
    price_collar: Decimal | None
    duplicate_window: int | None
    max_data_age: int | None
    health: dict[str, float]
    quarantine: int | None
    allow_spot_short: bool
    sum_reduce_only: bool

    @classmethod
    def of(cls, section: GateSection) -> Limits:
        """Read the words; a fraction is the decimal that the config file shows."""
        seconds = {"lag": section.max_lag, "staleness": section.max_staleness, "clock_offset": section.max_clock_offset}
        health = {kind: nanoseconds(text) / 1e9 for kind, text in seconds.items() if text is not None}
        if section.max_gaps is not None:
            health["gaps"] = float(section.max_gaps)
        return cls(
            max_position=_decimal(section.max_position),
            max_notional=_decimal(section.max_notional),
            max_exposure=_decimal(section.max_exposure),
            max_leverage=_decimal(section.max_leverage),
            max_open_orders=section.max_open_orders,
            max_open_orders_per_instrument=section.max_open_orders_per_instrument,
            max_orders_per_minute=section.max_orders_per_minute,
            max_orders_per_second=section.max_orders_per_second,
            max_daily_loss=_decimal(section.max_daily_loss),
            max_drawdown=_decimal(section.max_drawdown),
            price_collar=_decimal(section.price_collar),
            duplicate_window=_duration(section.duplicate_window),
            max_data_age=_duration(section.max_data_age),
            health=health,
            quarantine=_duration(section.quarantine),
            allow_spot_short=section.allow_spot_short,
            sum_reduce_only=section.sum_reduce_only,
        )


def _decimal(value: str | float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _duration(text: str | None) -> int | None:
    return None if text is None else nanoseconds(text)
