"""A recorder under load: `python -m tests.bench.recording [SECONDS] [FOLDER]`, default a minute.

50 connections, 1,000 frames a second, recorded and parsed on one event loop as a live run would, then a burst of
30,000 frames at once. Says the delay from a frame's moment to its inputs, the queue's most, and the memory's slope.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from helios_engine.recorder import Frame, LogReader, Recorder
from helios_engine.recorder.parsing import Intake, rebuild
from tests.unit.recorder.acme import begin

RATE, BURST = 1_000, 30_000


def trade(number: int) -> bytes:
    """A frame of about 200 bytes, as a venue's trade is."""
    return f"T,{100 + number % 50 / 100:.2f},0.{1 + number % 9:04d},{number:0170d}".encode()


def resident() -> float:
    """MiB of this process that lie in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


class Times:
    """Delays in seconds, laid out beforehand so that keeping them takes no memory on the way."""

    def __init__(self, count: int) -> None:
        self.late = np.full(count, -1.0)
        """From when a frame was due to when its inputs were there: the loop's own delay is in it."""
        self.taken = np.full(count, -1.0)
        """From receipt to inputs."""
        self.memory: list[tuple[float, float]] = []


async def steady(intake: Intake | None, count: int) -> Times:
    """Take frames as they fall due; a loop that was held up takes the late ones with their delay counted."""
    times, start = Times(count), time.monotonic()
    for number in range(count):
        due = start + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        received = time.monotonic()
        if intake is not None:
            intake.take(trade(number), f"c{number % 50}")
        now = time.monotonic()
        times.late[number], times.taken[number] = now - due, now - received
        if number % (RATE * 5) == 0:
            times.memory.append((now - start, resident()))
    return times


def shown(seconds: npt.NDArray[np.float64]) -> str:
    """Quantiles in milliseconds."""
    p50, p99, p999, most = np.quantile(seconds * 1000, [0.5, 0.99, 0.999, 1])
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, p99.9 {p999:.2f} ms, most {most:.1f} ms"


def main() -> None:
    count = int(float(sys.argv[1]) * RATE) if len(sys.argv) > 1 else 60 * RATE
    folder = Path(tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None))
    idle = asyncio.run(steady(None, min(10 * RATE, count)))
    recorder = Recorder(folder)
    intake = Intake(recorder, begin())
    intake.take(b"I", "c0")
    times = asyncio.run(steady(intake, count))
    waited, began = recorder.most_waiting, time.monotonic()
    for number in range(count, count + BURST):
        intake.take(trade(number), f"c{number % 50}")
    taken = time.monotonic() - began
    recorder.flush()
    drained = time.monotonic() - began
    intake.mark()
    recorder.close()
    frames = sum(isinstance(entry, Frame) for entry in LogReader(folder).entries())
    print(f"{count:,} frames at {RATE:,}/s, {recorder.dropped} left out, {frames - 1 - BURST:,} read back")
    print(f"receipt to inputs:      {shown(times.taken)}")
    print(f"due to inputs:          {shown(times.late)}")
    print(f"this loop, no recorder: {shown(idle.late)}")
    print(f"queue: {waited} entries at most; burst of {BURST:,}: taken in {taken:.2f} s, on disk in {drained:.2f} s")
    if len(times.memory) > 4:
        later = np.array(times.memory[len(times.memory) // 5 :])
        slope = np.polyfit(later[:, 0], later[:, 1], 1)[0] * 3600
        print(f"memory: {later[0, 1]:.1f} MiB, at the end {later[-1, 1]:.1f} MiB, slope {slope:+.1f} MiB an hour")
    print("rebuilt:", *[session.differs or "every mark agrees" for session in rebuild(folder, begin)])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
