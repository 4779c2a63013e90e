"""All that is broken, and what is sound beside it, under names `broken.<class>`."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from helios_engine.bodies import Prediction
from helios_engine.catalog.importers import generic
from helios_engine.demo.leaky import CentredTrend
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, FeedSpec, ImporterSpec, StageSpec, VenueSpec
from tests.conformance.broken import effects, feeds, importers, stages, venues


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [*(StageSpec(*pair) for pair in _parts(stages)), StageSpec("broken.centredtrend", CentredTrend)]


@hookimpl
def helios_feeds() -> list[FeedSpec]:
    return [FeedSpec(*pair) for pair in _parts(feeds)]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    return [EffectSpec(*pair, emits=(Prediction,)) for pair in _parts(effects)]


@hookimpl
def helios_venues() -> list[VenueSpec]:
    return [VenueSpec(*pair) for pair in _parts(venues)]


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    return [
        ImporterSpec("broken-certain", "Sure of every file", importers.certain, importers.credulous),
        ImporterSpec("broken-unsure", "Sure of no file", importers.unsure, generic.read),
        ImporterSpec("broken-fickle", "Other rows each time", importers.marked, importers.fickle),
        ImporterSpec("broken-sound", "Rows as the generic importer reads them", importers.marked, generic.read),
    ]


def _parts(module: ModuleType) -> Iterator[tuple[str, type[Any]]]:
    """The classes that a module defines."""
    for name, kind in vars(module).items():
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            yield f"broken.{name.lower()}", kind
