"""How a run ends that nobody stopped: a connection is over or breaks, a venue raises in a turn nobody awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from helios_engine.bodies import Instrument, OrderIntent, Prediction
from helios_engine.config import parse_config
from helios_engine.errors import HeliosError, StorageError, VenueError
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.live.paper import Paper
from helios_engine.live.starting import paper_run
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Taker
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


def plugins() -> Plugins:
    found, hooks = Plugins(), (helios_parsers, helios_connections, helios_stages, helios_venues)
    found.register(SimpleNamespace(**{hook.__name__: hook for hook in hooks}), "ending")
    found.register(zoo.PLUGIN, "zoo")
    return found


async def ended(folder: Path, connection: str, venue: str, seconds: float) -> tuple[Paper, Summary, HeliosError | None]:
    """A run, its summary, and what it raised; it is stopped after so many seconds of trading, unless it ends before."""
    text = HEAD.format(bounds=BOUNDS).replace('use = "acme"', f'use = "{connection}"') + ASKS
    text = text.replace('use = "nautilus.sim"\nlatency = "5ms"', f'use = "{venue}"')
    async with Server() as server:
        server.say(COIN)
        run = paper_run(parse_config(text, folder / "ending.toml"), {"port": server.port}, plugins=plugins())
        running = asyncio.create_task(run.run(folder / "runs"))
        prices = asyncio.create_task(swing(server, running.done))
        while run.phase != "trading" and not running.done():
            await asyncio.sleep(0.02)
        await asyncio.wait([running], timeout=seconds)
        run.stop.set()
        await asyncio.wait([running, prices])
    error = running.exception()
    assert error is None or isinstance(error, HeliosError)
    return run, read_summary(next((folder / "runs").iterdir())), error


def test_a_connection_that_is_over_ends_the_run_and_the_summary_says_so(tmp_path: Path) -> None:
    _, summary, error = asyncio.run(ended(tmp_path, "over", "nautilus.sim", 20))

    assert (summary.status, error) == ("complete", None)
    assert "the connection ended by itself, and the run with it" in summary.warnings


def test_an_error_of_the_connection_while_it_is_stopped_is_the_runs(tmp_path: Path) -> None:
    _, summary, error = asyncio.run(ended(tmp_path, "breaks", "nautilus.sim", 0.5))

    assert isinstance(error, StorageError)
    assert (summary.status, "the last frame found no room" in summary.error) == ("failed", True)


def test_an_error_in_a_callback_of_the_loop_ends_the_run(tmp_path: Path) -> None:
    run, summary, error = asyncio.run(ended(tmp_path, "acme", "ending.raises", 20))

    assert isinstance(error, VenueError)
    assert (summary.status, "the book of the venue is torn" in summary.error) == ("failed", True)
    assert run.session.broken is error
