"""What answers of REST say: definitions, status, the clock, bars and trades. Which endpoint it was, its path says."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

from helios_engine.events import Body
from helios_engine.timeframe import UNITS
from helios_valr import answers, translation
from helios_valr.answers import PairRow, Status, Time
from helios_valr.errors import WireError
from helios_valr.instruments import Definitions
from helios_valr.live.bars import SETTLED, Bars
from helios_valr.live.envelopes import Began, Head
from helios_valr.live.trades import Trades
from helios_valr.rest.verdict import judge
from helios_valr.rows import BucketRow, TradeRow

ROUND_TRIP = UNITS["s"]
"""An answer on the time that took longer says too little about it."""
LATE = 60 * UNITS["s"]
"""By how much our clock may be ahead of VALR's before they were compared."""


class Answered:
    """Remembers definitions, bars and the clock; the times of bars and requests are compared by VALR's clock."""

    def __init__(self, trades: Trades) -> None:
        self.bars = Bars()
        self.definitions = Definitions()
        self.status = ""
        """What VALR last said of itself."""
        self.offset: int | None = None
        """By how many ns VALR's clock is ahead of ours, once it was measured."""
        self._trades = trades
        self._pairs: frozenset[str] = frozenset()
        self._listed: frozenset[str] | None = None

    def begin(self, told: Began) -> None:
        """Which pairs are wanted, and from when on. Definitions of others are left out."""
        self._pairs = frozenset(told.pairs)
        self.bars.since.update(dict(list(told.bars.items())[:4096]))
        for pair, since in told.trades.items():
            self._trades.begin(pair, since)

    def lists(self, pair: str) -> bool | None:
        """Whether VALR lists the pair; None while its list was not read."""
        return None if self._listed is None else pair in self._listed

    def take(self, head: Head, body: bytes, received: int) -> Iterator[Body]:
        """The bodies of an answer received at (ns UTC). WireError if it is not what VALR says it sends."""
        path, _, query = head.path.partition("?")
        if judge(head.status, body).kind != "ok":
            return  # whoever asked knows it too, and asks again
        match path.removeprefix("/v1/public/").split("/"):
            case ["pairs"]:
                rows = answers.read(body, tuple[PairRow, ...], path)
                yield from self.definitions.update(rows, received, self._pairs or None)
                self._listed = frozenset(row.symbol for row in rows)
            case ["status"]:
                found = answers.read(body, Status, path)
                if found.status != self.status:
                    self.status = found.status
                    yield translation.status(found, received)
            case ["time"]:
                clock = answers.read(body, Time, path)
                if 0 <= received - head.sent <= ROUND_TRIP:
                    self.offset = int(clock.time) - (head.sent + received) // 2
            case [pair, "buckets"]:
                # While the clocks were not compared, ours may be far ahead: then only what is long over is taken.
                behind = -LATE if self.offset is None else min(0, self.offset)
                over = head.sent + behind - SETTLED
                yield from self.bars.take(pair, answers.read(body, tuple[BucketRow, ...], path), over)
            case [pair, "trades"]:
                before = parse_qs(query, max_num_fields=16).get("beforeId", [""])[0]
                yield from self._trades.page(pair, answers.read(body, tuple[TradeRow, ...], path), head.sent, before)
            case _:
                raise WireError(f"{path[:80]}: an answer to what is never asked")
