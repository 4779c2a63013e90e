"""A paper run under load: `python -m tests.bench.paper_load [SECONDS] [RATE] [PAIRS] [BARS]`.

Ten minutes, 1,000 book changes a second with their trades, 50 pairs: a simulated VALR in one process, and in this one
what `helios-engine live --paper` runs, with the six kinds of stages on bars of a second. Then a burst of 30,000 old
messages, and at the end the run is replayed and reconciled. An order counts as stale if, when it passed the gate, the
last news of its instrument was older by VALR's own time than the gate's `max_lag` and `max_data_age` allow.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from helios_engine.bodies import OrderIntent, Reject, Tick
from helios_engine.config import Config, parse_config
from helios_engine.events import Body
from helios_engine.live.connecting import Made
from helios_engine.live.paper import RECORDING, Paper
from helios_engine.live.starting import paper_run
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from helios_engine.toml_text import toml_text
from tests.bench.judging import loss, quantiles
from tests.bench.loading import Load, held, room, told_loss
from tests.bench.valr_load import frames_of
from tests.bench.valr_world import PING, Simulated, Timed, Times, pairs, remember, simulated

SIX_KINDS = Path(__file__).parents[2] / "configs" / "live" / "six_kinds.toml"
LIMIT = 2
"""Seconds: `max_lag` and `max_data_age` of the gate, and from when on the connection tells of a lag at once."""


def config(count: int, bars: str) -> Config:
    """The config of the six kinds with trades and quotes of so many pairs, and a gate that minds the age of data."""
    table: dict[str, Any] = tomllib.loads(SIX_KINDS.read_text())
    names = [f"{pair}.VALR" for pair in pairs(count)]
    kinds = ("catalog.trades", "catalog.quotes")
    table["feed"] = [{"use": kind, "instrument": name} for name in names for kind in kinds]
    for stage in table["stage"]:
        if "timeframes" in stage:
            stage["timeframes"] = [bars]
        if "on" in stage:
            stage["on"] = {"timeframe": bars}
    table["gate"] |= {"max_lag": f"{LIMIT}s", "max_data_age": f"{LIMIT}s", "max_orders_per_minute": 100_000}
    return parse_config(toml_text(table), SIX_KINDS)


class Watched:
    """A paper run whose ticks and orders are looked at as they are made."""

    def __init__(self, simulator: Simulated, times: Times, count: int, bars: str) -> None:
        os.environ |= {"BENCH_KEY": "simulated-key", "BENCH_SECRET": "simulated-secret"}
        keys = {"key_env": "BENCH_KEY", "secret_env": "BENCH_SECRET"}
        settings = {"url": simulator.url, "pace": {"ping": PING, "lag": LIMIT}, **keys}
        self.run = paper_run(config(count, bars), settings, tell=self._look, alarm=print)
        self._parser, self._times = self.run.made.connection.parser, times
        remember(self._parser, pairs(count))
        self.run.made = Made(Timed(self.run.made.connection, times), self.run.made.parser)
        self.late: list[tuple[int, float]] = []
        """When each tick was due (ns UTC), and seconds until its turn was done."""
        self.orders: Counter[str] = Counter()
        self.oldest = 0.0
        """The age of the oldest news (s) that an order with new risk was let through on."""
        self.most_waiting = 0
        self._is_watching = False

    def _look(self, run: Paper) -> None:
        self._times.sample(self._parser)
        if run.recorder is not None:
            self.most_waiting = max(self.most_waiting, run.recorder.waiting)
        engine = run.session.engine
        if engine is None or self._is_watching:
            return
        self._is_watching = True
        step, submit = engine.step, engine.port.submit

        def stepped() -> Any:
            found = step()
            if found is not None and type(found.body) is Tick:
                self.late.append((found.ts, (time.time_ns() - found.ts) / 1e9))
            return found

        def submitted(ts: int, intent: Body) -> Reject | None:
            refused = submit(ts, intent)
            if isinstance(intent, OrderIntent):
                self._ordered(intent, refused)
            return refused

        engine.step, engine.port.submit = stepped, submitted  # type: ignore[method-assign]

    def _ordered(self, intent: OrderIntent, refused: Reject | None) -> None:
        if refused is not None:
            self.orders[f"refused: {refused.reason.partition(':')[0]}"] += 1
            return
        assert self.run.session.engine is not None
        position = self.run.session.engine.port.ledger.positions.get(intent.instrument)
        held = 0 if position is None else position.quantity
        reduces = (held > 0) == (intent.side == "SELL") and intent.quantity <= abs(held)
        age = time.time() - self.run.session.hearing.market[intent.instrument].ts_event / 1e9
        kind = "reduces" if reduces else "new risk"
        self.orders[f"passed, {kind}"] += 1
        if age > LIMIT:
            self.orders[f"STALE, {kind}"] += 1
        if not reduces:
            self.oldest = max(self.oldest, age)


async def _trade(watched: Watched, load: Load, runs: Path) -> Path:
    """Run until the load is over; the folder of the run."""
    loading = asyncio.create_task(load.run())
    loading.add_done_callback(lambda task: watched.run.end())
    result = await watched.run.run(runs)
    await loading
    return result.folder


def checked(place: Path) -> str:
    """The run held against itself, and how long that took."""
    begun = time.perf_counter()
    replayed = replay(place).differences
    halfway = time.perf_counter()
    reconciled = reconcile(place).differences
    verdict = f"DIFFER in {replayed} {reconciled}" if replayed or reconciled else "zero differences"
    return f"replay {halfway - begun:.0f} s, reconcile {time.perf_counter() - halfway:.0f} s: {verdict}"


def main() -> None:
    """Run it and print what came of it."""
    given = (*sys.argv[1:], *("600", "1000", "50", "1s")[len(sys.argv) - 1 :])
    seconds, rate, count = float(given[0]), float(given[1]), int(given[2])
    runs, times = Path(tempfile.mkdtemp()), Times(room(seconds, rate))
    with simulated(rate, count) as simulator, times.watching():
        watched, load = Watched(simulator, times, count, given[3]), Load(simulator, times, seconds, rate)
        place = asyncio.run(_trade(watched, load, runs))
        made = simulator.trades()
    raws, gaps = frames_of(place / RECORDING)
    engine, recorder = watched.run.session.engine, watched.run.recorder
    assert engine is not None and recorder is not None
    print(f"{times.count:,} frames, {rate:,.0f} changes/s of {count} pairs, {engine.turns:,} turns, bars of {given[3]}")
    print(f"stream:  {told_loss(loss(raws, made))}; left out {recorder.dropped}, gaps {gaps}")
    print(f"from the socket until all is decided: {quantiles(times.taken)}")
    late = [late for due, late in watched.late if load.steady_from < due / 1e9 < load.let_go - held(rate)]
    print(f"ticks:   {len(late)}, from due to done {quantiles(np.array(late))}")
    print(*load.told(), sep="\n")
    print(f"orders:  {dict(watched.orders)}; oldest news of one with new risk {watched.oldest:.2f} s")
    print(f"queue:   {watched.most_waiting} entries waited for the disk at most")
    print(f"check:   {checked(place)}")
    shutil.rmtree(runs)


if __name__ == "__main__":
    main()
