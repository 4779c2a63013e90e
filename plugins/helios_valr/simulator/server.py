"""The server: its clock, its door, and the pace at which its markets move."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from helios_engine.errors import ConfigError, NotAvailableError
from helios_engine.world import World
from helios_valr.simulator.faults import Faults
from helios_valr.simulator.flow import Flow, Seeded
from helios_valr.simulator.limits import Limits
from helios_valr.simulator.market import Change, Market
from helios_valr.simulator.settings import Settings
from helios_valr.simulator.stream import Session
from helios_valr.simulator.telling import Telling

BEAT = 0.02
"""Seconds between two turns of the markets."""
MOST = 50
"""Book changes in one turn at most."""
SUMMARIES = 3
"""Seconds between two summaries and two mark prices."""
MINUTE = 60 * 10**9


class Simulator:
    """A VALR. All waiting and all time goes through `world`, so it runs in virtual time as well.

    Without a `flow` its markets are made up from the seed of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        faults: Faults | None = None,
        world: World | None = None,
        flow: Flow | None = None,
    ) -> None:
        self.settings, self.faults, self.world = settings, faults or Faults(), world or World()
        self._began = self.world.monotonic()
        self.flow = flow or Seeded(settings)
        self.flow.begin(now := self.world.now())
        self.markets = self.flow.markets
        for market in self.markets.values():
            market.changed = market.changed or now  # an empty book has a time as well
        self.sessions: dict[Session, None] = {}
        """In the order in which they came, which that of a set would not be."""
        self.limits, self.telling = Limits(), Telling(self)
        self.cache: dict[str, tuple[float, Any]] = {}
        """REST's: what was answered to a path, and when."""

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
        """Move the markets and tell what changed, until cancelled."""
        shown, minute = 0, self.world.now() // MINUTE
        while True:
            await self.world.sleep(self._pause())
            self.telling.changes(self._moved())
            if self.sessions and self.faults.touches("storm", self.elapsed, f"{len(self.sessions)} lines"):
                for session in list(self.sessions):
                    session.line.cut()
            if int(self.elapsed / SUMMARIES) != shown:
                shown = int(self.elapsed / SUMMARIES)
                self.telling.summaries(self.world.now())
            if (now := self.world.now() // MINUTE) != minute:
                self.telling.minute(minute * MINUTE, now * MINUTE)
                minute = now
            await self.world.sleep(0)

    def _moved(self) -> Iterator[tuple[Market, Change]]:
        # A machine that is too slow falls behind the rate; the lines must be served all the same.
        for _ in range(MOST):
            if self.flow.due > self.elapsed:
                return
            yield self.flow.step(self.world.now())

    def _pause(self) -> float:
        """Seconds until something is to be done: not less than a beat, and not more than one."""
        now, ns = self.elapsed, self.world.now()
        wanted = min(
            self.flow.due - now,
            self.faults.next_at("storm", now) - now,
            SUMMARIES - now % SUMMARIES,
            (MINUTE - ns % MINUTE) / 1e9,
        )
        return min(max(wanted, BEAT), 1.0)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
