"""A connection of VALR against its simulator, with a real recorder below it, and what came of it."""

from __future__ import annotations

import asyncio
import time
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
from helios_engine.timeframe import UNITS
from helios_engine.world import World
from helios_valr import translation
from helios_valr.fields import hook
from helios_valr.live.connection import Valr
from helios_valr.live.envelopes import EDGE, Began, read_edge
from helios_valr.live.pace import Pace
from helios_valr.live.parser import ValrParser
from helios_valr.rows import BucketRow
from helios_valr.simulator import Fault, Faults, Settings, Simulator, speech, summaries
from helios_valr.simulator.book import BUY, SELL

PAIR = "BTCZAR"
NAME = f"{PAIR}.VALR"
FAST = {
    "ping": 2.0, "stale": 3.0, "mend": 3.0, "first": 0.1, "longest": 0.4, "after": 1.2, "trades": 0.2, "status": 0.3,
    "clock": 0.3, "bad": 0.1, "well": 0.5, "timeout": 3.0,
}  # fmt: skip
"""Everything as on a line that lives for seconds only."""
NORMAL = msgspec.structs.asdict(Pace()) | {"timeout": 3.0}
"""The usual pace, for a world that is quick itself."""
MINUTE = 60 * UNITS["s"]


def shifted(to_minute: float) -> World:
    """The world with its wall clock set so that a minute ends in so many seconds."""
    now = time.time_ns()
    shift = int(60e9 - to_minute * 1e9) - now % 60_000_000_000
    return World(now=lambda: time.time_ns() + shift)


def quick(factor: float, to_minute: float) -> World:
    """A world in which all goes `factor` times as fast, and whose first minute ends in so many of its seconds."""
    wall, mono = time.time_ns(), time.monotonic_ns()
    begin = wall - wall % 60_000_000_000 + int((60 - to_minute) * 1e9)

    def now() -> int:
        return begin + int((time.monotonic_ns() - mono) * factor)

    return World(now=now, monotonic=now, sleep=lambda seconds: asyncio.sleep(seconds / factor))


class Heard:
    """Takes frames: records each, reads it with the connection's parser and keeps what came of it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.inputs: Inputs = []
        self.gaps: list[str] = []
        self.began: Began | None = None

    def take(self, raw: bytes, connection: str, direction: Direction = "in") -> None:
        if connection == EDGE and isinstance(told := read_edge(raw), Began):
            self.began = told
        self.inputs += self._intake.take(raw, connection, direction)

    def gap(self, count: int | None, reason: str) -> None:
        self.gaps.append(reason)
        self.inputs += self._intake.gap(count, reason)

    def of(self, kind: type[Body], /, **fields: Any) -> list[Any]:
        """The bodies of a kind with these fields, oldest first."""
        return [
            body for _, body in self.inputs
            if isinstance(body, kind) and all(getattr(body, name) == value for name, value in fields.items())
        ]  # fmt: skip

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

    async def until(self, is_so: Callable[[], Any], seconds: float = 8.0) -> None:
        """Wait until something is so; the connection must not end meanwhile."""
        async with asyncio.timeout(seconds):
            while not is_so():
                if self.run.done():
                    self.run.result()
                await asyncio.sleep(0.02)

    def made(self, pair: str = PAIR) -> list[str]:
        """The ids of the trades that were made since the connection began; their times have milliseconds."""
        assert self.heard.began is not None
        since = self.heard.began.trades[pair]
        return [done.id for done in self.market(pair).trades if done.at // 10**6 * 10**6 >= since]

    def bars(self, first: int, last: int, pair: str = PAIR) -> list[Bar]:
        """The bars of the market's own buckets that open in [first, last]; a minute without a trade has none."""
        rows = msgspec.convert(summaries.buckets(self.market(pair), first, last, 60), list[BucketRow], dec_hook=hook)
        return [bar for row in reversed(rows) if (bar := translation.bar(row, 1 << 62))]

    async def quiet(self) -> None:
        """Let the market stand still, and everything that was said arrive."""
        self.pace.cancel()
        await asyncio.gather(self.pace, return_exceptions=True)
        await asyncio.sleep(0.3)

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
    folder: Path, wanted: list[Wanted], work: Play, *faults: Fault, world: World | None = None,
    of_valr: dict[str, Any] | None = None, first: Callable[[Valr], Awaitable[Any]] | None = None, **settings: Any,
) -> tuple[Heard, list[Rebuilt]]:  # fmt: skip
    """Connect, do `work`, disconnect; what was heard, and what the log says when it is read again."""
    world = world or World()
    plain = {"pairs": (PAIR, "BTCUSDTPERP"), "rate": 200.0, "history_minutes": 30}

    async def run() -> Heard:
        simulator = Simulator(Settings(**(plain | settings)), Faults(faults), world)
        runner, url = await simulator.start()
        pace = asyncio.create_task(simulator.run())
        given = dict(of_valr or {})
        own = {name: given.pop(name) for name in list(given) if name not in Pace.__struct_fields__}
        valr = Valr(wanted, world, url=url, pace=FAST | given, **own)
        with Recorder(folder, wall=world.now) as recorder:
            intake = Intake(recorder, Parsed("valr", valr.parser, Codec()))
            heard = Heard(intake)
            if first is not None:
                await first(valr)
            task = asyncio.create_task(valr.run(heard))
            try:
                await work(Table(simulator, valr, heard, task, pace))
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                intake.mark()
                async with asyncio.timeout(2):
                    while simulator.sessions:  # a connection that has ended leaves no line open
                        await asyncio.sleep(0.02)
                pace.cancel()
                await asyncio.gather(pace, return_exceptions=True)
                await runner.cleanup()
        return heard

    heard = asyncio.run(run())
    return heard, rebuild(folder, lambda: Parsed("valr", ValrParser(), Codec()))
