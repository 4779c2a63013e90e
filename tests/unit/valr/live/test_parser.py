"""The parser by itself: what frames of REST, of the stream and of this end become, whatever they hold."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.bodies import Bar, DataIssue, Health, Instrument, Trade, VenueStatus
from helios_engine.timeframe import UNITS
from helios_valr.live.envelopes import EDGE, REST, Began, Closed, Measured, Opened, Unanswered, edge, envelope
from tests.unit.valr.live.feeding import MINUTE, NAME, PAIR, START, Fed, bucket, trade
from tests.unit.valr.mutating import variants

BUCKETS, TRADES = f"{PAIR}/buckets?periodSeconds=60", f"{PAIR}/trades?limit=100"
SECOND = UNITS["s"]
ASKED = START + MINUTE + 2 * UNITS["s"]


def only(bodies: list[Any], kind: type) -> list[Any]:
    assert all(isinstance(body, kind) for body in bodies), bodies
    return bodies


def fed(**since: int) -> Fed:
    found = Fed()
    found.edge(Began((PAIR,), {PAIR: START}, since))
    found.clock()
    return found


def test_a_bucket_is_told_when_it_is_over_and_once() -> None:
    one = fed()

    assert one.answer(BUCKETS, [bucket(START)], START + MINUTE + UNITS["s"] // 2) == []
    (bar,) = only(one.answer(BUCKETS, [bucket(START)], ASKED), Bar)
    assert (bar.ts_open, bar.ts_close, bar.close) == (START, START + MINUTE, 101.0)
    assert one.answer(BUCKETS, [bucket(START)], ASKED + MINUTE) == []


@pytest.mark.parametrize(("ahead", "is_told"), [(-30, False), (0, True), (30, True)])
def test_a_bucket_is_over_when_both_clocks_have_passed_its_end(ahead: int, is_told: bool) -> None:
    one = fed()
    one.clock(ahead * UNITS["s"])

    assert bool(one.answer(BUCKETS, [bucket(START)], ASKED)) == is_told
    assert one.answer(BUCKETS, [bucket(START)], START + 30 * UNITS["s"]) == []


def test_before_the_clocks_were_compared_only_what_is_long_over_is_told() -> None:
    one = Fed()

    assert one.answer(BUCKETS, [bucket(START)], ASKED) == []
    assert len(one.answer(BUCKETS, [bucket(START)], ASKED + MINUTE)) == 1


def test_a_bucket_that_changed_after_it_was_told_is_a_doubt_with_both_values() -> None:
    one = fed()
    one.answer(BUCKETS, [bucket(START)], ASKED)

    (doubt,) = only(one.answer(BUCKETS, [bucket(START, close="102")], ASKED + MINUTE), DataIssue)

    assert (doubt.kind, doubt.ts_from, doubt.ts_to) == ("bucket_changed", START, START + MINUTE)
    assert "close 101.0" in doubt.detail
    assert "close 102.0" in doubt.detail
    assert one.answer(BUCKETS, [bucket(START, close="102")], ASKED + MINUTE) == []


def test_a_bucket_that_was_left_out_is_a_doubt_and_is_not_told_out_of_turn() -> None:
    one = fed()
    one.answer(BUCKETS, [bucket(START)], ASKED)
    later = START + 2 * MINUTE

    doubt, bar = one.answer(BUCKETS, [bucket(later)], ASKED + 2 * MINUTE)
    assert isinstance(doubt, DataIssue)
    assert isinstance(bar, Bar)
    assert (doubt.kind, doubt.ts_from, doubt.ts_to) == ("bucket_missing", START + MINUTE, later)
    (late,) = only(one.answer(BUCKETS, [bucket(START + MINUTE), bucket(later)], ASKED + 3 * MINUTE), DataIssue)
    assert late.kind == "bucket_late"


@pytest.mark.parametrize("since", [START, START - MINUTE // 2])
def test_buckets_that_are_missing_before_the_first_one_told_are_a_doubt(since: int) -> None:
    one = Fed()
    one.edge(Began((PAIR,), {PAIR: since}, {}))
    later = START + 181 * MINUTE

    doubt, bar = one.answer(BUCKETS, [bucket(later)], later + 3 * MINUTE)

    assert isinstance(doubt, DataIssue)
    assert isinstance(bar, Bar)
    assert (doubt.kind, doubt.ts_from, doubt.ts_to) == ("bucket_missing", START, later)
    assert doubt.detail == "181 buckets before this one never came"


def test_the_first_bucket_that_is_wanted_is_no_doubt() -> None:
    for since in (START, START - MINUTE // 2, 0):
        one = Fed()
        one.edge(Began((PAIR,), {PAIR: since}, {}))

        only(one.answer(BUCKETS, [bucket(START)], ASKED + MINUTE), Bar)


def test_a_bucket_that_says_otherwise_than_its_trades_is_a_doubt() -> None:
    one = fed(BTCZAR=START - MINUTE)
    rows = [
        trade("c", START + 59 * UNITS["s"], "101", "1"),
        trade("b", START + 2 * UNITS["s"], "110", "0.4"),
        trade("a", START + 1 * UNITS["s"], "100", "0.5"),
    ]
    assert len(only(one.answer(TRADES, rows, ASKED + MINUTE), Trade)) == 3
    one.answer(BUCKETS, [bucket(START, volume="1.9", low="100")], ASKED + MINUTE)
    (bar,) = only(one.answer(BUCKETS, [bucket(START + MINUTE)], ASKED + MINUTE), Bar)
    assert bar.ts_open == START + MINUTE

    other = fed(BTCZAR=START - MINUTE)
    other.answer(TRADES, rows[1:], ASKED + MINUTE)
    other.answer(BUCKETS, [bucket(START, volume="1.9", low="100")], ASKED + MINUTE)
    bar, doubt = other.answer(BUCKETS, [bucket(START + MINUTE)], ASKED + MINUTE)
    assert isinstance(doubt, DataIssue)
    assert doubt.kind == "bucket_differs"
    assert "volume 1.9" in doubt.detail
    assert "volume 0.9" in doubt.detail


def test_pages_of_trades_are_told_when_the_walk_is_done_and_oldest_first() -> None:
    one = fed(BTCZAR=START)
    rows = [trade(f"t{n}", START + n * UNITS["ms"]) for n in range(150)][::-1]

    assert one.answer(TRADES, rows[:100], ASKED) == []
    assert one.parser.trades.goes_on(PAIR) == rows[99]["id"]
    found = only(one.answer(f"{TRADES}&beforeId={rows[99]['id']}", rows[99:], ASKED), Trade)
    assert [body.trade_id for body in found] == [f"t{n}" for n in range(150)]
    assert one.parser.trades.goes_on(PAIR) is None
    assert one.answer(TRADES, rows[:50], ASKED) == []


def test_a_walk_that_is_too_long_is_given_up_and_says_what_is_missing() -> None:
    one = fed(BTCZAR=START)
    rows = [trade(f"t{n}", START + n * UNITS["ms"]) for n in range(6000)][::-1]

    found: list[Any] = []
    before = ""
    for n in range(0, 6000, 100):
        found += one.answer(f"{TRADES}&beforeId={before}" if before else TRADES, rows[n : n + 100], ASKED)
        before = rows[n + 99]["id"]
        if one.parser.trades.goes_on(PAIR) is None:
            break

    doubt, *told = found
    assert (doubt.kind, doubt.ts_from, doubt.ts_to) == ("trades_missing", START, START + 1000 * UNITS["ms"])
    assert [body.trade_id for body in told] == [f"t{n}" for n in range(1000, 6000)]


def test_trades_of_the_stream_wait_for_what_came_before_them_but_not_for_ever() -> None:
    one = fed(BTCZAR=START)
    one.edge(Opened("valr.stream.a", "OB_L1_DIFF", (), (PAIR,)), START + UNITS["s"])

    def said(name: str, at: int) -> list[Any]:
        message = {"type": "NEW_TRADE", "currencyPairSymbol": PAIR, "data": trade(name, at)}
        return one.say(message, at + UNITS["ms"])

    assert said("b", START + 2 * UNITS["s"]) == []
    # An answer to a question from before the line opened does not know all that came until then.
    assert one.answer(TRADES, [trade("a", START)], START + UNITS["s"] // 2) == []
    found = one.answer(TRADES, [trade("b", START + 2 * UNITS["s"]), trade("a", START)], START + 3 * UNITS["s"])
    assert [body.trade_id for body in only(found, Trade)] == ["a", "b"]
    assert [body.trade_id for body in said("c", START + 4 * UNITS["s"])] == ["c"]

    one.edge(Opened("valr.stream.a", "OB_L1_DIFF", (), (PAIR,)), START + 5 * UNITS["s"])
    assert said("e", START + 6 * UNITS["s"]) == []
    doubt, *rest = said("f", START + 30 * UNITS["s"])
    assert doubt.kind == "trades_late"
    assert [body.trade_id for body in rest] == ["e", "f"]


def test_what_is_measured_becomes_health_and_silence_a_status() -> None:
    one = Fed()

    assert one.edge(Measured(NAME, "staleness", 61.5, "OB_L1_DIFF")) == [Health(NAME, "staleness", 61.5)]
    assert one.edge(Unanswered("HTTP 503")) == [VenueStatus("VALR", START, "unreachable")]
    assert one.edge(Unanswered("HTTP 503")) == []
    assert one.answer("status", {"status": "online"}, START, received=START) == [VenueStatus("VALR", START, "online")]


def test_definitions_of_what_is_wanted_are_told_once_and_a_pair_that_is_gone_is_delisted() -> None:
    row = {
        "symbol": PAIR, "baseCurrency": "BTC", "quoteCurrency": "ZAR", "shortName": "BTC/ZAR", "active": True,
        "minBaseAmount": "0.00001", "maxBaseAmount": "10", "minQuoteAmount": "10", "maxQuoteAmount": "5000000",
        "tickSize": "1", "baseDecimalPlaces": "8", "marginTradingAllowed": False, "currencyPairType": "SPOT",
    }  # fmt: skip
    other = row | {"symbol": "ETHZAR", "baseCurrency": "ETH", "shortName": "ETH/ZAR"}
    one = fed()

    (found,) = only(one.answer("pairs", [row, other], START), Instrument)
    assert found.instrument == NAME
    assert one.answer("pairs", [row, other], START) == []
    (gone,) = only(one.answer("pairs", [other], START), Instrument)
    assert gone.delisted
    assert one.parser.answered.lists("ETHZAR")
    assert one.parser.answered.lists(PAIR) is False


def test_a_refused_frame_is_told_once_a_minute_and_counted_always() -> None:
    one = fed()
    spoiled = b'{"type":"OB_L1_DIFF","ps":"BTCZAR"}'

    told = [one.take(spoiled, "valr.stream.a", START + n * UNITS["s"]) for n in range(100)]

    assert [n for n, bodies in enumerate(told) if bodies] == [0, 60]
    assert told[0][0].kind == "refused_frame"  # type: ignore[attr-defined]
    assert one.parser.counts["refused: OB_L1_DIFF"] == 100
    assert len(one.take(b"what?", "valr.stream.a", START)) == 1


@pytest.mark.parametrize("kind", ["ERROR", "RATE_LIMIT_EXCEEDED", "UNSUPPORTED"])
def test_what_valr_refuses_is_told_once_a_minute_in_its_own_words(kind: str) -> None:
    one = fed()
    reason = "Subscription refused: maintenance" + "." * 900

    told = [one.say({"type": kind, "message": reason}, START + n * SECOND) for n in range(100)]

    assert [n for n, bodies in enumerate(told) if bodies] == [0, 60]
    (doubt,) = only(told[0], DataIssue)
    assert doubt.kind == "refused_frame"
    assert doubt.detail.startswith(f"{kind}: Subscription refused: maintenance.")
    assert len(doubt.detail) == 500
    assert one.parser.counts[f"refused: {kind}"] == 100
    assert "no reason" in only(fed().say({"type": kind}, START), DataIssue)[0].detail


def test_an_answer_to_what_is_never_asked_is_told() -> None:
    (doubt,) = only(fed().answer(f"{PAIR}/ordertypes", [], START), DataIssue)

    assert (doubt.kind, doubt.detail) == (
        "refused_frame",
        f"/v1/public/{PAIR}/ordertypes: an answer to what is never asked",
    )


def test_a_channel_that_valr_denies_is_remembered_and_is_no_doubt() -> None:
    one = fed()
    message = f"Channel NEW_TRADE, pair {PAIR} combination invalid"

    assert one.say({"type": "ERROR", "message": message}, START) == []
    assert one.parser.lines.of("valr.stream.a").denied == {("NEW_TRADE", PAIR)}


CONNECTIONS = st.sampled_from([EDGE, REST, "valr.stream.a", "valr.stream.b", "public"])
PATHS = st.sampled_from(
    ["pairs", "status", "time", BUCKETS, f"{TRADES}&beforeId=a", "BTCZAR/orderbook", "", "/", "?&=%"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(CONNECTIONS, st.binary(max_size=80), st.integers(0, 2**63 - 1)), max_size=8))
def test_no_bytes_make_the_parser_fail(frames: list[tuple[str, bytes, int]]) -> None:
    one = Fed()
    for connection, raw, at in frames:
        one.take(raw, connection, at)
        one.gap(at)


@settings(max_examples=300, deadline=None)
@given(PATHS, st.integers(0, 999), st.integers(-(2**70), 2**70), st.binary(max_size=60))
def test_no_envelope_makes_the_parser_fail(path: str, status: int, sent: int, body: bytes) -> None:
    one = Fed()
    raw = f'{{"path":"/v1/public/{path}","status":{status},"sent":{sent}}}\n'.encode() + body

    found = one.take(raw, REST, START)

    assert all(isinstance(body, DataIssue) for body in found)


def test_no_variant_of_a_good_frame_makes_the_parser_fail() -> None:
    rows = [bucket(START), bucket(START + MINUTE)]
    trades = [trade("a", START), trade("b", START + 1)]
    draw, one = random.Random(11), fed(BTCZAR=START)
    told = [
        Began((PAIR,), {PAIR: START}, {PAIR: START}), Opened("valr.stream.a", "OB_L1_DIFF", (PAIR,), (PAIR,)),
        Measured(NAME, "lag", 0.5), Closed("valr.stream.a", "it broke"),
    ]  # fmt: skip
    for number, whole in enumerate([rows, trades, {"status": "online"}, *(json.loads(edge(one)) for one in told)]):
        for raw in variants(whole, 400, number):
            at = draw.choice((START, ASKED, ASKED + MINUTE))
            if number > 2:
                one.take(raw, EDGE, at)
            for path in (BUCKETS, TRADES, "status") if number < 3 else ():
                one.take(envelope(f"/v1/public/{path}", 200, at, raw), REST, at)
    assert one.parser.counts.total() > 500


def test_the_first_late_change_is_told_to_be_late_ahead_of_itself_and_again_once_it_was_well() -> None:
    one = Fed()
    one.edge(Began((PAIR,), {}, {PAIR: START}, (), 2 * SECOND))

    def told(name: str, at: int, lag: float) -> list[str]:
        row = trade(name, at)
        message = {"type": "NEW_TRADE", "currencyPairSymbol": PAIR, "data": row}
        found = one.say(message, at + round(lag * SECOND))
        return [f"lag {body.value:g}" if isinstance(body, Health) else type(body).__name__ for body in found]

    assert told("a", START, 1.5) == ["Trade"]
    assert told("b", START, 30) == ["lag 30", "Trade"]
    assert told("c", START, 31) == ["Trade"]
    one.edge(Measured(NAME, "lag", 31.0))
    assert told("d", START, 32) == ["Trade"]
    one.edge(Measured(NAME, "lag", 0.1))
    assert told("e", START, 0.5) == ["Trade"]
    assert told("f", START, 3) == ["lag 3", "Trade"]


def test_a_trade_that_comes_again_on_any_line_is_neither_told_nor_late() -> None:
    one = Fed()
    one.edge(Began((PAIR,), {}, {PAIR: START}, (), 2 * SECOND))
    message = {"type": "NEW_TRADE", "currencyPairSymbol": PAIR, "data": trade("a", START)}

    assert [type(body) for body in one.say(message, START + SECOND)] == [Trade]
    assert [one.say(message, START + 60 * SECOND, f"valr.stream.{line}") for line in "ab"] == [[], []]
    assert one.parser.lines.lag == {NAME: SECOND}


def test_a_trade_of_the_stream_that_no_float_gives_back_is_refused_by_its_instrument() -> None:
    one = fed(BTCZAR=START)
    row = trade("a", START, "100000000000000001.1")

    (doubt,) = only(one.say({"type": "NEW_TRADE", "currencyPairSymbol": PAIR, "data": row}, START + SECOND), DataIssue)

    assert (doubt.instrument, doubt.kind, doubt.ts_from) == (NAME, "trade_refused", START)
    assert one.answer(TRADES, [row], START + 5 * SECOND) == []


def test_a_log_that_names_no_limit_of_lag_is_read_as_it_was() -> None:
    one = fed(BTCZAR=START)
    message = {"type": "NEW_TRADE", "currencyPairSymbol": PAIR, "data": trade("a", START)}

    assert [type(body) for body in one.say(message, START + 60 * SECOND)] == [Trade]
