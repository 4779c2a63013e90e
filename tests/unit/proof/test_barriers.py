"""Stop and target of one position inside one bar: what the assumed path decided is told, what it did not is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from helios_engine.bodies import Fill, Instrument, OrderAccepted, OrderCanceled, OrderIntent, Print
from helios_engine.proof.audits.fills import Fills
from helios_engine.proof.audits.standing import Words
from helios_engine.proof.findings import Finding, Part

D = Decimal
HOUR = 3_600_000_000_000
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.01"))
PHASES = ("open", "extreme", "extreme", "close")


def run(path: tuple[int, ...], filled_at: int, by: str, price: int, gap: int = 0) -> list[Finding]:
    """A stop at 95 and a target at 105 around 100 rest; in the next bar one is filled at a print of the path."""
    fills = Fills(Part("venue", "venue"), Words(1, 0, True, "through", {}))
    fills.define(BTC)
    number = 0

    def show(bar: int, step: int, value: int) -> int:
        nonlocal number
        number += 1
        ts = bar * HOUR + (1, HOUR // 3, 2 * HOUR // 3, HOUR - 1)[step] + gap * (bar > 1)
        fills.market(number, ts, Print(BTC.instrument, ts, float(value), 5.0, PHASES[step]))
        return ts

    ts = 0
    entry: list[Any] = [OrderIntent("entry", BTC.instrument, "BUY", D(1))]
    entry += [OrderIntent("stop", BTC.instrument, "SELL", D(1), "STOP", trigger=D(95), reduce_only=True)]
    entry += [OrderIntent("take", BTC.instrument, "SELL", D(1), "LIMIT", D(105), reduce_only=True)]
    for step in range(4):
        ts = show(0, step, 100)
    for intent in entry:
        fills.sent(number, ts, intent)
    ts = show(1, 0, 100)
    fills.answered(number, ts, Fill("entry", "1", BTC.instrument, "BUY", D(1), D(100), D(0), "ZAR", "TAKER"))
    for name in ("stop", "take"):
        fills.answered(number, ts, OrderAccepted(name, BTC.instrument))
    for step in range(1, 4):
        show(1, step, 100)
    for step, value in enumerate(path):
        ts = show(2, step, value)
        if step == filled_at:
            is_stop = by == "stop"
            liquidity: Any = "TAKER" if is_stop else "MAKER"
            fills.answered(number, ts, Fill(by, "2", BTC.instrument, "SELL", D(1), D(price), D(0), "ZAR", liquidity))
            other = "take" if is_stop else "stop"
            fills.answered(number, ts, OrderCanceled(other, BTC.instrument, "nothing left to reduce"))
    fills.ended()
    return list(fills.tally.findings())


def test_a_target_that_the_path_reaches_before_the_stop_is_an_assumption() -> None:
    (note,) = run((100, 106, 94, 100), filled_at=1, by="take", price=105)

    assert note.is_note
    assert "both lay in 1 bar: the assumed path, which takes the high first in 1 of them" in note.what
    assert "gave the target 1 and the stop 0 times" in note.what


def test_a_stop_that_the_path_reaches_before_the_target_is_an_assumption_too() -> None:
    (note,) = run((100, 94, 106, 100), filled_at=1, by="stop", price=94)

    assert "the low first in 1 of them, gave the target 0 and the stop 1 times" in note.what


def test_a_bar_that_touches_only_one_of_them_decides_nothing() -> None:
    assert run((100, 106, 99, 100), filled_at=1, by="take", price=105) == []


def test_a_target_filled_after_the_path_had_passed_the_stop_is_hindsight() -> None:
    found = [f for f in run((100, 94, 106, 100), filled_at=2, by="take", price=105) if not f.is_note]

    (passed,) = found
    assert "the tape reached the trigger 95 of stop, and it was not filled" in passed.what
    assert passed.first == 2 * HOUR + HOUR // 3
    assert passed.part.kind == "venue"


def test_a_target_that_the_path_never_reached_is_found() -> None:
    (found,) = run((100, 104, 99, 100), filled_at=1, by="take", price=105)

    assert "rested at 105 and was filled while the market was at 104" in found.what
    assert found.first == 2 * HOUR + HOUR // 3


def test_a_stop_inside_a_bar_is_filled_at_its_trigger_by_assumption() -> None:
    (note,) = run((100, 94, 99, 100), filled_at=1, by="stop", price=95)

    assert note.is_note
    assert "stop stop was filled at its trigger 95 inside a bar; the next print was 94" in note.what


def test_a_fill_after_a_long_silence_is_told() -> None:
    (note,) = run((106, 106, 106, 106), filled_at=0, by="take", price=105, gap=40 * HOUR)

    assert note.is_note
    assert "came after 40h without an event there" in note.what
