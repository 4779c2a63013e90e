"""What this plugin offers."""

from __future__ import annotations

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import ImporterSpec
from helios_valr import importer


@hookimpl
def helios_importers() -> list[ImporterSpec]:
    about = "VALR's REST: buckets, trades and pairs, as JSON lists or lines"
    return [ImporterSpec("valr", about, importer.recognise, importer.read)]
