"""The live connection and the recorder under load: `python -m tests.bench.valr_load [SECONDS] [RATE] [PAIRS]`.

Ten minutes, 1,000 book changes a second with their trades, 50 pairs: a simulated VALR in one process, and in this one
what `helios-engine data record` runs. Then a burst: the simulator is silent for so long that 30,000 messages wait, and
says them at once. Frames are held against the simulator's own sequences and trades.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from helios_engine.bodies import DataIssue
from helios_engine.codec import Codec
from helios_engine.live.asking import wanted_of
from helios_engine.live.connecting import Made, connect
from helios_engine.live.recording import Look, Recorded, record
from helios_engine.plugins import Plugins
from helios_engine.recorder import Frame, Gap, LogReader
from helios_engine.recorder.parsing import Inputs
from helios_engine.world import World
from tests.bench.judging import Floats, Loss, caught_up, loss, quantiles, slope
from tests.bench.valr_world import BURST, HELD, PING, Simulated, Timed, Times, load_average, pairs, simulated

TAIL = 30.0
"""Seconds after a burst is let go, to drain."""
FRESH = 1.0
"""A burst is drained when frames are younger than this (s) again."""
MESSAGES = 1.2
"""Frames of one book change, with its trades: a bound for the room that is laid out."""


def held(rate: float) -> float:
    """For how long (s) the simulator must be silent for a burst; no longer than a line is kept that says nothing."""
    return min(HELD, BURST / (rate * 1.12))


def room(seconds: float, rate: float) -> int:
    """How many frames may come in all, generously."""
    return int((seconds + HELD + TAIL + 30) * rate * MESSAGES) + 50_000


class Load:
    """So many seconds of load and then a burst; when each part was over."""

    def __init__(self, simulator: Simulated, times: Times, seconds: float, rate: float) -> None:
        self._simulator, self._times, self._seconds, self._rate = simulator, times, seconds, rate
        self.let_go = 0.0
        """When the burst was let go (s UTC)."""
        self._spent = (time.monotonic(), time.process_time(), simulator.processor())
        self.shares = (0.0, 0.0)
        """Of one core, of this process and of the simulator, before the burst."""

    async def run(self) -> None:
        """Wait until it is all over."""
        await asyncio.sleep(self._seconds)
        self._times.steady()
        began, ours, theirs = self._spent
        took = time.monotonic() - began
        self.shares = (time.process_time() - ours) / took, (self._simulator.processor() - theirs) / took
        silence = held(self._rate)
        await asyncio.to_thread(self._simulator.hold, silence)
        self.let_go = time.time() + silence
        await asyncio.sleep(silence + TAIL)

    def told(self) -> list[str]:
        """What came of it, in words."""
        times = self._times
        read, done, made = times.books
        ours, theirs = self.shares
        return [
            f"from the change at the simulator to its inputs here: {quantiles((done - made)[read < self.let_go - HELD])}",
            f"burst:   {told_burst(done, made, self.let_go)}",
            f"memory:  {told_memory(times)}",
            f"cores:   {ours:.0%} of one here, {theirs:.0%} the simulator; {load_average()}",
        ]


def told_burst(done: Floats, made: Floats, let_go: float) -> str:
    """How many frames of a burst had waited, and how long it took until frames were fresh again."""
    old = np.count_nonzero((done >= let_go) & (done - made > FRESH))
    drained = caught_up(done, made, let_go, FRESH)
    return f"{old:,} book changes came at once, fresh again after {drained:.1f} s ({old / max(drained, 1e-9):,.0f}/s)"


def told_memory(times: Times) -> str:
    """Memory before the burst."""
    rows = np.array(times.memory)
    found = slope(rows[:, 0], rows[:, 1])
    return (
        f"{rows[0, 1]:.1f} MiB at the beginning, {found.begin:.1f} after the warm-up, {found.end:.1f} at the end, "
        f"slope {found.an_hour:+.1f} MiB an hour"
    )


def told_loss(found: Loss) -> str:
    """In words."""
    verdict = "none lost" if found.is_none else f"{found.missing} LOST, {found.twice} twice, {found.strange} unknown"
    return f"{found.sent:,} numbered by the simulator, {found.received:,} received: {verdict}"


def frames_of(folder: Path) -> tuple[list[bytes], int]:
    """The stream's frames of a recording, and how many gaps it has."""
    raws, gaps = [], 0
    for entry in LogReader(folder).entries():
        if isinstance(entry, Frame) and entry.direction == "in" and entry.connection.startswith("valr.stream"):
            raws.append(entry.raw)
        gaps += isinstance(entry, Gap)
    return raws, gaps


class Recording:
    """What `helios-engine data record` runs, and what it met with."""

    def __init__(self, simulator: Simulated, times: Times, count: int) -> None:
        plugins, self._world, self._times = Plugins(), World(), times
        self._codec = Codec(plugins.bodies)
        wanted = wanted_of(",".join(f"{pair}.VALR" for pair in pairs(count)), "trades,quotes,books", "1m")
        self._made = connect(plugins, "valr", wanted, {"url": simulator.url, "pace": {"ping": PING}}, self._world, "")
        self.issues: Counter[str] = Counter()
        self.most_waiting = 0

    async def run(self, folder: Path, load: Load) -> Recorded:
        """Record until the load is over."""
        stop = asyncio.Event()
        loading = asyncio.create_task(load.run())
        loading.add_done_callback(lambda task: stop.set())
        made = Made(Timed(self._made.connection, self._times), self._made.parser)
        found = await record(
            made, folder, self._codec, stop=stop, world=self._world, tell=self._look, alarm=print, deliver=self._deliver
        )
        await loading
        return found

    def _deliver(self, inputs: Inputs) -> None:
        for _, body in inputs:
            if isinstance(body, DataIssue):
                self.issues[body.kind] += 1

    def _look(self, look: Look) -> None:
        self.most_waiting = max(self.most_waiting, look.waiting)
        self._times.sample()


def main() -> None:
    """Run it and print what came of it."""
    seconds, rate, count = (float(given) for given in (*sys.argv[1:], *("600", "1000", "50")[len(sys.argv) - 1 :]))
    folder, times = Path(tempfile.mkdtemp()), Times(room(seconds, rate))
    with simulated(rate, int(count)) as simulator, times.watching():
        recording, load = Recording(simulator, times, int(count)), Load(simulator, times, seconds, rate)
        found = asyncio.run(recording.run(folder, load))
        made = simulator.trades()
    raws, gaps = frames_of(folder)
    print(f"{found.frames:,} frames in {found.seconds:.0f} s, {rate:,.0f} changes/s of {count:.0f} pairs; {told_loss(loss(raws, made))}")
    print(f"left out {found.dropped}, gaps {gaps}, books lost {recording.issues['book_lost']}; issues {dict(recording.issues)}")
    print(f"from the socket to inputs: {quantiles(times.taken)}")
    print(*load.told(), sep="\n")
    print(f"queue:   {recording.most_waiting} entries waited for the disk at most")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
