"""A recorder under load: `python -m tests.bench.recording [SECONDS] [FOLDER]`, default a minute.

50 instruments, 1,000 frames a second, recorded and parsed on one event loop as a live run would, then a burst of
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


async def steady(intake: Intake, seconds: float, delays: list[float], memory: list[tuple[float, float]]) -> int:
    """Take frames as they fall due; a loop that was held up takes the late ones with their delay counted."""
    start, number = time.monotonic(), 0
    while number < seconds * RATE:
        due = start + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        intake.take(trade(number), f"c{number % 50}")
        delays.append(time.monotonic() - due)
        number += 1
        if number % (RATE * 5) == 0:
            memory.append((time.monotonic() - start, resident()))
    return number


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    folder = Path(tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None))
    delays: list[float] = []
    memory: list[tuple[float, float]] = []
    recorder = Recorder(folder)
    intake = Intake(recorder, begin())
    intake.take(b"I", "c0")
    count = asyncio.run(steady(intake, seconds, delays, memory))
    waited = recorder.most_waiting
    began = time.monotonic()
    for number in range(count, count + BURST):
        intake.take(trade(number), f"c{number % 50}")
    taken = time.monotonic() - began
    recorder.flush()
    drained = time.monotonic() - began
    intake.mark()
    recorder.close()
    frames = sum(isinstance(entry, Frame) for entry in LogReader(folder).entries())
    p50, p99, p999, most = np.quantile(np.array(delays) * 1000, [0.5, 0.99, 0.999, 1])
    print(f"{count:,} frames in {seconds:g} s, {recorder.dropped} left out, {frames - 1 - BURST:,} read back")
    print(f"frame to inputs: p50 {p50:.2f} ms, p99 {p99:.2f} ms, p99.9 {p999:.2f} ms, most {most:.1f} ms")
    print(
        f"queue: {waited} entries at most; burst of {BURST:,}: taken in {taken:.2f} s, on the disk in {drained:.2f} s"
    )
    if len(memory) > 4:
        later = np.array(memory[len(memory) // 5 :])
        slope = np.polyfit(later[:, 0], later[:, 1], 1)[0] * 3600
        print(f"memory: {later[0, 1]:.1f} MiB, at the end {later[-1, 1]:.1f} MiB, slope {slope:+.1f} MiB an hour")
    print("rebuilt:", *[session.differs or "every mark agrees" for session in rebuild(folder, begin)])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
