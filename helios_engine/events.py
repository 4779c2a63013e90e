"""Events and bodies: what a stage sees, and what it may say.

A `Body` is a fact without a time of its own in the engine. An `Event` is a body that the
pipeline has stamped: `ts` is the moment the engine may know it, int nanoseconds UTC.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec


class Body(msgspec.Struct, frozen=True, weakref=True):
    """A fact: small, frozen, flat and hashable. Subclass it for a new kind of fact.

    Engine bodies are tagged with their class name. A plugin's own are tagged
    `plugin.Name/version` through `helios_bodies`, so that a journal can be read without it.
    """


B = TypeVar("B", bound=Body, covariant=True)


class Event(msgspec.Struct, Generic[B], frozen=True):
    """A body with its place in time. Only the pipeline makes events.

    `ts` is now (ns UTC). `source` names the feed, the venue, an effect or the stage it came
    from, and `seq` counts the events of that source: the pair names an event in every run,
    in a backtest as in live trading, which a counter over all sources would not.
    """

    ts: int
    seq: int
    source: str
    body: B
