"""Compose a run from its config: recipes to objects, every stage fed, nothing left to chance."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, get_args, get_type_hints

from helios_engine import recipe
from helios_engine.artefact_gate import Use, uses
from helios_engine.bodies import BookSnapshot, Instrument
from helios_engine.codec import Codec
from helios_engine.config import Config, Piece
from helios_engine.contained import Contained
from helios_engine.containment import Containment
from helios_engine.effects import RunningEffect
from helios_engine.errors import BuildError, ConfigError
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.plugins import Kind, Offer, Plugins
from helios_engine.port import INTENTS
from helios_engine.soundness import (
    RunningFeed,
    check_answered,
    check_currencies,
    check_delays,
    check_fed,
    smallest_timeframe,
)
from helios_engine.terms import Terms, terms
from helios_engine.timeframe import nanoseconds, parse_time
from helios_engine.toml_place import nearest


class Plan(NamedTuple):
    """Everything a run is made of, before it starts."""

    config: Config
    plugins: Plugins
    codec: Codec
    feeds: tuple[RunningFeed, ...]
    nodes: tuple[Node, ...]
    effects: tuple[RunningEffect, ...]
    make_venue: Callable[[], Any]
    terms: Terms
    tick: str
    begin: int
    start: int
    stop: int
    artefacts: tuple[Use, ...] = ()
    """The files that settings of stages, effects and the venue name; feeds pin their data themselves."""
    is_live: bool = False
    """Whether the inputs come from a connection: no manifest pins them, the journal has them all."""
    is_cut: bool = False
    """Whether nothing at `stop` or later is of this run, not even the tick that closes its last bar."""
    containment: Containment | None = None
    """What a stage of a live run that fails is put out by; a backtest stops at it."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The definitions of the run, in order of time."""
        return self.terms.instruments


FeedMaker = Callable[[Config, Piece, Plugins, Codec], RunningFeed]


def build(config: Config, plugins: Plugins | None = None, live: FeedMaker | None = None) -> Plan:
    """Load plugins and put the run together; BuildError or ConfigError says what does not fit.

    With `live`, that makes the feeds: of a run whose inputs come from a connection.
    """
    if plugins is None:
        plugins = Plugins(config.plugins.allow, config.plugins.block)
    codec = Codec(plugins.bodies)
    make_feed = live or recorded_feed
    feeds = tuple(make_feed(config, piece, plugins, codec) for piece in config.feeds)
    stages = plugins.offers("stage")
    containment = None if live is None else Containment(config.containment)
    node = Node if containment is None else partial(Contained, containment=containment)
    nodes = tuple(node(piece.name, _maker(config, piece, stages, "stage"), piece.on, codec) for piece in config.stages)
    effects = tuple(_effect(config, piece, plugins) for piece in config.effects)
    check_fed(config, nodes, feeds, effects, plugins)
    check_answered(config, nodes, effects, codec)
    begin, start, stop = _span(config, feeds)
    tick = config.run.tick or smallest_timeframe(config)
    check_delays(config, feeds, effects)
    agreed = terms(config, feeds)
    books = sorted({d.instrument for f in feeds if BookSnapshot in f.offers for d in f.feed.instruments()})
    venues = plugins.offers("venue")
    make_venue = _maker(config, config.venue, venues, "venue", fees_in=agreed.fees_in, books=books)
    check_currencies(config, agreed.instruments)
    files = tuple(_artefacts(config, plugins))
    return Plan(
        config, plugins, codec, feeds, nodes, effects, make_venue, agreed, tick, begin, start, stop, files,
        is_live=live is not None, containment=containment,
    )  # fmt: skip


def _artefacts(config: Config, plugins: Plugins) -> Iterable[Use]:
    kinds: tuple[tuple[Kind, tuple[Piece, ...]], ...] = (
        ("stage", config.stages),
        ("effect", config.effects),
        ("venue", (config.venue,)),
    )
    for kind, pieces in kinds:
        for piece in pieces:
            factory, settings = _recipe(config, piece, plugins.offers(kind), kind)
            yield from uses(kind, "venue" if kind == "venue" else piece.name, factory, settings)


def _maker(config: Config, piece: Piece, offers: Mapping[str, Offer], kind: str, **more: Any) -> Callable[[], Any]:
    factory, settings = _recipe(config, piece, offers, kind, **more)
    # A copy for each instance: a stage that changed its settings would change the next run's.
    return lambda: factory(**copy.deepcopy(settings))


def _recipe(
    config: Config, piece: Piece, offers: Mapping[str, Offer], kind: str, **more: Any
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The factory that a piece uses and its settings, checked and complete."""
    offer = offers.get(piece.use)
    if offer is None:
        raise ConfigError(f"{piece.where}: no {kind} {piece.use!r} is installed; {nearest(piece.use, offers)}")
    factory = offer.spec.factory
    known = recipe.settings_struct(piece.use, factory).__struct_fields__
    for key in piece.settings:
        if key not in known:
            raise ConfigError(f"{piece.where}: unknown setting {key!r} of {piece.use}; {nearest(key, known)}")
    given = {**_injected(config, piece, known, more), **piece.settings}
    try:
        settings = recipe.convert(piece.use, factory, given)
    except ConfigError as error:
        raise ConfigError(f"{piece.where}: {error}") from None
    return factory, {key: recipe.placed(value, config.path.parent) for key, value in settings.items()}


def _injected(config: Config, piece: Piece, known: Sequence[str], more: Mapping[str, Any]) -> dict[str, Any]:
    """What the run knows and a recipe may ask for by the name of a keyword."""
    seed = hashlib.blake2b(f"{config.run.seed}:{piece.name}".encode(), digest_size=6)
    offered = {
        "catalog": config.catalog,
        "balances": config.account.balances,
        "grace": config.run.grace,
        "seed": int.from_bytes(seed.digest(), "big"),
        **more,
    }
    return {key: value for key, value in offered.items() if key in known}


def recorded_feed(config: Config, piece: Piece, plugins: Plugins, codec: Codec) -> RunningFeed:
    """The feed of a piece over what is recorded; raises BuildError, ConfigError, DataError."""
    offers = plugins.offers("feed")
    feed = _made(piece, _maker(config, piece, offers, "feed"))
    told = getattr(feed, "bodies", None)
    kinds = told(codec) if told is not None else yielded(type(feed))
    if not kinds or Body in kinds:
        raise BuildError(
            f"{piece.where}: annotate {piece.use}.inputs with the bodies it yields, e.g. Iterator[tuple[int, Bar]]"
        )
    # A data set may know better than its kind where its rows stand among the inputs of one time.
    rank = getattr(feed, "rank", offers[piece.use].spec.rank)
    return RunningFeed(piece.name, feed, rank, feed.pin(), kinds)


def _effect(config: Config, piece: Piece, plugins: Plugins) -> RunningEffect:
    make = _maker(config, piece, plugins.offers("effect"), "effect")
    effect = _made(piece, make)
    handles = effect.handles if isinstance(effect.handles, tuple) else (effect.handles,)
    return RunningEffect(piece.name, effect, make, handles, piece.delay)


def _made(piece: Piece, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{piece.where}: {piece.use} cannot be made: {error}") from error


def yielded(feed: type[Any]) -> tuple[type[Body], ...]:
    """The kinds of bodies that a class of feeds says it yields."""
    return tuple(_bodies(get_type_hints(feed.inputs).get("return")))


def _bodies(hint: Any) -> Iterable[type[Body]]:
    if isinstance(hint, type) and issubclass(hint, Body):
        yield hint
    for part in get_args(hint):
        yield from _bodies(part)


def leaves(effects: Sequence[RunningEffect]) -> Callable[[type[Body]], bool]:
    """Which kinds of bodies leave the pipeline: intents, and what effects take."""
    taken = {*INTENTS, *(kind for running in effects for kind in running.handles)}
    return lambda kind: kind in taken


def _span(config: Config, feeds: Sequence[RunningFeed]) -> tuple[int, int, int]:
    """Begin (with warm-up), start and stop of the run in ns UTC; data that does not reach is an error."""
    first = min(feed.pin.first for feed in feeds)
    last = max(feed.pin.last for feed in feeds)
    warmup = nanoseconds(config.run.warmup)
    start = first + warmup if config.run.start is None else parse_time(config.run.start)
    stop = last + 1 if config.run.stop is None else min(parse_time(config.run.stop), last + 1)
    if start >= stop:
        from helios_engine.timeframe import iso

        raise ConfigError(
            f"{config.path}: the run has no data: it starts at {iso(start)}, the data "
            f"spans {iso(first)} to {iso(last)}; change [run] start, stop or warmup, or import more"
        )
    return max(1, start - warmup), start, stop
