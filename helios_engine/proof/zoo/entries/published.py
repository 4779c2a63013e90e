"""Figures that were published after the day they are about, and revised after that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helios_engine.bodies import Features, Instrument
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.frames import COLUMN
from helios_engine.proof.zoo.market import BTC, REPORT, REPORTS, START, Report
from helios_engine.proof.zoo.runs import BARS, FEED, LISTENER, LISTENING
from helios_engine.stage import FeedSpec, Pin
from helios_engine.timeframe import parse_time

RUN = BARS + FEED.replace('timeframe = "1h"\n', "") + LISTENER
VALUE, HOUR = "Features.values[0]", 3_600_000_000_000
DAY = 24 * HOUR
NOON = parse_time(START) + 12 * HOUR


class Figures:
    """A feed of the reports: each figure when it was published, revisions too."""

    def __init__(self, catalog: str) -> None:
        self.dataset = Catalog(catalog).dataset("bodies", REPORTS, "zoo.Report@1")

    def pin(self) -> Pin:
        """That of the reports."""
        m = self.dataset.manifest
        return Pin(m.digest, m.rows, m.first, m.last)

    def instruments(self) -> Iterable[Instrument]:
        """None."""
        return []

    def reports(self) -> list[tuple[int, Report]]:
        """Every report with the time at which it was published."""
        table, codec = self.dataset.table(), Codec([REPORT])
        found = [codec.decode(REPORT.tag, raw) for raw in table["body"].to_pylist()]
        return [(ts, r) for ts, r in zip(table["ts"].to_pylist(), found, strict=True) if isinstance(r, Report)]

    def rows(self) -> Iterator[tuple[int, float]]:
        """When each value is told, and the value."""
        for ts, report in self.reports():
            yield ts, report.value

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """The rows of a span, oldest first."""
        for ts, value in sorted(self.rows()):
            if start <= ts < stop:
                yield ts, Features.of(BTC, COLUMN, [value])


class ByDay(Figures):
    """Each first figure dated by the day that it is about."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """At the end of the day; it was published six hours later."""
        for _, report in self.reports():
            if report.revision == 0:
                yield report.day + DAY, report.value


class Restated(Figures):
    """Each figure when it was first published, with the value of its last revision: what the vendor's file holds."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """The last value of every day, at the time of the first."""
        last = {report.day: report.value for _, report in self.reports()}
        for ts, report in self.reports():
            if report.revision == 0:
                yield ts, last[report.day]


class FirstReleases(Figures):
    """Each figure as it was first published."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """Revisions are left out."""
        for ts, report in self.reports():
            if report.revision == 0:
                yield ts, report.value


class Calendar(Figures):
    """Each day at noon the figure that will be published next, as a "calendar" of forecasts knows it."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """The value of the next report."""
        found = self.reports()
        for noon in range(NOON, found[-1][0], DAY):
            yield noon, next(report.value for ts, report in found if ts > noon)


class CalendarPast(Figures):
    """Each day at noon the figure published last, and how long ago; looks over all of them to find it."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """The value of the last report."""
        found = self.reports()
        for noon in range(NOON, NOON + 365 * DAY, DAY):
            upcoming = [report.value for ts, report in found if ts <= noon]
            yield noon, upcoming[-1]


class HoursToExpiry(Figures):
    """Hours until the last Friday of the month at eight, which is a rule and no secret."""

    def rows(self) -> Iterator[tuple[int, float]]:
        """Each day at noon; the expiry of January 2026 is known years ahead."""
        expiry = 1_769_760_000 * 10**9  # 2026-01-30T08:00Z
        for noon in range(NOON, NOON + 25 * DAY, DAY):
            yield noon, (expiry - noon) / HOUR


def _entry(name: str, about: str, leak: type, twins: tuple[type, ...], label: Label) -> Entry:
    specs = [FeedSpec(f"zoo.{kind.__name__.lower()}", kind) for kind in (leak, *twins)]
    return Entry(name, about, RUN, specs[0], tuple(specs[1:]), label, (LISTENING,))


ENTRIES = (
    _entry(
        "event_date",
        "news dated by the day that it is about",
        ByDay,
        (Figures,),
        Label("Features", "2026-01-06T00:00:00Z", 6),
    ),
    _entry(
        "last_revision",
        "revised figures at the time of the first",
        Restated,
        (FirstReleases,),
        Label(VALUE, "2026-01-05T06:00:00Z", 27),
    ),
    _entry(
        "next_figure",
        "a calendar that knows the figures",
        Calendar,
        (CalendarPast, HoursToExpiry),
        Label("Features", "2026-01-05T12:00:00Z", 18),
    ),
)
