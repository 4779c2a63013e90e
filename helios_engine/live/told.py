"""What a run knows already, so that a connection that tells it again is not heard."""

from __future__ import annotations

from collections.abc import Iterable

from helios_engine.bodies import Bar, Trade
from helios_engine.events import Body


class Told:
    """Trades by their ids; bars, of each instrument and timeframe, up to the youngest."""

    def __init__(self) -> None:
        self._trades: set[tuple[str, str]] = set()
        self._bars: dict[tuple[str, str], int] = {}

    def add(self, bodies: Iterable[Body]) -> None:
        """These have been told; other kinds do not count."""
        for body in bodies:
            if isinstance(body, Trade):
                self._trades.add((body.instrument, body.trade_id))
            elif isinstance(body, Bar):
                key = body.instrument, body.timeframe
                self._bars[key] = max(body.ts_close, self._bars.get(key, 0))

    def add_trades(self, trades: Iterable[tuple[str, str]]) -> None:
        """These trades, by instrument and id, have been told."""
        self._trades.update(trades)

    def __bool__(self) -> bool:
        return bool(self._trades or self._bars)

    def __contains__(self, body: Body) -> bool:
        if isinstance(body, Bar):
            return body.ts_close <= self._bars.get((body.instrument, body.timeframe), 0)
        return isinstance(body, Trade) and (body.instrument, body.trade_id) in self._trades
