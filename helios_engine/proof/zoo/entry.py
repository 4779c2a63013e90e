"""What an entry of the zoo is: a leak, its honest twins, the run they are put into, and what the prover should say."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Literal, NamedTuple

from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo import entries as shown
from helios_engine.proof.zoo.market import REPORT
from helios_engine.proof.zoo.venue import NextPrint
from helios_engine.stage import BodySpec, EffectSpec, FeedSpec, StageSpec, VenueSpec

Spec = FeedSpec | StageSpec | EffectSpec | VenueSpec
Planted = Callable[[], AbstractContextManager[None]]
SUSPECT = "suspect"
"""The name in the run of the part on trial; a venue cannot be given one."""


class Label(NamedTuple):
    """What a finding about a leak should say; None where the entry does not state it.

    One of `layers` must see the leak. `column` is as in a Finding, `first` an ISO time (UTC), `horizon` in bars of
    the run's smallest timeframe, or "end" for a leak that reads up to the end of the data.
    """

    column: str | None = None
    first: str | None = None
    horizon: float | Literal["end"] | None = None
    layers: tuple[Layer, ...] = ("prefix", "futures")
    part: str = SUSPECT


class Entry(NamedTuple):
    """A bug that a real person makes, and honest plugins that do the same job or look as suspicious.

    `run` is TOML without a head: feeds, stages and effects, where `{use}` stands for the plugin on trial. A leak
    needs a label. `helpers` are further plugins that the run names; `head` goes into `[run]`, `venue` into `[venue]`.
    `installed` names the installed plugins that take part: the fewer, the faster. `planted` is entered for the time
    of the leak's trial: a fault of the engine itself, in which case the leak's own plugin is honest.
    """

    name: str
    about: str
    run: str
    leak: Spec | None = None
    twins: tuple[Spec, ...] = ()
    label: Label = Label()
    helpers: tuple[Spec | BodySpec, ...] = ()
    head: str = 'tick = "1h"'
    venue: str = 'use = "zoo.next_print"'
    installed: tuple[str, ...] = ("catalog",)
    planted: Planted = nullcontext


class Specimen(NamedTuple):
    """One plugin of an entry: its leak, or one of its twins."""

    entry: Entry
    spec: Spec
    is_leak: bool

    @property
    def name(self) -> str:
        """`series.shift_back`, or `series.shift_back/zoo.shifted` for a twin."""
        return self.entry.name if self.is_leak else f"{self.entry.name}/{self.spec.name.rpartition('.')[2]}"


def entries() -> tuple[Entry, ...]:
    """Every entry of every module, in the order of their names."""
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(shown.__path__)):
        mine: Iterable[Entry] = importlib.import_module(f"{shown.__name__}.{module}").ENTRIES
        found += [entry._replace(name=f"{module}.{entry.name}") for entry in mine]
    return tuple(found)


def specimens() -> tuple[Specimen, ...]:
    """Every leak and every twin."""
    return tuple(specimen for entry in entries() for specimen in _of(entry))


def _of(entry: Entry) -> Iterator[Specimen]:
    if entry.leak is not None:
        yield Specimen(entry, entry.leak, True)
    for twin in entry.twins:
        yield Specimen(entry, twin, False)


def plugins_for(specimen: Specimen) -> Plugins:
    """The entry's installed plugins, the zoo's venue and bodies, and the specimen with its helpers."""
    offered = (specimen.spec, *specimen.entry.helpers, VenueSpec("zoo.next_print", NextPrint), REPORT)
    plugins = Plugins(allow=specimen.entry.installed)
    plugins.register(_module(offered), "zoo")
    return plugins


def _module(offered: Iterable[Spec | BodySpec]) -> ModuleType:
    module = ModuleType("helios_engine.proof.zoo")
    kinds: dict[str, type] = {
        "helios_stages": StageSpec,
        "helios_feeds": FeedSpec,
        "helios_effects": EffectSpec,
        "helios_venues": VenueSpec,
        "helios_bodies": BodySpec,
    }
    for hook, kind in kinds.items():
        mine = [spec for spec in offered if isinstance(spec, kind)]
        setattr(module, hook, hookimpl(_named(hook, mine)))
    return module


def _named(hook: str, specs: list[Spec | BodySpec]) -> Callable[[], list[Spec | BodySpec]]:
    def offer() -> list[Spec | BodySpec]:
        return specs

    offer.__name__ = hook
    return offer
