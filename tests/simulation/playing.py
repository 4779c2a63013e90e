"""Play a scenario: the simulator, the paper run and every wait of both in one loop of virtual time."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

from helios_engine.faults import simulated
from helios_engine.live.checks import Checked, check_run
from helios_engine.live.effects import Inline
from helios_engine.live.killed import Killed
from helios_engine.live.paper import Paper
from helios_engine.live.starting import paper_run
from helios_engine.plugins import Plugins
from helios_engine.recorder import Limits
from helios_engine.runner import Result
from helios_engine.simulation import run as run_virtually
from helios_valr.rest.world import virtual
from helios_valr.simulator import Faults, Simulator
from helios_valr.simulator.market import Traded
from tests.simulation.scenario import STALE, START, Scenario

PACE = {"stale": STALE, "mend": 3.0, "first": 1.0, "longest": 6.0, "ping": 4.0, "trades": 2.0, "status": 5.0,
        "clock": 10.0, "timeout": 4.0, "bad": 1.0, "well": 10.0}  # fmt: skip
LIMITS = Limits(sync_ms=1000, warn_free=0, stop_free=0, reserve_bytes=0)


class Played(NamedTuple):
    """What came of a scenario: the run, the trades as they were made, and how often each fault touched something."""

    result: Result
    truth: dict[str, list[Traded]]
    faults: Counter[str]
    touched: frozenset[str]
    checked: Checked
    crashes: int


def play(case: Scenario, folder: Path, plugins: Plugins) -> Played:
    """Play it in virtual time, then hold the run against itself; everything is written below `folder`."""
    struck: Counter[str] = Counter()
    draw = Random(f"rare {case.seed}")

    def strikes(point: str) -> bool:
        is_now = point in case.rare and draw.random() < case.rare[point]
        struck[point] += is_now
        return is_now

    with simulated(strikes):
        result, simulator = run_virtually(_play(case, folder, plugins), START)
    truth = {pair: list(market.trades) for pair, market in simulator.markets.items()}
    faults = simulator.faults.all
    times = Counter({fault.kind: fault.times for fault in faults if fault.times}) + struck
    touched = frozenset(text for fault in faults for text in fault.touched)
    return Played(result, truth, times, touched, check_run(result.folder, plugins), len(case.crashes))


async def _play(case: Scenario, folder: Path, plugins: Plugins) -> tuple[Result, Simulator]:
    simulator = Simulator(case.settings, Faults(case.faults), virtual(case.seed))
    runner, url = await simulator.start()
    pace = asyncio.create_task(simulator.run())
    try:
        settings = {"url": url, "pace": PACE}

        def run(number: int) -> Paper:
            return paper_run(
                case.parsed(folder), settings, plugins=plugins, world=virtual(case.seed * 1000 + number),
                limits=LIMITS, snapshot=3.0, asking=lambda session: Inline(session.reply, session.effect_failed),
            )  # fmt: skip

        await asyncio.sleep(case.lead)
        place: Path | None = None
        before = 0.0
        for number, at in enumerate(case.crashes):
            place = await _until_crash(run(number), folder / f"life{number}", place, at - before)
            before = at
        last = run(len(case.crashes))
        asyncio.get_running_loop().call_later(case.seconds - before, last.stop.set)
        last_folder = folder / "last"
        result = await (last.run(last_folder) if place is None else last.resume(Killed(place)))
    finally:
        pace.cancel()
        await asyncio.gather(pace, return_exceptions=True)
        await runner.cleanup()
    return result, simulator


async def _until_crash(run: Paper, folder: Path, place: Path | None, seconds: float) -> Path:
    """Let a run live for so long; what then lies on the disk is what a kill leaves. Returns that."""
    living = asyncio.create_task(run.run(folder) if place is None else run.resume(Killed(place)))
    await asyncio.sleep(seconds)
    if living.done():
        living.result()
    here = place or next(folder.iterdir())
    left = folder / "left" / here.name
    shutil.copytree(here, left, ignore=shutil.ignore_patterns(".lock", "*.parquet"))
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    return left
