"""A paper run: live inputs, the pipeline, gate and venue of a backtest, and a journal that proves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import msgspec

from helios_engine import folder as folders
from helios_engine import runner
from helios_engine.artefact_gate import check_artefacts
from helios_engine.assemble import assemble
from helios_engine.build import Plan
from helios_engine.config import Config
from helios_engine.errors import HeliosError, NotAvailableError
from helios_engine.live.clock import Rising
from helios_engine.live.connecting import Made
from helios_engine.live.effects import Beside
from helios_engine.live.memory import Memory
from helios_engine.live.planning import live_plan
from helios_engine.live.routes import Routes
from helios_engine.live.session import Asking, Session
from helios_engine.live.taking import Taking
from helios_engine.live.timeline import LiveTimeline
from helios_engine.live.warming import live_ticks, past, warm_up
from helios_engine.live.watchdog import Watchdog
from helios_engine.logs import component
from helios_engine.plugins import Plugins
from helios_engine.recorder import Limits, Recorder
from helios_engine.recorder.connection import Wanted
from helios_engine.recorder.parsing import Parsed
from helios_engine.report.frames import Frames
from helios_engine.report.page import write_page
from helios_engine.report.summary import Status
from helios_engine.results import Results
from helios_engine.timeframe import iso
from helios_engine.world import World

RECORDING = "recording"
"""The folder of the raw frames in a run's folder."""
FLUSHED = 0.1
"""Seconds between two moments at which everything journaled is with the operating system."""
SLICE = 256
"""Inputs of a warm-up between two looks at the connection."""


class Paper:
    """One paper run from its start to its end. `stop` ends it cleanly; `tell` is called about once a second."""

    def __init__(
        self,
        config: Config,
        plugins: Plugins,
        made: Made,
        wanted: dict[Wanted, str],
        *,
        world: World | None = None,
        limits: Limits | None = None,
        patience: float = 60.0,
        asking: Callable[[Session], Asking] | None = None,
        tell: Callable[[Paper], None] = lambda run: None,
        alarm: Callable[[str], None] = lambda text: None,
        trace: TextIO | None = None,
    ) -> None:
        """`patience` is how many seconds the first definitions and prices may take; `trace`: see `Watchdog`."""
        self.config, self.plugins, self.made, self.wanted = config, plugins, made, wanted
        self.world = world or World()
        self._limits, self._patience, self._tell, self._alarm = limits, patience, tell, alarm
        self._asking, self._trace = asking, trace
        self.clock = Rising(self.world.now)
        self.stop = asyncio.Event()
        self._moved = asyncio.Event()
        self.session = Session(self.clock, Routes(wanted), self._moved.set, alarm)
        self.recorder: Recorder | None = None
        self.taking: Taking | None = None
        self.plan: Plan | None = None
        self.missing: list[str] = []

    async def run(self, runs: Path) -> runner.Result:
        """Trade on paper until stopped; the folder of the run is whole afterwards, however it ends.

        Raises NotAvailableError if the connection does not bring what a run needs to begin.
        """
        digest = self.config.digest
        place = folders.new_folder(runs, self.config, digest)
        self._loop = asyncio.get_running_loop()
        about = {"parser": self.made.parser, "run": place.name}
        with Recorder(place / RECORDING, self._limits, about=about, alarm=self._alarm, wall=self.clock,
                      monotonic=self.world.monotonic) as recorder:  # fmt: skip
            self.recorder = recorder
            parsed = Parsed(self.made.parser, self.made.connection.parser, self.plugins_codec())
            self.taking = Taking(recorder, parsed, self.session.deliver)
            connection = asyncio.create_task(self.made.connection.run(self.taking), name="connection")
            try:
                return await self._run(place, connection)
            finally:
                await _cancelled(connection)
                if not recorder.problem:
                    self.taking.mark()

    def plugins_codec(self) -> Any:
        """What encodes the bodies of this run."""
        from helios_engine.codec import Codec

        return Codec(self.plugins.bodies)

    async def _run(self, place: Path, connection: asyncio.Task[None]) -> runner.Result:
        plan = self.plan = await self._planned(connection)
        contaminated, notes = check_artefacts(plan)
        venue = runner.check_money(plan)
        started = self.world.now() / 1e9
        warmth = await warm_up(plan, self.made.connection, self.wanted, plan.start)
        self.missing = warmth.missing
        ticks = live_ticks(plan)
        timeline = LiveTimeline(past(plan, warmth, ticks.length, ticks.grace, ticks.first), self.clock, ticks)
        bounds = self.config.containment
        asking = self._asking(self.session) if self._asking else Beside(
            self._loop, self.session.reply, self.session.effect_failed, bounds.patience, bounds.effect_requests
        )  # fmt: skip
        engine = assemble(
            plan, journal=place / folders.JOURNAL, results=place, venue=venue, timeline=timeline, ask=asking.ask,
            mark=contaminated,
        )  # fmt: skip
        engine.journal.header(header(plan, venue, contaminated))
        log = component("live")
        log.info("paper run started", extra={"run": place.name, "begin": iso(plan.begin), "start": iso(plan.start)})
        status: Status = "failed"
        failure: BaseException | None = None
        try:
            self.session.join(engine, timeline)
            with self._watched(plan):
                await self._warm(engine, timeline)
                self.session.begin()
                await self._live(connection)
                await _cancelled(connection)
                self.session.control("stop", "all")
                engine.finish(0)
            status = "complete"
        except (HeliosError, asyncio.CancelledError) as error:
            failure = error  # raised again below, once what there is has been written
        finally:
            asking.close()
        results = engine.results
        assert isinstance(results, Results)
        plan = plan._replace(stop=max(engine.now, plan.start) + 1)
        late = [f"effect {name}: {n} replies came too late and were dropped" for name, n in asking.dropped.items()]
        notes = [*notes, *self.notes(), *late]
        summary = runner.close(plan, engine, results, place, status, failure, started, contaminated, notes)
        write_page(place)
        if failure is not None:
            raise failure
        return runner.Result(place, summary, Frames(place))

    @contextmanager
    def _watched(self, plan: Plan) -> Iterator[None]:
        """Look at how long stages take, for as long as they may be given something."""
        assert plan.containment is not None
        with Watchdog(self._alarm, self._trace) as watchdog:
            plan.containment.watch = watchdog
            yield

    def notes(self) -> list[str]:
        """What a reader of the summary should know of how the run went."""
        told = [f"warm-up: {text} is missing" for text in self.missing]
        told += [*self.session.failures, *self.session.warnings]
        assert self.recorder is not None
        if self.recorder.dropped:
            told.append(f"{self.recorder.dropped} frames found no room and were left out: see the recording's gaps")
        return told

    async def _planned(self, connection: asyncio.Task[None]) -> Plan:
        """The plan, once every instrument is defined and the first price has come."""
        needed = {want.instrument for want in self.wanted}
        deadline = self.world.monotonic() + int(self._patience * 1e9)
        while needed - self.session.definitions.keys() or not self.session.first:
            if connection.done():
                connection.result()
            if self.stop.is_set():
                raise NotAvailableError("stopped before the first price had come; nothing was decided")
            if self.world.monotonic() > deadline:
                raise NotAvailableError(self._what_lacks(needed))
            self._moved.clear()
            self._tell(self)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), 1.0)
        definitions = [self.session.definitions[name] for name in sorted(needed)]
        return live_plan(self.config, definitions, self.session.first, self.plugins)

    def _what_lacks(self, needed: set[str]) -> str:
        lacking = sorted(needed - self.session.definitions.keys())
        what = f"no definition of {', '.join(lacking)}" if lacking else "no price of any feed"
        lines = "; ".join(f"{line.name}: {line.problem or 'up'}" for line in self.made.connection.lines())
        return f"{what} came within {self._patience:g} s ({lines or 'no line was opened'}); is the exchange reachable?"

    async def _warm(self, engine: Any, timeline: LiveTimeline) -> None:
        """Take the past, with a look at the connection now and then."""
        taken = 0
        while not timeline.is_warm and engine.step() is not None:
            taken += 1
            if taken % SLICE == 0:
                await asyncio.sleep(0)

    async def _live(self, connection: asyncio.Task[None]) -> None:
        """Keep the clock going until the run is stopped or the connection gives up."""
        timeline, engine = self.session.timeline, self.session.engine
        assert timeline is not None and engine is not None
        flushed = told = self.world.monotonic()
        memory = Memory(self.config.containment.max_memory, self.session.failed, self.session.warn)
        while not self.stop.is_set():
            if connection.done():
                connection.result()
                return
            wait = min(max((timeline.due - self.world.now()) / 1e9, 0.0) + 0.001, FLUSHED)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), wait)
            self.session.pump()
            now = self.world.monotonic()
            if now - flushed >= FLUSHED * 1e9:
                engine.journal.flush()
                flushed = now
            if now - told >= 1_000_000_000:
                self._tell(self)
                memory.look(now)
                told = now


def header(plan: Plan, venue: Any, contaminated: str) -> dict[str, Any]:
    """What identifies the run, with all that a plan needs to be made again without a connection."""
    return {
        **runner.header(plan, venue, contaminated),
        "mode": "paper",
        "definitions": [msgspec.to_builtins(definition) for definition in plan.instruments],
    }


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, HeliosError):
        await task
