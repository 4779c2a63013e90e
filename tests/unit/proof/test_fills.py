"""Faults planted in the venue, each found as the venue's, with the first wrong time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Fill, Instrument, OrderAccepted, OrderCanceled, OrderIntent, OrderTriggered, Tick
from helios_engine.nautilus.models.latency import Constant
from helios_engine.nautilus.venue import SimVenue
from helios_engine.proof.findings import Finding
from tests.unit.nautilus.worlds import world
from tests.unit.proof.audited_worlds import audited as audited_world
from tests.unit.proof.auditing_runs import BEGIN, CONFIG, MINUTE, SECOND, audited, wrong

D = Decimal
FIRST = BEGIN + 5 * MINUTE
"""The first decision after the warm-up: a tick, and the trade at its time before it."""
replace = msgspec.structs.replace


def test_an_honest_venue_is_left_in_peace(tmp_path: Path) -> None:
    found = audited(tmp_path)[1]

    assert found.findings == ()
    assert found.coverage["fills"] >= 10


def test_a_fill_at_the_event_of_its_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(self: Any, ts: int, intent: OrderIntent) -> None:
        self._markets[intent.instrument].flight.send(ts - SECOND, intent)
        self._now, self._body = self._markets[intent.instrument], intent  # on no print, so at once

    monkeypatch.setattr(SimVenue, "send", at_once)

    found = wrong(audited(tmp_path)[1])

    assert {f.part.kind for f in found} == {"venue"}
    assert any("was filled at the very event it was decided at" in f.what for f in found)
    assert min(f.first for f in found) == FIRST


def test_a_fill_before_its_order_arrived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Constant, "delay", lambda self, ts, command, order: 1)
    text = CONFIG.replace("250ms", "15s")

    (found,) = wrong(audited(tmp_path, text)[1])

    assert found.part.kind == "venue"
    assert found.what.startswith("T-6 was filled 5s before it can have arrived")
    assert found.first == FIRST + 10 * SECOND
    assert "venue.py:" in found.where


def test_a_fill_with_no_event_in_its_market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = SimVenue.settle

    def anytime(self: Any, ts: int) -> list[Any]:
        self._now, self._body = self._now or next(iter(self._markets.values())), self._body or Tick("1m", ts)
        return original(self, ts)

    monkeypatch.setattr(SimVenue, "settle", anytime)
    text = CONFIG.replace("250ms", "5s")

    found = wrong(audited(tmp_path, text)[1])

    (stale,) = [f for f in found if "on a stale price" in f.what]
    assert stale.part.kind == "venue"
    assert "7000000000 ns after the last event of its market" in stale.what
    assert FIRST < stale.first < FIRST + MINUTE


def _first(spoil: Callable[[Any], list[Any]], kind: type = Fill, seeds: range = range(40), **models: Any) -> Finding:
    """What is found first in worlds whose venue's answers of a kind are falsified."""
    for seed in seeds:

        def falsify(number: int, ts: int, body: Any) -> list[tuple[int, Any]]:
            return [(0, b) for b in spoil(body)] if isinstance(body, kind) else [(0, body)]

        audit = audited_world(world(seed), falsify, **{"fill_model": "through", **models})
        found = [f for f in audit.tally.findings() if not f.is_note]
        if found:
            assert {f.part.kind for f in found} == {"venue"}
            return min(found, key=lambda f: f.first)
    raise AssertionError("nothing was found in any world")


def _better(fill: Fill, liquidity: str) -> list[Fill]:
    if fill.liquidity != liquidity:
        return [fill]
    return [replace(fill, price=fill.price * (D("0.9") if fill.side == "BUY" else D("1.1")))]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: _better(f, "TAKER"), "better than the"),
        (lambda f: _better(f, "MAKER"), "better than its limit"),
        (lambda f: [replace(f, fee=f.fee / 2)], "was charged"),
        (lambda f: [replace(f, fee_currency="XYZ")], "is in XYZ, where the instrument's is in"),
        (lambda f: [f, replace(f, fill_id="twice")], "was filled"),
        (lambda f: [replace(f, side={"BUY": "SELL", "SELL": "BUY"}[f.side])], "was filled as"),
        (lambda f: [replace(f, id="nobody")], "which was never sent"),
        (lambda f: [OrderCanceled(f.id, f.instrument, "x"), f], "after its end"),
    ],
)
def test_a_falsified_fill_is_found(spoil: Callable[[Any], list[Any]], said: str) -> None:
    found = _first(spoil)

    assert said in found.what
    assert found.first > 0
    assert found.remedy


def test_a_later_market_fill_at_a_better_price_has_waited_for_it() -> None:
    told: list[str] = []
    for seed in range(0, 60, 4):
        drawn = world(seed)
        markets = {c.id for cs in drawn.commands.values() for c in cs if getattr(c, "type", "") == "MARKET"}

        def wait(number: int, ts: int, body: Any, markets: set[str] = markets) -> list[tuple[int, Any]]:
            return [(9, body)] if isinstance(body, Fill) and body.id in markets else [(0, body)]

        told += [f.what for f in audited_world(drawn, wait, fill_model="through").tally.findings() if not f.is_note]

    assert any("later than on arrival, when" in what or "on a stale price" in what for what in told)


def test_a_stop_that_the_tape_passed_and_that_did_not_wake() -> None:
    asleep: set[str] = set()

    def sleepy(answer: Any) -> list[Any]:
        stops = isinstance(answer, Fill) and "-sl" in answer.id
        if stops:
            asleep.add(answer.id)
        return [] if stops else [answer]

    found = _first(sleepy)

    assert "the tape reached the trigger" in found.what
    assert asleep


def test_commands_that_take_effect_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Constant, "delay", lambda self, ts, command, order: self.nanoseconds // 10)
    for seed in (*range(24, 32), *range(56, 64), *range(88, 96)):  # those with a latency of 2.5 s
        said += [f.what for f in audited_world(world(seed), fill_model="through").tally.findings() if not f.is_note]

    for what in ("was cancelled", "was changed", "was filled", "was accepted"):
        assert any(what in text and "before it can have arrived" in text for text in said)


def test_every_kind_of_answer_is_heard() -> None:
    kinds: set[type] = set()

    def note(number: int, ts: int, body: Any) -> list[tuple[int, Any]]:
        kinds.add(type(body))
        return [(0, body)]

    for seed in range(8):
        audited_world(world(seed), note, fill_model="through")

    assert {Fill, OrderAccepted, OrderCanceled, OrderTriggered} <= kinds
    assert Instrument not in kinds
