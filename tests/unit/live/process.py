"""A paper run in a process of its own, as people start it, on the exchange of this folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from helios_engine.live.control import FILE
from helios_engine.live.remote import ask
from tests.unit.live.acme import COIN, Server, quote, trade

CONFIG = """
[run]
name = "held"
tick = "100ms"

[account]
currency = "ZAR"
balances = { ZAR = "100000" }

[venue]
use = "nautilus.sim"
latency = "10ms"

[live]
use = "acme"

[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.ACME"

[[feed]]
use = "catalog.quotes"
instrument = "BTCZAR.ACME"
name = "quotes"

[[stage]]
use = "test.holder"
again = 3
"""


def installed(folder: Path) -> dict[str, str]:
    """An environment in which the plugins of this folder are installed."""
    about = folder / "site" / "acme-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    entries = "acme = tests.unit.live.acme\nholder = tests.unit.live.holder\n"
    (about / "entry_points.txt").write_text(f"[helios_engine]\n{entries}")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(about.parent), *sys.path])}


class Ended(NamedTuple):
    """What a process came to."""

    code: int
    out: str
    err: str


class Live:
    """The exchange, prices that stand at 1000, and `helios-engine live --paper` on them while it is entered."""

    def __init__(
        self, folder: Path, *flags: str, connection: str = "acme", stderr: int = asyncio.subprocess.PIPE
    ) -> None:
        self.folder, self._flags, self._stderr = folder, flags, stderr
        self.is_open = asyncio.Event()
        """Prices are told from then on; set from the beginning."""
        self.is_open.set()
        (folder / "held.toml").write_text(CONFIG.replace('use = "acme"', f'use = "{connection}"'))
        self.environment = installed(folder)

    async def __aenter__(self) -> Self:
        self._server = await Server().__aenter__()
        self._server.say(COIN)
        self._prices = asyncio.create_task(self._speak())
        await self.start("held.toml")
        return self

    async def start(self, *words: str, knows_port: bool = False) -> None:
        """Start the process, and tell it where the exchange is unless it knows."""
        port = () if knows_port else ("--set", f"port={self._server.port}")
        self.process = await asyncio.create_subprocess_exec(
            *self.command("live", "--paper", *words, *port, *self._flags),
            cwd=self.folder, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=self._stderr,
        )  # fmt: skip

    async def shot(self) -> None:
        """Kill the process, as a power failure would."""
        self.process.kill()
        await self.process.communicate()

    async def __aexit__(self, *error: Any) -> None:
        if self.process.returncode is None:
            await self.shot()
        self._prices.cancel()
        with suppress(asyncio.CancelledError):
            await self._prices
        await self._server.__aexit__()

    @staticmethod
    def command(*words: str) -> list[str]:
        return [sys.executable, "-m", "helios_engine", *words]

    @property
    def place(self) -> Path:
        return next(self.folder.glob("runs/*-held-*"))

    async def ask(self, command: str, value: str = "all") -> Any:
        return await asyncio.to_thread(ask, self.place, command, value)

    async def ctl(self, *words: str) -> Ended:
        """The verb itself, in a process of its own."""
        child = await asyncio.create_subprocess_exec(
            *self.command("ctl", *words), cwd=self.folder, env=self.environment, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        return Ended(child.returncode or 0, out.decode(), err.decode())

    async def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 30.0) -> dict[str, Any]:
        """Look until what is asked for holds; the look in which it does."""
        look: dict[str, Any] = {}
        async with asyncio.timeout(seconds):
            while not list(self.folder.glob(f"runs/*/{FILE}")):
                assert self.process.returncode is None, await self._said()
                await asyncio.sleep(0.05)
            while not look or not holds(look):
                look = await self.ask("status")
                await asyncio.sleep(0.05)
        return look

    async def end(self, number: int = signal.SIGINT) -> Ended:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> Ended:
        out, err = await self.process.communicate()
        return Ended(self.process.returncode or 0, out.decode(), (err or b"").decode())

    async def _said(self) -> str:
        return (await self.ended()).err

    async def _speak(self) -> None:
        number = 0
        while await self.is_open.wait():
            self._server.say(quote(1000.0), trade(number, 1000.0))
            number += 1
            await asyncio.sleep(0.02)


def is_holding(look: dict[str, Any]) -> bool:
    """Whether the stage has bought, and both of its orders rest."""
    return bool(look["positions"]) and len(look["orders"]) >= 2 and look["phase"] == "trading"
