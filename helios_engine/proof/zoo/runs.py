"""Runs that entries are put into, as TOML without a head; `{use}` is the plugin on trial."""

from __future__ import annotations

from helios_engine.bodies import Bar, Features, Signal
from helios_engine.events import Event
from helios_engine.stage import StageSpec

BARS = """
[[feed]]
use = "catalog.bars"
instrument = "BTCZAR.VALR"
timeframe = "1h"
"""
TWO = (
    BARS
    + """
[[feed]]
use = "catalog.bars"
instrument = "ETHZAR.VALR"
timeframe = "1h"
"""
)
THREE = (
    TWO
    + """
[[feed]]
use = "catalog.bars"
instrument = "XRPZAR.VALR"
timeframe = "1h"
"""
)
FEED = """
[[feed]]
use = "{use}"
name = "suspect"
"""
STAGE = """
[[stage]]
use = "{use}"
name = "suspect"
"""
LISTENER = """
[[stage]]
use = "zoo.listener"
"""


class Listener:
    """Follows the last value that it heard: a strategy of one line, for feeds that need somebody to listen."""

    consumes = (Bar, Features)
    optional = (Bar, Features)

    def __init__(self) -> None:
        self.last = 0.0

    def on_event(self, event: Event[Bar | Features]) -> list[Signal]:
        """A signal of the direction in which the value moved."""
        if isinstance(event.body, Bar):
            return []
        now = float(event.body.array[0])
        before, self.last = self.last, now
        return [Signal(event.body.instrument, 1.0 if now > before else -1.0)]


LISTENING = StageSpec("zoo.listener", Listener)

FEED_RUN = BARS + FEED + LISTENER
"""A feed of features beside the bars that they are made of."""
STAGE_RUN = BARS + STAGE
"""A stage on hourly bars of one instrument."""
