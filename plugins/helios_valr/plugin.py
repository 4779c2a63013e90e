"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import DownloadSpec, ImporterSpec
from helios_valr import importer


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    about = "VALR's REST: buckets, trades and pairs, as JSON lists or lines"
    return [ImporterSpec("valr", about, importer.recognise, importer.read)]


@hookimpl
def helios_downloads() -> list[DownloadSpec]:
    from helios_valr.download import Valr  # it brings aiohttp, which no other command needs

    return [DownloadSpec("valr", Valr())]
