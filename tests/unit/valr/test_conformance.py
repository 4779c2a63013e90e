"""The shared conformance cases that concern the public wire, each by its id, and a check that none is forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import VenueStatus
from helios_valr import amounts, answers, commands, messages, translation
from helios_valr.books import DiffBook, OrderBook, WholeBook
from helios_valr.errors import AccessError, PairError, RequestError
from helios_valr.fees import FeeTable
from helios_valr.instruments import Definitions, currency_name, definition
from helios_valr.rest import Answer, Patience
from helios_valr.signing import credential, headers, sign
from helios_valr.wire import Wire
from tests.unit.valr.facts import document, needs_facts, payload, payload_names
from tests.unit.valr.naive_books import NaiveBook
from tests.unit.valr.samples import BODIES, FRAMES, PAIR
from tests.unit.valr.test_instruments import pair
from tests.unit.valr.test_paging import BEGIN, MINUTE, SECOND, Buckets, Trades
from tests.unit.valr.virtual import START, Clock, in_turn, ok, trying

Case = Callable[[], None]
CASES: dict[str, Case] = {}
ELSEWHERE = {
    "ORD": "orders are not sent by this part yet",
    "ACC": "accounts are not read by this part yet",
    "WS-01": "of the account's connection",
    "WS-03": "of the connection, which this part does not hold",
    "WS-04": "of the connection, which this part does not hold",
    "WS-06": "of commands on a connection",
    "WS-17": "of the connection's timers",
    "WS-18": "of orders",
    "WS-19": "of orders",
    "WS-20": "of orders",
}
NOW = 1_800_000_000_000_000_000


def case(name: str) -> Callable[[Case], Case]:
    """Register the check of a case."""

    def keep(check: Case) -> Case:
        CASES[name] = check
        return check

    return keep


def _vector(name: str) -> dict[str, Any]:
    return next(each for each in document("signature_vectors.json") if each["name"] == name)


def _signed(name: str) -> str:
    v = _vector(name)
    return sign(credential(v["secret"]), v["timestamp"], v["verb"], v["path"], v["body"].encode(), v["subaccountId"])


@case("SIG-01")
def official_get() -> None:
    found = _signed("official_get")
    assert (found[:8], found[-4:], len(found)) == ("9d52c181", "9928", 128)


@case("SIG-02")
def official_post() -> None:
    found = _signed("official_post")
    assert (found[:8], found[-6:]) == ("09f536e3", "b008d0")


@case("SIG-03")
def spaces_are_signed() -> None:
    compact, spaced = _signed("post_btczar_compact"), _signed("post_btczar_spaced")
    assert compact != spaced
    assert (compact, spaced) == (
        _vector("post_btczar_compact")["signature"],
        _vector("post_btczar_spaced")["signature"],
    )


@case("SIG-04")
def subaccount() -> None:
    v = _vector("sub_get")
    found = headers(
        credential("a-test-key"),
        credential(v["secret"]),
        v["timestamp"],
        v["verb"],
        v["path"],
        subaccount=v["subaccountId"],
    )
    assert found["X-VALR-SIGNATURE"] == v["signature"]
    assert found["X-VALR-SUB-ACCOUNT-ID"] == v["subaccountId"]


@case("SIG-05")
def upgrade() -> None:
    v = _vector("ws_account")
    found = headers(credential("a-test-key"), credential(v["secret"]), v["timestamp"], "GET", "/ws/account")
    assert found["X-VALR-SIGNATURE"] == v["signature"]
    assert {"X-VALR-API-KEY", "X-VALR-TIMESTAMP"} < found.keys()


@case("SIG-06")
def content_type() -> None:
    _, asked = trying(lambda request: ok("[]"), lambda public, _: public.currencies())
    assert asked[0].headers["content-type"] == "application/json"
    signed = headers(credential("a-test-key"), credential("a-test-secret"), 1, "GET", "/x")
    assert signed["Content-Type"] == "application/json"


@case("PUB-01")
def time_with_nine_digits() -> None:
    body = payload("rest_public__time.json")
    offset, _ = trying(lambda request: ok(body), lambda public, _: public.clock_offset(), Clock(START))
    assert answers.read(body, answers.Time, "time").time == 1_790_133_597_710_853_735
    assert offset == 710_853_735


@case("PUB-02")
def read_only() -> None:
    status, _ = trying(lambda request: ok('{"status":"read-only"}'), lambda public, _: public.status())
    assert translation.status(status, NOW) == VenueStatus("VALR", NOW, "read-only")


@case("PUB-03")
def inactive_pair() -> None:
    known = Definitions()
    (made,) = known.update([pair(baseDecimalPlaces="8", active=False)], NOW)
    assert made.size_scale == 8
    assert not known.is_tradable("BTCZAR.VALR")


@case("PUB-04")
def price_on_the_tick() -> None:
    made = definition(pair(), FeeTable(), NOW)
    assert amounts.plain(amounts.to_tick(Decimal("1234567.8"), made, "BUY")) == "1234567"
    assert amounts.plain(Decimal("0.00001")) == "0.00001"


@case("PUB-05")
def under_the_minimum() -> None:
    made = definition(pair(), FeeTable(), NOW)
    assert "under the minimum of 10" in amounts.too_small(Decimal("0.00001"), Decimal(900000), made)


@case("PUB-06")
def the_rand() -> None:
    (rand,) = answers.read(json.dumps(BODIES["currencies"]).encode(), answers.BODIES["currencies"], "currencies")
    assert (rand.symbol, rand.short_name, currency_name(rand.symbol)) == ("R", "ZAR", "ZAR")


@case("PUB-07")
def either_casing() -> None:
    raw = payload("rest_public__orderbook.json")
    lower = raw.replace(b'"Asks"', b'"asks"').replace(b'"Bids"', b'"bids"')
    books = [answers.read(each, answers.BookRow, "book") for each in (raw, lower)]
    assert raw != lower
    assert (books[0].asks, books[0].bids) == (books[1].asks, books[1].bids)
    assert books[0].asks
    assert books[0].bids


@case("PUB-08")
def unsupported_pair() -> None:
    asked: list[Any] = []
    refusal = Answer(400, {}, payload("error__unsupported_pair__http400.json"))
    with pytest.raises(PairError) as caught:
        trying(lambda request: (asked.append(request), refusal)[1], lambda public, _: public.summary("BTCZAR"))
    assert (caught.value.code, len(asked)) == (-21, 1)


@case("PUB-09")
def walk_of_trades() -> None:
    for again in (False, True):
        server = Trades([BEGIN + n // 3 * SECOND for n in range(337)], again=again)
        found, asked = trying(server, lambda public, _: public.trades("BTCZAR", BEGIN, BEGIN + 1000 * SECOND))
        assert [row.id for row in found] == [f"trade-{n}" for n in range(337)]
        assert len(asked) == 4
        assert "beforeId" not in asked[0].path
        assert all("beforeId=trade-" in request.path for request in asked[1:])


@case("PUB-10")
def long_ids() -> None:
    rows = answers.read(payload("rest_public__trades.json"), answers.BODIES["trades"], "trades")
    assert 1204770707632816000 in [row.sequence_id for row in rows]
    one = json.dumps([BODIES["trades"][0] | {"sequenceId": 1204770707632161409}]).encode()
    assert answers.read(one, answers.BODIES["trades"], "trades")[0].sequence_id == 1204770707632161409


@case("PUB-11")
def a_thousand_minutes() -> None:
    clock = Clock()
    found, asked = trying(
        Buckets(clock.now, with_end=True),
        lambda public, _: public.buckets("BTCZAR", 60, BEGIN, BEGIN + 1000 * MINUTE),
        clock,
    )
    assert [row.start_time for row in found] == list(range(BEGIN, BEGIN + 1000 * MINUTE, MINUTE))
    assert len(asked) == 4
    assert f"startTime={(BEGIN - MINUTE) // SECOND}&" in asked[0].path


@case("PUB-12")
def empty_buckets() -> None:
    for option in (True, False):
        _, asked = trying(
            lambda request: ok("[]"),
            lambda public, _, option=option: public.buckets("BTCZAR", 60, BEGIN, BEGIN + MINUTE, include_empty=option),  # type: ignore[misc]
        )
        assert f"includeEmpty={str(option).lower()}" in asked[0].path
    flat = BODIES["buckets"][0] | dict.fromkeys(("open", "high", "low", "close"), "5") | {"volume": "0"}
    (row,) = answers.read(json.dumps([flat]).encode(), answers.BODIES["buckets"], "buckets")
    bar = translation.bar(row, NOW)
    assert bar is not None
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (5.0, 5.0, 5.0, 5.0, 0.0)


@case("LIM-01")
def limited() -> None:
    clock = Clock()
    limit = Answer(429, {"x-valr-ratelimited": "true"}, b"")
    _, asked = trying(in_turn(limit, ok('{"status":"online"}')), lambda public, _: public.status(), clock)
    assert asked[1].at // MINUTE == START // MINUTE + 1
    assert len(asked) == 2


@case("LIM-02")
def thirty_a_minute() -> None:
    async def many(public: Any, _: Any) -> None:
        for _n in range(31):
            await public.currencies()

    _, asked = trying(lambda request: ok("[]"), many)
    assert asked[30].at - asked[0].at >= MINUTE


@case("ERR-01")
def access() -> None:
    for refusal in (Answer(401, {}, b""), Answer(403, {}, b""), Answer(400, {}, b'{"code":-11252,"message":"x"}')):
        clock = Clock()
        with pytest.raises(AccessError):
            trying(in_turn(refusal), lambda public, _: public.status(), clock)
        assert clock.slept == []


@case("ERR-02")
def permanent() -> None:
    for code in (-113, -11):
        refusal = Answer(400, {}, json.dumps({"code": code, "message": "x"}).encode())
        with pytest.raises(RequestError) as caught:
            trying(in_turn(refusal), lambda public, _: public.status(), patience=Patience(attempts=3))
        assert caught.value.code == code


@case("WS-02")
def ping() -> None:
    assert commands.PING == b'{"type":"PING"}'
    assert commands.PING_EVERY == 20.0
    for raw in ('{"type":"PONG"}', '{"type":"PONG","message":"NO_SUBSCRIPTIONS"}'):
        assert messages.read(raw).type == "PONG"


@case("WS-05")
def bad_pair() -> None:
    wire = Wire()
    wire.take(json.dumps(FRAMES["OB_L1_SNAPSHOT"]), NOW)
    told = wire.take(payload("ws__error_bad_pair.json"), NOW)
    assert "combination invalid" in str(told.message)
    assert wire.take(json.dumps(FRAMES["OB_L1_DIFF"]), NOW).bodies


@case("WS-07")
def unknown() -> None:
    wire = Wire()
    wire.take('{"type":"NEVER_HEARD_OF","data":[1]}', NOW)
    assert wire.counts["unknown"] == 1


@case("WS-08")
def diff_before_snapshot() -> None:
    assert Wire().take(payload("ws__ob_l1_diff.json"), NOW).bodies == ()


@case("WS-09")
def removal_of_nothing() -> None:
    there, book = NaiveBook(), DiffBook("BTCZAR")
    there.enter("b", "100", "", "1")
    book.apply(there.l1("OB_L1_SNAPSHOT", []))
    there.sequence += 1
    assert book.apply(there.l1("OB_L1_DIFF", [("a", "105", "", "0")])).verdict == "update"
    assert book.levels() == there.levels()


@case("WS-10")
def bad_checksum() -> None:
    frame = FRAMES["OB_L1_DIFF"]
    wire = Wire()
    wire.take(json.dumps(FRAMES["OB_L1_SNAPSHOT"]), NOW)
    told = wire.take(json.dumps(frame | {"d": frame["d"] | {"cs": 1}}), NOW)
    assert told.resync == ("OB_L1_DIFF", "BTCZAR")


@case("WS-11")
def old_last_change() -> None:
    there, book = NaiveBook(), DiffBook("BTCZAR")
    there.enter("b", "100", "", "1")
    book.apply(there.l1("OB_L1_SNAPSHOT", []))
    there.sequence += 1
    frame = there.l1("OB_L1_DIFF", [])
    late = msgspec.structs.replace(
        frame, d=msgspec.structs.replace(frame.d, lc=type(frame.d.lc)(frame.d.lc - 9 * 10**9))
    )
    assert book.apply(late).verdict == "update"


@case("WS-12")
def l3_with_one_frame_removed() -> None:
    book = OrderBook("BTCZAR")
    verdicts = [
        (name[-15:-5], book.apply(messages.read(payload(name))).verdict)  # type: ignore[arg-type]
        for name in payload_names("ws_l3__")
        if "1652084271" not in name
    ]
    lost = [name for name, verdict in verdicts if verdict == "lost"]
    assert lost == ["1652084272"]
    assert not book.is_trusted


@case("WS-13")
def replaced() -> None:
    message: Any = messages.read(payload("ws__aggregated_orderbook_update.json"))
    book = WholeBook(message.pair)
    book.apply(message)
    less = msgspec.structs.replace(
        message.data, upper_asks=message.data.asks[:2], upper_bids=(), sequence=message.data.sequence + 3
    )
    book.apply(msgspec.structs.replace(message, data=less))
    assert [len(side) for side in book.levels()] == [0, 2]


@case("WS-14")
def crossed_and_locked() -> None:
    for price in ("101", "102"):
        there, book = NaiveBook(), DiffBook("BTCZAR")
        there.enter("a", "101", "", "1")
        book.apply(there.l1("OB_L1_SNAPSHOT", []))
        there.enter("b", price, "", "1")
        there.sequence += 1
        outcome = book.apply(there.l1("OB_L1_DIFF", [("b", price, "", "1")]))
        assert (outcome.verdict, outcome.bodies, book.is_trusted) == ("lost", (), False)


@case("WS-15")
def trades_by_two_ways() -> None:
    wire = Wire()
    streamed = wire.take(payload("ws__new_trade.json"), NOW)
    row = streamed.message.data  # type: ignore[union-attr]
    assert len(streamed.bodies) == 1
    assert list(wire.take_trades([row])) == []


@case("WS-16")
def the_same_mark_price_again() -> None:
    wire = Wire()
    for at in (NOW, NOW + 3 * SECOND):
        assert wire.take(payload("ws__mark_price_update.json"), at).bodies[0].ts_event == at  # type: ignore[attr-defined]
    assert wire.counts["MARK_PRICE_UPDATE"] == 2


@needs_facts
@pytest.mark.parametrize("name", CASES)
def test_the_case_holds(name: str) -> None:
    CASES[name]()


@needs_facts
def test_every_shared_case_is_checked_here_or_left_out_for_a_reason() -> None:
    shared = {each["id"] for each in document("conformance_cases.json")}
    left_out = {name for name in shared if name in ELSEWHERE or name.split("-")[0] in ELSEWHERE}

    assert CASES.keys() | left_out == shared
    assert not CASES.keys() & left_out


@needs_facts
def test_every_recorded_l3_frame_has_the_checksum_and_the_step_of_the_rule() -> None:
    book = OrderBook("BTCZAR")

    verdicts = [book.apply(messages.read(payload(name))).verdict for name in payload_names("ws_l3__")]  # type: ignore[arg-type]

    assert verdicts == ["snapshot"] + ["update"] * 9
    assert [len(side) for side in book.levels()] != [0, 0]
    assert pair(PAIR).symbol == book.pair
