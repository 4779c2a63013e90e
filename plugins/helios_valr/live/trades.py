"""Trades of the stream and of REST as one: each told once, by its id, and in the order they were made.

REST answers newest first, in pages: a walk goes back until it meets what is known, and is told as a whole, oldest
first. After a line opens, what the stream brings waits for the walk that fills what was missed, but not for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from helios_engine.bodies import DataIssue, Trade
from helios_engine.timeframe import UNITS
from helios_valr import translation
from helios_valr.errors import WireError
from helios_valr.once import Once
from helios_valr.rows import TradeRow

PAGE, LONGEST_WALK = 100, 5000
"""Rows of a page, and of a walk; what lies further back is given up and said to be missing."""
PATIENCE = 15 * UNITS["s"]
"""How long trades of the stream wait for the walk that fills what came before them."""
PAIRS = 4096
Told = Iterator[Trade | DataIssue]


class _Pair:
    def __init__(self, since: int) -> None:
        self.since = since
        self.latest = 0
        self.opened: int | None = None  # trades of the stream wait since then
        self.owed: int | None = None  # what came before this is not walked yet
        self.held: list[TradeRow] = []
        self.hole = 0  # the last trade that was told before what is owed
        self.walk: list[TradeRow] = []
        self.walk_sent = 0
        self.walked = 0  # when the last walk that was finished began

    def owe(self, at: int) -> None:
        if self.owed is None:
            self.hole = self.latest
        self.owed = at

    def known(self) -> int:
        return max(self.since, self.latest if self.owed is None else self.hole)


class Trades:
    """What was told of every pair. `counts` of what came twice is the Once's affair: such rows are left out."""

    def __init__(self) -> None:
        self._once = Once()
        self._pairs: dict[str, _Pair] = {}

    def begin(self, pair: str, since: int) -> None:
        """Trades before `since` (ns UTC) are not wanted."""
        self._pair(pair).since = since

    def opened(self, pair: str, at: int) -> None:
        """A line opened at `at` (ns UTC): what was missed before must be walked."""
        found = self._pair(pair)
        found.opened = at
        found.owe(at)

    def missed(self, at: int) -> None:
        """Frames that came were lost until `at` (ns UTC), nobody knows of which pair."""
        for pair in self._pairs.values():
            pair.owe(at)

    def suspect(self, pair: str, since: int, at: int) -> None:
        """Trades since `since` (ns UTC) may be missing, as was found at `at`: they are walked once more."""
        found = self._pair(pair)
        found.owe(at)
        found.hole = min(found.hole, since)

    @property
    def remembered(self) -> tuple[int, int]:
        """How many trades are known by their ids, so that none is told twice, and how many bytes that takes."""
        return len(self._once), self._once.size

    def pairs(self) -> list[str]:
        """Every pair whose trades are told."""
        return list(self._pairs)

    def missing_since(self, pair: str) -> int | None:
        """Until when (ns UTC) trades may be missing that no walk has filled yet; None if nothing is missing."""
        return self._pair(pair).owed

    def known_from(self, pair: str) -> int:
        """From when on (ns UTC) a walk must ask: the last trade before anything was missed, or where it all begins."""
        return self._pair(pair).known()

    def known_until(self, pair: str, streamed_until: int) -> int:
        """Up to when (ns UTC) every trade is known; `streamed_until` is how far a line brings them, 0 if none does."""
        found = self._pair(pair)
        return found.walked if found.owed is not None else max(found.walked, streamed_until)

    def goes_on(self, pair: str) -> str | None:
        """The id before which the walk goes on; None once it is done."""
        walk = self._pair(pair).walk
        return walk[-1].id if walk else None

    def is_waiting(self, pair: str) -> bool:
        """Whether trades of the stream wait for the walk that fills what came before them."""
        return self._pair(pair).opened is not None

    def stream(self, row: TradeRow, received: int) -> Told:
        """A trade of the stream, received at (ns UTC)."""
        pair = self._pair(row.currency_pair)
        if pair.opened is None:
            yield from self._tell(pair, [row])
            return
        pair.held.append(row)
        if received - pair.opened > PATIENCE or len(pair.held) >= LONGEST_WALK:
            until, why = int(pair.held[0].traded_at), "REST did not tell them in time; they will come late"
            yield _issue(row.currency_pair, "trades_late", pair.known(), until, why)
            held, pair.held, pair.opened = pair.held, [], None
            yield from self._tell(pair, held)

    def page(self, name: str, rows: Sequence[TradeRow], sent: int, before: str) -> Told:
        """A page of REST asked for at `sent` (ns UTC), older than the trade `before` or, if that is empty, the newest.

        WireError for rows of another pair.
        """
        if any(row.currency_pair != name for row in rows):
            raise WireError(f"trades of {name}: a row of another pair")
        pair = self._pair(name)
        if not before or not pair.walk:
            # A walk that was broken off is walked anew: it is still newest first that VALR answers.
            pair.walk, pair.walk_sent = [], sent
            if before:
                return
        known = {row.id for row in pair.walk}
        fresh = [row for row in rows if row.id not in known]
        reached = any(row.traded_at < pair.known() for row in rows)
        pair.walk += fresh
        if len(rows) < PAGE or reached or not fresh:
            if pair.owed is not None and pair.walk_sent <= pair.owed:
                pair.walk = []  # it was asked before the line opened and cannot know what came until then
                return
            yield from self._release(pair)
        elif len(pair.walk) >= LONGEST_WALK:
            until, why = int(pair.walk[-1].traded_at), f"more than {LONGEST_WALK} were missed; the oldest will not come"
            yield _issue(name, "trades_missing", pair.known(), until, why)
            yield from self._release(pair)

    def _release(self, pair: _Pair) -> Told:
        # Newest first turned round; the sort keeps the order of trades of one millisecond.
        pair.walked = pair.walk_sent
        rows = sorted([*reversed(pair.walk), *pair.held], key=attrgetter("traded_at"))
        pair.walk, pair.held, pair.opened, pair.owed = [], [], None, None
        yield from self._tell(pair, rows)

    def _tell(self, pair: _Pair, rows: Sequence[TradeRow]) -> Told:
        for row in rows:
            if row.traded_at < pair.since or not self._once.is_new(row.currency_pair, row.id):
                continue
            try:
                trade = translation.trade(row)
            except WireError as error:
                ts, name = int(row.traded_at), translation.instrument_of(row.currency_pair)
                yield DataIssue(name, "trade_refused", "warn", ts, ts, str(error))
                continue
            pair.latest = max(pair.latest, trade.ts_event)
            yield trade

    def _pair(self, name: str) -> _Pair:
        if name not in self._pairs and len(self._pairs) >= PAIRS:
            raise WireError(f"trades of {name}, after {PAIRS} other pairs; expected no more than VALR lists")
        return self._pairs.setdefault(name, _Pair(0))


def _issue(pair: str, kind: str, start: int, until: int, why: str) -> DataIssue:
    return DataIssue(translation.instrument_of(pair), kind, "warn", start, max(start, until), why)
