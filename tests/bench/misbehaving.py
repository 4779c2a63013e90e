"""How late ticks are while a plugin misbehaves: `python -m tests.bench.misbehaving [SECONDS] [WAY …]`, 20 s each.

A paper run with the bounds of the defaults (but a budget of 100 ms for `slow`, a patience of 3 s for effects), ticks
every 100 ms, and an exchange in a process of its own that sends 50 quotes and 50 trades a second. From the sixtieth
trade on one stage or effect misbehaves. A tick is late by the wall clock when it is delivered, less the time it is of;
the first second is left out. `held` is the longest that one tick was late: about as long as the plugin had the loop
before it was put out. `p99 after` is of the ticks from five seconds after that on, `bare` the p99 of a process beside
it that does nothing but tick.
"""

from __future__ import annotations

import asyncio
import logging
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from helios_engine.bodies import Signal, Tick
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.live.starting import paper_run
from helios_engine.stage import StageSpec
from tests.unit.live.acme import COIN, Server, quote, trade
from tests.unit.live.misbehaviour import config, plugins, wild

STAGES = ("", "raise", "exit", "change", "sleep", "spin", "slow", "swallow", "flood", "burst", "leak", "deaf")
EFFECTS = ("raise", "hang", "late")
LATE = 20.0
"""Milliseconds."""
_lateness: list[tuple[float, float]] = []


class Lateness:
    """Notes by how many milliseconds each tick is late, and when; first of all stages, so that it waits for none."""

    consumes = Tick

    def on_event(self, event: Event[Tick]) -> Iterator[Signal]:
        now = time.time_ns()
        _lateness.append((now / 1e9, (now - event.ts) / 1e6))
        yield from ()


async def exchange() -> None:
    """Serve until killed; the port is the first line of stdout."""
    async with Server() as server:
        server.say(COIN)
        print(server.port, flush=True)
        number = 0
        while True:
            price = round(1000 + 50 * math.sin(number / 50), 2)
            server.say(quote(price), trade(number, price))
            number += 1
            await asyncio.sleep(0.02)


async def bare(seconds: float) -> None:
    """Ticks of a loop that does nothing else, in a process of its own: how late the machine itself makes them."""
    late, end = [], time.time() + seconds
    while (now := time.time()) < end:
        due = (now // 0.1 + 1) * 0.1
        await asyncio.sleep(due - now)
        late.append((time.time() - due) * 1e3)
    print(np.percentile(late, 99))


async def measure(port: int, folder: Path, pieces: str, bounds: str, seconds: float) -> tuple[list[str], float]:
    """Run for a while; what failed, and when that was told (s since 1970)."""
    loaded = config(folder, '[[stage]]\nuse = "bench.lateness"\n' + pieces, bounds=bounds)
    known = plugins()
    known.register(SimpleNamespace(helios_stages=helios_stages), "bench")
    moments: list[float] = []
    run = paper_run(loaded, {"port": port}, plugins=known, alarm=lambda text: moments.append(time.time()))
    asyncio.get_running_loop().call_later(seconds, run.stop.set)
    _lateness.clear()
    await run.run(folder / "runs")
    return run.session.failures, moments[0] if moments else 0.0


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("bench.lateness", Lateness)]


def started(*what: str) -> subprocess.Popen[str]:
    """This module in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.misbehaving", *what]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def row(name: str, port: int, pieces: str, bounds: str, seconds: float) -> None:
    """Measure one way and print it."""
    with tempfile.TemporaryDirectory() as folder:
        beside = started("bare", str(seconds))
        failures, told = asyncio.run(measure(port, Path(folder), pieces, bounds, seconds))
        alone = float(beside.communicate()[0])
    begun = _lateness[0][0]
    late = np.array([late for at, late in _lateness if at > begun + 1])
    after = np.array([late for at, late in _lateness if told and at > told + 5] or [math.nan])
    middle, most = np.percentile(late, [50, 99])
    figures = (
        f"{len(late):>6}{middle:>8.2f}{most:>9.2f}{np.percentile(after, 99):>11.2f}{late.max():>9.1f}{alone:>8.2f}"
    )
    why = failures[0].rpartition(" (")[2].rstrip(")") if failures else "-"
    print(f"{name:<16}{figures}{(late > LATE).sum():>7}  {why}", flush=True)


def main(seconds: float, ways: list[str]) -> None:
    """Print the table."""
    logging.getLogger("helios_engine").addHandler(logging.NullHandler())
    server = started("exchange")
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        columns = f"{'p50 ms':>8}{'p99 ms':>9}{'p99 after':>11}{'held ms':>9}{'bare':>8}{'>20ms':>7}"
        print(f"{'':<16}{'ticks':>6}{columns}  told")
        for how in STAGES:
            if not ways or how in ways:
                bounds = 'turn_budget = "100ms"' if how == "slow" else ""
                row(f"stage {how or 'well'}", port, wild(how, 60), bounds, seconds)
        for how in EFFECTS:
            if not ways or f"effect-{how}" in ways:
                oracle = f'[[effect]]\nuse = "zoo.oracle"\nname = "oracle"\nhow = "{how}"\n'
                row(f"effect {how}", port, '[[stage]]\nuse = "zoo.asks"\n' + oracle, 'effect_patience = "3s"', seconds)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["exchange"]:
        asyncio.run(exchange())
    elif sys.argv[1:2] == ["bare"]:
        asyncio.run(bare(float(sys.argv[2])))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 20.0, sys.argv[2:])
