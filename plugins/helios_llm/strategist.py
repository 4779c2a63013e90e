"""A slow voice: asks a language model now and then how much risk the times allow."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

from helios_engine.bodies import Bar, LlmReply, LlmRequest, StrategicView, VolForecast
from helios_engine.events import Event
from helios_engine.timeframe import nanoseconds
from helios_llm.view import SCHEMA, SYSTEM, view_of


class Strategist:
    """At the first bar past each multiple of `every` (UTC), asks about the last `window` returns.

    The prompt has a line an instrument and timeframe: the return over the window, the deviation of a
    bar's return and, where there is one, the last volatility forecast; fractions, no dates. A reply
    becomes a view that lives for `ttl`. One that is no JSON of the asked form, or whose multiplier is
    outside [0, 1], becomes a neutral view of 1 that says why: a confused model changes nothing. So does
    silence. Replies to other stages' requests, or older than the last one heard, are left alone.
    """

    consumes = (Bar, VolForecast, LlmReply)
    optional = (VolForecast,)

    def __init__(
        self, model: str = "llm.rules", every: str = "24h", ttl: str = "48h", window: int = 24, tag: str = "view"
    ) -> None:
        if window < 2 or nanoseconds(every) < 1 or nanoseconds(ttl) < 1:
            raise ValueError(f"expected window >= 2 bars, every and ttl above 0; found {window}, {every!r}, {ttl!r}")
        self.model, self.window, self.tag = model, window, tag
        self.every, self.ttl = nanoseconds(every), nanoseconds(ttl)
        self.closes: dict[tuple[str, str], deque[float]] = {}
        self.forecasts: dict[tuple[str, str], float] = {}
        self.due: int | None = None
        self.count = 0
        self.open: list[str] = []

    def on_event(self, event: Event[Bar | VolForecast | LlmReply]) -> Iterator[LlmRequest | StrategicView]:
        body = event.body
        match body:
            case Bar():
                yield from self._bar(body, event.ts)
            case VolForecast():
                self.forecasts[body.instrument, body.timeframe] = body.volatility
            case LlmReply() if body.request_id in self.open:
                self.open = self.open[self.open.index(body.request_id) + 1 :]
                yield view_of(body, self.ttl)

    def _bar(self, bar: Bar, now: int) -> Iterator[LlmRequest]:
        key = (bar.instrument, bar.timeframe)
        self.closes.setdefault(key, deque(maxlen=self.window + 1)).append(bar.close)
        if self.due is not None and now >= self.due:
            prompt = self._prompt()
            if prompt:
                self.count += 1
                self.open.append(f"{self.tag}-{self.count}")
                yield LlmRequest(self.open[-1], self.model, SYSTEM, prompt, SCHEMA)
        if self.due is None or now >= self.due:
            self.due = now - now % self.every + self.every

    def _prompt(self) -> str:
        lines = []
        for key in sorted(self.closes):
            closes = self.closes[key]
            returns = [b / a - 1.0 for a, b in pairwise(closes)]
            if returns:
                mean = math.fsum(returns) / len(returns)
                volatility = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / len(returns))
                forecast = f" forecast={self.forecasts[key]:.6f}" if key in self.forecasts else ""
                change = closes[-1] / closes[0] - 1.0
                lines.append(f"{key[0]} {key[1]} return={change:.6f} volatility={volatility:.6f}{forecast}")
        return "\n".join(lines)
