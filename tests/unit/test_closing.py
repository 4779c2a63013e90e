"""After `flatten` nothing rests and nothing is held, after `kill` nothing rests that adds risk, whatever stages do."""

from __future__ import annotations

import random
import types
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.assemble import assemble, heads
from helios_engine.bodies import CancelIntent, Control, Instrument, OrderIntent, Position, Target, Tick, Trade
from helios_engine.build import Plan, build
from helios_engine.codec import Codec
from helios_engine.config import parse_config
from helios_engine.engine import Engine
from helios_engine.events import Event
from helios_engine.folder import JOURNAL
from helios_engine.hookspecs import hookimpl
from helios_engine.journal import JournalReader
from helios_engine.plugins import Plugins
from helios_engine.reconcile import reconcile
from helios_engine.replay import outputs, replay
from helios_engine.runner import backtest
from helios_engine.stage import FeedSpec, Pin, StageSpec

D = Decimal
SECOND = 10**9
SPOT = Instrument("BTCZAR.ACME", "BTC", "ZAR", 2, 4, D("0.01"), D("0.0001"), min_quantity=D("0.001"),
                  taker_fee=D("0.001"), valid_from=1)  # fmt: skip
SECONDS = 90
CONFIG = """
[run]
name = "switches"
tick = "1s"

[account]
currency = "ZAR"
balances = { ZAR = "1000000" }

[venue]
use = "nautilus.sim"
latency = "40ms"

[[feed]]
use = "test.trades"
seed = %(seed)d

[[feed]]
use = "test.switches"
seed = %(seed)d

[[stage]]
use = "test.reckless"
seed = %(seed)d
"""


class Trades:
    """A trade every 300 ms or so, of a price that walks."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def pin(self) -> Pin:
        return Pin(f"trades-{self.seed}", 300, SECOND, SECONDS * SECOND)

    def instruments(self) -> list[Instrument]:
        return [SPOT]

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Trade]]:
        draw, ts, price, number = random.Random(self.seed), SECOND, 1000.0, 0
        while ts < SECONDS * SECOND:
            price = round(max(10.0, price * (1 + draw.uniform(-0.004, 0.004))), 2)
            yield (
                ts,
                Trade(SPOT.instrument, ts, price, draw.choice([0.05, 5.0]), draw.choice(["BUY", "SELL"]), str(number)),
            )
            ts += draw.randrange(1, 600) * SECOND // 1000
            number += 1


class Switches:
    """A few switches at any time, for everything or for the instrument; or `once` flat, and then resumed."""

    def __init__(self, seed: int, once: bool = False) -> None:
        self.seed, self.once = seed, once

    def pin(self) -> Pin:
        return Pin(f"switches-{self.seed}", 9, SECOND, SECONDS * SECOND)

    def instruments(self) -> list[Instrument]:
        return []

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Control]]:
        if self.once:
            yield 20 * SECOND + self.seed, Control("flatten", "all")
            yield 45 * SECOND, Control("resume", "all")
            return
        draw = random.Random(-self.seed)
        names = ["flatten"] * 5 + ["resume"] * 3 + ["pause", "reduce_only", "note"] + ["kill"] * (self.seed % 3 == 0)
        for ts in sorted(draw.randrange(5 * SECOND, SECONDS * SECOND) for _ in range(7)):
            yield ts, Control(draw.choice(names), draw.choice(["all", SPOT.instrument]))


class Reckless:
    """Orders of all kinds at any tick, and some of them taken back."""

    consumes = (Tick, Position, Trade)

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.count, self.price, self.held = 0, 0.0, D(0)

    def on_event(self, event: Event[Any]) -> Iterator[OrderIntent | CancelIntent]:
        match event.body:
            case Trade():
                self.price = event.body.price
                return
            case Position():
                self.held = event.body.quantity
                return
        for _ in range(self.draw.choice([0, 0, 1, 2])):
            self.count += 1
            if self.draw.random() < 0.1:
                yield CancelIntent(f"R-{self.draw.randrange(self.count)}", SPOT.instrument)
            else:
                yield self._order()

    def _order(self) -> OrderIntent:
        kind: Any = self.draw.choice(["MARKET", "MARKET", "LIMIT", "STOP"])
        side: Any = self.draw.choice(["BUY", "BUY", "SELL"])
        away = self.draw.uniform(0.98, 1.02)
        level = D(repr(round(self.price * away, 2)))
        largest = self.held if side == "SELL" and self.held > 0 else D(9)
        quantity = (largest * D(repr(round(self.draw.random(), 3)))).quantize(D("0.0001"))
        terms: dict[str, Any] = {"LIMIT": {"price": level}, "STOP": {"trigger": level}}.get(kind, {})
        is_exit = side == "SELL" and self.draw.random() < 0.5
        return OrderIntent(f"R-{self.count}", SPOT.instrument, side, quantity, kind, reduce_only=is_exit, **terms)


class Aims:
    """A target now and then, whatever was switched."""

    consumes = Tick

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def on_event(self, event: Event[Tick]) -> Iterator[Target]:
        if self.draw.random() < 0.4:
            yield Target(SPOT.instrument, self.draw.choice([0.0, 2.0, 5.5]))


def plugins() -> Plugins:
    module = types.ModuleType("switching")

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.trades", Trades), FeedSpec("test.switches", Switches)]

    @hookimpl
    def helios_stages() -> list[StageSpec]:
        return [StageSpec("test.reckless", Reckless), StageSpec("test.aims", Aims)]

    module.helios_feeds, module.helios_stages = helios_feeds, helios_stages  # type: ignore[attr-defined]
    found = Plugins()
    found.register(module, "switching")
    return found


def plan(seed: int, folder: Path = Path(), text: str = CONFIG) -> Plan:
    return build(parse_config(text % {"seed": seed}, folder / "switches.toml"), plugins())


def states(engine: Engine) -> Iterator[tuple[int, bool, bool]]:
    """After every tick its time, and whether the instrument has been flattened, or killed, for a few seconds."""
    flat = killed = 0
    for found in engine.run():
        switches = engine.port.gate.switches
        flat = (flat or found.ts) if switches.flattens(SPOT.instrument) else 0
        killed = (killed or found.ts) if switches.kills(SPOT.instrument) else 0
        if type(found.body) is Tick:
            yield found.ts, bool(flat) and found.ts - flat > 8 * SECOND, bool(killed) and found.ts - killed > 3 * SECOND


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_few_seconds_after_flatten_nothing_rests_and_nothing_is_held(seed: int) -> None:
    engine = assemble(plan(seed))

    for _, is_flat, is_killed in states(engine):
        resting = [r.order for r in engine.port.gate.orders]
        if is_killed:
            assert [order for order in resting if not order.reduce_only] == []
        elif is_flat:
            assert resting == []
            assert abs(engine.port.ledger.held(SPOT.instrument)) < SPOT.min_quantity


@pytest.mark.parametrize("seed", [1, 2, 4])
@pytest.mark.parametrize(
    "execution",
    [
        'use = "execution.market"',
        'use = "execution.limit"\nrequote_every = "2s"',
        'use = "execution.twap"\nduration = "6s"\ninterval = "2s"',
        'use = "execution.bracket"\nstop = 0.01\ntake = 0.01',
    ],
)
def test_the_stages_of_execution_are_flattened_and_trade_again_after_resume(execution: str, seed: int) -> None:
    text = (
        CONFIG.replace("test.reckless", "test.aims").replace('switches"\nseed', 'switches"\nonce = true\nseed')
        + f"\n[[stage]]\n{execution}\n"
    )
    engine = assemble(plan(seed, text=text))
    flats, fills_when_flat, fills_after = 0, 0, 0

    for _, is_flat, _ in states(engine):
        if is_flat:
            flats, fills_when_flat = flats + 1, engine.port.fills
            assert [r.order for r in engine.port.gate.orders] == []
            assert abs(engine.port.ledger.held(SPOT.instrument)) < SPOT.min_quantity
        elif fills_when_flat and not engine.port.gate.switches.told():
            fills_after = engine.port.fills - fills_when_flat

    assert flats > 0
    assert fills_after > 0


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_a_run_with_switches_replays_reconciles_and_is_the_same_by_blocks(seed: int, tmp_path: Path) -> None:
    (tmp_path / "switches.toml").write_text(CONFIG % {"seed": seed})
    place = backtest(plan(seed, tmp_path), tmp_path / "runs").folder

    assert replay(place, plugins=plugins()).differences == []
    assert reconcile(place, plugins=plugins()).differences == []
    found = []
    for driver in ("events", "blocks"):
        made = plan(seed)
        engine = assemble(made, driver=driver)
        for _ in engine.run():
            pass
        engine.finish(made.stop)
        found.append(heads(made, engine))
    assert found[0] == found[1]


def test_what_the_engine_sends_stands_in_the_journal_with_its_cause_and_in_the_walk_of_a_diff(tmp_path: Path) -> None:
    (tmp_path / "switches.toml").write_text(CONFIG % {"seed": 1})
    place = backtest(plan(1, tmp_path), tmp_path / "runs").folder

    stored = [o for o in JournalReader(place / JOURNAL, Codec()).outputs() if o.stage == "closing"]
    walked = [o for o in outputs(place, plugins=plugins()) if o.stage == "closing"]

    assert {type(o.body) for o in stored} == {OrderIntent, CancelIntent}
    assert {o.cause[0] for o in stored} >= {"test.switches"}
    assert [(o.ts, o.body, o.cause) for o in walked] == [(o.ts, o.body, o.cause) for o in stored]
