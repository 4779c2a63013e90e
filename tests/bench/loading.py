"""So many seconds of load, then a burst: when each part is over, and what came of it, in words."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from helios_valr.once import KEPT
from tests.bench.judging import Floats, Loss, caught_up, quantiles, slope
from tests.bench.valr_world import BURST, HELD, Simulated, Times, load_average

BEGIN = 15.0
"""Seconds in which a run begins: what it compiles and fills then is told apart."""
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
        self.steady_from = 0.0
        """When what belongs to a beginning was over (s UTC)."""
        self.let_go = 0.0
        """When the burst was let go (s UTC)."""
        self._spent = (time.monotonic(), time.process_time(), simulator.processor())
        self.shares = (0.0, 0.0)
        """Of one core, of this process and of the simulator, before the burst."""

    async def run(self) -> None:
        """Wait until it is all over."""
        await asyncio.sleep(BEGIN)
        self._times.steady()
        self.steady_from = time.time()
        await asyncio.sleep(self._seconds - BEGIN)
        self._times.over()
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
        quiet = (read >= self.steady_from) & (read < self.let_go - held(self._rate))
        return [
            f"from the change at the simulator on: {quantiles((done - made)[quiet])}",
            f"begin:   in the first {BEGIN:.0f} s a frame waited for {times.held_up:.2f} s at most",
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
    found, ids = slope(rows[:, 0], rows[:, 1]), slope(rows[:, 0], rows[:, 2])
    return (
        f"{rows[0, 1]:.1f} MiB at the beginning, {found.begin:.1f} after the warm-up, {found.end:.1f} at the end, "
        f"slope {found.an_hour:+.1f} MiB an hour, of it {ids.an_hour:+.1f} ids of trades (at most {KEPT:,} a pair)"
    )


def told_loss(found: Loss) -> str:
    """In words."""
    verdict = "none lost" if found.is_none else f"{found.missing} LOST, {found.twice} twice, {found.strange} unknown"
    return f"{found.sent:,} numbered by the simulator, {found.received:,} received: {verdict}"
