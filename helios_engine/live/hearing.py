"""What a live run remembers for people to look at: how fresh data is, what was measured, what was decided last."""

from __future__ import annotations

from typing import Any, NamedTuple

from helios_engine.bodies import CancelIntent, Health, ModifyIntent, OrderIntent, Target, VenueStatus
from helios_engine.events import Body
from helios_engine.live.routes import is_market
from helios_engine.pipeline import Listener, Pipeline
from helios_engine.port import INTENTS


class Heard(NamedTuple):
    """The last market input of an instrument: its stamp, and the venue's own time of it (ns UTC; 0: it has none)."""

    ts: int
    ts_event: int


class Decided(NamedTuple):
    """The last target or intent of an instrument: when (ns UTC), and by which stage."""

    ts: int
    stage: str
    body: Body


class Hearing:
    """Takes in what comes and what is decided; a step on the way of every input, so it only remembers."""

    def __init__(self) -> None:
        self.market: dict[str, Heard] = {}
        self.health: dict[tuple[str, str], tuple[int, float]] = {}
        self.venues: dict[str, tuple[int, str]] = {}
        self.targets: dict[str, Decided] = {}
        self.intents: dict[str, Decided] = {}

    def note(self, ts: int, body: Body) -> None:
        """An input has come at `ts`."""
        if type(body) is Health:
            self.health[body.subject, body.kind] = (ts, body.value)
        elif type(body) is VenueStatus:
            self.venues[body.venue] = (ts, body.status)
        elif is_market(body):
            name: str = getattr(body, "instrument", "")
            self.market[name] = Heard(ts, getattr(body, "ts_event", 0))

    def listen(self, pipeline: Pipeline) -> None:
        """Hear every decision from now on, and pass it on to whoever heard it before."""
        names = [node.name for node in pipeline.nodes]
        pass_on: Listener

        def hear(position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
            pass_on(position, ts, body, cause)
            if type(body) is Target:
                self.targets[body.instrument] = Decided(ts, names[position], body)
            elif isinstance(body, INTENTS):
                self.intents[body.instrument] = Decided(ts, names[position], body)

        pass_on = pipeline.listen(hear)


def words(body: Any) -> str:
    """A decision in a few words."""
    match body:
        case Target():
            return f"{body.quantity:g}"
        case OrderIntent():
            at = "".join(f" {key} {value:f}" for key in ("price", "trigger", "offset") if (value := getattr(body, key)))
            return f"{body.id} {body.side} {body.quantity:f} {body.type}{at}"
        case CancelIntent():
            return f"cancel {body.id}"
        case ModifyIntent():
            return f"change {body.id}"
    return type(body).__name__
