"""Stages that say something else in another process, each in its own way, and honest ones that look like it."""

from __future__ import annotations

import os
import random
import tempfile
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from helios_engine.bodies import Bar, Prediction, PredictRequest
from helios_engine.events import Event
from tests.unit.proof.leaky import Clean

_HEARD: list[float] = []
_WORDS = {"buy", "sell", "hold", "wait", "short", "long", "flat", "open", "close", "none"}
_TABLE = tuple(float(i) for i in range(1000))


def _share(text: str) -> float:
    """A text as a number between 0 and 1."""
    return sum(text.encode()) % 997 / 997


class Year(Clean):
    def value(self, event: Event[Bar]) -> float:
        return datetime.now().year / 3000


class PandasYear(Clean):
    def value(self, event: Event[Bar]) -> float:
        return float(pd.Timestamp.now().year) / 3000


class LocalHour(Clean):
    def value(self, event: Event[Bar]) -> float:
        return time.localtime(event.ts // 10**9).tm_hour / 24


class Locale(Clean):
    def value(self, event: Event[Bar]) -> float:
        return _share(os.environ.get("LC_ALL", ""))


class Variable(Clean):
    def value(self, event: Event[Bar]) -> float:
        return float(os.environ.get("MY_SIGNAL", "1"))


class Folder(Clean):
    def value(self, event: Event[Bar]) -> float:
        return _share(str(Path.cwd()))


class Home(Clean):
    def value(self, event: Event[Bar]) -> float:
        return _share(str(Path.home()))


class Temporary(Clean):
    def value(self, event: Event[Bar]) -> float:
        return _share(os.environ.get("TMPDIR", tempfile.gettempdir()))


class Hash(Clean):
    def value(self, event: Event[Bar]) -> float:
        return hash(event.body.instrument) % 1000 / 1000


class SetOrder(Clean):
    def value(self, event: Event[Bar]) -> float:
        return _share(next(iter(_WORDS)))


class HiddenNumpy(Clean):
    def value(self, event: Event[Bar]) -> float:
        return float(np.random.rand())


class Processors(Clean):
    def value(self, event: Event[Bar]) -> float:
        return 1 / (1 + len(os.sched_getaffinity(0)) + int(os.environ.get("OMP_NUM_THREADS", "7")))


class Unseeded(Clean):
    def __init__(self) -> None:
        super().__init__()
        self.random = random.Random()

    def value(self, event: Event[Bar]) -> float:
        return self.random.random()


class Ticking(Clean):
    """A clock that C code reads: it moves while the prover runs."""

    def value(self, event: Event[Bar]) -> float:
        return float(np.datetime64("now").astype(int) % 1000) / 1000


class Module(Clean):
    """Remembers in its module, for the next run too."""

    def value(self, event: Event[Bar]) -> float:
        _HEARD.append(event.body.close)
        return 1 / len(_HEARD)


class OnClass(Clean):
    """Counts on its class."""

    total: ClassVar[int] = 0

    def value(self, event: Event[Bar]) -> float:
        OnClass.total += 1
        return 1 / OnClass.total


class Model:
    """An effect that asks what time it is."""

    handles = PredictRequest

    def answer(self, body: PredictRequest) -> Prediction:
        return Prediction(body.id, body.model, body.instrument, datetime.now().year / 3000)


@lru_cache
def _slow(close: float) -> float:
    return close / (1 + close)


class Memoised(Clean):
    """Honest: a pure function that remembers, and a large table."""

    def value(self, event: Event[Bar]) -> float:
        return _slow(event.body.close) + _TABLE[self.count % 1000] / 1000


class Sorted(Clean):
    """Honest: a set, in order."""

    def value(self, event: Event[Bar]) -> float:
        return _share(sorted(_WORDS)[0])


class Drawn(Clean):
    """Honest: the run's seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random, self.other = random.Random(seed), np.random.default_rng(seed)

    def value(self, event: Event[Bar]) -> float:
        return self.random.random() + float(self.other.normal())


class Dated(Clean):
    """Honest: a calendar of the event's time."""

    def value(self, event: Event[Bar]) -> float:
        return time.gmtime(event.ts // 10**9).tm_hour / 24 + pd.Timestamp(event.ts, tz="Asia/Tokyo").hour
