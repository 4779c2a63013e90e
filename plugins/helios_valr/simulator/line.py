"""What is said on one websocket, in order, and the faults that befall it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from aiohttp import web

    from helios_valr.simulator.server import Simulator

CHECKED = ("OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE")
BACKLOG = 60_000
"""Frames that may wait for a reader; a slower one is cut off."""


class Line:
    """Frames go through a queue, each with the second at which it is due: a late one holds up those behind it."""

    def __init__(self, simulator: Simulator, socket: web.WebSocketResponse, transport: Any) -> None:
        self.simulator, self.socket, self.transport = simulator, socket, transport
        self.is_dead = False
        """Half open: nothing is said or heard any more, and nobody closes it."""
        self._queue: asyncio.Queue[tuple[float, bytes, bool]] = asyncio.Queue(BACKLOG)
        self._held: bytes | None = None

    def say(self, message: dict[str, Any]) -> None:
        """An answer; of the faults only those of the line swallow or delay it."""
        self._leave(msgspec.json.encode(message), str(message["type"]))

    def pong(self, data: bytes) -> None:
        """The answer to a ping of the protocol."""
        self._leave(data, "pong", is_pong=True)

    def tell(self, event: str, pair: str, frame: bytes) -> None:
        """Market data, with the faults that are due."""
        now, what, touches = self.simulator.elapsed, f"{event}:{pair}", self.simulator.faults.touches
        if self.is_dead or any(touches(kind, now, what) for kind in ("stall", "drop")):
            return
        if touches("close", now, what):
            self.cut()
        elif self._held is None and touches("reorder", now, what):
            self._held = frame
        else:
            if event in CHECKED and touches("bad_checksum", now, what):
                frame = _spoiled(frame)
            self._leave(frame, what)
            if touches("duplicate", now, what):
                self._leave(frame, what)
            if self._held is not None:
                self._leave(self._held, what)
                self._held = None

    def is_deaf(self, what: str) -> bool:
        """Whether what the client says does not arrive."""
        faults, now = self.simulator.faults, self.simulator.elapsed
        self.is_dead = self.is_dead or bool(faults.touches("half_open", now, what))
        return self.is_dead or bool(faults.touches("deaf", now, what))

    def cut(self) -> None:
        """End the line without a word: code 1006 for the client."""
        if self.transport is not None:
            self.transport.abort()

    async def write(self) -> None:
        """Send what is due until the line breaks."""
        while True:
            due, frame, is_pong = await self._queue.get()
            while (wait := due - self.simulator.elapsed) > 1e-9:
                await self.simulator.world.sleep(wait)
            try:
                if not self.is_dead:
                    await (self.socket.pong(frame) if is_pong else self.socket.send_str(frame.decode()))
            except ConnectionError:
                return

    def _leave(self, frame: bytes, what: str, *, is_pong: bool = False) -> None:
        faults, now = self.simulator.faults, self.simulator.elapsed
        if self.is_dead or faults.touches("blackhole", now, what):
            return
        if faults.touches("half_open", now, what):
            self.is_dead = True
            return
        late = faults.touches("delay", now, what)
        try:
            self._queue.put_nowait((now + (late.much if late else 0.0), frame, is_pong))
        except asyncio.QueueFull:
            self.cut()


def _spoiled(frame: bytes) -> bytes:
    found = msgspec.json.decode(frame)
    data, name = (found["d"], "cs") if "d" in found else (found["data"], "Checksum")
    data[name] ^= 1
    return msgspec.json.encode(found)
