"""A small seeded market: trades with clustered volatility, daily rhythm and two sides. Not evidence of anything.

The log price of each instrument is a random walk at one-minute steps. Its variance follows GARCH(1,1)
(0.05, 0.90 around a stated daily level), scaled by a daily rhythm; instruments share a part of their shocks.
Trades fall uniformly into each minute, at the minute's path plus or minus half a spread for their side.
The same seed gives the same bytes, whatever else is generated beside it in the order named.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from helios_engine.bodies import Instrument
from helios_engine.catalog import tables
from helios_engine.errors import ConfigError
from helios_engine.timeframe import DAY, UNITS, parse_time

MINUTE = UNITS["m"]
_ALPHA, _BETA, _SHARED = 0.05, 0.90, 0.6
_QUANTITY = 0.7
"""Standard deviation of the logarithm of a trade's size."""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument to generate: where its price starts, how wild it is, how often it trades."""

    instrument: Instrument
    price: float
    daily_volatility: float = 0.03
    trades_per_day: int = 4000
    spread: float = 0.0008
    size: float = 0.01


def generate(markets: Sequence[Market], start: str, days: int, seed: int) -> dict[str, pa.Table]:
    """Trades by instrument for `days` days from `start` (ISO date, UTC), each a table of the catalog."""
    if days < 1 or not markets:
        raise ConfigError(f"expected at least one day and one instrument, got {days} days, {len(markets)} instruments")
    begin = parse_time(start)
    if begin % DAY:
        raise ConfigError(f"start {start!r} must be the beginning of a UTC day")
    draw = np.random.Generator(np.random.PCG64(seed))
    minutes = days * (DAY // MINUTE)
    common = draw.standard_normal(minutes)
    return {
        market.instrument.instrument: _trades(
            market, begin, minutes, common, np.random.Generator(np.random.PCG64([seed, n]))
        )
        for n, market in enumerate(markets)
    }


def _trades(
    market: Market, begin: int, minutes: int, common: NDArray[np.float64], draw: np.random.Generator
) -> pa.Table:
    path = _path(market, minutes, common, draw)
    rhythm = _rhythm(minutes)
    counts = draw.poisson(market.trades_per_day / (DAY / MINUTE) * rhythm)
    minute = np.repeat(np.arange(minutes), counts)
    offset = draw.integers(0, MINUTE // 1_000_000, minute.size) * 1_000_000
    order = np.lexsort((offset, minute))
    ts = begin + minute[order] * MINUTE + offset[order]
    share = offset[order] / MINUTE
    level = path[minute] + (path[minute + 1] - path[minute]) * share
    side = np.where(draw.random(minute.size) < 0.5, 1, -1).astype(np.int8)
    definition = market.instrument
    unit = 10**definition.price_scale
    tick = round(float(definition.tick) * unit)
    price = np.round(level * (1 + side * market.spread / 2) * unit / tick).astype(np.int64) * tick
    lot = max(
        1, round(float(max(definition.lot, definition.min_quantity, Decimal("0.00001"))) * 10**definition.size_scale)
    )
    sizes = market.size * np.exp(draw.standard_normal(minute.size) * _QUANTITY) * 10**definition.size_scale
    quantity = np.maximum(1, np.round(sizes / lot)).astype(np.int64) * lot
    ids = pa.array([f"g{n}" for n in range(minute.size)], pa.string())
    columns = {"ts": ts, "ts_event": ts, "price": np.maximum(price, tick), "quantity": quantity, "side": side}
    return pa.table({**columns, "trade_id": ids}, schema=tables.SCHEMAS["trades"])


def _path(market: Market, minutes: int, common: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    """Prices at the minutes' edges."""
    shocks = np.sqrt(_SHARED) * common + np.sqrt(1 - _SHARED) * draw.standard_normal(minutes)
    level = market.daily_volatility**2 / (DAY / MINUTE)
    variance, steps = level, np.empty(minutes)
    for n, (shock, rhythm) in enumerate(zip(shocks.tolist(), _rhythm(minutes).tolist(), strict=True)):
        step = variance**0.5 * shock
        steps[n] = step * rhythm**0.5
        variance = (1 - _ALPHA - _BETA) * level + _ALPHA * step * step + _BETA * variance
    path: NDArray[np.float64] = market.price * np.exp(np.concatenate([[0.0], np.cumsum(steps)]))
    return path


def _rhythm(minutes: int) -> NDArray[np.float64]:
    """How busy each minute is: most around 15:00 UTC, least twelve hours later; 1 on average."""
    hours = np.arange(minutes) / 60.0
    rhythm: NDArray[np.float64] = 1.0 + 0.5 * np.cos((hours - 15.0) * 2 * np.pi / 24)
    return rhythm


def bars_of(trades: pa.Table, length: int) -> pa.Table:
    """Bars `[open, close)` of a table of trades, with the same scales."""
    ts, price = trades["ts_event"].to_numpy(), trades["price"].to_numpy()
    opened = ts - ts % length
    first = np.flatnonzero(np.concatenate([[True], opened[1:] != opened[:-1]]))
    last = np.concatenate([first[1:], [ts.size]]) - 1
    start = opened[first]
    columns = {
        "ts": start + length,
        "ts_open": start,
        "ts_close": start + length,
        "open": price[first],
        "high": np.maximum.reduceat(price, first),
        "low": np.minimum.reduceat(price, first),
        "close": price[last],
        "volume": np.add.reduceat(trades["quantity"].to_numpy(), first),
    }
    return pa.table(columns, schema=tables.SCHEMAS["bars"])
