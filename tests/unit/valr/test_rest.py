"""The client against a real server: what it waits for, what it gives up on, and how often it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, HeliosError
from helios_valr.errors import AccessError, PairError, RequestError, UnreachableError, WireError
from helios_valr.rest import Answer, Client, Patience, Public
from helios_valr.rest.budget import LIMITS, Budget, limits_of
from helios_valr.rest.waits import after_limit, full_jitter
from tests.unit.valr.virtual import SILENCE, START, Clock, in_turn, ok, trying

ONLINE = ok('{"status":"online"}')
SECOND = 1_000_000_000


def _status(public: Public, _: Client) -> Awaitable[object]:
    return public.status()


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>"),
        Answer(503, {}, b'{"code":-1,"message":"maintenance"}'),
        Answer(500, {}, b""),
        Answer(408, {}, b""),
        Answer(200, {}, b""),
        Answer(200, {"Content-Type": "text/html"}, b"<html>We will be back</html>"),
        Answer(200, {}, b'{"status":"onl'),
        Answer(200, {}, b"[" * 100_000),
        Answer(0, {}, b""),
    ],
    ids=["502 HTML", "503", "500", "408", "empty", "HTML", "cut", "deep", "line closed"],
)
def test_what_may_pass_is_asked_again_after_a_growing_wait(trouble: Answer) -> None:
    clock = Clock()

    found, asked = trying(in_turn(trouble, trouble, trouble, ONLINE), _status, clock)

    assert str(found) == "Status(status='online')"
    assert len(asked) == 4
    assert clock.slept == [1.0, 2.0, 4.0]


def test_a_dead_exchange_is_given_up_with_the_last_reason() -> None:
    with pytest.raises(UnreachableError, match=r"/v1/public/status: no answer after 3 attempts, .*HTTP 502: down"):
        trying(in_turn(Answer(502, {}, b"down")), _status, patience=Patience(attempts=3))


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer(400, {}, b'{"code":-21,"message":"Unsupported Currency Pair"}'), PairError, "does not know the pair"),
        (Answer(400, {}, b'{"code":-113,"message":"Invalid JSON payload"}'), RequestError, "Invalid JSON payload"),
        (Answer(400, {}, b'{"code":-11,"message":"Invalid"}'), RequestError, "refused for good"),
        (Answer(200, {}, b'{"code":-11,"message":"Invalid"}'), RequestError, "refused for good"),
        (Answer(201, {}, b'{"orderId":"x","code":-11502}'), RequestError, "refused for good"),
        (Answer(400, {}, b'{"code":-11252,"message":"bad signature"}'), AccessError, "refuses access"),
        (Answer(401, {}, b""), AccessError, "refuses access"),
        (Answer(403, {}, b"<html>"), AccessError, "refuses access"),
        (Answer(404, {}, b'{"code":-111,"message":"Market summary not found"}'), RequestError, "refused for good"),
        (Answer(418, {}, b"teapot"), RequestError, "banned"),
        (Answer(302, {"Location": "https://example.org/"}, b""), RequestError, "HTTP 302"),
    ],
)  # fmt: skip
def test_what_will_never_work_is_asked_once(answer: Answer, error: type[HeliosError], said: str) -> None:
    clock = Clock()
    asked: list[object] = []

    with pytest.raises(error, match=said):
        trying(lambda request: (asked.append(request), answer)[1], _status, clock)

    assert len(asked) == 1
    assert clock.slept == []


def test_an_exchange_that_takes_the_request_and_says_nothing_is_asked_again() -> None:
    clock = Clock()

    found, asked = trying(in_turn(Answer(SILENCE, {}, b""), ONLINE), _status, clock, timeout=0.2)

    assert str(found) == "Status(status='online')"
    assert (len(asked), clock.slept) == (2, [1.0])


def test_json_of_another_shape_is_an_error_and_no_reason_to_ask_again() -> None:
    asked: list[object] = []

    with pytest.raises(WireError, match=r"/v1/public/status: .*status"):
        trying(lambda request: (asked.append(request), ok('{"state":"online"}'))[1], _status)

    assert len(asked) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-valr-ratelimited": "true"}, 3.0 + 1.0),
        ({"Retry-After": "7"}, 7.0 + 1.0),
        ({"Retry-After": "Wed, 23 Sep 2026 03:20:17 GMT"}, 20.0 + 1.0),
        ({"Retry-After": "1e9"}, 3.0 + 1.0),
        ({"Retry-After": "soon"}, 3.0 + 1.0),
    ],
    ids=["next minute", "seconds", "a date", "absurd", "words"],
)
def test_after_a_429_nothing_is_sent_until_told_or_until_the_next_minute(headers: dict[str, str], wait: float) -> None:
    clock = Clock()  # three seconds before a minute begins

    _, asked = trying(in_turn(Answer(429, headers, b""), ONLINE), _status, clock)

    assert [at.at - START for at in asked] == [0, round(wait * SECOND)]


def test_a_429_that_asks_for_an_hour_is_not_waited_out() -> None:
    with pytest.raises(UnreachableError, match="asks to wait 3601 s, more than the 180 s allowed"):
        trying(in_turn(Answer(429, {"Retry-After": "3600"}, b"")), _status)


def test_the_thirty_first_request_of_a_minute_is_held_back() -> None:
    async def many(public: Public, _: Client) -> None:
        for _number in range(31):
            await public.currencies()

    _, asked = trying(lambda request: ok("[]"), many)

    assert [request.at - START for request in asked] == [0] * 30 + [61 * SECOND]
    assert {request.headers["content-type"] for request in asked} == {"application/json"}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 90 * SECOND // 100),
            st.sampled_from(
                ["/v1/public/pairs", "/v1/public/time", "/v1/public/A/buckets?x=1", "/v1/account/balances"]
            ),
        ),
        max_size=150,
    ),
    st.sampled_from([1, 30]),
)
def test_no_stretch_of_time_ever_holds_more_than_the_limits(asked: list[tuple[int, str]], share: int) -> None:
    limits = {name: type(limit)(-(-limit.count // share), limit.length) for name, limit in LIMITS.items()}
    budget, now = Budget(limits), 0
    sent: dict[str, list[int]] = {name: [] for name in LIMITS}
    for pause, path in asked:
        now += pause
        now += budget.wait(path, now)
        assert budget.wait(path, now) == 0
        budget.spend(path, now)
        for name in limits_of(path):
            sent[name].append(now)

    for name, times in sent.items():
        for first in times:
            assert len([at for at in times if first <= at < first + limits[name].length]) <= limits[name].count


def test_time_status_and_buckets_have_a_limit_of_their_own() -> None:
    assert limits_of("/v1/public/time") == limits_of("/v1/public/BTCZAR/markprice/buckets?a=b") == ("address", "quick")
    assert limits_of("/v1/public/BTCZAR/trades?limit=100") == ("address", "public")
    assert limits_of("/v1/account/balances") == ("address", "key")


@pytest.mark.parametrize(
    ("ask", "seconds"),
    [
        (lambda public: public.pairs(), 60),
        (lambda public: public.futures(), 60),
        (lambda public: public.summaries(), 5),
        (lambda public: public.currencies(), 0),
    ],
)
def test_what_valr_would_answer_from_its_cache_is_not_asked_again(
    ask: Callable[[Public], Awaitable[object]], seconds: int
) -> None:
    clock = Clock()

    async def work(public: Public, client: Client) -> None:
        await ask(public)
        await client.world.sleep(max(0, seconds - 1))
        await ask(public)
        await client.world.sleep(1)
        await ask(public)

    _, asked = trying(lambda request: ok("[]"), work, clock)

    assert len(asked) == (2 if seconds else 3)


def test_a_pair_that_could_be_a_path_is_never_asked_for() -> None:
    async def work(public: Public, _: Client) -> None:
        for pair in ("../account", "btczar", "BTC/ZAR", "", "A" * 40):
            with pytest.raises(ConfigError, match="expected capitals and digits"):
                await public.summary(pair)

    assert trying(lambda request: ok("{}"), work)[1] == []


def test_the_clocks_offset_is_that_of_the_middle_of_the_request() -> None:
    body = '{"epochTime":1790133600,"time":"2026-09-23T03:20:00.000000250Z"}'

    offset, _ = trying(lambda request: ok(body), lambda public, _: public.clock_offset())

    assert offset == 3 * SECOND + 250


def test_waits_are_within_a_bound_that_doubles_up_to_the_longest() -> None:
    drawn: list[tuple[float, float]] = []
    for failures in (1, 2, 3, 10, 5000):
        full_jitter(failures, 1.0, 30.0, lambda low, high: drawn.append((low, high)) or high)  # type: ignore[func-returns-value]

    assert drawn == [(0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 30.0), (0.0, 30.0)]
    assert after_limit("", 60 * SECOND, lambda low, high: low) == 60.0
