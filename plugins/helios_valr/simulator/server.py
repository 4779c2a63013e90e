"""The server: the markets, the pace of their orders, and who is told."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import msgspec
from aiohttp import web

from helios_engine.errors import ConfigError, NotAvailableError
from helios_engine.world import World
from helios_valr.simulator import speech, summaries
from helios_valr.simulator.faults import Faults
from helios_valr.simulator.limits import Limits
from helios_valr.simulator.market import Change, Market
from helios_valr.simulator.settings import Settings
from helios_valr.simulator.stream import DEPTHS, Session

BEAT = 0.02
"""Seconds between two turns of the markets."""
MOST = 50
"""Book changes in one turn at most."""
MINUTE = 60 * 10**9


class Simulator:
    """A VALR. All waiting and all time goes through `world`; chance comes from the settings' seed."""

    def __init__(self, settings: Settings, faults: Faults | None = None, world: World | None = None) -> None:
        self.settings, self.faults, self.world = settings, faults or Faults(), world or World()
        self.markets = {pair: Market(pair, settings.seed) for pair in settings.pairs}
        self.limits, self.sessions, self.frames = Limits(), set[Session](), 0
        self.cache: dict[str, tuple[float, Any]] = {}
        """REST's: what was answered to a path, and when."""
        self._began, self._done = self.world.monotonic(), 0
        now = self.world.now()
        steps = settings.history_minutes * 6
        for market in self.markets.values():
            for step in range(steps):
                market.step(now - (steps - step) * MINUTE // 6)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return (self.world.monotonic() - self._began) / 1e9

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> tuple[web.AppRunner, str]:
        """Listen on a loopback address; the runner, to `cleanup`, and the URL. Port 0 takes a free one.

        ConfigError for any other address, NotAvailableError if the port is in use.
        """
        from helios_valr.simulator.routes import application

        if host != "localhost" and not _is_loopback(host):
            raise ConfigError(f"--host: expected a loopback address, found {host!r}; the simulator talks to no network")
        runner = web.AppRunner(application(self), shutdown_timeout=1.0, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise NotAvailableError(f"port {port} on {host} is in use; name another with --port ({error})") from None
        found = runner.addresses[0]
        return runner, f"http://{found[0]}:{found[1]}"

    async def run(self) -> None:
        """Move the markets at the rate of the settings until cancelled."""
        names = list(self.markets)
        shown, minute = 0, self.world.now() // MINUTE
        while True:
            await self.world.sleep(BEAT)
            # A machine that is too slow falls behind the rate; the lines must be served all the same.
            due = min(int(self.elapsed * self.settings.rate), self._done + MOST)
            while self._done < due:
                market = self.markets[names[self._done % len(names)]]
                self._done += 1
                self._tell(market, market.step(self.world.now()))
            if self.faults.touches("storm", self.elapsed, f"{len(self.sessions)} lines"):
                for session in list(self.sessions):
                    session.cut()
            if int(self.elapsed / 3) != shown:
                shown = int(self.elapsed / 3)
                self._tell_all()
            if (now := self.world.now() // MINUTE) != minute:
                self._close_buckets(minute * MINUTE)
                minute = now
            await asyncio.sleep(0)

    def publish(self, event: str, pair: str, message: dict[str, object]) -> None:
        """Tell all who subscribed."""
        frame = msgspec.json.encode(message)
        for session in list(self.sessions):
            session.tell(event, pair, frame)
            self.frames += 1

    def _tell(self, market: Market, change: Change) -> None:
        pair = market.pair
        for done in change.trades:
            row = speech.trade(market, done)
            self.publish("NEW_TRADE", pair, {"type": "NEW_TRADE", "currencyPairSymbol": pair, "data": row})
        if not change.entries:
            return
        wanted = {event for one in self.sessions for event, pairs in one.pairs.items() if pair in pairs}
        if "OB_L1_DIFF" in wanted:
            self.publish("OB_L1_DIFF", pair, speech.l1(market, change))
        if "FULL_ORDERBOOK_UPDATE" in wanted:
            self.publish("FULL_ORDERBOOK_UPDATE", pair, speech.full(market, change))
        if (name := "AGGREGATED_ORDERBOOK_UPDATE") in wanted:
            data = speech.aggregated(market, self.settings.lower_case_books)
            self.publish(name, pair, {"type": name, "currencyPairSymbol": pair, "data": data})
        for event in sorted(wanted & DEPTHS.keys()):
            self.publish(event, pair, speech.depth(market, DEPTHS[event]))

    def _tell_all(self) -> None:
        for pair, market in self.markets.items():
            data = summaries.summary(market, self.world.now(), "currencyPairSymbol")
            name = "MARKET_SUMMARY_UPDATE"
            self.publish(name, pair, {"type": name, "currencyPairSymbol": pair, "data": data})
            if market.is_perpetual:
                mark = {"price": data["markPrice"]}
                name = "MARK_PRICE_UPDATE"
                self.publish(name, pair, {"type": name, "currencyPairSymbol": pair, "data": mark})

    def _close_buckets(self, start: int) -> None:
        for pair, market in self.markets.items():
            for row in summaries.buckets(market, start, start, 60):
                name = "NEW_TRADE_BUCKET"
                self.publish(name, pair, {"type": name, "currencyPairSymbol": pair, "data": row})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
