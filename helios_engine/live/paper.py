"""A paper run: live inputs, the pipeline, gate and venue of a backtest, and a journal that proves it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from helios_engine import folder as folders
from helios_engine import runner
from helios_engine.artefact_gate import check_artefacts
from helios_engine.build import Plan
from helios_engine.config import Config
from helios_engine.effects import RunningEffect
from helios_engine.events import Body
from helios_engine.heap import heap_set_aside
from helios_engine.live.beginning import again, fresh, overlap
from helios_engine.live.clock import Rising
from helios_engine.live.connecting import Made
from helios_engine.live.control import Door
from helios_engine.live.effects import Beside
from helios_engine.live.ending import written
from helios_engine.live.killed import Killed
from helios_engine.live.restart import engine_of, go_on
from helios_engine.live.routes import Routes
from helios_engine.live.session import STOP, Asking, Session
from helios_engine.live.snapshots import Snapshots
from helios_engine.live.switching import Switching
from helios_engine.live.taking import Taking
from helios_engine.live.trading import trade, warm
from helios_engine.live.watchdog import Watchdog
from helios_engine.logs import component
from helios_engine.plugins import Plugins
from helios_engine.recorder import Limits, Recorder
from helios_engine.recorder.connection import Wanted
from helios_engine.recorder.parsing import Parsed
from helios_engine.report.frames import Frames
from helios_engine.terms import on_terms
from helios_engine.timeframe import iso
from helios_engine.world import World

LATE = 2.0
"""Seconds that a beginning may take without a word."""
RECORDING = "recording"
"""The folder of the raw frames in a run's folder."""


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
        door: bool = False,
        trace: TextIO | None = None,
        snapshot: float = 60.0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """`patience` is how many seconds the first definitions and prices may take; by a `door` `ctl` may come in.

        `settings` are those that went before the config's: the header keeps them, see `Killed.settings`. `trace`: see
        `Watchdog`. A snapshot is taken every `snapshot` seconds, none if that is 0.
        """
        self.config, self.plugins, self.made, self.wanted = config, plugins, made, wanted
        self.world = world or World()
        self._limits, self._say = limits, alarm
        self.patience, self.tell = patience, tell
        self.alarms: deque[str] = deque(maxlen=8)
        self._asking, self._trace = asking, trace
        self.settings = dict(settings or {})
        self.clock = Rising(self.world.now)
        self.stop = asyncio.Event()
        self.moved = asyncio.Event()
        self.session = Session(self.clock, Routes(wanted), partial(on_terms, config), self.moved.set, self._alarmed)
        self.recorder: Recorder | None = None
        self.taking: Taking | None = None
        self.plan: Plan | None = None
        self.asking: Asking | None = None
        self._connection: asyncio.Task[None] | None = None
        self.warmth: list[str] = []
        """Where the warm-up is from, and what is missing of it."""
        self.place: Path | None = None
        self.is_resumed = False
        self.snapshot, self.started, self.behind = snapshot, 0, 0
        self.snapshots: Snapshots | None = None
        self.phase, self.begun = "waiting", 0
        self.switching = Switching(self)
        self._has_door = door
        self._loop: asyncio.AbstractEventLoop | None = None
        self.door: Door | None = None

    async def run(self, runs: Path) -> runner.Result:
        """Trade on paper until stopped; the folder of the run is whole afterwards, however it ends.

        Raises NotAvailableError if the connection does not bring what a run needs to begin.
        """
        return await self._opened(folders.new_folder(runs, self.config, self.config.digest), None)

    async def resume(self, killed: Killed) -> runner.Result:
        """Go on with a run that was killed, with all that it knew, held and had on order; it stays one run."""
        return await self._opened(killed.place, killed)

    async def _opened(self, place: Path, killed: Killed | None) -> runner.Result:
        self.is_resumed = killed is not None
        self.place, self.begun, self.started = place, self.world.now(), self.world.monotonic()
        self._loop = asyncio.get_running_loop()
        about = {"parser": self.made.parser, "run": place.name}
        with Recorder(place / RECORDING, self._limits, about=about, alarm=self._alarmed, wall=self.clock,
                      monotonic=self.world.monotonic) as recorder:  # fmt: skip
            self.recorder = recorder
            parsed = Parsed(self.made.parser, self.made.connection.parser, self.plugins_codec())
            self.taking = Taking(recorder, parsed, self.session.deliver)
            self.clock.last = max(self.clock.last, recorder.floor_ns)
            # Not before the folder is ours: another process may be at work in it, with a door of its own.
            self.door = Door(place, self.switching.answer) if self._has_door else None
            try:
                async with self.door or nullcontext():
                    return await self._run(place, self.taking, killed)
            finally:
                if self._connection is not None:
                    await _ended(self._connection)  # if it broke, that has been raised by now
                if not recorder.problem:
                    self.taking.mark()

    def _connect(self, taking: Taking) -> asyncio.Task[None]:
        self._connection = asyncio.create_task(self.made.connection.run(taking), name="connection")
        return self._connection

    def end(self) -> None:
        """End the run cleanly; may be called from a signal's handler."""
        if self._loop is None:
            self.stop.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.stop.set)

    def plugins_codec(self) -> Any:
        """What encodes the bodies of this run."""
        from helios_engine.codec import Codec

        return Codec(self.plugins.bodies)

    async def _run(self, place: Path, taking: Taking, killed: Killed | None) -> runner.Result:
        if killed is None:
            overlap(self)
        began = await fresh(self, self._connect(taking)) if killed is None else again(self, killed)
        plan = self.plan = began.plan
        self._enter("warming up")
        contaminated, notes = check_artefacts(plan)
        started = self.world.now() / 1e9
        bounds = self.config.containment
        asking = self.asking = self._asking(self.session) if self._asking else Beside(
            asyncio.get_running_loop(), self.session.reply, self.session.effect_failed, bounds.patience,
            bounds.effect_requests,
        )  # fmt: skip

        def ask(ts: int, running: RunningEffect, request: Body) -> None:
            assert self.session.timeline is not None
            # As the past is taken each reply is waited for, but not for one after the other of an effect that hangs.
            hangs = asking.busy[running.name] > asking.waiting[running.name]
            if self.session.timeline.is_warm or (began.asks(running) and not hangs):
                asking.ask(ts, running, request)

        identities = [str(identity) for identity in plan.plugins.identities.values()]
        self.snapshots = Snapshots(place, plan.codec, identities, self.snapshot)
        engine, timeline, source = await engine_of(self, began, killed, ask, contaminated)
        log = component("live")
        log.info("paper run started", extra={"run": place.name, "begin": iso(plan.begin), "start": iso(plan.start)})
        failure: BaseException | None = None
        is_behind = killed is not None and not timeline.is_warm
        try:
            with self._watched(plan):
                if not timeline.is_warm:
                    await warm(self, engine, timeline, self._connection)
                    if killed is not None:
                        engine.journal.caught_up()
                is_behind = False
                if killed is not None:
                    go_on(self, engine.now, source)
                    self._connect(taking)
                    self.switching.turn()
                else:
                    self.switching.may_begin()
                self._say_how_late()
                self.session.begin()
                assert self._connection is not None
                self._enter("trading")
                with heap_set_aside():
                    await trade(self, self._connection)
                self._enter("ending")
                if (error := await _ended(self._connection)) is not None:
                    raise error
                self.session.unbroken()
                self.session.control(STOP, "all")
                self.session.unbroken()
                engine.finish(0)
        except (Exception, asyncio.CancelledError) as error:
            failure = error  # raised again below, once what there is has been written
            log.error("paper run failed", extra={"run": place.name, "error": f"{type(error).__name__}: {error}"})
        finally:
            self._enter("ending")
            asking.close()
        await self.snapshots.close()
        if failure is not None and is_behind:
            engine.journal.leave()  # what is on file is not this engine's yet: nothing of the failure goes into it
            raise failure
        plan = plan._replace(stop=max(engine.now, plan.start) + 1)
        late = [f"effect {name}: {n} replies came too late and were dropped" for name, n in asking.dropped.items()]
        summary = await written(self, plan, engine, failure, started, contaminated, [*notes, *late])
        log.info("paper run complete", extra={"run": place.name, "turns": engine.turns, "fills": engine.port.fills})
        return runner.Result(place, summary, Frames(place))

    @property
    def instruments(self) -> list[str]:
        """What the run is about, in order."""
        return sorted({want.instrument for want in self.wanted})

    @contextmanager
    def _watched(self, plan: Plan) -> Iterator[None]:
        """Look at how long stages take, for as long as they may be given something."""
        assert plan.containment is not None
        with Watchdog(self._alarmed, self._trace) as watchdog:
            plan.containment.watch = watchdog
            yield

    def _say_how_late(self) -> None:
        """What came before the run was ready is decided on now, as of the time when it came."""
        late = (self.clock() - self.session.first) / 1e9 if self.session.first else 0.0
        if late > LATE:
            self.session.warn(f"{late:.1f} s of data came before the run was ready and were decided on so much later")

    def notes(self) -> list[str]:
        """What a reader of the summary should know of how the run went."""
        told = [f"warm-up: {text}" for text in self.warmth]
        told += [*self.session.failures, *self.session.warnings]
        assert self.recorder is not None
        if self.snapshots is not None and self.snapshots.problem:
            told.append(self.snapshots.problem)
        if self.recorder.dropped:
            told.append(f"{self.recorder.dropped} frames found no room and were left out: see the recording's gaps")
        if self.door is not None and self.door.refused:
            told.append(f"{self.door.refused} controls with a wrong token were refused")
        return told

    def _enter(self, phase: str) -> None:
        if phase == "ending":
            self.switching.close()
        if phase != self.phase:
            self.phase, self.begun = phase, self.world.now()

    def _alarmed(self, text: str) -> None:
        self.alarms.append(text)
        self._say(text)


async def _ended(task: asyncio.Task[None]) -> BaseException | None:
    """Cancel it and wait; returns what it broke with instead, if it did."""
    task.cancel()
    await asyncio.wait([task])
    return None if task.cancelled() else task.exception()
