"""How a run ends that nobody stopped: a connection is over or breaks, a venue raises in a turn nobody awaits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from helios_engine.bodies import Instrument, OrderIntent, Prediction
from helios_engine.config import Config, parse_config
from helios_engine.errors import HeliosError, StorageError, VenueError
from helios_engine.events import Body, Event
from helios_engine.folder import JOURNAL, SUMMARY
from helios_engine.hookspecs import hookimpl
from helios_engine.journal.frames import last_frame
from helios_engine.live import trading
from helios_engine.live.control import Request
from helios_engine.live.killed import Killed
from helios_engine.live.look import look
from helios_engine.live.paper import Paper
from helios_engine.live.starting import paper_run
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Taker
from helios_engine.replay import replay
from helios_engine.report.summary import Summary, read_summary
from helios_engine.stage import ConnectionSpec, ParserSpec, StageSpec, VenueSpec
from tests.unit.live import zoo
from tests.unit.live.acme import COIN, Acme, AcmeParser, Server
from tests.unit.live.misbehaviour import BOUNDS, HEAD
from tests.unit.live.runs import swing

ASKS = '[[stage]]\nuse = "zoo.asks"\n[[effect]]\nuse = "zoo.oracle"\ndelay = "10ms"\n[[stage]]\nuse = "ending.orders"\n'


class Over(Acme):
    """Is over after half a second, without an error."""

    async def run(self, taker: Taker) -> None:
        try:
            async with asyncio.timeout(0.5):
                await super().run(taker)
        except TimeoutError:
            return


class Breaks(Acme):
    """Cannot be stopped without an error."""

    async def run(self, taker: Taker) -> None:
        try:
            await super().run(taker)
        except asyncio.CancelledError:
            raise StorageError("the last frame found no room") from None


class Orders:
    """Buys when an effect has replied: a turn that begins in a callback of the loop."""

    consumes = (Prediction,)

    def on_event(self, event: Event[Prediction]) -> Iterator[OrderIntent]:
        yield OrderIntent(f"b{event.seq}", COIN.instrument, "BUY", Decimal("0.001"))


class Raises:
    """A venue that takes no order."""

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Nothing to open."""

    def instrument(self, ts: int, body: Instrument) -> None:
        """Nothing to learn."""

    def market(self, ts: int, body: Body) -> Iterable[Body]:
        return ()

    def send(self, ts: int, intent: Body) -> None:
        raise VenueError("the book of the venue is torn")

    def settle(self, ts: int) -> Iterable[Body]:
        return ()

    def finish(self, ts: int) -> Iterable[Body]:
        return ()


@hookimpl
def helios_parsers() -> list[ParserSpec]:
    return [ParserSpec("acme", AcmeParser)]


@hookimpl
def helios_connections() -> list[ConnectionSpec]:
    kinds = {"acme": Acme, "over": Over, "breaks": Breaks}
    return [ConnectionSpec(name, kind, parser="acme") for name, kind in kinds.items()]


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("ending.orders", Orders)]


@hookimpl
def helios_venues() -> list[VenueSpec]:
    return [VenueSpec("ending.raises", Raises)]


def plugins(*venues: VenueSpec) -> Plugins:
    found, hooks = Plugins(), (helios_parsers, helios_connections, helios_stages, helios_venues)
    found.register(SimpleNamespace(**{hook.__name__: hook for hook in hooks}), "ending")
    found.register(SimpleNamespace(helios_venues=hookimpl(lambda: list(venues), specname="helios_venues")), "venues")
    found.register(zoo.PLUGIN, "zoo")
    return found


class Run(NamedTuple):
    """A run that is over, and what it raised."""

    paper: Paper
    error: HeliosError | None

    @property
    def summary(self) -> Summary:
        assert self.paper.place is not None
        return read_summary(self.paper.place)


def loaded(folder: Path, connection: str, venue: str) -> Config:
    text = HEAD.format(bounds=BOUNDS).replace('use = "acme"', f'use = "{connection}"') + ASKS
    text = text.replace('use = "nautilus.sim"\nlatency = "5ms"', f'use = "{venue}"')
    return parse_config(text, folder / "ending.toml")


async def ended(
    folder: Path,
    connection: str = "acme",
    venue: str = "nautilus.sim",
    seconds: float = 20.0,
    begun: Callable[[Path], None] = lambda place: None,
    found: Plugins | None = None,
    killed: Path | None = None,
) -> Run:
    """Run, or go on with a killed run; stopped after so many seconds of trading, unless it ends before.

    `begun` gets the run's folder before anything is in it.
    """
    async with Server() as server:
        server.say(COIN)
        run = paper_run(
            loaded(folder, connection, venue), {"port": server.port}, plugins=found or plugins(), snapshot=0
        )
        running = asyncio.create_task(run.run(folder / "runs") if killed is None else run.resume(Killed(killed)))
        prices = asyncio.create_task(swing(server, running.done))
        while run.place is None:
            await asyncio.sleep(0)
        begun(run.place)
        while run.phase != "trading" and not running.done():
            await asyncio.sleep(0.02)
        await asyncio.wait([running], timeout=seconds)
        run.stop.set()
        await asyncio.wait([running, prices])
    error = running.exception()
    assert error is None or isinstance(error, HeliosError)
    return Run(run, error)


def test_a_connection_that_is_over_ends_the_run_and_the_summary_says_so(tmp_path: Path) -> None:
    run = asyncio.run(ended(tmp_path, connection="over"))

    assert (run.summary.status, run.error) == ("complete", None)
    assert "the connection ended by itself, and the run with it" in run.summary.warnings


def test_an_error_of_the_connection_while_it_is_stopped_is_the_runs(tmp_path: Path) -> None:
    run = asyncio.run(ended(tmp_path, connection="breaks", seconds=0.5))

    assert isinstance(run.error, StorageError)
    assert (run.summary.status, "the last frame found no room" in run.summary.error) == ("failed", True)


def test_an_error_in_a_callback_of_the_loop_ends_the_run(tmp_path: Path) -> None:
    run = asyncio.run(ended(tmp_path, venue="ending.raises"))

    assert isinstance(run.error, VenueError)
    assert (run.summary.status, "the book of the venue is torn" in run.summary.error) == ("failed", True)
    assert run.paper.session.broken is run.error


def test_a_summary_that_cannot_be_written_does_not_hide_what_the_run_failed_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = asyncio.run(ended(tmp_path, venue="ending.raises", begun=lambda place: (place / SUMMARY).mkdir()))

    assert isinstance(run.error, VenueError)
    assert isinstance(run.error.__cause__, StorageError)
    (logged,) = [record for record in caplog.records if record.message == "paper run failed"]
    assert "the book of the venue is torn" in vars(logged)["error"]


def as_killed(folder: Path, found: Plugins, venue: str) -> Path:
    """The folder of a run as it would be if it had been killed just before its end."""
    run = asyncio.run(ended(folder, venue=venue, seconds=1.0, found=found))
    assert (run.error, run.summary.counts.orders > 0) == (None, True)
    assert run.paper.place is not None
    journal = run.paper.place / JOURNAL
    os.truncate(journal, last_frame(journal)[0])
    return run.paper.place


def test_a_killed_run_that_fails_as_it_is_made_again_is_left_as_it_was(tmp_path: Path) -> None:
    sim = Plugins().offers("venue")["nautilus.sim"].spec.factory
    good, bad = plugins(VenueSpec("ending.venue", sim)), plugins(VenueSpec("ending.venue", Raises))
    place = as_killed(tmp_path, good, "ending.venue")
    before = (place / JOURNAL).read_bytes()

    failed = asyncio.run(ended(tmp_path, venue="ending.venue", found=bad, killed=place))
    assert isinstance(failed.error, VenueError)
    assert (place / JOURNAL).read_bytes() == before

    again = asyncio.run(ended(tmp_path, venue="ending.venue", seconds=0.5, found=good, killed=place))
    assert (again.error, again.summary.status) == (None, "complete")
    assert replay(place, plugins=good).differences == []


def test_who_kills_a_run_that_is_made_again_hears_that_it_goes_on_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = as_killed(tmp_path, plugins(), "nautilus.sim")
    monkeypatch.setattr(trading, "SLICE", 8)  # so that there are moments between to ask in

    async def steps() -> tuple[str, str]:
        run = paper_run(loaded(tmp_path, "acme", "nautilus.sim"), {"port": 1}, plugins=plugins(), snapshot=0)
        running = asyncio.create_task(run.resume(Killed(place)))
        while run.phase != "warming up":
            assert not running.done(), running
            await asyncio.sleep(0)
        told = await run.switching.answer(Request(token="", command="kill"))
        while run.phase != "trading":
            assert not running.done(), running
            await asyncio.sleep(0.02)
        held = look(run).gate["*"]
        run.stop.set()
        await running
        return told["note"], held

    assert asyncio.run(steps()) == ("warming up: it is killed as soon as it goes on", "kill")
