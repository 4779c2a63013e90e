"""What REST is asked, and how often. The parser reads the answers, as frames; here only its memory is looked at."""

from __future__ import annotations

import asyncio

from helios_engine.recorder.connection import Taker
from helios_engine.timeframe import UNITS, iso
from helios_valr.errors import PairError, UnreachableError
from helios_valr.live.bars import LENGTH, MINUTE
from helios_valr.live.envelopes import EDGE, Unanswered, edge
from helios_valr.live.measuring import BUCKETS, TRADES, Measuring
from helios_valr.live.pace import Pace
from helios_valr.live.parser import ValrParser
from helios_valr.live.subscriptions import Subscriptions
from helios_valr.live.tasks import wait_after
from helios_valr.live.trades import PAGE
from helios_valr.rest.client import Client
from helios_valr.translation import instrument_of

_SECOND = UNITS["s"]
TRIES, CHECKED, MOST_BUCKETS = 4, 2, 300
"""Answers without a bucket until it is taken for one that VALR has not; buckets before the next that are looked at
again; buckets of one answer."""
SPAN = (MOST_BUCKETS - 1) * MINUTE
"""From the first bucket of an answer to the last one (ns)."""
SETTLED = 2 * _SECOND
"""How long after a line opened REST is asked for what came before: it may know a trade later than the stream."""


class Polls:
    """The questions of one connection."""

    def __init__(
        self, client: Client, wanted: Subscriptions, parser: ValrParser, taker: Taker, measuring: Measuring, pace: Pace
    ) -> None:
        self._client, self._wanted, self._parser, self._taker = client, wanted, parser, taker
        self._measuring, self._pace, self._world = measuring, pace, client.world
        self._empty: dict[str, int] = {}
        self._walked: dict[str, tuple[int, int | None]] = {}

    async def pairs(self) -> None:
        """Ask for the definitions once. PairError if VALR does not list a pair, or has not what is wanted of it."""
        await self._client.get("/v1/public/pairs")
        unknown = [pair for pair in self._wanted.pairs if self._parser.answered.lists(pair) is False]
        if unknown:
            raise PairError(f"VALR does not list {', '.join(unknown)}; see https://api.valr.com/v1/public/pairs")
        marked = {instrument_of(pair) for pair in self._wanted.events.get("MARK_PRICE_UPDATE", ())}
        known = self._parser.answered.definitions.known()
        if spot := [one.instrument for one in known if one.instrument in marked and one.contract == "spot"]:
            raise PairError(f"{', '.join(spot)} is traded spot and has no mark price; want it of perpetuals only")
        if self._parser.answered.lists(self._wanted.pairs[0]) is None:
            self._client.forget("/v1/public/pairs")
            raise UnreachableError("/v1/public/pairs: the answer could not be read; the log has it as it came")

    async def keep_pairs(self) -> None:
        """Ask for the definitions again and again."""
        while True:
            await self._world.sleep(self._pace.pairs)
            await self._client.get("/v1/public/pairs")

    async def clock(self) -> None:
        """Compare the clocks."""
        while True:
            await self._client.get("/v1/public/time")
            await self._world.sleep(self._pace.clock)

    async def status(self) -> None:
        """Ask VALR how it is. No answer is an answer too."""
        while True:
            try:
                await self._client.get("/v1/public/status")
            except UnreachableError as error:
                self._taker.take(edge(Unanswered(str(error))), EDGE)
            await self._world.sleep(self._pace.status)

    async def bars(self) -> None:
        """Ask for each bucket soon after its end, and again while it is not there."""
        failures, asked = 0, (*self._wanted.bars, *self._wanted.checked)
        while True:
            due = (self._now() - int(self._pace.after * _SECOND)) // MINUTE * MINUTE
            late = [pair for pair in asked if self._until(pair) < due]
            if late:
                found = await asyncio.gather(*(self._buckets(pair, due) for pair in late), return_exceptions=True)
                troubles = [error for error in found if isinstance(error, BaseException)]
                late = [pair for pair in late if self._until(pair) < due]
                failures += bool(late)
                if not troubles and failures >= TRIES:
                    # VALR has answered often enough: nothing was traded, and there are no such buckets.
                    self._empty.update({pair: self._asked(pair, due)[1] for pair in late})
                    late = [pair for pair in late if self._until(pair) < due]
                if grave := next((error for error in troubles if not isinstance(error, UnreachableError)), None):
                    raise grave
            for pair in set(asked) - set(late):
                self._measuring.heard(BUCKETS, pair)
            rest = (due + MINUTE + int(self._pace.after * _SECOND) - self._now()) / _SECOND
            failures = failures if late else 0
            wait = min(rest, wait_after(failures, self._pace, self._world)) if late else rest
            await self._world.sleep(max(0.05, wait))

    async def trades(self) -> None:
        """Ask for trades that the stream does not bring, and for those that it missed."""
        while True:
            for pair in self._wanted.trades:
                is_heard = self._parser.lines.streams_trades(pair)
                if self._is_due(pair):
                    self._walked[pair] = self._world.monotonic(), self._parser.trades.missing_since(pair)
                    await self._walk(pair)
                    is_heard = True
                if is_heard and self._parser.trades.missing_since(pair) is None:
                    self._measuring.heard(TRADES, pair)
            await self._world.sleep(min(1.0, self._pace.trades))

    def _is_due(self, pair: str) -> bool:
        """What the stream waits for is asked for at once, the rest by turns."""
        missing = self._parser.trades.missing_since(pair)
        at, asked_for = self._walked.get(pair, (-(1 << 62), None))
        is_turn = self._world.monotonic() - at >= self._measuring.trades_every() * _SECOND
        if missing is not None:
            return (is_turn or asked_for != missing) and self._world.now() >= missing + SETTLED
        return is_turn and not self._parser.lines.streams_trades(pair)

    async def _walk(self, pair: str) -> None:
        trades = self._parser.trades
        start = iso((trades.known_from(pair) - _SECOND) // _SECOND * _SECOND)
        query = {"limit": str(PAGE), "startTime": start}
        before: str | None = ""
        while before is not None:
            await self._client.get(f"/v1/public/{pair}/trades", query | ({"beforeId": before} if before else {}))
            asked, before = before, trades.goes_on(pair)
            if before == asked:
                raise UnreachableError(f"trades of {pair}: the same page came again before {before}; it is asked anew")

    async def _buckets(self, pair: str, due: int) -> None:
        """Ask for what follows the last bar told, up to `due`: again while an answer brings some and more is due."""
        last = until = -1
        while last < due and until < self._until(pair):
            until = self._until(pair)
            first, last = self._asked(pair, due)
            query = {"periodSeconds": str(LENGTH), "startTime": str(first // _SECOND), "endTime": str(last // _SECOND)}
            await self._client.get(
                f"/v1/public/{pair}/buckets", query | {"limit": str(MOST_BUCKETS), "includeEmpty": "true"}
            )

    def _asked(self, pair: str, due: int) -> tuple[int, int]:
        """The first and the last bucket to ask for, no more than one answer has."""
        told, empty = self._parser.answered.bars.until(pair), self._empty.get(pair, 0)
        first = max(self._since(pair), told - CHECKED * MINUTE)
        if empty >= first + SPAN:
            first = empty - CHECKED * MINUTE  # nothing more came of a whole answer: it goes on behind that
        return first, min(due, first + SPAN)

    def _since(self, pair: str) -> int:
        return self._parser.answered.bars.since.get(pair, 0)

    def _until(self, pair: str) -> int:
        return max(self._since(pair), self._parser.answered.bars.until(pair), self._empty.get(pair, 0))

    def _now(self) -> int:
        """Our time or VALR's, whichever is behind: what both clocks have passed has passed."""
        return self._world.now() + min(0, self._parser.answered.offset or 0)
