"""A paper run of `worker` that is ended by a signal once it has gone on for a while."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from tests.unit.live.acme import Server


async def live(folder: Path, server: Server, place: Path | None, end: signal.Signals, seconds: float) -> None:
    """Run it until it has taken inputs of its own, and then for so long."""
    journal = None if place is None else place / "journal.hlj"
    size = journal.stat().st_size if journal is not None else 0
    arguments = [str(folder), str(server.port), *([str(place)] if place else [])]
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.unit.live.worker", *arguments)
    for _ in range(1500):
        journal = journal or next((folder / "runs").glob("*/journal.hlj"), None)
        if journal is not None and journal.stat().st_size > size + 200:
            break
        assert child.returncode is None, "the run ended by itself"
        await asyncio.sleep(0.02)
    await asyncio.sleep(seconds)
    child.send_signal(end)
    assert await child.wait() == (-9 if end is signal.SIGKILL else 0)
