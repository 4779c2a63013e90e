from __future__ import annotations

import math
from typing import Any

import pytest

from helios_engine.bodies import (
    Bar,
    BookDelta,
    Control,
    DataIssue,
    Fill,
    Health,
    ModifyIntent,
    OrderAccepted,
    OrderUnknown,
    Quote,
    Reject,
    Trade,
    VenueStatus,
)
from helios_engine.events import Body
from tests.unit.gate.making import PERP, SECOND, SPOT, D, Desk, order, sell


def test_an_unknown_outcome_blocks_new_risk_of_its_instrument_until_the_venue_has_answered() -> None:
    desk = Desk()
    desk.hold("1")
    desk.refuse(order("1"))
    desk.gate.hear(OrderUnknown("1", SPOT, "no answer"))

    assert desk.refuse(order("2")) == "unknown_outcome: nobody knows what became of order '1'"
    assert desk.refuse(order("3", instrument=PERP)) == ""
    assert desk.refuse(sell("4")) == ""
    desk.gate.hear(OrderAccepted("1", SPOT))
    assert desk.refuse(order("5")) == ""


@pytest.mark.parametrize(
    "answer",
    [
        Reject("1", SPOT, "venue", "no"),
        Fill("1", "f", SPOT, "BUY", D(1), D(100), D(0), "ZAR", "TAKER"),
    ],
)
def test_a_no_and_a_fill_are_answers_too(answer: Any) -> None:
    desk = Desk()
    desk.refuse(order("1"))
    desk.gate.hear(OrderUnknown("1", SPOT, "no answer"))
    desk.gate.hear(answer)

    assert desk.refuse(order("2")) == ""


def test_an_order_of_unknown_outcome_may_still_be_filled_and_counts() -> None:
    desk = Desk(max_exposure="100")
    desk.refuse(order("1"))
    desk.gate.hear(OrderUnknown("1", SPOT, "no answer"))

    assert desk.kind(order("2", instrument=PERP)) == "max_exposure"


def test_an_unknown_order_that_is_not_ours_blocks_as_well() -> None:
    desk = Desk()
    desk.gate.hear(OrderUnknown("of-another-run", SPOT, "no answer"))

    assert desk.kind(order()) == "unknown_outcome"


@pytest.mark.parametrize(
    ("limits", "kind", "good", "bad", "told"),
    [
        ({"max_lag": "500ms"}, "lag", 0.5, 0.6, "expected at most 0.5"),
        ({"max_staleness": "3s"}, "staleness", 3.0, 3.1, "expected at most 3"),
        ({"max_clock_offset": "100ms"}, "clock_offset", 0.1, -0.2, "expected at most 0.1"),
        ({"max_gaps": 0}, "gaps", 0.0, 1.0, "expected at most 0"),
        ({}, "link", 1.0, 0.0, "expected 1"),
        ({}, "link", 1.0, math.nan, "expected 1"),
        ({"max_lag": "1s"}, "lag", 0.0, math.nan, "expected at most 1"),
    ],
)
def test_bad_health_blocks_new_risk_until_it_is_good_again(
    limits: dict[str, Any], kind: str, good: float, bad: float, told: str
) -> None:
    desk = Desk(**limits)
    desk.hold("1")
    desk.input(Health(SPOT, kind, good))
    before = desk.refuse(order("1"))
    desk.input(Health(SPOT, kind, bad))

    refused = desk.refuse(order("2"))

    assert before == ""
    assert refused == f"health: {kind} of {SPOT} is {bad:g}, {told}"
    assert desk.refuse(order("3", instrument=PERP)) == ""
    assert desk.refuse(sell("4")) == ""
    desk.input(Health(SPOT, kind, good))
    assert desk.refuse(order("5")) == ""


def test_health_that_no_limit_asks_for_is_nothing_to_the_gate() -> None:
    desk = Desk()
    desk.input(Health(SPOT, "lag", 99.0))

    assert desk.refuse(order()) == ""


@pytest.mark.parametrize(("subject", "spared"), [("VALR", True), ("OTHER", False), ("a feed", False), ("", False)])
def test_a_subject_is_an_instrument_or_a_venue_or_everything(subject: str, spared: bool) -> None:
    desk = Desk()
    desk.input(Health(subject, "link", 0.0))

    assert (desk.kind(order("1", instrument=PERP)) == "") == spared


def test_a_venue_that_is_not_online_gets_no_new_risk() -> None:
    desk = Desk()
    desk.hold("1")
    desk.input(VenueStatus("VALR", 1, "read-only"))

    assert desk.refuse(order("1")) == "venue_status: VALR is 'read-only', expected 'online'"
    assert desk.refuse(order("2", instrument=PERP)) == ""
    assert desk.refuse(sell("3")) == ""
    desk.input(VenueStatus("VALR", 2, "ONLINE"))
    assert desk.refuse(order("4")) == ""


@pytest.mark.parametrize(
    ("severity", "state", "told"), [("error", "", True), ("info", "quarantined", True), ("warn", "filled", False)]
)
def test_doubtful_data_holds_its_instrument_for_the_time_that_was_asked_for(
    severity: str, state: str, told: bool
) -> None:
    desk = Desk(quarantine="10s")
    desk.hold("1")
    desk.input(DataIssue(SPOT, "gap", severity, 0, SECOND, "", state), 2 * SECOND)

    refused = desk.refuse(order("1"), 3 * SECOND)

    assert refused == (f"quarantine: gap in the data of {SPOT}, for 9 s" if told else "")
    assert desk.refuse(order("2", instrument=PERP), 3 * SECOND) == ""
    assert desk.refuse(sell("3"), 3 * SECOND) == ""
    assert desk.refuse(order("4"), 12 * SECOND) == ""


def test_a_quarantine_lasts_as_long_as_its_longest_issue() -> None:
    desk = Desk(quarantine="1s")
    desk.input(DataIssue(SPOT, "outage", "error", 0, 9 * SECOND, ""), SECOND)
    desk.input(DataIssue(SPOT, "gap", "error", 0, SECOND, ""), 2 * SECOND)

    assert desk.kind(order("1"), 10 * SECOND - 1) == "quarantine"
    assert desk.kind(order("2"), 10 * SECOND) == ""


def test_without_being_asked_the_gate_knows_no_quarantine() -> None:
    desk = Desk()
    desk.input(DataIssue(SPOT, "gap", "error", 0, 1, ""))

    assert desk.refuse(order()) == ""


@pytest.mark.parametrize(
    "body",
    [
        Trade(SPOT, 1, 100.0, 1.0, "BUY", "1"),
        Quote(SPOT, 1, 99.0, 101.0, 1.0, 1.0),
        Bar(SPOT, "1m", 0, 1, 100.0, 100.0, 100.0, 100.0, 1.0),
        BookDelta(SPOT, 1, "BUY", 99.0, 1.0, 1),
    ],
    ids=lambda body: type(body).__name__,
)
def test_old_data_blocks_new_risk_of_its_instrument(body: Body) -> None:
    desk = Desk(max_data_age="1s")
    desk.hold("1")
    first = desk.refuse(order("1"))
    desk.input(body, SECOND)

    assert first == f"max_data_age: no market event of {SPOT} yet, limit 1 s"
    assert desk.refuse(order("2"), 2 * SECOND) == ""
    assert desk.refuse(order("3"), 2 * SECOND + SECOND // 2) == (
        f"max_data_age: 1.5 s since an event of {SPOT}, limit 1 s"
    )
    assert desk.kind(order("4", instrument=PERP), 2 * SECOND) == "max_data_age"
    assert desk.refuse(sell("5"), 9 * SECOND) == ""


@pytest.mark.parametrize("name", ["pause", "reduce_only", "flatten"])
def test_a_switch_lets_only_reductions_pass_until_resume(name: str) -> None:
    desk = Desk()
    desk.hold("1")
    desk.refuse(order("0", price="90"))
    desk.input(Control(name, ""))

    assert desk.refuse(order("1")) == (
        f"pause: everything is held by {name!r}; only orders that reduce pass until 'resume'"
    )
    assert desk.gate.refuse_change(1, ModifyIntent("0", SPOT, price=D(91))) is not None
    assert desk.refuse(sell("2")) == ""
    desk.input(Control("resume", ""))
    assert desk.refuse(order("3")) == ""


def test_a_switch_for_one_instrument_spares_the_others_and_a_slip_in_resume_lifts_nothing() -> None:
    desk = Desk()
    desk.input(Control("pause", SPOT))
    desk.input(Control("resume", "BTCZAR.VLAR"))
    desk.input(Control("resume", PERP))

    assert desk.kind(order("1")) == "pause"
    assert desk.kind(order("2", instrument=PERP)) == ""
    desk.input(Control("pause", "because"))
    assert desk.kind(order("3", instrument=PERP)) == "pause"
    desk.input(Control("resume", SPOT))
    assert desk.kind(order("4")) == "pause"  # everything is still held
    desk.input(Control("resume", "all"))
    assert desk.kind(order("5")) == ""


def test_after_a_kill_nothing_passes_not_even_a_reduction_and_no_resume_ends_it() -> None:
    desk = Desk()
    desk.hold("1")
    desk.refuse(sell("0", "0.5", price="120"))
    desk.input(Control("kill", ""))
    desk.input(Control("resume", ""))

    assert desk.refuse(sell("1", "0.5")) == "kill: everything is killed; only cancels pass"
    assert desk.gate.refuse_change(1, ModifyIntent("0", SPOT, quantity=D("0.4"))) == (
        "modify kill: everything is killed; only cancels pass"
    )


def test_a_kill_of_one_instrument_spares_the_others() -> None:
    desk = Desk()
    desk.input(Control("kill", PERP))

    assert desk.kind(order("1")) == ""
    assert desk.refuse(order("2", instrument=PERP)) == f"kill: {PERP} is killed; only cancels pass"


def test_a_flag_for_stages_is_nothing_to_the_gate() -> None:
    desk = Desk()
    desk.input(Control("rearm", ""))

    assert desk.refuse(order()) == ""


def test_the_gate_asks_for_no_market_data_that_no_limit_needs() -> None:
    assert set(Desk(max_position="1").gate.hears()) == {Control, Health, VenueStatus}
    assert Trade not in Desk(price_collar=0.1).gate.hears()
