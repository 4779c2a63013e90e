"""The rule of freqtrade's `lookahead-analysis`, written anew from its description, on specimens of the zoo.

A full backtest is the baseline. Of its first trades each is run again on candles that end one timeframe after the
trade opened, and once more one after it closed: a trade that then does not open (close) at the same candle is
biased, and so is an indicator whose value at that candle differs. Candles are cut by when they opened, those of
larger timeframes too; all runs share a process, and files that a strategy opens by itself are not cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from inspect import signature
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc

from helios_engine.bodies import Bar, Features, Signal
from helios_engine.catalog.store import Catalog
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Specimen
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import BTC, ETH, FRAMES
from helios_engine.proof.zoo.runs import Listener
from helios_engine.stage import FeedSpec

CANDLE = 3_600_000_000_000
FEWEST, MOST = 10, 20
"""Fewer closed trades give no verdict; of more, the first are looked at."""


class Row(NamedTuple):
    """What a strategy made of a candle: its indicator, if it has one, and its signal."""

    indicator: float | None
    signal: float


class Trade(NamedTuple):
    """When a trade opened and closed: opening times of candles, ns UTC."""

    opened: int
    closed: int


class Verdict(NamedTuple):
    """How many of the signals looked at were biased, and of how many; whether an indicator was."""

    trades: int
    biased: int
    indicator: bool

    @property
    def text(self) -> str:
        """The verdict in words."""
        if self.trades < FEWEST:
            return "too few trades"
        return "found" if self.biased or self.indicator else "passes"


class Rule:
    """Judges specimens over one catalog; `folder` is for the catalogs that are cut."""

    def __init__(self, catalog: Path, folder: Path) -> None:
        self.catalog, self.folder = catalog, folder

    def verdict(self, specimen: Specimen) -> Verdict:
        """What the rule says of a specimen that is a feed of one column or a stage on the bars of one instrument."""
        full = rows(specimen, self.catalog, self.catalog)
        everything = trades(full, sorted(bars_frame(str(self.catalog))["ts_open"].tolist()))
        known = [trade for trade in everything if trade.closed][:MOST]
        if len(known) < FEWEST:
            return Verdict(len(known), 0, False)
        biased, indicator = 0, False
        for number in range(len(known)):
            for side in (0, 1):  # the entry, then the exit
                candle = known[number][side]
                cut = self.cut(candle + CANDLE)
                part = rows(specimen, cut, self.catalog)
                again = trades(part, sorted(bars_frame(str(cut))["ts_open"].tolist()))
                biased += candle not in {trade[side] for trade in again}
                one, two = full.get(candle), part.get(candle)
                indicator |= one is not None and two is not None and one.indicator != two.indicator
        return Verdict(len(known), biased, indicator)

    def cut(self, stop: int) -> Path:
        """A catalog of the candles that opened at `stop` or before, of every timeframe."""
        folder = self.folder / str(stop)
        if not folder.exists():
            whole, part = Catalog(str(self.catalog)), Catalog(str(folder))
            for name, timeframe in product((BTC, ETH), FRAMES):
                dataset = whole.dataset("bars", name, timeframe)
                table = dataset.table()
                table = table.filter(pc.less_equal(table["ts_open"], stop))
                definition = dataset.manifest.instrument
                assert definition is not None
                part.write("bars", definition, table, timeframe=timeframe)
        return folder


def rows(specimen: Specimen, catalog: Path, files: Path) -> dict[int, Row]:
    """What a specimen says of each candle of `catalog`, by when that opened; its own files are those of `files`."""
    if isinstance(specimen.spec, FeedSpec):
        return dict(_columns(specimen.spec.factory(catalog=str(catalog))))
    wants = signature(specimen.spec.factory).parameters
    given = {name: value for name, value in (("catalog", str(files)), ("seed", 1)) if name in wants}
    return dict(_signals(specimen.spec.factory(**given), catalog))


def trades(found: dict[int, Row], candles: list[int]) -> list[Trade]:
    """The trades of a backtest: in at the open after a signal to buy, out at the open after one to sell.

    One that is open at the end comes last, with `closed` 0.
    """
    closed, opened = [], 0
    for candle, following in pairwise(candles):
        row = found.get(candle)
        if row is None:
            continue
        if row.signal > 0 and not opened:
            opened = following
        elif row.signal < 0 and opened:
            closed.append(Trade(opened, following))
            opened = 0
    return [*closed, Trade(opened, 0)] if opened else closed


def _columns(feed: Any) -> Iterator[tuple[int, Row]]:
    listener = Listener()
    for number, (ts, body) in enumerate(feed.inputs(0, 2**62)):
        if isinstance(body, Features):
            (signal,) = listener.on_event(Event(ts, number, "feed", body))
            yield ts - CANDLE, Row(float(body.array[0]), signal.value)


def _signals(stage: Any, catalog: Path) -> Iterator[tuple[int, Row]]:
    bars = bars_frame(str(catalog))
    make = partial(Bar, BTC, "1h")
    names = ("ts_open", "ts_close", "open", "high", "low", "close", "volume")
    for number, values in enumerate(zip(*(bars[name].tolist() for name in names), strict=True)):
        bar = make(*values)
        for body in stage.on_event(Event(bar.ts_close, number, "feed", bar)):
            if isinstance(body, Signal):
                yield bar.ts_open, Row(None, body.value)
