"""A simulated VALR on a free port, in virtual time with real sockets, and a plain client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from helios_engine.simulation import run as run_virtually
from helios_valr.rest.world import virtual
from helios_valr.simulator import Fault, Faults, Settings, Simulator

START = 1_790_133_597_000_000_000
"""Three seconds before a minute begins."""
SETTINGS = Settings(pairs=("BTCZAR", "BTCUSDTPERP"), rate=500, history_minutes=30)
Frames = list[dict[str, Any]]


def with_simulator(
    work: Callable[[Simulator, str, aiohttp.ClientSession], Awaitable[Any]], *faults: Fault, **settings: Any
) -> Any:
    """Do `work` (simulator, URL, HTTP session) against a server with these faults and settings, from START on."""

    async def run() -> Any:
        chosen = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__} | settings
        simulator = Simulator(Settings(**chosen), Faults(faults), virtual(SETTINGS.seed))
        runner, url = await simulator.start()
        pace = asyncio.create_task(simulator.run())
        try:
            async with aiohttp.ClientSession() as session:
                return await work(simulator, url, session)
        finally:
            pace.cancel()
            await asyncio.gather(pace, return_exceptions=True)
            await runner.cleanup()

    return run_virtually(run(), START)


def heard(event: str, enough: Callable[[Frames], bool], *faults: Fault, **settings: Any) -> tuple[Frames, Simulator]:
    """The frames of BTCZAR after subscribing to `event`, until they are enough or the line ends."""

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[Frames, Simulator]:
        found: Frames = []
        async with session.ws_connect(f"{url}/ws/trade") as socket:
            await socket.send_json({"type": "SUBSCRIBE", "subscriptions": [{"event": event, "pairs": ["btczar"]}]})
            async for message in socket:
                found.append(json.loads(message.data))
                if enough(found):
                    break
        return found, simulator

    return with_simulator(work, *faults, **settings)  # type: ignore[no-any-return]
