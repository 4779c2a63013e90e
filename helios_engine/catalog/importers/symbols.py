"""Instruments from their names and from what the user said of them."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers.contract import Ask, Symbol
from helios_engine.errors import ConfigError

QUOTES = (
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "DAI", "USD", "ZAR", "EUR", "GBP", "AUD", "TRY", "BRL", "JPY",
    "KRW", "BTC", "XBT", "ETH", "BNB",
)  # fmt: skip
_BASES = {
    "BTC", "XBT", "ETH", "XRP", "SOL", "ADA", "DOGE", "DOT", "LTC", "BCH", "LINK", "AVAX", "BNB", "XLM", "ETC", "XMR",
    "TRX", "DASH", "ZEC", "NXT", "EOS", "ATOM", "UNI", "MATIC", "USDT", "USDC", "EUR", "GBP", "USD", "SHIB",
}  # fmt: skip
"""Only used to choose between two endings: BTCBUSD is BTC/BUSD and not BTCB/USD."""

_FINEST = 18
"""Decimals that a flag may have, as numbers of files may."""


def currencies(symbol: str) -> tuple[str, str] | None:
    """Base and quote of a plain name such as BTCUSDT, BTC-USD or XBTUSD_PERP; None where two readings are possible."""
    name = symbol.upper()
    for mark in ("-", "/", "_"):
        left, _, right = name.partition(mark)
        if left and right.split(mark)[0] in QUOTES:
            return left, right.split(mark)[0]
    name = name.split("_")[0].split("-")[0]
    endings = [(name[: -len(q)], q) for q in QUOTES if name.endswith(q) and name != q]
    if len(endings) == 1:
        return endings[0]
    known = [pair for pair in endings if pair[0] in _BASES]
    return known[0] if len(known) == 1 else None


def told(instrument: str) -> Symbol:
    """The symbol of an instrument that the user named."""
    symbol, _, venue = instrument.rpartition(".")
    return Symbol(symbol, venue)


def instrument_name(symbol: Symbol) -> str:
    """`BTCUSDT.BINANCE`"""
    return f"{symbol.symbol.upper().replace('/', '')}.{symbol.venue}"


def definition(symbol: Symbol, ask: Ask, price_scale: int, size_scale: int) -> Instrument:
    """The instrument of an import: what the file says, what the user says, and the finest decimals for the rest.

    Raises ConfigError if its currencies cannot be told.
    """
    name = ask.instrument or instrument_name(symbol)
    plain, dot, venue = name.rpartition(".")
    if not dot or not plain or not venue:
        raise ConfigError(f"instrument {name!r}: expected SYMBOL.VENUE such as BTCUSDT.BINANCE")
    told = (symbol.base, symbol.quote) if symbol.base and symbol.quote else currencies(plain)
    base, quote = ask.base or (told and told[0]), ask.quote or (told and told[1])
    if ask.quote and not ask.base and plain.upper().endswith(ask.quote) and not symbol.base:
        base = plain.upper()[: -len(ask.quote)]
    if not base or not quote:
        raise ConfigError(
            f"instrument {name!r}: its two currencies cannot be told from its name; name --base and --quote"
        )
    _sensible(ask)
    price_scale = max(price_scale, _decimals(ask.tick))
    size_scale = max(size_scale, _decimals(ask.lot), _decimals(ask.min_quantity))
    return Instrument(
        instrument=name,
        base=base,
        quote=quote,
        price_scale=price_scale,
        size_scale=size_scale,
        tick=number(ask.tick) if ask.tick else Decimal(1).scaleb(-price_scale),
        lot=number(ask.lot) if ask.lot else Decimal(1).scaleb(-size_scale),
        min_quantity=number(ask.min_quantity),
        min_notional=number(ask.min_notional),
        maker_fee=number(ask.maker_fee),
        taker_fee=number(ask.taker_fee),
    )


def _sensible(ask: Ask) -> None:
    """Steps are positive, minimums not negative, fees fractions; all of a size that there is. ConfigError if not."""
    for name in ("tick", "lot", "min_quantity", "min_notional", "maker_fee", "taker_fee"):
        text = getattr(ask, name)
        if text is None:
            continue
        value = number(text)
        is_step, is_fee = name in ("tick", "lot"), name.endswith("fee")
        low, high = (Decimal(-1), Decimal(1)) if is_fee else (Decimal(0), Decimal("1e15"))
        is_good = low < value < high or (value == 0 and not is_step)
        if not is_good or _decimals(text) > _FINEST:
            wanted = "a fraction: 0.001 is 0.1 %" if is_fee else "a number above 0" if is_step else "0 or more"
            raise ConfigError(f"--{name.replace('_', '-')} {text}: expected {wanted}")


def number(text: str) -> Decimal:
    """A finite decimal of a flag; ConfigError if it is none."""
    try:
        found = Decimal(text)
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ConfigError(f"expected a number such as 0.01, found {text!r}")
    return found


def _decimals(text: str | None) -> int:
    return 0 if text is None else max(0, -int(number(text).normalize().as_tuple().exponent))
