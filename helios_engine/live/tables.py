"""The tables of a run that was gone on with: made at its end, from its whole journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from helios_engine.assemble import assemble
from helios_engine.engine import Engine
from helios_engine.errors import HeliosError
from helios_engine.plugins import Plugins
from helios_engine.recording import Recording
from helios_engine.replay import open_run
from helios_engine.results import Results

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

STEP = 4096


async def made_again(run: Paper, engine: Engine, is_complete: bool, mark: str) -> Results:
    """The tables of a run whose engine made none; the share that is done stands in its phase."""
    assert run.place is not None
    engine.journal.flush()
    total = sum(engine.timeline.delivered.values()) or 1

    def tell(number: int) -> None:
        run.phase = f"ending: tables {min(number / total, 1):.0%}"
        run.tell(run)

    found, problem = await tables(run.place, run.plugins, mark, is_complete, tell)
    if problem:
        run.session.warnings.append(problem)
    return found


async def tables(
    place: Path, plugins: Plugins, mark: str, is_complete: bool, tell: Callable[[int], None]
) -> tuple[Results, str]:
    """Replay a journal for its tables; `tell` hears now and then how many inputs are done. What went wrong, if so.

    A run that failed fails again where it did, and its tables end there.
    """
    plan, reader, _ = open_run(place, plugins=plugins)
    engine = assemble(plan, recording=Recording(reader.inputs()), streams=[], results=place, mark=mark)
    assert engine.results is not None
    number = 0
    try:
        while engine.step() is not None:
            number += 1
            if number % STEP == 0:
                tell(number)
                await asyncio.sleep(0)
        if is_complete:
            engine.finish(0)
    except HeliosError as error:
        return engine.results, "" if not is_complete else f"the tables end early: {error}"
    return engine.results, ""
