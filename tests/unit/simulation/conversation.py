"""A server, an aiohttp client and a websockets client in one virtual loop; what they said, as bytes with times."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from random import Random

import aiohttp
import websockets
from aiohttp import web

from helios_engine.simulation import now_ns, run

START = 1_790_133_600_000_000_000
HOUR = 3600.0
Said = list[tuple[int, str, bytes]]


async def conversation(seed: int, seconds: float = HOUR) -> Said:
    """What two clients heard from a server that speaks at random times for so long, and when, in order."""
    draw, said = Random(seed), Said()

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        speaker = asyncio.create_task(speak(socket))
        async for message in socket:
            await socket.send_bytes(bytes(message.data, "ascii"))
        await speaker
        return socket

    async def speak(socket: web.WebSocketResponse) -> None:
        end = now_ns() + int(seconds * 1e9)
        while now_ns() < end:
            await asyncio.sleep(draw.expovariate(0.5))
            await socket.send_bytes(draw.randbytes(draw.randrange(1, 2000)))
        await socket.close()

    async def told(_: web.Request) -> web.Response:
        await asyncio.sleep(draw.random())
        return web.Response(text=f"{now_ns()} {draw.random()}")

    async def listen(url: str, name: str) -> None:
        async with websockets.connect(url, compression=None) as socket:
            async for message in socket:
                said.append((now_ns(), name, bytes(message)))  # type: ignore[arg-type]
                if len(said) % 50 == 0:
                    await socket.send(f"{name} has heard {len(said)}")

    async def ask(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            while now_ns() < START + seconds * 1e9:
                async with session.get(url) as answer:
                    said.append((now_ns(), "rest", await answer.read()))
                await asyncio.sleep(7)

    app = web.Application()
    app.router.add_get("/ws", stream)
    app.router.add_get("/", told)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    at = f"127.0.0.1:{runner.addresses[0][1]}"
    await asyncio.gather(listen(f"ws://{at}/ws", "one"), listen(f"ws://{at}/ws", "two"), ask(f"http://{at}/"))
    await runner.cleanup()
    return said


def digest(said: Said) -> str:
    """One line for all of it."""
    return f"{len(said)} {hashlib.sha256(repr(said).encode()).hexdigest()}"


if __name__ == "__main__":
    print(digest(run(conversation(int(sys.argv[1])), START)))
