"""The hooks a plugin may implement. Each fires once, when a run is built.

A plugin is a module named in the entry point group `helios_engine`; every function in it that
is marked with `hookimpl` and bears one of these names takes part.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from helios_engine.stage import (
    BodySpec,
    ConnectionSpec,
    DownloadSpec,
    EffectSpec,
    FeedSpec,
    ImporterSpec,
    ParserSpec,
    StageSpec,
    VenueSpec,
)

PROJECT = "helios_engine"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def helios_stages() -> Iterable[StageSpec]:  # type: ignore[empty-body]
    """Return the stages this plugin offers.

    Called once, when a run is built.

        @hookimpl
        def helios_stages():
            return [StageSpec("features.returns", Returns)]

    .. versionadded:: 0.1
    """


@hookspec
def helios_feeds() -> Iterable[FeedSpec]:  # type: ignore[empty-body]
    """Return the feeds this plugin offers.

    Called once, when a run is built.

        @hookimpl
        def helios_feeds():
            return [FeedSpec("csv.trades", CsvTrades)]

    .. versionadded:: 0.1
    """


@hookspec
def helios_effects() -> Iterable[EffectSpec]:  # type: ignore[empty-body]
    """Return the effects (models, language models) this plugin offers.

    Called once, when a run is built.

        @hookimpl
        def helios_effects():
            return [EffectSpec("ml.mean", MeanModel, emits=(Prediction,))]

    .. versionadded:: 0.1
    """


@hookspec
def helios_venues() -> Iterable[VenueSpec]:  # type: ignore[empty-body]
    """Return the venues this plugin offers.

    Called once, when a run is built.

        @hookimpl
        def helios_venues():
            return [VenueSpec("sim.simple", SimpleVenue)]

    .. versionadded:: 0.1
    """


@hookspec
def helios_importers() -> Iterable[ImporterSpec]:  # type: ignore[empty-body]
    """Return the file formats this plugin can import.

    Called once, when `data import` begins.

        @hookimpl
        def helios_importers():
            return [ImporterSpec("acme-csv", "Acme's daily files", recognise, read)]

    .. versionadded:: 0.1
    """


@hookspec
def helios_downloads() -> Iterable[DownloadSpec]:  # type: ignore[empty-body]
    """Return the vendors whose history this plugin can fetch.

    Called once, when `data download` begins.

        @hookimpl
        def helios_downloads():
            return [DownloadSpec("acme", Acme())]

    .. versionadded:: 0.1
    """


@hookspec
def helios_parsers() -> Iterable[ParserSpec]:  # type: ignore[empty-body]
    """Return the parsers of recorded frames this plugin offers.

    Called once, when a recording is parsed, live or again.

        @hookimpl
        def helios_parsers():
            return [ParserSpec("acme", AcmeParser)]

    .. versionadded:: 0.1
    """


@hookspec
def helios_connections() -> Iterable[ConnectionSpec]:  # type: ignore[empty-body]
    """Return the exchanges this plugin can listen to.

    Called once, when a recording or a live run begins.

        @hookimpl
        def helios_connections():
            return [ConnectionSpec("acme", Acme, parser="acme")]

    .. versionadded:: 0.1
    """


@hookspec
def helios_bodies() -> Iterable[BodySpec]:  # type: ignore[empty-body]
    """Return the kinds of bodies this plugin adds to the vocabulary.

    Called once, when a run is built. The tag must be `plugin.Name/version`.

        @hookimpl
        def helios_bodies():
            return [BodySpec(Sentiment, "news.Sentiment/1")]

    .. versionadded:: 0.1
    """
