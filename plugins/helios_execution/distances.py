"""How far a bracket's stop and target are from its entry."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from helios_engine.bodies import VolForecast
from helios_execution.sizing import decimal

Unit = Literal["fraction", "volatility"]


class Distances(msgspec.Struct, frozen=True):
    """How far stop and target are from the entry, as fractions of its price."""

    stop: Decimal
    take: Decimal


class Measure:
    """Distances by settings: fractions of the price, or multiples of the last VolForecast.

    `timeframe` keeps forecasts of other timeframes out; empty takes any. ValueError for what is not above 0, or is a
    fraction of 1 and more.
    """

    def __init__(self, stop: float, take: float, unit: Unit, timeframe: str) -> None:
        if not (stop > 0 and take > 0) or (unit == "fraction" and max(stop, take) >= 1):
            raise ValueError(f"expected stop and take above 0, as fractions below 1, found {stop} and {take}")
        self.stop, self.take, self.unit, self.timeframe = stop, take, unit, timeframe
        self.volatility: dict[str, float] = {}

    @property
    def consumes(self) -> tuple[type[VolForecast], ...]:
        """The forecast it needs, if it needs one."""
        return (VolForecast,) if self.unit == "volatility" else ()

    def hear(self, forecast: VolForecast) -> None:
        """Remember a forecast."""
        if self.timeframe in ("", forecast.timeframe):
            self.volatility[forecast.instrument] = forecast.volatility

    def of(self, name: str) -> Distances | None:
        """The distances now; nothing while there is no forecast that gives any below the whole price."""
        unit = 1.0 if self.unit == "fraction" else self.volatility.get(name, 0.0)
        if not 0 < max(self.stop, self.take) * unit < 1:
            return None
        return Distances(decimal(self.stop * unit), decimal(self.take * unit))
