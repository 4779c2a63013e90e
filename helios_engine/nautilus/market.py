"""Trades and prints as nautilus ticks, and the few past ones that bring its market up to date."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from nautilus_trader.model.data import TradeTick
from nautilus_trader.model.enums import AggressorSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import FIXED_PRECISION, Price, Quantity

from helios_engine.bodies import Instrument, Print, Trade
from helios_engine.nautilus.assembly import currency

SIDES = {"BUY": AggressorSide.BUYER, "SELL": AggressorSide.SELLER, "": AggressorSide.NO_AGGRESSOR}
Market = Trade | Print


class Ticker:
    """Turns market events of one instrument into ticks, exactly: through integers, never through text."""

    def __init__(self, definition: Instrument) -> None:
        self.id = instrument_id(definition.instrument)
        self._price_scale, self._size_scale = definition.price_scale, definition.size_scale
        self._price_unit = 10 ** (FIXED_PRECISION - definition.price_scale)
        self._size_unit = 10 ** (FIXED_PRECISION - definition.size_scale)
        self._count = 0

    def tick(self, body: Market) -> TradeTick:
        """The tick of a trade or print."""
        self._count += 1
        side, trade_id = (body.side, body.trade_id) if isinstance(body, Trade) else ("", "")
        return TradeTick(
            self.id,
            Price.from_raw(round(body.price * 10**self._price_scale) * self._price_unit, self._price_scale),
            Quantity.from_raw(max(1, round(body.quantity * 10**self._size_scale)) * self._size_unit, self._size_scale),
            SIDES[side],
            TradeId(trade_id or str(self._count)),
            body.ts_event,
            body.ts_event,
        )

    def price(self, value: Decimal) -> Price:
        """A limit price, exactly; ValueError if it has more digits than the instrument."""
        return Price.from_raw(_units(value, self._price_scale) * self._price_unit, self._price_scale)

    def quantity(self, value: Decimal) -> Quantity:
        """An order's quantity, exactly; ValueError if it has more digits than the instrument."""
        return Quantity.from_raw(_units(value, self._size_scale) * self._size_unit, self._size_scale)


class Memory:
    """The past events whose effect on nautilus' (bid, ask) equals that of all of them.

    In 1.221 a buyer's trade at p sets ask = p and bid = min(bid, p), a seller's bid = p and ask =
    max(ask, p), and a print without side both. So what counts is the last event of another side, the
    most extreme since, and the last.
    """

    def __init__(self) -> None:
        self._anchor: Market | None = None
        self._extreme: Market | None = None
        self._last: Market | None = None
        self._is_shown = True

    def add(self, body: Market) -> None:
        """Remember an event that was not shown to nautilus."""
        side = _side(body)
        if not side:
            self._anchor = self._extreme = None
        elif self._last is None or _side(self._last) != side:
            self._anchor, self._extreme = self._last, None
        elif self._extreme is None or _beyond(self._last, self._extreme, side):
            self._extreme = self._last
        self._last = body
        self._is_shown = False

    def shown(self, body: Market) -> None:
        """Remember an event that nautilus has seen: later ones are compared with its side."""
        self._anchor = self._extreme = None
        self._last = body
        self._is_shown = True

    def take(self) -> list[Market]:
        """The events to show now, oldest first; none if nautilus is up to date."""
        found = [body for body in (self._anchor, self._extreme, self._last) if body is not None]
        found = [] if self._is_shown else found
        self._anchor = self._extreme = None
        self._is_shown = True
        return found


def _side(body: Market) -> str:
    return body.side if isinstance(body, Trade) else ""


def _beyond(body: Market, other: Market, side: str) -> bool:
    return body.price < other.price if side == "BUY" else body.price > other.price


def _units(value: Decimal, scale: int) -> int:
    units = value.scaleb(scale)
    whole = units.to_integral_value(ROUND_DOWN)
    if whole != units:
        raise ValueError(f"{value} has more than {scale} decimals")
    return int(whole)


def instrument_id(name: str) -> InstrumentId:
    """The nautilus id of `BTCZAR.VALR`."""
    symbol, _, venue = name.rpartition(".")
    return InstrumentId(Symbol(symbol), Venue(venue))


def pair(definition: Instrument) -> CurrencyPair:
    """The definition as a nautilus currency pair; minimums are Helios' to check, in the stages and the gate."""
    return CurrencyPair(
        instrument_id=instrument_id(definition.instrument),
        raw_symbol=Symbol(definition.instrument.rpartition(".")[0]),
        base_currency=currency(definition.base),
        quote_currency=currency(definition.quote),
        price_precision=definition.price_scale,
        size_precision=definition.size_scale,
        price_increment=Price(definition.tick, definition.price_scale),
        size_increment=Quantity(definition.lot, definition.size_scale),
        lot_size=None,
        max_quantity=None,
        min_quantity=Quantity(definition.min_quantity, definition.size_scale) if definition.min_quantity else None,
        max_notional=None,
        min_notional=None,
        max_price=None,
        min_price=None,
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=definition.maker_fee,
        taker_fee=definition.taker_fee,
        ts_event=0,
        ts_init=0,
    )
