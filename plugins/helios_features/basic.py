"""Bars in, nine features out: return, distances from averages, RSI and ATR."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from helios_engine.bodies import Bar, Features, Schema
from helios_engine.events import Event
from helios_engine.stage import Depends
from helios_features.averages import Ema, Wilder

AVERAGES, RSI, ATR = (10, 20, 50), 14, 14


class Memory:
    """What is remembered of one instrument and timeframe."""

    def __init__(self, averages: tuple[int, ...], rsi: int, atr: int) -> None:
        self.closes: deque[float] = deque(maxlen=max(averages))
        self.emas = [Ema(n) for n in averages]
        self.gain, self.loss, self.range = Wilder(rsi), Wilder(rsi), Wilder(atr)
        self.last: float | None = None


class Basic:
    """One row a bar, in this order: return_1, sma_n and ema_n for each of `averages`, rsi_n, atr_n.

    * return_1 = close / previous close − 1.
    * sma_n, ema_n = close / average − 1; the EMA has alpha 2/(n+1) and starts as the mean of n closes.
    * rsi_n, 0 to 100 (Wilder 1978): gains and losses averaged with alpha 1/n from the mean of the first
      n changes on; 100 without a loss, 50 without any change (where TA-Lib says 0).
    * atr_n = Wilder's average of the true range from the second bar on (TA-Lib), over close.

    What is not warm is masked. Periods count bars, not time: a gap in the bars is not filled. The
    schema is `basic/1`; other periods give it a longer name (`basic/1:5-9,7,7`), for other columns
    must not pass for the same. Prices must be finite and above 0, as feeds deliver them.
    """

    consumes = Bar
    depends = Depends({"Features.values[*]": ("Bar.close",), "Features.values[atr_*]": ("Bar.high", "Bar.low")})

    def __init__(self, averages: tuple[int, ...] = AVERAGES, rsi: int = RSI, atr: int = ATR) -> None:
        if not averages or min(*averages, rsi, atr) < 1:
            raise ValueError(f"expected periods of at least 1 bar, found averages {averages}, rsi {rsi}, atr {atr}")
        if len(set(averages)) < len(averages):
            raise ValueError(f"expected each average once, found {averages}; leave the repeated one out")
        self.averages, self.rsi, self.atr = averages, rsi, atr
        self.schema = schema_of(averages, rsi, atr)
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


def schema_of(averages: tuple[int, ...] = AVERAGES, rsi: int = RSI, atr: int = ATR) -> Schema:
    """The columns for these periods, under a name that no other periods share."""
    columns = ["return_1", *(f"sma_{n}" for n in averages), *(f"ema_{n}" for n in averages), f"rsi_{rsi}", f"atr_{atr}"]
    usual = (averages, rsi, atr) == (AVERAGES, RSI, ATR)
    name = "basic/1" if usual else f"basic/1:{'-'.join(map(str, averages))},{rsi},{atr}"
    return Schema(name, tuple(columns))


def _rsi(gain: float | None, loss: float | None) -> float | None:
    if gain is None or loss is None:
        return None
    if loss == 0.0:
        return 50.0 if gain == 0.0 else 100.0
    return 100.0 * gain / (gain + loss)
