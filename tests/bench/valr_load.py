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
from collections import Counter
from pathlib import Path

from helios_engine.bodies import DataIssue
from helios_engine.codec import Codec
from helios_engine.live.asking import wanted_of
from helios_engine.live.connecting import Made, connect
from helios_engine.live.recording import Look, Recorded, record
from helios_engine.plugins import Plugins
from helios_engine.recorder import Frame, Gap, LogReader
from helios_engine.recorder.parsing import Inputs
from helios_engine.world import World
from tests.bench.judging import loss, quantiles
from tests.bench.loading import Load, room, told_loss
from tests.bench.valr_world import PING, Simulated, Timed, Times, pairs, remember, simulated


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
        remember(self._made.connection.parser, pairs(count))
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
        self._times.sample(self._made.connection.parser)


def main() -> None:
    """Run it and print what came of it."""
    seconds, rate, count = (float(given) for given in (*sys.argv[1:], *("600", "1000", "50")[len(sys.argv) - 1 :]))
    folder, times = Path(tempfile.mkdtemp()), Times(room(seconds, rate))
    with simulated(rate, int(count)) as simulator, times.watching():
        recording, load = Recording(simulator, times, int(count)), Load(simulator, times, seconds, rate)
        found = asyncio.run(recording.run(folder, load))
        made = simulator.trades()
    raws, gaps = frames_of(folder)
    print(f"{found.frames:,} frames in {found.seconds:.0f} s, {rate:,.0f} changes/s of {count:.0f} pairs")
    print(f"stream:  {told_loss(loss(raws, made))}; left out {found.dropped}, gaps {gaps}")
    print(f"issues:  {dict(recording.issues)}, books lost {recording.issues['book_lost']}")
    print(f"from the socket to inputs: {quantiles(times.taken)}")
    print(*load.told(), sep="\n")
    print(f"queue:   {recording.most_waiting} entries waited for the disk at most")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
