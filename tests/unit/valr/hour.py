"""An hour of a simulated VALR with faults, as two clients hear it: `python -m tests.unit.valr.hour SEED`."""

from __future__ import annotations

import asyncio
import hashlib
import sys

import aiohttp
import websockets

from helios_engine.errors import HeliosError
from helios_engine.simulation import now_ns, run
from helios_valr.commands import PING, PING_EVERY, subscribe
from helios_valr.rest import Client, Http, Public
from helios_valr.rest.world import virtual
from helios_valr.simulator import Fault, Faults, Settings, Simulator

START = 1_790_133_597_000_000_000
PAIRS = ("BTCZAR", "BTCUSDTPERP")
EVENTS = ("OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE", "NEW_TRADE", "MARK_PRICE_UPDATE", "NEW_TRADE_BUCKET")
Said = list[tuple[int, str, bytes]]


async def hour(seed: int, seconds: float = 3600.0, per_minute: float = 1.0) -> tuple[Said, list[Fault]]:
    """What a websockets client and the plugin's REST client heard, when, in order; and what came of the faults."""
    said: Said = []
    settings = Settings(pairs=PAIRS, seed=seed, rate=1.0, history_minutes=10)
    simulator = Simulator(settings, Faults.seeded(seed, per_minute, round(seconds / 60)), virtual(seed))
    runner, url = await simulator.start()
    pace = asyncio.create_task(simulator.run())
    clients = [asyncio.create_task(_listen(url, said)), asyncio.create_task(_ask(url, seed, said))]
    await asyncio.sleep(seconds)
    for task in (*clients, pace):
        task.cancel()
    await asyncio.gather(*clients, pace, return_exceptions=True)
    await runner.cleanup()
    return said, simulator.faults.settle(simulator.elapsed)


async def _listen(url: str, said: Said) -> None:
    """Subscribe to everything, ping, come back after every fall; what is silent for 30 s is left."""
    while True:
        try:
            async with websockets.connect(
                url.replace("http", "ws", 1) + "/ws/trade", ping_interval=None, close_timeout=2, open_timeout=5
            ) as socket:
                await socket.send(subscribe(dict.fromkeys(EVENTS, PAIRS)).decode())
                pinged = now_ns()
                while True:
                    frame = await asyncio.wait_for(socket.recv(decode=False), 30)
                    said.append((now_ns(), "stream", bytes(frame)))
                    if now_ns() - pinged > PING_EVERY * 1e9:
                        pinged = now_ns()
                        await socket.send(PING.decode())
        except (OSError, TimeoutError, websockets.exceptions.WebSocketException) as error:
            said.append((now_ns(), "stream", type(error).__name__.encode()))
            await asyncio.sleep(5)


async def _ask(url: str, seed: int, said: Said) -> None:
    async with aiohttp.ClientSession() as session:
        public = Public(Client(Http(session, url, 10.0), virtual(seed)))
        while True:
            for ask in (public.time, public.pairs, public.summaries, public.status, lambda: public.book("BTCZAR")):
                try:
                    said.append((now_ns(), "rest", repr(await ask()).encode()))
                except HeliosError as error:
                    said.append((now_ns(), "rest", str(error).encode()))
            await asyncio.sleep(20)


def digest(said: Said) -> str:
    """One line for all of it."""
    return f"{len(said)} {hashlib.sha256(repr(said).encode()).hexdigest()}"


if __name__ == "__main__":
    heard, faults = run(hour(int(sys.argv[1])), START)
    print(digest(heard))
    for fault in faults:
        print(fault.kind, fault.at, fault.times, fault.began, fault.ended, file=sys.stderr)
