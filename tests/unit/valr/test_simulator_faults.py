"""Each fault of the simulated VALR is seen by a client, and in the log with its beginning and its end."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.errors import ConfigError
from helios_valr.errors import UnreachableError
from helios_valr.rest import Client, Http, Patience, Public
from helios_valr.rest.world import virtual
from helios_valr.simulator import Fault, Faults, Simulator
from helios_valr.simulator.faults import Kind
from helios_valr.simulator.schedule import read
from helios_valr.wire import Wire
from tests.unit.valr.simulated import START, heard, with_simulator

SUBSCRIBE = {"type": "SUBSCRIBE", "subscriptions": [{"event": "OB_L1_DIFF", "pairs": ["BTCZAR"]}]}
Heard = list[tuple[float, str]]


def listened(seconds: float, *faults: Fault, pings: tuple[float, ...] = (), **settings: Any) -> tuple[Heard, Fault]:
    """The seconds and types of what a subscriber hears, `end` and why included, and what came of the first fault."""

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[Heard, Fault]:
        found: Heard = []

        async def ping(socket: aiohttp.ClientWebSocketResponse) -> None:
            for second in pings:
                await asyncio.sleep(second - simulator.elapsed)
                await socket.send_json({"type": "PING"})

        async with session.ws_connect(f"{url}/ws/trade", timeout=aiohttp.ClientWSTimeout(ws_close=1.0)) as socket:
            await socket.send_json(SUBSCRIBE)
            task = asyncio.create_task(ping(socket))
            while simulator.elapsed < seconds:
                try:
                    message = await socket.receive(seconds - simulator.elapsed)
                except TimeoutError:
                    break
                if message.type != aiohttp.WSMsgType.TEXT:
                    found.append((round(simulator.elapsed, 3), f"end {socket.close_code}"))
                    break
                found.append((round(simulator.elapsed, 3), json.loads(message.data)["type"]))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return found, simulator.faults.settle(simulator.elapsed)[0] if faults else Fault("drop")

    return with_simulator(work, *faults, **settings)  # type: ignore[no-any-return]


@pytest.mark.parametrize("event", ["OB_L1_DIFF", "FULL_ORDERBOOK_UPDATE"])
@pytest.mark.parametrize("kind", ["drop", "bad_checksum", "duplicate", "reorder"])
def test_a_fault_of_a_frame_is_seen_by_the_client_and_in_the_log(kind: Any, event: str) -> None:
    frames, simulator = heard(event, lambda found: len(found) > 60, Fault(kind, at=0.05))

    wire = Wire()
    verdicts = [wire.take(json.dumps(frame), START) for frame in frames]
    fault = simulator.faults.all[0]
    assert (fault.times, fault.touched) == (1, [f"{event}:BTCZAR"])
    assert fault.began is not None
    assert fault.ended == fault.began >= 0.05
    lost = [taken.resync for taken in verdicts if taken.resync]
    assert lost == ([] if kind == "duplicate" else [(event, "BTCZAR")])
    assert kind != "duplicate" or wire.counts["book frames ignored"] == 1


def test_a_book_that_was_lost_is_whole_again_after_another_subscription() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[bool]:
        wire, trusted = Wire(), list[bool]()
        async with session.ws_connect(f"{url}/ws/trade") as socket:
            await socket.send_json(SUBSCRIBE)
            while simulator.elapsed < 10.0:
                taken = wire.take((await socket.receive()).data, simulator.world.now())
                if taken.resync:
                    await socket.send_json(SUBSCRIBE)
                for book in wire.shelf.books.values():
                    trusted += [book.is_trusted] if trusted[-1:] != [book.is_trusted] else []
        return trusted

    faults = [Fault(kind, at=at) for at, kind in enumerate(("drop", "bad_checksum", "reorder"), 1)]
    assert with_simulator(work, *faults) == [True, False, True, False, True, False, True]


def test_a_delay_keeps_the_order_and_holds_up_what_follows() -> None:
    frames, fault = listened(20.0, Fault("delay", 5.0, 1.0, by=4.0), rate=10.0)

    silent = [(a, b) for (a, _), (b, _) in itertools.pairwise(frames) if b - a > 1.0]
    assert len(silent) == 1
    assert silent[0] == pytest.approx((5.0, 9.0), abs=0.3)
    late = [kind for second, kind in frames if second == pytest.approx(10.0, abs=0.11)]
    assert len(late) > 15  # what came after the fault waited for what it had held up
    assert (fault.began, fault.ended) == (pytest.approx(5.0, abs=0.3), 6.0)
    assert fault.times == pytest.approx(5, abs=2)


def test_a_stall_leaves_pong_alone() -> None:
    frames, fault = listened(20.0, Fault("stall", 5.0, 10.0), pings=(7.0, 12.0), rate=10.0)

    assert [kind for second, kind in frames if 5.2 < second < 14.9] == ["PONG", "PONG"]
    assert frames[-1][0] > 19.0
    assert (fault.began, fault.ended) == (pytest.approx(5.0, abs=0.3), 15.0)


def test_a_black_hole_swallows_what_valr_says() -> None:
    frames, fault = listened(20.0, Fault("blackhole", 5.0, 10.0), pings=(7.0, 16.0), rate=10.0)

    assert [second for second, _ in frames if 5.2 < second < 14.9] == []
    assert [second for second, kind in frames if kind == "PONG"] == [16.0]
    assert "PONG" in fault.touched
    assert fault.ended == 15.0


def test_a_deaf_line_goes_on_talking_until_valr_misses_the_pings() -> None:
    frames, fault = listened(100.0, Fault("deaf", 5.0, 200.0), pings=(10.0, 30.0, 50.0), rate=10.0)

    assert "PONG" not in {kind for _, kind in frames}
    assert len([second for second, _ in frames if second > 40.0]) > 50
    assert frames[-1] == (60.0, "end 1006")
    assert (fault.times, fault.touched) == (3, ["a message"] * 3)
    assert (fault.began, fault.ended) == (10.0, None)


def test_a_half_open_line_says_nothing_hears_nothing_and_is_never_closed() -> None:
    frames, fault = listened(300.0, Fault("half_open", 5.0), pings=(7.0, 16.0, 100.0), rate=10.0)

    assert frames[-1][0] == pytest.approx(5.0, abs=0.3)
    assert (fault.times, fault.touched) == (1, ["OB_L1_DIFF:BTCZAR"])
    assert fault.began == fault.ended


def test_lines_after_a_half_open_one_work() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[int]:
        sizes = []
        async with session.ws_connect(f"{url}/ws/trade", timeout=aiohttp.ClientWSTimeout(ws_close=2.0)) as dead:
            await dead.send_json({"type": "PING"})
            await simulator.world.sleep(1.0)
            async with session.ws_connect(f"{url}/ws/trade") as alive:
                await alive.send_json({"type": "PING"})
                assert json.loads((await alive.receive()).data)["type"] == "PONG"
                sizes.append(len(simulator.sessions))
        assert dead.close_code == 1006  # no goodbye came back
        await simulator.world.sleep(2.0)
        return [*sizes, len(simulator.sessions)]

    assert with_simulator(work, Fault("half_open")) == [2, 0]


def test_a_cut_line_ends_without_a_word() -> None:
    frames, fault = listened(20.0, Fault("close", 5.0), rate=10.0)

    assert frames[-1] == (pytest.approx(5.0, abs=0.3), "end 1006")
    assert (fault.times, fault.began) == (1, fault.ended)


def test_a_storm_cuts_every_line_and_refuses_new_ones_for_a_while() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[list[Any], Fault]:
        lines = [await session.ws_connect(f"{url}/ws/trade") for _ in range(3)]
        await simulator.world.sleep(5.1)
        found: list[Any] = [(await line.receive()).type.name for line in lines]
        for pause in (0.0, 5.0, 5.0):
            await simulator.world.sleep(pause)
            try:
                await (await session.ws_connect(f"{url}/ws/trade")).close()
                found.append("open")
            except aiohttp.WSServerHandshakeError as error:
                found.append(error.status)
        return found, simulator.faults.all[0]

    found, fault = with_simulator(work, Fault("storm", 5.0, 8.0))

    assert found == ["CLOSED"] * 3 + [429, 429, "open"]
    assert fault.touched == ["3 lines", "/ws/trade", "/ws/trade"]
    assert (fault.began, fault.ended) == (5.0, 13.0)


def _got(fault: Fault, path: str = "/v1/public/time", times: int = 2, method: str = "GET") -> tuple[list[Any], Fault]:
    """Status, headers and body of some answers, or the name of what went wrong."""

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[list[Any], Fault]:
        found: list[Any] = []
        for _ in range(times):
            try:
                async with session.request(method, url + path, timeout=aiohttp.ClientTimeout(60)) as answer:
                    found.append((answer.status, answer.headers, await answer.read(), simulator.elapsed))
            except (aiohttp.ClientError, TimeoutError) as error:
                found.append((type(error).__name__, {}, b"", simulator.elapsed))
        return found, simulator.faults.settle(simulator.elapsed)[0]

    return with_simulator(work, fault)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("429", 429, b""),
        ("503", 503, b""),
        ("html", 502, b"<html><body>Bad Gateway</body></html>"),
        ("empty", 200, b""),
        ("torn", 200, b'{"epochTime":1790133597,"t'),
        ("cut", "ClientPayloadError", b""),
    ],
)
def test_a_fault_of_rest_comes_once(kind: Any, status: Any, body: bytes) -> None:
    (first, second), fault = _got(Fault(kind))

    assert first[0] == status
    assert first[2].startswith(body) if kind == "torn" else first[2] == body
    assert second[0] == 200
    assert (fault.touched, fault.times) == (["/v1/public/time"], 1)
    assert fault.began == fault.ended == 0.0


@pytest.mark.parametrize(("by", "told"), [(None, None), (7.0, "7")])
def test_a_429_says_when_to_come_back_if_it_is_told_to(by: float | None, told: str | None) -> None:
    (first, _), _ = _got(Fault("429", by=by))

    assert (first[1].get("x-valr-ratelimited"), first[1].get("Retry-After")) == ("true", told)


def test_slow_answers_and_answers_byte_by_byte_take_their_time() -> None:
    slow, late = _got(Fault("slow", by=9.0))
    loris, fault = _got(Fault("loris", by=0.5))
    endless, _ = _got(Fault("loris", by=5.0))

    assert [row[3] for row in slow] == [9.0, 9.0]
    assert [row[3] for row in loris] == [0.5 * len(loris[0][2])] * 2
    assert json.loads(loris[0][2])["epochTime"] == START // 10**9
    assert (fault.times, fault.touched, fault.began, fault.ended) == (1, ["/v1/public/time"], 0.0, 0.0)
    assert (late.times, late.began, late.ended) == (1, 0.0, 0.0)
    assert [row[0] for row in endless] == ["TimeoutError", 200]


def test_read_only_refuses_all_but_reading_and_says_so() -> None:
    read_only = Fault("read_only", seconds=60.0)

    (refused,), fault = _got(read_only, "/v1/orders/limit", 1, "POST")
    assert (refused[0], fault.touched, fault.began, fault.ended) == (503, ["/v1/orders/limit"], 0.0, None)
    assert _got(read_only, "/v1/public/pairs", 1)[0][0][0] == 200
    assert json.loads(_got(read_only, "/v1/public/status", 1)[0][0][2]) == {"status": "read-only"}
    assert json.loads(_got(Fault("drop"), "/v1/public/status", 1)[0][0][2]) == {"status": "online"}


def test_a_skewed_clock_is_seen_in_the_time_in_the_date_and_by_the_client() -> None:
    (first, _), fault = _got(Fault("skew", seconds=10.0, by=-90.0))

    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> int:
        return await Public(Client(Http(session, url), virtual(1))).clock_offset()

    assert first[1]["Date"] == "Wed, 23 Sep 2026 03:18:27 GMT"
    assert json.loads(first[2])["epochTime"] == START // 10**9 - 90
    assert fault.touched[:2] == ["/v1/public/time", "Date of /v1/public/time"]
    assert with_simulator(work, Fault("skew", seconds=10.0, by=45.0)) == 45 * 10**9


@pytest.mark.parametrize("kind", ["429", "503", "html", "empty", "torn", "cut", "slow", "loris"])
def test_the_client_outlives_every_fault_of_rest(kind: Any) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> tuple[str, int]:
        client = Client(Http(session, url, 10.0), virtual(1), patience=Patience(attempts=8))
        return (await Public(client).status()).status, simulator.faults.all[0].times

    assert with_simulator(work, Fault(kind, count=2, by=None if kind == "429" else 20.0)) == ("online", 2)


def test_the_client_gives_up_on_an_exchange_that_stays_broken() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> float:
        with pytest.raises(UnreachableError, match="HTTP 502"):
            await Public(Client(Http(session, url), virtual(1))).status()
        return simulator.elapsed

    assert with_simulator(work, Fault("html", seconds=3600.0)) < 200.0


def test_a_fault_touches_only_what_it_names() -> None:
    (first, second), fault = _got(Fault("503", only="/trades"), "/v1/public/BTCZAR/buckets")

    assert (first[0], second[0], fault.times, fault.began) == (200, 200, 0, None)


def test_faults_are_asked_for_and_looked_up_over_http() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[Any]:
        token = {"X-Sim-Token": simulator.settings.token}
        await simulator.world.sleep(10.0)
        plans = ['{"kind":"503","at":1}', '{"kind":"nonsense"}', '{"kind":"503","count":0}', '{"kind":"503","times":1}']
        found: list[Any] = []
        for plan in plans:
            async with session.post(f"{url}/sim/faults", data=plan, headers=token) as answer:
                found.append(answer.status)
        for pause in (0.5, 0.5, 0.0):
            await simulator.world.sleep(pause)
            found.append((await session.get(f"{url}/v1/public/time")).status)
        async with session.get(f"{url}/sim/faults", headers=token) as answer:
            return [*found, await answer.json(), (await session.get(f"{url}/sim/faults")).status]

    *status, told, denied = with_simulator(work)

    assert status == [200, 400, 400, 400, 200, 503, 200]
    assert [(one["kind"], one["began"], one["ended"]) for one in told["faults"]] == [("503", 11.0, 11.0)]
    assert denied == 403


def test_a_schedule_is_a_file_of_faults(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text('# a bad day\n{"kind": "storm", "at": 60, "seconds": 30}\n\n{"kind": "429", "by": 5}\n')

    assert read(path) == [Fault("storm", 60.0, 30.0), Fault("429", by=5.0)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Input data was truncated"),
        ('{"kind": "earthquake"}', "Invalid enum value 'earthquake'"),
        ('{"kind": "drop", "at": -1}', r">= 0.0 - at `\$.at`"),
        ('{"kind": "drop", "began": 1}', "unknown field `began`"),
        ('{"kind": "drop", "seconds": "5"}', "Expected `float`"),
        ("[]", "Expected `object`"),
    ],
)
def test_a_wrong_schedule_is_refused_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text(f'{{"kind": "drop"}}\n\n{line}\n')

    with pytest.raises(ConfigError, match=rf"faults\.jsonl:3: .*{said}"):
        read(path)
    with pytest.raises(ConfigError, match="expected a text file of faults"):
        read(tmp_path / "none")


KINDS = st.sampled_from(get_args(Kind))
TIMES = st.integers(0, 40).map(lambda tenths: tenths / 10)


@given(
    st.lists(st.builds(Fault, kind=KINDS, at=TIMES, seconds=TIMES, count=st.integers(1, 3)), max_size=8),
    st.lists(st.tuples(KINDS, TIMES), max_size=40),
)
def test_a_fault_begins_no_sooner_and_ends_no_later_than_planned(planned: list[Fault], asked: list[Any]) -> None:
    faults = Faults(planned)
    for kind, now in sorted(asked, key=lambda one: one[1]):
        found = faults.touches(kind, now, "x")
        due = [one for one in planned if one.kind == kind and one.at <= now]
        assert found is None or (found in due and found.began is not None and found.began <= now)
        assert found is not None or not [one for one in due if one.ended is None]

    for fault in faults.settle(5.0 + 4.0):
        assert fault.seconds or fault.times <= fault.count
        assert (fault.ended is None) == (not fault.seconds and fault.times < fault.count)
        assert fault.began is None or fault.at <= fault.began <= (fault.ended or fault.began)
        assert not fault.seconds or fault.ended == fault.at + fault.seconds
