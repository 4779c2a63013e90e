"""Time and the edge: ticks, measured health, controls, doubts about data."""

from __future__ import annotations

from helios_engine.events import Body


class Tick(Body, frozen=True):
    """A boundary of the smallest timeframe in use has passed (and its grace); last at its time."""

    timeframe: str
    boundary: int


class Health(Body, frozen=True):
    """Something measured at the edge, of an instrument, a venue, or (any other subject) of everything.

    Kinds the gate knows: `lag`, `staleness` and `clock_offset` in seconds, `link` (1 up, 0 down), and `gaps`,
    messages missed and not made good.
    """

    subject: str
    kind: str
    value: float


class Control(Body, frozen=True):
    """Somebody turned a switch; `value` is the instrument it is for, anything else is everything.

    After `pause`, `reduce_only` or `flatten` only orders that reduce a position pass the gate, until `resume`
    (which lifts everything only with the value "", "all" or "*"); after `kill` nothing but cancels, for good.
    Other names are flags for stages.
    """

    name: str
    value: str


class Quarantine(Body, frozen=True):
    """A stage of a live run is out: nothing it said of its event `delivery` (from 0) counts, and it gets no more.

    `kind` is `raised` or `flooded`, to which a replay comes by itself, or `interrupted`, `slow` or `memory`, which a
    replay takes from here; `reason` names the event and the error.
    """

    stage: str
    delivery: int
    kind: str
    reason: str


class DataIssue(Body, frozen=True):
    """A doubt about data between `ts_from` and `ts_to` (ns UTC); severity is info, warn or error.

    `state` is `quarantined` for rows that nobody has confirmed yet, `filled` for rows that a repair made up.
    """

    instrument: str
    kind: str
    severity: str
    ts_from: int
    ts_to: int
    detail: str
    state: str = ""
