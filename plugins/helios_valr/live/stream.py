"""One line of the stream, from its handshake to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from helios_engine.recorder.connection import Taker
from helios_engine.world import World
from helios_valr.errors import AccessError, PairError
from helios_valr.live.envelopes import EDGE, Active, Opened, Told, edge
from helios_valr.live.lines import Line
from helios_valr.live.measuring import Measuring
from helios_valr.live.mending import Mending
from helios_valr.live.pace import Pace
from helios_valr.live.parser import ValrParser
from helios_valr.live.states import State
from helios_valr.live.subscriptions import Subscriptions
from helios_valr.live.tasks import first_of
from helios_valr.messages import LARGEST

_SECOND = 1_000_000_000
LOG = logging.getLogger(__name__)
LOG.setLevel(logging.INFO)  # at DEBUG the headers of a handshake would be written down, and with them the key
PING = msgspec.json.encode({"type": "PING"})
SIZE = LARGEST - 1024
"""Bytes of the largest frame that is taken in."""


class Handshake(connect):
    """A handshake with this host and no other: a redirect is no answer, for the signature would go along with it."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow nothing; the refused handshake is raised as it came."""
        return exc


class EndedError(Exception):
    """The line is down. `retry_after` is what a refused handshake said, None if it was no matter of too many."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Shared(msgspec.Struct, frozen=True):
    """What every line of a connection works with. `headers` signs a handshake, and is empty without a key."""

    url: str
    wanted: Subscriptions
    parser: ValrParser
    taker: Taker
    measuring: Measuring
    world: World
    pace: Pace
    headers: Callable[[], dict[str, str]]


class Stream:
    """A line; one that `is_silent` is not listened to before `active`. `ready` is set once all its books are whole."""

    def __init__(self, name: str, shared: Shared, state: State, *, is_silent: bool = False) -> None:
        self.name, self._shared, self._state, self._is_silent = name, shared, state, is_silent
        self.ready = asyncio.Event()
        self.opened: int | None = None
        """When the line came up (monotonic ns)."""
        self._may_speak = asyncio.Event()

    async def run(self) -> None:
        """Open, subscribe and listen; raises EndedError when the line is down, AccessError if the key is refused."""
        shared, headers = self._shared, self._shared.headers()
        try:
            # VALR answers no pings of the protocol but its own PING, and so there are none.
            async with Handshake(
                shared.url,
                additional_headers=headers,
                ping_interval=None,
                open_timeout=shared.pace.timeout,
                close_timeout=1.0,
                compression=None,
                max_size=SIZE,
                logger=LOG,
            ) as socket:
                self._begin(has_key=bool(headers))
                await first_of(self._listen(socket), self._speak(socket))
        except InvalidStatus as error:
            raise self._refused(error.response.status_code, error.response.headers.get("Retry-After", "")) from None
        except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError) as error:
            raise EndedError(f"{type(error).__name__}: {error}") from error

    def active(self) -> None:
        """From now on this line is the one that is listened to."""
        self._tell(Active(self.name))

    def _begin(self, *, has_key: bool) -> None:
        wanted = self._shared.wanted
        self.opened = self._shared.world.monotonic()
        self._state.up()
        # Trades of a line that takes over need no filling: the one before it goes on until this one has them too.
        self._tell(Opened(self.name, wanted.book, wanted.books, () if self._is_silent else wanted.trades))
        if not self._is_silent:
            self.active()
            self._shared.measuring.link(True)
        if not has_key:
            self._may_speak.set()

    def _refused(self, status: int, retry_after: str) -> Exception:
        if status in (401, 403):
            return AccessError(
                f"{self._shared.url}: VALR refuses access (HTTP {status}); check key, its rights, and the clock", status
            )
        return EndedError(f"handshake refused: HTTP {status}", retry_after if status == 429 else None)

    async def _listen(self, socket: ClientConnection) -> None:
        shared, lines = self._shared, self._shared.parser.lines
        while True:
            raw = await socket.recv(decode=False)
            lines.useful = None
            shared.taker.take(raw, self.name)
            self._state.heard()
            line = lines.of(self.name)
            if lines.useful is not None:
                shared.measuring.heard(*lines.useful)
                if not self.ready.is_set() and self._is_whole(line):
                    self.ready.set()
            if line.is_authenticated:
                self._may_speak.set()

    def _is_whole(self, line: Line) -> bool:
        answered = {pair for event, pair in line.granted | line.denied if event == "NEW_TRADE"}
        return not line.lost() and answered.issuperset(self._shared.wanted.trades)

    async def _speak(self, socket: ClientConnection) -> None:
        """Subscribe, ping, and ask again for what is lost or stale; EndedError when that does not help."""
        shared, pace, clock = self._shared, self._shared.pace, self._shared.world.monotonic
        async with asyncio.timeout(pace.timeout):
            await self._may_speak.wait()
            await self._send(socket, shared.wanted.frame())
        line, mending = shared.parser.lines.of(self.name), Mending(shared, self.name)
        pinged = ponged = clock()
        pongs = line.pongs
        while True:
            await shared.world.sleep(min(0.2, pace.ping / 4))
            if line.pongs != pongs:
                pongs, ponged = line.pongs, clock()
            if clock() - ponged > 2 * pace.ping * _SECOND:
                raise EndedError(f"no PONG for {2 * pace.ping:g} s")
            async with asyncio.timeout(pace.timeout):
                if clock() - pinged >= pace.ping * _SECOND:
                    await socket.send(PING, text=True)
                    pinged = clock()
                for event in mending.due(line):
                    await self._send(socket, shared.wanted.frame(event))
            if mending.given_up:
                raise EndedError(mending.given_up)
            if denied := sorted(key for key in line.denied if key[0] != "NEW_TRADE"):
                raise PairError(f"VALR has no {denied[0][0]} of {denied[0][1]}; want another pair, or other books")

    async def _send(self, socket: ClientConnection, raw: bytes) -> None:
        self._shared.taker.take(raw, self.name, "out")
        await socket.send(raw, text=True)

    def _tell(self, told: Told) -> None:
        self._shared.taker.take(edge(told), EDGE)
