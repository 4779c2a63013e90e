"""One websocket: what it subscribed to, and what it is told on that account."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from helios_valr.simulator import speech
from helios_valr.simulator.line import Line

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

DEPTHS = {f"OB_L1_D{most}_SNAPSHOT": most for most in (1, 5, 10, 20, 40, 60, 80)}
TRADES = ("NEW_TRADE", "NEW_TRADE_BUCKET")
RUNS = ("FUNDING_RUN_COMPLETED", "PNL_RUN_COMPLETED")
EVENTS = frozenset(
    {"OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE", "MARKET_SUMMARY_UPDATE", "MARK_PRICE_UPDATE"}
    | {*TRADES, *DEPTHS, *RUNS}
)


class Session:
    """A connection. `run` reads what the client says until either side ends it."""

    def __init__(self, simulator: Simulator, socket: web.WebSocketResponse, transport: Any, known: bool) -> None:
        self.simulator, self.socket, self.known = simulator, socket, known
        self.line = Line(simulator, socket, transport)
        self.pairs: dict[str, list[str]] = {}
        self.opened = self.heard = simulator.elapsed

    async def run(self) -> None:
        """Read until the line ends."""
        tasks = [asyncio.create_task(self.line.write()), asyncio.create_task(self._watch())]
        try:
            if self.known:
                self.line.say({"type": "AUTHENTICATED"})
            async for message in self.socket:
                if self.line.is_deaf("a message"):
                    continue
                if message.type == WSMsgType.PING:
                    self.line.pong(message.data)
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self.heard = self.simulator.elapsed
                    self._read(message.data)
            await self._stay_silent()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def wants(self, event: str, pair: str) -> bool:
        """Whether the client subscribed to it."""
        return pair in self.pairs.get(event, ())

    def tell(self, event: str, pair: str, frame: bytes) -> None:
        """Market data, if it was subscribed to."""
        if self.wants(event, pair):
            self.line.tell(event, pair, frame)

    def _read(self, text: str | bytes) -> None:
        try:
            said = msgspec.json.decode(text)
            kind = said["type"]
        except (msgspec.DecodeError, KeyError, TypeError):
            self.line.say({"type": "ERROR", "message": "Invalid JSON payload"})
            return
        if kind == "PING":
            self.line.say({"type": "PONG"} | ({} if any(self.pairs.values()) else {"message": "NO_SUBSCRIPTIONS"}))
        elif kind == "SUBSCRIBE":
            for one in said.get("subscriptions") or []:
                self._subscribe(str(one.get("event")), one.get("pairs"))
        else:
            self.line.say({"type": "UNSUPPORTED", "message": f"{kind} is not supported"})

    def _subscribe(self, event: str, pairs: list[str] | None) -> None:
        markets = self.simulator.markets
        wanted = list(dict.fromkeys(str(pair).upper() for pair in (markets if pairs is None else pairs)))
        needs_key = event in TRADES and self.simulator.settings.new_trade_requires_auth and not self.known
        good = [pair for pair in wanted if event in EVENTS and pair in markets and not needs_key]
        for pair in self.pairs.get(event, []):
            if pair not in good:
                self.line.say({"type": "UNSUBSCRIBED", "message": f"{event}:{pair}"})
        self.pairs[event] = good
        for pair in wanted:
            if pair not in good:
                self.line.say({"type": "ERROR", "message": f"Channel {event}, pair {pair} combination invalid"})
                continue
            self.line.say({"type": "SUBSCRIBED", "message": f"{event}:{pair}"})
            if event == "OB_L1_DIFF":
                self.tell(event, pair, msgspec.json.encode(speech.l1(markets[pair], None)))
            elif event == "FULL_ORDERBOOK_UPDATE":
                self.tell(event, pair, msgspec.json.encode(speech.full(markets[pair], None)))

    async def _watch(self) -> None:
        """Close a line that says nothing, and one without a key after its time."""
        settings, world = self.simulator.settings, self.simulator.world
        while True:
            silent = self.heard + settings.idle_close
            over = float("inf") if self.known else self.opened + settings.unauthenticated_close
            wait = min(silent, over) - self.simulator.elapsed
            if wait > 0:
                await world.sleep(wait)
                continue
            if not self.line.is_dead:
                if silent <= over and not settings.idle_close_clean:
                    self.line.cut()
                else:
                    await self.socket.close()
            return

    async def _stay_silent(self) -> None:
        """A dead line does not even answer the client's goodbye; it is over when the client lets go of it."""
        while self.line.is_dead and not self.line.transport.is_closing():
            await self.simulator.world.sleep(1.0)
        if self.line.is_dead:
            self.line.cut()
