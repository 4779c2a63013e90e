"""Fetch public market history into a folder of raw vendor files, which the importers then read.

`fetch` is the one door: it may be called again at any time, continues what was cut, keeps what is whole, and
says which files the vendor does not have.
"""

from __future__ import annotations

from helios_engine.catalog.download.fetching import fetch, sources
from helios_engine.catalog.download.request import Download, Fetched, Options, Progress, World

__all__ = ["Download", "Fetched", "Options", "Progress", "World", "fetch", "sources"]
