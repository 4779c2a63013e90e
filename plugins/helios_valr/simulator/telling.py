"""Who is told what when a market moves and when time goes by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from helios_valr.simulator import listings, speech, summaries
from helios_valr.simulator.market import Change, Market
from helios_valr.simulator.stream import DEPTHS, RUNS

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

MINUTE = 60 * 10**9


class Telling:
    """Makes a message only if somebody subscribed to it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.frames = 0
        """How many were told, over all lines."""

    def changes(self, changes: Iterable[tuple[Market, Change]]) -> None:
        """Trades first, then the books they left behind."""
        for market, change in changes:
            for done in change.trades:
                self._told("NEW_TRADE", market.pair, speech.trade, market, done)
            if change.entries:
                self._books(market, change)

    def summaries(self, now: int) -> None:
        """What is said every three seconds."""
        for pair, market in self._simulator.markets.items():
            self._told("MARKET_SUMMARY_UPDATE", pair, summaries.summary, market, now, "currencyPairSymbol")
            if market.is_perpetual and market.mark:
                self._told("MARK_PRICE_UPDATE", pair, dict, [("price", market.price(market.mark))])

    def minute(self, start: int, now: int) -> None:
        """The minute that began at `start` (ns UTC) is over at `now`."""
        for pair, market in self._simulator.markets.items():
            for row in summaries.buckets(market, start, start, 60):
                self._told("NEW_TRADE_BUCKET", pair, dict, row)
        for event, every in zip(RUNS, (listings.FUNDING, listings.PNL), strict=True):
            if now % every < MINUTE:
                for session in self._simulator.sessions:
                    if session.pairs.get(event):
                        session.tell(event, session.pairs[event][0], msgspec.json.encode({"type": event}))

    def _books(self, market: Market, change: Change) -> None:
        pair, lower = market.pair, self._simulator.settings.lower_case_books
        self._publish("OB_L1_DIFF", pair, speech.l1, market, change)
        self._publish("FULL_ORDERBOOK_UPDATE", pair, speech.full, market, change)
        self._told("AGGREGATED_ORDERBOOK_UPDATE", pair, speech.aggregated, market, lower)
        for event, most in DEPTHS.items():
            self._publish(event, pair, speech.depth, market, most)

    def _told(self, event: str, pair: str, make: Callable[..., Any], *about: Any) -> None:
        self._publish(event, pair, _of_pair, event, pair, make, about)

    def _publish(self, event: str, pair: str, make: Callable[..., dict[str, Any]], *about: Any) -> None:
        listeners = [one for one in self._simulator.sessions if one.wants(event, pair)]
        if listeners:
            frame = msgspec.json.encode(make(*about))
            self.frames += len(listeners)
            for session in listeners:
                session.tell(event, pair, frame)


def _of_pair(event: str, pair: str, make: Callable[..., Any], about: tuple[Any, ...]) -> dict[str, Any]:
    return {"type": event, "currencyPairSymbol": pair, "data": make(*about)}
