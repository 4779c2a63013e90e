"""VALR's pairs as the engine's instruments, with the day from which each definition holds."""

from __future__ import annotations

from collections.abc import Container, Iterable
from decimal import Decimal

import msgspec

from helios_engine.bodies import Instrument
from helios_valr.answers import PairRow
from helios_valr.errors import WireError
from helios_valr.fees import FeeTable
from helios_valr.fields import decimal
from helios_valr.translation import instrument_of


def currency_name(told: str) -> str:
    """The name of a currency: the rand's symbol R is ZAR."""
    return "ZAR" if told == "R" else told


def definition(row: PairRow, fees: FeeTable, valid_from: int) -> Instrument:
    """What a pair may be traded at from `valid_from` (ns UTC) on; WireError if a perpetual has no margins.

    An inactive pair is `delisted` at the same time. Spot pairs are defined without margin: what VALR lends is not
    part of a definition. The largest amounts are not either; VALR refuses what is above them.
    """
    tick, is_perpetual = decimal(row.tick_size), row.currency_pair_type == "FUTURE"
    if is_perpetual and (row.initial_margin_fraction is None or row.maintenance_margin_fraction is None):
        raise WireError(f"{row.symbol}: a perpetual without margin fractions; expected both")
    made = Instrument(
        instrument=instrument_of(row.symbol),
        base=currency_name(row.base_currency),
        quote=currency_name(row.quote_currency),
        price_scale=max(0, -int(tick.normalize().as_tuple().exponent)),
        size_scale=int(row.base_decimal_places),
        tick=tick,
        lot=Decimal(1).scaleb(-int(row.base_decimal_places)),
        min_quantity=decimal(row.min_base_amount),
        min_notional=decimal(row.min_quote_amount),
        valid_from=valid_from,
        delisted=0 if row.active else valid_from,
        contract="perpetual" if is_perpetual else "spot",
        margin_init=decimal(row.initial_margin_fraction or "0") if is_perpetual else Decimal(0),
        margin_maint=decimal(row.maintenance_margin_fraction or "0") if is_perpetual else Decimal(0),
    )
    return fees.charged(row.symbol, made)


class Definitions:
    """What was last known of every pair, so that a poll of `/pairs` yields only what has changed."""

    def __init__(self, fees: FeeTable | None = None) -> None:
        self._fees = fees or FeeTable()
        self._known: dict[str, Instrument] = {}

    def known(self) -> tuple[Instrument, ...]:
        """The latest definition of every pair ever seen, by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def is_tradable(self, instrument: str) -> bool:
        """Whether the pair is listed and active as of the last poll."""
        found = self._known.get(instrument)
        return found is not None and found.delisted == 0

    def update(self, rows: Iterable[PairRow], at: int, only: Container[str] | None = None) -> list[Instrument]:
        """New and changed definitions, valid from `at` (ns UTC), by name; a pair that is gone is delisted.

        With `only`, pairs that are not in it are passed over. WireError if there is no row at all: an empty list is a
        fault of the exchange and not the end of all trading.
        """
        rows = list(rows)
        wanted = rows if only is None else [row for row in rows if row.symbol in only]
        current = {made.instrument: made for made in (definition(row, self._fees, at) for row in wanted)}
        if not rows:
            raise WireError("VALR lists no pair at all; expected some hundreds. Nothing was changed")
        gone = self._known.keys() - current.keys()
        for name in gone:
            current[name] = self._known[name]
            if not current[name].delisted:
                current[name] = msgspec.structs.replace(current[name], delisted=at, valid_from=at)
        changed = [made for name, made in sorted(current.items()) if _differs(self._known.get(name), made)]
        self._known.update((made.instrument, made) for made in changed)
        return changed


def _differs(known: Instrument | None, made: Instrument) -> bool:
    """Whether a definition says something new, apart from since when it holds."""
    if known is None or bool(known.delisted) != bool(made.delisted):
        return True
    return msgspec.structs.replace(made, valid_from=known.valid_from, delisted=known.delisted) != known
