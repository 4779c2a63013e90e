"""Fee schedules by name, each with its date and source, and what they charge an instrument.

The figures stand in `fees.toml` beside this file. A schedule says two things: the rates of makers and
takers, and what a fee is taken from. VALR takes a taker's fee from what the fill brings in and a maker's
from what it gives away; Binance spot takes both from what the fill brings in.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from helios_engine.bodies import Instrument
from helios_engine.errors import ConfigError
from helios_engine.toml_place import nearest

FeeIn = Literal["quote", "received", "paid"]
"""What a fee is taken from: the quote currency, what the fill brings in, or what it gives away."""
IN_QUOTE: tuple[FeeIn, FeeIn] = ("quote", "quote")
"""Makers' and takers' fees where no schedule says otherwise."""


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fees as fractions of the traded value for the instruments that fit; an absent condition fits all."""

    maker: Decimal
    taker: Decimal
    base: tuple[str, ...] = ()
    quote: tuple[str, ...] = ()
    contract: Literal["spot", "perpetual"] | None = None
    maker_fee_in: FeeIn | None = None
    taker_fee_in: FeeIn | None = None

    @property
    def about(self) -> str:
        """The instruments it is for, in words."""
        pair = f"{'/'.join(self.base) or 'any'} in {'/'.join(self.quote) or 'any'}"
        return f"{self.contract or 'all'}, {pair}" if self.base or self.quote else f"{self.contract or 'all'} others"

    def fits(self, definition: Instrument) -> bool:
        """Whether this rate is the instrument's."""
        return (
            self.contract in (None, definition.contract)
            and (not self.base or definition.base in self.base)
            and (not self.quote or definition.quote in self.quote)
        )


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One venue's fees at one date; the first of `rates` that fits an instrument counts."""

    title: str
    date: str
    source: str
    maker_fee_in: FeeIn
    taker_fee_in: FeeIn
    rates: tuple[Rate, ...]


class Fees(msgspec.Struct, frozen=True):
    """What one instrument is charged: fractions, and what makers' and takers' fees are taken from."""

    maker: Decimal
    taker: Decimal
    taken_from: tuple[FeeIn, FeeIn]


@cache
def schedules() -> dict[str, Schedule]:
    """Every schedule there is, by name."""
    text = files("helios_engine").joinpath("fees.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Schedule])


def fees_of(name: str, definition: Instrument, where: str) -> Fees:
    """The fees of the schedule `name` for an instrument; `where` is the line that names it.

    ConfigError for an unknown schedule, with the nearest name, and for an instrument it has no rate for.
    """
    known = schedules()
    if name not in known:
        raise ConfigError(
            f"{where}: no fee schedule {name!r}; {nearest(name, known)} See `helios-engine config fees`, or give "
            "maker_fee and taker_fee under [[instrument]]"
        )
    schedule = known[name]
    rate = next((rate for rate in schedule.rates if rate.fits(definition)), None)
    if rate is None:
        raise ConfigError(
            f"{where}: the fee schedule {name!r} ({schedule.title}) has no rate for {definition.instrument}, which is "
            f"{definition.contract}; give its maker_fee and taker_fee under [[instrument]]"
        )
    sides = (rate.maker_fee_in or schedule.maker_fee_in, rate.taker_fee_in or schedule.taker_fee_in)
    return Fees(rate.maker, rate.taker, sides)


def fee_currency(taken_from: FeeIn, side: str, definition: Instrument) -> str:
    """The currency of a fee on a fill of that side, BUY or SELL."""
    if taken_from == "quote":
        return definition.quote
    brings_base = side == "BUY"
    return definition.base if brings_base == (taken_from == "received") else definition.quote


def percent(rate: Decimal) -> str:
    """A rate in percent with two digits, or as many as it has."""
    exact, short = f"{(rate * 100).normalize():f}", f"{rate * 100:.2f}"
    return f"{exact if len(exact) > len(short) else short}%"
