"""Signals in, target positions out: a share of the equity each, scaled by risk and by the strategist."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from helios_engine.bodies import Account, Bar, Instrument, RiskDecision, Signal, StrategicView, Target, Trade
from helios_engine.errors import ConfigError
from helios_engine.events import Event

Seen = Instrument | Bar | Trade | Signal | RiskDecision | StrategicView | Account


class Weights:
    """On each signal: quantity = weight × signal × risk × view × equity × (1 − `reserve`) / last price.

    `equal` gives 1/N to each instrument known so far, those that only price a currency included. Risk
    is the smallest multiplier that any risk stage last gave to the instrument or to all (`*`). A view
    counts until its time to live is over. `long_only` turns a negative signal into 0: spot cannot be
    sold short. Prices in another currency than the account's need `rates`, e.g. `{USDT = "USDTZAR.VALR"}`.
    Nothing is yielded before there are an account and a price. Raises ConfigError for an instrument
    without a weight and for a currency without a rate.
    """

    consumes = (Instrument, Bar, Trade, Signal, RiskDecision, StrategicView, Account)
    optional = (Bar, Trade, RiskDecision, StrategicView)

    def __init__(
        self,
        weights: dict[str, float] | Literal["equal"] = "equal",
        long_only: bool = True,
        reserve: float = 0.01,
        rates: dict[str, str] | None = None,
    ) -> None:
        if isinstance(weights, dict) and (
            min(weights.values(), default=-1.0) < 0 or math.fsum(weights.values()) > 1 + 1e-12
        ):
            raise ValueError(f"expected weights of at least 0 that add up to at most 1, found {weights}")
        if not 0 <= reserve < 1:
            raise ValueError(f"expected reserve, the share of equity kept for fees, in [0, 1), found {reserve}")
        self.weights, self.long_only, self.reserve, self.rates = weights, long_only, reserve, rates or {}
        self.quotes: dict[str, str] = {}
        self.prices: dict[str, float] = {}
        self.risk: dict[tuple[str, str], float] = {}
        self.view = (1.0, 0)
        self.account: Account | None = None

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
                self.risk[event.source, body.instrument] = body.multiplier
            case StrategicView():
                self.view = (body.multiplier, event.ts + body.ttl)
            case Account():
                self.account = body
            case Instrument():
                self.quotes[body.instrument] = body.quote

    def _target(self, signal: Signal, now: int) -> Iterator[Target]:
        name, account = signal.instrument, self.account
        weight = self._weight(name)
        price = None if account is None else self._price(name, account.currency)
        if account is None or not price:
            return
        value = max(0.0, signal.value) if self.long_only else signal.value
        multiplier, until = self.view
        scale = self._risk(name) * (multiplier if now < until else 1.0)
        money = weight * value * scale * float(account.equity) * (1.0 - self.reserve)
        yield Target(name, money / price)

    def _weight(self, name: str) -> float:
        if not isinstance(self.weights, dict):
            return 1.0 / max(1, len(self.quotes))
        if name not in self.weights:
            raise ConfigError(
                f"portfolio.weights: expected a weight for {name}, which has a signal, found weights for "
                f"{', '.join(self.weights)}; add it (0.0 holds none), or keep its signals out with `on`"
            )
        return self.weights[name]

    def _risk(self, name: str) -> float:
        found = [multiplier for (_, subject), multiplier in self.risk.items() if subject in (name, "*")]
        return min(found, default=1.0)

    def _price(self, name: str, currency: str) -> float | None:
        """Price of a unit in the account's currency, if it is known."""
        price = self.prices.get(name)
        quote = self.quotes.get(name, currency)
        if quote == currency or price is None:
            return price
        if quote not in self.rates:
            raise ConfigError(
                f"portfolio.weights: {name} is quoted in {quote}, the account is in {currency}, and there is no rate "
                f'between them; add rates = {{ {quote} = "{quote}{currency}.VENUE" }} and feed that instrument'
            )
        rate = self.prices.get(self.rates[quote])
        return None if rate is None else price * rate
