"""Bars made of trades, closed one trade too late or too early, or before their time is over."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Tick, Trade
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.stage import StageSpec

HOUR = 3_600_000_000_000
RUN = """
[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"

[[stage]]
use = "{use}"
name = "suspect"
"""


class HourBars:
    """Hourly bars of the trades: `[open, close)` by event time, each said at its tick."""

    consumes = (Trade, Tick)

    def __init__(self) -> None:
        self.trades: list[Trade] = []

    def on_event(self, event: Event[Trade | Tick]) -> Iterator[Bar]:
        """The bar that ends at a tick."""
        body = event.body
        if isinstance(body, Trade):
            self.trades.append(body)
        elif body.boundary % HOUR == 0:
            due = [t for t in self.trades if t.ts_event < body.boundary]
            self.trades = self.trades[len(due) :]
            if due:
                yield bar_of(due, body.boundary - HOUR)


class FirstOfNext(HourBars):
    """Closes a bar when a trade past its end has come, and takes that trade with it."""

    def on_event(self, event: Event[Trade | Tick]) -> Iterator[Bar]:
        """The bar that a trade has ended."""
        body = event.body
        if isinstance(body, Trade):
            self.trades.append(body)
            begin = self.trades[0].ts_event // HOUR * HOUR
            if body.ts_event >= begin + HOUR:
                due, self.trades = self.trades, [body]
                yield bar_of(due, begin)


class OneTooFew(HourBars):
    """Closes a bar without its last trade, which the next one gets."""

    def on_event(self, event: Event[Trade | Tick]) -> Iterator[Bar]:
        """The bar that ends at a tick, less one trade."""
        body = event.body
        if isinstance(body, Trade):
            self.trades.append(body)
        elif body.boundary % HOUR == 0:
            due = [t for t in self.trades if t.ts_event < body.boundary][:-1]
            self.trades = self.trades[len(due) :]
            if due:
                yield bar_of(due, body.boundary - HOUR)


class WideTooEarly(HourBars):
    """Says the bar of four hours at the end of its first, and dates its end back so that the engine lets it pass."""

    def on_event(self, event: Event[Trade | Tick]) -> Iterator[Bar]:
        """A "4h" bar of one hour."""
        for bar in super().on_event(event):
            if bar.ts_open % (4 * HOUR) == 0:
                yield Bar(bar.instrument, "4h", bar.ts_open, *_rest(bar))


def _rest(bar: Bar) -> tuple[int, float, float, float, float, float]:
    return bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume


def bar_of(trades: list[Trade], begin: int) -> Bar:
    """The hourly bar of these trades."""
    prices = [t.price for t in trades]
    volume = round(sum(round(t.quantity * 1e4) for t in trades) / 1e4, 4)
    return Bar(trades[0].instrument, "1h", begin, begin + HOUR, prices[0], max(prices), min(prices), prices[-1], volume)


def _entry(name: str, about: str, leak: type, twins: tuple[type, ...] = ()) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, *twins)]
    return Entry(name, about, RUN, specs[0], tuple(specs[1:]), Label(layers=SEEN))


SEEN: tuple[Layer, ...] = ("availability",)
ENTRIES = (
    _entry("first_of_next", "a bar with the first trade of the next", FirstOfNext, (HourBars,)),
    _entry("one_too_few", "a bar without its last trade", OneTooFew),
    _entry("wide_too_early", "a wide bar before its end", WideTooEarly),
)
