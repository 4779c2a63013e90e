"""A paper run of `worker` that is ended by a signal once it has gone on for a while."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from helios_engine.bodies import Fill
from helios_engine.codec import Codec
from helios_engine.journal import JournalReader
from tests.unit.live.acme import Server


def has_filled(journal: Path) -> bool:
    """Whether a run that goes on has had a fill by now."""
    return any(isinstance(given.body, Fill) for given in JournalReader(journal, Codec()).inputs())


async def live(
    folder: Path,
    server: Server,
    place: Path | None,
    end: signal.Signals,
    seconds: float,
    is_due: Callable[[Path], bool] = lambda journal: True,
) -> None:
    """Run it until it has taken inputs of its own, then for so long, and on until its journal says that it may end."""
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
    async with asyncio.timeout(60):
        while journal is None or not is_due(journal):
            await asyncio.sleep(0.5)
    child.send_signal(end)
    assert await child.wait() == (-9 if end is signal.SIGKILL else 0)
