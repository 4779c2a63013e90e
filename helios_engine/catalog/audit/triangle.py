"""Three pairs that close a circle: what A/B times B/C says of A/C must be near what A/C says itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.audit.findings import Findings, Sort, Stretch
from helios_engine.catalog.audit.scan import Times, scan
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.store import Dataset
from helios_engine.timeframe import timeframe_ns

DEVIATION = 0.01
"""Closes that are off by more than this share are told,"""
LASTING = 3
"""when so many bars in a row are."""
_OFF = Sort("triangle", "warn", "stretches in which three pairs do not agree")


class Triangle(NamedTuple):
    """Bars of A/B, B/C and A/C, of one venue and timeframe."""

    first: Dataset
    second: Dataset
    cross: Dataset

    @property
    def names(self) -> tuple[str, str, str]:
        """The three instruments."""
        return self.first.manifest.name, self.second.manifest.name, self.cross.manifest.name


class _Leg(NamedTuple):
    """Closes by the time that their bars close at, and when they are known; bars without volume are left out."""

    closed: Times
    known: Times
    price: NDArray[np.float64]

    def take(self, rows: Any) -> _Leg:
        return _Leg(self.closed[rows], self.known[rows], self.price[rows])

    def cut(self, end: int) -> tuple[_Leg, _Leg]:
        at = int(np.searchsorted(self.closed, end, "right"))
        return self.take(slice(None, at)), self.take(slice(at, None))


def triangles(datasets: Iterable[Dataset]) -> list[Triangle]:
    """Every triangle of pairs among the bars given."""
    pairs: dict[tuple[str, str], dict[tuple[str, str], list[Dataset]]] = {}
    for dataset in datasets:
        m = dataset.manifest
        if m.kind == "bars" and m.instrument is not None:
            market = pairs.setdefault((m.name.rpartition(".")[2], m.timeframe), {})
            market.setdefault((m.instrument.base, m.instrument.quote), []).append(dataset)
    found = []
    for market in pairs.values():
        for (a, b), (start, c) in itertools.permutations(market, 2):
            if b == start and (a, c) in market:
                found += [Triangle(*legs) for legs in itertools.product(market[a, b], market[b, c], market[a, c])]
    return found


def check_triangle(triangle: Triangle, deviation: float = DEVIATION, lasting: int = LASTING) -> list[Issue]:
    """Stretches in which closes are off by more than `deviation` in `lasting` bars in a row and more.

    Which of the three is wrong cannot be known, so that the finding is about each of them. Bars that one of them
    does not have, or without volume, say nothing. Raises DataError for unreadable files.
    """
    findings = Findings(origin="triangle")
    one, two, cross = triangle.names
    said = f"{one} times {two} is off {cross} by up to {{worst}} in {{count}} bars"
    stretch = Stretch(findings, _OFF, lasting, said)
    length = timeframe_ns(triangle.cross.manifest.timeframe)
    for legs in _together(triangle):
        first, second, both = legs
        off = np.abs(first.price * second.price / both.price - 1.0)
        known = np.maximum.reduce([leg.known for leg in legs])
        stretch.feed(off > deviation, first.closed - length, first.closed, np.maximum(known, first.closed), off)
    return list(findings.issues())


def _together(triangle: Triangle) -> Iterator[Sequence[_Leg]]:
    """Blocks of bars that all three have; memory holds a block of each."""
    readers = [_legs(dataset) for dataset in triangle]
    held = [_Leg(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))] * 3
    done = [False] * 3
    while not all(done):
        behind = min((n for n in range(3) if not done[n]), key=lambda n: _reach(held[n]))
        fresh = next(readers[behind], None)
        if fresh is None:
            done[behind] = True
            if held[behind].closed.size == 0:
                return
        else:
            old = held[behind]
            closed, known = np.concatenate([old.closed, fresh.closed]), np.concatenate([old.known, fresh.known])
            held[behind] = _Leg(closed, known, np.concatenate([old.price, fresh.price]))
        open_ends = [_reach(leg) for leg, over in zip(held, done, strict=True) if not over]
        end = min(open_ends, default=2**63 - 1)
        parts = [leg.cut(end) for leg in held]
        yield _common([now for now, _ in parts])
        held = [later for _, later in parts]


def _reach(leg: _Leg) -> int:
    """Until when a leg is at hand; nothing yet comes first."""
    return int(leg.closed[-1]) if leg.closed.size else -(2**63)


def _common(legs: Sequence[_Leg]) -> Sequence[_Leg]:
    shared = np.intersect1d(np.intersect1d(legs[0].closed, legs[1].closed), legs[2].closed)
    return [leg.take(np.searchsorted(leg.closed, shared)) for leg in legs]


def _legs(dataset: Dataset) -> Iterator[_Leg]:
    unit = 10**dataset.manifest.price_scale
    for block in scan(dataset, ("ts_close", "close", "volume")):
        c = {name: values[block.old :] for name, values in block.columns.items()}
        traded = np.flatnonzero((c["volume"] > 0) & (c["close"] > 0))
        order = traded[np.argsort(c["ts_close"][traded], kind="stable")]
        yield _Leg(c["ts_close"], c["ts"], c["close"] / unit).take(order)
