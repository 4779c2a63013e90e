"""VALR's fee schedule, and the fees of an account where they are known. Fees are fractions: 0.0018 is 0.18 %.

Source: VALR's public fee table as read in 2026; the perpetuals' and the tiers' figures partly come from third
parties. They are defaults for simulation: what an account really pays is told by `/v1/account/fees/trade`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from helios_engine.errors import ConfigError
from helios_valr.answers import PairRow
from helios_valr.fields import Pair, Signed, decimal
from helios_valr.rows import Row


class Fees(NamedTuple):
    """What is paid of the notional by who waits and by who takes; negative is received."""

    maker: Decimal
    taker: Decimal


class FeeRow(Row, frozen=True):
    """An account's fees for a pair in percent points, `"0.18"` for 0.18 %; a field may be missing."""

    currency_pair: Pair
    maker_percentage: Signed | None = None
    taker_percentage: Signed | None = None
    simple_percentage: Signed | None = None


_PERCENT: dict[str, str] = {
    "fiat": ".18/.35 .10/.25 .04/.13 .03/.09 .02/.09 .01/.08 -.01/.08 -.01/.07 -.01/.05",
    "crypto": ".08/.10 .07/.09 .06/.08 .05/.07 .04/.06 .03/.05 .02/.045 .01/.04 0/.035",
    "stable": ".05/.10",
    "perpetual": ".03/.07 .03/.06 .03/.05 .02/.04 .01/.04 .01/.035 0/.03 0/.025 0/.02",
}
"""Maker/taker in percent by kind of pair, for tiers 1 … 9. Of pairs of two stablecoins only tier 1 is known."""
SCHEDULE: dict[str, tuple[Fees, ...]] = {
    kind: tuple(Fees(*(Decimal(part) / 100 for part in pair.split("/"))) for pair in tiers.split())
    for kind, tiers in _PERCENT.items()
}
TIERS = 9
FIAT = frozenset({"ZAR"})
STABLE = frozenset({"DAI", "PYUSD", "RLUSD", "USDC", "USDT"})


def kind_of(row: PairRow) -> str:
    """Which part of the schedule a pair belongs to."""
    if row.currency_pair_type == "FUTURE":
        return "perpetual"
    if row.quote_currency in FIAT or row.quote_currency == "R":
        return "fiat"
    return "stable" if {row.base_currency, row.quote_currency} <= STABLE else "crypto"


class FeeTable:
    """The fees of each pair: the account's own where they were told, else those of a tier, 1 (dearest) to 9."""

    def __init__(self, tier: int = 1, told: Iterable[FeeRow] = ()) -> None:
        if not 1 <= tier <= TIERS:
            raise ConfigError(f"fee tier {tier}: expected 1 (the dearest) to {TIERS}")
        self._tier = tier
        self._told = {row.currency_pair: row for row in told}

    def of(self, row: PairRow) -> Fees:
        """Maker and taker fee of a pair; a field that the account's row lacks is the schedule's."""
        tiers = SCHEDULE[kind_of(row)]
        found = tiers[min(self._tier, len(tiers)) - 1]
        told = self._told.get(row.symbol)
        if told is None:
            return found
        return Fees(_fraction(told.maker_percentage, found.maker), _fraction(told.taker_percentage, found.taker))


def _fraction(percent: str | None, otherwise: Decimal) -> Decimal:
    return otherwise if percent is None else decimal(percent) / 100
