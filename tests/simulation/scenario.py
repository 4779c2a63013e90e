"""What a seed stands for: a market, how it is listened to, what goes wrong, and when the process dies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple, get_args

from msgspec.structs import replace

from helios_engine.config import Config, parse_config
from helios_valr.simulator import Fault, Settings
from helios_valr.simulator.faults import LASTING, Kind

START = 1_790_133_540_000_000_000
SECOND = 1_000_000_000

STALE = 4.0
"""Seconds without news after which the connection calls data stale."""
MOST = 1_100_000
"""What an order may be worth (ZAR) in every scenario."""

_CONFIG = """
[run]
name = "seed"
tick = "1s"
warmup = "{warmup}s"

[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}

[gate]
max_notional = "{most}"
max_orders_per_minute = {per_minute}
max_data_age = "{age}ms"
max_staleness = "8s"

[venue]
use = "nautilus.sim"
latency = "{latency}ms"

[live]
use = "valr"
{feeds}
[[stage]]
use = "aggregation.time_bars"
timeframes = ["{timeframe}"]

[[stage]]
use = "strategy.cross"
on = {{ timeframe = "{timeframe}" }}
kind = "ema"
fast = 2
slow = 5

[[stage]]
use = "portfolio.weights"
weights = "equal"

[[stage]]
use = "execution.market"
band = 0.05
"""


class Scenario(NamedTuple):
    """Seconds are virtual and count from the run's beginning, `lead` after that of the market.

    `crashes` are when the process dies and comes back.

    `rare` are the places in the product's own code at which a fault strikes, with how likely. No order that adds risk
    may be decided on data older than `max_age` seconds, nor be one of more than `per_minute`.
    """

    seed: int
    settings: Settings
    faults: tuple[Fault, ...]
    config: str
    pairs: tuple[str, ...]
    kinds: tuple[str, ...]
    max_age: float
    per_minute: int
    rare: Mapping[str, float]
    lead: float
    seconds: float
    crashes: tuple[float, ...]

    def parsed(self, folder: Path) -> Config:
        """The config as if it stood in a folder."""
        return parse_config(self.config, folder / "seed.toml")


def scenario(seed: int) -> Scenario:
    """The scenario of a seed, the same in every process."""
    draw = Random(f"scenario {seed}")
    pairs = ("BTCZAR", "ETHZAR")[: draw.choice((1, 1, 2))]
    seconds = draw.uniform(40, 75)
    settings = Settings(
        pairs=pairs, seed=seed, rate=draw.uniform(3, 12), history_minutes=5,
        new_trade_requires_auth=draw.random() < 0.5, lower_case_books=draw.random() < 0.5,
        before_id_inclusive=draw.random() < 0.5, idle_close=draw.choice((30.0, 60.0)),
    )  # fmt: skip
    faults = tuple(_fault(draw, seconds) for _ in range(draw.randint(0, 5)))
    kinds = ("trades", draw.choice(("quotes", "books")))
    feeds = "".join(
        f'\n[[feed]]\nuse = "catalog.{kind}"\ninstrument = "{pair}.VALR"\n' for pair in pairs for kind in kinds
    )
    age, per_minute = draw.choice((0.5, 8.0)), draw.choice((4, 12))
    warmup = Random(f"warm-up {seed}").choice((0, 0, 45, 150))
    lead = warmup + 10.0 if warmup else 0.0
    faults = tuple(replace(fault, at=fault.at + lead) for fault in faults)
    config = _CONFIG.format(
        warmup=warmup, age=round(age * 1000), most=MOST, per_minute=per_minute, latency=draw.choice((1, 50, 400)),
        timeframe=draw.choice(("1s", "2s")), feeds=feeds,
    )  # fmt: skip
    dies = draw.random() < 0.35
    crashes = tuple(sorted(draw.uniform(8, seconds - 8) for _ in range(draw.randint(1, 2)))) if dies else ()
    chances = {"recorder.full": 0.01, "journal.late": 0.5, "loop.late": 0.02}
    rare = {point: chance for point, chance in chances.items() if draw.random() < 0.2}
    return Scenario(seed, settings, faults, config, pairs, kinds, age, per_minute, rare, lead, seconds, crashes)


def _fault(draw: Random, seconds: float) -> Fault:
    kind: Kind = draw.choice(get_args(Kind))
    lasts = round(draw.uniform(1, 12), 3) if kind in LASTING else 0.0
    return Fault(kind, at=round(draw.uniform(5, seconds * 0.7), 3), seconds=lasts, count=draw.randint(1, 3))
