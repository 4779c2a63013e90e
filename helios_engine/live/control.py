"""The way in to a live run: a Unix socket of this user's alone, one JSON line each way, and a token.

The socket lies in a folder of mode 0700 under the user's runtime folder, since a run's own path may be too long for
one; `control.json` in the run's folder, mode 0600, says where and has the token. Both are gone with the run.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from helios_engine.errors import HeliosError
from helios_engine.files import storage_error
from helios_engine.logs import Secret, component

FILE = "control.json"
LONGEST = 4096
"""Bytes of a request, its end of line included."""
PATIENCE = 5.0
"""Seconds that a client may take to say its line, and to take the answer."""
CLIENTS = 8
"""So many are heard at one time; more are turned away."""


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `control.json` holds."""

    socket: str
    token: str
    pid: int


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client asks; `value` is the instrument that a control is for, or `all`."""

    token: str
    command: str
    value: str = "all"


Answer = Callable[[Request], Awaitable[Any]]
"""Does what a request asks and returns what is told of it; a HeliosError is told as it is."""


class Door:
    """Serves one run while it is entered. `refused` counts wrong tokens, `bad` what was no request."""

    def __init__(self, place: Path, answer: Answer, *, patience: float = PATIENCE) -> None:
        self._place, self._answer, self._patience = place, answer, patience
        self._token = Secret(secrets.token_bytes(32).hex())
        self._clients: set[asyncio.Task[None]] = set()
        self.refused = self.bad = 0

    async def __aenter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="helios-", dir=_runtime()))
        try:
            socket = str(self._folder / "s")
            self._server = await asyncio.start_unix_server(self._came, socket, limit=LONGEST)
            Path(socket).chmod(0o600)
            _private(self._place / FILE, Where(socket=socket, token=self._token.reveal(), pid=os.getpid()))
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise storage_error(self._place / FILE, error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._place / FILE).unlink(missing_ok=True)
        self._server.close()
        if self._clients:
            await asyncio.wait(self._clients, timeout=0.2)  # who is being answered may have it
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.current_task()
        assert client is not None
        if len(self._clients) >= CLIENTS:
            writer.transport.abort()
            return
        self._clients.add(client)
        try:
            async with asyncio.timeout(self._patience):
                said = await reader.readline()
            told = await self._told(said)
            async with asyncio.timeout(self._patience):
                writer.write(msgspec.json.encode(told) + b"\n")
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, ValueError, OSError) as error:  # silent, too long, or gone
            self.bad += 1
            component("live").warning("a control client was turned away", extra={"error": type(error).__name__})
        except asyncio.CancelledError:
            pass  # the run is over
        finally:
            self._clients.discard(client)
            writer.transport.abort()

    async def _told(self, said: bytes) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(said, type=Request)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.bad += 1
            return {"error": "expected one line of JSON with token, command and value", "exit_code": 2}
        # Compared as bytes: compare_digest takes no text beyond ASCII. Nobody's token is empty.
        if not secrets.compare_digest(request.token.encode(), self._token.reveal().encode()):
            self.refused += 1
            component("live").warning("a control with a wrong token was refused", extra={"refused": self.refused})
            return {"error": f"wrong token; the run's own is in its {FILE}", "exit_code": 4}
        try:
            return {"answer": await self._answer(request)}
        except HeliosError as error:
            return {"error": str(error), "exit_code": error.exit_code}


def _runtime() -> str | None:
    """The user's own runtime folder if there is one whose path leaves room for a socket's, else the system's choice."""
    found = os.environ.get("XDG_RUNTIME_DIR", "")
    with suppress(OSError):
        mine = Path(found).stat()
        if found and len(os.fsencode(found)) < 60 and mine.st_uid == os.getuid() and os.access(found, os.W_OK):
            return found
    return None if len(os.fsencode(tempfile.gettempdir())) < 60 else "/tmp"


def _private(path: Path, where: Where) -> None:
    """Write a file that nobody else can read at any time, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(handle, 0o600)
        os.write(handle, msgspec.json.encode(where))
    finally:
        os.close(handle)
    draft.replace(path)
