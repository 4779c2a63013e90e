"""How a live run is, as one value: the terminal, `ctl status` and `--json` all show this and nothing else."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helios_engine.contained import Contained
from helios_engine.gate.open_orders import OpenOrders
from helios_engine.ledger import ZERO, Ledger
from helios_engine.live.hearing import Decided, Heard, words
from helios_engine.live.look_parts import (
    AccountLook,
    DataLook,
    DecisionLook,
    LineLook,
    Look,
    OrderLook,
    PositionLook,
    RecorderLook,
)
from helios_engine.port import Port

if TYPE_CHECKING:
    from helios_engine.live.paper import Paper

SHOWN = 200
"""At most so many open orders are listed; `open_orders` counts them all."""


def look(run: Paper) -> Look:
    """Look at a run; it changes nothing, and the run is the same with and without."""
    now = run.world.now()
    session, engine = run.session, run.session.engine
    heard = session.hearing
    found: dict[str, Any] = {
        "run": run.place.name if run.place is not None else "",
        "mode": "paper",
        "at": now,
        "phase": run.phase,
        "for_s": _ago(now, run.begun) or 0.0,
        "lines": [
            LineLook(name=line.name, is_up=line.is_up, up_s=_ago(now, line.since) if line.is_up else None,
                     heard_s=_ago(now, line.heard), frames=line.frames, attempts=line.attempts, problem=line.problem)
            for line in run.made.connection.lines()
        ],
        "health": {f"{kind} {subject}".strip(): value for (subject, kind), (_, value) in heard.health.items()},
        "recorder": _recorder(run),
    }  # fmt: skip
    counts = {"frames": run.taking.frames if run.taking else 0, "unwanted": session.routes.left.total()}
    warnings = list(dict.fromkeys([*(run.notes() if run.recorder is not None else []), *run.alarms]))
    prices: dict[str, float] = {}
    if engine is not None:
        port, prices = engine.port, engine.port.ledger.prices
        counts |= {"inputs": sum(engine.timeline.delivered.values()), "turns": engine.turns}
        counts |= {"orders": port.orders, "fills": port.fills, "refused": port.rejects.total(), "early": port.early}
        found |= {
            "out": {
                node.name: node.out.kind
                for node in engine.pipeline.nodes
                if isinstance(node, Contained) and node.out is not None
            },
            "positions": _positions(port.ledger),
            "account": _account(port),
            "orders": _orders(port.gate.orders),
            "open_orders": len(port.gate.orders),
            "gate": port.gate.switches.told(),
            "troubles": port.gate.troubles(engine.now),
            "refused": dict(port.rejects),
            "decisions": [
                *(_decision(now, "target", name, one) for name, one in sorted(heard.targets.items())),
                *(_decision(now, "intent", name, one) for name, one in sorted(heard.intents.items())),
            ],
        }
    found["data"] = [_data(now, name, prices, heard.market.get(name)) for name in run.instruments]
    return Look(**found, counts=counts, warnings=warnings)


def _ago(now: int, then: int) -> float | None:
    return round(max(0, now - then) / 1e9, 3) if then else None


def _data(now: int, name: str, prices: dict[str, float], last: Heard | None) -> DataLook:
    lag = None if last is None or not last.ts_event else round((last.ts - last.ts_event) / 1e9, 6)
    age = None if last is None else _ago(now, last.ts)
    return DataLook(instrument=name, price=prices.get(name), age_s=age, lag_s=lag)


def _positions(ledger: Ledger) -> list[PositionLook]:
    found = []
    for name, position in sorted(ledger.positions.items()):
        price = ledger.prices.get(name)
        gain = None if price is None else position.quantity * (Decimal(repr(price)) - position.average_price)
        found.append(
            PositionLook(instrument=name, quantity=position.quantity, average_price=position.average_price,
                         price=price, worth=ledger.worth(name, position.quantity), open_pnl=gain,
                         closed_pnl=position.realised)
        )  # fmt: skip
    return found


def _account(port: Port) -> AccountLook | None:
    account = port.ledger.account()
    if account is None:
        return None
    first = account.equity if port.opening is None else port.opening.equity
    return AccountLook(currency=account.currency, cash=account.cash, equity=account.equity, exposure=account.exposure,
                       pnl=account.equity - first, fees=port.ledger.fees)  # fmt: skip


def _orders(orders: OpenOrders) -> list[OrderLook]:
    found = []
    for resting in list(orders)[:SHOWN]:
        order = resting.order
        found.append(
            OrderLook(id=order.id, instrument=order.instrument, side=order.side, type=order.type,
                      quantity=order.quantity, left=max(resting.left, ZERO), price=order.price, trigger=order.trigger,
                      reduce_only=order.reduce_only, is_unknown=order.id in orders.unknown)
        )  # fmt: skip
    return found


def _decision(now: int, kind: str, name: str, one: Decided) -> DecisionLook:
    return DecisionLook(instrument=name, kind=kind, text=words(one.body), stage=one.stage, age_s=_ago(now, one.ts) or 0)


def _recorder(run: Paper) -> RecorderLook | None:
    recorder = run.recorder
    if recorder is None:
        return None
    free = shutil.disk_usage(Path(recorder.folder)).free
    frames = run.taking.frames if run.taking is not None else 0
    return RecorderLook(frames=frames, dropped=recorder.dropped, waiting=recorder.waiting, free=free,
                        problem=recorder.problem)  # fmt: skip
