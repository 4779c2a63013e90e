"""A live run that was killed, as its journal tells of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helios_engine import folder as folders
from helios_engine.bodies import Bar, Quarantine, Trade
from helios_engine.codec import Codec
from helios_engine.config import Config
from helios_engine.errors import JournalError
from helios_engine.events import Body
from helios_engine.journal import JournalReader
from helios_engine.journal.frames import whole_until
from helios_engine.recorder.connection import Wanted
from helios_engine.recording import VENUE
from helios_engine.timeline import Input

KEPT = 20_000
"""How many of the latest trades are remembered: more than REST is asked for again."""


class Killed:
    """Reads what a killed run left. JournalError if it is over, was no live run, or was killed before it began."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.trades: deque[tuple[str, str]] = deque(maxlen=KEPT)
        """Instrument and id of the latest trades among the inputs that were read, so that none is told twice."""
        self.until: dict[Wanted, int] = {}
        """Up to when (ns UTC) trades and bars are among them."""
        self._path = place / folders.JOURNAL
        self._until = whole_until(self._path)
        reader = self._reader(Codec())
        self.header: dict[str, Any] = reader.header()
        if self.header.get("mode", "backtest") == "backtest":
            raise JournalError(f"{place.name} is a backtest; only a run on live data can be gone on with")
        end = reader.end()
        if end is not None:
            raise JournalError(f"{place.name} is over ({end[0]}); start a new run")

    @property
    def config(self) -> Config:
        """The run's own config: a changed one would be another run."""
        return folders.read_config(self.place, self.header["config_path"])

    def inputs(self, codec: Codec) -> Iterator[Input]:
        """Every input but the venue's answers, oldest first, as far as the journal is whole."""
        for i in self._reader(codec).inputs():
            if i.source != VENUE:
                self._note(i.body)
                yield Input(i.ts, i.source, i.seq, i.body)

    def quarantines(self, codec: Codec) -> dict[str, Quarantine]:
        """The stages that were out when it was killed."""
        return {found.stage: found for found in self._reader(codec).quarantines()}

    def _note(self, body: Body) -> None:
        if isinstance(body, Trade):
            self.trades.append((body.instrument, body.trade_id))
            key = Wanted(Trade, body.instrument)
            self.until[key] = max(self.until.get(key, 0), body.ts_event)
        elif isinstance(body, Bar):
            self.until[Wanted(Bar, body.instrument, body.timeframe)] = body.ts_close

    def _reader(self, codec: Codec) -> JournalReader:
        return JournalReader(self._path, codec, until=self._until)
