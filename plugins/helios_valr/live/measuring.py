"""What is measured at this end becomes frames, and so inputs: links, ages of data, lag, the clocks. Rarely, though.

A change of verdict is told at once, what is bad again every few seconds, what is well once a minute.
"""

from __future__ import annotations

from helios_engine.recorder.connection import Taker
from helios_engine.world import World
from helios_valr.live.bars import LENGTH
from helios_valr.live.envelopes import EDGE, Measured, edge
from helios_valr.live.pace import Pace
from helios_valr.live.parser import ValrParser
from helios_valr.live.subscriptions import Subscriptions
from helios_valr.translation import VENUE, instrument_of

_SECOND = 1_000_000_000
A_MINUTE = 24
"""Requests for trades that may be made in a minute, of the 30 that all public endpoints have together."""
BUCKETS, TRADES = "buckets", "trades"
"""The channels of bars, and of trades as far as no stream brings them."""


class Measuring:
    """Ages of channels, which those who hear of one keep young, and when each measurement was last told."""

    def __init__(self, wanted: Subscriptions, parser: ValrParser, taker: Taker, world: World, pace: Pace) -> None:
        self._parser, self._taker, self._world, self._pace = parser, taker, world, pace
        self._wanted = wanted
        now = world.monotonic()
        channels = [*wanted.watched, *((BUCKETS, pair) for pair in wanted.bars)]
        channels += [(TRADES, pair) for pair in wanted.trades]
        self._heard: dict[tuple[str, str], int] = dict.fromkeys(channels, now)
        self._told: dict[tuple[str, str], tuple[bool, int]] = {}
        self.is_linked = False

    def heard(self, channel: str, pair: str) -> None:
        """Something new came on a channel. One that may be silent for long, or that nobody wants, has no age."""
        if (channel, pair) in self._heard:
            self._heard[channel, pair] = self._world.monotonic()

    def age(self, channel: str, pair: str) -> float:
        """Seconds since something new came on a channel, or since it all began. For what is polled, how late it is."""
        age = (self._world.monotonic() - self._heard[channel, pair]) / _SECOND
        if channel == BUCKETS:
            return max(0.0, age - LENGTH - self._pace.after)
        return max(0.0, age - self.trades_every()) if channel == TRADES else age

    def trades_every(self) -> float:
        """Seconds between two walks of trades of all pairs, which share what VALR allows an address."""
        return max(self._pace.trades, len(self._wanted.trades) * 60 / A_MINUTE)

    def link(self, is_up: bool) -> None:
        """The stream is up, or down."""
        self.is_linked = is_up
        self._tell(VENUE, "link", float(is_up), is_well=is_up)

    async def run(self) -> None:
        """Measure until cancelled."""
        beat = min(1.0, self._pace.stale / 4, self._pace.bad / 2)
        while True:
            await self._world.sleep(beat)
            self.measure()

    def measure(self) -> None:
        """Tell what is due."""
        if self._wanted.events:
            self.link(self.is_linked)
        ages: dict[str, tuple[float, str]] = {}
        for channel, pair in self._heard:
            ages[pair] = max(ages.get(pair, (-1.0, "")), (self.age(channel, pair), channel))
        for pair, (age, channel) in ages.items():
            self._tell(instrument_of(pair), "staleness", age, is_well=age <= self._pace.stale, channel=channel)
        for name, lag in list(self._parser.lines.lag.items()):
            seconds = lag / _SECOND
            self._tell(name, "lag", seconds, is_well=abs(seconds) <= self._pace.lag)
        self._parser.lines.lag.clear()
        if self._parser.answered.offset is not None:
            offset = self._parser.answered.offset / _SECOND
            self._tell(VENUE, "clock_offset", offset, is_well=abs(offset) <= self._pace.offset)

    def _tell(self, subject: str, kind: str, value: float, *, is_well: bool, channel: str = "") -> None:
        now = self._world.monotonic()
        was_well, at = self._told.get((subject, kind), (not is_well, 0))
        every = self._pace.well if is_well else self._pace.bad
        if was_well == is_well and now - at < every * _SECOND:
            return
        self._told[subject, kind] = is_well, now
        self._taker.take(edge(Measured(subject, kind, value, channel)), EDGE)
