"""The square-root law of market impact."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import NamedTuple

from helios_engine.nautilus.models.tape import DIGITS, Deal
from helios_engine.timeframe import UNITS

HOUR = UNITS["h"]
HOURS = 24


class Constants(NamedTuple):
    """A day's volatility as a fraction, and a day's volume in the base: stated, the same for the whole run."""

    sigma: float
    volume: float


class Day:
    """Volatility and volume of a day, from the last 24 full hours before now and nothing else.

    sigma = sqrt(24 * mean(r^2)) over the returns r from one hour's last price to the next's; volume = 24 * mean of
    the hours' volume. Hours without a deal count with no return and no volume. Needs two full hours; the hour in
    which the data begins is not one.
    """

    def __init__(self) -> None:
        self._hours: deque[tuple[int, int]] = deque(maxlen=HOURS + 1)
        self._hour = self._close = self._volume = 0
        self._is_first = True

    def deal(self, ts: int, deal: Deal) -> None:
        """Take in a deal at `ts` (ns UTC)."""
        hour = max(ts // HOUR, self._hour)  # what a venue dates back counts as of now
        if self._close and hour > self._hour:
            if not self._is_first:
                self._hours.append((self._close, self._volume))
            self._is_first = False
            for _ in range(min(hour - self._hour - 1, HOURS + 1)):
                self._hours.append((self._close, 0))
            self._volume = 0
        self._hour, self._close = hour, deal.price
        self._volume += deal.quantity

    def known(self) -> Constants | None:
        """What the last hours say, the volume in units; None before two full hours with volume."""
        hours = list(self._hours)
        if len(hours) < 2:
            return None
        returns = [after / before - 1 for (before, _), (after, _) in pairwise(hours)]
        volumes = [volume for _, volume in hours[-HOURS:]]
        if not any(volumes):
            return None
        sigma = math.sqrt(HOURS * math.fsum(r * r for r in returns) / len(returns))
        return Constants(sigma, HOURS * math.fsum(volumes) / len(volumes))


class SqrtImpact:
    """A market order is filled worse by the fraction Y * sigma * sqrt(Q / V) of the price.

    Q is the order's quantity, V and sigma the volume and volatility of a day: those of the past day (`Day`), or
    stated ones. Y is of order one. Source: B. Toth et al., Anomalous Price Impact and the Critical Nature of
    Liquidity in Financial Markets, Phys. Rev. X 1, 021006 (2011); for Bitcoin J. Donier and J. Bonart, A Million
    Metaorder Analysis of Market Impact on the Bitcoin (2015). The law is of orders worked over time; here all of
    an order pays its end, and none of it moves the price for later orders.
    """

    def __init__(self, y: float, tick: int, stated: Constants | None = None) -> None:
        self._y, self.tick = y, tick
        self._stated = None if stated is None else Constants(stated.sigma, stated.volume * 10**DIGITS)
        self._day = Day()

    def deal(self, ts: int, deal: Deal) -> None:
        """Take in a deal of the market."""
        if self._stated is None:
            self._day.deal(ts, deal)

    def quoted(self) -> None:
        """The law does not ask for quotes."""

    def missing(self) -> str:
        """What to do before two full hours of deals have been seen."""
        if self._stated is not None or self._day.known() is not None:
            return ""
        return (
            "NO_IMPACT_YET: sqrt_impact has seen no two full hours of deals; lengthen [run] warmup, or state "
            "impact_sigma and impact_volume"
        )

    def cost(self, price: int, quantity: int) -> int:
        """The impact in units, up to whole ticks; 0 while it is `missing`."""
        day = self._stated or self._day.known()
        if day is None:
            return 0
        fraction = self._y * day.sigma * math.sqrt(quantity / day.volume)
        return math.ceil(price / self.tick * fraction) * self.tick
