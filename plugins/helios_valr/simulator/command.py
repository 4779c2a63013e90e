"""`helios-engine valr-sim`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helios_valr.simulator.settings import PAIRS

if TYPE_CHECKING:
    from helios_valr.simulator.flow import Flow
    from helios_valr.simulator.server import Simulator

SECONDS = click.FloatRange(0, 1e9)


@click.command("valr-sim")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address; any other is refused.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--pairs", default=",".join(PAIRS), show_default=True, help="VALR's names, with commas between.")
@click.option("--seed", default=7, show_default=True, help="Of the markets and of the faults.")
@click.option(
    "--rate", default=20.0, show_default=True, type=click.FloatRange(0, 10_000), help="Book changes a second."
)
@click.option("--history", default=120.0, show_default=True, type=SECONDS, help="Minutes of past at the beginning.")
@click.option("--catalog", help="Play trades and books of this catalog instead; folder or URL.")
@click.option(
    "--instruments", default="", help="With --catalog: BTCUSDT.BINANCE, or BTCZAR=BTCUSDT.BINANCE, …; or all."
)
@click.option("--from", "start", help="With --catalog: from this UTC time on.")
@click.option("--recording", type=click.Path(path_type=Path), help="Play this recording of VALR's stream instead.")
@click.option("--speed", default=1.0, show_default=True, type=SECONDS, help="How fast a recording plays.")
@click.option("--faults", default=0.0, show_default=True, type=click.FloatRange(0, 1000), help="Faults a minute.")
@click.option("--schedule", type=click.Path(path_type=Path), help="Faults at their times: a file of JSON lines.")
@click.option("--no-limits", is_flag=True, help="Without VALR's limits of requests.")
@click.option("--retry-after", is_flag=True, help="A 429 says when to come back.")
@click.option("--trades-need-key", is_flag=True, help="NEW_TRADE only for lines with a key.")
@click.option("--before-id-inclusive", is_flag=True, help="beforeId includes its own row.")
@click.option("--lower-case-books", is_flag=True, help="asks and bids instead of Asks and Bids.")
@click.option("--idle-close", default=60.0, show_default=True, type=SECONDS, help="Seconds a line may say nothing.")
@click.option("--idle-close-clean", is_flag=True, help="Such a line is closed with code 1000, not cut.")
@click.option("--signature-age", default=30.0, show_default=True, type=SECONDS, help="Seconds a signature may be off.")
def valr_sim(host: str, port: int, **chosen: Any) -> None:
    """Be a VALR on this machine: public REST and /ws/trade, with a made-up or a recorded market and faults on demand.

    Nothing it says is market data of VALR now. Ctrl-C ends it.
    """
    from helios_valr.simulator import Faults, Simulator
    from helios_valr.simulator.schedule import read

    planned = read(chosen["schedule"]) if chosen["schedule"] else []
    faults = Faults([*planned, *Faults.seeded(chosen["seed"], chosen["faults"]).all])
    asyncio.run(_serve(Simulator(_settings(chosen), faults, flow=_flow(chosen)), host, port))


def _settings(chosen: dict[str, Any]) -> Any:
    from helios_engine.errors import ConfigError
    from helios_valr.simulator import Settings

    names = tuple(name.strip().upper() for name in chosen["pairs"].split(",") if name.strip())
    if not names or not all(name.isascii() and name.isalnum() for name in names):
        raise ConfigError(f"--pairs: expected names such as BTCZAR with commas between, found {chosen['pairs']!r}")
    same = ("seed", "rate", "retry_after", "before_id_inclusive", "lower_case_books", "idle_close", "idle_close_clean",
            "signature_age")  # fmt: skip
    return Settings(
        pairs=names,
        history_minutes=round(chosen["history"]),
        new_trade_requires_auth=chosen["trades_need_key"],
        limits=not chosen["no_limits"],
        **{name: chosen[name] for name in same},
    )


def _flow(chosen: dict[str, Any]) -> Flow | None:
    """The recording that is to be played, if any."""
    from helios_engine.errors import ConfigError
    from helios_engine.timeframe import parse_time
    from helios_valr.simulator.recordings import of_catalog, of_recording
    from helios_valr.simulator.tape import Tape

    if chosen["catalog"] and chosen["recording"]:
        raise ConfigError("--catalog and --recording: expected one of them; there is one market to a pair")
    if not chosen["catalog"] and (chosen["instruments"] or chosen["start"]):
        raise ConfigError("--instruments and --from say what to play of a catalog; expected --catalog as well")
    names = [name.strip() for name in chosen["instruments"].split(",") if name.strip()]
    if chosen["recording"]:
        found = of_recording(chosen["recording"], chosen["seed"])
    elif chosen["catalog"]:
        try:
            start = parse_time(chosen["start"]) if chosen["start"] else 0
        except ValueError as error:
            raise ConfigError(f"--from: expected a UTC time such as 2026-01-05T08:00 ({error})") from None
        found = of_catalog(chosen["catalog"], names, chosen["seed"], start)
    else:
        return None
    return Tape(*found, history=chosen["history"] * 60, speed=chosen["speed"])


async def _serve(simulator: Simulator, host: str, port: int) -> None:
    runner, url = await simulator.start(host, port)
    pairs = ", ".join(simulator.markets)
    click.echo(f"VALR, simulated, at {url} (stream {url.replace('http', 'ws', 1)}/ws/trade), with {pairs}", err=True)
    click.echo("Ctrl-C ends it", err=True)
    try:
        await simulator.run()
    finally:
        await runner.cleanup()
