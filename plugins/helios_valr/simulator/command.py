"""`helios-engine valr-sim`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from helios_valr.simulator.settings import PAIRS

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator


@click.command("valr-sim")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address; any other is refused.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--pairs", default=",".join(PAIRS), show_default=True, help="VALR's names, with commas between.")
@click.option("--seed", default=7, show_default=True, help="Of the markets and of the faults.")
@click.option(
    "--rate", default=20.0, show_default=True, type=click.FloatRange(0, 10_000), help="Book changes a second."
)
@click.option("--faults", default=0.0, show_default=True, type=click.FloatRange(0, 1000), help="Faults a minute.")
@click.option("--trades-need-key", is_flag=True, help="NEW_TRADE only for lines with a key.")
@click.option("--no-limits", is_flag=True, help="Without VALR's limits of requests.")
def valr_sim(
    host: str, port: int, pairs: str, seed: int, rate: float, faults: float, trades_need_key: bool, no_limits: bool
) -> None:
    """Be a VALR on this machine: public REST and /ws/trade, with a made-up market and faults on demand.

    Nothing it says is market data. Ctrl-C ends it.
    """
    from helios_engine.errors import ConfigError
    from helios_valr.simulator import Faults, Settings, Simulator

    names = tuple(name.strip().upper() for name in pairs.split(",") if name.strip())
    if not names or not all(name.isascii() and name.isalnum() for name in names):
        raise ConfigError(f"--pairs: expected names such as BTCZAR with commas between, found {pairs!r}")
    settings = Settings(
        pairs=names, seed=seed, rate=rate, new_trade_requires_auth=trades_need_key, limits=not no_limits
    )
    asyncio.run(_serve(Simulator(settings, Faults.seeded(seed, faults)), host, port))


async def _serve(simulator: Simulator, host: str, port: int) -> None:
    runner, url = await simulator.start(host, port)
    click.echo(f"VALR, simulated, at {url} (stream {url.replace('http', 'ws', 1)}/ws/trade); Ctrl-C ends it", err=True)
    try:
        await simulator.run()
    finally:
        await runner.cleanup()
