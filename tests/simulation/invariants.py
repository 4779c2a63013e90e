"""What must hold in every scenario, judged from the journal and the simulator's truth, not by the engine's own word."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from helios_engine.bodies import (
    Bar,
    BookDelta,
    BookSnapshot,
    Control,
    DataIssue,
    Health,
    OrderIntent,
    Quote,
    Trade,
    VenueStatus,
)
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.folder import JOURNAL
from helios_engine.journal import JournalReader
from helios_engine.journal.frames import read_frames
from helios_engine.plugins import Plugins
from helios_engine.replay import outputs
from tests.simulation.playing import Played
from tests.simulation.scenario import MOST, SECOND, STALE, Scenario

NEAR = 6 * SECOND
"""How far from the time it speaks of a measurement may be told: the pace of a scenario has 4 s for stale data."""


POLL = 6 * SECOND
"""How far apart trades of two pairs are asked for, where no stream brings them."""
MINUTE = 60 * SECOND


class Doubts:
    """What a run says against its own data, by instrument and time."""

    def __init__(self, played: Played, plugins: Plugins) -> None:
        self._spans: list[tuple[str, int, int]] = []
        last = 0
        for given in _reader(played).inputs():
            self._add(given.ts, given.body)
            last = given.ts
        # What is not polled yet nobody can know of, nor of a lost trade of the stream until the bucket after its own.
        self._spans.append(("", last - POLL - NEAR, last))
        if any(text.startswith("NEW_TRADE") for text in played.touched):
            self._spans.append(("", (last - NEAR) // MINUTE * MINUTE - MINUTE, last))
        for out in outputs(played.result.folder, plugins=plugins):
            self._add(out.ts, out.body)

    def cover(self, instrument: str, start: int, stop: int) -> bool:
        """Whether a doubt touches `[start, stop]` of an instrument."""
        return any(
            name in (instrument, "VALR", "") and since <= stop and start <= until for name, since, until in self._spans
        )

    def _add(self, ts: int, body: Body) -> None:
        match body:
            case DataIssue():
                self._spans.append((body.instrument, body.ts_from, body.ts_to))
            case Health(kind="link" | "gaps") if (body.value < 1) == (body.kind == "link"):
                self._spans.append((body.subject, ts - NEAR, ts + NEAR))
            case Health(kind="staleness" | "lag") if body.value > STALE:
                # The age of what is polled counts from when it was due.
                self._spans.append((body.subject, ts - int(body.value * SECOND) - POLL - NEAR, ts + NEAR))
            case Control(name="resumed"):
                self._spans.append(("", ts - NEAR, ts + NEAR))
            case VenueStatus() if body.status != "online":
                self._spans.append(("", ts - NEAR, ts + NEAR))


def broken(case: Scenario, played: Played, plugins: Plugins) -> list[str]:
    """Every invariant that does not hold, in words; empty if all is well."""
    doubts = Doubts(played, plugins)
    about_data = [*_inputs(played), *_bars(played, doubts, plugins), *_trades(played, doubts)]
    return [*_parity(case, played), *_decisions(case, played), *about_data]


def _parity(case: Scenario, played: Played) -> Iterator[str]:
    checked = played.checked
    if checked.differences:
        yield f"heads differ: {', '.join(checked.differences)}"
    has_all = all(any(r[0] == "in" and r[3] == name for r in records(played)) for name in _feeds(case))
    if not checked.backtest and not case.crashes and has_all:  # a catalog has no data set without a row
        yield f"no backtest over the recording: {checked.why_not}"
    if played.result.summary.status != "complete":
        yield f"the run was {played.result.summary.status}: {played.result.summary.error}"


def _feeds(case: Scenario) -> list[str]:
    return [f"catalog.{kind}:{pair}.VALR" for pair in case.pairs for kind in case.kinds]


def _inputs(played: Played) -> Iterator[str]:
    """Times rise, no trade comes twice or was never made, no quote or book is crossed."""
    known = {done.id for trades in played.truth.values() for done in trades}
    seen: set[str] = set()
    last = 0
    for given in _reader(played).inputs():
        if given.ts < last:
            yield f"{given.source}#{given.seq} at {given.ts} after an input of {last}"
        last = given.ts
        match given.body:
            case Trade() as trade:
                if trade.trade_id in seen:
                    yield f"trade {trade.trade_id} came twice"
                if trade.trade_id not in known:
                    yield f"trade {trade.trade_id} was never made"
                seen.add(trade.trade_id)
            case Quote() as quote if quote.bid >= quote.ask:
                yield f"crossed quote at {given.ts}: {quote}"
            case BookSnapshot() as book if book.bids and book.asks and book.bids[0][0] >= book.asks[0][0]:
                yield f"crossed book at {given.ts}"


def _decisions(case: Scenario, played: Played) -> Iterator[str]:
    """No order that adds risk and was let through was decided on old data, was too large, or was one too many."""
    reader = _reader(played)
    refused = {record[5]["id"] for record in records(played) if record[0] == "venue" and record[4] == "Reject"}
    data: dict[str, list[tuple[int, float | None]]] = {}
    for given in reader.inputs():
        if isinstance(given.body, Trade | Quote | BookSnapshot | BookDelta):
            price = given.body.price if isinstance(given.body, Trade) else None
            data.setdefault(given.body.instrument, []).append((given.ts, price))
    sent: list[int] = []
    for out in reader.outputs():
        order = out.body
        if not isinstance(order, OrderIntent) or order.id in refused or order.side == "SELL":  # spot: a sale reduces
            continue
        known = [(ts, price) for ts, price in data.get(order.instrument, []) if ts <= out.ts]
        if not known or out.ts - known[-1][0] > case.max_age * SECOND:
            yield f"order {order.id} of {out.ts} was decided on old data"
        last = next((price for _, price in reversed(known) if price is not None), None)
        if last is not None and order.quantity * Decimal(repr(last)) > MOST:
            yield f"order {order.id} is worth more than the gate allows"
        sent.append(out.ts)
        if sum(out.ts - ts < 60 * SECOND for ts in sent) > case.per_minute:
            yield f"order {order.id} is one too many in a minute"


def _bars(played: Played, doubts: Doubts, plugins: Plugins) -> Iterator[str]:
    """A bar of the run's time holds exactly the trades of its span, or something is said against that data."""
    begin = _reader(played).header()["begin"]
    for out in outputs(played.result.folder, plugins=plugins):
        if isinstance(out.body, Bar) and out.body.ts_open >= begin:
            bar = out.body
            true = _true_bar(played, bar)
            if true != (bar.open, bar.high, bar.low, bar.close) and not doubts.cover(
                bar.instrument, bar.ts_open, bar.ts_close
            ):
                yield f"a bar is wrong and nothing is said against its data: {bar}, true are {true}"


def _trades(played: Played, doubts: Doubts) -> Iterator[str]:
    """Every trade that was made while the run listened came in, or something is said against the data of that time."""
    inputs = [given for given in _reader(played).inputs() if isinstance(given.body, Trade)]
    seen = {given.body.trade_id for given in inputs}  # type: ignore[attr-defined]
    if not inputs:
        return
    last = max(given.ts for given in _reader(played).inputs())
    for pair, made in played.truth.items():
        name = f"{pair}.VALR"
        first = min((g.body.ts_event for g in inputs if g.body.instrument == name), default=last)  # type: ignore[attr-defined]
        for done in made:
            if first <= done.at < last - NEAR and done.id not in seen and not doubts.cover(name, done.at, done.at):
                yield f"trade {done.id} of {name} at {done.at} never came, and nothing is said"


def _true_bar(played: Played, bar: Bar) -> tuple[float, ...] | None:
    market = played.truth[bar.instrument.removesuffix(".VALR")]
    prices = [done.fill.price for done in market if bar.ts_open <= done.at // 10**6 * 10**6 < bar.ts_close]
    return None if not prices else tuple(map(float, (prices[0], max(prices), min(prices), prices[-1])))


def _reader(played: Played) -> JournalReader:
    return JournalReader(played.result.folder / JOURNAL, Codec())


def records(played: Played) -> Iterator[Any]:
    """Every record of the run's journal."""
    return read_frames(played.result.folder / JOURNAL)
