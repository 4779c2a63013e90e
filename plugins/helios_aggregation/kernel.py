"""The state machine of aggregation, compiled: trades or bars in, bars of every timeframe out.

It is compiled when the module is imported, so that no file is read and no time goes by within a stage. State is in
arrays that the caller owns. A bucket is a row of two: `whole` (ts_open, volume low, volume high) and `price` (open,
high, low, close). Volumes are whole units, exact and the same for every chunking: high × 2^60 + low.

What is said is a row of two as well: `said` (cause, level, ts_open, volume low, volume high) and `said_price` as
above. The cause is the number of the trade or bar, or −1 − the number of the tick. Level −1 is a trade or bar that came
too late: its volume low is how many did so far, its volume high where its series was closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types

CLOSED, LATE, OPEN = 0, 1, 2
"""Places in `facts`: up to when the series is closed (ns UTC), how many came too late, how many buckets are open."""
ITEM, TICK, SAID = 0, 1, 2
"""Places in `progress`: the next trade or bar, the next tick, how many rows were said."""
DONE, FULL, CROWDED = 0, 1, 2
"""What a call came to: all is done, the rows for what is said are full, or those for open buckets are."""
CARRY = 60
_MASK = (1 << CARRY) - 1
_NONE = -1

_I, _I2, _F2 = types.int64[::1], types.int64[:, ::1], types.float64[:, ::1]
_IN, _FN = types.Array(types.int64, 1, "C", readonly=True), types.Array(types.float64, 1, "C", readonly=True)


_STATE = (_I, _I2, _F2, _I2, _F2, _IN)
_SAID = (_I, _I2, _F2)
_TRADES = types.int64(*_STATE, types.boolean, _IN, _IN, _FN, _IN, _IN, _IN, *_SAID)
_TRADE = types.boolean(_I, _I2, _F2, *(types.int64,) * 2, types.float64, *(types.int64,) * 2, types.boolean)
_BARS = types.int64(_I, _I2, _F2, _IN, _IN, _IN, _FN, _FN, _FN, _FN, _IN, *_SAID)
Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(*signature: Any) -> Callable[[Function], Function]:
    # Without fastmath: additions and comparisons happen in the order in which they are written.
    # What only the machine itself calls is put into it: handing over an array costs more than most of these do.
    # Nor does the machine count references to what it is given (`_nrt`): that took most of the time of a bar.
    options: Any = {
        "cache": True,
        "fastmath": False,
        "error_model": "numpy",
        "forceinline": not signature,
        "_nrt": False,
    }
    return cast("Callable[[Function], Function]", numba.njit(*signature, **options))


@_compiled()
def _open(whole: Any, price: Any, n: int, start: int, first: float) -> None:
    whole[n, 0], whole[n, 1], whole[n, 2] = start, 0, 0
    for column in range(4):
        price[n, column] = first


@_compiled()
def _add(whole: Any, price: Any, n: int, high: float, low: float, close: float, units: int, more: int) -> None:
    if high > price[n, 1]:
        price[n, 1] = high
    if low < price[n, 2]:
        price[n, 2] = low
    price[n, 3] = close
    total = whole[n, 1] + units
    whole[n, 1] = total & _MASK
    whole[n, 2] += more + (total >> CARRY)


@_compiled()
def _say(said: Any, said_price: Any, out: int, cause: int, level: int, whole: Any, price: Any, n: int) -> int:
    said[out, 0], said[out, 1] = cause, level
    for column in range(3):
        said[out, 2 + column] = whole[n, column]
    for column in range(4):
        said_price[out, column] = price[n, column]
    return out + 1


@_compiled()
def _lift(large: Any, large_price: Any, lengths: Any, level: int, whole: Any, price: Any, n: int) -> None:
    """Add a closed bar to the open bar of `level`, the timeframe above its own."""
    if level == len(lengths):
        return
    if large[level, 0] == _NONE:
        _open(large, large_price, level, whole[n, 0] - whole[n, 0] % lengths[level], price[n, 0])
    _add(large, large_price, level, price[n, 1], price[n, 2], price[n, 3], whole[n, 1], whole[n, 2])


@_compiled()
def _close_large(
    large: Any, large_price: Any, lengths: Any, now: int, cause: int, said: Any, said_price: Any, out: int
) -> int:
    """Say the larger bars that end at or before `now`, smallest timeframe first."""
    for level in range(1, len(lengths)):
        if large[level, 0] != _NONE and large[level, 0] + lengths[level] <= now:
            out = _say(said, said_price, out, cause, level, large, large_price, level)
            _lift(large, large_price, lengths, level + 1, large, large_price, level)
            large[level, 0] = _NONE
    return out


@_compiled()
def _close(
    facts: Any, small: Any, small_price: Any, large: Any, large_price: Any, lengths: Any,
    now: int, cause: int, said: Any, said_price: Any, out: int,
) -> int:  # fmt: skip
    """Say every bar that ends at or before `now`, smallest timeframe first."""
    number, closed = facts[OPEN], 0
    while closed < number and small[closed, 0] + lengths[0] <= now:
        out = _close_large(large, large_price, lengths, small[closed, 0], cause, said, said_price, out)
        out = _say(said, said_price, out, cause, 0, small, small_price, closed)
        _lift(large, large_price, lengths, 1, small, small_price, closed)
        closed += 1
    for n in range(closed, number):
        _move(small, small_price, n, n - closed)
    facts[OPEN] = number - closed
    facts[CLOSED] = max(facts[CLOSED], now - now % lengths[0])
    return _close_large(large, large_price, lengths, now, cause, said, said_price, out)


@_compiled()
def _move(whole: Any, price: Any, n: int, to: int) -> None:
    for column in range(3):
        whole[to, column] = whole[n, column]
    for column in range(4):
        price[to, column] = price[n, column]


@_compiled()
def _bucket(facts: Any, small: Any, small_price: Any, start: int, first: float) -> int:
    """The place of the open bucket that starts there; a new one, in its order, if there is none."""
    n: int = facts[OPEN]
    while n > 0 and small[n - 1, 0] > start:
        n -= 1
    if n > 0 and small[n - 1, 0] == start:
        return n - 1
    for other in range(facts[OPEN], n, -1):
        _move(small, small_price, other - 1, other)
    _open(small, small_price, n, start, first)
    facts[OPEN] += 1
    return n


@_compiled()
def _add_run(
    whole: Any, price: Any, n: int, ts: Any, prices: Any, units: Any, begin: int, stop: int, length: int
) -> int:
    """Add trades from `begin` on to a bucket, as `_add` each, as long as they are dated into it; returns the end."""
    start, width = whole[n, 0], np.uint64(length)
    high, low, total, bits = price[n, 1], price[n, 2], whole[n, 1], np.int64(0)
    i, end = np.uint64(begin), np.uint64(stop)
    while i < end and np.uint64(ts[i] - start) < width:
        x = prices[i]
        if x > high:
            high = x
        if x < low:
            low = x
        total += units[i]
        bits |= units[i]
        i += np.uint64(1)
    if float(bits) * float(i - np.uint64(begin)) >= float(_MASK):
        # None of the units is above `bits`, but with so many of them the sum may have run over: once more, with care.
        total = whole[n, 1]
        for j in range(np.uint64(begin), i):
            total += units[j]
            whole[n, 2] += total >> CARRY
            total &= _MASK
    price[n, 1], price[n, 2], price[n, 3] = high, low, prices[i - np.uint64(1)]
    whole[n, 1] = total & _MASK
    whole[n, 2] += total >> CARRY
    return np.int64(i)  # type: ignore[return-value]  # int() of an unsigned one stays unsigned


@_compiled(_TRADE)
def take_inside(
    facts: Any, small: Any, small_price: Any, ts: int, now: int, price: float, units: int, length: int, early: bool
) -> bool:
    """Take a trade that opens and closes nothing; False, and nothing done, where it does."""
    n: int = facts[OPEN] - 1
    if n < 0 or not small[n, 0] <= ts < small[n, 0] + length:
        return False
    if early and min(ts, now) >= facts[CLOSED] + length:
        return False
    _add(small, small_price, n, price, price, price, units, 0)
    return True


@_compiled(_TRADES)
def take_trades(
    facts: Any, small: Any, small_price: Any, large: Any, large_price: Any, lengths: Any,
    closes_early: bool, ts: Any, now: Any, price: Any, units: Any, ticks: Any, boundaries: Any,
    progress: Any, said: Any, said_price: Any,
) -> int:  # fmt: skip
    """Take trades dated `ts` and known at `now`, and after the first `ticks[t]` of them the tick of `boundaries[t]`.

    It goes on where `progress` says, and returns DONE, FULL or CROWDED; after the last two it wants more room.
    """
    i, tick, out = progress[ITEM], progress[TICK], 0
    length, status = lengths[0], DONE
    while status == DONE:
        stop = ticks[tick] if tick < len(ticks) else len(ts)
        while i < stop:
            if out + (facts[OPEN] + 2) * len(lengths) >= len(said):
                status = FULL
                break
            if facts[OPEN] == len(small):
                status = CROWDED
                break
            x = ts[i]
            # The venue's clock may run ahead of ours: a bar has not ended before now has reached its end.
            known = min(x, now[i])
            if closes_early and known >= facts[CLOSED] + length:
                out = _close(facts, small, small_price, large, large_price, lengths, known, i, said, said_price, out)
            if x < facts[CLOSED]:
                facts[LATE] += 1
                said[out, 0], said[out, 1], said[out, 2] = i, -1, x
                said[out, 3], said[out, 4] = facts[LATE], facts[CLOSED]
                out += 1
                i += 1
                continue
            start = x - x % length
            n = _bucket(facts, small, small_price, start, price[i])
            # Inside the bucket that is current nothing can close: from here on a comparison a trade is enough.
            is_current = not closes_early or start == facts[CLOSED]
            last = stop if is_current else i + 1
            i = _add_run(small, small_price, n, ts, price, units, i, last, length)
        if status != DONE or tick == len(ticks):
            break
        if out + (facts[OPEN] + 2) * len(lengths) >= len(said):
            status = FULL
            break
        cause = -1 - tick
        out = _close(
            facts, small, small_price, large, large_price, lengths, boundaries[tick], cause, said, said_price, out
        )
        tick += 1
    progress[ITEM], progress[TICK], progress[SAID] = i, tick, out
    return status


@_compiled(_BARS)
def take_bars(
    facts: Any, large: Any, large_price: Any, lengths: Any,
    ts_open: Any, ts_close: Any, first: Any, high: Any, low: Any, close: Any, units: Any,
    progress: Any, said: Any, said_price: Any,
) -> int:  # fmt: skip
    """Take bars of the smallest timeframe; the rest as `take_trades`."""
    i, out = progress[ITEM], 0
    while i < len(ts_open) and out + 2 * len(lengths) < len(said):
        if ts_open[i] < facts[CLOSED]:
            facts[LATE] += 1
            said[out, 0], said[out, 1], said[out, 2] = i, -1, ts_open[i]
            said[out, 3], said[out, 4] = facts[LATE], facts[CLOSED]
            out += 1
        else:
            out = _close_large(large, large_price, lengths, ts_open[i], i, said, said_price, out)
            if len(lengths) > 1:
                if large[1, 0] == _NONE:
                    _open(large, large_price, 1, ts_open[i] - ts_open[i] % lengths[1], first[i])
                _add(large, large_price, 1, high[i], low[i], close[i], units[i], 0)
            facts[CLOSED] = ts_close[i]
            out = _close_large(large, large_price, lengths, ts_close[i], i, said, said_price, out)
        i += 1
    progress[ITEM], progress[SAID] = i, out
    return DONE if i == len(ts_open) else FULL


def room(rows: int) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Room for so many rows of what is said."""
    return np.empty((rows, 5), np.int64), np.empty((rows, 4))
