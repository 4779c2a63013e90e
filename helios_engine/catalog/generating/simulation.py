"""From a world to tables: each instrument has its own draws, so one added later changes none before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helios_engine.catalog.generating import flow, mid, path
from helios_engine.catalog.generating.books import Flags, Quotes, book
from helios_engine.catalog.generating.checks import MINUTE, check, floor_ticks, refuse, spread_ticks, tick_units
from helios_engine.catalog.generating.output import Simulated, quote_table, trade_table
from helios_engine.catalog.generating.path import Floats, Ints
from helios_engine.catalog.generating.world import QuotedMarket, World
from helios_engine.errors import ConfigError
from helios_engine.timeframe import DAY, parse_time

_SHOCKS, _GAPS, _RENEWALS, _SIZES, _TRADES, _JUMPS, _STEPS, _BETWEEN, _SPREADS, _BOOK = range(10)
"""What each stream of draws is for; one stream each, so that a setting changes only what it is about."""


@dataclass(frozen=True)
class _Clock:
    """What the instruments share: the time, and each minute's multipliers of volatility and activity."""

    begin: int
    volatility: Floats
    activity: Floats
    spread: Floats


def simulate(world: World, start: str, days: int, seed: int) -> dict[str, Simulated]:
    """Simulate `days` days from `start` (ISO date, UTC), by instrument; the same seed gives the same bytes.

    The log price is a Brownian path whose variance changes by the minute. ConfigError if a setting cannot be meant.
    """
    check(world)
    refuse("days", days >= 1, "1 or more", days, "ask for a whole day")
    refuse("seed", seed >= 0, "0 or more", seed, "use another seed")
    try:
        begin = parse_time(start)
    except ValueError:
        raise ConfigError(f"start: expected an ISO date such as 2026-01-05, found {start!r}; change it") from None
    refuse("start", begin % DAY == 0 and begin > 0, "the beginning of a UTC day after 1970", start, "give only a date")
    minutes = days * (DAY // MINUTE)
    clock = _clock(world, begin, minutes, seed)
    rows = path.weights(world.correlation, len(world.markets))
    own = [_stream(seed, n, _SHOCKS).standard_normal(minutes) for n in range(len(rows))]
    found = {}
    for n, (market, row) in enumerate(zip(world.markets, rows, strict=True)):
        shocks = np.zeros(minutes)
        for weight, part in zip(row, own[: n + 1], strict=True):
            shocks += weight * part
        found[market.instrument.instrument] = _instrument(world, market, clock, shocks, (seed, n))
    return found


def _stream(seed: int, n: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1 + n, purpose))))


def _clock(world: World, begin: int, minutes: int, seed: int) -> _Clock:
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0,))))
    states = path.regimes(world.regimes, minutes, draw)
    wild = np.array([state.volatility for state in world.regimes])[states]
    busy = np.array([state.activity for state in world.regimes])[states]
    rhythm = path.rhythm_of(world.rhythm, begin, minutes)
    return _Clock(begin, wild * np.sqrt(rhythm), busy * rhythm, wild)


def _instrument(world: World, market: QuotedMarket, clock: _Clock, shocks: Floats, key: tuple[int, int]) -> Simulated:
    begin, minutes = clock.begin, shocks.size
    gaps = flow.outages(world.outages, begin, begin + minutes * MINUTE, _stream(*key, _GAPS))
    every = flow.renewals(market, clock.activity, begin, gaps, _stream(*key, _RENEWALS))
    sizes = flow.standing(market, 2 * every.size, _stream(*key, _SIZES)).reshape(2, -1)
    there = flow.outside(every, gaps, world.latency)
    times, bids, asks = every[there], sizes[0][there], sizes[1][there]
    inside = (gaps, world.latency)
    done = flow.trades(market, clock.activity, begin, (times, bids, asks), inside, _stream(*key, _TRADES))

    level = market.daily_volatility / (DAY / MINUTE) ** 0.5
    deviation = level * clock.volatility * np.sqrt(path.clustered(world.garch, shocks))
    signs = flow.imbalance(done, begin, minutes)
    moves = path.moves(world, deviation, shocks, signs, _stream(*key, _JUMPS))
    floor = floor_ticks(market)
    first = round(market.price * 10**market.instrument.price_scale / tick_units(market.instrument))
    ticks = mid.edges(moves, first, floor, _stream(*key, _STEPS))
    mids = mid.at(every, begin, ticks, moves, floor, _stream(*key, _BETWEEN))

    width = _widths(market, clock.spread[(every - begin) // MINUTE], _stream(*key, _SPREADS))
    bid = (mids - width // 2)[there]
    quotes = _merge(Quotes(times, bid, bid + width[there], bids, asks, _opens(times, gaps)), done)
    return Simulated(
        trade_table(market, done, bid, bid + width[there], world.latency),
        quote_table(market, quotes, world.latency),
        book(market, quotes, world.latency, _stream(*key, _BOOK)),
        tuple((int(row[0]), int(row[1])) for row in gaps),
    )


def _widths(market: QuotedMarket, wild: Floats, draw: np.random.Generator) -> Ints:
    """Spreads in ticks: the narrowest, at times wider by an even number so that the mid does not move with it."""
    base = spread_ticks(market)
    extra = np.floor(draw.exponential(0.25, wild.size) * base * wild).astype(np.int64)
    return base + 2 * np.minimum(extra, base)


def _opens(times: Ints, gaps: Ints) -> Flags:
    found: Flags = np.isin(times, gaps[:, 1])
    found[0] = True
    return found


def _merge(renewed: Quotes, done: flow.Trades) -> Quotes:
    """The renewed quotes and those that trades leave, in time order."""
    order = np.argsort(np.concatenate([renewed.ts, done.ts]), kind="stable")
    left = (
        done.ts,
        renewed.bid[done.quote],
        renewed.ask[done.quote],
        done.bid_left,
        done.ask_left,
        np.zeros(done.ts.size, np.bool_),
    )
    return Quotes(*(np.concatenate(pair)[order] for pair in zip(renewed, left, strict=True)))
