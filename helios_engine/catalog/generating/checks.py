"""What a world must satisfy before anything is drawn; a wrong one is named by its setting."""

from __future__ import annotations

import math
from decimal import Decimal

from helios_engine.bodies import Instrument
from helios_engine.catalog.generating.world import QuotedMarket, World
from helios_engine.errors import ConfigError
from helios_engine.timeframe import UNITS

MINUTE = UNITS["m"]


def refuse(name: str, ok: bool, expected: str, found: object, todo: str) -> None:
    """Raise ConfigError for the setting `name` unless `ok`."""
    if not ok:
        raise ConfigError(f"{name}: expected {expected}, found {found!r}; {todo}")


def check(world: World) -> None:
    """ConfigError for the first setting that cannot be meant."""
    refuse("markets", len(world.markets) > 0, "at least one", (), "add a QuotedMarket")
    names = [market.instrument.instrument for market in world.markets]
    refuse("markets", len(set(names)) == len(names), "each instrument once", names, "remove the repeated one")
    for market in world.markets:
        _check_market(market)
    refuse("regimes", len(world.regimes) > 0, "at least one", (), "add Regime(name='normal') for one that never ends")
    for regime in world.regimes:
        name, numbers = f"regime {regime.name}", (regime.volatility, regime.activity)
        refuse(name, _all(numbers, above=0.0), "positive multipliers", numbers, "use 1 to change nothing")
        refuse(name, regime.mean_minutes >= 1, "a mean of 1 minute or more", regime.mean_minutes, "make it last longer")
    garch, rhythm = world.garch, world.rhythm
    stable = garch.alpha >= 0 and garch.beta >= 0 and garch.alpha + garch.beta < 1
    refuse("garch", stable, "alpha and beta from 0 whose sum is below 1", garch, "lower one of them")
    refuse("rhythm.amplitude", 0 <= rhythm.amplitude < 1, "0 or more, below 1", rhythm.amplitude, "use 0 for none")
    refuse("rhythm.weekdays", _all(rhythm.weekdays, above=0.0), "positive numbers", rhythm.weekdays, "use 1 for plain")
    refuse("outages.count", world.outages.count >= 0, "0 or more", world.outages.count, "use 0 for none")
    length = world.outages.mean_minutes
    refuse("outages.mean_minutes", _all((length,), above=0.0), "a positive number", length, "state minutes")
    jumps = world.jumps
    refuse("jumps.per_day", 0 <= jumps.per_day <= 1440, "from 0 to one a minute", jumps.per_day, "use 0 for none")
    refuse("jumps.size", 0 <= jumps.size < 1, "0 or more, below 1", jumps.size, "0.01 is one percent")
    refuse("edge", -1 < world.edge < 1, "a correlation between -1 and 1", world.edge, "use 0 for none")
    refuse("latency", 0 <= world.latency < MINUTE, "0 ns or more, below a minute", world.latency, "change it")


def _check_market(market: QuotedMarket) -> None:
    name = market.instrument.instrument
    numbers = (market.price, market.daily_volatility, market.spread, market.size, market.trades_per_day)
    said = "positive price, daily_volatility, spread, size, trades_per_day"
    refuse(name, _all(numbers, above=0.0), said, numbers, "raise the one that is not")
    refuse(name, market.quotes_per_day >= 1440, "1440 quotes_per_day or more", market.quotes_per_day, "raise it")
    refuse(name, market.depth >= 1, "a depth of 1 or more", market.depth, "it is in multiples of size")
    refuse(name, 1 <= market.levels <= 1000, "from 1 to 1000 levels", market.levels, "change levels")
    tick, base = tick_units(market.instrument), spread_ticks(market)
    lot_units(market.instrument)
    least = 10 * floor_ticks(market)
    found = market.price * 10**market.instrument.price_scale / tick
    said = f"a price of at least {least} ticks for a spread of {base} and {market.levels} levels"
    refuse(name, found >= least, said, found, "use a finer tick, fewer levels or a narrower spread")


def _all(numbers: tuple[float, ...], *, above: float) -> bool:
    return all(math.isfinite(number) and number > above for number in numbers)


def tick_units(instrument: Instrument) -> int:
    """The tick as an integer in the instrument's price scale."""
    return _units(f"tick of {instrument.instrument}", instrument.tick, instrument.price_scale)


def lot_units(instrument: Instrument) -> int:
    """The lot as an integer in the instrument's size scale."""
    return _units(f"lot of {instrument.instrument}", instrument.lot, instrument.size_scale)


def _units(name: str, step: Decimal, scale: int) -> int:
    units = step.scaleb(scale)
    fits = units > 0 and units == units.to_integral_value()
    refuse(name, fits, f"a positive multiple of 1e-{scale}", str(step), "change it or the scale")
    return int(units)


def spread_ticks(market: QuotedMarket) -> int:
    """The narrowest spread in ticks, at least one."""
    unit = float(10**market.instrument.price_scale)
    return max(1, round(market.spread * market.price * unit / tick_units(market.instrument)))


def gap_ticks(market: QuotedMarket) -> int:
    """How many ticks lie between the levels behind the best one."""
    return max(1, spread_ticks(market) // 2)


def floor_ticks(market: QuotedMarket) -> int:
    """The lowest mid in ticks at which every level of the book is still above zero."""
    return 2 * spread_ticks(market) + (market.levels + 2) * gap_ticks(market)
