"""VALR's rows in the engine's words."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Bar, DataIssue, FundingRate, MarkPrice, Quote, Ticker, Trade, VenueStatus
from helios_valr import answers, translation
from helios_valr.books.shelf import MOST
from helios_valr.errors import WireError
from helios_valr.once import Once
from helios_valr.wire import KEPT, LONGEST, Wire
from tests.unit.valr.samples import BODIES, BUCKET, FRAMES, SUMMARY, TRADE

NOW = 1_800_000_000_000_000_000
OPENED = 1711542300000000000


def row(name: str, **changes: Any) -> Any:
    """The first row of a body, changed."""
    whole = [BODIES[name][0] | changes]
    return answers.read(json.dumps(whole).encode(), answers.BODIES[name], name)[0]


def test_a_trade() -> None:
    expected = Trade("BTCZAR.VALR", 1711542799918000000, 1203355.0, 0.0007301, "BUY", TRADE["id"])

    assert translation.trade(row("trades")) == expected
    assert translation.trade(row("trades", takerSide="SELL")).side == "SELL"


def test_a_price_that_no_float_gives_back_is_refused_and_not_rounded() -> None:
    with pytest.raises(WireError, match="has more digits than a float can give back"):
        translation.trade(row("trades", price="123456789012345678.123456789"))


def test_a_bucket_is_a_bar_once_it_is_over() -> None:
    expected = Bar(
        "BTCZAR.VALR", "5m", OPENED, OPENED + 300 * 10**9, 1203000.0, 1203500.5, 1202500.0, 1203100.0, 0.07001001
    )

    assert translation.bar(row("buckets"), OPENED + 300 * 10**9) == expected
    assert translation.bar(row("buckets"), OPENED + 300 * 10**9 - 1) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"high": "1202000"},
        {"low": "1203050"},
        {"open": "1204000"},
        {"bucketPeriodInSeconds": 0},
        {"bucketPeriodInSeconds": 7},
        {"bucketPeriodInSeconds": 172800},
        {"startTime": "2024-03-27T12:26:00Z"},
    ],
)
def test_a_bucket_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WireError, match="bucket of BTCZAR"):
        translation.bar(row("buckets", **changes), NOW)


def test_an_empty_bucket_is_a_bar_without_volume() -> None:
    flat = row("buckets", open="5", high="5", low="5", close="5", volume="0")

    found = translation.bar(flat, NOW)

    assert found is not None
    assert (found.open, found.close, found.volume) == (5.0, 5.0, 0.0)


def test_mark_prices_by_bucket_and_by_message() -> None:
    assert translation.closing_mark(row("markprice_buckets"), NOW) == MarkPrice(
        "BTCZAR.VALR", OPENED + 300 * 10**9, 1203100.0
    )
    assert translation.closing_mark(row("markprice_buckets"), OPENED) is None
    assert Wire().take(json.dumps(FRAMES["MARK_PRICE_UPDATE"]), NOW).bodies == (
        MarkPrice("BTCUSDTPERP.VALR", NOW, 70001.5),
    )


@pytest.mark.parametrize("lacking", ["askPrice", "bidPrice", "lastTradedPrice"])
def test_a_summary_is_a_ticker_only_with_all_its_prices(lacking: str) -> None:
    expected = Ticker("BTCZAR.VALR", 1711316948217000000, 1100002.0, 1100001.0, 1100002.0, 17.25000001)

    assert translation.ticker(row("marketsummary")) == expected
    assert translation.ticker(row("marketsummary", **{lacking: "0"})) is None


def test_a_funding_rate_and_a_status() -> None:
    assert translation.funding(row("funding_history")) == FundingRate("BTCUSDTPERP.VALR", 1711540800000000000, -1e-05)
    assert translation.status(answers.Status("read-only"), NOW) == VenueStatus("VALR", NOW, "read-only")


def test_a_summary_of_the_stream_names_its_pair_otherwise_and_is_the_same() -> None:
    assert Wire().take(json.dumps(FRAMES["MARKET_SUMMARY_UPDATE"]), NOW).bodies == (
        translation.ticker(row("marketsummary")),
    )
    with pytest.raises(WireError, match="expected currencyPair or currencyPairSymbol"):
        answers.read(
            json.dumps({k: v for k, v in SUMMARY.items() if k != "currencyPair"}).encode(), answers.SummaryRow, "x"
        )


def test_a_trade_that_comes_by_stream_and_by_rest_counts_once() -> None:
    wire = Wire()

    first = wire.take(json.dumps(FRAMES["NEW_TRADE"]), NOW).bodies
    again = list(wire.take_trades([row("trades"), row("trades", id="another")]))

    assert [body.trade_id for body in first if isinstance(body, Trade)] == [TRADE["id"]]
    assert [body.trade_id for body in again] == ["another"]
    assert wire.counts["trades seen before"] == 1


def test_memory_of_trades_is_bounded_and_apart_for_each_pair() -> None:
    once = Once(2)

    assert [once.is_new("A", x) for x in ("1", "1", "2", "3", "1")] == [True, False, True, True, True]
    assert once.is_new("B", "3")
    assert len(once) == 3


@given(st.lists(st.uuids().map(str) | st.sampled_from(["1", "01", "1-0", "10", "A" * 36]), max_size=30))
def test_ids_are_told_apart_whether_they_are_uuids_or_not(ids: list[str]) -> None:
    once = Once()

    assert [once.is_new("A", one) for one in ids] == [one not in ids[:place] for place, one in enumerate(ids)]
    assert not any(once.is_new("A", one) for one in ids)


def test_an_id_that_differs_from_a_uuid_by_how_it_is_written_is_another() -> None:
    once, plain = Once(), "0198c5a4-7b1e-7cde-8f00-0123456789ab"

    others = [plain.upper(), plain.replace("-", ""), f"{plain}\n", f"-{plain[:8]}{plain[9:]}"]
    assert all(once.is_new("A", one) for one in [plain, *others])


def test_unknown_and_refused_frames_are_counted_and_the_latest_kept_as_they_came() -> None:
    wire = Wire()
    for number in range(KEPT + 5):
        wire.take(f'{{"type":"SOMETHING_NEW","n":{number}}}', NOW)
        wire.take(b"<html>" + str(number).encode(), NOW)

    assert (wire.counts["unknown"], wire.counts["refused"]) == (KEPT + 5, KEPT + 5)
    assert len(wire.unknown) == len(wire.refused) == KEPT
    assert wire.unknown[-1] == ("SOMETHING_NEW", b'{"type":"SOMETHING_NEW","n":104}')
    assert wire.refused[-1][1] == b"<html>104"


def test_what_is_kept_of_a_hostile_stream_is_bounded() -> None:
    wire = Wire()
    frame = FRAMES["OB_L1_SNAPSHOT"]
    for number in range(MOST + 3):
        wire.take(json.dumps(frame | {"ps": f"P{number}"}), NOW)
    wire.take(b"<" * 10_000_000, NOW)
    wire.take(json.dumps({"type": "SOMETHING_NEW", "x": "y" * 1_000_000}), NOW)

    assert (len(wire.shelf.books), wire.counts["refused"]) == (MOST, 4)
    assert len(wire.refused[-1][1]) == len(wire.unknown[-1][1]) == LONGEST


def test_a_lost_book_says_so_and_asks_for_its_channel_anew() -> None:
    wire = Wire()
    snapshot, diff = FRAMES["OB_L1_SNAPSHOT"], FRAMES["OB_L1_DIFF"]
    gap = diff | {"d": diff["d"] | {"sq": 10}}

    first = wire.take(json.dumps(snapshot), NOW)
    lost = wire.take(json.dumps(gap), NOW)
    after = wire.take(json.dumps(diff), NOW)

    assert first.bodies[-1] == Quote("BTCZAR.VALR", 1790100000123000000, 99.0, 101.0, 2.0, 0.5)
    assert lost.resync == ("OB_L1_DIFF", "BTCZAR")
    assert isinstance(lost.bodies[0], DataIssue)
    assert "a gap: sequence 10 after 7" in lost.bodies[0].detail
    assert (after.bodies, after.resync, wire.counts["book frames waiting"]) == ((), None, 1)


def test_quotes_come_from_one_event_only_and_when_they_change() -> None:
    wire = Wire(quotes_from="AGGREGATED_ORDERBOOK_UPDATE")
    frame = FRAMES["AGGREGATED_ORDERBOOK_UPDATE"]
    later = frame | {"data": frame["data"] | {"SequenceNumber": frame["data"]["SequenceNumber"] + 5}}

    quotes = [
        [body for body in wire.take(json.dumps(each), NOW).bodies if isinstance(body, Quote)]
        for each in (FRAMES["OB_L1_SNAPSHOT"], frame, later)
    ]

    assert [len(some) for some in quotes] == [0, 1, 0]


def test_a_new_connection_waits_for_snapshots_but_remembers_trades() -> None:
    wire = Wire()
    wire.take(json.dumps(FRAMES["OB_L1_SNAPSHOT"]), NOW)
    wire.take(json.dumps(FRAMES["NEW_TRADE"]), NOW)

    wire.restarted()

    assert wire.take(json.dumps(FRAMES["OB_L1_DIFF"]), NOW).bodies == ()
    assert wire.take(json.dumps(FRAMES["NEW_TRADE"]), NOW).bodies == ()


def test_bodies_hold_plain_integers_that_can_be_written() -> None:
    wire = Wire()
    for frame in FRAMES.values():
        for body in wire.take(json.dumps(frame), NOW).bodies:
            assert msgspec.json.decode(msgspec.json.encode(body), type=type(body)) == body


def test_a_bucket_of_the_stream_that_is_not_over_is_no_bar() -> None:
    frame = json.dumps({"type": "NEW_TRADE_BUCKET", "currencyPairSymbol": "BTCZAR", "data": BUCKET})

    assert Wire().take(frame, OPENED + 10**9).bodies == ()
    assert len(Wire().take(frame, NOW).bodies) == 1
