"""The latest trades and bars that a run has taken, so that a connection that goes on tells none of them twice."""

from __future__ import annotations

from collections import deque
from typing import Any

from helios_engine.bodies import Bar, Trade
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted

KEPT = 5_000
"""How many of an instrument's latest trades are remembered: as many as a connection asks for again at most."""
_KINDS = {kind.__name__: kind for kind in (Trade, Bar)}


class Latest:
    """Takes in every input of a run; `trades` are by instrument and id, `until` says up to when (ns UTC) each goes."""

    def __init__(self) -> None:
        self._trades: dict[str, deque[str]] = {}
        self.until: dict[Wanted, int] = {}

    def note(self, body: Body) -> None:
        """An input was taken."""
        if isinstance(body, Trade):
            self._of(body.instrument).append(body.trade_id)
            key = Wanted(Trade, body.instrument)
            self.until[key] = max(self.until.get(key, 0), body.ts_event)
        elif isinstance(body, Bar):
            self.until[Wanted(Bar, body.instrument, body.timeframe)] = body.ts_close

    @property
    def trades(self) -> list[tuple[str, str]]:
        """The latest trades, by instrument and id."""
        return [(name, trade) for name, ids in self._trades.items() for trade in ids]

    def _of(self, instrument: str) -> deque[str]:
        found = self._trades.get(instrument)
        if found is None:
            found = self._trades[instrument] = deque(maxlen=KEPT)
        return found

    def save(self) -> dict[str, Any]:
        """All of it as plain values."""
        until = [[want.kind.__name__, want.instrument, want.timeframe, ts] for want, ts in self.until.items()]
        return {"trades": {name: list(ids) for name, ids in self._trades.items()}, "until": until}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take in what was saved."""
        for instrument, ids in saved["trades"].items():
            self._of(instrument).extend(ids)
        for kind, instrument, timeframe, ts in saved["until"]:
            self.until[Wanted(_KINDS[kind], instrument, timeframe)] = ts
