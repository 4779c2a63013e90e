"""Stages that ask the world outside of their events: clock, environment, network, files, other processes, threads."""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec

FILE = "helios-zoo-state.txt"
log = logging.getLogger(__name__)


class Plain:
    """Honest ground of the stages here: long after a rise, short after a fall, times a weight."""

    consumes = Bar

    def __init__(self) -> None:
        self.last = 0.0

    def weight(self, event: Event[Bar]) -> float:
        """How much of the signal counts now."""
        return 1.0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The direction of the last move, weighted."""
        before, self.last = self.last, event.body.close
        yield Signal(event.body.instrument, (1.0 if self.last > before else -1.0) * self.weight(event))


class WallClock(Plain):
    """Trades less at night: by the clock on the wall, which in a backtest is that of the researcher."""

    def weight(self, event: Event[Bar]) -> float:
        """Half of it before noon."""
        return 0.5 if time.localtime(time.time()).tm_hour < 12 else 1.0


class Today(Plain):
    """Calls a contract old by the distance to `datetime.now()`."""

    def weight(self, event: Event[Bar]) -> float:
        """Less for every year since the bar."""
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromtimestamp(event.ts / 1e9, dt.UTC)
        return 1.0 / (1.0 + age.total_seconds() / 31_557_600)


class EventTime(Plain):
    """Trades less before noon: by the event's own time, through `datetime`."""

    def weight(self, event: Event[Bar]) -> float:
        """Half of it before noon, UTC."""
        return 0.5 if dt.datetime.fromtimestamp(event.ts // 10**9, dt.UTC).hour < 12 else 1.0


class Logs(Plain):
    """Logs each signal; the line's time is the logger's, and changes nothing."""

    def weight(self, event: Event[Bar]) -> float:
        """All of it."""
        log.debug("signal at %s", event.ts)
        return 1.0


class Environment(Plain):
    """Takes a setting from an environment variable, so that no config says what was run."""

    def weight(self, event: Event[Bar]) -> float:
        """Half of it for everybody but one."""
        return 1.0 if os.environ.get("USER") == "alice" else 0.5


class Zone(Plain):
    """Thinks in the local time of the machine: another machine, other trades."""

    def weight(self, event: Event[Bar]) -> float:
        """Half of it in the local morning."""
        return 0.5 if time.localtime(event.ts // 10**9).tm_hour < 12 else 1.0


class Network(Plain):
    """Asks a service on this machine for the latest price, and does without when nobody answers."""

    def weight(self, event: Event[Bar]) -> float:
        """What the service says."""
        try:
            with socket.create_connection(("127.0.0.1", 9), timeout=0.05) as link:
                return float(link.recv(64))
        except OSError:
            return 1.0


class EarlierRun(Plain):
    """Reads what its last run wrote at the end: the second backtest begins knowing how the first went."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.gettempdir()) / FILE
        self.best = float(self.path.read_text()) if self.path.exists() else 0.0

    def weight(self, event: Event[Bar]) -> float:
        """Half of it below the highest close of all runs."""
        self.best = max(self.best, event.body.close)
        self.path.write_text(repr(self.best))
        return 1.0 if event.body.close >= self.best else 0.5


class Attributes(Plain):
    """The same idea with the highest close of this run, kept in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = {"best": 0.0}

    def weight(self, event: Event[Bar]) -> float:
        """Half of it below the highest close so far."""
        self.cache["best"] = max(self.cache["best"], event.body.close)
        return 1.0 if event.body.close >= self.cache["best"] else 0.5


class Subprocess(Plain):
    """Asks another program, which the prover cannot see into."""

    def weight(self, event: Event[Bar]) -> float:
        """The length of the program's answer."""
        found = subprocess.run([sys.executable, "--version"], capture_output=True, check=True)
        return min(1.0, len(found.stdout) / 100)


class Thread(Plain):
    """Computes beside the run, and uses what is ready when the next bar comes."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = 0.5

    def weight(self, event: Event[Bar]) -> float:
        """Whatever the thread left."""

        def work() -> None:
            self.ready = 1.0 if event.body.volume > 50 else 0.5

        threading.Thread(target=work, daemon=True).start()
        return self.ready


class Imports(Plain):
    """Imports a module within `on_event`, which reads a file, and is no crime."""

    def weight(self, event: Event[Bar]) -> float:
        """All of it on weekdays."""
        import calendar

        return 1.0 if calendar.day_name[event.ts // 86_400_000_000_000 % 7] else 0.5


def _entry(name: str, about: str, leak: type, layers: tuple[Layer, ...], twins: tuple[type, ...] = ()) -> Entry:
    spec = StageSpec(f"zoo.{leak.__name__.lower()}", leak)
    label = Label(layers=layers)
    return Entry(name, about, STAGE_RUN, spec, tuple(StageSpec(f"zoo.{t.__name__.lower()}", t) for t in twins), label)


SEEN: tuple[Layer, ...] = ("hermetic", "differential")
ENTRIES = (
    _entry("wall_clock", "the hour of the wall clock", WallClock, SEEN, (EventTime,)),
    _entry("today", "an age by datetime.now()", Today, SEEN, (Logs,)),
    _entry("environment", "a setting in an environment variable", Environment, SEEN),
    _entry("time_zone", "the machine's time zone", Zone, SEEN),
    _entry("network", "a service on this machine", Network, ("hermetic",)),
    _entry("earlier_run", "a file that an earlier run wrote", EarlierRun, SEEN, (Attributes,)),
    _entry("subprocess", "another program", Subprocess, ("hermetic",)),
    _entry("thread", "a thread beside the run", Thread, ("hermetic",), (Imports,)),
)
