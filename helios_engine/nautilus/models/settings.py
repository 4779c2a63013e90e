"""The keywords of `[venue]` that choose models, checked, and turned into them."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

from helios_engine.bodies import Instrument
from helios_engine.errors import ConfigError
from helios_engine.nautilus.models.fills import Participation, Probabilistic
from helios_engine.nautilus.models.impact import Constants, SqrtImpact
from helios_engine.nautilus.models.latency import Constant, Jittered, Latency, Recorded
from helios_engine.nautilus.models.measured import read_latencies
from helios_engine.nautilus.models.queue import Queue
from helios_engine.nautilus.models.slippage import HalfSpread, Slippage, Ticks
from helios_engine.nautilus.models.tape import FillModel, units
from helios_engine.timeframe import nanoseconds

FillName = Literal["touch", "through", "participation", "queue", "probabilistic"]
SlippageName = Literal["none", "half_spread", "ticks", "sqrt_impact"]
BELONGS = {
    "participation": ("fill_model", "participation"),
    "queue_trades": ("fill_model", "queue"),
    "fill_probability": ("fill_model", "probabilistic"),
    "slippage_bps": ("slippage", "half_spread"),
    "slippage_ticks": ("slippage", "ticks"),
    "impact_y": ("slippage", "sqrt_impact"),
    "impact_sigma": ("slippage", "sqrt_impact"),
    "impact_volume": ("slippage", "sqrt_impact"),
}
"""Which choice each number is for."""
DEFAULTS = {"queue_trades": 10.0, "impact_y": 1.0}
_FRACTIONS = {"participation", "fill_probability"}
_ZERO_TOO = {"fill_probability", "queue_trades"}
"""Zero means something: filled only beyond the price; first in the queue."""
_NEEDED = {"participation": "0.1", "fill_probability": "0.4", "slippage_bps": "5", "slippage_ticks": "1"}


class Models(NamedTuple):
    """The chosen models by name and number; each instrument gets instances of its own.

    `numbers` holds what the chosen ones need, defaults included; `latency_file` is the digest of the file, or empty.
    """

    fill_model: str
    slippage: str
    numbers: dict[str, float]
    latency: Latency
    latency_file: str
    seed: int

    def fills(self, definition: Instrument) -> FillModel | None:
        """The model for an instrument's resting orders; None where nautilus' own decides (touch and through)."""
        lot = units(definition.lot)
        if self.fill_model == "participation":
            return Participation(_exact(self.numbers["participation"]), lot)
        if self.fill_model == "queue":
            return Queue(_exact(self.numbers["queue_trades"]), lot)
        if self.fill_model == "probabilistic":
            return Probabilistic(self.numbers["fill_probability"], self.seed, lot)
        return None

    def slips(self, definition: Instrument) -> Slippage | None:
        """The model for an instrument's market orders; None where they are filled as nautilus does."""
        tick = units(definition.tick)
        if self.slippage == "half_spread":
            return HalfSpread(_exact(self.numbers["slippage_bps"]), tick)
        if self.slippage == "ticks":
            return Ticks(int(self.numbers["slippage_ticks"]), tick)
        if self.slippage == "sqrt_impact":
            sigma, volume = self.numbers.get("impact_sigma"), self.numbers.get("impact_volume")
            stated = None if sigma is None or volume is None else Constants(sigma, volume)
            return SqrtImpact(self.numbers["impact_y"], tick, stated)
        return None


def choose(given: dict[str, Any], seed: int) -> Models:
    """Check the keywords of `sim_venue` against each other; ConfigError names the key and the remedy."""
    chosen = {key: given[key] for key in ("fill_model", "slippage")}
    numbers = {key: float(given[key]) for key in BELONGS if given[key] is not None}
    for key in numbers:
        family, name = BELONGS[key]
        if chosen[family] != name:
            raise ConfigError(
                f"nautilus.sim: {key} = {given[key]} is for {family} = {name!r}, but {family} is {chosen[family]!r}; "
                f"set {family} = {name!r}, or remove {key}"
            )
    for key, (family, name) in BELONGS.items():
        if chosen[family] != name or key in numbers:
            continue
        if key in _NEEDED:
            raise ConfigError(f"nautilus.sim: {family} = {name!r} needs {key}; add for example {key} = {_NEEDED[key]}")
        if key in DEFAULTS:
            numbers[key] = DEFAULTS[key]
    _check(numbers)
    latency, digest = _latency(given["latency"], given["latency_jitter"], given["latency_file"], seed)
    return Models(chosen["fill_model"], chosen["slippage"], numbers, latency, digest, seed)


def _check(numbers: dict[str, float]) -> None:
    """Refuse numbers outside the range in which their model means anything."""
    for key, value in numbers.items():
        most = 1.0 if key in _FRACTIONS else sys.float_info.max
        if not (0 < value <= most or (value == 0 and key in _ZERO_TOO)):
            wanted = f"{'at least' if key in _ZERO_TOO else 'above'} 0{' and at most 1' if most == 1 else ''}"
            raise ConfigError(f"nautilus.sim: {key} must be {wanted}, was {value:g}")
    if ("impact_sigma" in numbers) != ("impact_volume" in numbers):
        raise ConfigError(
            "nautilus.sim: impact_sigma (a day's volatility, a fraction) and impact_volume (a day's volume in the "
            "base) are stated together; give both, or neither to take them from the past day"
        )


def _latency(latency: str | None, jitter: str | None, file: Path | None, seed: int) -> tuple[Latency, str]:
    if file is not None:
        if latency is not None or jitter is not None:
            key = "latency" if latency is not None else "latency_jitter"
            raise ConfigError(f"nautilus.sim: {key} and latency_file exclude each other; remove one of them")
        found = read_latencies(file)
        return Recorded(found.values, seed), found.digest
    base = _duration("latency", latency or "1ns")
    if base < 1:
        raise ConfigError(
            "nautilus.sim latency must be at least 1ns: an order may not meet the event it was decided on"
        )
    more = 0 if jitter is None else _duration("latency_jitter", jitter)
    return (Jittered(base, more, seed) if more else Constant(base)), ""


def _duration(key: str, text: str) -> int:
    try:
        return nanoseconds(text)
    except ValueError as error:
        raise ConfigError(f"nautilus.sim {key}: {error}") from None


def _exact(value: float) -> Fraction:
    # 0.1 in a config means a tenth, not the float nearest to it.
    return Fraction(repr(value))
