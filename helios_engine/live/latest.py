"""The latest trades and bars that a run has taken, so that a connection that goes on tells none of them twice."""

from __future__ import annotations

from collections import deque
from typing import Any

from helios_engine.bodies import Bar, Trade
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted

KEPT = 20_000
"""How many of the latest trades are remembered: more than REST is asked for again."""
_KINDS = {kind.__name__: kind for kind in (Trade, Bar)}


class Latest:
    """Takes in every input of a run; `trades` are by instrument and id, `until` says up to when (ns UTC) each goes."""

    def __init__(self) -> None:
        self.trades: deque[tuple[str, str]] = deque(maxlen=KEPT)
        self.until: dict[Wanted, int] = {}

    def note(self, body: Body) -> None:
        """An input was taken."""
        if isinstance(body, Trade):
            self.trades.append((body.instrument, body.trade_id))
            key = Wanted(Trade, body.instrument)
            self.until[key] = max(self.until.get(key, 0), body.ts_event)
        elif isinstance(body, Bar):
            self.until[Wanted(Bar, body.instrument, body.timeframe)] = body.ts_close

    def save(self) -> dict[str, Any]:
        """All of it as plain values."""
        until = [[want.kind.__name__, want.instrument, want.timeframe, ts] for want, ts in self.until.items()]
        return {"trades": list(self.trades), "until": until}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take in what was saved."""
        self.trades.extend((instrument, trade) for instrument, trade in saved["trades"])
        for kind, instrument, timeframe, ts in saved["until"]:
            self.until[Wanted(_KINDS[kind], instrument, timeframe)] = ts
