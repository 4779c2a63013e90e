"""Every row against the definitions over a naive book, whenever rows are made; and exact sums."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helios_engine import state
from helios_engine.bodies import Bar, Trade
from helios_engine.events import Body
from helios_features.orderbook.features import BookFeatures
from helios_features.orderbook.flow import Total
from tests.unit.plugins.microstructure import direct
from tests.unit.plugins.microstructure.streams import Fed, bar, events, told, top, trade

SEEDS = st.integers(0, 10**6)


def stage(every: str) -> BookFeatures:
    return BookFeatures(every, levels=2, ofi_levels=2, max_age="1d")


@given(SEEDS, st.integers(1, 40), st.sampled_from(["bar", "event", "37ns"]))
def test_every_row_equals_the_definitions_over_the_naive_book(seed: int, each: int, every: str) -> None:
    found, draw = told(seed, 60), random.Random(seed)
    fed: Fed = [*found.fed]
    fed += [
        trade(draw.randrange(11, 700), 100.0 + draw.randint(-2, 2), 0.1 + draw.random(), draw.choice(("BUY", "SELL")))
        for _ in range(40)
    ]
    if every == "bar":
        fed += [bar(ts) for ts in range(10 + each, 700, 10 * each)]
    fed.sort(key=lambda row: row[0])

    said = [(event.ts, row) for event, made in zip(events(fed), _told_by(fed, every), strict=True) for row in made]

    assert said
    ends = list(_row_times(fed, every))
    assert [ts for ts, _ in said] == [ts for ts, _ in ends]
    begun: int | None = None
    for (_, row), (_, until) in zip(said, ends, strict=True):
        expected = expectation(found, fed, begun, until)
        np.testing.assert_allclose(row.array, expected, rtol=1e-12, atol=1e-9)
        begun = until


def _told_by(fed: Fed, every: str) -> list[list[Body]]:
    made = stage(every)
    found = []
    for event in events(fed):
        found.append(list(made.on_event(event)))
        if event.seq % 10 == 0:
            saved = state.dump(made)
            made = stage(every)
            state.load(made, saved)
    return found


def _row_times(fed: Fed, every: str) -> list[tuple[int, int]]:
    """When each row is said, and how many bodies it knows of."""
    if every == "bar":
        return [(ts, n) for n, (ts, body) in enumerate(fed) if isinstance(body, Bar)]
    if every == "event":
        found, last = [], None
        for n, (ts, body) in enumerate(fed):
            if last is not None and ts > last:
                found.append((ts, n))
                last = None
            if not isinstance(body, Trade | Bar):
                last = ts
        return found
    found, boundary = [], 0
    for n, (ts, _) in enumerate(fed):
        if ts - ts % 37 > boundary:
            if boundary:
                found.append((ts, n))
            boundary = ts - ts % 37
    return found


def expectation(found: Any, fed: Fed, begun: int | None, until: int) -> list[float]:
    """A row from the bodies `begun:until`, and the state that all before `until` made."""
    known = [body for _, body in fed[:until]]
    numbers = [b.sequence for b in known if not isinstance(b, Trade | Bar)]
    if not numbers:
        return [math.nan] * 5 + [direct.tick_rule([b.price for b in known if isinstance(b, Trade)]), math.nan]
    tops = {n: top(found.truth[n], 99) for n in set(numbers)}
    now = tops[numbers[-1]]
    glance = direct.glance(now, 2) if now else (math.nan,) * 3
    flows = [math.nan, math.nan]
    if begun is not None:
        before = [b.sequence for b in [body for _, body in fed[:begun]] if not isinstance(b, Trade | Bar)]
        window = range(before[-1], numbers[-1] + 1) if before else ()
        for level in range(2):
            seen = [tops[n] for n in window]
            if seen and all(t is not None and min(len(t[0]), len(t[1])) > level for t in seen):
                flows[level] = direct.order_flow([t for t in seen if t is not None], level)
    tick = direct.tick_rule([b.price for b in known if isinstance(b, Trade)])
    tape = [(b.side, b.quantity) for _, b in fed[begun:until] if isinstance(b, Trade)] if begun is not None else []
    return [*glance, *flows, tick, direct.trade_imbalance(tape)]


@given(st.lists(st.floats(-1e60, 1e60), max_size=30))
def test_a_total_is_the_exact_sum_in_any_order(terms: list[float]) -> None:
    totals = [Total(), Total()]
    for total, order in zip(totals, (terms, sorted(terms)), strict=True):
        for term in order:
            total.add(term)

    assert totals[0].value() == totals[1].value() == math.fsum(terms)
