"""Fee schedules: named figures, charged as the venue charges them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Fill, Instrument, OrderIntent, Reject, Trade
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.errors import ConfigError
from helios_engine.fees import Schedule, fee_currency, fees_of, schedules
from helios_engine.ledger import Ledger
from helios_engine.nautilus.plugin import sim_venue
from helios_engine.runner import run
from tests.unit.test_cli import HELIOS, ROOT

D = Decimal
S = 1_000_000_000
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"))
PERP = Instrument("BTCUSDT-PERP.BINANCE", "BTC", "USDT", 1, 3, tick=D("0.1"), lot=D("0.001"), contract="perpetual")
PUBLISHED = {
    "valr-tier1-2026": "135c1571",
    "valr-tier2-2026": "225990ee",
    "valr-tier3-2026": "0001f934",
    "valr-tier4-2026": "acfe266e",
    "valr-tier5-2026": "9171ef87",
    "valr-tier6-2026": "ab6aa94e",
    "valr-tier7-2026": "36e0fad7",
    "valr-tier8-2026": "39a017cb",
    "valr-tier9-2026": "d094ccda",
    "binance-spot-vip0-2026": "acd6b230",
    "binance-usdm-regular-2026": "f907e710",
}
EMA = (ROOT / "configs/ema_cross.toml").read_text()


def config(venue: str = "", more: str = "") -> Any:
    text = EMA.replace('use = "nautilus.sim"', f'use = "nautilus.sim"\n{venue}') + more
    return parse_config(text, ROOT / "configs/ema_cross.toml")


@pytest.mark.parametrize(
    ("name", "definition", "maker", "taker", "taken_from"),
    [
        ("valr-tier1-2026", BTC, "0.0018", "0.0035", ("paid", "received")),
        ("valr-tier9-2026", BTC, "-0.0001", "0.0005", ("paid", "received")),
        (
            "valr-tier1-2026",
            Instrument("BTCUSDT.VALR", "BTC", "USDT", 0, 8, D(1), D(1)),
            "0.0008",
            "0.001",
            ("paid", "received"),
        ),
        (
            "valr-tier1-2026",
            Instrument("USDCUSDT.VALR", "USDC", "USDT", 0, 8, D(1), D(1)),
            "0.0005",
            "0.001",
            ("paid", "received"),
        ),
        ("binance-usdm-regular-2026", PERP, "0.0002", "0.0005", ("quote", "quote")),
    ],
)
def test_a_schedule_has_the_rates_of_an_instrument(
    name: str, definition: Instrument, maker: str, taker: str, taken_from: tuple[str, str]
) -> None:
    found = fees_of(name, definition, "here")

    assert (found.maker, found.taker, found.taken_from) == (D(maker), D(taker), taken_from)


@pytest.mark.parametrize("schedule", schedules().values(), ids=schedules())
def test_every_schedule_has_a_date_and_a_source(schedule: Schedule) -> None:
    assert schedule.date.startswith("20")
    assert "." in schedule.source
    assert all(-D("0.001") < rate.maker <= rate.taker < D("0.01") for rate in schedule.rates)


def test_a_schedule_that_runs_may_have_named_is_never_changed() -> None:
    digests = {
        name: hashlib.blake2b(msgspec.json.encode(schedule), digest_size=4).hexdigest()
        for name, schedule in schedules().items()
    }

    assert {name: digests.get(name) for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(
    ("taken_from", "side", "currency"),
    [
        ("received", "BUY", "BTC"),
        ("received", "SELL", "ZAR"),
        ("paid", "BUY", "ZAR"),
        ("paid", "SELL", "BTC"),
        ("quote", "BUY", "ZAR"),
        ("quote", "SELL", "ZAR"),
    ],
)
def test_what_a_fee_is_taken_from_names_its_currency(taken_from: Any, side: str, currency: str) -> None:
    assert fee_currency(taken_from, side, BTC) == currency


def test_an_unknown_schedule_is_refused_with_its_line_and_the_nearest_name() -> None:
    with pytest.raises(
        ConfigError, match=r"ema_cross\.toml:\d+: no fee schedule 'valr-teir1-2026'; did you mean 'valr-"
    ):
        build(config('fees = "valr-teir1-2026"'))


def test_a_schedule_without_a_rate_for_the_instrument_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"has no rate for BTCZAR\.VALR, which is spot"):
        build(config('fees = "binance-usdm-regular-2026"'))


def test_an_instrument_says_more_than_the_venue_and_the_venue_more_than_the_definition() -> None:
    own = '\n[[instrument]]\ninstrument = "BTCZAR.VALR"\nfees = "valr-tier2-2026"\nmaker_fee = "0.5"\n'
    btc, eth = build(config('fees = "valr-tier1-2026"', own)).instruments

    assert (btc.maker_fee, btc.taker_fee) == (D("0.5"), D("0.0025"))
    assert (eth.maker_fee, eth.taker_fee) == (D("0.0018"), D("0.0035"))


def test_the_definitions_fees_stay_where_no_schedule_is_named() -> None:
    plan = build(config())

    assert {d.taker_fee for d in plan.instruments} == {D("0.0035")}
    assert set(plan.terms.fees_in.values()) == {("quote", "quote")}


def trade(second: int, price: float, side: str) -> Trade:
    return Trade("BTCZAR.VALR", (second + 1) * S, price, 5.0, side, str(second))


def answers(venue: Any, second: int, price: float, side: str, *orders: OrderIntent) -> list[Any]:
    found = list(venue.market((second + 1) * S, trade(second, price, side)))
    for order in orders:
        venue.send((second + 1) * S, order)
    return [*found, *venue.settle((second + 1) * S)]


def test_valr_takes_a_takers_fee_from_what_it_gets_and_a_makers_from_what_it_gives() -> None:
    fees = fees_of("valr-tier1-2026", BTC, "here")
    definition = Instrument(*[getattr(BTC, n) for n in BTC.__struct_fields__[:9]], fees.maker, fees.taker)
    venue: Any = sim_venue({"ZAR": "10000"}, fees_in={"BTCZAR.VALR": fees.taken_from})
    book = Ledger("ZAR", {"ZAR": D(10000)}, {})
    book.instruments[BTC.instrument] = definition
    venue.open(1, [definition])
    heard = answers(venue, 0, 1000.0, "SELL") + answers(
        venue, 1, 1000.0, "BUY", OrderIntent("b", BTC.instrument, "BUY", D(2))
    )
    heard += answers(venue, 2, 1000.0, "BUY")
    # All of 1.993 cannot be offered: 0.18 % of it may be due in BTC on top.
    heard += answers(venue, 3, 1000.0, "SELL", OrderIntent("all", BTC.instrument, "SELL", D("1.993"), "LIMIT", D(1100)))
    heard += answers(venue, 4, 1000.0, "SELL", OrderIntent("m", BTC.instrument, "SELL", D(1), "LIMIT", D(1100)))
    heard += answers(venue, 5, 1000.0, "SELL")
    heard += answers(venue, 6, 1200.0, "SELL")
    heard += answers(venue, 7, 1200.0, "SELL", OrderIntent("s", BTC.instrument, "SELL", D("0.5")))
    heard += answers(venue, 8, 1200.0, "SELL")

    fills = [body for body in heard if isinstance(body, Fill)]
    for fill in fills:
        book.fill(fill)

    assert [(f.id, f.liquidity, f.fee, f.fee_currency) for f in fills] == [
        ("b", "TAKER", D("0.007"), "BTC"),
        ("m", "MAKER", D("0.0018"), "BTC"),
        ("s", "TAKER", D("2.1"), "ZAR"),
    ]
    assert [(body.id, body.reason[:20]) for body in heard if isinstance(body, Reject)] == [
        ("all", "INSUFFICIENT_BALANCE")
    ]
    # 10,000 − 2,000 + 1,100 + 600 − 2.10 in ZAR, and 2 − 0.007 − 1 − 0.0018 − 0.5 in BTC, at venue and ledger alike.
    assert venue.balances() == {"BTC": D("0.4912"), "ZAR": D("9697.9")}
    assert (book.held(BTC.instrument), book.cash["ZAR"]) == (D("0.4912"), D("9697.9"))


def test_a_run_on_a_schedule_says_so_and_keeps_ledger_and_venue_together(tmp_path: Path) -> None:
    result = run(config('fees = "valr-tier1-2026"'), runs=tmp_path)
    fills = result.frames.fills

    charged = {(side, money[:3]) for side, money in zip(fills["side"], fills["fee_currency"], strict=True)}
    assert charged == {("BUY", "BTC"), ("BUY", "ETH"), ("SELL", "ZAR")}
    assert (
        "0.18% / 0.35%, taken from what is paid / received, by valr-tier1-2026 (2026" in result.summary.models["fees"]
    )


def test_the_schedules_are_listed_for_people_and_machines(tmp_path: Path) -> None:
    words, data = (
        subprocess.run([HELIOS, "config", "fees", *more], cwd=tmp_path, capture_output=True, text=True, check=True)
        for more in ([], ["--json"])
    )

    assert "valr-tier1-2026\n  VALR, tier 1" in words.stdout
    assert json.loads(data.stdout)["binance-spot-vip0-2026"]["rates"][0]["taker"] == "0.001"
