"""Order books as streams of bodies, and what a naive reader makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from helios_engine.bodies import Bar, BookDelta, BookSnapshot, Trade
from helios_engine.events import Body, Event

NAME = "BTCZAR.VALR"
Fed = list[tuple[int, Body]]


class Told(NamedTuple):
    """Bodies by the time at which they were known, and the true sides after each sequence."""

    fed: list[tuple[int, BookSnapshot | BookDelta]]
    truth: dict[int, tuple[dict[float, float], dict[float, float]]]


def events(fed: Iterable[tuple[int, Body]]) -> list[Event[Any]]:
    """What a stage sees of a feed."""
    return [Event(ts, number, "feed", body) for number, (ts, body) in enumerate(fed)]


def snapshot(bids: dict[float, float], asks: dict[float, float], sequence: int, ts: int) -> BookSnapshot:
    """A whole book, best first."""
    sides = tuple(sorted(bids.items(), reverse=True)), tuple(sorted(asks.items()))
    return BookSnapshot(NAME, ts, *sides, sequence)


def bar(ts: int, timeframe: str = "1m") -> tuple[int, Bar]:
    return ts, Bar(NAME, timeframe, 0, ts, 1.0, 1.0, 1.0, 1.0, 0.0)


def delta(ts: int, sequence: int, side: str, price: float, quantity: float) -> tuple[int, BookDelta]:
    return ts, BookDelta(NAME, ts, side, price, quantity, sequence)


def trade(ts: int, price: float, quantity: float = 1.0, side: str = "BUY") -> tuple[int, Trade]:
    return ts, Trade(NAME, ts, price, quantity, side, "")


def told(seed: int, messages: int, restart: int = 0) -> Told:
    """A book around a moving price, never crossed; each message has its time and number, and one to four levels.

    Every `restart` messages, if any, a snapshot comes in place of changes.
    """
    draw = random.Random(seed)
    bids = {float(100 - n): float(draw.randint(1, 9)) for n in range(1, 8)}
    asks = {float(100 + n): float(draw.randint(1, 9)) for n in range(1, 8)}
    found = Told([(10, snapshot(bids, asks, 1, 10))], {1: (dict(bids), dict(asks))})
    for number in range(2, messages + 2):
        ts = number * 10
        if restart and number % restart == 0:
            found.fed.append((ts, snapshot(bids, asks, number, ts)))
        else:
            for side, price, quantity in _changes(draw, bids, asks):
                levels = bids if side == "BUY" else asks
                levels.pop(price, None)
                if quantity:
                    levels[price] = quantity
                found.fed.append((ts, BookDelta(NAME, ts, side, price, quantity, number)))
        found.truth[number] = (dict(bids), dict(asks))
    return found


def _changes(draw: random.Random, bids: dict[float, float], asks: dict[float, float]) -> list[tuple[str, float, float]]:
    """Levels that change, each once, so that the book stays uncrossed and may lose a side's best."""
    middle = (max(bids, default=90.0) + min(asks, default=110.0)) // 2
    prices = draw.sample(range(int(middle) - 6, int(middle) + 7), draw.randint(1, 4))
    ceiling, floor = min(asks, default=1e9), max(bids, default=0.0)
    changes = []
    for price in map(float, prices):
        side = "BUY" if price < ceiling and (price <= middle or price <= floor) else "SELL"
        if side == "SELL" and price <= floor:
            continue
        ceiling, floor = (ceiling, max(floor, price)) if side == "BUY" else (min(ceiling, price), floor)
        changes.append((side, price, float(draw.choice((0, 1, 2, 5)))))
    return changes or [("BUY", floor - 1.0, 3.0)]


def top(sides: Sequence[dict[float, float]], count: int) -> tuple[tuple[tuple[float, float], ...], ...] | None:
    """The best levels of both sides by sorting them all; None if one-sided, locked or crossed."""
    bids, asks = sides
    if not bids or not asks or max(bids) >= min(asks):
        return None
    return tuple(sorted(bids.items(), reverse=True)[:count]), tuple(sorted(asks.items())[:count])
