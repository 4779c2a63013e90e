"""VALR's public data, live: the stream and REST as lines of one connection."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from helios_engine.bodies import Bar, Trade
from helios_engine.catalog.download.client import check_base
from helios_engine.errors import ConfigError
from helios_engine.events import Body
from helios_engine.logs import Secret
from helios_engine.recorder.connection import Line, Taker, Wanted
from helios_engine.world import World
from helios_valr.live.bars import MINUTE
from helios_valr.live.envelopes import EDGE, Began, edge
from helios_valr.live.history import SETTLED, history, is_known
from helios_valr.live.links import PATH, Links
from helios_valr.live.measuring import Measuring
from helios_valr.live.pace import pace_of
from helios_valr.live.parser import ValrParser
from helios_valr.live.polls import Polls
from helios_valr.live.recorded import Recorded
from helios_valr.live.states import State
from helios_valr.live.stream import Shared
from helios_valr.live.subscriptions import BOOKS, pair_of, subscriptions
from helios_valr.live.tasks import first_of, kept
from helios_valr.rest import Client, Http, Patience, Public
from helios_valr.rest.budget import Budget
from helios_valr.rest.transport import BASE_URL
from helios_valr.signing import credential, headers

OWED = 60_000_000_000
"""How long before its last trade a killed run may have had to fill others (ns)."""


class Valr:
    """A connection that brings what is `wanted`. It knows no account: a key only keeps lines up for longer.

    `url` is that of REST and `stream` of the websocket (of the same host if empty). `books` is the event that brings
    books and quotes. `key_env` and `secret_env` name the environment variables of an API key that may view, both or
    neither. `pace` is the fields of `Pace`, in seconds. ConfigError for what cannot be.
    """

    def __init__(
        self,
        wanted: Sequence[Wanted],
        world: World,
        *,
        url: str = BASE_URL,
        stream: str = "",
        books: str = BOOKS[0],
        key_env: str = "",
        secret_env: str = "",
        pace: dict[str, float] | None = None,
    ) -> None:
        self.parser = ValrParser()
        self._wanted, self._world, self._pace = subscriptions(wanted, books), world, pace_of(pace or {})
        self._url = check_base(url)
        self._stream = _stream_of(stream or f"{self._url}{PATH}")
        if bool(key_env) != bool(secret_env):
            raise ConfigError(
                "connection 'valr': key_env and secret_env name a key and its secret; give both or neither"
            )
        self._key = (_secret(key_env), _secret(secret_env)) if key_env else None
        self._budget = Budget()
        self._since: dict[tuple[type[Body], str], int] = {}
        self._states: dict[str, State] = {}
        self._links: Links | None = None

    def lines(self) -> list[Line]:
        """How the line of the stream (while one replaces another, both), REST and each task that asks it are now."""
        links = [] if self._links is None else self._links.states()
        return [state.line() for state in (*links, *self._states.values())]

    async def history(self, wanted: Wanted, start: int, stop: int) -> list[tuple[int, Body]]:
        """Bars of 1m or trades of `[start, stop)` (ns UTC) with the time each was over, oldest first.

        What is younger than a few seconds is left out: it may not be whole. Of other kinds VALR has no history, which
        `lines` says. ConfigError for an instrument that is none of VALR's, UnreachableError if VALR does not answer.
        """
        state = self._state("valr.history")
        state.attempt()
        stop = min(stop, self._world.now() - SETTLED)
        async with aiohttp.ClientSession() as session:
            client = Client(Http(session, self._url, self._pace.timeout), self._world, self._budget)
            found = await history(Public(client), wanted, start, stop)
        if not is_known(wanted):
            state.down(f"VALR has no history of {wanted.kind.__name__} of {wanted.instrument}")
            return found
        state.up()
        return found

    def go_on(self, wanted: Wanted, since: int) -> None:
        """Fill what follows `since` (ns UTC), the end of what is known of trades or bars, as soon as it runs.

        Trades are asked for from a little before: some of them may have been owed when a run was killed.
        """
        key = wanted.kind, pair_of(wanted.instrument)
        self._since[key] = since - OWED if wanted.kind is Trade else since

    async def run(self, taker: Taker) -> None:
        """Bring frames until cancelled.

        Raises what no waiting can mend: AccessError, PairError, StorageError once nothing can be recorded any more.
        """
        world, pace, wanted = self._world, self._pace, self._wanted
        while not self.parser.has_begun:  # a recorder whose queue is full takes no frame
            self._begin(taker)
            await world.sleep(0.0 if self.parser.has_begun else 0.1)
        measuring = Measuring(wanted, self.parser, taker, world, pace)
        async with aiohttp.ClientSession() as session:
            http = Recorded(Http(session, self._url, pace.timeout), taker, world, self._state("valr.rest"))
            patience = Patience(attempts=2, first=pace.first, longest=pace.longest)
            polls = Polls(Client(http, world, self._budget, patience), wanted, self.parser, taker, measuring, pace)
            shared = Shared(self._stream, wanted, self.parser, taker, measuring, world, pace, self._headers)
            links = Links(shared, self._budget, has_key=self._key is not None)
            self._links = links if wanted.events else None
            works = {"valr.bars": polls.bars} if wanted.bars or wanted.checked else {}
            works |= {"valr.trades": polls.trades} if wanted.trades else {}

            async def data() -> None:
                # What is to be traded comes before the first price of it.
                await self._kept("valr.pairs", polls.pairs)
                tasks = [self._kept(name, work) for name, work in works.items()]
                await first_of(
                    self._kept("valr.pairs", polls.keep_pairs), *tasks, *([links.run()] if wanted.events else [])
                )

            await first_of(
                measuring.run(), self._kept("valr.clock", polls.clock), self._kept("valr.status", polls.status), data()
            )

    def _begin(self, taker: Taker) -> None:
        now = self._world.now()
        asked = (*self._wanted.bars, *self._wanted.checked)
        bars = {pair: self._since.get((Bar, pair), now // MINUTE * MINUTE) for pair in asked}
        trades = {pair: self._since.get((Trade, pair), now) for pair in self._wanted.trades}
        lag = round(self._pace.lag * 1e9)
        taker.take(edge(Began(self._wanted.pairs, bars, trades, self._wanted.checked, lag)), EDGE)

    async def _kept(self, name: str, work: Callable[[], Any]) -> None:
        state = self._state(name)

        async def tried() -> None:
            state.attempt()
            state.up()
            await work()

        await kept(tried, state, self._world, self._pace)

    def _state(self, name: str) -> State:
        self._states[name] = State(name, self._world)
        return self._states[name]

    def _headers(self) -> dict[str, str]:
        """A signature of now, by VALR's clock as far as it is known; nothing without a key."""
        if self._key is None:
            return {}
        ahead = self.parser.answered.offset or 0
        return headers(*self._key, (self._world.now() + ahead) // 1_000_000, "GET", PATH)


def _secret(name: str) -> Secret:
    if not (text := os.environ.get(name, "")):
        raise ConfigError(
            f"connection 'valr': the environment variable {name} is empty; expected a key or secret in it"
        )
    return credential(text)


def _stream_of(url: str) -> str:
    """The URL of the websocket: wss, or ws to this very machine; ConfigError for another."""
    scheme, _, rest = url.partition("://")
    scheme = {"https": "wss", "http": "ws"}.get(scheme, scheme)
    as_rest = {"wss": "https", "ws": "http"}.get(scheme, scheme)
    check_base(f"{as_rest}://{rest}")
    return f"{scheme}://{rest}"
