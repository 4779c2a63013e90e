"""The catalog on which the zoo lives: three generated instruments, their trades and bars, and a reporter's figures.

Ten days from Monday 2026-01-05. Bars of 1h, 4h and 1d follow from the trades. `reports` are made-up figures
about each day, published hours after it and revised a day later, as index values and volumes of venues are.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from helios_engine.bodies import Instrument
from helios_engine.catalog.generate import Market, bars_of, generate
from helios_engine.catalog.plugin_bodies import write_bodies
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.events import Body
from helios_engine.stage import BodySpec
from helios_engine.timeframe import DAY, UNITS, parse_time, timeframe_ns

START, DAYS, SEED = "2026-01-05", 10, 12
FRAMES = ("1h", "4h", "1d")
BTC, ETH, XRP = "BTCZAR.VALR", "ETHZAR.VALR", "XRPZAR.VALR"
REPORTS = "reports"
_ROOM = 2**28
"""Bytes that must be free in memory; the worlds of a trial take a few million at a time."""


class Report(Body, frozen=True):
    """A figure about the day that begins at `day` (ns UTC); a later `revision` replaces an earlier one."""

    day: int
    value: float
    revision: int


REPORT = BodySpec(Report, "zoo.Report/1")


def write_catalog(folder: Path, seed: int = SEED) -> Path:
    """Generate the zoo's catalog into `folder`, and return it."""
    catalog = Catalog(folder)
    for name, trades in generate(_MARKETS, START, DAYS, seed).items():
        instrument = next(m.instrument for m in _MARKETS if m.instrument.instrument == name)
        catalog.write("trades", instrument, trades)
        for timeframe in FRAMES:
            catalog.write("bars", instrument, bars_of(trades, timeframe_ns(timeframe)), timeframe=timeframe)
    write_bodies(catalog, REPORTS, _reports(seed), Codec([REPORT]))
    return folder


@contextmanager
def catalog_of(seed: int = 0) -> Iterator[Path]:
    """The zoo's catalog in a folder of its own, which is removed at the end and has room for other worlds beside it.

    It lies in memory where the system has a folder there: thousands of small files are made and removed in trials.
    """
    with tempfile.TemporaryDirectory(prefix="helios-zoo-", dir=_in_memory()) as folder:
        yield write_catalog(Path(folder) / "catalog", SEED + seed)


def _in_memory() -> str | None:
    place = "/dev/shm"
    is_named = bool(os.environ.get("TMPDIR"))  # whoever names a place means it
    if is_named or not os.access(place, os.W_OK) or shutil.disk_usage(place).free < _ROOM:
        return None
    return place


def _instrument(name: str, base: str, delisted: str = "") -> Instrument:
    return Instrument(
        instrument=name,
        base=base,
        quote="ZAR",
        price_scale=2,
        size_scale=4,
        tick=Decimal("0.01"),
        lot=Decimal("0.0001"),
        delisted=parse_time(delisted) if delisted else 0,
    )


_MARKETS = (
    Market(instrument=_instrument(BTC, "BTC"), price=100_000.0, daily_volatility=0.015, trades_per_day=600, size=0.5),
    Market(instrument=_instrument(ETH, "ETH"), price=5_000.0, trades_per_day=600, size=9.0),
    Market(instrument=_instrument(XRP, "XRP", "2026-02-01"), price=40.0, trades_per_day=600, size=900.0),
)


def _reports(seed: int) -> list[tuple[int, Report]]:
    draw = np.random.default_rng([seed, 5])
    begin = parse_time(START)
    found: list[tuple[int, Report]] = []
    for day in range(begin - DAY, begin + (DAYS - 2) * DAY, DAY):
        first = Report(day, round(float(draw.normal(100.0, 5.0)), 3), 0)
        revised = msgspec.structs.replace(first, value=round(first.value + float(draw.normal(0.0, 2.0)), 3), revision=1)
        found += [(day + DAY + 6 * UNITS["h"], first), (day + 2 * DAY + 9 * UNITS["h"], revised)]
    return sorted(found, key=lambda row: row[0])
