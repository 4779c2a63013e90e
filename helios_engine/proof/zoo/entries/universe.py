"""Which instruments to trade, chosen by what became of them."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Instrument, Target
from helios_engine.catalog.store import Catalog
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC, ETH, XRP
from helios_engine.proof.zoo.runs import STAGE, THREE
from helios_engine.stage import StageSpec

NAMES = (BTC, ETH, XRP)
FIRST, HOURS = "2026-01-05T01:00:00Z", 24


class Chosen:
    """Holds one unit of each instrument on a list that was made before the run."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        self.catalog = catalog
        self.members = self.choose()

    def choose(self) -> tuple[str, ...]:
        """The list."""
        raise NotImplementedError

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A target for every bar of a member."""
        if event.body.instrument in self.members:
            yield Target(event.body.instrument, 1.0)


class TopVolume(Chosen):
    """Today's list of the most traded, used from the first day on."""

    def choose(self) -> tuple[str, ...]:
        """The instrument with the largest turnover of all data."""
        turnover = {}
        for name in NAMES:
            bars = bars_frame(self.catalog, name)
            turnover[name] = float((bars["close"] * bars["volume"]).sum())
        return (max(NAMES, key=turnover.__getitem__),)


class Winners(Chosen):
    """The instrument that rose most over the data."""

    def choose(self) -> tuple[str, ...]:
        """Ranked by final return."""
        gains = {}
        for name in NAMES:
            close = bars_frame(self.catalog, name)["close"]
            gains[name] = float(close.iloc[-1] / close.iloc[0])
        return (max(NAMES, key=gains.__getitem__),)


class Survivors(Chosen):
    """The instruments that are still listed when the file was made."""

    def choose(self) -> tuple[str, ...]:
        """Those without a date of delisting."""
        found = []
        for name in NAMES:
            definition = Catalog(self.catalog).dataset("bars", name, "1h").manifest.instrument
            if definition is not None and definition.delisted == 0:
                found.append(name)
        return tuple(found)


class Trailing:
    """Holds the instrument with the largest turnover of the last day, by the bars that it was given."""

    consumes = Bar

    def __init__(self) -> None:
        self.turnover: dict[str, list[float]] = {}

    def score(self, name: str) -> float:
        """Turnover of the last 24 bars."""
        return sum(self.turnover[name][-HOURS:])

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A target for every bar of the first in the ranking."""
        bar = event.body
        self.turnover.setdefault(bar.instrument, []).append(bar.close * bar.volume)
        if bar.instrument == max(self.turnover, key=self.score):
            yield Target(bar.instrument, 1.0)


class TrailingWinner(Trailing):
    """Holds the instrument that rose most since the run began."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def score(self, name: str) -> float:
        """Return since the first bar."""
        return self.last[name] / self.first[name]

    def on_event(self, event: Event[Bar]) -> Iterator[Target]:
        """A target for every bar of the first in the ranking."""
        self.first.setdefault(event.body.instrument, event.body.close)
        self.last[event.body.instrument] = event.body.close
        yield from super().on_event(event)


class Listed:
    """Holds whatever is listed, by the definitions that it was told."""

    consumes = (Bar, Instrument)

    def __init__(self) -> None:
        self.delisted: dict[str, int] = {}

    def on_event(self, event: Event[Bar | Instrument]) -> Iterator[Target]:
        """A target for every bar of an instrument whose end has not come."""
        body = event.body
        if isinstance(body, Instrument):
            self.delisted[body.instrument] = body.delisted
        elif not 0 < self.delisted.get(body.instrument, 0) <= event.ts:
            yield Target(body.instrument, 1.0)


def _entry(name: str, about: str, leak: type, twin: type, label: Label) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, THREE + STAGE, specs[0], (specs[1],), label)


ENTRIES = (
    _entry("top_volume", "today's list of the most traded", TopVolume, Trailing, Label("Target")),
    _entry("winners", "ranked by final return", Winners, TrailingWinner, Label("Target")),
    _entry("survivors", "only what is still listed today", Survivors, Listed, Label("Target", FIRST)),
)
