"""A live run that was killed, as its journal tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helios_engine import folder as folders
from helios_engine.bodies import Quarantine
from helios_engine.codec import Codec
from helios_engine.config import Config
from helios_engine.errors import JournalError
from helios_engine.journal import JournalReader
from helios_engine.journal.frames import last_frame
from helios_engine.journal.writer import check_schema
from helios_engine.recording import VENUE
from helios_engine.timeline import Input


class Killed:
    """Reads what a killed run left. JournalError if it is over, was no live run, or was killed before it began."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._path = place / folders.JOURNAL
        last, self.until = last_frame(self._path)
        """Up to which byte the journal is whole."""
        reader = JournalReader(self._path, Codec(), until=self.until)
        self.header: dict[str, Any] = reader.header()
        if self.header.get("mode", "backtest") == "backtest":
            raise JournalError(f"{place.name} is a backtest; only a run on live data can be gone on with")
        check_schema(self._path, self.header)
        # The end is the last record of all, so the last frame has it.
        end = JournalReader(self._path, Codec(), since=last, until=self.until).end()
        if end is not None:
            raise JournalError(f"{place.name} is over ({end[0]}); start a new run")
        if self.header.get("begin", 0) < self.header.get("start", 0) and self._latest(last) < self.header["start"]:
            raise JournalError(f"{place.name} was killed in its warm-up and had decided nothing; start a new run")

    @property
    def config(self) -> Config:
        """The run's own config: a changed one would be another run."""
        found = folders.read_config(self.place, self.header["config_path"])
        if found.digest != self.header["config_digest"]:
            raise JournalError(
                f"{self.place.name}: {folders.CONFIG} was changed since; put it back, or start a new run"
            )
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """What the connection was given at the beginning in place of the config's `[live]`, such as a url."""
        return dict(self.header.get("settings", {}))

    def _latest(self, last: int) -> int:
        """When the last input came (ns UTC): as a rule it stands in the last frame, which begins at byte `last`."""
        for since in (last, 0):
            found = [given.ts for given in JournalReader(self._path, Codec(), since=since, until=self.until).inputs()]
            if found:
                return found[-1]
        return 0

    def inputs(self, codec: Codec, since: int = 0) -> Iterator[Input]:
        """Every input but the venue's answers, oldest first, from byte `since` on, as far as the journal is whole."""
        for i in JournalReader(self._path, codec, since=since, until=self.until).inputs():
            if i.source != VENUE:
                yield Input(i.ts, i.source, i.seq, i.body)

    def quarantines(self, codec: Codec) -> dict[str, Quarantine]:
        """The stages that were out when it was killed."""
        return {found.stage: found for found in JournalReader(self._path, codec, until=self.until).quarantines()}
