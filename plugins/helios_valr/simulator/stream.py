"""One websocket: what it subscribed to, what is said to it, and the faults that befall its frames."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from helios_valr.simulator import speech

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

DEPTHS = {f"OB_L1_D{most}_SNAPSHOT": most for most in (1, 5, 10, 20, 40, 60, 80)}
TRADES = ("NEW_TRADE", "NEW_TRADE_BUCKET")
EVENTS = frozenset(
    {"OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE", "AGGREGATED_ORDERBOOK_UPDATE", "MARKET_SUMMARY_UPDATE", *TRADES, *DEPTHS}
    | {"MARK_PRICE_UPDATE"}
)
BACKLOG = 20_000
"""Frames that may wait for a reader; a slower one is cut off."""


class Session:
    """A connection. `run` reads what the client says until either side ends it."""

    def __init__(self, simulator: Simulator, socket: web.WebSocketResponse, transport: Any, known: bool) -> None:
        self.simulator, self.socket, self.transport, self.known = simulator, socket, transport, known
        self.pairs: dict[str, list[str]] = {}
        self.opened = self.heard = simulator.elapsed
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)
        self._held: bytes | None = None

    async def run(self) -> None:
        """Read until the line ends."""
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._watch())]
        try:
            if self.known:
                self.say({"type": "AUTHENTICATED"})
            async for message in self.socket:
                self.heard = self.simulator.elapsed
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._read(message.data)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def say(self, message: dict[str, Any]) -> None:
        """An answer; only a black hole swallows it."""
        if not self.simulator.faults.touches("blackhole", self.simulator.elapsed, str(message["type"])):
            self._put(msgspec.json.encode(message))

    def tell(self, event: str, pair: str, frame: bytes) -> None:
        """Market data, if it was subscribed to, with the faults that are due."""
        if pair not in self.pairs.get(event, ()):
            return
        now, what, touches = self.simulator.elapsed, f"{event}:{pair}", self.simulator.faults.touches
        if any(touches(kind, now, what) for kind in ("blackhole", "stall", "drop")):
            return
        if touches("close", now, what):
            self.cut()
        elif touches("reorder", now, what) and self._held is None:
            self._held = frame
        else:
            if event in ("OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE") and touches("bad_checksum", now, what):
                frame = _spoiled(frame)
            self._put(frame)
            if touches("duplicate", now, what):
                self._put(frame)
            if self._held is not None:
                self._put(self._held)
                self._held = None

    def cut(self) -> None:
        """End the line without a word: code 1006 for the client."""
        if self.transport is not None:
            self.transport.abort()

    def _put(self, frame: bytes) -> None:
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut()

    def _read(self, text: str | bytes) -> None:
        try:
            said = msgspec.json.decode(text)
            kind = said["type"]
        except (msgspec.DecodeError, KeyError, TypeError):
            self.say({"type": "ERROR", "message": "Invalid JSON payload"})
            return
        if kind == "PING":
            self.say({"type": "PONG"} | ({} if any(self.pairs.values()) else {"message": "NO_SUBSCRIPTIONS"}))
        elif kind == "SUBSCRIBE":
            for one in said.get("subscriptions") or []:
                self._subscribe(str(one.get("event")), one.get("pairs"))
        else:
            self.say({"type": "UNSUPPORTED", "message": f"{kind} is not supported"})

    def _subscribe(self, event: str, pairs: list[str] | None) -> None:
        markets = self.simulator.markets
        wanted = list(dict.fromkeys(str(pair).upper() for pair in (markets if pairs is None else pairs)))
        needs_key = event in TRADES and self.simulator.settings.new_trade_requires_auth and not self.known
        good = [pair for pair in wanted if event in EVENTS and pair in markets and not needs_key]
        for pair in self.pairs.get(event, []):
            if pair not in good:
                self.say({"type": "UNSUBSCRIBED", "message": f"{event}:{pair}"})
        self.pairs[event] = good
        for pair in wanted:
            if pair not in good:
                self.say({"type": "ERROR", "message": f"Channel {event}, pair {pair} combination invalid"})
                continue
            self.say({"type": "SUBSCRIBED", "message": f"{event}:{pair}"})
            if event == "OB_L1_DIFF":
                self.tell(event, pair, msgspec.json.encode(speech.l1(markets[pair], None)))
            elif event == "FULL_ORDERBOOK_UPDATE":
                self.tell(event, pair, msgspec.json.encode(speech.full(markets[pair], None)))

    async def _write(self) -> None:
        while True:
            frame = await self.queue.get()
            try:
                await self.socket.send_str(frame.decode())
            except ConnectionError:
                return

    async def _watch(self) -> None:
        settings = self.simulator.settings
        while True:
            now = self.simulator.elapsed
            if now - self.heard >= settings.idle_close:
                self.cut()
                return
            if not self.known and now - self.opened >= settings.unauthenticated_close:
                await self.socket.close()
                return
            await self.simulator.world.sleep(0.1)


def _spoiled(frame: bytes) -> bytes:
    found = msgspec.json.decode(frame)
    data, name = (found["d"], "cs") if "d" in found else (found["data"], "Checksum")
    data[name] ^= 1
    return msgspec.json.encode(found)
