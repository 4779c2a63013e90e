"""A sample of every row of features of a run, small however long the run is, for its report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from helios_engine.bodies import Features, Schema
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.pipeline import Recorder

ROWS, SETS = 1024, 16
"""At most so many rows of a set are kept (twice, before they are thinned), and so many sets of a run."""


class Sampled(NamedTuple):
    """One set: `rows` is every `every`-th of `total` rows, from the first on, and `last` the last of all."""

    stage: str
    instrument: str
    timeframe: str
    schema: str
    columns: tuple[str, ...]
    total: int
    every: int
    rows: Sequence[tuple[int, Features]]
    last: Features


class Sample:
    """Every `every`-th row of one set from the first on; `every` doubles when there are too many."""

    __slots__ = ("count", "every", "last", "rows")

    def __init__(self) -> None:
        self.count, self.every = 0, 1
        self.rows: list[tuple[int, Features]] = []
        self.last: tuple[int, Features] | None = None

    def add(self, ts: int, body: Features) -> None:
        """Take a row; the last one is known whether it is in the sample or not."""
        if self.count % self.every == 0:
            self.rows.append((ts, body))
            if len(self.rows) >= 2 * ROWS:
                del self.rows[1::2]
                self.every *= 2
        self.count += 1
        self.last = (ts, body)


def columns_in(stage: Any, schema: str, width: int) -> tuple[str, ...]:
    """The columns of a `Schema` of this name and width on a stage, its class or its module; empty if there is none."""
    kind = type(stage)
    for place in (stage, *kind.__mro__, sys.modules.get(kind.__module__)):
        for value in vars(place).values() if hasattr(place, "__dict__") else ():
            if isinstance(value, Schema) and value.name == schema and len(value.columns) == width:
                return value.columns
    return ()


class FeatureEar:
    """Hears outputs in place of a recorder, which it passes them on to, and samples the features among them."""

    def __init__(self, recorder: Recorder, nodes: Sequence[Node]) -> None:
        self._pass: Callable[[int, int, Body, tuple[str, int]], None] = recorder.output
        self._nodes = tuple(nodes)
        self._samples: dict[tuple[int, str, str, str], Sample] = {}
        self.left_out = 0

    def output(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        """Pass an output on; take it into the sample if it is a row of features."""
        self._pass(position, ts, body, cause)
        if type(body) is not Features:
            return
        key = (position, body.instrument, body.timeframe, body.schema)
        sample = self._samples.get(key)
        if sample is None:
            if len(self._samples) >= SETS:
                self.left_out += 1
                return
            sample = self._samples[key] = Sample()
        sample.add(ts, body)

    def sampled(self) -> list[Sampled]:
        """The sets with their samples, in the order in which they began."""
        found = []
        for (position, instrument, timeframe, schema), sample in self._samples.items():
            assert sample.last is not None
            width = len(sample.last[1].mask)
            rows = [(ts, body) for ts, body in sample.rows if len(body.mask) == width]
            columns = columns_in(self._nodes[position].stage, schema, width) or tuple(
                f"column {n + 1}" for n in range(width)
            )
            name = self._nodes[position].name
            about = (name, instrument, timeframe, schema)
            found.append(Sampled(*about, columns, sample.count, sample.every, rows, sample.last[1]))
        return found
