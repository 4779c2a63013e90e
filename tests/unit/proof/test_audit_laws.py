"""Laws: honest bars and an honest timeline are left in peace in any market, and any falsified bar is found."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from helios_aggregation.larger_bars import LargerBars
from helios_aggregation.time_bars import TimeBars
from helios_engine.bodies import Bar, Instrument, Tick, Trade
from helios_engine.events import Body, Event
from helios_engine.proof.audits.builders import Builder
from helios_engine.proof.audits.delivery import Delivery
from helios_engine.proof.audits.tally import Tally
from helios_engine.proof.findings import Part
from helios_engine.timeline import TICK, Source, Timeline, ticks
from tests.stages import BTC

S = 1_000_000_000
MINUTE = 60 * S
TRADES = st.lists(
    st.tuples(
        st.sampled_from((0, 1, S, 20 * S, 60 * S, 200 * S)),  # later than the one before it
        st.sampled_from((-70 * S, -S, -1, 0, 0, 0, 1)),  # when the venue says that it was
        st.integers(1, 40),
        st.sampled_from((1e-8, 0.1, 0.25, 3.0, 1e9)),
    ),
    min_size=1,
    max_size=60,
)


def said(rows: Any, grace: int) -> tuple[list[tuple[Event[Body], list[Body]]], int]:
    """What `TimeBars` says to trades and ticks, turn by turn."""
    ts, trades = 100 * MINUTE, []
    for number, (later, skew, price, quantity) in enumerate(rows):
        ts += later
        trades.append((ts, Trade(BTC.instrument, ts + skew, float(price), quantity, "", str(number))))
    stop = ts + 2 * MINUTE
    feeds = [Source("d", 0, [(99 * MINUTE, BTC)]), Source("t", 20, trades)]
    feeds.append(Source("tick", TICK, ticks("1m", MINUTE, grace, 99 * MINUTE, stop)))
    stage = TimeBars(("1m", "2m", "6m"), grace=f"{grace}ns")
    turns = []
    for given_, source, seq, body in Timeline(feeds):
        event: Event[Any] = Event(given_, seq, source, body)
        turns.append((event, list(stage.on_event(event))))
    return turns, stop


def judged(turns: list[tuple[Event[Body], list[Body]]]) -> list[str]:
    """What the audit finds wrong in turns."""
    tally = Tally("availability")
    builder = Builder(Part("stage", "bars"), MINUTE, tally)
    for event, outputs in turns:
        builder.delivered(event, outputs, [])
    builder.ended()
    return [f.what for f in tally.findings()]


@given(TRADES, st.sampled_from((0, 5 * S, 90 * S)))
def test_bars_from_any_trades_are_left_in_peace(rows: Any, grace: int) -> None:
    assert judged(said(rows, grace)[0]) == []


@given(TRADES, st.data())
def test_any_falsified_bar_is_found(rows: Any, data: st.DataObject) -> None:
    turns, _ = said(rows, 0)
    bars = [(t, n) for t, (_, outputs) in enumerate(turns) for n, body in enumerate(outputs) if isinstance(body, Bar)]
    assume(bars)
    turn, number = data.draw(st.sampled_from(bars))
    bar: Any = turns[turn][1][number]
    name = data.draw(st.sampled_from(("open", "high", "low", "close", "volume", "ts_open")))
    more = MINUTE if name == "ts_open" else 0.5 if name != "volume" or bar.volume < 1e6 else 1e9
    turns[turn][1][number] = msgspec.structs.replace(bar, **{name: getattr(bar, name) + more})

    assert judged(turns)


@given(TRADES)
def test_larger_bars_from_any_bars_are_left_in_peace(rows: Any) -> None:
    small = [
        (e.ts, b) for e, outputs in said(rows, 0)[0] for b in outputs if isinstance(b, Bar) and b.timeframe == "1m"
    ]
    stage, tally = LargerBars(("1m", "3m", "6m")), Tally("availability")
    builder = Builder(Part("stage", "bars"), MINUTE, tally)
    for seq, (ts, body) in enumerate([(99 * MINUTE, BTC), *small]):
        event: Event[Any] = Event(ts, seq, "f", body)
        builder.delivered(event, list(stage.on_event(event)), [])
    builder.ended()

    assert tally.findings() == ()
    assert isinstance(BTC, Instrument)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, 8), max_size=8)), min_size=1, max_size=4),
    st.dictionaries(st.integers(0, 20), st.integers(0, 5), max_size=4),
)
def test_the_timeline_is_left_in_peace(streams: list[tuple[int, list[int]]], replies: dict[int, int]) -> None:
    rows = [(rank * 10, [(ts, Tick("1m", n)) for n, ts in enumerate(sorted(times))]) for rank, times in streams]
    given_ = [Source(str(number), rank, inputs) for number, (rank, inputs) in enumerate(rows)]
    timeline, tally = Timeline(given_), Tally("availability")
    delays = {f"e{delay}": delay for delay in replies.values()}
    delivery = Delivery(given_, delays, 1, tally)
    for taken in timeline:
        delivery.taken(taken)
        delivery.pushed(Event(taken.ts, taken.seq, taken.source, taken.body))
        delay = replies.pop(taken.ts, None)
        if delay is not None:
            delivery.asked(taken.ts, f"e{delay}", Tick("1m", taken.ts))
            timeline.schedule(taken.ts + delay, 30, f"e{delay}", Tick("1m", taken.ts))
    delivery.ended()

    assert tally.findings() == ()
