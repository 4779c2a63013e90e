"""The order in which a live run is told things, and its clock."""

from __future__ import annotations

from itertools import pairwise

from helios_engine.bodies import Prediction, Quote, Tick, Trade
from helios_engine.live.clock import Behind, Rising
from helios_engine.live.latest import KEPT, Latest
from helios_engine.live.timeline import LiveTimeline, Ticks
from helios_engine.recorder.connection import Wanted
from helios_engine.timeline import REPLY, Source, Timeline
from tests.unit.live.acme import COIN

SECOND = 1_000_000_000
TICKS = Ticks("1s", SECOND, SECOND // 10, 20 * SECOND)


def quote(ts: int) -> Quote:
    return Quote("X", ts, 1.0, 2.0, 1.0, 1.0)


def trade(instrument: str, number: int) -> Trade:
    return Trade(instrument, number, 1.0, 1.0, "BUY", str(number))


def test_a_reply_that_is_due_after_the_start_waits_until_then() -> None:
    now = [20 * SECOND]
    past = Timeline(
        [Source("quotes", 20, iter([(18 * SECOND, quote(18 * SECOND)), (19 * SECOND, quote(19 * SECOND))]))]
    )
    timeline = LiveTimeline(past, lambda: now[0], TICKS, 20 * SECOND)
    reply = Prediction("1", "oracle", "X", 0.5)

    assert timeline.next() is not None
    timeline.schedule(19 * SECOND + 1, REPLY, "early", reply)
    timeline.schedule(20 * SECOND + 7, REPLY, "late", reply)
    timeline.put(20 * SECOND + 5, "quotes", quote(20 * SECOND + 5))
    timeline.put(20 * SECOND + 9, "quotes", quote(20 * SECOND + 9))
    now[0] = 21 * SECOND

    found = []
    while (given := timeline.next()) is not None:
        found.append((given.source, given.ts, given.seq))
    assert found == [
        ("quotes", 19 * SECOND, 1),
        ("early", 19 * SECOND + 1, 0),
        ("quotes", 20 * SECOND + 5, 2),
        ("late", 20 * SECOND + 7, 0),
        ("quotes", 20 * SECOND + 9, 3),
        ("tick", 20 * SECOND + SECOND // 10, 0),
    ]
    assert timeline.is_warm


def test_a_tick_comes_when_its_time_is_over_or_before_what_is_younger() -> None:
    now = [20 * SECOND]
    timeline = LiveTimeline(Timeline(()), lambda: now[0], TICKS, 20 * SECOND)

    assert timeline.next() is None
    timeline.put(22 * SECOND, "quotes", quote(22 * SECOND))
    bodies = [given.body for given in (timeline.next(), timeline.next(), timeline.next()) if given is not None]
    assert [body.boundary for body in bodies if isinstance(body, Tick)] == [20 * SECOND, 21 * SECOND]
    assert isinstance(bodies[-1], Quote)
    now[0] = timeline.due + 1
    assert isinstance(getattr(timeline.next(), "body", None), Tick)


def test_stamps_rise_whatever_the_clock_does_and_a_step_back_is_told_once() -> None:
    now, told = [100 * SECOND], list[str]()
    clock = Rising(lambda: now[0])
    behind = Behind(clock, lambda: now[0], told.append)
    stamps = [clock(), clock()]
    behind.look()
    assert told == []

    now[0] = 97 * SECOND
    stamps += [clock(), clock()]
    behind.look()
    behind.look()
    assert told == ["the clock stepped back by 3.0 s"]
    now[0] = 101 * SECOND
    stamps.append(clock())
    behind.look()
    now[0] = 99 * SECOND
    behind.look()
    assert told[1:] == ["the clock stepped back by 2.0 s"]
    assert all(a < b for a, b in pairwise(stamps))


def test_many_trades_of_one_instrument_do_not_let_those_of_another_be_forgotten() -> None:
    latest = Latest()
    latest.note(trade("QUIET", 7))
    for number in range(KEPT + 10):
        latest.note(trade("BUSY", number))

    again = Latest()
    again.restore(latest.save())
    for one in (latest, again):
        assert ("QUIET", "7") in one.trades
        assert len(one.trades) == KEPT + 1
        assert ("BUSY", "9") not in one.trades
        assert one.until[Wanted(Trade, "BUSY")] == KEPT + 9


def test_definitions_of_the_start_come_before_a_trade_of_that_very_time() -> None:
    start = 20 * SECOND
    past = Timeline([Source("instruments", 0, iter([(start, COIN)]))])
    timeline = LiveTimeline(past, lambda: start, TICKS, start)
    timeline.put(start, "trades", trade(COIN.instrument, 1))

    found = [timeline.next(), timeline.next()]

    assert [given.source for given in found if given is not None] == ["instruments", "trades"]
