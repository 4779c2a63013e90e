"""A handshake goes to VALR and nowhere else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from aiohttp import web

from helios_engine.bodies import Quote
from helios_engine.recorder.connection import Wanted
from helios_valr.live.connection import Valr
from tests.unit.valr.live.market import NAME, Table, play


def bound() -> tuple[socket.socket, str]:
    """A socket of this machine that nobody listens on yet, and the URL it will have."""
    found = socket.create_server(("127.0.0.1", 0))
    return found, f"ws://127.0.0.1:{found.getsockname()[1]}/ws/trade"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_takes_no_signature_to_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("HELIOS_TEST_KEY", "simulated-key")
    monkeypatch.setenv("HELIOS_TEST_SECRET", "simulated-secret")
    (here, asked), (there, elsewhere) = bound(), bound()
    signed: dict[str, list[bool]] = {"here": [], "elsewhere": []}
    runners: list[web.AppRunner] = []

    async def serve(at: socket.socket, name: str, answer: web.Response) -> None:
        async def handler(request: web.Request) -> web.Response:
            signed[name].append("X-VALR-SIGNATURE" in request.headers)
            return web.Response(status=answer.status, headers=answer.headers)

        app = web.Application()
        app.router.add_get("/ws/trade", handler)
        runners.append(web.AppRunner(app))
        await runners[-1].setup()
        await web.SockSite(runners[-1], at).start()

    async def first(valr: Valr) -> None:
        await serve(here, "here", web.Response(status=status, headers={"Location": elsewhere}))
        await serve(there, "elsewhere", web.Response(status=404))

    async def work(table: Table) -> None:
        await table.until(lambda: len(signed["here"]) >= 2)
        problems = [line.problem for line in table.valr.lines() if "stream" in line.name]
        assert problems == [f"handshake refused: HTTP {status}"]
        for runner in runners:
            await runner.cleanup()

    keys = {"key_env": "HELIOS_TEST_KEY", "secret_env": "HELIOS_TEST_SECRET"}
    play(tmp_path, [Wanted(Quote, NAME)], work, first=first, of_valr={"stream": asked, **keys})

    assert all(signed["here"])
    assert signed["elsewhere"] == []
