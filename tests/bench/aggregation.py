"""Aggregation at memory speed: `python -m tests.bench.aggregation [--small]`. Fixed work, ratios in one run.

Five million trades in blocks, to six timeframes, by the stage's `on_columns`; the state machine alone, in one call and
in chunks; a plain pass that adds up the same three columns; and one call of `on_event` a trade, on a part of them.
Seconds are the best of five, of CPU time of one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np

from helios_aggregation.series import Series, Trades
from helios_aggregation.time_bars import TimeBars
from helios_engine.block import Block, Rows, sealed
from helios_engine.bodies import Tick, Trade
from helios_engine.events import Event
from tests.bench.data import BTC, MINUTE, START

FRAMES = ("1m", "5m", "15m", "1h", "4h", "1d")


@numba.njit  # type: ignore[untyped-decorator]
def plain_pass(ts: Any, price: Any, units: Any) -> tuple[int, float, int]:
    """Add up three columns, each in its order, as whoever reads every trade once must."""
    times, prices, total = 0, 0.0, 0
    for i in range(len(ts)):
        times += ts[i]
        prices += price[i]
        total += units[i]
    return times, prices, total


@numba.njit  # type: ignore[untyped-decorator]
def vector_pass(ts: Any, price: Any, units: Any) -> tuple[int, float, int]:
    """The same where no order binds, so that the processor reads several at once: the speed of memory itself."""
    times, high, total = 0, 0.0, 0
    for i in range(len(ts)):
        times += ts[i]
        high = max(high, price[i])
        total += units[i]
    return times, high, total


def columns(count: int) -> Trades:
    """Trades of a random walk, one each quarter of a second on average."""
    draw = np.random.Generator(np.random.PCG64(2))
    ts = START + np.cumsum(draw.integers(1, 500, count, dtype=np.int64) * 1_000_000)
    price = np.round(3_000_000 * np.exp(np.cumsum(draw.standard_normal(count) * 3e-5))) / 100
    return Trades(ts, ts, price, draw.integers(1_000_000_000, 9_000_000_000, count))


def blocks(trades: Trades, size: int) -> Iterator[Block]:
    """Blocks as the engine makes them, a tick at each minute among the trades."""
    units = {"price": np.round(trades.price * 100).astype(np.int64), "quantity": trades.units}
    numbers = {"ts_event": trades.ts, **units, "side": np.ones(len(trades.ts), np.int8)}
    whole = Rows(Trade, (BTC.instrument, ""), trades.ts, numbers, scales={"price": 2, "quantity": 6})
    for start in range(0, len(trades.ts), size):
        stop = min(start + size, len(trades.ts))
        first, last = int(trades.ts[start]), int(trades.ts[stop - 1])
        minutes = np.arange(first - first % MINUTE + MINUTE, last, MINUTE)
        ts = np.concatenate([trades.ts[start:stop], minutes])
        order = np.argsort(ts, kind="stable")
        place = np.empty(len(ts), np.int64)
        place[order] = np.arange(len(ts))
        rows = whole.cut(start, stop, sealed(place[: stop - start]))
        ticks = Rows(Tick, ("", "1m"), sealed(minutes), {"boundary": sealed(minutes)}, at=sealed(place[stop - start :]))
        yield Block(sealed(ts[order]), [rows, ticks] if len(minutes) else [rows])


def machine(trades: Trades, size: int) -> int:
    """The state machine alone over chunks of a size, bars left in columns; returns how many it made."""
    series, bars, none = Series(BTC.instrument, FRAMES, 6), 0, np.zeros(0, np.int64)
    for start in range(0, len(trades.ts), size):
        chunk = Trades(*(column[start : start + size] for column in trades))
        bars = sum(len(said.cause) for said in series.trades(True, chunk, none, none)) + bars
    return bars


def stage(given: list[Block]) -> int:
    """The stage by blocks; returns how many bodies it said."""
    made = TimeBars(FRAMES)
    list(made.on_event(Event(START, 0, "instruments", BTC)))
    return len([body for block in given for body in made.on_columns(block)])


def each(bodies: list[Trade]) -> int:
    """The stage by events."""
    made = TimeBars(FRAMES)
    list(made.on_event(Event(START, 0, "instruments", BTC)))
    return len([b for n, body in enumerate(bodies) for b in made.on_event(Event(body.ts_event, n, "trades", body))])


def best(work: Callable[[], Any], rounds: int = 5) -> float:
    """The fewest CPU seconds of some rounds."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return min(found)


def main(small: bool) -> None:
    """Print the table."""
    count = 200_000 if small else 5_000_000
    trades = columns(count)
    given = list(blocks(trades, 65_536))
    some = zip(trades.ts.tolist(), trades.price.tolist(), trades.units.tolist(), range(20_000), strict=False)
    few = [Trade(BTC.instrument, ts, price, units / 10**6, "BUY", str(n)) for ts, price, units, n in some]
    three = (trades.ts, trades.price, trades.units)
    for work in (plain_pass, vector_pass):
        work(*(column[:10] for column in three))
    memory = best(lambda: plain_pass(*three)) / count
    rows = {
        "plain pass over three columns": memory,
        "the same, several at once": best(lambda: vector_pass(*three)) / count,
        "state machine, one call": best(lambda: machine(trades, count)) / count,
        "state machine, chunks of 65,536": best(lambda: machine(trades, 65_536)) / count,
        "state machine, chunks of 500": best(lambda: machine(trades, 500), 1) / count,
        "stage, blocks of 65,536": best(lambda: stage(given)) / count,
        "stage, one event a trade": best(lambda: each(few), 2) / len(few),
    }
    print(f"{'work':<34}{'M trades/s':>12}{'of the plain pass':>20}")
    for name, seconds in rows.items():
        print(f"{name:<34}{1e-6 / seconds:>12.1f}{memory / seconds:>20.3f}")


if __name__ == "__main__":
    main("--small" in sys.argv)
