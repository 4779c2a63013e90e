"""When quotes are renewed and trades happen, their sides and sizes. Prices play no part here."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.generating.checks import MINUTE, lot_units, refuse
from helios_engine.catalog.generating.path import Floats, Ints
from helios_engine.catalog.generating.world import Outages, QuotedMarket

_SLOT = 2_000
"""Quotes are renewed on even microseconds and trades happen on odd ones, so no two share a time."""
_TRADE_SPREAD, _STANDING_SPREAD = 0.7, 0.5
"""Standard deviations of the logarithm of a trade's size and of what stands at the best price."""


class Trades(NamedTuple):
    """Trades in time order; quantities in units of the size scale."""

    ts: Ints
    side: NDArray[np.int8]
    quantity: Ints
    quote: Ints
    """The renewal before each trade, as an index."""
    bid_left: Ints
    ask_left: Ints
    """What stands after the trade."""


def outages(settings: Outages, begin: int, end: int, draw: np.random.Generator) -> Ints:
    """Rows of (from, to) ns, apart from each other and from `begin` and `end` by a minute or more."""
    lengths = draw.exponential(settings.mean_minutes, settings.count) * MINUTE
    lengths = np.maximum(lengths.astype(np.int64) // _SLOT, 1) * _SLOT
    free = end - begin - int(lengths.sum()) - (settings.count + 1) * MINUTE
    refuse("outages", free >= 0, "outages that fit into the days", settings, "state fewer, shorter ones or more days")
    starts = np.sort(draw.integers(0, free // _SLOT + 1, settings.count)) * _SLOT
    earlier = np.concatenate([[0], np.cumsum(lengths)])[: settings.count]
    starts = begin + starts + earlier + np.arange(1, settings.count + 1) * MINUTE
    return np.stack([starts, starts + lengths], axis=1)


def outside(times: Ints, gaps: Ints, latency: int) -> NDArray[np.bool_]:
    """Times that neither happen in an outage nor would be known in one."""
    gap = np.searchsorted(gaps[:, 0] - latency, times, side="right") - 1
    found: NDArray[np.bool_] = gap < 0
    if len(gaps):
        found |= times >= gaps[gap, 1]
    return found


def renewals(market: QuotedMarket, activity: Floats, begin: int, gaps: Ints, draw: np.random.Generator) -> Ints:
    """Times at which quotes are renewed: at the beginning of each minute and end of each outage, and between."""
    minutes = begin + np.arange(activity.size) * MINUTE
    rate = (market.quotes_per_day / 1440 - 1) * activity
    return np.unique(np.concatenate([minutes, gaps[:, 1], _times(rate, begin, draw)]))


def _times(rate: Floats, begin: int, draw: np.random.Generator) -> Ints:
    counts = draw.poisson(rate)
    minute = np.repeat(np.arange(rate.size), counts)
    found: Ints = begin + minute * MINUTE + draw.integers(0, MINUTE // _SLOT, minute.size) * _SLOT
    return found


def standing(market: QuotedMarket, count: int, draw: np.random.Generator) -> Ints:
    """Sizes at a price in units of the size scale, each enough for two smallest trades."""
    sizes = market.depth * market.size * np.exp(draw.standard_normal(count) * _STANDING_SPREAD)
    return np.maximum(_lots(market, sizes), 2 * smallest(market))


def smallest(market: QuotedMarket) -> int:
    """The smallest trade in units of the size scale: the minimum, on the lot grid."""
    lot = lot_units(market.instrument)
    return max(1, math.ceil(market.instrument.min_quantity.scaleb(market.instrument.size_scale) / lot)) * lot


def _lots(market: QuotedMarket, sizes: Floats) -> Ints:
    lot = lot_units(market.instrument)
    found: Ints = np.round(sizes * 10**market.instrument.size_scale / lot).astype(np.int64) * lot
    return found


def trades(
    market: QuotedMarket,
    activity: Floats,
    begin: int,
    quotes: tuple[Ints, Ints, Ints],
    inside: tuple[Ints, int],
    draw: np.random.Generator,
) -> Trades:
    """Draw trades against `quotes` (times, bid sizes, ask sizes), none in an outage (`inside`: gaps, latency).

    A trade takes at most what stands and leaves the smallest quantity, so it does not move the price. One that
    would find too little is left out.
    """
    times = np.unique(_times(market.trades_per_day / 1440 * activity, begin, draw)) + _SLOT // 2
    times = times[outside(times, *inside)]
    side = np.where(draw.random(times.size) < 0.5, 1, -1).astype(np.int8)
    wanted = _lots(market, market.size * np.exp(draw.standard_normal(times.size) * _TRADE_SPREAD))
    quote = np.searchsorted(quotes[0], times) - 1
    least = smallest(market)
    took, bids, asks = _take(quote, side, np.maximum(wanted, least), quotes[1], quotes[2], least)
    done = took > 0
    return Trades(times[done], side[done], took[done], quote[done], bids[done], asks[done])


def _take(
    quote: Ints, side: NDArray[np.int8], wanted: Ints, bids: Ints, asks: Ints, least: int
) -> tuple[Ints, Ints, Ints]:
    """What each trade takes (0 if it finds too little), and what stands on either side after it."""
    rows = np.empty((3, quote.size), np.int64)
    before, stands = -1, [0, 0]
    first = zip(bids[quote].tolist(), asks[quote].tolist(), strict=True)
    for n, (now, sign, want, fresh) in enumerate(
        zip(quote.tolist(), side.tolist(), wanted.tolist(), first, strict=True)
    ):
        if now != before:
            before, stands = now, list(fresh)
        hit = 1 if sign > 0 else 0
        took = min(want, stands[hit] - least)
        took = took if took >= least else 0
        stands[hit] -= took
        rows[:, n] = (took, *stands)
    return rows[0], rows[1], rows[2]


def imbalance(done: Trades, begin: int, minutes: int) -> Floats:
    """The sign of each minute's signed quantity: 1, 0 or -1."""
    total = np.zeros(minutes, np.int64)
    np.add.at(total, (done.ts - begin) // MINUTE, done.side * done.quantity)
    return np.sign(total).astype(np.float64)
