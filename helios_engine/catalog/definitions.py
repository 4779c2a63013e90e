"""Instruments over time: what a venue's definitions were at any moment, and which were listed then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Instrument
from helios_engine.catalog.store import Catalog, Dataset

TERMS = ("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee", "margin_init", "margin_maint")
"""The decimals of a definition, kept as text."""


def definitions(dataset: Dataset, stop: int = 2**63 - 1) -> Iterator[Instrument]:
    """The definitions of a venue that came into force before `stop` (ns UTC), oldest first."""
    for batch in dataset.blocks(0, stop):
        for row in batch.to_pylist():
            valid_from = row.pop("ts")
            terms: dict[str, Any] = {name: Decimal(row.pop(name)) for name in TERMS}
            yield Instrument(**row, **terms, valid_from=valid_from)


def in_force(found: Iterable[Instrument], at: int) -> dict[str, Instrument]:
    """The last definition of each instrument that held at `at` (ns UTC)."""
    return {d.instrument: d for d in sorted(found, key=lambda d: d.valid_from) if d.valid_from <= at}


def universe(catalog: Catalog, at: int, venue: str = "") -> list[Instrument]:
    """What was listed at `at` (ns UTC), by the definitions known then: a universe without survivors' bias.

    Only as good as the listing and delisting dates in the definitions; 0 counts as listed, and not delisted.
    """
    found: list[Instrument] = []
    for dataset in catalog.datasets("instruments"):
        if venue in ("", dataset.manifest.name):
            known = in_force(definitions(dataset), at).values()
            found += [d for d in known if d.listed <= at and (d.delisted == 0 or at < d.delisted)]
    return sorted(found, key=lambda d: d.instrument)
