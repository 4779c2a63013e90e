from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.timeframe import duration_text, iso, nanoseconds, parse_time, timeframe_ns


@given(st.integers(1, 10**18))
def test_a_duration_reads_back(length: int) -> None:
    assert nanoseconds(duration_text(length)) == length


@pytest.mark.parametrize("text", ["", "1", "m", "1.5h", "-1s", "1 h", "1w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        nanoseconds(text)


@pytest.mark.parametrize("text", ["7m", "25h", "0s", "2d"])
def test_a_timeframe_must_divide_a_day(text: str) -> None:
    with pytest.raises(ValueError, match="divides a day"):
        timeframe_ns(text)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)))
def test_a_time_is_the_same_in_every_zone_and_without_one_utc(moment: datetime) -> None:
    east = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=2)))

    assert parse_time(moment) == parse_time(moment.isoformat()) == parse_time(east)
    assert parse_time(iso(parse_time(moment))) == parse_time(moment)


@pytest.mark.parametrize(
    ("ts", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000000001Z"), (10**9 + 10**6, "1970-01-01T00:00:01.001Z")],
)
def test_iso_text_has_as_many_digits_as_it_needs(ts: int, text: str) -> None:
    assert iso(ts) == text
