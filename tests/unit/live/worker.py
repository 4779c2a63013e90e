"""A paper run in a process of its own: `python -m tests.unit.live.worker FOLDER PORT [KILLED]`; SIGINT ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from helios_engine.live.killed import Killed
from helios_engine.live.starting import paper_run
from tests.unit.live.runs import config, plugins


async def work(folder: Path, port: int, killed: str) -> None:
    run = paper_run(config(folder), {"port": port}, plugins=plugins(), alarm=print, snapshot=0.5)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, run.stop.set)
    await (run.resume(Killed(Path(killed))) if killed else run.run(folder / "runs"))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
