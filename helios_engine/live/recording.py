"""Record a connection until it is told to stop: nothing decides, nothing trades."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from helios_engine.codec import Codec
from helios_engine.heap import heap_set_aside
from helios_engine.live.clock import Rising
from helios_engine.live.connecting import Made
from helios_engine.live.taking import Deliver, Taking
from helios_engine.recorder import Limits, Recorder
from helios_engine.recorder.connection import Line
from helios_engine.recorder.parsing import Parsed
from helios_engine.world import World


class Recorded(NamedTuple):
    """What a recording came to: frames handed over, inputs parsed of them, and frames that found no room."""

    folder: Path
    frames: int
    inputs: int
    dropped: int
    seconds: float
    head: str


class Look(NamedTuple):
    """How a recording is now, for people: `waiting` entries are not on the disk yet; `free` bytes are left there."""

    seconds: float
    frames: int
    inputs: int
    dropped: int
    waiting: int
    free: int
    lines: list[Line]


Tell = Callable[[Look], None]
EVERY = 1.0
"""Seconds between two looks."""


async def record(
    made: Made,
    folder: Path,
    codec: Codec,
    *,
    stop: asyncio.Event,
    world: World,
    limits: Limits | None = None,
    tell: Tell = lambda look: None,
    alarm: Callable[[str], None] = lambda text: None,
    deliver: Deliver = lambda inputs: None,
) -> Recorded:
    """Record until `stop` is set, or the connection gives up; the log is whole afterwards, however it ends.

    Raises what the connection raises once nothing can mend it, and StorageError when nothing can be recorded any more.
    """
    clock = Rising(world.now)
    begun = world.monotonic()
    with Recorder(folder, limits, about={"parser": made.parser}, alarm=alarm, wall=clock,
                  monotonic=world.monotonic) as recorder:  # fmt: skip
        parsed = Parsed(made.parser, made.connection.parser, codec)
        taking = Taking(recorder, parsed, deliver)

        def look() -> Look:
            seconds = (world.monotonic() - begun) / 1e9
            free = shutil.disk_usage(folder).free
            lines = made.connection.lines()
            return Look(seconds, taking.frames, taking.inputs, recorder.dropped, recorder.waiting, free, lines)

        try:
            with heap_set_aside():
                await _until(stop, made, taking, lambda: tell(look()))
        finally:
            if not recorder.problem:
                taking.mark()
        seconds = (world.monotonic() - begun) / 1e9
        return Recorded(folder, taking.frames, taking.inputs, recorder.dropped, seconds, parsed.chain.head)


async def _until(stop: asyncio.Event, made: Made, taking: Taking, tell: Callable[[], None]) -> None:
    """Run the connection until it fails or `stop` is set, and tell how it is meanwhile."""
    running = asyncio.create_task(made.connection.run(taking), name="connection")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        while not running.done() and not stopped.done():
            await asyncio.wait((running, stopped), timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
            tell()
    finally:
        stopped.cancel()
        if not running.done():
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    if running.done() and not running.cancelled():
        running.result()
