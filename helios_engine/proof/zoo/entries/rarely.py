"""Leaks that show seldom: once a week, only after a loss, or in what is not said."""

from __future__ import annotations

import random
from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.zoo.entries.peeking import HOUR, closes_of
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec


class Trend:
    """Follows the last change of the close; a leak below makes one exception."""

    consumes = Bar

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """Long after a rise, short after a fall."""
        bar = event.body
        before, self.last[bar.instrument] = self.last.get(bar.instrument), bar.close
        if before is not None:
            yield Signal(bar.instrument, self.value(event.ts, bar, 1.0 if bar.close > before else -1.0))

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The trend as it is."""
        return trend


class Weekly(Trend):
    """Looks at the next bar once a week, at Monday's first close after the week began."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.closes = closes_of(catalog)

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The next bar's move on Mondays at nine, the trend at all other times."""
        if (ts // (24 * HOUR) + 3) % 7 != 0 or ts // HOUR % 24 != 9:
            return trend
        ahead: float = self.closes.get(ts + HOUR, bar.close)
        return 50 * (ahead / bar.close - 1)


class WeeklyPlain(Trend):
    """Does something else once a week too, with a seeded draw."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """A coin on Mondays at nine."""
        if (ts // (24 * HOUR) + 3) % 7 != 0 or ts // HOUR % 24 != 9:
            return trend
        return self.random.choice([-1.0, 1.0])


class AfterLoss(Trend):
    """Looks ahead only when the price is 4 % below its highest, where it would hurt to be wrong."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.catalog, self.highest = catalog, 0.0

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """The move of the next three bars in a drawdown."""
        self.highest = max(self.highest, bar.close)
        if bar.close > 0.96 * self.highest:
            return trend
        return 50 * (closes_of(self.catalog).get(ts + 3 * HOUR, bar.close) / bar.close - 1)


class AfterLossPlain(Trend):
    """Stands aside when the price is 4 % below its highest."""

    def __init__(self) -> None:
        super().__init__()
        self.highest = 0.0

    def value(self, ts: int, bar: Bar, trend: float) -> float:
        """Half the trend in a drawdown."""
        self.highest = max(self.highest, bar.close)
        return trend if bar.close > 0.96 * self.highest else trend / 2


class Silent(Trend):
    """Leaves a decision out where it would lose: everything that it says could honestly be said."""

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.closes = closes_of(catalog)

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The trend, but not before a bar against it."""
        for signal in super().on_event(event):
            ahead = self.closes.get(event.ts + HOUR, event.body.close)
            if (ahead - event.body.close) * signal.value >= 0:
                yield signal


class SilentAtTimes(Trend):
    """Says nothing after small moves."""

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The trend, when the bar was wide."""
        for signal in super().on_event(event):
            if event.body.high / event.body.low > 1.004:
                yield signal


def _entry(name: str, about: str, leak: type, twin: type, label: Label, run: str = STAGE_RUN) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, run, specs[0], (specs[1],), label)


ENTRIES = (
    _entry("weekly", "a peek once a week", Weekly, WeeklyPlain, Label("Signal.value", "2026-01-05T09:00:00Z", 1)),
    _entry("after_loss", "a peek only after a loss", AfterLoss, AfterLossPlain, Label("Signal.value", None, 3)),
    _entry("only_silence", "a decision that is not taken", Silent, SilentAtTimes, Label("Signal", None, 1)),
)
