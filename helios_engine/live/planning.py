"""The plan of a live run: the config's stages, effects and venue, with a connection in place of the feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.build import Plan, build, yielded
from helios_engine.codec import Codec
from helios_engine.config import Config, Piece
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Wanted
from helios_engine.soundness import RunningFeed, moving
from helios_engine.stage import Pin
from helios_engine.timeframe import nanoseconds
from helios_engine.toml_place import nearest

FOREVER = 1 << 62
"""After every input of a live run (ns UTC; the year 2116)."""


class LiveFeed:
    """A feed of the config in a live run: it says what will come, and the connection brings it."""

    def __init__(self, definitions: Sequence[Instrument], begin: int) -> None:
        self._definitions, self._begin = tuple(definitions), begin

    def pin(self) -> Pin:
        """Nothing is pinned: the journal has every input."""
        return Pin("live", 0, self._begin, FOREVER)

    def instruments(self) -> tuple[Instrument, ...]:
        """The definitions as the connection told them."""
        return self._definitions

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Body]]:
        """None: they come by themselves."""
        return iter(())


def wanted(config: Config, plugins: Plugins) -> dict[Wanted, str]:
    """What the config's feeds ask of a connection, and the name of the feed that asks first.

    ConfigError for a feed that nobody can have live.
    """
    found: dict[Wanted, str] = {}
    for piece in config.feeds:
        instrument, timeframe = _key(piece)
        for kind in _kinds(piece, plugins):
            found.setdefault(Wanted(kind, instrument, timeframe), piece.name)
    return found


def recorded_plan(config: Config, record: Mapping[str, Any], plugins: Plugins | None = None) -> Plan:
    """The plan of a live run as its journal's header tells of it: no connection is needed."""
    return live_plan(config, definitions_of(record), record["start"], plugins)


def definitions_of(record: Mapping[str, Any]) -> list[Instrument]:
    """The definitions in the header of a live run, as the connection told them."""
    return msgspec.convert(record["definitions"], list[Instrument])


def live_plan(config: Config, definitions: Sequence[Instrument], begin: int, plugins: Plugins | None = None) -> Plan:
    """Build a run that begins to decide at `begin` (ns UTC). ConfigError if its venue would have nothing to match on.

    `[run] start` and `stop` are for recorded data and do not count here; `warmup` does.
    """
    run = msgspec.structs.replace(config.run, start=None, stop=None)
    config = msgspec.structs.replace(config, run=run)
    first = begin - nanoseconds(run.warmup)
    # A definition is told when the run connects; its warm-up lies before that.
    known = {d.instrument: msgspec.structs.replace(d, valid_from=min(d.valid_from, first)) for d in definitions}

    def make(config: Config, piece: Piece, plugins: Plugins, codec: Codec) -> RunningFeed:
        name, _ = _key(piece)
        if name not in known:
            raise ConfigError(f"{piece.where}: the connection defines no {name!r}; {nearest(name, known)}")
        rank = plugins.offers("feed")[piece.use].spec.rank
        feed = LiveFeed((known[name],), first)
        return RunningFeed(piece.name, feed, rank, feed.pin(), _kinds(piece, plugins))

    plan = build(config, plugins, make)
    moves = moving(config)
    for definition in plan.instruments:
        if not any(moves & set(f.offers) and definition in _asked(f, definition.instrument) for f in plan.feeds):
            raise ConfigError(
                f"{config.path}: {definition.instrument} has bars alone, and a venue cannot match on a bar that is "
                f'over; add a [[feed]] of its trades, quotes or books, such as use = "catalog.quotes"'
            )
    return plan


def _asked(feed: RunningFeed, name: str) -> list[Any]:
    return [d for d in feed.feed.instruments() if d.instrument == name]


def _key(piece: Piece) -> tuple[str, str]:
    """The instrument and timeframe of a feed; ConfigError for one that has none."""
    name = piece.settings.get("instrument")
    if not isinstance(name, str):
        raise ConfigError(f"{piece.where}: {piece.use} names no instrument, so a connection cannot bring it live")
    return name, str(piece.settings.get("timeframe", ""))


def _kinds(piece: Piece, plugins: Plugins) -> tuple[type[Body], ...]:
    offers = plugins.offers("feed")
    if piece.use not in offers:
        raise ConfigError(f"{piece.where}: no feed {piece.use!r} is installed; {nearest(piece.use, offers)}")
    factory = offers[piece.use].spec.factory
    kinds = yielded(factory) if isinstance(factory, type) else ()
    if not kinds or Body in kinds:
        raise ConfigError(f"{piece.where}: {piece.use} does not say which bodies it yields, so none can be had live")
    return kinds
