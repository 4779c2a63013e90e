"""Time and the edge: ticks, measured health, controls, doubts about data."""

from __future__ import annotations

from helios_engine.events import Body


class Tick(Body, frozen=True):
    """A boundary of the smallest timeframe in use has passed (and its grace); last at its time."""

    timeframe: str
    boundary: int


class Health(Body, frozen=True):
    """Something measured at the edge: lag, staleness, link, clock offset."""

    subject: str
    kind: str
    value: float


class Control(Body, frozen=True):
    """Somebody turned a switch: pause, resume, flatten, kill, a flag."""

    name: str
    value: str


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
