"""Signals in, target positions out: a share of the equity each, scaled by risk and by the strategist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from helios_engine.bodies import Account, Bar, Instrument, RiskDecision, Signal, StrategicView, Target, Trade
from helios_engine.events import Event

Seen = Instrument | Bar | Trade | Signal | RiskDecision | StrategicView | Account


class Weights:
    """On each signal: quantity = weight × signal × risk × view × equity / last price.

    `equal` gives each known instrument 1/N. Risk is the product of the instrument's own multiplier
    and the one for all (`*`); a strategic view counts until its time to live is over. `long_only`
    turns a negative signal into 0: spot cannot be sold short. Prices and the account must be in one
    currency here; instruments quoted in another need a weight that allows for it.
    """

    consumes = (Instrument, Bar, Trade, Signal, RiskDecision, StrategicView, Account)
    optional = (Bar, Trade, RiskDecision, StrategicView)

    def __init__(
        self, weights: dict[str, float] | Literal["equal"] = "equal", long_only: bool = True, reserve: float = 0.01
    ) -> None:
        if weights != "equal" and (min(weights.values()) < 0 or sum(weights.values()) > 1 + 1e-12):
            raise ValueError(f"weights must not be negative and must not add up to more than 1: {weights}")
        if not 0 <= reserve < 1:
            raise ValueError(f"reserve, the share of equity kept for fees, must be in [0, 1), was {reserve}")
        self.weights, self.long_only, self.reserve = weights, long_only, reserve
        self.names: dict[str, None] = {}
        self.prices: dict[str, float] = {}
        self.risk: dict[str, float] = {}
        self.view = (1.0, 0)
        self.equity: float | None = None

    def on_event(self, event: Event[Seen]) -> Iterator[Target]:
        body = event.body
        match body:
            case Trade():
                self.prices[body.instrument] = body.price
            case Bar():
                self.prices[body.instrument] = body.close
            case Signal():
                yield from self._target(body, event.ts)
            case RiskDecision():
                self.risk[body.instrument] = body.multiplier
            case StrategicView():
                self.view = (body.multiplier, event.ts + body.ttl)
            case Account():
                self.equity = float(body.equity)
            case Instrument():
                self.names[body.instrument] = None

    def _target(self, signal: Signal, now: int) -> Iterator[Target]:
        name = signal.instrument
        price = self.prices.get(name)
        if self.equity is None or not price:
            return
        value = max(0.0, signal.value) if self.long_only else signal.value
        multiplier, until = self.view
        scale = self.risk.get(name, 1.0) * self.risk.get("*", 1.0) * (multiplier if now < until else 1.0)
        money = self._weight(name) * value * scale * self.equity * (1.0 - self.reserve)
        yield Target(name, money / price)

    def _weight(self, name: str) -> float:
        if isinstance(self.weights, dict):
            return self.weights.get(name, 0.0)
        return 1.0 / max(1, len(self.names))
