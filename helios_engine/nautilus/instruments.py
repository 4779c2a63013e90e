"""A definition as nautilus knows instruments: pairs for spot, linear perpetuals, and the digits that both carry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual, CurrencyPair
from nautilus_trader.model.objects import Currency, Price, Quantity

from helios_engine.bodies import Instrument

SIZE_DIGITS = 8
"""Every quantity carries at least so many digits, so that a finer lot during a run needs no other instrument."""


def instrument_id(name: str) -> InstrumentId:
    """The nautilus id of `BTCZAR.VALR`."""
    symbol, _, venue = name.rpartition(".")
    return InstrumentId(Symbol(symbol), Venue(venue))


def trading_id(name: str) -> InstrumentId:
    """The id under which an instrument is traded: nautilus takes an underscore for a spread of several instruments.

    It would leave the position of `BTCUSD_PERP` untouched and fail at its first fill, so the underscore is a caret.
    """
    symbol, dot, venue = name.rpartition(".")
    return instrument_id(symbol.replace("_", "^") + dot + venue)


def name_of(traded: InstrumentId) -> str:
    """Our name of an id made by `trading_id`."""
    return f"{traded.symbol.value.replace('^', '_')}.{traded.venue.value}"


def currency(code: str) -> Currency:
    """The currency of a code; an unknown one becomes a crypto currency with eight digits."""
    return Currency.from_str(code)


def price_digits(definition: Instrument) -> int:
    """Decimals that prices of a definition need: those of its data and those of its tick."""
    return max(definition.price_scale, decimals(definition.tick))


def size_digits(definition: Instrument) -> int:
    """Decimals that quantities of a definition carry."""
    return max(definition.size_scale, decimals(definition.lot), decimals(definition.min_quantity), SIZE_DIGITS)


def decimals(value: Decimal) -> int:
    """How many digits stand behind the point."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def traded(definition: Instrument, *, digits: int = 0, margin: Decimal = Decimal(0)) -> Any:
    """The definition as a nautilus instrument whose prices have at least `digits` decimals.

    `margin` is the least initial margin (a fraction of the notional) that the account asks for; it stands here so that
    nautilus' own account shows it. Minimums, tick and lot are checked by `terms`, which says why.
    """
    prices, sizes = max(digits, price_digits(definition)), size_digits(definition)
    terms: dict[str, Any] = {
        "instrument_id": trading_id(definition.instrument),
        "raw_symbol": Symbol(definition.instrument.rpartition(".")[0]),
        "base_currency": currency(definition.base),
        "quote_currency": currency(definition.quote),
        "price_precision": prices,
        "size_precision": sizes,
        "price_increment": Price(definition.tick, prices),
        "size_increment": Quantity(definition.lot, sizes),
        "margin_init": max(margin, definition.margin_init),
        "margin_maint": definition.margin_maint,
        "maker_fee": definition.maker_fee,
        "taker_fee": definition.taker_fee,
        "ts_event": 0,
        "ts_init": 0,
    }
    if definition.contract == "perpetual":
        return CryptoPerpetual(**terms, settlement_currency=currency(definition.quote), is_inverse=False)
    return CurrencyPair(**terms)
