"""What the benches of load say of a run follows from its figures: a lost frame is counted, a leak has a slope."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.judging import caught_up, loss, quantiles, slope

MADE = {"AZAR": [f"a{number}" for number in range(20)], "BZAR": [f"b{number}" for number in range(20)]}


def diff(sequence: int, pair: str = "AZAR") -> bytes:
    return json.dumps({"type": "OB_L1_DIFF", "ps": pair, "d": {"sq": sequence}}).encode()


def trade(name: str, pair: str = "AZAR") -> bytes:
    return json.dumps({"type": "NEW_TRADE", "currencyPairSymbol": pair, "data": {"id": name}}).encode()


FRAMES = [
    *(diff(500 + number) for number in range(10)), *(diff(900 + number, "BZAR") for number in range(10)),
    *(trade(f"a{number}") for number in range(3, 13)), *(trade(f"b{number}", "BZAR") for number in range(5, 15)),
]  # fmt: skip
ENDS = {0, 9, 10, 19, 20, 29, 30, 39}
"""The first and last of each: without one of these nobody could say that it was sent while somebody listened."""
OTHER = json.dumps({"type": "PONG"}).encode()


def test_when_everything_came_once_nothing_is_lost() -> None:
    assert loss([OTHER, *FRAMES], MADE) == (40, 40, 0, 0, 0)
    assert loss(FRAMES, MADE).is_none


@given(st.sets(st.integers(0, 39)).map(lambda some: some - ENDS), st.lists(st.integers(0, 39), max_size=5))
def test_every_frame_that_is_missing_or_came_twice_is_counted(gone: set[int], again: list[int]) -> None:
    told = [raw for place, raw in enumerate(FRAMES) if place not in gone]
    twice = [FRAMES[place] for place in again if place not in gone]

    found = loss([*told, *twice], MADE)

    assert found == (40, len(told) + len(twice), len(gone), len(twice), 0)
    assert found.is_none == (not gone and not twice)


def test_a_trade_that_the_simulator_did_not_make_is_told() -> None:
    assert loss([*FRAMES, trade("z")], MADE).strange == 1


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_quantiles_rise_and_lie_among_the_delays_in_milliseconds(delays: list[float]) -> None:
    found = quantiles(np.array(delays))

    assert list(found) == sorted(found)
    assert found.most == pytest.approx(max(delays) * 1000)
    assert min(delays) * 1000 <= found.p50 + 1e-9


@given(st.floats(-5, 5), st.floats(0, 1e6))
def test_the_slope_is_what_memory_grows_by_in_an_hour_once_it_is_warm(rise: float, begin: float) -> None:
    at = begin + np.arange(100.0)
    values = 50 + rise * (at - begin)
    values[:20] = 0  # before it is warm

    found = slope(at, values)

    assert found.an_hour == pytest.approx(rise * 3600, abs=1e-3)
    assert (found.begin, found.end) == (pytest.approx(values[20]), pytest.approx(values[-1]))


@pytest.mark.parametrize("judge", [lambda: quantiles(np.zeros(0)), lambda: slope(np.arange(3.0), np.arange(3.0))])
def test_what_was_not_measured_is_not_judged(judge: Any) -> None:
    with pytest.raises(ValueError, match="found"):
        judge()


def test_a_burst_is_over_when_frames_are_fresh_again_for_good() -> None:
    done = np.array([1.0, 9.0, 9.5, 10.0, 11.0, 12.0])
    made = np.array([0.9, 2.0, 9.4, 4.0, 10.9, 11.9])

    assert caught_up(done, made, 9.0, within=1.0) == 2.0
    assert caught_up(done[:4], made[:4], 9.0, within=1.0) != caught_up(done[:4], made[:4], 9.0, within=1.0)  # NaN
    assert caught_up(done, made, 10.5, within=1.0) == 0.0
