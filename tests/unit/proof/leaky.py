"""Stages and effects that reach outside, each in the way that its name says, and honest ones that look like it."""

from __future__ import annotations

import ctypes
import gc
import inspect
import logging
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from helios_engine import pipeline
from helios_engine.bodies import Bar, Prediction, PredictRequest, Signal
from helios_engine.events import Event

LOG = logging.getLogger(__name__)
_SEEN: list[float] = []


class Clean:
    """Base of all: a signal a bar, of a value that `value` finds."""

    consumes = Bar

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        self.count += 1
        self.look(event)
        yield Signal(event.body.instrument, self.value(event))

    def look(self, event: Event[Bar]) -> None:
        """What it does beside."""

    def value(self, event: Event[Bar]) -> float:
        """What it says."""
        return 1.0 if event.body.close > event.body.open else -1.0


class Silent(Clean):
    """Says nothing."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield from ()


class Clock(Clean):
    def look(self, event: Event[Bar]) -> None:
        time.time()


class Now(Clean):
    def look(self, event: Event[Bar]) -> None:
        datetime.now(UTC)


class Today(Clean):
    def look(self, event: Event[Bar]) -> None:
        date.today()


class PandasNow(Clean):
    def look(self, event: Event[Bar]) -> None:
        pd.Timestamp.now()


class Environment(Clean):
    def look(self, event: Event[Bar]) -> None:
        os.environ.get("SIGNAL")


class Getenv(Clean):
    def __init__(self) -> None:
        super().__init__()
        os.getenv("SIGNAL")


class HiddenRandom(Clean):
    def look(self, event: Event[Bar]) -> None:
        random.uniform(0, 1)


class Unseeded(Clean):
    def __init__(self) -> None:
        super().__init__()
        random.Random()


class NumpyGlobal(Clean):
    def look(self, event: Event[Bar]) -> None:
        np.random.rand()


class NumpyShared(Clean):
    def look(self, event: Event[Bar]) -> None:
        np.random.mtrand._rand.normal()


class NumpyUnseeded(Clean):
    def look(self, event: Event[Bar]) -> None:
        np.random.default_rng()


class Urandom(Clean):
    def look(self, event: Event[Bar]) -> None:
        os.urandom(4)


class Uuid(Clean):
    def look(self, event: Event[Bar]) -> None:
        uuid.uuid4()


class Opens(Clean):
    def look(self, event: Event[Bar]) -> None:
        Path("/etc/hostname").open().close()


class Lists(Clean):
    def look(self, event: Event[Bar]) -> None:
        os.listdir("/")  # noqa: PTH208


class Stats(Clean):
    def look(self, event: Event[Bar]) -> None:
        os.path.exists("/etc/signal")  # noqa: PTH110


class Writes(Clean):
    def look(self, event: Event[Bar]) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")


class Store(Clean):
    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.files = sorted(Path(catalog).rglob("*.parquet"))


class StoreInC(Clean):
    """Reads Parquet with C code alone."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def look(self, event: Event[Bar]) -> None:
        if self.count == 3:
            pq.read_table(self.file)


class StoreDeep(Clean):
    """Reads with the C++ class behind pyarrow's Python."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def look(self, event: Event[Bar]) -> None:
        if self.count == 3:
            import pyarrow as pa

            pa.OSFile(self.file).read()


class StoreDuck(Clean):
    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def look(self, event: Event[Bar]) -> None:
        if self.count == 3:
            import duckdb

            duckdb.sql(f"select max(close) from '{self.file}'").fetchall()


class StorePolars(Clean):
    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def look(self, event: Event[Bar]) -> None:
        if self.count == 3:
            import polars as pl

            pl.read_parquet(self.file)


class Network(Clean):
    def look(self, event: Event[Bar]) -> None:
        if self.count == 1:
            try:
                urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)
            except OSError:
                self.count = 1


class Socket(Clean):
    def look(self, event: Event[Bar]) -> None:
        socket.socket().close()


class Process(Clean):
    def look(self, event: Event[Bar]) -> None:
        if self.count == 1:
            subprocess.run([sys.executable, "-c", ""], check=True)


class Thread(Clean):
    def look(self, event: Event[Bar]) -> None:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


class Objects(Clean):
    def look(self, event: Event[Bar]) -> None:
        if self.count == 1:
            gc.get_objects()


class Frames(Clean):
    def look(self, event: Event[Bar]) -> None:
        sys._getframe(1)


class Inspect(Clean):
    def look(self, event: Event[Bar]) -> None:
        inspect.currentframe()


class Traceback(Clean):
    def look(self, event: Event[Bar]) -> None:
        try:
            raise ValueError
        except ValueError as error:
            assert error.__traceback__ is not None
            self.frame: Any = error.__traceback__.tb_frame.f_code


class Library(Clean):
    def look(self, event: Event[Bar]) -> None:
        if self.count == 1:
            ctypes.CDLL("libc.so.6")


class Patches(Clean):
    """Exchanges a method of the engine."""

    def __init__(self) -> None:
        super().__init__()
        original = pipeline.Pipeline.push

        def push(self: Any, event: Any, *said: Any) -> Any:
            return original(self, event, *said)

        pipeline.Pipeline.push = push  # type: ignore[method-assign]


class Asking(Clean):
    """Asks a model, so that effects can be tried."""

    def __init__(self) -> None:
        super().__init__()

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest]:  # type: ignore[override]
        self.count += 1
        yield PredictRequest(str(self.count), "leaky.effect", event.body.instrument, "x/1", b"", b"")


class Outside:
    """An effect that reads the clock and the environment: it may."""

    handles = PredictRequest

    def answer(self, body: PredictRequest) -> Prediction:
        time.time()
        os.environ.get("KEY")
        return Prediction(body.id, body.model, body.instrument, 0.0)


class Peeking(Outside):
    """An effect that reads the catalog: it may not."""

    def __init__(self, catalog: str) -> None:
        self.files = sorted(Path(catalog).iterdir())


class Seeded(Clean):
    """Honest: a generator of its own, with the run's seed."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random, self.other = random.Random(seed), np.random.default_rng(seed)

    def look(self, event: Event[Bar]) -> None:
        self.random.random()
        self.other.normal()


class Logging(Clean):
    """Honest: a log line has a time, and that is the log's."""

    def look(self, event: Event[Bar]) -> None:
        LOG.warning("bar %s", event.body)


class Imports(Clean):
    """Honest: imports what it needs when it needs it."""

    def look(self, event: Event[Bar]) -> None:
        import decimal
        import sqlite3
        import xml.dom.minidom  # noqa: F401

        self.context: Any = (decimal.getcontext(), sqlite3.version_info)


class Artefact(Clean):
    """Honest: reads the file that it declares."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.weights = np.loadtxt(weights) if weights.exists() else None
        self.text = weights.read_text()


class Calendar(Clean):
    """Honest: times from the event's."""

    def look(self, event: Event[Bar]) -> None:
        moment = datetime.fromtimestamp(event.ts / 1e9, tz=UTC)
        self.day = (
            moment.weekday(),
            pd.Timestamp(event.ts, tz="Africa/Johannesburg").hour,
            time.gmtime(event.ts // 10**9),
        )


class Frame(Clean):
    """Honest: pandas over its own buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.closes: list[float] = []

    def look(self, event: Event[Bar]) -> None:
        self.closes.append(event.body.close)
        frame = pd.DataFrame({"close": self.closes[-50:]})
        frame["mean"] = frame["close"].rolling(3).mean()
        frame.sort_values("close").to_numpy().sum()
