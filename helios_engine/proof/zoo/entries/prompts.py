"""Prompts that tell what has not happened: tomorrow's price in a template, and the date on which the run is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from helios_engine.bodies import Bar, LlmRequest
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entries.answering import HELPERS, HOUR, READER
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.runs import BARS, STAGE
from helios_engine.stage import StageSpec

SEEN: tuple[Layer, ...] = ("hermetic", "differential")
PROMPT_RUN = (
    BARS
    + STAGE
    + """
[[stage]]
use = "zoo.obeys"

[[effect]]
use = "zoo.reader"
"""
)


class TomorrowsPrice:
    """A prompt from a template that takes the close "of the day", which is tomorrow's when the day is young."""

    consumes = Bar

    def __init__(self, catalog: str) -> None:
        days = bars_frame(catalog, timeframe="1d")
        self.days = dict(zip(days["ts_open"].tolist(), days["close"].tolist(), strict=True))

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        """A prompt with the close of the UTC day."""
        close = self.days.get(event.body.ts_open - event.body.ts_open % (24 * HOUR), event.body.close)
        yield LlmRequest(str(event.ts), "", "You trade.", f"Daily close: {close}. Buy?", "{}")


class YesterdaysPrice:
    """The same template with the close of the last day that has ended."""

    consumes = Bar

    def __init__(self) -> None:
        self.closes: dict[int, float] = {}

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        """A prompt with yesterday's close."""
        day = event.body.ts_open // (24 * HOUR)
        self.closes[day] = event.body.close
        if day - 1 in self.closes:
            yield LlmRequest(str(event.ts), "", "You trade.", f"Daily close: {self.closes[day - 1]}. Buy?", "{}")


class TodaysDate:
    """A prompt that says "today is", of the day on which the backtest is run: it tells the model how it ended."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        """A prompt with the researcher's date."""
        yield LlmRequest(str(event.ts), "", "You trade.", f"Today is {dt.date.today()}. Buy?", "{}")


class EventsDate:
    """A prompt that says "today is", of the event's day."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        """A prompt with the event's date."""
        today = dt.datetime.fromtimestamp(event.ts // 10**9, dt.UTC).date()
        yield LlmRequest(str(event.ts), "", "You trade.", f"Today is {today}. Buy?", "{}")


def _stage(name: str, about: str, leak: type, label: Label, twin: type) -> Entry:
    specs = [StageSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, twin)]
    return Entry(name, about, PROMPT_RUN, specs[0], (specs[1],), label, (*HELPERS, READER))


ENTRIES = (
    _stage(
        "tomorrows_price", "a prompt with the day's close", TomorrowsPrice, Label("LlmRequest.prompt"), YesterdaysPrice
    ),
    _stage("todays_date", "a prompt with the real date", TodaysDate, Label(layers=SEEN), EventsDate),
)
