"""Is the expected move worth the round trip? What a new risk must promise before it is taken."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal

import msgspec

from helios_engine.bodies import Instrument, Prediction, Quote, Signal, VolForecast
from helios_execution.sizing import ZERO, decimal, is_too_small, whole_lots

BPS = 10_000
Forecast = Prediction | VolForecast | Signal
_KINDS: dict[str, type[Forecast]] = {"prediction": Prediction, "volatility": VolForecast, "signal": Signal}


class CostGate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings: no new risk while the expected move is less than `multiple` × the cost of a round trip, in bps.

    `move` says where the expected move is read: `prediction` (the last Prediction's value, an expected return as a
    fraction), `volatility` (the last VolForecast, a fraction without a direction) or `signal` (the last Signal ×
    `signal_bps`, the move that a signal of 1 stands for). `model` and `timeframe` keep other forecasts out.
    `spread_bps` is the whole spread, used until there is a quote.
    """

    move: Literal["prediction", "volatility", "signal"]
    spread_bps: float
    multiple: float = 1.0
    signal_bps: float | None = None
    model: str = ""
    timeframe: str = ""

    @property
    def forecast(self) -> type[Forecast]:
        """The body that brings the expected move."""
        return _KINDS[self.move]

    def check(self) -> None:
        """ValueError for what cannot be meant."""
        if not self.multiple > 0 or not 0 <= self.spread_bps < math.inf or not self.multiple < math.inf:
            raise ValueError(
                f"cost_gate: expected multiple > 0 and spread_bps >= 0, found {self.multiple} and {self.spread_bps}"
            )
        if (self.move == "signal") != (self.signal_bps is not None):
            raise ValueError(
                f"cost_gate: signal_bps, the move in bps that a signal of 1 stands for, goes with move = 'signal'; "
                f"found move = {self.move!r} and signal_bps = {self.signal_bps}"
            )


class Costs:
    """Remembers expected moves and says no; without settings it never does."""

    def __init__(self, settings: CostGate | None, is_maker: bool = False) -> None:
        if settings is not None:
            settings.check()
        self.settings, self.is_maker = settings, is_maker
        self.moves: dict[str, float] = {}

    @property
    def consumes(self) -> tuple[type[Forecast], ...]:
        """The forecast that the settings name, if there are any."""
        return () if self.settings is None else (self.settings.forecast,)

    def hear(self, body: Forecast) -> None:
        """Remember a forecast's move, in bps."""
        settings = self.settings
        if settings is None or type(body) is not settings.forecast:
            return
        if isinstance(body, Signal):
            self.moves[body.instrument] = body.value * (settings.signal_bps or 0.0)
        elif isinstance(body, VolForecast):
            if settings.timeframe in ("", body.timeframe):
                self.moves[body.instrument] = body.volatility * BPS
        elif settings.model in ("", body.model):
            self.moves[body.instrument] = body.value * BPS

    def round_trip(self, definition: Instrument, quote: Quote | None) -> float:
        """Cost of the way in and out in bps: two fees, and the spread unless both orders only make."""
        if self.is_maker:
            return 2 * float(definition.maker_fee) * BPS
        spread = self.settings.spread_bps if self.settings is not None else 0.0
        if quote is not None and quote.bid > 0:
            spread = (quote.ask - quote.bid) / (quote.ask + quote.bid) * 2 * BPS
        return 2 * float(definition.taker_fee) * BPS + spread

    def refusal(self, definition: Instrument, quote: Quote | None, sign: int) -> str:
        """Why new risk in the direction of `sign` is not worth it; empty if it is."""
        if self.settings is None:
            return ""
        move = self.moves.get(definition.instrument)
        need = self.settings.multiple * self.round_trip(definition, quote)
        if move is None:
            return f"cost gate: no {self.settings.move} yet, {need:.2f} bps needed"
        toward = move if self.settings.move == "volatility" else sign * move
        return "" if toward >= need else f"cost gate: {toward:.2f} bps expected, {need:.2f} bps needed"


def closing(definition: Instrument, quantity: Decimal, held: Decimal, price: float) -> Decimal:
    """The part of a signed trade that only closes what is held: the way out needs no reason."""
    if held * quantity >= 0:
        return ZERO
    part = whole_lots(definition, min(abs(quantity), abs(held)))
    return ZERO if is_too_small(definition, part, decimal(price)) else part.copy_sign(quantity)
