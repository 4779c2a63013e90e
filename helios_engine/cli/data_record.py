"""`helios-engine data record`"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_engine.cli.output import as_json, print_json
from helios_engine.terminal import say

if TYPE_CHECKING:
    from helios_engine.live.recording import Look, Recorded
    from helios_engine.plugins import Plugins


@click.command("record")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "use", required=True, help="Connection that a plugin offers, such as valr.")
@click.option("--instruments", required=True, help="With commas between: BTCZAR.VALR,ETHZAR.VALR.")
@click.option(
    "--kinds",
    default="bars,trades,quotes,books",
    show_default=True,
    help="Or ticker, mark.",
)
@click.option("--timeframe", default="1m", show_default=True, help="Of bars.")
@click.option("--for", "span", default=None, help="How long, such as 1h; default: until Ctrl-C.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the connection, such as url.")
@click.option("--catalog", default=None, help="Put what was recorded into this catalog at the end.")
@as_json
def record(
    folder: Path, use: str, instruments: str, kinds: str, timeframe: str, span: str | None, settings: tuple[str, ...],
    catalog: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Record live market data into FOLDER: every frame before anybody reads it, on the disk within 0.1 s.

    May be stopped with Ctrl-C and called again: a new session goes on in the same folder. `data log` looks into it.
    """
    from helios_engine import logs
    from helios_engine.cli.seconds import seconds_of
    from helios_engine.codec import Codec
    from helios_engine.live.asking import settings_of, wanted_of
    from helios_engine.live.connecting import connect
    from helios_engine.plugins import Plugins
    from helios_engine.settings import Settings
    from helios_engine.world import World

    logs.configure(Settings.load())  # else they go to stderr, which may make the recorder's thread wait
    seconds = seconds_of("--for", span)
    plugins, world = Plugins(), World()
    wanted = wanted_of(instruments, kinds, timeframe)
    made = connect(plugins, use, wanted, settings_of(settings), world, "data record")
    status = _Status(quiet=as_json)
    recorded = asyncio.run(_record(made, folder, Codec(plugins.bodies), seconds, world, status))
    status.done()
    told: dict[str, Any] = {**recorded._asdict(), "folder": str(folder)}
    if not as_json:
        click.echo(
            f"{folder}: {recorded.frames:,} frames in {recorded.seconds:,.0f} s, {recorded.inputs:,} inputs, "
            f"{recorded.dropped:,} left out; `helios-engine data log ls {folder}` shows them"
        )
    if catalog is not None:
        told["catalog"], told["rows"] = catalog, _compacted(folder, catalog, made.parser, plugins)
        if not as_json:
            click.echo(f"{told['rows']:,} rows in {catalog}; `helios-engine data ls --catalog {catalog}` lists them")
    if as_json:
        print_json(told)
    return 0


async def _record(made: Any, folder: Path, codec: Any, seconds: float | None, world: Any, status: _Status) -> Recorded:
    from helios_engine.live.recording import record as record_until

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    return await record_until(
        made, folder, codec, stop=stop, world=world, tell=status, alarm=lambda text: say(f"{text}\n")
    )


def _compacted(folder: Path, catalog: str, parser: str, plugins: Plugins) -> int:
    from helios_engine.catalog.store import Catalog
    from helios_engine.recorder.compaction import Compaction
    from helios_engine.recorder.parsing import parses

    done = Compaction(folder, Catalog(catalog), *parses(parser, plugins)).run()
    return sum(one.rows for one in done)


class _Status:
    """One line on stderr, refreshed in place on a terminal, each ten seconds elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        import sys

        self._is_terminal, self._quiet = sys.stderr.isatty(), quiet
        self._next = 0.0

    def __call__(self, look: Look) -> None:
        if self._quiet or look.seconds < self._next:
            return
        self._next = look.seconds + (1 if self._is_terminal else 10)
        lines = ", ".join(f"{line.name} {'up' if line.is_up else 'DOWN ' + line.problem}" for line in look.lines)
        text = (
            f"{look.seconds:,.0f} s: {look.frames:,} frames, {look.inputs:,} inputs, {look.dropped:,} left out, "
            f"{look.waiting:,} waiting, {look.free >> 20:,} MiB free; {lines}"
        )
        say(f"\r\x1b[K{text}" if self._is_terminal else f"{text}\n")

    def done(self) -> None:
        """Leave the line."""
        if self._is_terminal and not self._quiet:
            say("\r\x1b[K")
