"""nautilus_trader's own BacktestEngine says what our venue should have answered.

`SEEDS=2000 pytest tests/unit/nautilus/test_oracle.py` tries more worlds.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from helios_engine.bodies import Fill, OrderIntent, OrderModified, Print, Reject
from tests.unit.nautilus.driving import through_ours
from tests.unit.nautilus.reference import Outcome, through_nautilus
from tests.unit.nautilus.worlds import DATA, MS, SPOT, D, World, world

SEEDS = int(os.environ.get("SEEDS", "240"))
BATCH = 8
HOUR = 3_600_000 * MS


def told(outcome: Outcome) -> list[Any]:
    """Answers without the words of a refusal, which each side has its own of."""
    found = []
    for ts, body in outcome.answers:
        if isinstance(body, Reject):
            body = msgspec.structs.replace(body, reason="")
        elif hasattr(body, "reason"):
            body = msgspec.structs.replace(body, reason="expired" if body.reason == "expired" else "")
        found.append((ts, body))
    return found


def changes_told(outcome: Outcome) -> list[Any]:
    """Answers without refused changes and changes to the same: wired, nautilus judges some when they leave."""
    found, last = [], {}
    for ts, body in told(outcome):
        if isinstance(body, OrderModified):
            same, last[body.id] = last.get(body.id) == body, body
            if same:
                continue
        found.append((ts, body))
    late = [a.id for _, a in outcome.answers if isinstance(a, Reject) and a.reason.startswith(("modify", "cancel"))]
    return [(ts, body) for ts, body in found if not (isinstance(body, Reject) and body.id in late)]


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_the_same_orders_have_the_same_answers_fills_fees_balances_and_positions(first: int) -> None:
    for seed in range(first, first + BATCH):
        made = world(seed)

        ours, nautilus = through_ours(made), through_nautilus(made)

        assert told(ours) == told(nautilus), f"world({seed})"
        assert ours.balances == nautilus.balances, f"world({seed})"
        assert ours.positions == nautilus.positions, f"world({seed})"


@pytest.mark.parametrize("first", range(0, SEEDS // 4, BATCH))
def test_the_way_to_the_venue_takes_as_long_as_nautilus_own_latency_model_says(first: int) -> None:
    for seed in range(first, first + BATCH):
        made = world(seed, names=1, is_plain=True, data=DATA[seed % 3])

        ours, nautilus = through_ours(made), through_nautilus(made, is_wired=True)

        assert changes_told(ours) == changes_told(nautilus), f"world({seed})"
        assert ours.balances == nautilus.balances, f"world({seed})"


def test_the_worlds_bring_out_every_kind_of_order_and_answer() -> None:
    sent: set[tuple[str, str]] = set()
    heard: set[tuple[str, str]] = set()
    for seed in range(32):
        made = world(seed)
        orders = [c for commands in made.commands.values() for c in commands if isinstance(c, OrderIntent)]
        sent |= {(o.type, o.time_in_force) for o in orders}
        heard |= {(type(a).__name__, getattr(a, "liquidity", "")) for _, a in through_ours(made).answers}

    assert {kind for kind, _ in sent} == {"MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"}
    assert {force for _, force in sent} == {"GTC", "IOC", "FOK", "GTD"}
    assert heard >= {("Fill", "MAKER"), ("Fill", "TAKER")}
    assert {kind for kind, _ in heard} == {
        "Fill",
        "FundingPayment",
        "OrderAccepted",
        "OrderCanceled",
        "OrderModified",
        "OrderTriggered",
        "Reject",
    }


def test_of_two_instruments_ours_waits_for_its_own_open_where_bare_nautilus_fills_at_the_last_close() -> None:
    btc, eth = SPOT[:2]
    closes = [Print(d.instrument, HOUR - 1, price, 5.0, "close") for d, price in ((btc, 1000.0), (eth, 500.0))]
    opens = [Print(d.instrument, HOUR + 1, price, 5.0, "open") for d, price in ((btc, 1010.0), (eth, 550.0))]
    rows = [(body.ts_event, body) for body in (*closes, *opens)]
    order = OrderIntent("1", eth.instrument, "BUY", D(1))
    made = World((btc, eth), rows, {1: [order]}, {}, "prints", "cash", "1ns", True)

    (ours,), (theirs,) = (
        [(ts, a.price) for ts, a in outcome.answers if isinstance(a, Fill)]
        for outcome in (through_ours(made), through_nautilus(made, is_wired=True))
    )

    assert ours == (HOUR + 1, D(550))
    assert theirs == (HOUR + 1, D(500))  # BTC's open settles the order before ETH has one
