"""Whether fills were charged what their instruments state."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from helios_engine.bodies import Fill, Instrument
from helios_engine.fees import IN_QUOTE, FeeIn, fee_currency

Tell = Callable[[str, str, int], None]
_LEAST = 2
"""Decimals of a currency are those of its fees in the run, at least as many as its prices have and never over these."""


class Charge(NamedTuple):
    """One fee as charged, and as it should be before rounding."""

    ts: int
    order: str
    fee: Decimal
    exact: Decimal
    digits: int


class Charges:
    """Collects fees. A fee may be rounded to the currency's decimals, which are known when all fees are."""

    def __init__(self, fees_in: dict[str, tuple[FeeIn, FeeIn]], wrong: Tell) -> None:
        self._fees_in, self._wrong = fees_in, wrong
        self._charges: dict[str, list[Charge]] = {}

    def filled(self, ts: int, fill: Fill, d: Instrument) -> None:
        """A fill, under the definition that held at the time."""
        is_maker = fill.liquidity == "MAKER"
        taken_from = self._fees_in.get(d.instrument, IN_QUOTE)[0 if is_maker else 1]
        wanted = fee_currency(taken_from, fill.side, d)
        if fill.fee_currency != wanted:
            what = f"the fee of {fill.id} is in {fill.fee_currency}, where the instrument's is in {wanted}"
            self._wrong("fee currency", what, ts)
            return
        rate = d.maker_fee if is_maker else d.taker_fee
        in_base = wanted == d.base and wanted != d.quote
        exact = fill.quantity * rate if in_base else fill.quantity * fill.price * rate
        digits = d.size_scale if in_base else d.price_scale
        self._charges.setdefault(wanted, []).append(Charge(ts, fill.id, fill.fee, exact, min(digits, _LEAST)))

    def ended(self) -> None:
        """The run is over: compare, to one unit of the last decimal."""
        for currency, charges in self._charges.items():
            digits = max(max(-_exponent(c.fee), c.digits) for c in charges)
            unit = Decimal(1).scaleb(-digits)
            for charge in charges:
                if abs(charge.fee - charge.exact) > unit:
                    what = f"{charge.order} was charged {charge.fee} {currency}, not {charge.exact.quantize(unit)}"
                    self._wrong("fee", what, charge.ts)


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
