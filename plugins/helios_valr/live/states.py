"""How each part of a connection is, for people to look at."""

from __future__ import annotations

from helios_engine.recorder.connection import Line
from helios_engine.world import World


class State:
    """What is known of one part: a line of the stream, or a task that asks REST."""

    def __init__(self, name: str, world: World) -> None:
        self.name, self._world = name, world
        self.is_up = False
        self.problem = ""
        self._since = self._heard = self._frames = self._attempts = 0

    def attempt(self) -> None:
        """It is being tried."""
        self._attempts += 1

    def up(self) -> None:
        """It works from now on."""
        if not self.is_up:
            self.is_up, self._since = True, self._world.now()
        self.problem = ""

    def down(self, problem: str) -> None:
        """It does not work, for this reason."""
        self.is_up, self.problem = False, problem

    def heard(self) -> None:
        """A frame came."""
        self._frames += 1
        self._heard = self._world.now()

    def line(self) -> Line:
        """As the engine shows it."""
        return Line(self.name, self.is_up, self._since, self._heard, self._frames, self._attempts, self.problem)
