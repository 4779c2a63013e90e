"""Bars in, nine features out: returns, distances from averages, RSI and ATR."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Features, Schema
from helios_engine.events import Event


class Ema:
    """Exponential average with alpha 2/(n+1), seeded with the mean of the first n values (TA-Lib)."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.seed: list[float] = []
        self.value: float | None = None

    def add(self, x: float) -> float | None:
        """Take a value; return the average once there is one."""
        if self.value is None:
            self.seed.append(x)
            if len(self.seed) == self.length:
                self.value = math.fsum(self.seed) / self.length
                self.seed = []
        else:
            self.value += (x - self.value) * 2.0 / (self.length + 1)
        return self.value


class Wilder:
    """Wilder's average: the mean of the first n values, then (previous * (n - 1) + x) / n."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.seed: list[float] = []
        self.value: float | None = None

    def add(self, x: float) -> float | None:
        """Take a value; return the average once there is one."""
        if self.value is None:
            self.seed.append(x)
            if len(self.seed) == self.length:
                self.value = math.fsum(self.seed) / self.length
                self.seed = []
        else:
            self.value = (self.value * (self.length - 1) + x) / self.length
        return self.value


class Memory:
    """What is remembered of one instrument and timeframe."""

    def __init__(self, averages: tuple[int, ...], rsi: int, atr: int) -> None:
        self.closes: deque[float] = deque(maxlen=max(averages))
        self.emas = [Ema(n) for n in averages]
        self.gain, self.loss, self.range = Wilder(rsi), Wilder(rsi), Wilder(atr)
        self.last: float | None = None


class Basic:
    """Return, SMA and EMA distances (close / average − 1), RSI and ATR over close; see `on_event`.

    RSI (Wilder 1978): averages seeded with the mean of the first n changes; no loss gives 100, no
    change at all 50. ATR: true range from the second bar, as TA-Lib has it. What is not warm is masked.
    """

    consumes = Bar

    def __init__(self, averages: tuple[int, ...] = (10, 20, 50), rsi: int = 14, atr: int = 14) -> None:
        if not averages or min(*averages, rsi, atr, 10**9) < 1:
            raise ValueError(f"periods must be at least 1: averages {averages}, rsi {rsi}, atr {atr}")
        self.averages, self.rsi, self.atr = averages, rsi, atr
        names = ("return_1", *(f"sma_{n}" for n in averages), *(f"ema_{n}" for n in averages), f"rsi_{rsi}", f"atr_{atr}")
        self.schema = Schema("basic/1", names)
        self.memories: dict[tuple[str, str], Memory] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Features]:
        bar = event.body
        key = (bar.instrument, bar.timeframe)
        memory = self.memories.get(key)
        if memory is None:
            memory = self.memories[key] = Memory(self.averages, self.rsi, self.atr)
        yield Features.of(bar.instrument, self.schema, self._row(memory, bar), bar.timeframe)

    def _row(self, m: Memory, bar: Bar) -> list[float | None]:
        close, last = bar.close, m.last
        m.closes.append(close)
        m.last = close
        row: list[float | None] = [None if last is None else close / last - 1.0]
        window = list(m.closes)
        # fsum over the window: a running sum would drift, and would remember a wild price for ever.
        row += [close / (math.fsum(window[-n:]) / n) - 1.0 if len(window) >= n else None for n in self.averages]
        averages = [ema.add(close) for ema in m.emas]
        row += [None if a is None else close / a - 1.0 for a in averages]
        if last is None:
            return [*row, None, None]
        change = close - last
        gain, loss = m.gain.add(max(change, 0.0)), m.loss.add(max(-change, 0.0))
        span = m.range.add(max(bar.high, last) - min(bar.low, last))
        return [*row, _rsi(gain, loss), None if span is None else span / close]


def _rsi(gain: float | None, loss: float | None) -> float | None:
    if gain is None or loss is None:
        return None
    if loss == 0.0:
        return 50.0 if gain == 0.0 else 100.0
    return 100.0 - 100.0 / (1.0 + gain / loss)
