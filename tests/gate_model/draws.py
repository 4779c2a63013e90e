"""Limits, orders, changes and news, drawn at random; most of them sound, so that every rule gets its turn."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from helios_engine.bodies import Control, DataIssue, Health, ModifyIntent, OrderIntent, VenueStatus
from tests.gate_model.world import HOUR, INSTRUMENTS, SECOND, Open

D = Decimal
NAMES = tuple(INSTRUMENTS)
MONEY = ("0", "100", "150", "200", "400", "1000", "5000")
WRONG: tuple[Any, ...] = (
    *(D(text) for text in ("NaN", "sNaN", "Infinity", "-Infinity", "-0", "0", "-1", "1E+15", "1E+999999", "1E-19")),
    1.0,
    3,
    None,
)
LIMITS: dict[str, tuple[Any, ...]] = {
    "max_position": MONEY,
    "max_notional": MONEY,
    "max_exposure": MONEY,
    "max_leverage": (0, 0.25, 1, 2.5),
    "max_open_orders": (0, 1, 2, 3),
    "max_open_orders_per_instrument": (0, 1, 2),
    "max_orders_per_minute": (0, 1, 3, 6),
    "max_orders_per_second": (1, 2),
    "max_daily_loss": (0, 0.01, 0.1),
    "max_drawdown": (0, 0.02, 0.2),
    "price_collar": (0, 0.02, 0.1, 0.5),
    "duplicate_window": ("1s", "30s"),
    "max_data_age": ("5s", "1m"),
    "max_lag": ("500ms", "2s"),
    "max_staleness": ("3s",),
    "max_clock_offset": ("100ms",),
    "max_gaps": (0, 2),
    "quarantine": ("0s", "10s", "1h"),
    "allow_spot_short": (True,),
    "sum_reduce_only": (True,),
}


def limits(draw: Random) -> dict[str, Any]:
    """A few limits: with all of them on, the tightest would hide the others."""
    keys = draw.sample(sorted(LIMITS), draw.choice((0, 1, 1, 2, 3, 5)))
    found = {key: draw.choice(LIMITS[key]) for key in keys}
    if draw.random() < 0.4:
        found["allow_spot_short"] = True
    return found


def order(draw: Random, number: int, now: int, last: float) -> OrderIntent:
    kind = draw.choice(("MARKET", "MARKET", "LIMIT", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP"))
    near = [D(str(last)) + D(step) / 2 for step in draw.choices((-20, -5, -2, -1, 0, 1, 2, 5, 20), k=2)]
    fields: dict[str, Any] = {
        "id": str(number if draw.random() < 0.98 else draw.randrange(number + 1)),
        "instrument": draw.choice(NAMES),
        "side": draw.choice(("BUY", "SELL")),
        "quantity": quantity(draw),
        "type": kind,
        "reduce_only": draw.random() < 0.15,
    }
    if kind in ("LIMIT", "STOP_LIMIT"):
        fields["price"] = near[0]
    if kind in ("STOP", "STOP_LIMIT") or (kind == "TRAILING_STOP" and draw.random() < 0.5):
        fields["trigger"] = near[1]
    if kind == "TRAILING_STOP":
        fields["offset"] = draw.choice((D("0.5"), D(2), D(10)))
    if draw.random() < 0.05:
        fields |= {"time_in_force": "GTD", "expires": now + draw.choice((-1, 0, 1, HOUR))}
    if draw.random() < 0.05:
        fields |= spoiled(draw)
    return OrderIntent(**fields)


def spoiled(draw: Random) -> dict[str, Any]:
    """One thing that is wrong with an order, or nearly."""
    return draw.choice(
        (
            {draw.choice(("quantity", "price", "trigger", "offset")): draw.choice(WRONG)},
            {"quantity": D("1.001")},
            {"quantity": D("0.01")},
            {"price": D("100.25"), "type": "LIMIT", "trigger": None, "offset": None},
            {"trigger": D("100.25"), "type": "STOP", "price": None, "offset": None},
            {"instrument": "XRPZAR.V"},
            {"side": "buy"},
            {"type": "ICEBERG"},
            {"time_in_force": draw.choice(("IOC", "DAY", "GTD"))},
            {"post_only": True},
            {"post_only": True, "time_in_force": "FOK"},
            {"expires": 1},
            {"id": ""},
        )
    )


def quantity(draw: Random) -> Decimal:
    return D(draw.choice((2, 4, 10, 50, 100, 100, 200, 300, 1000))) / 100


def change(draw: Random, open_orders: dict[str, Open], last: float) -> ModifyIntent:
    known = draw.choice(sorted(open_orders)) if open_orders and draw.random() < 0.97 else "nobody"
    instrument = open_orders[known].order.instrument if known in open_orders else draw.choice(NAMES)
    if draw.random() < 0.02:
        instrument = draw.choice(NAMES)
    near = D(str(last)) + D(draw.choice((-20, -2, 0, 2, 20))) / 2
    fields: dict[str, Any] = {}
    if draw.random() < 0.7:
        fields["quantity"] = quantity(draw) if draw.random() < 0.97 else draw.choice(WRONG)
    if draw.random() < 0.3:
        fields["price"] = near if draw.random() < 0.9 else draw.choice(WRONG)
    if draw.random() < 0.15:
        fields["trigger"] = near
    return ModifyIntent(known, instrument, **fields)


def news(draw: Random, now: int) -> Control | Health | VenueStatus | DataIssue:
    subject = draw.choice((*NAMES, "V", "W", "", "a feed"))
    match draw.randrange(10):
        case 0:
            return Control(draw.choice(("pause", "reduce_only", "flatten", "flag")), draw.choice((*NAMES, "", "why")))
        case 1 | 2:
            return Control("resume", draw.choice((*NAMES, "", "all", "*", "why")))
        case 3:
            value = draw.choice((0.0, 0.0, 0.0, 0.05, 1.0, 3.0, -2.0, float("nan")))
            return Health(subject, draw.choice(("lag", "staleness", "clock_offset", "gaps", "mood")), value)
        case 4:
            return Health(subject, "link", draw.choice((1.0, 1.0, 0.0, float("nan"))))
        case 5:
            return VenueStatus(draw.choice(("V", "W", "Z")), now, draw.choice(("online", "Online", "read-only")))
        case 6 if draw.random() < 0.1:
            return Control("kill", draw.choice((*NAMES, "")))
        case _:
            severity, state = draw.choice((("error", ""), ("warn", ""), ("info", "quarantined"), ("warn", "filled")))
            until = now + draw.choice((-HOUR, 0, 5 * SECOND))
            return DataIssue(draw.choice((*NAMES, "")), "gap", severity, now - HOUR, until, "", state)
