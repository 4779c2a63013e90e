"""Venues with one thing wrong each, beside the honest one of the prover's zoo."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from helios_engine.bodies import Fill, Instrument, OrderIntent
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.proof.zoo.venue import NextPrint

_FILLS = [0]


class Sound(NextPrint):
    """Fills at the next print or trade for the taker's fee: nothing is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: dict[str, Instrument] = {}

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Learn the instruments."""
        self.terms = {body.instrument: body for body in instruments}

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        fee = intent.quantity * price * self.terms[intent.instrument].taker_fee
        return msgspec.structs.replace(super()._fill(intent, price), fee=fee)


class Lacking:
    """A venue without a way to end."""

    def __init__(self) -> None:
        self.venue = Sound()
        for name in ("open", "instrument", "market", "send", "settle"):
            setattr(self, name, getattr(self.venue, name))


class Generous(Sound):
    """Fills twice what was ordered."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        found = super()._fill(intent, price)
        return msgspec.structs.replace(found, quantity=2 * found.quantity)


class Deaf(Sound):
    """Takes orders and never fills one."""

    def market(self, ts: int, body: Any) -> list[Any]:
        """Nothing ever happens."""
        return []


class Tallying(Sound):
    """Charges a fee that follows a count kept in the module."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        _FILLS[0] += 1
        return msgspec.structs.replace(super()._fill(intent, price), fee=Decimal(_FILLS[0]) / 100)


class Chancy(Sound):
    """Charges a fee that the hidden generator draws."""

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        fee = Decimal(random.randrange(100)) / 100
        return msgspec.structs.replace(super()._fill(intent, price), fee=fee)


class Prescient(Sound):
    """Fills at the last close of the whole catalog."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.catalog = catalog

    def _fill(self, intent: OrderIntent, price: Decimal) -> Fill:
        *_, (_, last) = CatalogBars(self.catalog, intent.instrument, "1h").inputs(0, 2**63 - 1)
        return super()._fill(intent, Decimal(repr(last.close)))
