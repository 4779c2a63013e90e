"""What a pair costs: an account's own fees where they are known, else those of one of the engine's fee schedules.

What an account really pays is told by `/v1/account/fees/trade`; the schedules `valr-tier1-2026` … `valr-tier9-2026`
are published figures with their source, for simulation. Fees are fractions: 0.0018 is 0.18 %.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.fees import fees_of
from helios_valr.fields import Pair, Signed, decimal
from helios_valr.rows import Row

DEAREST = "valr-tier1-2026"


class FeeRow(Row, frozen=True):
    """An account's fees for a pair in percent points, `"0.18"` for 0.18 %; a field may be missing."""

    currency_pair: Pair
    maker_percentage: Signed | None = None
    taker_percentage: Signed | None = None
    simple_percentage: Signed | None = None


class FeeTable:
    """The fees of every pair: what the account was told, field by field, before the schedule."""

    def __init__(self, schedule: str = DEAREST, told: Iterable[FeeRow] = ()) -> None:
        self._schedule = schedule
        self._told = {row.currency_pair: row for row in told}

    def charged(self, pair: str, definition: Instrument) -> Instrument:
        """The definition with its fees; ConfigError if there is no such schedule, or none of its rates fits."""
        found = fees_of(self._schedule, definition, "the fees of VALR's pairs")
        told = self._told.get(pair, FeeRow(pair))
        return msgspec.structs.replace(
            definition,
            maker_fee=_fraction(told.maker_percentage, found.maker),
            taker_fee=_fraction(told.taker_percentage, found.taker),
        )


def _fraction(percent: str | None, otherwise: Decimal) -> Decimal:
    return otherwise if percent is None else decimal(percent) / 100
