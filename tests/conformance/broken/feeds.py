"""Feeds with one thing wrong each, and one with nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from helios_engine.block import Rows
from helios_engine.bodies import Bar, Signal
from helios_engine.catalog.feeds import CatalogBars
from helios_engine.stage import Pin

FOREVER = 2**63 - 1


class Bars(CatalogBars):
    """The catalog's hourly bars of one instrument: nothing is wrong with them."""

    def __init__(self, catalog: str) -> None:
        super().__init__(catalog, "BTCZAR.VALR", "1h")


class Backward(Bars):
    """The catalog's bars with two of them in the wrong order."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """The fourth and fifth are exchanged."""
        rows = list(super().inputs(start, stop))
        rows[3:5] = rows[4:2:-1]
        yield from rows


class Greedy(Bars):
    """The catalog's bars, the one at `stop` included."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """Of a closed span."""
        yield from super().inputs(start, min(stop + 1, FOREVER))


class Early(Bars):
    """The catalog's bars, known when they open."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """At the open."""
        yield from ((bar.ts_open, bar) for _, bar in super().inputs(0, FOREVER) if start <= bar.ts_open < stop)


class Mislabelled(Bars):
    """The catalog's bars, annotated as signals."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Signal]]:  # type: ignore[override]
        """Bars all the same."""
        yield from super().inputs(start, stop)  # type: ignore[misc]


class Unpinned(Bars):
    """The catalog's bars under a pin that is the same whatever they are."""

    def pin(self) -> Pin:
        """Always the same digest."""
        found = super().pin()
        return Pin("always", found.rows, found.first, found.last)


class Foreseeing(Bars):
    """The catalog's bars under the close of the bar after each."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """All but the last."""
        for (ts, bar), (_, after) in pairwise(super().inputs(0, FOREVER)):
            if start <= ts < stop:
                yield ts, _closing(bar, after.close)


class TwoFaced(Bars):
    """The catalog's bars, one by one at twice their volume, in columns as they are."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """Twice the volume."""
        for ts, bar in super().inputs(start, stop):
            yield ts, msgspec.structs.replace(bar, volume=bar.volume * 2)

    def blocks(self, start: int, stop: int) -> Iterator[Rows]:
        """As they are."""
        yield from super().blocks(start, stop)


class Hashed(Bars):
    """The catalog's bars with closes that the hash seed of the process moves by less than a hundredth."""

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        """The same each time in one process."""
        for ts, bar in super().inputs(start, stop):
            yield ts, _closing(bar, bar.close * (1 + hash(str(ts)) % 100 / 1e4))


def _closing(bar: Bar, close: float) -> Bar:
    return msgspec.structs.replace(bar, close=close, high=max(bar.high, close), low=min(bar.low, close))
