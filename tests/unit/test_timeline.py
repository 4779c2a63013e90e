from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Control, Tick
from helios_engine.errors import TimeError
from helios_engine.timeline import Source, Timeline, ticks


def controls(*times: int) -> list[tuple[int, Control]]:
    return [(ts, Control("at", str(ts))) for ts in times]


def test_ties_go_to_the_lower_rank_and_then_to_the_feed_listed_first() -> None:
    timeline = Timeline(
        [Source("late", 100, controls(5)), Source("first", 20, controls(5)), Source("second", 20, controls(5))]
    )

    assert [given.source for given in timeline] == ["first", "second", "late"]


@given(st.lists(st.lists(st.integers(1, 50)), min_size=1, max_size=4))
def test_every_input_comes_once_and_time_never_falls(feeds: list[list[int]]) -> None:
    timeline = Timeline([Source(str(n), 20, controls(*sorted(feed))) for n, feed in enumerate(feeds)])

    taken = [given.ts for given in timeline]

    assert taken == sorted(ts for feed in feeds for ts in feed)


def test_a_feed_that_goes_back_in_time_is_refused_with_both_times() -> None:
    timeline = Timeline([Source("feed", 20, controls(2_000_000_000, 1_000_000_000))])

    with pytest.raises(TimeError, match=r"feed: input 1 at 1970-01-01T00:00:01Z is older .* 1970-01-01T00:00:02Z"):
        list(timeline)


@pytest.mark.parametrize("ts", [0, -1])
def test_a_time_that_is_not_positive_is_refused(ts: int) -> None:
    with pytest.raises(TimeError, match=f"has ts {ts}"):
        Timeline([Source("feed", 20, controls(ts))])


def test_a_scheduled_input_takes_its_place_among_the_others() -> None:
    timeline = Timeline([Source("feed", 20, controls(1, 3))])
    timeline.next()

    timeline.schedule(2, 30, "effect", Control("reply", ""))

    assert [(given.ts, given.source, given.seq) for given in timeline] == [(2, "effect", 0), (3, "feed", 1)]


def test_an_input_scheduled_in_the_past_is_refused() -> None:
    timeline = Timeline([Source("feed", 20, controls(5))])
    timeline.next()

    with pytest.raises(TimeError, match="effect: input at .* is older than now"):
        timeline.schedule(4, 30, "effect", Control("reply", ""))


def test_delivered_counts_what_was_taken_and_not_what_was_read_ahead() -> None:
    timeline = Timeline([Source("feed", 20, controls(1, 2, 3))])

    timeline.next()

    assert timeline.delivered == {"feed": 1}


def test_ticks_follow_each_boundary_by_the_grace() -> None:
    found = list(ticks("1m", 60, 5, start=100, stop=245))

    assert found == [(125, Tick("1m", 120)), (185, Tick("1m", 180)), (245, Tick("1m", 240))]
    assert list(ticks("1m", 60, 5, start=100, stop=244)) == found[:2]
