"""Pages of trades, buckets and fundings against a server that has them all: every row once, oldest first."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import ConfigError
from helios_valr.errors import WireError
from helios_valr.rest import Answer
from helios_valr.rest.paging import SETTLED
from tests.unit.valr.samples import BUCKET, TRADE
from tests.unit.valr.virtual import START, Clock, ok, trying

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
BEGIN = START // MINUTE * MINUTE - 100_000 * MINUTE


def _iso(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ts % SECOND // 10**6:03d}Z"


def _ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


class Trades:
    """Answers with trades, newest first; whether the row of `beforeId` comes again is a switch."""

    def __init__(self, times: list[int], *, again: bool) -> None:
        self.rows = [
            TRADE | {"tradedAt": _iso(ts), "id": f"trade-{number}", "sequenceId": 2**60 + number}
            for number, ts in enumerate(sorted(times))
        ]
        self.again = again

    def __call__(self, request: web.Request) -> Answer:
        query = request.query
        assert int(query["limit"]) <= 100
        start, stop = _ns(query["startTime"]), _ns(query["endTime"])
        rows = [row for row in self.rows if start <= _ns_of(row) <= stop][::-1]
        if "beforeId" in query:
            at = next(n for n, row in enumerate(rows) if row["id"] == query["beforeId"])
            rows = rows[at + (0 if self.again else 1) :]
        return ok(json.dumps(rows[: int(query["limit"])]))


def _ns_of(row: dict[str, Any]) -> int:
    moment = datetime.fromisoformat(row["tradedAt"])
    return int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond * 1000


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 3_000), max_size=350),
    st.booleans(),
    st.integers(0, 1_500),
    st.integers(1_501, 3_200),
)
def test_every_trade_of_a_span_comes_once_and_in_order(offsets: list[int], again: bool, start: int, stop: int) -> None:
    at = [BEGIN + offset * 500 * 10**6 for offset in offsets]
    server = Trades(at, again=again)
    span = BEGIN + start * 500 * 10**6, BEGIN + stop * 500 * 10**6

    found, _ = trying(server, lambda public, _: public.trades("BTCZAR", *span))

    expected = [row["id"] for row in server.rows if span[0] <= _ns_of(row) < span[1]]
    assert [row.id for row in found] == expected
    assert all(row.sequence_id == 2**60 + int(row.id.removeprefix("trade-")) for row in found)


def test_a_server_that_sends_the_same_page_for_ever_is_found_out() -> None:
    page = Trades([BEGIN + n * SECOND for n in range(100)], again=True).rows[::-1]

    with pytest.raises(WireError, match="the same 100 trades came again"):
        trying(lambda r: ok(json.dumps(page)), lambda public, _: public.trades("BTCZAR", BEGIN, BEGIN + 200 * SECOND))


def test_rows_of_another_pair_are_refused() -> None:
    page = json.dumps([TRADE | {"currencyPair": "ETHZAR"}])

    with pytest.raises(WireError, match="rows of ETHZAR; expected BTCZAR only"):
        trying(lambda request: ok(page), lambda public, _: public.trades("BTCZAR", BEGIN, BEGIN + SECOND))


class Buckets:
    """Answers with buckets, newest first, at most 300; whether the end belongs to the span is a switch."""

    def __init__(self, now: int, *, with_end: bool) -> None:
        self.now, self.with_end = now, with_end

    def __call__(self, request: web.Request) -> Answer:
        query = request.query
        step = int(query["periodSeconds"])
        start, stop = int(query["startTime"]), int(query["endTime"])
        opened = [ts for ts in range(-(-start // step) * step, stop + 1, step) if ts < stop or self.with_end]
        if len(opened) > 300:
            return Answer(400, {}, b'{"code":-11,"message":"more than 300 buckets"}')
        rows = [
            BUCKET | {"startTime": _iso(ts * SECOND)[:-5] + "Z", "bucketPeriodInSeconds": step, "close": "1203200"}
            for ts in reversed(opened)
            if ts * SECOND <= self.now
        ]
        return ok(json.dumps(rows[: int(query["limit"])]))


@settings(max_examples=25)
@given(st.booleans(), st.integers(1, 1200), st.integers(-30, 1200))
def test_every_finished_bucket_of_a_span_comes_once_in_requests_of_at_most_300(
    with_end: bool, count: int, until_now: int
) -> None:
    clock = Clock(BEGIN + until_now * 30 * SECOND + 3_000 * MINUTE)
    start = clock.now // MINUTE * MINUTE - count * MINUTE
    stop = start + count * MINUTE + 10 * MINUTE

    found, asked = trying(
        Buckets(clock.now, with_end=with_end), lambda public, _: public.buckets("BTCZAR", 60, start, stop), clock
    )

    expected = [ts for ts in range(start, stop, MINUTE) if ts + MINUTE <= clock.now - SETTLED]
    assert [row.start_time for row in found] == expected
    assert len(asked) <= -(-count // 298) + 1
    assert all("includeEmpty=true" in request.path for request in asked)


def test_mark_price_buckets_are_asked_for_in_iso_time_and_unquoted_colons() -> None:
    page = json.dumps([{name: text for name, text in BUCKET.items() if "olume" not in name}])
    start = _ns("2024-03-27T12:25:00Z".replace("Z", "+00:00"))

    found, asked = trying(lambda r: ok(page), lambda public, _: public.mark_buckets("BTCZAR", 300, start, start + 1))

    assert len(found) == 1
    assert "startTime=2024-03-27T12:20:00Z" in asked[0].path


def test_a_period_valr_does_not_make_and_a_span_that_ends_before_it_begins_are_refused() -> None:
    with pytest.raises(ConfigError, match="no buckets of 120 s; expected one of 60, 300"):
        trying(lambda r: ok("[]"), lambda public, _: public.buckets("BTCZAR", 120, BEGIN, BEGIN + 1))
    with pytest.raises(ConfigError, match="expected ns UTC with start before stop"):
        trying(lambda r: ok("[]"), lambda public, _: public.trades("BTCZAR", BEGIN, BEGIN))


@settings(max_examples=15)
@given(st.integers(1, 350), st.integers(1, 200), st.integers(0, 2))
def test_every_funding_comes_once_though_a_new_one_shifts_the_pages(count: int, wanted: int, arrivals: int) -> None:
    hours = list(range(count))
    left = [arrivals]

    def reply(request: web.Request) -> Answer:
        skip, limit = int(request.query["skip"]), int(request.query["limit"])
        rows = [
            {"currencyPair": "BTCUSDTPERP", "fundingRate": "-0.00001", "fundingTime": _iso(BEGIN + hour * 60 * MINUTE)}
            for hour in reversed(hours)
        ]
        if left[0]:
            left[0] -= 1
            hours.append(len(hours))
        return ok(json.dumps(rows[skip : skip + limit]))

    start = BEGIN + max(0, count - wanted) * 60 * MINUTE
    found, _ = trying(reply, lambda public, _: public.funding("BTCUSDTPERP", start, BEGIN + count * 60 * MINUTE))

    times = [int(row.funding_time) for row in found if row.funding_time < BEGIN + count * 60 * MINUTE]
    assert times == [BEGIN + hour * 60 * MINUTE for hour in range(max(0, count - wanted), count)]
