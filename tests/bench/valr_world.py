"""The simulated VALR in a process of its own, and a connection whose every frame is timed from the socket on."""

from __future__ import annotations

import contextlib
import os
import random
import re
import resource
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode

from helios_engine.recorder.connection import Connection, Line, Taker
from helios_engine.recorder.entries import Direction
from helios_engine.recorder.parsing import Parser
from helios_valr.live.parser import ValrParser
from helios_valr.once import KEPT
from tests.bench.judging import Floats

TOKEN = "simulated-token"
BURST = 30_000
PING = 28.0
"""Seconds between two PINGs: a line is given up after two without an answer, and a burst is held back for less."""
HELD = 27.0
_NOW, _MADE = b'"lc":', 13


def pairs(count: int) -> list[str]:
    """Names of made-up pairs."""
    return [f"C{number:02}ZAR" for number in range(count)]


class Simulated:
    """A simulator that runs: where, and what can be asked of it."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def hold(self, seconds: float) -> None:
        """Say nothing for so long, then everything at once."""
        self._said("faults", {"kind": "delay", "by": seconds, "only": "OB_L1_DIFF"})

    def trades(self) -> dict[str, list[str]]:
        """The ids of all trades it remembers, by pair, oldest first."""
        return {pair: [trade["id"] for trade in market["trades"]] for pair, market in self._said("truth").items()}

    def processor(self) -> float:
        """Seconds of processor it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _said(self, path: str, body: Any = None) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(f"{self.url}/sim/{path}", data, {"X-Sim-Token": TOKEN})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return msgspec.json.decode(answer.read())


@contextlib.contextmanager
def simulated(rate: float, count: int) -> Iterator[Simulated]:
    """A simulator of so many pairs and book changes a second, until the block is left."""
    command = [sys.executable, "-m", "helios_engine", "valr-sim", "--port", "0", "--rate", f"{rate}", "--no-limits"]
    command += ["--pairs", ",".join(pairs(count)), "--history", "10"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = process.stderr.readline()
            found = re.search(r"at (http://\S+)", told)
            if found is None:
                raise RuntimeError(f"the simulator did not begin: {told}{process.stderr.read()}")
            yield Simulated(found[1], process.pid)
        finally:
            process.terminate()


class Times:
    """Of each frame (ns): read off the socket, done, made. Laid out beforehand, so that keeping them takes no room."""

    def __init__(self, most: int) -> None:
        self._read, self._done, self._made = (np.full(most, -1, np.int64) for _ in range(3))
        self._most, self.count, self._is_over = most, 0, False
        self._first = self._last = 0
        self._came: deque[int] = deque()
        self.memory: deque[tuple[float, float, float]] = deque(maxlen=10_000)

    def note(self, raw: bytes, done: int) -> None:
        """A frame of the stream is done; when it was read off the socket, the socket has told."""
        came = self._came.popleft() if self._came else done
        if self.count < self._most:
            place = raw.find(_NOW) + len(_NOW)
            made = int(raw[place : place + _MADE]) * 1_000_000 if place >= len(_NOW) else -1
            self._read[self.count], self._done[self.count], self._made[self.count] = came, done, made
            self.count += 1

    def sample(self, parser: Parser) -> None:
        """Note how much memory lies in this process now, and how much of it (MiB) are ids of trades that are known."""
        if not self._is_over:
            assert isinstance(parser, ValrParser)
            self.memory.append((time.monotonic(), resident(), parser.trades.remembered[1] / 2**20))

    def steady(self) -> None:
        """The steady part begins: what came before is how a run begins, and judged for itself."""
        self._first = self.count

    def over(self) -> None:
        """The steady part is over: what follows is a burst, whose delays and memory are not judged with the rest."""
        self._is_over, self._last = True, self.count

    @property
    def books(self) -> tuple[Floats, Floats, Floats]:
        """Of frames of books, which say when they were made: read, done and made, in seconds."""
        some = self._made[: self.count] > 0
        found = (array[: self.count][some] / 1e9 for array in (self._read, self._done, self._made))
        read, done, made = found
        return read, done, made

    @property
    def taken(self) -> Floats:
        """Seconds from the socket until each frame of the steady part was done."""
        return (self._done - self._read)[self._first : self._last] / 1e9

    @property
    def held_up(self) -> float:
        """The longest of these seconds before the steady part."""
        return float((self._done - self._read)[: self._first].max(initial=0)) / 1e9

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Have every websocket of this process tell when it reads a message."""
        before, came = ClientConnection.process_event, self._came

        def told(self: ClientConnection, event: Any) -> None:
            if self.response is not None and isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
                came.append(time.time_ns())
            before(self, event)

        ClientConnection.process_event = told  # type: ignore[method-assign]
        try:
            yield
        finally:
            ClientConnection.process_event = before  # type: ignore[method-assign]


def remember(parser: Parser, names: list[str]) -> None:
    """Have as many ids of trades known as there can be, as after an hour, so that memory is that of a long run."""
    assert isinstance(parser, ValrParser)
    draw = random.Random(1)
    for name in names:
        for _ in range(KEPT):
            parser.trades._once.is_new(name, str(uuid.UUID(int=draw.getrandbits(128))))


class Timed:
    """A connection as it is, with the times of its frames noted."""

    def __init__(self, connection: Connection, times: Times) -> None:
        self._connection, self._times = connection, times
        self.parser: Parser = connection.parser

    async def run(self, taker: Taker) -> None:
        """As the connection does."""
        await self._connection.run(_Taker(taker, self._times))

    def lines(self) -> list[Line]:
        """As the connection does."""
        return self._connection.lines()


class _Taker(NamedTuple):
    taker: Taker
    times: Times

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> None:
        """Pass a frame on, and note when that is done."""
        self.taker.take(raw, connection, direction)
        if direction == "in" and connection.startswith("valr.stream"):
            self.times.note(raw, time.time_ns())

    def gap(self, count: int | None, reason: str) -> None:
        """Pass it on."""
        self.taker.gap(count, reason)


def resident() -> float:
    """MiB of this process that lie in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def load_average() -> str:
    """How busy the machine is, over 1, 5 and 15 minutes."""
    return "load average " + ", ".join(f"{one:.1f}" for one in os.getloadavg())
