"""How long a killed run takes to go on: `python -m tests.bench.restart [INPUTS]`, default a day at 100 a second.

Makes the journal that a paper run of so many inputs leaves (trades and quotes of one instrument in turn, bars of a
minute, averages that cross, market orders), with a snapshot every minute of its time, and kills it half a minute after
the last. Then `live --paper --resume` in a process of its own, from its start to the first input that an exchange sends
it: with snapshots, and without. The recording beside the journal is left out.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from helios_engine import folder as folders
from helios_engine.assemble import DEFINITIONS, FIRST
from helios_engine.bodies import Quote, Trade
from helios_engine.config import Config, parse_config
from helios_engine.effects import RunningEffect
from helios_engine.events import Body
from helios_engine.live.beginning import Began
from helios_engine.live.killed import Killed
from helios_engine.live.planning import live_plan
from helios_engine.live.restart import engine_of
from helios_engine.live.snapshots import Snapshots
from helios_engine.live.starting import paper_run
from helios_engine.live.warming import live_ticks
from helios_engine.timeline import TICK, Source, Timeline, ticks
from helios_engine.world import World
from tests.unit.live.acme import COIN, Server, quote, trade
from tests.unit.live.runs import CONFIG, plugins

MINUTE = 60 * 10**9
DAY = 8_640_000
STEP = 10**7
"""Nanoseconds between two inputs."""


def config(folder: Path) -> Config:
    """The paper run of the tests on bars of a minute."""
    text = CONFIG.replace("200ms", "1m").replace("fast = 2", "fast = 3").replace("slow = 4", "slow = 8")
    return parse_config(text, folder / "restart.toml")


def rows(begin: int, first: int, count: int) -> Iterator[tuple[int, Body]]:
    """Every second input from the `first` on, 0 for trades and 1 for quotes; prices swing once in ten minutes."""
    name = COIN.instrument
    for number in range(first, count, 2):
        ts = begin + (number + 1) * STEP
        price = round(1000 + 50 * math.sin(ts % (10 * MINUTE) / (10 * MINUTE) * math.tau) + number % 7 / 100, 2)
        if first:
            yield ts, Quote(name, ts, round(price - 0.5, 2), round(price + 0.5, 2), 2.0, 2.0)
        else:
            yield ts, Trade(name, ts, price, 0.5, "BUY" if number % 4 else "SELL", str(number))


def past(begin: int, count: int) -> Timeline:
    """The inputs with their ticks."""
    found = [Source(DEFINITIONS, FIRST, [(begin, COIN)])]
    found += [Source(name, 20, rows(begin, first, count)) for first, name in enumerate(("trades", "quotes"))]
    return Timeline([*found, Source("tick", TICK, ticks("1m", MINUTE, 0, begin, begin + count * STEP))])


async def leave(folder: Path, count: int) -> Path:
    """The folder of a run that was killed after so many inputs."""
    begin = time.time_ns() - (count + 100) * STEP
    run = paper_run(config(folder), {"port": 1}, plugins=plugins(), world=World(now=lambda: 1))
    plan = live_plan(run.config, [COIN], begin, run.plugins)
    run.session.definitions = {COIN.instrument: COIN}
    place = run.place = folders.new_folder(folder / "runs", run.config, run.config.digest)
    run.snapshots = Snapshots(place, plan.codec, [str(i) for i in plan.plugins.identities.values()], 60.0)
    began = Began(plan, past(begin, count), live_ticks(plan), _nobody)
    engine, timeline, _ = await engine_of(run, began, None, _nobody, "")
    run.session.join(engine, timeline)
    started, due, taken = time.perf_counter(), begin + MINUTE, 0
    last = begin + (count * STEP) - MINUTE // 2
    cost = []
    while not timeline.is_warm and run.session.step():
        taken += 1
        if engine.now >= due and engine.now <= last:
            before = time.perf_counter()
            run.snapshots.take(engine, timeline, run.session.latest)
            cost.append(time.perf_counter() - before)
            due += MINUTE
            await run.snapshots.written()
    await run.snapshots.close()
    engine.journal.leave()
    size = (place / folders.JOURNAL).stat().st_size / 2**20
    seconds = time.perf_counter() - started
    print(f"{taken:,} inputs in {seconds:.0f} s ({seconds / taken * 1e6:.1f} us each), journal {size:,.0f} MiB")
    print(f"{engine.port.orders} orders, {engine.port.fills} fills; {run.snapshots.problem or 'snapshots are taken'}")
    if cost:
        newest = sorted((place / "snapshots").iterdir())[-1].stat().st_size / 2**10
        log = (place / "venue.hlj").stat().st_size / 2**10
        worst = sorted(cost)[-len(cost) // 100]
        print(f"a snapshot holds the run up {sorted(cost)[len(cost) // 2] * 1e3:.1f} ms (median), {worst * 1e3:.1f} ms "
              f"(99 %), and has {newest:,.0f} KiB; the log of the venue has {log:,.0f} KiB")  # fmt: skip
    return place


def _nobody(ts: int, running: RunningEffect, request: Body) -> None:
    """There is no effect."""


async def go_on(place: Path, port: int, snapshot: float, started: float) -> None:
    """In a process of its own: go on, and say when the first input from the exchange was taken."""
    run = paper_run(config(place.parent), {"port": port}, plugins=plugins(), alarm=print, snapshot=snapshot)

    async def look() -> None:
        while run.taking is None or not run.taking.inputs or run.phase != "trading":
            await asyncio.sleep(0.005)
        print(f"{time.time() - started:.2f} s from the start of the process to the first live input", flush=True)

    looking = asyncio.create_task(look())
    living = asyncio.create_task(run.resume(Killed(place)))
    await asyncio.wait((looking, living), return_when=asyncio.FIRST_COMPLETED)
    if living.done():
        living.result()


async def measured(place: Path, snapshot: float) -> None:
    """Start the process, with an exchange that says a price a hundred times a second."""
    async with Server() as server:
        server.say(COIN)

        async def speak() -> None:
            number = 10**9
            while True:
                server.say(quote(1000.0), trade(number, 1000.0))
                number += 1
                await asyncio.sleep(0.01)

        speaking = asyncio.create_task(speak())
        words = [sys.executable, "-m", "tests.bench.restart", "--child", str(place), str(server.port), str(snapshot)]
        child = subprocess.Popen([*words, str(time.time())], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        while line := (await asyncio.to_thread(child.stdout.readline)).strip():
            print(f"  {line}", flush=True)
            if "first live input" in line:
                speaking.cancel()
                server.cut()
                await asyncio.sleep(0.1)
                child.kill()
        child.wait()
        child.stdout.close()


async def main(count: int) -> None:
    """Leave a run, and go on with it both ways."""
    folder = Path(tempfile.mkdtemp(prefix="restart-"))
    try:
        place = await leave(folder, count)
        again = folder / "again" / place.name
        shutil.copytree(place, again)
        for name, here, snapshot in (("with snapshots", place, 60.0), ("without", again, 0.0)):
            print(f"{name}:", flush=True)
            await measured(here, snapshot)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        asyncio.run(go_on(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else DAY))
