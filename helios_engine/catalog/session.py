"""What one command writes before any of it counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helios_engine.catalog.place import Place
from helios_engine.catalog.writer import Writer


class Session:
    """One command's drafts, in a folder that nobody else sweeps while the command lives."""

    def __init__(self, home: Callable[[str, str, str], Place], staging: Path) -> None:
        self._home, self._staging, self._count = home, staging, 0

    def writer(self, kind: str, name: str, timeframe: str = "") -> Writer:
        """A writer of one data set."""
        folder = self._home(kind, name, timeframe)
        self._count += 1
        drafts = self._staging / str(self._count)
        drafts.mkdir()
        return Writer(folder, drafts, kind, name, timeframe)
