"""A small exchange over TCP: it sends bodies as lines `Kind {json}`, and a connection that reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from time import time_ns
from types import SimpleNamespace
from typing import Any

import msgspec

from helios_engine import bodies
from helios_engine.bodies import DataIssue, Health, Instrument, Quote, Trade, VenueStatus
from helios_engine.events import Body
from helios_engine.hookspecs import hookimpl
from helios_engine.recorder import Frame, Gap
from helios_engine.recorder.connection import Line, Taker, Wanted
from helios_engine.stage import ConnectionSpec, ParserSpec
from helios_engine.world import World

COIN = Instrument("BTCZAR.ACME", "BTC", "ZAR", 2, 4, Decimal("0.01"), Decimal("0.0001"),
                  maker_fee=Decimal("0.001"), taker_fee=Decimal("0.002"), valid_from=1)  # fmt: skip


def line(body: Body) -> bytes:
    return type(body).__name__.encode() + b" " + msgspec.json.encode(body) + b"\n"


def trade(number: int, price: float) -> Trade:
    return Trade(COIN.instrument, time_ns(), price, 0.5, "BUY" if number % 2 else "SELL", str(number))


def quote(price: float) -> Quote:
    return Quote(COIN.instrument, time_ns(), round(price - 0.5, 2), round(price + 0.5, 2), 2.0, 2.0)


class AcmeParser:
    """Reads the lines; what it cannot read is a doubt."""

    def frame(self, frame: Frame) -> Iterator[tuple[int, Body]]:
        name, _, rest = frame.raw.partition(b" ")
        try:
            yield frame.recv_ns, msgspec.json.decode(rest, type=getattr(bodies, name.decode()))
        except (AttributeError, ValueError, msgspec.MsgspecError) as error:
            yield frame.recv_ns, DataIssue("", "refused", "warn", frame.recv_ns, frame.recv_ns, str(error)[:80])

    def gap(self, gap: Gap) -> Iterator[tuple[int, Body]]:
        yield gap.recv_ns, DataIssue("", "gap", "warn", gap.recv_ns, gap.recv_ns, gap.reason)


class Acme:
    """One TCP line, opened again when it breaks."""

    def __init__(self, wanted: Sequence[Wanted], world: World, *, port: int, again: float = 0.05) -> None:
        self.wanted, self.parser = wanted, AcmeParser()
        self._world, self._port, self._again = world, port, again
        self._line = Line("tcp", False, 0, 0, 0, 0, "")

    def lines(self) -> list[Line]:
        return [self._line]

    async def run(self, taker: Taker) -> None:
        while True:
            try:
                await self._read(taker)
            except OSError as error:
                self._line = self._line._replace(is_up=False, problem=str(error))
            await self._world.sleep(self._again)

    async def _read(self, taker: Taker) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._line = self._line._replace(is_up=True, since=self._world.now(), attempts=self._line.attempts + 1)
        try:
            while raw := await reader.readline():
                self._line = self._line._replace(heard=self._world.now(), frames=self._line.frames + 1)
                taker.take(raw.rstrip(b"\n"), "acme.tcp")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self._line = self._line._replace(is_up=False, problem="closed")
        taker.gap(None, "the line was closed")


class Server:
    """Sends what `say` is told to everyone who listens; what was said before is said first."""

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *error: Any) -> None:
        assert self._server is not None
        self._server.close()
        writers = list(self._writers)
        self.cut()
        for writer in writers:
            with suppress(OSError):
                await writer.wait_closed()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._server is not None
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    def say(self, *found: Body) -> None:
        for body in found:
            raw = line(body)
            if isinstance(body, Instrument | VenueStatus | Health):
                self._said.append(raw)
            for writer in self._writers:
                writer.write(raw)

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    @property
    def listeners(self) -> int:
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(self._said))
        self._writers.append(writer)
        with suppress(asyncio.CancelledError, OSError):
            await reader.read()
        writer.close()
        if writer in self._writers:
            self._writers.remove(writer)
        writer.close()


@hookimpl
def helios_parsers() -> list[ParserSpec]:
    return [ParserSpec("acme", AcmeParser)]


@hookimpl
def helios_connections() -> list[ConnectionSpec]:
    return [ConnectionSpec("acme", Acme, parser="acme")]


PLUGIN = SimpleNamespace(helios_parsers=helios_parsers, helios_connections=helios_connections)
