"""What the stages of one live run share: its bounds, the turn it is at, who looks at the time, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from helios_engine.bodies import Quarantine
from helios_engine.config_containment import ContainmentSection

DERIVED = frozenset({"raised", "flooded"})
"""What a replay comes to by itself; every other kind of quarantine it takes from the record."""


class Overdue(BaseException):
    """Raised inside a stage that takes too long. No Exception, so that a stage's own `except` does not take it."""


class Spell(NamedTuple):
    """How long a stage had an event, when that ended (both s, monotonic), and whether it was interrupted."""

    seconds: float
    at: float
    is_interrupted: bool


class Watch(Protocol):
    """Looks at how long stages take."""

    def begin(self, stage: str, seconds: float) -> None:
        """A stage gets an event, and is to be interrupted after so many seconds."""
        ...

    def end(self) -> Spell:
        """The stage is done."""
        ...


class Unwatched:
    """Takes no time: of a replay, which reads from the record what took too long."""

    def begin(self, stage: str, seconds: float) -> None:
        """Nothing."""

    def end(self) -> Spell:
        """No time at all."""
        return Spell(0.0, 0.0, False)


class Containment:
    """Made with a plan, and begun anew with every run of it.

    `recorded` are the quarantines of a run that is made again, by stage; None where a run is first made. `turn` counts
    inputs, `is_live` says that the warm-up is over, and `told` hear of each quarantine the moment it happens.
    """

    def __init__(self, bounds: ContainmentSection) -> None:
        self.bounds = bounds
        self.begin(None, lambda ts: None)

    def begin(self, recorded: Mapping[str, Quarantine] | None, hold: Callable[[int], None]) -> None:
        """A run begins; `hold` is to stop new risk at the time (ns UTC) it is given."""
        self.watch: Watch = Unwatched()
        self.turn = 0
        self.is_live = False
        self.recorded = recorded
        self.told: list[Callable[[int, Quarantine], None]] = [lambda ts, found: hold(ts)]
