"""Helios on fixed work: an SMA 10/50 cross on one-minute bars, market orders of a fixed size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from helios_engine.assemble import assemble
from helios_engine.bodies import OrderIntent, Signal
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.events import Event
from helios_engine.plugins import Plugins
from helios_engine.stage import StageSpec
from tests.stages import plugin

CONFIG = """
[run]
name = "bench"
[data]
catalog = "."
[account]
currency = "USDT"
balances = {{ USDT = "1000000" }}
[venue]
use = "nautilus.sim"
latency = "1ms"
dense = {dense}
[[feed]]
use = "catalog.{kind}"
instrument = "BTCUSDT.BENCH"
{timeframe}
{aggregation}
[[stage]]
use = "strategy.cross"
on = {{ timeframe = "1m" }}
[[stage]]
use = "bench.flip"
"""
AGGREGATION = '[[stage]]\nuse = "aggregation.time_bars"\ntimeframes = ["1m"]\n'


class Flip:
    """Buys one unit when the signal turns up and sells it when it turns down."""

    consumes = Signal

    def __init__(self) -> None:
        self.long = False
        self.count = 0

    def on_event(self, event: Event[Signal]) -> Iterator[OrderIntent]:
        wanted = event.body.value > 0
        if wanted != self.long and event.body.value != 0:
            self.long = wanted
            self.count += 1
            yield OrderIntent(f"B-{self.count}", event.body.instrument, "BUY" if wanted else "SELL", Decimal(1))


def run(root: Path, kind: str, *, dense: bool = False, driver: str = "blocks") -> dict[str, Any]:
    """Run once; CPU seconds of the loop, orders with the market event that preceded each, fills and balances."""
    text = CONFIG.format(
        kind=kind,
        dense=str(dense).lower(),
        timeframe='timeframe = "1m"' if kind == "bars" else "",
        aggregation=AGGREGATION if kind == "trades" else "",
    )
    plugins = Plugins()
    plugins.register(plugin(StageSpec("bench.flip", Flip)), "bench")
    plan = build(parse_config(text, root / "bench.toml"), plugins)
    engine = assemble(plan, driver=driver)
    venue: Any = engine.port.venue
    sent: list[tuple[int, str]] = []
    send, seen = venue.send, [0]

    def note(ts: int, intent: Any) -> None:
        sent.append((ts, intent.side))
        send(ts, intent)

    venue.send = note
    begin = time.process_time()
    for _ in engine.run():
        seen[0] += 1
    engine.finish(plan.stop)
    return {
        "seconds": time.process_time() - begin,
        "orders": sent,
        "fills": engine.port.fills,
        "balances": {k: str(v) for k, v in venue.balances().items()},
    }
