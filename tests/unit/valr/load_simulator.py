"""A minute of 50 pairs and 1,000 book changes a second to one client: `python -m tests.unit.valr.load_simulator`.

A measurement and not a test: what it prints depends on the machine. Every frame is read, and its sequence checked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp

from helios_valr.simulator import Settings, Simulator


async def measure(seconds: float) -> None:
    """Print what was sent and read in `seconds`, the sequence gaps, and the processor time it took."""
    pairs = tuple(f"C{n:02}ZAR" for n in range(50))
    simulator = Simulator(Settings(pairs=pairs, rate=1000.0))
    runner, url = await simulator.start()
    pace = asyncio.create_task(simulator.run())
    begin, spent, read, gaps = time.monotonic(), time.process_time(), 0, 0
    sequences: dict[str, int] = {}
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws/trade") as socket:
        await socket.send_json({"type": "SUBSCRIBE", "subscriptions": [{"event": "OB_L1_DIFF"}]})
        async for message in socket:
            frame = json.loads(message.data)
            if "d" in frame:
                read += 1
                gaps += sequences.get(frame["ps"], frame["d"]["sq"] - 1) + 1 != frame["d"]["sq"]
                sequences[frame["ps"]] = frame["d"]["sq"]
            if time.monotonic() - begin > seconds:
                break
    took, spent = time.monotonic() - begin, time.process_time() - spent
    pace.cancel()
    await asyncio.gather(pace, return_exceptions=True)
    await runner.cleanup()
    print(f"{took:.1f} s, {len(sequences)} pairs, {read:,} frames read ({read / took:,.0f}/s), {gaps} gaps")
    print(f"server and client together: {spent:.1f} s of processor, {spent / took:.0%} of one core")


if __name__ == "__main__":
    # More than 58 seconds would be cut: the client of this measurement says no PING.
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 58.0))
