"""The snapshots of a run, in its folder: when they are taken, which of them are sound, and what they restore."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.codec import Codec
from helios_engine.engine import Engine
from helios_engine.errors import HeliosError, JournalError, StageError, StorageError
from helios_engine.files import write_whole
from helios_engine.live import snapshot
from helios_engine.live.killed import Killed
from helios_engine.live.latest import Latest
from helios_engine.live.timeline import LiveTimeline
from helios_engine.live.venue_log import VenueLog
from helios_engine.runner import versions
from helios_engine.stage import Venue

FOLDER = "snapshots"
KEPT = 2
Saved = dict[str, Any]


class Snapshots:
    """One run's. `problem` says why none can be taken, `refused` what was wrong with those that were found."""

    def __init__(self, place: Path, codec: Codec, plugins: Sequence[str], seconds: float) -> None:
        """One is taken every so many `seconds` of run time, none if that is 0; by these `plugins`, in full identity."""
        self.seconds, self.problem = seconds, ""
        self.refused: list[str] = []
        self._place, self._folder, self._codec = place, place / FOLDER, codec
        self._made_by = {"plugins": list(plugins), "versions": versions()}
        self.log = VenueLog(place)
        self._header = ""
        self._writing: asyncio.Future[None] | None = None

    def logged(self, venue: Venue) -> Any:
        """The venue with its log, if it can be made again from one."""
        make = getattr(venue, "logged", None)
        if make is None:
            self.problem = "no snapshots: this venue cannot be made again from what it was told"
            return venue
        return make(self._codec, self.log.write) if self.seconds else venue

    def belong_to(self, header: Mapping[str, Any]) -> None:
        """Say which run they are of, by its journal's header."""
        self._header = hashlib.blake2b(msgspec.msgpack.encode(header), digest_size=16).hexdigest()

    def begin(self) -> None:
        """A run begins, or is made again from its whole journal: nothing that lies here holds any more."""
        for path in self._found():
            path.unlink()
        if self.seconds:
            self.log.begin()

    def sound(self, killed: Killed) -> Iterator[tuple[Path, Saved]]:
        """The snapshots that are whole and of this very run, newest first; those that are not are `refuse`d."""
        for path in reversed(self._found() if self.seconds else []):
            try:
                saved = snapshot.read(path)
                self._check(path.name, saved, killed)
            except HeliosError as error:
                self.refuse(path, error)
                continue
            yield path, saved

    def refuse(self, path: Path, error: Exception) -> None:
        """A snapshot is of no use: it goes, and why is told."""
        self.refused.append(f"snapshot {path.stem} refused: {error}")
        path.unlink(missing_ok=True)

    def give(self, engine: Engine, saved: Saved, latest: Latest) -> None:
        """Bring a fresh engine to where a snapshot was taken. JournalError if it does not get there."""
        snapshot.give(engine, saved["state"])
        venue: Any = engine.port.venue
        venue.retell(self.log.read(saved["log"], saved["records"]), saved["venue"])
        latest.restore(saved["latest"])
        self.log.go_on(saved["log"], saved["records"])

    def take(self, engine: Engine, timeline: LiveTimeline, latest: Latest) -> None:
        """Take one, between two inputs; it is written beside the run, and the one before the last goes."""
        if not self.seconds or self.problem or (self._writing is not None and not self._writing.done()):
            return
        try:
            saved = self._saved(engine, timeline, latest)
        except StageError as error:
            self.problem = f"no snapshots: {error}"
            return
        if self.log.problem:
            self.problem = f"no snapshots any more: {self.log.problem}"
            return
        raw = msgspec.msgpack.encode(saved)
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._put, raw)

    async def written(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            await self._writing

    async def close(self) -> None:
        """The run is over: nothing more is taken or told."""
        await self.written()
        self.log.close()

    def _saved(self, engine: Engine, timeline: LiveTimeline, latest: Latest) -> Saved:
        venue: Any = engine.port.venue
        return {
            **self._made_by,
            "header": self._header,
            "journal": engine.journal.flush(),
            "log": self.log.flush(),
            "records": self.log.records,
            "taken": timeline.delivered,
            "boundary": timeline.boundary,
            "state": snapshot.of_engine(engine),
            "venue": venue.save(),
            "latest": latest.save(),
        }

    def _check(self, name: str, saved: Saved, killed: Killed) -> None:
        if saved["header"] != self._header:
            raise JournalError(f"{name} is of another run")
        for what, now in self._made_by.items():
            if saved[what] != now:
                raise JournalError(f"{name} was taken with other {what}")
        if saved["journal"] > killed.until or not self.log.reaches(saved["log"]):
            raise JournalError(f"{name} is of a moment that the journal does not reach")

    def _found(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.hls") if path.stem.isdigit())

    def _put(self, raw: bytes) -> None:
        """Write it, and let the one before the last go. On a full disk the two that are there stay."""
        found = self._found()
        number = int(found[-1].stem) + 1 if found else 1
        try:
            self._folder.mkdir(exist_ok=True)
            write_whole(self._folder / f"{number:08d}.hls", snapshot.as_file(raw))
        except (StorageError, OSError) as error:
            self.problem = f"no snapshots any more: {error}"
            return
        for path in found[: 1 - KEPT]:
            path.unlink(missing_ok=True)
