"""Asks VALR and keeps asking as long as that may help, within the budget, and never in a tight circle."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

from helios_engine.world import World
from helios_valr.errors import UnreachableError
from helios_valr.rest.budget import Budget
from helios_valr.rest.transport import Answer, Transport
from helios_valr.rest.verdict import Verdict, error_of, judge
from helios_valr.rest.waits import after_limit, full_jitter

_SECOND = 1_000_000_000
_AGES = (
    ("/marketsummary", 5),
    ("/orderbook", 30),
    ("/orderbook/full", 30),
    ("/pairs", 60),
    ("/pairs/SPOT", 60),
    ("/pairs/FUTURE", 60),
    ("/futures/info", 60),
)
"""Seconds for which VALR itself answers from a cache: asking sooner brings the same and costs a request."""
_REMEMBERED = 256


class Patience(msgspec.Struct, frozen=True):
    """How often in a row a request may fail, and how long to wait in between, in seconds.

    What VALR asks for after a 429 is waited out up to `longest_told`; for more, the request fails and says so.
    """

    attempts: int = 6
    first: float = 1.0
    longest: float = 30.0
    longest_told: float = 180.0


class Client:
    """One client an address: its budget must be the only one, so share it."""

    def __init__(
        self,
        transport: Transport,
        world: World | None = None,
        budget: Budget | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.world = world or World()
        self.budget = budget or Budget()
        self._transport = transport
        self._patience = patience or Patience()
        self._remembered: OrderedDict[str, tuple[int, bytes]] = OrderedDict()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The JSON at `path`. What VALR would answer from its own cache is remembered here for as long.

        RequestError (PairError, AccessError) if VALR refuses, UnreachableError after all attempts.
        """
        asked = path + ("?" + urlencode(query, quote_via=quote, safe=":") if query else "")
        age = next((age for ending, age in _AGES if path.endswith(ending)), 0)
        held = self._remembered.get(asked)
        if held is not None and self.world.monotonic() < held[0] + age * _SECOND:
            return held[1]
        answer = await self._patiently(asked)
        if age:
            self._remembered[asked] = self.world.monotonic(), answer.body
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return answer.body

    def forget(self, path: str) -> None:
        """Ask VALR itself the next time: what came could not be used."""
        self._remembered.pop(path, None)

    async def _patiently(self, asked: str) -> Answer:
        failures = 0
        while True:
            answer, verdict = await self._once(asked)
            if answer is not None and verdict.kind == "ok":
                return answer
            if verdict.kind == "refused":
                raise error_of(verdict, asked)
            failures += 1
            is_limited = answer is not None and verdict.kind == "limited"
            if answer is not None and is_limited:
                # Whoever asks next, it must not be soon: also when this request is given up.
                self._be_silent(asked, answer)
            if failures >= self._patience.attempts:
                raise UnreachableError(f"{asked}: no answer after {failures} attempts, the last: {verdict.reason}")
            if not is_limited:
                patience = self._patience
                await self.world.sleep(full_jitter(failures, patience.first, patience.longest, self.world.uniform))

    async def _once(self, asked: str) -> tuple[Answer | None, Verdict]:
        while wait := self.budget.wait(asked, self.world.monotonic()):
            await self.world.sleep(wait / _SECOND)
        self.budget.spend(asked, self.world.monotonic())
        try:
            # VALR refuses requests without it, even those that have no body.
            answer = await self._transport.send("GET", asked, {"Content-Type": "application/json"})
        except (ConnectionError, TimeoutError) as error:
            return None, Verdict("again", str(error) or type(error).__name__)
        return answer, judge(answer.status, answer.body)

    def _be_silent(self, asked: str, answer: Answer) -> None:
        """After a 429 nothing at all is sent until VALR counts anew; the next attempt waits for the budget."""
        wait = after_limit(answer.headers.get("retry-after", ""), self.world.now(), self.world.uniform)
        self.budget.hold(self.world.monotonic() + int(wait * _SECOND))
        if wait > self._patience.longest_told:
            raise UnreachableError(
                f"{asked}: HTTP 429, and VALR asks to wait {wait:.0f} s, more than the "
                f"{self._patience.longest_told:.0f} s allowed; try again later"
            )
