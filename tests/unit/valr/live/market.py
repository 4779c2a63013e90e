"""A connection of VALR against its simulator, with a real recorder below it, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.bodies import Bar, BookDelta, BookSnapshot, Health
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.recorder import Recorder
from helios_engine.recorder.connection import Wanted
from helios_engine.recorder.entries import Direction
from helios_engine.recorder.parsing import Inputs, Intake, Parsed, Rebuilt, rebuild
from helios_engine.simulation import VirtualLoop
from helios_engine.simulation import run as run_virtually
from helios_engine.timeframe import UNITS
from helios_valr import translation
from helios_valr.fields import hook
from helios_valr.live.connection import Valr
from helios_valr.live.envelopes import EDGE, Began, read_edge
from helios_valr.live.parser import ValrParser
from helios_valr.rest.world import virtual
from helios_valr.rows import BucketRow
from helios_valr.simulator import Fault, Faults, Settings, Simulator, speech, summaries
from helios_valr.simulator.book import BUY, SELL

PAIR = "BTCZAR"
NAME = f"{PAIR}.VALR"
START = 1_790_133_600 * UNITS["s"]
"""When every conversation begins: at the beginning of a minute, ns UTC."""
MINUTE = 60 * UNITS["s"]


class Heard:
    """Takes frames: records each, reads it with the connection's parser and keeps what came of it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.inputs: Inputs = []
        self._by_kind: dict[type[Body], list[Any]] = {}
        self.gaps: list[str] = []
        self.began: Began | None = None

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> None:
        if connection == EDGE and isinstance(told := read_edge(raw), Began):
            self.began = told
        self._keep(self._intake.take(raw, connection, direction))

    def gap(self, count: int | None, reason: str) -> None:
        self.gaps.append(reason)
        self._keep(self._intake.gap(count, reason))

    def _keep(self, inputs: Inputs) -> None:
        self.inputs += inputs
        for _, body in inputs:
            self._by_kind.setdefault(type(body), []).append(body)

    def of(self, kind: type[Body], /, **fields: Any) -> list[Any]:
        """The bodies of a kind with these fields, oldest first."""
        found = self._by_kind.get(kind, [])
        return [one for one in found if all(getattr(one, name) == value for name, value in fields.items())]

    def book(self, name: str = NAME) -> dict[str, dict[float, float]] | None:
        """The book that the inputs make, by side; None before the first snapshot."""
        found: dict[str, dict[float, float]] | None = None
        for _, body in self.inputs:
            if isinstance(body, BookSnapshot) and body.instrument == name:
                found = {"BUY": dict(body.bids), "SELL": dict(body.asks)}
            elif isinstance(body, BookDelta) and body.instrument == name:
                assert found is not None
                found[body.side][body.price] = body.quantity
                if body.quantity == 0:
                    del found[body.side][body.price]
        return found

    def gap_of(self, name: str = NAME) -> float | None:
        """The latest count of gaps of an instrument."""
        found = self.of(Health, subject=name, kind="gaps")
        return found[-1].value if found else None


Play = Callable[["Table"], Awaitable[Any]]


class Table:
    """Both sides of a conversation: the simulator, the connection, and who listens."""

    def __init__(self, simulator: Simulator, valr: Valr, heard: Heard, run: asyncio.Task[None], pace: Any) -> None:
        self.simulator, self.valr, self.heard, self.run, self.pace = simulator, valr, heard, run, pace

    async def until(self, is_so: Callable[[], Any], seconds: float = 1500.0) -> None:
        """Wait until something is so; the connection must not end meanwhile."""
        async with asyncio.timeout(seconds):
            while not is_so():
                if self.run.done():
                    self.run.result()
                await asyncio.sleep(0.1)

    async def quiet(self) -> None:
        """Let the market stand still, and everything that was said arrive."""
        self.pace.cancel()
        await asyncio.gather(self.pace, return_exceptions=True)
        await asyncio.sleep(0.5)

    def made(self, pair: str = PAIR) -> list[str]:
        """The ids of the trades that were made since the connection began; their times have milliseconds."""
        assert self.heard.began is not None
        since = self.heard.began.trades[pair]
        return [done.id for done in self.market(pair).trades if done.at // 10**6 * 10**6 >= since]

    def bars(self, first: int, last: int, pair: str = PAIR) -> list[Bar]:
        """The bars of the market's own buckets that open in [first, last], empty ones too."""
        rows = msgspec.convert(summaries.buckets(self.market(pair), first, last, 60, True), list[BucketRow],
                               dec_hook=hook)  # fmt: skip
        return [bar for row in reversed(rows) if (bar := translation.bar(row, 1 << 62))]

    def attempts(self) -> int:
        """How often a line of the stream was opened, or was to be."""
        return max([line.attempts for line in self.valr.lines() if "stream" in line.name], default=0)

    def market(self, pair: str = PAIR) -> Any:
        """The simulator's own market."""
        return self.simulator.markets[pair]

    def truth(self, pair: str = PAIR) -> dict[str, dict[float, float]]:
        """The book as it is."""
        sides = (("BUY", BUY), ("SELL", SELL))
        return {
            name: {float(p): float(q) for p, q in speech.levels(self.market(pair), side)} for name, side in sides
        }  # fmt: skip


def play(
    folder: Path, wanted: list[Wanted], work: Play, *faults: Fault, pace: dict[str, float] | None = None,
    of_valr: dict[str, Any] | None = None, first: Callable[[Valr], Awaitable[Any]] | None = None, **settings: Any,
) -> tuple[Heard, list[Rebuilt]]:  # fmt: skip
    """Connect, do `work`, disconnect; what was heard, and what the log says when it is read again.

    In virtual time with real sockets, at the usual pace. The times of faults are seconds since the beginning.
    """
    world = virtual(7)
    plain = {"pairs": (PAIR, "BTCUSDTPERP"), "rate": 20.0, "history_minutes": 30}

    async def run() -> Heard:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        simulator = Simulator(Settings(**(plain | settings)), Faults(faults), world)
        runner, url = await simulator.start()
        market = asyncio.create_task(simulator.run())
        valr = Valr(wanted, world, url=url, pace=pace, **(of_valr or {}))
        with Recorder(folder, wall=lambda: loop.ns, monotonic=lambda: loop.ns) as recorder:
            intake = Intake(recorder, Parsed("valr", valr.parser, Codec()))
            heard = Heard(intake)
            if first is not None:
                await first(valr)
            task = asyncio.create_task(valr.run(heard))
            try:
                await work(Table(simulator, valr, heard, task, market))
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                intake.mark()
                async with asyncio.timeout(5):
                    while simulator.sessions:  # a connection that has ended leaves no line open
                        await asyncio.sleep(0.1)
                market.cancel()
                await asyncio.gather(market, return_exceptions=True)
                await runner.cleanup()
        return heard

    heard = run_virtually(run(), START)
    return heard, rebuild(folder, lambda: Parsed("valr", ValrParser(), Codec()))
