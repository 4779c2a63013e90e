"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import ConnectionSpec, DownloadSpec, ImporterSpec, ParserSpec
from helios_valr import importer


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    about = "VALR's REST: buckets, trades and pairs, as JSON lists or lines"
    return [ImporterSpec("valr", about, importer.recognise, importer.read)]


@hookimpl
def helios_downloads() -> list[DownloadSpec]:
    from helios_valr.download import Valr  # it brings aiohttp, which no other command needs

    return [DownloadSpec("valr", Valr())]


@hookimpl
def helios_parsers() -> list[ParserSpec]:
    from helios_valr.live.parser import ValrParser

    return [ParserSpec("valr", ValrParser)]


@hookimpl
def helios_connections() -> list[ConnectionSpec]:
    from helios_valr.live.connection import Valr  # it brings aiohttp and websockets

    return [ConnectionSpec("valr", Valr, parser="valr")]
