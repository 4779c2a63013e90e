"""What a run came to in numbers. A number that means nothing is None and says why."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from helios_engine.report import ratios
from helios_engine.report.calendar_returns import daily_returns
from helios_engine.report.round_trips import Leg, Trip
from helios_engine.timeframe import DAY

YEAR = 365 * DAY


class Metrics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fractions where not said otherwise, money in the report currency, durations in ns.

    Rates are annualised by 365 days over daily UTC returns; `max_drawdown` is at or below 0, over
    every row of the equity, and `max_drawdown_duration` runs from its peak until it was made good,
    or the end. `exposure_time` is the share of time with a position, `exposure_mean` the mean of
    gross exposure over equity, both weighted by time. `turnover` is traded value over mean equity.
    `costs` is the sum of fees, `costs_fraction` that over the starting equity. `trades` are closed
    round trips, and hit rate, profit factor and payoff are over their net results.
    `reasons` holds the reason of each None.
    """

    span: int
    days: int
    start_equity: float | None
    end_equity: float | None
    total_return: float | None
    cagr: float | None
    max_drawdown: float | None
    max_drawdown_duration: int | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    exposure_time: float | None
    exposure_mean: float | None
    traded: float | None
    turnover: float | None
    costs: float | None
    costs_fraction: float | None
    fills: int
    trades: int
    open_trades: int
    hit_rate: float | None
    profit_factor: float | None
    payoff: float | None
    mean_net: float | None
    mean_duration: int | None
    reasons: dict[str, str] = {}


def measure(equity: pd.DataFrame, trips: list[Trip], legs: list[Leg]) -> Metrics:
    """Metrics of a run from its equity (columns `equity`, `exposure`; UTC index), trips and legs."""
    return Metrics(**_Measured(equity, trips, legs).values())


class _Measured:
    """Collects values and, where there is none, the reason."""

    def __init__(self, equity: pd.DataFrame, trips: list[Trip], legs: list[Leg]) -> None:
        self.marks = equity["equity"].to_numpy(dtype=np.float64)
        self.exposure = equity["exposure"].to_numpy(dtype=np.float64)
        self.ts = pd.DatetimeIndex(equity.index).asi8
        self.returns: ratios.Floats = np.asarray(daily_returns(equity["equity"]), np.float64)
        self.trips, self.legs = trips, legs
        self.reasons: dict[str, str] = {}

    def values(self) -> dict[str, Any]:
        """Every field of `Metrics`."""
        found = {**self._equity(), **self._risk(), **self._use(), **self._costs(), **self._trades()}
        return {**found, "reasons": self.reasons}

    def _say(self, name: str, value: float | None, reason: str) -> float | None:
        if value is None or not math.isfinite(value):
            self.reasons[name] = reason
            return None
        return value

    def _equity(self) -> dict[str, Any]:
        none = "the equity was never marked: a price was missing, or the run had no tick after its start"
        known = self.marks.size > 0
        first, last = (float(self.marks[0]), float(self.marks[-1])) if known else (None, None)
        change = last / first - 1 if first is not None and last is not None and first > 0 else None
        self.span = int(self.ts[-1] - self.ts[0]) if known else 0
        years = self.span / YEAR
        yearly = ratios.growth(1 + change, years) if change is not None and self.span >= DAY else None
        short = "less than one day" if self.span < DAY else "the equity ended at or below 0, or grew beyond measure"
        start = "the equity started at or below 0" if known else none
        self.first = first
        self.cagr = self._say("cagr", yearly, short if change is not None else start)
        return {
            "span": self.span,
            "days": int(self.returns.size),
            "start_equity": self._say("start_equity", first, none),
            "end_equity": self._say("end_equity", last, none),
            "total_return": self._say("total_return", change, start),
            "cagr": self.cagr,
        }

    def _risk(self) -> dict[str, Any]:
        found = ratios.deepest(self.ts, self.marks)
        depth, duration = found if found is not None else (None, None)
        none = "the equity was never marked" if not self.marks.size else "the equity started at or below 0"
        few = f"{self.returns.size} daily returns; two are needed"
        is_few = self.returns.size < 2
        is_lost = bool((self.marks <= 0).any())
        returns: ratios.Floats = self.returns[:0] if is_lost else self.returns
        lost = "the equity fell to or below 0, where returns mean nothing"
        why = lost if is_lost else few if is_few else ""
        flat = "every daily return is the same"
        no_fall = "no drawdown" if depth == 0 else "no yearly growth to compare"
        return {
            "max_drawdown": self._say("max_drawdown", depth, none),
            "max_drawdown_duration": duration if depth is not None else self._say("max_drawdown_duration", None, none),
            "volatility": self._say("volatility", ratios.volatility(returns), why),
            "sharpe": self._say("sharpe", ratios.sharpe(returns), why or flat),
            "sortino": self._say("sortino", ratios.sortino(returns), why or "no day with a loss"),
            "calmar": self._say("calmar", ratios.calmar(self.cagr, depth), no_fall),
        }

    def _use(self) -> dict[str, Any]:
        # A mark holds until the next one, so the last mark has no time of its own.
        weights = np.diff(self.ts).astype(np.float64)
        held, marks = self.exposure[:-1], self.marks[:-1]
        total = float(weights.sum())
        short = "fewer than two marks of the equity"
        time = float(weights[held > 0].sum() / total) if total > 0 else None
        mean = float((weights * held / marks).sum() / total) if total > 0 and (marks > 0).all() else None
        why = short if total <= 0 else "the equity fell to or below 0"
        traded = math.fsum(leg.value for leg in self.legs)
        average = float((weights * marks).sum() / total) if total > 0 else None
        turnover = traded / average if average is not None and average > 0 else None
        unpriced = "a fill's currency had no price in the report currency"
        return {
            "exposure_time": self._say("exposure_time", time, short),
            "exposure_mean": self._say("exposure_mean", mean, why),
            "traded": self._say("traded", traded, unpriced),
            "turnover": self._say("turnover", turnover, unpriced if not math.isfinite(traded) else why),
        }

    def _costs(self) -> dict[str, Any]:
        costs = math.fsum(leg.fee for leg in self.legs)
        share = costs / self.first if self.first is not None and self.first > 0 else None
        unpriced = "a fee's currency had no price in the report currency"
        why = unpriced if not math.isfinite(costs) else "there is no starting equity above 0"
        return {
            "costs": self._say("costs", costs, unpriced),
            "costs_fraction": self._say("costs_fraction", share, why),
            "fills": len(self.legs),
        }

    def _trades(self) -> dict[str, Any]:
        closed = [trip for trip in self.trips if not trip.is_open]
        nets = [trip.net * trip.rate for trip in closed]
        known = all(map(math.isfinite, nets))
        wins, losses = [n for n in nets if n > 0], [-n for n in nets if n < 0]
        gained, lost, count = math.fsum(wins), math.fsum(losses), len(closed)
        is_usable = known and count > 0
        why = "no closed round trip" if not count else "a result or fee had no price in the report currency"
        without = why if not is_usable else "no round trip lost" if not losses else "no round trip won"
        payoff = gained / len(wins) / (lost / len(losses)) if wins and losses and is_usable else None
        length = sum(trip.duration for trip in closed) // count if count else None
        return {
            "trades": count,
            "open_trades": len(self.trips) - count,
            "hit_rate": self._say("hit_rate", len(wins) / count if is_usable else None, why),
            "profit_factor": self._say("profit_factor", gained / lost if is_usable and losses else None, without),
            "payoff": self._say("payoff", payoff, without),
            "mean_net": self._say("mean_net", math.fsum(nets) / count if is_usable else None, why),
            "mean_duration": length if length is not None else self._say("mean_duration", None, why),
        }
