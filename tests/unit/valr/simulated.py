"""A simulated VALR on a free port, and a plain client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from helios_valr.simulator import Fault, Faults, Settings, Simulator

SETTINGS = Settings(pairs=("BTCZAR", "BTCUSDTPERP"), rate=500, history_minutes=30)
Frames = list[dict[str, Any]]


def with_simulator(
    work: Callable[[Simulator, str, aiohttp.ClientSession], Awaitable[Any]], *faults: Fault, **settings: Any
) -> Any:
    """Do `work` (simulator, URL, HTTP session) against a server with these faults and settings."""

    async def run() -> Any:
        simulator = Simulator(Settings(**{name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__}
                                       | settings), Faults(faults))  # fmt: skip
        runner, url = await simulator.start()
        pace = asyncio.create_task(simulator.run())
        try:
            async with aiohttp.ClientSession() as session:
                return await work(simulator, url, session)
        finally:
            pace.cancel()
            await asyncio.gather(pace, return_exceptions=True)
            await runner.cleanup()

    return asyncio.run(run())


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
