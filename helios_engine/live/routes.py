"""From a body that a connection brought to the feed of the config that asked for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from helios_engine.assemble import DEFINITIONS
from helios_engine.bodies import BookDelta, BookSnapshot, DataIssue, Health, Instrument, VenueStatus
from helios_engine.events import Body
from helios_engine.recorder.connection import Wanted

EDGE = "edge"
"""The source of what is measured or told at the edge: health, status, doubts. Every run takes those."""
_ALWAYS = {Health: EDGE, VenueStatus: EDGE, DataIssue: EDGE, Instrument: DEFINITIONS}


class Routes:
    """The name of the source under which a body is an input. `left` counts, by kind, what nobody asked for."""

    def __init__(self, wanted: Mapping[Wanted, str]) -> None:
        self._names: dict[tuple[type[Body], str, str], str | None] = {
            (want.kind, want.instrument, want.timeframe): name for want, name in wanted.items()
        }
        self.left: Counter[str] = Counter()

    def source(self, body: Body) -> str | None:
        """The feed that asked for it, or the edge; nothing if nobody wants it."""
        kind = type(body)
        always = _ALWAYS.get(kind)
        if always is not None:
            return always
        key = (kind, getattr(body, "instrument", ""), getattr(body, "timeframe", ""))
        found = self._names.get(key)
        if found is None:
            self.left[kind.__name__] += 1
        return found


def is_market(body: Body) -> bool:
    """Whether it is data of a market, and not of the edge."""
    return type(body) not in _ALWAYS


def as_asked(wanted: Mapping[Wanted, str]) -> list[Wanted]:
    """What to ask a connection for: a book is asked for once, by its snapshots."""
    books = {(BookSnapshot, w.instrument) for w in wanted if w.kind is BookSnapshot}
    return [w for w in wanted if w.kind is not BookDelta or (BookSnapshot, w.instrument) not in books]
